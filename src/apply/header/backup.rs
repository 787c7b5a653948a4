//! The backup before the first byte is written: copied, synced, read back from the medium, compared.

use std::sync::atomic::AtomicBool;

use crate::guards::reason;
use crate::plan::{BackupMethod, BackupRecord, Plan, VerifyScope};
use crate::refusal::{Refusal, RefusalId};
use crate::show::Sha256Hex;
use crate::storage::{Access, File, StorageError};
use crate::survey::{PageFacts, PageLayout, PagesPrint};

use super::super::context::Context;
use super::super::operation::files::HEADER_BEFORE_NAME;
use super::super::operation::folder::OperationFolder;
use super::copy_pass::{self, Pass};
use super::copying::Copy;

const CHECKING: &str = "checking all pages";
const CLONING: &str = "cloning the database, reading it back";
const COPYING: &str = "copying the database, reading it back";

static NEVER: AtomicBool = AtomicBool::new(false);

/// A backup that was read back and compared. Nothing else can make one, and nothing is written
/// without one.
pub struct VerifiedBackup {
    record: BackupRecord,
    /// Name in the operation folder, for `SHA256SUMS`.
    pub name: String,
    /// SHA-256 of the whole database before, where it was read.
    pub source_sha256: Option<[u8; 32]>,
    /// Its pages, where a full verification was asked for.
    pub pages: Option<PageFacts>,
    /// What its pages are known by, where all were read.
    pub print: Option<PagesPrint>,
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
    match plan.full_copy() {
        Some(name) => full_copy(context, source, folder, plan, name),
        None => header_image(context, source, folder, plan),
    }
}

fn header_image(
    context: Context,
    source: &dyn File,
    folder: &OperationFolder,
    plan: &Plan,
) -> Result<VerifiedBackup, Refusal> {
    let path = folder.dir.join(HEADER_BEFORE_NAME);
    let file = context.storage.open(&path, Access::Read).map_err(|e| reason(&e))?;
    file.drop_cache();
    let length_bytes = 2 * plan.page_size_bytes as u64;
    let image = Pass {
        source: file.as_ref(),
        length_bytes,
        head: None,
        pages: None,
        print: None,
        copy: None,
    };
    let sha256 = Sha256Hex(copy_pass::run(context, "reading the backup back", &image)?.sha256);
    compare(&path, &sha256.to_string(), &plan.header_before_sha256)?;
    let method = BackupMethod::Header;
    let record = BackupRecord { path, sha256, bytes: length_bytes, method };
    let whole = match plan.verify {
        VerifyScope::Header => None,
        VerifyScope::Full => Some(copy_pass::run(context, CHECKING, &of_source(source, plan))?),
    };
    let name = HEADER_BEFORE_NAME.into();
    Ok(match whole {
        None => VerifiedBackup { record, name, source_sha256: None, pages: None, print: None },
        Some(whole) => VerifiedBackup {
            record,
            name,
            source_sha256: Some(whole.sha256),
            pages: whole.pages,
            print: whole.print,
        },
    })
}

/// A pass that reads and hashes the database, and judges its pages where that was asked for.
fn of_source<'a>(source: &'a dyn File, plan: &Plan) -> Pass<'a> {
    let length_bytes = plan.length_bytes;
    let layout = PageLayout::of(length_bytes, plan.page_size_bytes);
    let pages = (plan.verify == VerifyScope::Full).then_some(layout);
    Pass { source, length_bytes, head: None, pages, print: Some(layout), copy: None }
}

fn full_copy(
    context: Context,
    source: &dyn File,
    folder: &mut OperationFolder,
    plan: &Plan,
    name: &str,
) -> Result<VerifiedBackup, Refusal> {
    let io = |error: StorageError| reason(&error);
    let path = folder.dir.join(name);
    let length = plan.length_bytes;
    let copy = folder.create_file(name).map_err(io)?;
    let cloned = copy.clone_from(source).map_err(io)?;
    let sparse = source.status().map_err(io)?.allocated_bytes < length;
    if !cloned {
        make_room(copy.as_ref(), length, sparse).map_err(io)?;
    }
    let direct = context.storage.open_direct(&path).map_err(io)?;
    if direct.is_none() {
        context
            .observer
            .stage("no direct reads here: the copy is read back with its cache dropped");
    }
    let to = Copy { file: copy.as_ref(), direct: direct.as_ref(), write: !cloned, sparse };
    let what = if cloned { CLONING } else { COPYING };
    let passed =
        copy_pass::run(context, what, &Pass { copy: Some(to), ..of_source(source, plan) })?;
    let found = passed.copy_sha256.map(hex::encode).unwrap_or_default();
    let sha256 = Sha256Hex(passed.sha256);
    compare(&path, &found, &sha256.to_string())?;
    copy.adopt_access(source).map_err(io)?;
    let method = if cloned { BackupMethod::Reflink } else { BackupMethod::Copy };
    let record = BackupRecord { path, sha256, bytes: length, method };
    Ok(VerifiedBackup {
        record,
        name: name.into(),
        source_sha256: Some(passed.sha256),
        pages: passed.pages,
        print: passed.print,
    })
}

/// Space for all of it, but for a file with holes: the copy gets the same holes.
fn make_room(copy: &dyn File, length: u64, sparse: bool) -> Result<(), StorageError> {
    match sparse {
        true => copy.allow_holes()?,
        false => copy.reserve(length)?,
    }
    copy.set_length(length)
}

/// SHA-256 of the database as if it still had the header pages `head`: that of the backup, unless
/// something behind them changed.
pub fn sha256_with_head(
    context: Context,
    file: &dyn File,
    plan: &Plan,
    head: &[u8],
) -> Result<[u8; 32], Refusal> {
    // The header is written: from here on nobody stops.
    let context = Context { interrupted: &NEVER, ..context };
    let pass = Pass { head: Some(head), pages: None, print: None, ..of_source(file, plan) };
    Ok(copy_pass::run(context, "proving that all pages are unchanged", &pass)?.sha256)
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
