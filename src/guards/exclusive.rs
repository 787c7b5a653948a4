//! Exclusive access to files, through the one open file each that does everything.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::refusal::Refusal;
use crate::storage::{Access, BUSY_PAUSE, BUSY_TRIES, Exclusive, File, Storage, on_all_cores};

use super::in_use::{exchanged, in_use, let_in, unproven};
use super::storage_trouble::reason;
use super::tenure::Tenure;

/// At most this many refusals of one kind are worth reading.
const MOST_REFUSALS: usize = 20;

/// Files that an operation keeps open until its end, so that nobody else works on them meanwhile.
pub struct Held<'a> {
    storage: &'a dyn Storage,
    files: Vec<(PathBuf, Box<dyn File>)>,
    allow_unproven: bool,
    tenure: Tenure,
}

impl<'a> Held<'a> {
    /// Opens files and takes exclusive access to each, as far as their file systems can prove it. Every file
    /// that cannot be had is told of.
    pub fn acquire(
        storage: &'a dyn Storage,
        wanted: Vec<(PathBuf, Access)>,
        allow_unproven: bool,
    ) -> Result<Self, Vec<Refusal>> {
        // What came before the first of them was held came before anybody could wait for one.
        let tenure = Tenure::beginning(storage.clock(), storage.lock_break_time());
        let (mut files, mut refusals) = (Vec::new(), Vec::new());
        for (path, access) in wanted {
            match acquire(storage, &path, access, allow_unproven) {
                Ok(file) => files.push((path, file)),
                Err(refusal) => refusals.push(refusal),
            }
        }
        if refusals.is_empty() {
            Ok(Self { storage, files, allow_unproven, tenure })
        } else {
            Err(refusals)
        }
    }

    /// Opens files for a look; nobody is kept out.
    pub fn look_at(
        storage: &'a dyn Storage,
        wanted: Vec<(PathBuf, Access)>,
    ) -> Result<Self, Refusal> {
        let opened = wanted.into_iter().map(|(path, _)| {
            let file = storage.open(&path, Access::Read).map_err(|error| reason(&error))?;
            Ok((path, file))
        });
        let files = opened.collect::<Result<_, Refusal>>()?;
        let tenure = Tenure::beginning(storage.clock(), storage.lock_break_time());
        Ok(Self { storage, files, allow_unproven: true, tenure })
    }

    /// Refuses where somebody has tried to open one of the files since they are held. For the time before the
    /// first change, in which nothing has to be finished.
    pub fn undisputed(&self) -> Result<(), Refusal> {
        let asked = self.storage.clock();
        if let Some(path) = self.disputed() {
            return Err(in_use(path));
        }
        self.tenure.renew(asked);
        Ok(())
    }

    /// Refuses once somebody else may have been let in. Asked right before each call that changes what others
    /// could have in their hands, and after the last one: whoever waits is kept out until that time is over.
    ///
    /// The clock is read last, so that only the call that follows lies behind it.
    pub fn still_ours(&self) -> Result<(), Refusal> {
        if self.tenure.is_fresh(self.storage.clock()) {
            return Ok(());
        }
        loop {
            let asked = self.storage.clock();
            let disputed = self.disputed();
            self.tenure.hear(self.storage.lock_break_time());
            if disputed.is_none() {
                self.tenure.renew(asked);
            }
            if self.tenure.lasts_at(self.storage.clock()) {
                return Ok(());
            }
            if let Some(path) = disputed {
                return Err(let_in(path, self.tenure.break_time()));
            }
        }
    }

    /// Whether whoever came at that time, or later, cannot have been let in yet.
    pub fn keeps_out_since(&self, came: Duration) -> bool {
        self.tenure.keeps_out(came, self.storage.clock())
    }

    fn disputed(&self) -> Option<&Path> {
        let (path, _) = self.files.iter().find(|(_, file)| !file.lock_is_undisputed())?;
        Some(path)
    }

    /// One more file, for as long as it is kept, on the terms on which these are held.
    pub fn alone(&self, path: &Path) -> Result<Box<dyn File>, Refusal> {
        acquire(self.storage, path, Access::ReadAlone, self.allow_unproven)
    }

    /// Refuses where a file that is held is no longer the one of its name.
    pub fn expect_named(&self) -> Result<(), Refusal> {
        for (path, file) in &self.files {
            let own = file.status().map_err(|error| reason(&error))?.identity;
            let named = self.storage.status(path).map(|status| status.identity);
            if named.ok() != Some(own) {
                return Err(exchanged(path));
            }
        }
        Ok(())
    }

    /// One more file of ours, for as long as it is kept. Nobody else has it open, as far as its file system tells.
    pub fn alone_where_told(&self, path: &Path) -> Result<Box<dyn File>, Refusal> {
        acquire(self.storage, path, Access::ReadAlone, true)
    }

    /// Why some more files cannot be had alone now.
    pub fn probe_more(&self, paths: &[&Path]) -> Vec<Refusal> {
        Held::probe_all(self.storage, paths, self.allow_unproven)
    }

    /// The open file of a path; `None` where it was not asked for, or is not there.
    pub fn file(&self, path: &Path) -> Option<&dyn File> {
        let (_, file) = self.files.iter().find(|(held, _)| held == path)?;
        Some(file.as_ref())
    }

    /// Whether exclusive access could be had to files now, each the only one that is asked for: opened for
    /// reading, and let go again.
    pub fn probe<'p>(
        storage: &dyn Storage,
        paths: impl IntoIterator<Item = &'p Path>,
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
                storage.pause(BUSY_PAUSE);
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
            Answer::InUse if attempt < BUSY_TRIES => storage.pause(BUSY_PAUSE),
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
    on_all_cores(paths, ask).into_iter().flatten().map(|boxed| *boxed).collect()
}
