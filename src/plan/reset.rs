//! The plan of a log reset (KB935634): which files of a log stream are moved away, in which order.
//!
//! Order: temporary log, current log, numbered and shadow logs, checkpoint. Measured with the
//! engine: while a numbered log is left without the current one it refuses to start (-528); when
//! none is left it begins generation 1, whatever checkpoint or temporary log is still there. So each
//! interrupted state refuses to mount, is untouched, or is done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ese::LogBase;
use crate::ese::log_body::LogVerdict;
use crate::ese::shadow::{self, HeaderArea};
use crate::show::Sha256Hex;
use crate::storage::{Status, stored_path};
use crate::survey::{DatabaseFacts, GroupFacts, LogFile, LogStream};

use super::{Command, MoveMethod, MoveStep, OperationStamp, Step};

/// Version of the stored form of a reset plan.
pub const RESET_SCHEMA: &str = "edbmend-reset/1";

/// Name of the folder inside the operation folder that receives the files.
pub const LOGS_FOLDER: &str = "logs";

/// Most files in a batch; after each batch both folders are synced.
const BATCH_FILES: usize = 4096;

/// What will be moved, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetPlan {
    /// [`RESET_SCHEMA`].
    pub schema: String,
    /// Version of the program that made the plan.
    pub version: String,
    /// The operation's id.
    pub operation: String,
    /// When it was planned, UTC.
    pub created: String,
    /// The command.
    pub command: Command,
    /// For a restore: the operation that it undoes.
    pub undoes: Option<String>,
    /// Base name of the log stream.
    pub base: LogBase,
    /// Folder of the logs, absolute; the marker lies in it.
    #[serde(with = "stored_path")]
    pub log_dir: PathBuf,
    /// Folder of the files while they are away, absolute.
    #[serde(with = "stored_path")]
    pub away: PathBuf,
    /// The databases of the storage group as they were.
    pub databases: Vec<DatabaseIdentity>,
    /// The guards that were overridden, by their flag.
    pub overrides: Vec<String>,
    /// The moves. After each batch the folders are synced.
    pub batches: Vec<Batch>,
}

/// What a database is known by: a reset does not change it, and is not undone once it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseIdentity {
    /// Absolute path.
    #[serde(with = "stored_path")]
    pub path: PathBuf,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of both header pages, in hexadecimal.
    pub header_sha256: String,
}

/// Files that move from one folder to another in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Where they are, absolute.
    #[serde(with = "stored_path")]
    pub from: PathBuf,
    /// Where they go, absolute.
    #[serde(with = "stored_path")]
    pub to: PathBuf,
    /// How they go.
    pub method: MoveMethod,
    /// The files, in order.
    pub files: Vec<MovedFile>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedFile {
    /// Its name, the same in both folders.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its first 4096 bytes; stored in hexadecimal.
    #[serde(with = "hex::serde")]
    pub header_sha256: [u8; 32],
    /// Its number in the file system and the time of its last change, where they stay what they are while it
    /// is away; older plans do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<FileIdentity>,
    /// What recovery says of the log, where all of it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<LogVerdict>,
    /// SHA-256 of all of it in hexadecimal, of a file that was copied away: `SHA256SUMS` keeps it.
    #[serde(skip)]
    pub sha256: Option<String>,
}

/// What tells a file from another with the same header, as long as it is renamed and not copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Its number in its file system, stored in hexadecimal.
    #[serde(with = "number_in_hex")]
    pub number: u128,
    /// Time of the last change of its content, nanoseconds since 1970, stored as text.
    #[serde(with = "number_as_text")]
    pub modified_ns: i128,
}

impl FileIdentity {
    /// Of a file of which the file system says this.
    pub fn of(status: &Status) -> Self {
        Self { number: status.identity.1, modified_ns: status.modified_ns }
    }
}

/// JSON has no numbers of 128 bits.
mod number_in_hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{number:x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        u128::from_str_radix(&String::deserialize(from)?, 16).map_err(D::Error::custom)
    }
}

