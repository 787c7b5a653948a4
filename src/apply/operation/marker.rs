//! The marker beside a database: the lock between two edbmend, and the way to a pending operation.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::guards::{no_room_for_it, reason};
use crate::machine::{host_name, user_name};
use crate::plan::is_operation_id;
use crate::refusal::{Refusal, RefusalId};
use crate::show::{quoted, shown};
use crate::storage::{
    Access, BUSY_PAUSE, BUSY_TRIES, File, FileKind, Storage, StorageError, StoredPath, stored_path,
    without,
};
use crate::survey::{group_markers, pending_marker};

use super::super::deed::Deed;
use super::files::read_sealed;
use super::folder::OperationFolder;
use super::sealed::{self, Unsealed};
use super::sharing::shared_file;

/// Ending of a marker's name.
const SUFFIX: &str = ".edbmend-pending";

const MARKER_SCHEMA: &str = "edbmend-marker/1";

/// What a marker says. All markers of an operation say the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The operation's id.
    pub operation: String,
    /// Its folder, absolute.
    #[serde(with = "stored_path")]
    pub dir: PathBuf,
    /// Whether the operation created the folder that its own lies in.
    pub created_backup_dir: bool,
    /// Who carries it out; older versions did not say.
    #[serde(default)]
    pub holder: Option<Holder>,
    /// [`MARKER_SCHEMA`]; older versions did not say.
    #[serde(default)]
    schema: Option<String>,
    /// What all markers of the operation stand beside, absolute, the one that it is known by first; of older
    /// versions there was one.
    #[serde(default)]
    marked: Vec<StoredPath>,
    /// SHA-256 of both header pages before, in hexadecimal, of an operation that writes them; older versions
    /// did not say.
    #[serde(default)]
    pub header_before_sha256: Option<String>,
}

impl Marker {
    /// The marker of an operation that this process begins.
    pub fn of(deed: &dyn Deed, folder: &OperationFolder) -> Self {
        let stamp = deed.stamp();
        Self {
            holder: Some(Holder::this_process(&stamp.created)),
            operation: stamp.id,
            dir: folder.dir.clone(),
            created_backup_dir: folder.created_backup_dir,
            schema: Some(MARKER_SCHEMA.to_owned()),
            marked: deed.marked().iter().map(|path| StoredPath::from(path.as_path())).collect(),
            header_before_sha256: deed.header_before(),
        }
    }

    /// What all markers of the operation stood beside when it was planned, the one that it is known by first; none
    /// where an older version wrote it.
    pub fn planned(&self) -> impl Iterator<Item = PathBuf> {
        self.marked.iter().filter_map(StoredPath::to_path)
    }

    /// Whether an operation can have this name and folder.
    fn is_plausible(&self) -> bool {
        let named = self.dir.file_name().is_some_and(|name| *name == *self.operation);
        named && self.dir.is_absolute() && is_operation_id(&self.operation)
    }
}

/// Who carries an operation out. A second edbmend names it to its reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Name of the machine.
    pub host: String,
    /// Name of the user.
    pub user: String,
    /// When the operation was planned, UTC.
    pub since: String,
}

impl Holder {
    /// This process, with an operation that was planned at `since`.
    pub fn this_process(since: &str) -> Self {
        let (pid, host, user) = (std::process::id(), host_name(), user_name());
        Self { pid, host, user, since: since.to_owned() }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, host, user, since } = self;
        write!(f, "process {pid} of {user} on {host}, since {since}")
    }
}

/// Why a marker could not be created.
pub enum NotCreated {
    /// Another operation's marker is there.
    Taken(Refusal),
    /// The storage failed; a marker of our own may be there.
    Failed(Refusal),
}

/// Creates the marker of a database, durably; it must not exist. As long as the file is kept, others
/// see that the operation is under way ([`at_work`]).
pub fn create(
    storage: &dyn Storage,
    database: &Path,
    marker: &Marker,
) -> Result<Box<dyn File>, NotCreated> {
    let path = pending_marker(database);
    let created = storage.create_whole(&path, &sealed::seal(marker));
    let file = created.map_err(|error| match error.is_already_there() {
        true => NotCreated::Taken(taken(storage, database, &path)),
        false => NotCreated::Failed(not_written(&error)),
    })?;
    file.claim();
    match sync_folder(storage, &path) {
        Ok(()) => Ok(file),
        Err(error) => Err(NotCreated::Failed(not_written(&error))),
    }
}

fn not_written(error: &StorageError) -> Refusal {
    if error.is_full() { no_room_for_it(&error.path, error.to_string()) } else { reason(error) }
}

/// The refusal where another edbmend is at work on the database right now. It is known by the claim on its
/// marker: to open the database itself would dispute its exclusive access, and both would lose.
pub fn at_work(storage: &dyn Storage, database: &Path) -> Option<Refusal> {
    let path = pending_marker(database);
    if !is_claimed(storage, &path) {
        return None;
    }
    let (message, remedy) = match holder(storage, &path) {
        Some(holder) => (
            format!("another edbmend is at work: {holder}"),
            format!(
                "Wait until process {} has ended, then run the same command again.",
                holder.pid
            ),
        ),
        None => (
            format!("another edbmend is at work: it has {} open", shown(&path)),
            "Wait until it has ended, then run the same command again.".to_owned(),
        ),
    };
    Some(Refusal::new(RefusalId::OperationPending, database, message, remedy))
}

