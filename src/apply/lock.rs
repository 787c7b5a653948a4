//! Exclusive access to the database, through the one file that does everything.

use std::path::Path;

use crate::machine::{StoreService, store_service};
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::{Access, BUSY_PAUSE, BUSY_TRIES, Exclusive, File, Storage, on_all_cores};

use super::outcome::reason;

/// The database, open for writing, with exclusive access as far as the file system can prove it.
pub struct ExclusiveFile {
    file: Box<dyn File>,
}

impl ExclusiveFile {
    /// Opens the database for writing and takes exclusive access.
    pub fn acquire(
        storage: &dyn Storage,
        path: &Path,
        allow_unproven: bool,
    ) -> Result<Self, Refusal> {
        Self::open(storage, path, Access::ReadWrite, allow_unproven)
    }

    /// The same for a file that must be nobody else's, but will not be written.
    pub fn acquire_reading(
        storage: &dyn Storage,
        path: &Path,
        allow_unproven: bool,
    ) -> Result<Self, Refusal> {
        Self::open(storage, path, Access::ReadAlone, allow_unproven)
    }

    fn open(
        storage: &dyn Storage,
        path: &Path,
        access: Access,
        allow_unproven: bool,
    ) -> Result<Self, Refusal> {
        for attempt in 1..=BUSY_TRIES {
            match ask(storage, path, access)? {
                Answer::Alone(file) => return Ok(Self { file }),
                Answer::Unproven(file, _) if allow_unproven => return Ok(Self { file }),
                Answer::Unproven(_, why) => return Err(unproven(path, &why)),
                Answer::InUse if attempt < BUSY_TRIES => std::thread::sleep(BUSY_PAUSE),
                Answer::InUse => {}
            }
        }
        Err(in_use(path))
    }

    /// The open file.
    pub fn file(&self) -> &dyn File {
        self.file.as_ref()
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

/// Whether exclusive access could be had now. Opens for reading only, and lets go again.
pub fn probe(storage: &dyn Storage, path: &Path, allow_unproven: bool) -> Result<(), Refusal> {
    ExclusiveFile::acquire_reading(storage, path, allow_unproven).map(drop)
}

/// Whether somebody has a file open right now. Where opening it shows that, and not the lease, it is asked
/// again for a while: it may be an indexer that does.
pub fn is_held(storage: &dyn Storage, path: &Path) -> bool {
    for attempt in 1..=BUSY_TRIES {
        match storage.open(path, Access::ReadAlone) {
            Ok(file) => return file.lock() == Exclusive::InUse,
            Err(error) if !error.is_busy() => return false,
            Err(_) if attempt < BUSY_TRIES => std::thread::sleep(BUSY_PAUSE),
            Err(_) => {}
        }
    }
    true
}

/// At most this many refusals of one kind are worth reading.
const MOST_REFUSALS: usize = 20;

/// The same for many files at once, which share the patience of one: a storage group may have a
/// hundred thousand logs.
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

/// The refusal where somebody else has the file open.
pub fn in_use(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::InUse,
        path,
        "another process has the file open",
        format!("{} To see who it is: {}", let_go(store_service(path)), how_to_see_who(path)),
    )
}

/// What makes whoever holds a database let go of it.
fn let_go(service: Option<StoreService>) -> &'static str {
    match service {
        Some(StoreService::Running) => {
            "Dismount the store: its service (MSExchangeIS) runs on this machine. Stop backup and virus \
             scanners."
        }
        Some(StoreService::Changing) => {
            "The Information Store service (MSExchangeIS) is starting or stopping: wait for it, then \
             dismount the store. Stop backup and virus scanners."
        }
        Some(StoreService::Stopped) => {
            "It is no store of this machine: its service (MSExchangeIS) is stopped. Stop backup and virus \
             scanners, eseutil, and whatever else works on the file."
        }
        Some(StoreService::Absent) | None => {
            "Dismount the store, and stop backup and virus scanners."
        }
    }
}

/// The refusal where somebody else has written to the file since the plan was made.
pub fn written_meanwhile(path: &Path, what: &str) -> Refusal {
    let remedy = format!(
        "Find out who writes to it ({}), then run the command again.",
        how_to_see_who(path)
    );
    Refusal::new(RefusalId::ChangedSinceSurvey, path, what, remedy)
}

#[cfg(not(windows))]
fn how_to_see_who(path: &Path) -> String {
    format!("fuser -v {}", quoted(path))
}

#[cfg(windows)]
fn how_to_see_who(path: &Path) -> String {
    let name = path.file_name().map(Path::new).unwrap_or(path);
    format!("resmon, tab CPU, Associated Handles, search for {}", quoted(name))
}

fn unproven(path: &Path, why: &str) -> Refusal {
    Refusal::new(
        RefusalId::InUseUnproven,
        path,
        format!("it cannot be proven that nobody else has the file open: {why}"),
        "If you are sure that the store is dismounted on every machine that can reach this file, add \
         --allow-unproven-lock.",
    )
}
