//! The operations that are known of at a path: in a folder, in its default backup folder, and where the markers
//! in it lead. What they say is read as `recover` and `restore` read it; nothing is opened for writing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::guards::{not_found, reason, unreadable};
use crate::plan::Command;
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{FileKind, Storage};
use crate::survey::pending_marker;

use super::around::Around;
use super::find::find_pending_among;
use super::operation::files::{
    DEFAULT_BACKUP_DIR, JOURNAL_NAME, hold_folders, is_empty_operation, is_operation_folder,
};
use super::operation::journal::End;
use super::operation::marker::subject_of;
use super::operation::moved_along::is_same;
use super::operation::sharing::{shared_at, shared_in};
use super::operation::trouble::journal_damaged;
use super::outcome::Ending;
use super::pending::{operation_dir, read_pending_among};
use super::stored::read_stored;

/// Most operations that are listed at once: a repair every hour for a year.
const MOST_OPERATIONS: usize = 10_000;

/// How an operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has not ended, or its marker is still there; `recover` is given this path.
    Pending(PathBuf),
    /// It is over.
    Ended(Ending),
    /// Its folder is empty: it was cut off before anything had begun, and nothing depends on it.
    NeverBegun,
    /// Its folder does not say.
    Unknown,
}

/// An operation, as far as its folder and its marker tell of it.
#[derive(Clone, Debug)]
pub struct KnownOperation {
    /// Its id, by its journal, else by its marker.
    pub id: Option<String>,
    /// Its folder, absolute; that of a marker may be out of reach.
    pub dir: Option<PathBuf>,
    /// The command that began it.
    pub command: Option<Command>,
    /// When it was planned: RFC 3339, UTC.
    pub created: Option<String>,
    /// What it works on: a database, or the folder of the logs with their base name. Absolute.
    pub subject: Option<PathBuf>,
    /// Of an undo: the id of the operation that it undoes.
    pub undoes: Option<String>,
    /// The id of the operation that undid it, and has not been undone itself.
    pub undone_by: Option<String>,
    /// How it stands.
    pub standing: Standing,
    /// Why not all of it can be told.
    pub trouble: Option<Refusal>,
    /// Why what its folder says proves nothing: somebody else can write there.
    pub shared: Option<Refusal>,
    /// Whether it is one of those that were asked for, and not only one beside them.
    pub is_named: bool,
    /// When its journal was last written, nanoseconds since 1970: of two in one second the later one is newer.
    written_ns: i128,
}

impl KnownOperation {
    fn new(standing: Standing) -> Self {
        Self {
            id: None,
            dir: None,
            command: None,
            created: None,
            subject: None,
            undoes: None,
            undone_by: None,
            standing,
            trouble: None,
            shared: None,
            is_named: true,
            written_ns: 0,
        }
    }

    /// Whether it works on a file, whatever name that was given by.
    fn is_on(&self, storage: &dyn Storage, path: &Path) -> bool {
        self.subject.as_deref().is_some_and(|subject| is_same(storage, subject, path))
    }

    /// Whether it changed something that was not undone since.
    pub fn is_in_effect(&self) -> bool {
        self.standing == Standing::Ended(Ending::Committed) && self.undone_by.is_none()
    }
}

/// The operations at a path, in no order: a folder stands for all in it, a database for those on it, an operation
/// folder for itself. Those beside it come along, since they may undo it.
pub fn operations_at(storage: &dyn Storage, path: &Path) -> Result<Vec<KnownOperation>, Refusal> {
    let around = &Around::new(storage);
    let kind = match storage.status(path) {
        Ok(status) => status.kind,
        // The database may be gone while its marker is still there.
        Err(_) if storage.status(&pending_marker(path)).is_ok() => FileKind::Regular,
        Err(error) if error.is_not_found() => return Err(not_found(storage, path)),
        Err(error) => return Err(unreadable(&error)),
    };
    if kind != FileKind::Directory {
        // What is pending there is what `recover` finds there.
        let pending = find_pending_among(around, path)?;
        let marked = subject_of(path);
        let subject = marked.as_deref().unwrap_or(path);
        let mut found = operations_around(around, path.parent().unwrap_or(path))?;
        for operation in &mut found {
            operation.is_named = operation.is_on(storage, subject)
                || matches!(&operation.standing, Standing::Pending(on) if pending.contains(on));
        }
        return Ok(found);
    }
    if !is_operation_folder(storage, path) && !is_empty_operation(storage, path) {
        return operations_around(around, path);
    }
    let mut found = operations_around(around, home_of(path))?;
    for operation in &mut found {
        operation.is_named = operation.dir.as_ref().is_some_and(|dir| is_same(storage, dir, path));
    }
    Ok(found)
}

/// The folder that an operation folder belongs to: that of the database, where it lies in the default place.
fn home_of(dir: &Path) -> &Path {
    let around = dir.parent().unwrap_or(dir);
    let is_default = around.file_name().is_some_and(|name| name == DEFAULT_BACKUP_DIR);
    around.parent().filter(|_| is_default).unwrap_or(around)
}

