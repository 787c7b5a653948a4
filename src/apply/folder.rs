//! The operation folder: what lies in it, how it is made, read, and given up.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::plan::{
    HeaderImages, LOGS_FOLDER, OperationRef, PLAN_SCHEMA, Plan, RESET_SCHEMA, ResetPlan, Step,
    Steps,
};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{Access, File, FileKind, Storage, StorageError, read_full, write_stream};

use super::journal::{self, Found, Journal};
use super::outcome::reason;
use super::{home, moves};

/// Name of the plan.
pub const PLAN_NAME: &str = "plan.json";
/// Name of the journal.
pub const JOURNAL_NAME: &str = "journal";
/// Name of the image of both header pages before.
pub const HEADER_BEFORE_NAME: &str = "header-before.bin";
/// Name of the image of both header pages after.
pub const HEADER_AFTER_NAME: &str = "header-after.bin";
/// Name of the report that a finished operation leaves for programs.
pub const REPORT_NAME: &str = "report.json";
/// Name of the list of digests.
pub const SUMS_NAME: &str = "SHA256SUMS";

/// Name of the folder beside a database that holds its operation folders by default.
pub const DEFAULT_BACKUP_DIR: &str = "edbmend";

/// Largest of the small files, in bytes. The plan of a reset of 100,000 logs has some 12 MiB.
const SMALL_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// A folder that this run created.
pub struct OperationFolder<'a> {
    storage: &'a dyn Storage,
    /// Absolute path.
    pub dir: PathBuf,
    /// Whether the folder around it was created too.
    pub created_backup_dir: bool,
    /// Whose owner everything in it gets.
    like: PathBuf,
    names: Vec<String>,
}

impl<'a> OperationFolder<'a> {
    /// Creates `<backup_dir>/<id>`, and the backup folder itself where it is missing, durably.
    pub fn create(
        storage: &'a dyn Storage,
        backup_dir: &Path,
        id: &str,
        like: &Path,
    ) -> Result<Self, StorageError> {
        let created_backup_dir = match storage.create_dir(backup_dir) {
            Ok(()) => true,
            Err(error) if error.is_already_there() => false,
            Err(error) => return Err(error),
        };
        let dir = backup_dir.join(id);
        let made =
            Self { storage, dir, created_backup_dir, like: like.to_owned(), names: Vec::new() };
        made.establish(backup_dir).inspect_err(|_| made.remove_dirs())?;
        Ok(made)
    }

    fn establish(&self, backup_dir: &Path) -> Result<(), StorageError> {
        if self.created_backup_dir {
            self.storage.adopt_owner(backup_dir, &self.like)?;
            self.storage.sync_dir(backup_dir.parent().unwrap_or(Path::new("/")))?;
        }
        self.storage.create_dir(&self.dir)?;
        self.storage.adopt_owner(&self.dir, &self.like)?;
        self.storage.sync_dir(backup_dir)
    }

    /// Creates an empty file in the folder; whatever happens next, it belongs to the operation.
    pub fn create_file(&mut self, name: &str) -> Result<Box<dyn File>, StorageError> {
        let file = self.storage.create(&self.dir.join(name))?;
        self.names.push(name.to_owned());
        self.storage.adopt_owner(&self.dir.join(name), &self.like)?;
        Ok(file)
    }

    /// Creates a folder inside, which goes with [`Self::remove_dirs`] as long as it is empty.
    pub fn create_subfolder(&mut self, name: &str) -> Result<(), StorageError> {
        let dir = self.dir.join(name);
        self.storage.create_dir(&dir)?;
        self.storage.adopt_owner(&dir, &self.like)
    }

    /// Writes a small file, durably but for its name.
    pub fn write_file(&mut self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let file = self.create_file(name)?;
        file.write_at(bytes, 0)?;
        file.sync()
    }

    /// Writes a value as JSON, durably but for its name, piece by piece: it may be large. Gives back its
    /// SHA-256 in hexadecimal.
    pub fn write_json(
        &mut self,
        name: &str,
        value: &impl Serialize,
    ) -> Result<String, StorageError> {
        let file = self.create_file(name)?;
        let mut hasher = Sha256::new();
        write_stream(file.as_ref(), |out| {
            let hashing = Hashing { out, hasher: &mut hasher };
            Ok(serde_json::to_writer(hashing, value)?)
        })?;
        file.sync()?;
        Ok(hex::encode(hasher.finalize()))
    }

