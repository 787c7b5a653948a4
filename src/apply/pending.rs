//! A pending operation, read from its marker and its folder.

use std::path::{Path, PathBuf};

use crate::guards::reason;
use crate::plan::OperationRef;
use crate::refusal::{Refusal, RefusalId};
use crate::show::{CommandLine, quoted, shown};
use crate::storage::{Access, FileKind, HeldFolder, Storage};
use crate::survey::pending_marker;

use super::around::{Around, Beside};
use super::deed::Deed;
use super::operation::files::{DEFAULT_BACKUP_DIR, SUMS_NAME, is_operation_folder};
use super::operation::journal::End;
use super::operation::marker::{self, Found, Marker};
use super::operation::moved_along::{is_dir, is_same};
use super::operation::sharing::{shared_at, shared_in};
use super::operation::trouble::{journal_damaged, of_another_version, of_the_original};
use super::stored::{StoredOperation, planned_subject, read_stored};

/// A pending operation as its marker and its folder describe it.
pub struct Pending {
    /// What its marker stands beside. Absolute.
    pub subject: PathBuf,
    /// The operation; `None` where its marker had not been written yet.
    pub operation: Option<OperationRef>,
    /// Whether the operation created the folder that its own lies in.
    pub created_backup_dir: bool,
    /// The operation from its folder; `None` where it never was prepared.
    pub stored: Option<Box<StoredOperation>>,
    /// Where the folder of one that never was prepared was made, as its marker says. A journal says it itself.
    pub made_in: Option<PathBuf>,
    /// What its markers stand beside, the one that it is known by last.
    pub marked: Vec<PathBuf>,
    /// SHA-256 of both header pages before, in hexadecimal, as its marker says.
    pub header_before_sha256: Option<String>,
    /// Why what is said here cannot be believed: somebody else can change the marker or the folder that says it, or
    /// made them. It was asked of the very files that were read.
    pub shared: Vec<Refusal>,
}

impl Pending {
    /// An operation on `subject` that never was prepared.
    fn unprepared(subject: &Path, operation: Option<OperationRef>) -> Self {
        Self {
            subject: subject.to_owned(),
            operation,
            created_backup_dir: false,
            stored: None,
            made_in: None,
            marked: vec![subject.to_owned()],
            header_before_sha256: None,
            shared: Vec::new(),
        }
    }

    /// The deed; `None` where it never was prepared.
    pub fn deed(&self) -> Option<&dyn Deed> {
        self.stored.as_ref().map(|stored| stored.deed.as_deed())
    }

    /// The journal's word on how it ended; `None` where it has none.
    pub fn end(&self) -> Option<End> {
        self.stored.as_ref()?.journal.state.end()
    }

    /// The files that must be nobody else's while it is ended, and how they are opened.
    pub fn files(&self, storage: &dyn Storage) -> Result<Vec<(PathBuf, Access)>, Refusal> {
        if let Some(deed) = self.deed() {
            return deed.files_to_recover(storage, self.end());
        }
        let status = storage.status(&self.subject);
        let is_file = status.is_ok_and(|status| status.kind == FileKind::Regular);
        Ok(is_file.then(|| (self.subject.clone(), Access::ReadWrite)).into_iter().collect())
    }
}

/// Reads what is pending on a subject, or in an operation folder.
pub fn read_pending(storage: &dyn Storage, subject: &Path) -> Result<Pending, Refusal> {
    read_pending_among(&Around::new(storage), subject)
}

/// Reads what is pending on one of several subjects.
pub fn read_pending_among(around: &Around, subject: &Path) -> Result<Pending, Refusal> {
    if is_operation_folder(around.storage, subject) {
        return read_pending_in(around, subject);
    }
    let path = pending_marker(subject);
    let read = around.marker(subject).map_err(|error| reason(&error))?;
    let shared = read.shared.clone();
    match &read.found {
        Found::Whole(marker) => read_marked(around, subject, marker.clone(), shared),
        Found::OtherVersion(schema) => Err(of_another_version(&path, schema)),
        Found::Damaged => Err(journal_damaged(&path, "the marker does not match its seal")),
        Found::Foreign => Err(foreign(&path)),
        Found::Torn => read_torn(around, subject, shared),
    }
}