/// What one operation that was met on two ways is known by: its folder, or without one what its marker stands
/// beside.
pub fn key_of(storage: &dyn Storage, known: &KnownOperation) -> OperationKey {
    let identity = |dir: &PathBuf| Some(storage.status(dir).ok()?.identity);
    match known.dir.as_ref().and_then(identity) {
        Some(identity) => OperationKey::There(identity),
        None => OperationKey::Named(known.dir.clone(), known.subject.clone()),
    }
}

/// What tells one operation from another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationKey {
    /// Its folder: volume and number.
    There((u64, u128)),
    /// A folder that is out of reach, and what its marker stands beside.
    Named(Option<PathBuf>, Option<PathBuf>),
}

/// The newest first, by their journals, whatever their folders are called now; each with the one that undid it.
/// What has no readable time comes last.
pub fn newest_first(mut operations: Vec<KnownOperation>) -> Vec<KnownOperation> {
    operations.sort_by(|a, b| {
        let key = |of: &KnownOperation| (of.created.clone(), of.written_ns, of.id.clone());
        key(b).cmp(&key(a))
    });
    let mut undoes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, operation) in operations.iter().enumerate() {
        if let (Some(undone), Standing::Ended(Ending::Committed)) =
            (&operation.undoes, &operation.standing)
        {
            undoes.entry(undone).or_default().push(at);
        }
    }
    let mut undone_by: Vec<Option<usize>> = vec![None; operations.len()];
    for (at, operation) in operations.iter().enumerate() {
        let candidates = operation.id.as_deref().and_then(|id| undoes.get(id));
        let mut candidates = candidates.into_iter().flatten().copied();
        undone_by[at] = candidates.find(|by| *by != at && undone_by[*by].is_none());
    }
    let ids: Vec<Option<String>> =
        undone_by.into_iter().map(|by| operations[by?].id.clone()).collect();
    for (operation, by) in operations.iter_mut().zip(ids) {
        operation.undone_by = by;
    }
    operations
}

/// What was found under way to the operations of a folder.
struct Search<'a> {
    around: &'a Around<'a>,
    found: Vec<KnownOperation>,
}

/// An operation that a marker leads to.
struct Marked {
    dir: PathBuf,
    subject: PathBuf,
    trouble: Option<Refusal>,
}

fn operations_around(around: &Around, dir: &Path) -> Result<Vec<KnownOperation>, Refusal> {
    let storage = around.storage;
    let mut search = Search { around, found: Vec::new() };
    let _around = storage.hold_folder(dir).map_err(|error| reason(&error))?;
    let backup_dir = dir.join(DEFAULT_BACKUP_DIR);
    let _backup_dir = search.hold_backup_dir(&backup_dir);
    let marked = search.marked_in(dir)?;
    let mut dirs: Vec<PathBuf> = marked.iter().map(|marked| marked.dir.clone()).collect();
    for place in [dir, &backup_dir] {
        search.add_dirs(place, &mut dirs)?;
    }
    for dir in dirs {
        let marked = marked.iter().find(|marked| is_same(storage, &marked.dir, &dir));
        search.found.push(read(around, &dir, marked));
    }
    Ok(search.found)
}

impl Search<'_> {
    /// Something whose operations cannot be told.
    fn give_up(&mut self, dir: &Path, trouble: Refusal) {
        let known = KnownOperation::new(Standing::Unknown);
        self.found.push(KnownOperation {
            dir: Some(dir.to_owned()),
            trouble: Some(trouble),
            ..known
        });
    }

    /// Keeps the default backup folder open, where there is one. It may be a link, and a file of that name may
    /// be the program.
    fn hold_backup_dir(&mut self, dir: &Path) -> Option<crate::storage::HeldFolder> {
        let kind = self.around.storage.status(dir).ok()?.kind;
        if !matches!(kind, FileKind::Directory | FileKind::Symlink) {
            return None;
        }
        let error = match self.around.storage.hold_folder(dir) {
            Ok(held) => return Some(held),
            Err(error) => error,
        };
        let is_file = error.source.kind() == std::io::ErrorKind::NotADirectory;
        if error.is_not_found() {
            self.give_up(dir, not_found(self.around.storage, dir));
        } else if !is_file {
            self.give_up(dir, reason(&error));
        }
        None
    }

    /// The operations that the markers of a folder lead to. What a marker alone tells of is found with it.
    fn marked_in(&mut self, dir: &Path) -> Result<Vec<Marked>, Refusal> {
        let storage = self.around.storage;
        let mut found = Vec::new();
        // An operation folder stands for itself there.
        let subjects =
            find_pending_among(self.around, dir)?.into_iter().filter(|subject| subject != dir);
        for subject in subjects {
            let (dir, trouble) = match read_pending_among(self.around, &subject) {
                Ok(pending) => (pending.operation.map(|operation| operation.dir), None),
                Err(refusal) => {
                    let marker = self.around.marker_of(&subject);
                    let dir = marker
                        .and_then(|(beside, marker)| operation_dir(storage, &beside, &marker).ok());
                    (dir, Some(refusal))
                }
            };
            match dir {
                Some(dir) => found.push(Marked { dir, subject, trouble }),
                None => self.found.push(by_its_marker(self.around, subject, trouble)),
            }
        }
        Ok(found)
    }

    /// The operation folders in a folder that are not known yet.
    fn add_dirs(&mut self, around: &Path, dirs: &mut Vec<PathBuf>) -> Result<(), Refusal> {
        let storage = self.around.storage;
        let names = match storage.list_kinds(around) {
            Ok(names) => names,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) if error.source.kind() == std::io::ErrorKind::NotADirectory => return Ok(()),
            Err(error) => {
                self.give_up(around, unreadable(&error));
                return Ok(());
            }
        };
        let known = dirs.len();
        for (name, kind) in names {
            let dir = around.join(name);
            let is_new =
                |dir: &Path| !dirs[..known].iter().any(|known| is_same(storage, known, dir));
            if may_be_operation(storage, &dir, kind) && is_new(&dir) {
                dirs.push(dir);
            }
            if dirs.len() > MOST_OPERATIONS {
                return Err(too_many(around));
            }
        }
        Ok(())
    }
}