    /// Removes every file of the operation and the journal, durably; the folders follow with
    /// [`Self::remove_dirs`], once the marker is gone.
    ///
    /// The journal goes first: it vouches for what goes after it. The plan goes last: `recover` finds
    /// the full copy by it.
    pub fn remove_files(&self) -> Result<(), StorageError> {
        let others = self.names.iter().map(String::as_str).filter(|name| *name != PLAN_NAME);
        remove_durably(self.storage, &self.dir, [JOURNAL_NAME, "journal.new"])?;
        remove_durably(self.storage, &self.dir, others)?;
        remove_durably(self.storage, &self.dir, [PLAN_NAME])
    }

    /// Removes the empty folders, as far as this operation created them.
    pub fn remove_dirs(&self) {
        remove_empty(self.storage, &self.dir, self.created_backup_dir);
    }

    /// How reports name it.
    pub fn as_ref(&self) -> OperationRef {
        let id = self.dir.file_name().map(|name| name.to_string_lossy().into_owned());
        OperationRef { id: id.unwrap_or_default(), dir: self.dir.clone() }
    }
}

/// Hashes what it passes on.
struct Hashing<'a> {
    out: &'a mut dyn io::Write,
    hasher: &'a mut Sha256,
}

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Removes an empty operation folder, and the one around it where the operation created that too.
/// One that stays is not empty, or in nobody's way.
pub fn remove_empty(storage: &dyn Storage, dir: &Path, and_parent: bool) {
    let _ = storage.remove_dir(&dir.join(LOGS_FOLDER));
    let _ = storage.remove_dir(dir);
    if let (true, Some(parent)) = (and_parent, dir.parent()) {
        let _ = storage.remove_dir(parent);
    }
}

/// Removes the empty operation folders in the default place beside a database.
pub fn remove_empty_beside(storage: &dyn Storage, database: &Path) {
    let backup_dir = database.with_file_name(DEFAULT_BACKUP_DIR);
    let names = storage.list(&backup_dir).unwrap_or_default();
    let folders = names.into_iter().map(|name| backup_dir.join(name));
    for folder in folders.filter(|folder| has_operation_name(folder)) {
        let _ = storage.remove_dir(&folder);
    }
    let _ = storage.remove_dir(&backup_dir);
}

fn remove_if_there(storage: &dyn Storage, path: &Path) -> Result<(), StorageError> {
    match storage.remove_file(path) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Removes files of one folder; none of them comes back after a power loss.
fn remove_durably<'a>(
    storage: &dyn Storage,
    dir: &Path,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), StorageError> {
    for name in names {
        remove_if_there(storage, &dir.join(name))?;
    }
    storage.sync_dir(dir)
}