/// Whether an edbmend is at work that created this marker. Who only reads it claims nothing. Where open files
/// are nobody else's to open, it cannot be opened; an indexer has it for a while.
fn is_claimed(storage: &dyn Storage, path: &Path) -> bool {
    for attempt in 1..=BUSY_TRIES {
        match storage.open(path, Access::Read) {
            Ok(file) => return file.is_claimed(),
            Err(error) if !error.is_busy() => return false,
            Err(_) if attempt < BUSY_TRIES => std::thread::sleep(BUSY_PAUSE),
            Err(_) => {}
        }
    }
    true
}

/// Why exclusive access is not to be had. It may be another edbmend that has it: that one can be named.
pub fn or_at_work(storage: &dyn Storage, subject: &Path, reasons: Vec<Refusal>) -> Vec<Refusal> {
    at_work(storage, subject).map_or(reasons, |other| vec![other])
}

/// The refusal where another edbmend is at work on the database, or on the logs in its folder.
pub fn at_work_near(storage: &dyn Storage, database: &Path) -> Option<Refusal> {
    at_work(storage, database).or_else(|| {
        let refusal = at_work_on_logs(storage, database.parent().unwrap_or(Path::new("/")))?;
        Some(Refusal { path: database.to_owned(), ..refusal })
    })
}

/// The refusal where another edbmend is at work on the logs in a folder.
pub fn at_work_on_logs(storage: &dyn Storage, dir: &Path) -> Option<Refusal> {
    group_markers(storage, dir)
        .iter()
        .filter_map(|marker| subject_of(marker))
        .find_map(|subject| at_work(storage, &subject))
}

/// Who a marker names, where it is whole and says so.
fn holder(storage: &dyn Storage, path: &Path) -> Option<Holder> {
    match read(storage, path) {
        Ok(Found::Whole(marker)) => marker.holder,
        _ => None,
    }
}

/// The refusal where another operation's marker stands beside `subject`.
pub fn refusal(storage: &dyn Storage, subject: &Path) -> Option<Refusal> {
    let path = pending_marker(subject);
    storage.status(&path).is_ok().then(|| taken(storage, subject, &path))
}

/// The refusal of whoever comes second: to a run that is at work, or to an operation that was
/// interrupted meanwhile.
fn taken(storage: &dyn Storage, database: &Path, marker: &Path) -> Refusal {
    at_work(storage, database).unwrap_or_else(|| {
        let begun = holder(storage, marker).map_or(String::new(), |holder| format!(" ({holder})"));
        Refusal::new(
            RefusalId::OperationPending,
            database,
            format!("another edbmend operation holds it: {} exists{begun}", shown(marker)),
            format!("Wait for it, or if none is running: edbmend recover {}", quoted(database)),
        )
    })
}

/// Removes the markers of an operation, in this order. A marker that is gone already is fine.
///
/// `Ok(false)` where they are gone, but may come back after a power loss: a folder could not be
/// synced. `recover` then finds the operation finished, as long as its folder still exists.
pub fn remove<'a>(
    storage: &dyn Storage,
    subjects: impl Iterator<Item = &'a Path>,
) -> Result<bool, StorageError> {
    let mut durably = true;
    for subject in subjects {
        let path = pending_marker(subject);
        match storage.remove_file(&path) {
            Err(error) if !error.is_not_found() && !error.is_impossible_name() => {
                return Err(error);
            }
            _ => durably &= sync_folder(storage, &path).is_ok(),
        }
    }
    Ok(durably)
}

/// Removes what stands where the markers of an operation that is over stood, and is one of its own, or what
/// has become of one: [`remove`]. `Ok(false)` also where something else was put in the place of one, which may come
/// back.
pub fn remove_of<'a>(
    storage: &dyn Storage,
    operation: Option<&str>,
    subjects: impl Iterator<Item = &'a Path>,
) -> Result<bool, StorageError> {
    let mut is_displaced = false;
    let is_own = |subject: &&Path| match read(storage, &pending_marker(subject)) {
        Ok(Found::Whole(marker)) => Some(marker.operation.as_str()) == operation,
        Ok(Found::OtherVersion(_)) => false,
        Ok(Found::Foreign) => {
            is_displaced = true;
            false
        }
        // One that is gone may be so in the cache alone.
        Ok(Found::Torn | Found::Damaged) | Err(_) => true,
    };
    let durably = remove(storage, subjects.filter(is_own))?;
    Ok(durably && !is_displaced)
}