/// Nanoseconds of a far future have more than 64 bits.
mod number_as_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &i128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl ResetPlan {
    /// Takes in what is known by now of logs whose bodies nobody had read, by the name of each.
    pub fn learn(&mut self, bodies: &BTreeMap<String, LogVerdict>) {
        let files = self.batches.iter_mut().flat_map(|batch| &mut batch.files);
        for file in files.filter(|file| file.body.is_none()) {
            file.body = bodies.get(&file.name).copied();
        }
    }
}

impl MovedFile {
    /// A file of which no more is known than this.
    pub fn of(name: String, bytes: u64, header_sha256: [u8; 32]) -> Self {
        Self { name, bytes, header_sha256, identity: None, body: None, sha256: None }
    }
}

/// What was asked for.
pub struct ResetRequest<'a> {
    /// The operation's folder, absolute.
    pub operation_dir: &'a Path,
    /// Volume of that folder.
    pub volume: u64,
    /// Folders out of which nothing can be renamed into it, though they may be of that volume.
    pub apart: Vec<PathBuf>,
    /// Folders in which a file keeps its number until it is removed.
    pub numbered: Vec<PathBuf>,
    /// The guards that were overridden, by their flag.
    pub overrides: Vec<String>,
}

impl ResetPlan {
    /// Id and time of its operation.
    pub fn stamp(&self) -> OperationStamp {
        OperationStamp { id: self.operation.clone(), created: self.created.clone() }
    }

    /// This plan for a log folder that lies elsewhere now, with all that is in it. Databases outside
    /// are where they were; `None` where files move in or out of other folders.
    pub fn moved_to(&self, home: &Path) -> Option<Self> {
        let moved = |path: &Path| -> Option<PathBuf> {
            let inside = path.strip_prefix(&self.log_dir).ok()?;
            Some(home.components().chain(inside.components()).collect())
        };
        let mut plan = self.clone();
        for batch in &mut plan.batches {
            (batch.from, batch.to) = (moved(&batch.from)?, moved(&batch.to)?);
            // They may be copies, which have other numbers.
            batch.files.iter_mut().for_each(|file| file.identity = None);
        }
        for database in &mut plan.databases {
            database.path = moved(&database.path).unwrap_or_else(|| database.path.clone());
        }
        (plan.log_dir, plan.away) = (moved(&plan.log_dir)?, moved(&plan.away)?);
        Some(plan)
    }

    /// How many files move.
    pub fn file_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.files.len()).sum()
    }

    /// Each move by itself, for reports.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.batches.iter().flat_map(|batch| {
            batch.files.iter().map(move |file| {
                Step::Move(MoveStep {
                    from: batch.from.join(&file.name),
                    to: batch.to.join(&file.name),
                    bytes: file.bytes,
                    method: batch.method,
                    header_sha256: Sha256Hex(file.header_sha256),
                    body: file.body,
                })
            })
        })
    }

    /// Bytes of the files that are copied rather than renamed.
    pub fn copied_bytes(&self) -> u64 {
        let copied = self.batches.iter().filter(|batch| batch.method == MoveMethod::Copy);
        copied.flat_map(|batch| &batch.files).fold(0, |sum, file| sum.saturating_add(file.bytes))
    }
}

/// What a surveyed database is known by; `None` where it has no valid header.
fn identity_of(database: &DatabaseFacts) -> Option<DatabaseIdentity> {
    identity_by(&database.path, database.status.length_bytes, &database.area)
}

/// What a database is known by, from its length and its first bytes; `None` where it has no valid header.
pub fn identity_by(path: &Path, length_bytes: u64, area: &HeaderArea) -> Option<DatabaseIdentity> {
    let header_sha256 = hex::encode(Sha256::digest(header_pages(area)?));
    Some(DatabaseIdentity { path: path.to_owned(), bytes: length_bytes, header_sha256 })
}

/// Both header pages; `None` where no copy is valid.
pub fn header_pages(area: &HeaderArea) -> Option<&[u8]> {
    let pair = shadow::elect(area)?;
    area.bytes.get(..2 * pair.page_size_bytes)
}

