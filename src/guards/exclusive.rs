//! Exclusive access to files, through the one open file each that does everything.

use std::path::{Path, PathBuf};

use crate::refusal::Refusal;
use crate::storage::{Access, BUSY_PAUSE, BUSY_TRIES, Exclusive, File, Storage, on_all_cores};

use super::in_use::{in_use, unproven};
use super::storage_trouble::reason;

/// At most this many refusals of one kind are worth reading.
const MOST_REFUSALS: usize = 20;

/// Files that an operation keeps open until its end, so that nobody else works on them meanwhile.
pub struct Held {
    files: Vec<(PathBuf, Box<dyn File>)>,
}

impl Held {
    /// Opens files and takes exclusive access to each, as far as their file systems can prove it. Every file
    /// that cannot be had is told of.
    pub fn acquire(
        storage: &dyn Storage,
        wanted: Vec<(PathBuf, Access)>,
        allow_unproven: bool,
    ) -> Result<Self, Vec<Refusal>> {
        let (mut files, mut refusals) = (Vec::new(), Vec::new());
        for (path, access) in wanted {
            match acquire(storage, &path, access, allow_unproven) {
                Ok(file) => files.push((path, file)),
                Err(refusal) => refusals.push(refusal),
            }
        }
        if refusals.is_empty() { Ok(Self { files }) } else { Err(refusals) }
    }

    /// Opens files for a look; nobody is kept out.
    pub fn look_at(storage: &dyn Storage, wanted: Vec<(PathBuf, Access)>) -> Result<Self, Refusal> {
        let opened = wanted.into_iter().map(|(path, _)| {
            let file = storage.open(&path, Access::Read).map_err(|error| reason(&error))?;
            Ok((path, file))
        });
        Ok(Self { files: opened.collect::<Result<_, Refusal>>()? })
    }

    /// The open file of a path; `None` where it was not asked for, or is not there.
    pub fn file(&self, path: &Path) -> Option<&dyn File> {
        let (_, file) = self.files.iter().find(|(held, _)| held == path)?;
        Some(file.as_ref())
    }

    /// Whether exclusive access could be had to files now, each the only one that is asked for: opened for
    /// reading, and let go again.
    pub fn probe<'a>(
        storage: &dyn Storage,
        paths: impl IntoIterator<Item = &'a Path>,
        allow_unproven: bool,
    ) -> Vec<Refusal> {
        let probe = |path| acquire(storage, path, Access::ReadAlone, allow_unproven).err();
        paths.into_iter().filter_map(probe).collect()
    }

    /// Whether exclusive access could be had now to many files, which share the patience for one: a storage
    /// group may have a hundred thousand logs.
    pub fn probe_all(storage: &dyn Storage, paths: &[&Path], allow_unproven: bool) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut asked = paths.to_vec();
        for attempt in 1..=BUSY_TRIES {
            let mut in_use = Vec::new();
            for (path, why_not) in ask_once(storage, asked) {
                match why_not {
                    WhyNot::InUse => in_use.push(path),
                    WhyNot::Failed(refusal) => refusals.push(refusal),
                    WhyNot::Unproven(_) if allow_unproven => {}
                    WhyNot::Unproven(why) => refusals.push(unproven(path, &why)),
                }
            }
            asked = in_use;
            if asked.is_empty() || refusals.len() >= MOST_REFUSALS {
                break;
            }
            if attempt < BUSY_TRIES {
                std::thread::sleep(BUSY_PAUSE);
            }
        }
        refusals.extend(asked.into_iter().map(in_use));
        refusals.truncate(MOST_REFUSALS);
        refusals
    }
}

/// What came of asking for a file once.
enum Answer {
    /// Nobody else has it.
    Alone(Box<dyn File>),
    /// Nobody can tell; the reason in words.
    Unproven(Box<dyn File>, String),
    /// Somebody else has it.
    InUse,
}

/// Opens a file with exclusive access; whoever has it only for a moment, such as an indexer, is waited for.
fn acquire(
    storage: &dyn Storage,
    path: &Path,
    access: Access,
    allow_unproven: bool,
) -> Result<Box<dyn File>, Refusal> {
    for attempt in 1..=BUSY_TRIES {
        match ask(storage, path, access)? {
            Answer::Alone(file) => return Ok(file),
            Answer::Unproven(file, _) if allow_unproven => return Ok(file),
            Answer::Unproven(_, why) => return Err(unproven(path, &why)),
            Answer::InUse if attempt < BUSY_TRIES => std::thread::sleep(BUSY_PAUSE),
            Answer::InUse => {}
        }
    }
    Err(in_use(path))
}

/// Asks for exclusive access once. What was granted ends as the file is closed.
fn ask(storage: &dyn Storage, path: &Path, access: Access) -> Result<Answer, Refusal> {
    let file = match storage.open(path, access) {
        Err(error) if error.is_busy() => return Ok(Answer::InUse),
        opened => opened.map_err(|error| reason(&error))?,
    };
    Ok(match file.lock() {
        Exclusive::Granted => Answer::Alone(file),
        Exclusive::Unproven(why) => Answer::Unproven(file, why),
        Exclusive::InUse => Answer::InUse,
    })
}

/// Why a file cannot be had alone, or not for certain.
enum WhyNot {
    InUse,
    Unproven(String),
    Failed(Refusal),
}

/// Asks each file once; those that could not be had.
fn ask_once<'a>(storage: &dyn Storage, paths: Vec<&'a Path>) -> Vec<(&'a Path, WhyNot)> {
    let ask = |path: &'a Path| {
        let why_not = match ask(storage, path, Access::ReadAlone) {
            Ok(Answer::Alone(_)) => return None,
            Ok(Answer::Unproven(_, why)) => WhyNot::Unproven(why),
            Ok(Answer::InUse) => WhyNot::InUse,
            Err(refusal) => WhyNot::Failed(refusal),
        };
        Some(Box::new((path, why_not)))
    };
    on_all_cores(paths, ask).flatten().map(|boxed| *boxed).collect()
}