/// What stands where a marker should be.
pub enum Found {
    /// A marker that is whole.
    Whole(Marker),
    /// A marker that another version wrote, with its schema.
    OtherVersion(String),
    /// A marker whose writing was cut off, or what damage left that looks the same. It is synced before
    /// anything else is done, so that in the first case its operation had not begun.
    Torn,
    /// A marker that is damaged in another way.
    Damaged,
    /// What no marker of any version ever was, or what has become of one.
    Foreign,
}

/// Reads the marker at `path`.
pub fn read(storage: &dyn Storage, path: &Path) -> Result<Found, StorageError> {
    read_and_ask(storage, path).map(|(found, _)| found)
}

/// Reads the marker at `path`; and why this very file cannot be believed, where somebody else can change it.
pub fn read_and_ask(
    storage: &dyn Storage,
    path: &Path,
) -> Result<(Found, Option<Refusal>), StorageError> {
    if storage.status(path)?.kind != FileKind::Regular {
        return Ok((Found::Foreign, None));
    }
    let file = storage.open(path, Access::Read)?;
    Ok((found_in(&read_sealed(file.as_ref())?), shared_file(file.as_ref())))
}

fn found_in(bytes: &[u8]) -> Found {
    match sealed::unseal::<Marker>(bytes, MARKER_SCHEMA) {
        Unsealed::Whole(marker) if marker.is_plausible() => Found::Whole(marker),
        Unsealed::Whole(_) => Found::Foreign,
        Unsealed::OtherVersion(schema) => Found::OtherVersion(schema),
        Unsealed::Broken if !may_be_ours(bytes) => Found::Foreign,
        Unsealed::Broken if is_torn(bytes) => Found::Torn,
        Unsealed::Broken => Found::Damaged,
    }
}

/// Whether each byte is one that a marker has in its place, or zero. The seal comes first, and then
/// always the same key with the name of a folder that begins always the same.
fn may_be_ours(bytes: &[u8]) -> bool {
    const BODY_START: &[u8] = b"{\n  \"operation\": \"edbmend-";
    let (seal, body) = bytes.split_at(bytes.len().min(sealed::SEAL_BYTES));
    let fits_seal = |(at, byte): (usize, &u8)| match at + 1 == sealed::SEAL_BYTES {
        true => *byte == b'\n',
        false => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
    };
    seal.iter().enumerate().all(|(at, byte)| *byte == 0 || fits_seal((at, byte)))
        && body.iter().zip(BODY_START).all(|(byte, ours)| *byte == 0 || byte == ours)
}

/// Whether a write that was cut off left this: a start of the marker, or words that are still zero.
///
/// A bit that flipped later does not look like it, and must not: the operation of a torn marker had
/// not begun, that of a damaged one may have written a header.
fn is_torn(bytes: &[u8]) -> bool {
    const WORD_BYTES: usize = 4;
    let is_start = || match serde_json::from_slice::<Marker>(sealed::body(bytes)) {
        Err(error) => error.is_eof() && !bytes.ends_with(b"}\n"),
        Ok(_) => false,
    };
    bytes.chunks(WORD_BYTES).any(|word| word.iter().all(|byte| *byte == 0)) || is_start()
}

fn sync_folder(storage: &dyn Storage, path: &Path) -> Result<(), StorageError> {
    storage.sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// What a marker file stands for; `None` where `marker` is not named like one.
pub fn subject_of(marker: &Path) -> Option<PathBuf> {
    without(marker, SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_marker_and_a_damaged_one_are_told_apart() {
        let dir = PathBuf::from("/mdbdata/edbmend/edbmend-test-repair-0000");
        let operation = "edbmend-test-repair-0000".to_owned();
        let holder = Some(Holder {
            pid: 4711,
            host: "exch01".to_owned(),
            user: "root".to_owned(),
            since: "2026-11-23T02:32:23Z".to_owned(),
        });
        let whole = sealed::seal(&Marker {
            operation,
            dir,
            created_backup_dir: true,
            holder,
            schema: Some(MARKER_SCHEMA.to_owned()),
            marked: vec![StoredPath::from(Path::new("/mdbdata/priv1.edb"))],
            header_before_sha256: Some("0".repeat(64)),
        });
        for length in 0..whole.len() - 2 {
            assert!(is_torn(&whole[..length]), "length {length}");
        }
        for start in (0..whole.len()).step_by(4) {
            let mut torn = whole.clone();
            torn[start..].iter_mut().take(4).for_each(|byte| *byte = 0);
            assert!(is_torn(&torn), "a hole at {start}");
        }
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_torn(&damaged), "bit {bit}");
        }
        assert!((0..=whole.len()).all(|length| may_be_ours(&whole[..length])));
    }

    #[test]
    fn what_somebody_else_wrote_is_no_torn_marker() {
        let long = "note to the night shift\n".repeat(40);
        let json = format!("{}\n{{\"operation\": 1", "0".repeat(64));
        let binary = [0, 0, 0, 0, 0xff, 0xfe, 1, 2];
        for text in [b"do not mount!" as &[u8], long.as_bytes(), json.as_bytes(), &binary] {
            assert!(!may_be_ours(text), "{:?}", String::from_utf8_lossy(text));
        }
    }
}
