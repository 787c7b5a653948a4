//! The backup before the first byte is written: copied, synced, read back from the medium, compared.

use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::plan::{BackupScope, Plan, Refusal, RefusalId, Step};
use crate::storage::{AlignedBuffer, File, StorageError, read_full, serialize_shown};

use super::context::Context;
use super::folder::{HEADER_BEFORE_NAME, OperationFolder};
use super::outcome::{interrupted, reason};

/// Bytes read and written at once.
const BLOCK_BYTES: usize = 1024 * 1024;

/// How the backup was made. A reflink, and any copy on the same volume, protects against this
/// tool, not against the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackupMethod {
    /// A clone that shares its extents with the database.
    Reflink,
    /// A full copy.
    Copy,
    /// Both header pages only.
    Header,
}

/// A backup as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupRecord {
    /// Where it lies, absolute.
    #[serde(serialize_with = "serialize_shown")]
    pub path: PathBuf,
    /// SHA-256 of its content, in hexadecimal, of what was read back from the medium.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// How it was made.
    pub method: BackupMethod,
}

/// A backup that was read back and compared. Nothing else can make one, and nothing is written
/// without one.
pub struct VerifiedBackup {
    record: BackupRecord,
    /// Name in the operation folder, for `SHA256SUMS`.
    pub name: String,
    /// SHA-256 of everything behind the two header pages, where it was asked for.
    pub tail_sha256: Option<[u8; 32]>,
}

impl VerifiedBackup {
    /// How reports name it.
    pub fn record(&self) -> BackupRecord {
        self.record.clone()
    }
}

/// Makes the backup that the plan asks for. `header_sha256` is the digest of the header image,
/// which is in the folder already.
pub fn make(
    context: Context,
    source: &dyn File,
    folder: &mut OperationFolder,
    plan: &Plan,
) -> Result<VerifiedBackup, Refusal> {
    let copy = plan.steps.iter().find_map(|step| match step {
        Step::Copy { scope: BackupScope::Full, to, .. } => Some(to),
        _ => None,
    });
    match copy {
        Some(name) => full_copy(context, source, folder, plan, name),
        None => header_image(context, folder, plan),
    }
}

fn header_image(
    context: Context,
    folder: &OperationFolder,
    plan: &Plan,
) -> Result<VerifiedBackup, Refusal> {
    let path = folder.dir.join(HEADER_BEFORE_NAME);
    let file = context.storage.open(&path, crate::storage::Access::Read).map_err(|e| reason(&e))?;
    file.drop_cache();
    let bytes = 2 * plan.page_size_bytes as u64;
    let found =
        hex::encode(hash(context, file.as_ref(), bytes, "reading the backup back", 0)?.whole);
    compare(&path, &found, &plan.header_before_sha256)?;
    let record = BackupRecord { path, sha256: found, bytes, method: BackupMethod::Header };
    Ok(VerifiedBackup { record, name: HEADER_BEFORE_NAME.into(), tail_sha256: None })
}

fn full_copy(
    context: Context,
    source: &dyn File,
    folder: &mut OperationFolder,
    plan: &Plan,
    name: &str,
) -> Result<VerifiedBackup, Refusal> {
    let path = folder.dir.join(name);
    let length = plan.length_bytes;
    let tail_from = 2 * plan.page_size_bytes as u64;
    let copy = folder.create_file(name).map_err(|e| reason(&e))?;
    let cloned = copy.clone_from(source).map_err(|e| reason(&e))?;
    let (method, expected) = if cloned {
        (BackupMethod::Reflink, hash(context, source, length, "hashing the database", tail_from)?)
    } else {
        (BackupMethod::Copy, copy_and_hash(context, source, copy.as_ref(), length, tail_from)?)
    };
    copy.sync().map_err(|e| reason(&e))?;
    copy.adopt_access(source).map_err(|e| reason(&e))?;
    copy.drop_cache();
    let found = hash(context, copy.as_ref(), length, "reading the backup back", tail_from)?;
    compare(&path, &hex::encode(found.whole), &hex::encode(expected.whole))?;
    let record = BackupRecord { path, sha256: hex::encode(found.whole), bytes: length, method };
    Ok(VerifiedBackup { record, name: name.into(), tail_sha256: Some(expected.tail) })
}

/// SHA-256 of everything behind the header pages.
pub fn tail_sha256(context: Context, file: &dyn File, plan: &Plan) -> Result<[u8; 32], Refusal> {
    let tail_from = 2 * plan.page_size_bytes as u64;
    Ok(hash(context, file, plan.length_bytes, "proving that all pages are unchanged", tail_from)?
        .tail)
}

fn compare(path: &std::path::Path, found: &str, expected: &str) -> Result<(), Refusal> {
    if found == expected {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalId::IoError,
        path,
        format!("the backup that was read back has SHA-256 {found}, expected {expected}"),
        "The medium of the backup cannot be trusted. Name another with --backup-dir; nothing was changed.",
    ))
}

struct Digests {
    whole: [u8; 32],
    /// Of the bytes from `tail_from` on.
    tail: [u8; 32],
}

fn hash(
    context: Context,
    file: &dyn File,
    length: u64,
    what: &str,
    tail_from: u64,
) -> Result<Digests, Refusal> {
    each_block(context, file, length, what, tail_from, |_, _| Ok(()))
}

fn copy_and_hash(
    context: Context,
    source: &dyn File,
    copy: &dyn File,
    length: u64,
    tail_from: u64,
) -> Result<Digests, Refusal> {
    let status = source.status().map_err(|e| reason(&e))?;
    let sparse = status.allocated_bytes < length;
    if !sparse {
        copy.reserve(length).map_err(|e| reason(&e))?;
    }
    copy.set_length(length).map_err(|e| reason(&e))?;
    each_block(context, source, length, "copying the database", tail_from, |block, offset| {
        // Holes stay holes.
        if sparse && block.iter().all(|&byte| byte == 0) {
            Ok(())
        } else {
            copy.write_at(block, offset)
        }
    })
}

/// Reads a file from start to end, hashes it, and hands each block on.
fn each_block(
    context: Context,
    file: &dyn File,
    length: u64,
    what: &str,
    tail_from: u64,
    mut consume: impl FnMut(&[u8], u64) -> Result<(), StorageError>,
) -> Result<Digests, Refusal> {
    context.observer.begin_bytes(what, length);
    let mut buffer = AlignedBuffer::new(BLOCK_BYTES);
    let (mut whole, mut tail) = (Sha256::new(), Sha256::new());
    let mut offset = 0;
    while offset < length {
        if context.is_interrupted() {
            context.observer.end_bytes();
            return Err(interrupted(file.path()));
        }
        let wanted = BLOCK_BYTES.min((length - offset) as usize);
        let block = &mut buffer.bytes_mut()[..wanted];
        let read = read_full(file, block, offset).map_err(|e| reason(&e))?;
        if read < wanted {
            let error =
                std::io::Error::other(format!("the file ends, {length} bytes were expected"));
            return Err(reason(&StorageError::at(
                "read",
                file.path(),
                offset + read as u64,
                error,
            )));
        }
        whole.update(&*block);
        let head = tail_from.saturating_sub(offset).min(read as u64) as usize;
        tail.update(&block[head..]);
        consume(block, offset).map_err(|e| reason(&e))?;
        offset += read as u64;
        context.observer.advance_bytes(read as u64);
    }
    context.observer.end_bytes();
    Ok(Digests { whole: whole.finalize().into(), tail: tail.finalize().into() })
}