/// Plans the reset of one log stream that passed the guards; `None` where there is nothing to move.
pub fn plan_reset(
    group: &GroupFacts,
    stream: &LogStream,
    request: &ResetRequest,
    stamp: &OperationStamp,
) -> Option<ResetPlan> {
    let to = request.operation_dir.join(LOGS_FOLDER);
    let mut batches = Vec::new();
    let batches_of = |files: &mut dyn Iterator<Item = Movable>| batches_of(&to, request, files);
    // A rival is a second current log under another spelling; whichever the engine finds goes.
    let current = stream.current.iter().chain(&stream.rivals);
    let mut first = stream.temporary.iter().chain(current).map(Movable::of_log);
    batches.extend(batches_of(&mut first));
    let mut numbered = stream.archives.iter().chain(&stream.shadows).map(Movable::of_log);
    batches.extend(batches_of(&mut numbered));
    let checkpoint = stream.checkpoint.iter().map(|checkpoint| Movable {
        path: &checkpoint.path,
        volume: checkpoint.status.identity.0,
        bytes: checkpoint.status.length_bytes,
        header_sha256: checkpoint.header_sha256,
        identity: FileIdentity::of(&checkpoint.status),
        body: None,
    });
    batches.extend(batches_of(&mut { checkpoint }));
    if batches.is_empty() {
        return None;
    }
    Some(ResetPlan {
        schema: RESET_SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        operation: stamp.id.clone(),
        created: stamp.created.clone(),
        command: Command::ResetLogs,
        undoes: None,
        base: stream.base,
        log_dir: group.folders.log_dir.clone(),
        away: to,
        databases: group.databases.iter().filter_map(identity_of).collect(),
        overrides: request.overrides.clone(),
        batches,
    })
}

/// A file with what a move needs to know of it.
struct Movable<'a> {
    path: &'a PathBuf,
    volume: u64,
    bytes: u64,
    header_sha256: [u8; 32],
    identity: FileIdentity,
    body: Option<LogVerdict>,
}

impl<'a> Movable<'a> {
    fn of_log(log: &'a LogFile) -> Self {
        Self {
            path: &log.path,
            volume: log.volume,
            bytes: log.length_bytes,
            // Zeros are the digest of no file: what cannot be known again is not moved.
            header_sha256: log.header_sha256.as_deref().copied().unwrap_or_default(),
            identity: FileIdentity { number: log.number, modified_ns: log.modified_ns },
            body: log.body.as_ref().map(|body| body.report.verdict.into()),
        }
    }
}

fn batches_of<'a>(
    to: &Path,
    request: &ResetRequest,
    files: &mut dyn Iterator<Item = Movable<'a>>,
) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for file in files {
        let from = file.path.parent().unwrap_or(Path::new("/"));
        let is_one_mount =
            file.volume == request.volume && !request.apart.iter().any(|dir| dir == from);
        let method = if is_one_mount { MoveMethod::Rename } else { MoveMethod::Copy };
        let is_known = is_one_mount && request.numbered.iter().any(|dir| dir == from);
        let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let moved = MovedFile {
            identity: is_known.then_some(file.identity),
            body: file.body,
            ..MovedFile::of(name.unwrap_or_default(), file.bytes, file.header_sha256)
        };
        let fits = |batch: &&mut Batch| {
            batch.from == from && batch.method == method && batch.files.len() < BATCH_FILES
        };
        match batches.last_mut().filter(fits) {
            Some(batch) => batch.files.push(moved),
            None => {
                let (from, to) = (from.to_owned(), to.to_owned());
                batches.push(Batch { from, to, method, files: vec![moved] });
            }
        }
    }
    batches
}

/// The exact reverse: every file back where it was, last moved first.
pub fn inverse_reset(plan: &ResetPlan, stamp: &OperationStamp) -> ResetPlan {
    let reversed = plan.batches.iter().rev().map(|batch| Batch {
        from: batch.to.clone(),
        to: batch.from.clone(),
        method: batch.method,
        files: batch.files.iter().rev().cloned().collect(),
    });
    ResetPlan {
        operation: stamp.id.clone(),
        created: stamp.created.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        command: Command::Restore,
        undoes: Some(plan.operation.clone()),
        overrides: Vec::new(),
        batches: reversed.collect(),
        ..plan.clone()
    }
}