/// Reads the operation whose marker beside `subject` is torn: others of it may be whole.
fn read_torn(around: &Around, subject: &Path, shared: Option<Refusal>) -> Result<Pending, Refusal> {
    if let Some((beside, marker)) = around.marker_of(subject) {
        let shared = around.marker(&beside).ok().and_then(|read| read.shared.clone());
        return read_marked(around, &beside, marker, shared);
    }
    let operations = around.operations_beside(subject);
    let is_begun = |other: &&Beside| !other.is_ended && other.may_be_on(subject);
    match operations.iter().find(is_begun) {
        Some(begun) => Err(marker_lies(&pending_marker(subject), &begun.dir)),
        None => {
            let shared = shared.into_iter().collect();
            Ok(Pending { shared, ..Pending::unprepared(subject, None) })
        }
    }
}

/// Reads the operation whose marker stands beside `subject`; `shared` says why that one cannot be believed.
fn read_marked(
    around: &Around,
    subject: &Path,
    marker: Marker,
    shared: Option<Refusal>,
) -> Result<Pending, Refusal> {
    let storage = around.storage;
    let dir = operation_dir(storage, subject, &marker)?;
    let (_held, of_dir) = hold_and_ask(storage, &dir)?;
    let stored = read_stored(storage, &dir)?;
    let is_beside = is_same(storage, &default_dir(subject, &marker), &dir);
    match &stored {
        Some(stored) if stored.journal.operation != marker.operation => {
            let what = "it belongs to another operation than the marker names";
            return Err(journal_damaged(&dir, what));
        }
        Some(stored) => stored.deed.as_deed().expect_own(storage, subject, &dir, is_beside)?,
        None if is_beside => {}
        None => expect_unprepared_of_its_own(storage, subject, &dir, &marker)?,
    }
    let mut marked = around.marked_by(&marker, subject);
    let stored = stored.map(|stored| on(*stored, subject));
    let known_as = match &stored {
        Some(stored) => stored.deed.as_deed().subject(),
        None => marked[0].clone(),
    };
    marked.extend(stored.iter().flat_map(|stored| stored.deed.as_deed().marked()));
    let marked = last_of_all(marked, &known_as);
    let shared = shared.into_iter().chain(shared_markers(storage, &marked)).chain(of_dir);
    Ok(Pending {
        operation: Some(OperationRef { id: marker.operation, dir }),
        created_backup_dir: marker.created_backup_dir,
        made_in: Some(marker.dir),
        stored,
        marked,
        header_before_sha256: marker.header_before_sha256,
        shared: each_once(shared),
        subject: known_as,
    })
}

/// Keeps an operation folder open, so that what is read in it is what is asked for sharing; and the answer.
fn hold_and_ask(
    storage: &dyn Storage,
    dir: &Path,
) -> Result<(HeldFolder, Option<Refusal>), Refusal> {
    let held = storage.hold_folder(dir).map_err(|error| reason(&error))?;
    Ok((held, shared_in(storage, dir)))
}

/// The markers of an operation that cannot be believed, as far as they are there.
fn shared_markers(storage: &dyn Storage, marked: &[PathBuf]) -> Vec<Refusal> {
    marked.iter().filter_map(|marked| shared_at(storage, &pending_marker(marked))).collect()
}

/// Of the refusals of each path the first.
fn each_once(refusals: impl Iterator<Item = Refusal>) -> Vec<Refusal> {
    let mut each: Vec<Refusal> = Vec::new();
    for refusal in refusals {
        if each.iter().all(|known| known.path != refusal.path) {
            each.push(refusal);
        }
    }
    each
}

/// Each path once, one of them last.
fn last_of_all(paths: Vec<PathBuf>, last: &Path) -> Vec<PathBuf> {
    let mut each: Vec<PathBuf> = Vec::new();
    for path in paths.into_iter().filter(|path| path != last) {
        if !each.contains(&path) {
            each.push(path);
        }
    }
    each.push(last.to_owned());
    each
}

/// The operation on the subject whose marker was found.
fn on(stored: StoredOperation, subject: &Path) -> Box<StoredOperation> {
    Box::new(StoredOperation { deed: stored.deed.on(subject), ..stored })
}