fn may_be_operation(storage: &dyn Storage, dir: &Path, kind: Option<FileKind>) -> bool {
    let kind = kind.or_else(|| storage.status(dir).ok().map(|status| status.kind));
    kind == Some(FileKind::Directory)
        && (is_operation_folder(storage, dir) || is_empty_operation(storage, dir))
}

fn too_many(dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::IoError,
        dir,
        format!("there are more than {MOST_OPERATIONS} operation folders"),
        "Name one of them, or move those that are archived to another folder.",
    )
}

/// What a marker alone tells of: its folder was not made yet, or is out of reach.
fn by_its_marker(around: &Around, subject: PathBuf, trouble: Option<Refusal>) -> KnownOperation {
    let marker = around.marker_of(&subject).map(|(_, marker)| marker);
    let shared = shared_at(around.storage, &pending_marker(&subject));
    let known = KnownOperation::new(Standing::Pending(subject.clone()));
    KnownOperation {
        id: marker.as_ref().map(|marker| marker.operation.clone()),
        dir: marker.map(|marker| marker.dir),
        subject: Some(subject),
        trouble,
        shared,
        ..known
    }
}

/// What an operation folder tells, and its marker where it has one.
fn read(around: &Around, dir: &Path, marked: Option<&Marked>) -> KnownOperation {
    let storage = around.storage;
    let unknown =
        KnownOperation { dir: Some(dir.to_owned()), ..KnownOperation::new(Standing::Unknown) };
    let _held = match hold_folders(storage, [dir]) {
        Ok(held) => held,
        Err(error) => return KnownOperation { trouble: Some(reason(&error)), ..unknown },
    };
    let pending = match marked {
        Some(marked) => Some(marked.subject.clone()),
        None => {
            let found = find_pending_among(around, dir);
            found.ok().and_then(|subjects| subjects.into_iter().next())
        }
    };
    let trouble = marked.and_then(|marked| marked.trouble.clone());
    let standing = |end: Option<End>| match (&pending, end) {
        (Some(subject), _) => Standing::Pending(subject.clone()),
        (None, Some(end)) => Standing::Ended(end.into()),
        (None, None) => Standing::Pending(dir.to_owned()),
    };
    let shared = shared_in(storage, dir);
    let known = KnownOperation { subject: pending.clone(), trouble, shared, ..unknown };
    match read_stored(storage, dir) {
        Ok(Some(stored)) => {
            let (deed, journal) = (stored.deed.as_deed(), &stored.journal);
            let written = storage.status(&dir.join(JOURNAL_NAME)).map(|status| status.modified_ns);
            KnownOperation {
                id: Some(journal.operation.clone()),
                command: Some(stored.deed.command()),
                created: Some(deed.stamp().created),
                subject: Some(deed.subject()),
                undoes: stored.deed.undoes().map(str::to_owned),
                standing: standing(journal.state.end()),
                written_ns: written.unwrap_or_default(),
                ..known
            }
        }
        Ok(None) if pending.is_some() => KnownOperation { standing: standing(None), ..known },
        Ok(None) if is_empty_operation(storage, dir) => {
            KnownOperation { standing: Standing::NeverBegun, ..known }
        }
        Ok(None) => {
            let trouble = Some(journal_damaged(dir, "it holds no journal"));
            KnownOperation { trouble, ..known }
        }
        Err(refusal) => {
            let standing = if pending.is_some() { standing(None) } else { Standing::Unknown };
            let trouble = known.trouble.clone().or(Some(refusal));
            KnownOperation { standing, trouble, ..known }
        }
    }
}
