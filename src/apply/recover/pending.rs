//! A pending operation, read from its marker and its folder.

use std::path::{Path, PathBuf};

use crate::plan::{OperationRef, ResetPlan};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{CommandLine, quoted, shown};
use crate::storage::{FileKind, Storage};
use crate::survey::pending_marker;

use super::super::folder::{self, Deed, Stored, StoredOperation, is_operation_folder, read_stored};
use super::super::home::{self, is_dir, is_same};
use super::super::journal::State;
use super::super::marker::{self, Found, Marker};
use super::super::outcome::{Ending, reason};

/// A pending operation as its marker and its folder describe it.
pub(super) struct Pending {
    pub subject: PathBuf,
    pub operation: Option<OperationRef>,
    pub created_backup_dir: bool,
    /// `None` where it never was prepared.
    pub stored: Option<Box<StoredOperation>>,
    /// Where the folder of one that never was prepared was made, as its marker says. A journal says it itself.
    pub made_in: Option<PathBuf>,
}

impl Pending {
    /// Whether exclusive access to the subject itself is needed: it is a database.
    pub fn works_on_a_file(&self, storage: &dyn Storage) -> Result<bool, Refusal> {
        let status = storage.status(&self.subject);
        let Some(stored) = &self.stored else {
            return Ok(status.is_ok_and(|status| status.kind == FileKind::Regular));
        };
        match (&stored.deed, status) {
            (Deed::Reset(_), _) => Ok(false),
            (Deed::Header { .. }, Err(error)) if error.is_not_found() => {
                match stored.journal.state {
                    State::Prepared => Err(database_gone(&self.subject)),
                    _ => Ok(false),
                }
            }
            (Deed::Header { .. }, _) => Ok(true),
        }
    }

    /// The plan of a reset that is neither finished nor rolled back.
    pub fn unfinished_reset(&self) -> Option<&ResetPlan> {
        let stored =
            self.stored.as_ref().filter(|stored| stored.journal.state == State::Prepared)?;
        match &stored.deed {
            Deed::Reset(plan) => Some(plan),
            Deed::Header { .. } => None,
        }
    }

    pub fn finished_as(&self) -> Ending {
        match self.stored.as_ref().map(|stored| stored.journal.state) {
            Some(State::RolledBack) => Ending::RolledBack,
            _ => Ending::Committed,
        }
    }
}

/// Reads what is pending on a subject, or in an operation folder.
pub(super) fn read_pending(storage: &dyn Storage, subject: &Path) -> Result<Pending, Refusal> {
    if is_operation_folder(storage, subject) {
        return read_pending_in(storage, subject);
    }
    let path = pending_marker(subject);
    let marker = match marker::read(storage, &path).map_err(|error| reason(&error))? {
        Found::Whole(marker) => marker,
        Found::Damaged => return Err(journal_damaged(&path, "the marker does not match its seal")),
        Found::Foreign => return Err(foreign(&path)),
        Found::Torn => {
            if let Some(dir) = prepared_beside(storage, subject) {
                return Err(marker_lies(&path, &dir));
            }
            let subject = subject.to_owned();
            return Ok(Pending {
                subject,
                operation: None,
                created_backup_dir: false,
                made_in: None,
                stored: None,
            });
        }
    };
    let dir = operation_dir(storage, subject, &marker)?;
    let stored = match read_stored(storage, &dir)? {
        Stored::Whole(stored) => Some(stored),
        Stored::Unprepared => None,
    };
    let is_beside = is_same(storage, &default_dir(subject, &marker), &dir);
    match &stored {
        Some(stored) if stored.journal.operation != marker.operation => {
            let what = "it belongs to another operation than the marker names";
            return Err(journal_damaged(&dir, what));
        }
        // A database whose marker and operation folder lie beside it has its own.
        Some(stored) if is_beside && matches!(stored.deed, Deed::Header { .. }) => {}
        Some(stored) => expect_its_own(storage, subject, stored)?,
        None if is_beside => {}
        None => expect_unprepared_of_its_own(storage, subject, &dir, &marker)?,
    }
    Ok(Pending {
        subject: subject.to_owned(),
        operation: Some(OperationRef { id: marker.operation, dir }),
        created_backup_dir: marker.created_backup_dir,
        made_in: marker.dir.to_path(),
        stored,
    })
}

/// The pending operation of a folder whose marker is gone or damaged.
fn read_pending_in(storage: &dyn Storage, dir: &Path) -> Result<Pending, Refusal> {
    let stored = match read_stored(storage, dir)? {
        Stored::Whole(stored) => stored,
        Stored::Unprepared => return Err(journal_damaged(dir, "it holds no journal")),
    };
    let subject = stored.subject(storage);
    let subject = subject.ok_or_else(|| journal_damaged(dir, "its paths are of another system"))?;
    expect_its_own(storage, &subject, &stored)?;
    let operation =
        Some(OperationRef { id: stored.journal.operation.clone(), dir: dir.to_owned() });
    let created_backup_dir = false;
    Ok(Pending { subject, operation, created_backup_dir, stored: Some(stored), made_in: None })
}

/// An operation on `subject`, in the default place, that was ready to write.
fn prepared_beside(storage: &dyn Storage, subject: &Path) -> Option<PathBuf> {
    let backup_dir = subject.with_file_name(folder::DEFAULT_BACKUP_DIR);
    let names = storage.list(&backup_dir).unwrap_or_default();
    names.into_iter().map(|name| backup_dir.join(name)).find(|dir| {
        matches!(read_stored(storage, dir), Ok(Stored::Whole(stored))
            if stored.journal.state == State::Prepared && stored.subject(storage).as_deref() == Some(subject))
    })
}