/// The pending operation of a folder whose marker is gone or damaged.
fn read_pending_in(around: &Around, dir: &Path) -> Result<Pending, Refusal> {
    let storage = around.storage;
    let (_held, of_dir) = hold_and_ask(storage, dir)?;
    let Some(stored) = read_stored(storage, dir)? else {
        let unmarked = read_unmarked_in(around, dir)?;
        let shared = of_dir.into_iter().chain(shared_markers(storage, &unmarked.marked)).collect();
        return Ok(Pending { shared, ..unmarked });
    };
    let deed = stored.deed.as_deed();
    let subject = deed.subject();
    deed.expect_own(storage, &subject, dir, false)?;
    let operation =
        Some(OperationRef { id: stored.journal.operation.clone(), dir: dir.to_owned() });
    let marked = last_of_all(deed.marked(), &subject);
    let shared = of_dir.into_iter().chain(shared_markers(storage, &marked)).collect();
    let unprepared = Pending::unprepared(&subject, operation);
    Ok(Pending { stored: Some(stored), marked, shared, ..unprepared })
}

/// The operation of a folder that holds no journal, and whose marker is damaged: that is the one beside its
/// home that is. A finished operation can lose its journal, too: where another may be the one that the marker
/// was of, and this one was ready for its journal, the marker proves nothing.
fn read_unmarked_in(around: &Around, dir: &Path) -> Result<Pending, Refusal> {
    let storage = around.storage;
    let no_journal = || journal_damaged(dir, "it holds no journal");
    let subject = damaged_marker_at_home(around, dir).ok_or_else(no_journal)?;
    let was_ready = storage.status(&dir.join(SUMS_NAME)).is_ok();
    let operations = around.operations_beside(&subject);
    let may_be_marked = |other: &&Beside| {
        let is_enough = was_ready || !other.is_ended;
        is_enough && other.may_be_on(&subject) && !is_same(storage, &other.dir, dir)
    };
    if let Some(other) = operations.iter().find(may_be_marked) {
        return Err(marker_unclear(&pending_marker(&subject), dir, &other.dir));
    }
    let id = dir.file_name().map(|name| name.to_string_lossy().into_owned());
    let operation = OperationRef { id: id.unwrap_or_default(), dir: dir.to_owned() };
    Ok(Pending::unprepared(&subject, Some(operation)))
}

/// What the one damaged marker stands beside in the folder that an operation folder in the default place
/// belongs to; `None` where there is none, or several.
pub fn damaged_marker_at_home(around: &Around, dir: &Path) -> Option<PathBuf> {
    around.one_damaged_in(dir.parent()?.parent()?)
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

/// A folder without a journal, and a damaged marker that may be that of another operation.
fn marker_unclear(marker: &Path, dir: &Path, other: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        dir,
        format!(
            "it holds no journal, and the damaged marker {} may be that of {}",
            shown(marker),
            shown(other)
        ),
        CommandLine::new("recover").path(other),
    )
}

/// Refuses an operation that never was prepared and is that of the file that `subject` is a copy of: its
/// folder goes, and must not be that of the original.
fn expect_unprepared_of_its_own(
    storage: &dyn Storage,
    subject: &Path,
    dir: &Path,
    marker: &Marker,
) -> Result<(), Refusal> {
    let home = dir.parent().and_then(Path::parent);
    let beside = home.and_then(|home| Some(home.join(subject.file_name()?)));
    let planned = planned_subject(storage, dir).map_err(|error| reason(&error))?;
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

/// The folder of a marked operation. What lies in the default place beside the subject comes first: where all
/// was copied, the marker still names the folder of the original.
pub fn operation_dir(
    storage: &dyn Storage,
    subject: &Path,
    marker: &Marker,
) -> Result<PathBuf, Refusal> {
    let candidates = [default_dir(subject, marker), marker.dir.clone()];
    let found = candidates.into_iter().find(|dir| is_dir(storage, dir));
    found.ok_or_else(|| out_of_reach(storage, subject, &marker.dir))
}

fn default_dir(subject: &Path, marker: &Marker) -> PathBuf {
    subject.with_file_name(DEFAULT_BACKUP_DIR).join(&marker.operation)
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