/// Reads a small file whole.
pub fn read_small(storage: &dyn Storage, path: &Path) -> Result<Vec<u8>, StorageError> {
    let file = storage.open(path, Access::Read)?;
    let length = file.status()?.length_bytes;
    if length > SMALL_FILE_BYTES {
        let error =
            std::io::Error::other(format!("{length} bytes, expected at most {SMALL_FILE_BYTES}"));
        return Err(StorageError::new("read", path, error));
    }
    let mut bytes = vec![0; length as usize];
    let read = read_full(file.as_ref(), &mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

fn read_if_there(storage: &dyn Storage, path: &Path) -> Result<Option<Vec<u8>>, StorageError> {
    match read_small(storage, path) {
        Err(error) if error.is_not_found() => Ok(None),
        read => read.map(Some),
    }
}

/// A line of `SHA256SUMS`, as `sha256sum -c` reads it.
pub fn sums_line(sha256_hex: &str, name: &str) -> String {
    format!("{sha256_hex}  {name}\n")
}

/// The digests in the `SHA256SUMS` of an operation folder, with the names of the files; none where it
/// cannot be read.
pub fn read_sums(storage: &dyn Storage, dir: &Path) -> Vec<(String, String)> {
    let bytes = read_small(storage, &dir.join(SUMS_NAME)).unwrap_or_default();
    let lines = String::from_utf8_lossy(&bytes);
    let pairs = lines.lines().filter_map(|line| line.split_once("  "));
    pairs.map(|(sha256, name)| (sha256.to_owned(), name.to_owned())).collect()
}

/// A prepared or finished operation, read back from its folder and found whole.
pub struct StoredOperation {
    /// Its folder.
    pub dir: PathBuf,
    /// Its journal.
    pub journal: Journal,
    /// What it does.
    pub deed: Deed,
}

/// What an operation does.
pub enum Deed {
    /// It writes header copies.
    Header {
        /// The plan.
        plan: Box<Plan>,
        /// Its images.
        images: HeaderImages,
    },
    /// It moves logs.
    Reset(Arc<ResetPlan>),
}

impl StoredOperation {
    /// The database, or what stands for the storage group, where it is now; `None` where the plan is of
    /// another operating system.
    pub fn subject(&self, storage: &dyn Storage) -> Option<PathBuf> {
        match &self.deed {
            Deed::Header { plan, .. } => {
                home::database_of(storage, &self.dir, self.journal.made_in().as_deref(), plan)
            }
            Deed::Reset(plan) => Some(plan.log_dir.to_path()?.join(&plan.base)),
        }
    }

    /// The steps of its plan.
    pub fn steps(&self) -> Steps {
        match &self.deed {
            Deed::Header { plan, .. } => plan.steps.clone().into(),
            Deed::Reset(plan) => Steps::of_moves(plan),
        }
    }
}

/// What an operation folder holds.
pub enum Stored {
    /// An operation that reached `Prepared`, whole.
    Whole(Box<StoredOperation>),
    /// One that never did.
    Unprepared,
}

/// Whether a folder is an operation folder: it is named like one and holds a file of one, or it holds two
/// of them, whatever its name is now. One alone says nothing: `/var/log` may have a `journal`.
pub fn is_operation_folder(storage: &dyn Storage, dir: &Path) -> bool {
    let is_file = |name: &&str| {
        storage.status(&dir.join(name)).is_ok_and(|status| status.kind == FileKind::Regular)
    };
    let names = [JOURNAL_NAME, PLAN_NAME, HEADER_BEFORE_NAME, SUMS_NAME];
    let enough = if has_operation_name(dir) { 1 } else { 2 };
    names.iter().filter(|name| is_file(name)).count() >= enough
}

/// Whether a folder is named as operations name theirs.
pub fn has_operation_name(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with("edbmend-"))
}

/// Reads an operation folder; every digest is checked, from the journal down.
pub fn read_stored(storage: &dyn Storage, dir: &Path) -> Result<Stored, Refusal> {
    let journal = match journal::read(storage, dir).map_err(|error| reason(&error))? {
        Found::Whole(journal) => journal,
        Found::Nothing => return Ok(Stored::Unprepared),
        Found::Damaged => return Err(damaged(&dir.join(JOURNAL_NAME), "its seal does not match")),
    };
    let path = dir.join(PLAN_NAME);
    let bytes = read_small(storage, &path).map_err(|error| damaged(&path, &error.to_string()))?;
    if sha256(&bytes) != journal.plan_sha256 {
        return Err(damaged(&path, &format!("its SHA-256 is not {}", journal.plan_sha256)));
    }
    let deed = read_deed(storage, dir, &journal, &bytes)?;
    Ok(Stored::Whole(Box::new(StoredOperation { dir: dir.to_owned(), journal, deed })))
}

/// What every stored plan has.
#[derive(serde::Deserialize)]
struct PlanFrame {
    schema: String,
    operation: String,
}

fn read_deed(
    storage: &dyn Storage,
    dir: &Path,
    journal: &Journal,
    plan_json: &[u8],
) -> Result<Deed, Refusal> {
    let path = dir.join(PLAN_NAME);
    let unreadable = |error: serde_json::Error| damaged(&path, &error.to_string());
    let frame: PlanFrame = serde_json::from_slice(plan_json).map_err(unreadable)?;
    if frame.operation != journal.operation {
        return Err(damaged(&path, "it belongs to another operation"));
    }
    match frame.schema.as_str() {
        RESET_SCHEMA => {
            let plan = serde_json::from_slice(plan_json).map_err(unreadable)?;
            let made_in = journal.made_in();
            Ok(Deed::Reset(Arc::new(home::at_home(storage, dir, made_in.as_deref(), plan))))
        }
        PLAN_SCHEMA => {
            let plan: Box<Plan> = serde_json::from_slice(plan_json).map_err(unreadable)?;
            let length = 2 * plan.page_size_bytes;
            let read =
                |name: &str, sha256: &str| read_image(storage, &dir.join(name), sha256, length);
            let before = read(HEADER_BEFORE_NAME, &plan.header_before_sha256)?;
            let after = read(HEADER_AFTER_NAME, &plan.header_after_sha256)?;
            let images = HeaderImages { page_size_bytes: plan.page_size_bytes, before, after };
            Ok(Deed::Header { plan, images })
        }
        other => {
            Err(damaged(&path, &format!("its schema is {other}, which this version does not know")))
        }
    }
}

/// The plan and the images of a header operation without a journal; `None` unless all are whole. Before the
/// journal they were synced, so that others cannot have been used.
pub fn read_unprepared(
    storage: &dyn Storage,
    dir: &Path,
) -> Result<Option<(Plan, HeaderImages)>, StorageError> {
    let read = |name: &str| read_if_there(storage, &dir.join(name));
    let files = (read(PLAN_NAME)?, read(HEADER_BEFORE_NAME)?, read(HEADER_AFTER_NAME)?);
    let (Some(plan), Some(before), Some(after)) = files else { return Ok(None) };
    let Ok(plan) = serde_json::from_slice::<Plan>(&plan) else { return Ok(None) };
    let length = 2 * plan.page_size_bytes;
    if !is_image(&before, length, &plan.header_before_sha256)
        || !is_image(&after, length, &plan.header_after_sha256)
    {
        return Ok(None);
    }
    let images = HeaderImages { page_size_bytes: plan.page_size_bytes, before, after };
    Ok(Some((plan, images)))
}

/// The plan of moves without a journal; `None` where there is none, or not all of it. `made_in` is the folder
/// when it was made.
pub fn read_unprepared_moves(
    storage: &dyn Storage,
    dir: &Path,
    made_in: Option<&Path>,
) -> Result<Option<ResetPlan>, StorageError> {
    let plan_json = read_if_there(storage, &dir.join(PLAN_NAME))?;
    Ok(plan_json.and_then(|json| moves_of(storage, dir, made_in, &json)))
}

/// What the plan in a folder without a journal works on, by its own words; `None` where there is no plan,
/// or not all of it.
pub fn planned_subject(storage: &dyn Storage, dir: &Path) -> Result<Option<PathBuf>, StorageError> {
    let Some(bytes) = read_if_there(storage, &dir.join(PLAN_NAME))? else { return Ok(None) };
    if let Ok(plan) = serde_json::from_slice::<Plan>(&bytes) {
        return Ok(plan.database.to_path());
    }
    let of_logs = serde_json::from_slice::<ResetPlan>(&bytes).ok();
    Ok(of_logs.and_then(|plan| Some(plan.log_dir.to_path()?.join(plan.base))))
}

fn moves_of(
    storage: &dyn Storage,
    dir: &Path,
    made_in: Option<&Path>,
    plan_json: &[u8],
) -> Option<ResetPlan> {
    let plan = serde_json::from_slice(plan_json).ok()?;
    Some(home::at_home(storage, dir, made_in, plan))
}

fn read_image(
    storage: &dyn Storage,
    path: &Path,
    expected_sha256: &str,
    length: usize,
) -> Result<Vec<u8>, Refusal> {
    let refuse = |what: &str| {
        Refusal::new(
            RefusalId::BackupDamaged,
            path,
            format!("the saved header image cannot be used: {what}"),
            "Nothing was touched. Put an undamaged copy of this operation folder back and try again.",
        )
    };
    let bytes = read_small(storage, path).map_err(|error| refuse(&error.to_string()))?;
    if !is_image(&bytes, length, expected_sha256) {
        return Err(refuse(&format!(
            "found SHA-256 {}, expected {expected_sha256}",
            sha256(&bytes)
        )));
    }
    Ok(bytes)
}

fn is_image(bytes: &[u8], length: usize, expected_sha256: &str) -> bool {
    bytes.len() == length && sha256(bytes) == expected_sha256
}

fn damaged(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        path,
        format!("the operation cannot be trusted: {what}"),
        "Nothing was touched. Put an undamaged copy of this operation folder back and try again; \
         header-before.bin holds both header pages as they were.",
    )
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Gives up what an operation that never was prepared left in its folder, and nothing else.
pub fn remove_unprepared(
    storage: &dyn Storage,
    dir: &Path,
    made_in: Option<&Path>,
) -> Result<(), StorageError> {
    // A plan that cannot be read just now must stay: it alone knows the names of the copies.
    let plan = read_if_there(storage, &dir.join(PLAN_NAME))?.unwrap_or_default();
    if let Some(routes) = moves_of(storage, dir, made_in, &plan).as_ref().and_then(moves::routes) {
        moves::remove_unfinished(storage, &routes)?;
    }
    let copy = full_copy_name(&plan);
    let ours = [HEADER_BEFORE_NAME, HEADER_AFTER_NAME, SUMS_NAME, "journal.new"];
    remove_durably(storage, dir, ours.into_iter().chain(copy.as_deref()))?;
    remove_durably(storage, dir, [PLAN_NAME])
}

/// The name of the unfinished full copy: the plan says it, which is stored before the copy begins.
fn full_copy_name(plan: &[u8]) -> Option<String> {
    let plan: Plan = serde_json::from_slice(plan).ok()?;
    plan.steps.into_iter().find_map(|step| match step {
        Step::Copy { to, .. } if !to.contains(['/', '\\']) => Some(to),
        _ => None,
    })
}

/// Leaves the report of a finished operation in its folder; a failure is told, and harms nothing.
pub fn leave_report(
    storage: &dyn Storage,
    dir: &Path,
    name: &str,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), StorageError> {
    let path = dir.join(name);
    storage.create(&path).and_then(|file| {
        write_stream(file.as_ref(), write)?;
        storage.adopt_owner(&path, dir)?;
        file.sync()
    })
}