/// A file that has a marker's name, but was not written by edbmend, or is damaged beyond recognition.
fn foreign(marker: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        marker,
        "it is named like a marker of edbmend, but holds something else",
        format!(
            "Nothing was touched. If an operation was begun here, name its folder: edbmend recover FOLDER. If \
             none was, look into the file; if nobody needs it, remove it by hand: rm {}",
            quoted(marker)
        ),
    )
}

/// A marker that looks as if nothing had begun, beside an operation that had.
fn marker_lies(marker: &Path, dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        marker,
        format!("the marker is damaged, though the operation {} was ready to write", shown(dir)),
        CommandLine::new("recover").path(dir),
    )
}

/// The refusal where the database of an operation is not beside its marker.
fn database_gone(database: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        database,
        "the operation on it is not finished, and it is not there",
        "Nothing was touched. If it was renamed or moved, give it this name again, then run the same command \
         again.",
    )
}

/// Refuses the operation of something else: of the files that `subject` is a copy of, or of logs in a folder
/// that is not this one.
fn expect_its_own(
    storage: &dyn Storage,
    subject: &Path,
    stored: &StoredOperation,
) -> Result<(), Refusal> {
    match (&stored.deed, stored.subject(storage)) {
        (Deed::Reset(plan), Some(planned)) => {
            // What stands for logs is no file: their folder is.
            match (subject.parent(), planned.parent()) {
                (Some(here), Some(there)) if !is_same(storage, here, there) => {
                    Err(home::elsewhere(&stored.dir, plan))
                }
                _ => home::expect_at_home(storage, &stored.dir, plan),
            }
        }
        // Its images say what belongs into a database, wherever that is now.
        (Deed::Header { .. }, Some(planned)) => {
            match storage.status(&planned).is_err() || is_same(storage, subject, &planned) {
                true => Ok(()),
                false => Err(of_the_original(subject, &stored.dir, &planned)),
            }
        }
        (_, None) => Ok(()),
    }
}

/// The same for an operation that never was prepared. Its folder goes, and must not be that of the original.
fn expect_unprepared_of_its_own(
    storage: &dyn Storage,
    subject: &Path,
    dir: &Path,
    marker: &Marker,
) -> Result<(), Refusal> {
    let home = dir.parent().and_then(Path::parent);
    let beside = home.and_then(|home| Some(home.join(subject.file_name()?)));
    let planned = folder::planned_subject(storage, dir).map_err(|error| reason(&error))?;
    let others = planned.into_iter().chain(beside);
    let has_the_same_marker = |other: &PathBuf| {
        matches!(marker::read(storage, &pending_marker(other)),
            Ok(Found::Whole(theirs)) if theirs.operation == marker.operation)
    };
    let mut others = others.filter(|other| other != subject && !is_same(storage, other, subject));
    match others.find(has_the_same_marker) {
        Some(original) => Err(of_the_original(subject, dir, &original)),
        None => Ok(()),
    }
}

/// The refusal where a copy was named, and its operation folder is that of the original.
fn of_the_original(subject: &Path, dir: &Path, original: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        subject,
        format!(
            "the operation in {} is that of {}, of which this seems to be a copy",
            shown(dir),
            shown(original)
        ),
        format!(
            "Nothing was touched. Recover the original: edbmend recover {}. To recover the copy by itself, put \
             a copy of the operation folder beside it, in a folder named edbmend.",
            quoted(original)
        ),
    )
}

/// The folder of a marked operation. What lies in the default place beside the subject comes first: where all
/// was copied, the marker still names the folder of the original.
pub(super) fn operation_dir(
    storage: &dyn Storage,
    subject: &Path,
    marker: &Marker,
) -> Result<PathBuf, Refusal> {
    let named = marker.dir.to_path();
    let candidates = [default_dir(subject, marker)].into_iter().chain(named.clone());
    let found = candidates.into_iter().find(|dir| is_dir(storage, dir));
    found.ok_or_else(|| out_of_reach(storage, subject, &named.unwrap_or_default()))
}

fn default_dir(subject: &Path, marker: &Marker) -> PathBuf {
    subject.with_file_name(folder::DEFAULT_BACKUP_DIR).join(&marker.operation)
}

/// The refusal where the folder that knows how far the operation was cannot be looked at.
fn out_of_reach(storage: &dyn Storage, subject: &Path, dir: &Path) -> Refusal {
    let why = match storage.status(dir) {
        Err(error) if !error.is_not_found() => error.to_string(),
        _ => format!("{} is not there", shown(dir)),
    };
    let marker = pending_marker(subject);
    Refusal::new(
        RefusalId::JournalDamaged,
        dir,
        format!("the operation folder that {} names cannot be reached: {why}", shown(&marker)),
        format!(
            "Nothing was touched. Attach the disk or share that holds it, at the same place, then: edbmend \
             recover {}. Keep the marker until then: only that folder knows how far the operation was. If \
             the folder is lost for good: docs/recover.md.",
            quoted(subject)
        ),
    )
}

/// The refusal where what an operation left cannot be trusted.
pub fn journal_damaged(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        path,
        format!("the operation cannot be trusted: {what}"),
        "Nothing was touched. Put the undamaged operation folder back, and run the same command again. If there \
         is none: docs/recover.md, section \"lost for good\".",
    )
}

/// The refusal where a finished journal says what the disk does not: `"the header does"`.
pub(super) fn journal_contradicted(dir: &Path, state: State, what_does: &str) -> Refusal {
    let word = if state == State::RolledBack { "rolled back" } else { "committed" };
    journal_damaged(dir, &format!("its journal says {word}, and {what_does} not"))
}
