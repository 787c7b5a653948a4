//! Operations read back from their folders. Every digest is checked, from the journal down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::guards::reason;
use crate::plan::{
    HeaderImages, LOGS_FOLDER, MoveMethod, MovedFile, PLAN_SCHEMA, Plan, RESET_SCHEMA, ResetPlan,
    is_name_of_copy,
};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{Storage, StorageError};

use super::header::deed::HeaderDeed;
use super::known_deed::KnownDeed;
use super::logs::deed::LogsDeed;
use super::logs::is_any_away;
use super::operation::files::{
    FINGERPRINT_NAME, HEADER_AFTER_NAME, HEADER_BEFORE_NAME, JOURNAL_NAME, PLAN_NAME, SUMS_NAME,
    is_header_name, read_if_there, read_small, read_start, read_sums, sha256,
};
use super::operation::folder::remove_durably;
use super::operation::journal::{self, Found, Journal};
use super::operation::moved_along::{at_home, database_of};
use super::operation::trouble::{damaged, of_another_version};

/// A prepared or finished operation, read back from its folder and found whole.
pub struct StoredOperation {
    /// Its folder.
    pub dir: PathBuf,
    /// Its journal.
    pub journal: Journal,
    /// What it does.
    pub deed: KnownDeed,
}

/// Reads an operation folder; `None` where the operation never was prepared.
pub fn read_stored(
    storage: &dyn Storage,
    dir: &Path,
) -> Result<Option<Box<StoredOperation>>, Refusal> {
    let journal = match journal::read(storage, dir).map_err(|error| reason(&error))? {
        Found::Whole(journal) => journal,
        Found::Nothing => return Ok(None),
        Found::OtherVersion(schema) => {
            return Err(of_another_version(&dir.join(JOURNAL_NAME), &schema));
        }
        Found::Damaged => return Err(damaged(&dir.join(JOURNAL_NAME), "its seal does not match")),
    };
    let path = dir.join(PLAN_NAME);
    let bytes = read_small(storage, &path).map_err(|error| damaged(&path, &error.to_string()))?;
    if sha256(&bytes) != journal.plan_sha256 {
        return Err(damaged(&path, &format!("its SHA-256 is not {}", journal.plan_sha256)));
    }
    let deed = read_deed(storage, dir, &journal, &bytes)?;
    if let Some(flaw) = deed.as_deed().flaw() {
        return Err(damaged(&path, &flaw));
    }
    Ok(Some(Box::new(StoredOperation { dir: dir.to_owned(), journal, deed })))
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
) -> Result<KnownDeed, Refusal> {
    let path = dir.join(PLAN_NAME);
    let unreadable = |error: serde_json::Error| damaged(&path, &error.to_string());
    let frame: PlanFrame = serde_json::from_slice(plan_json).map_err(unreadable)?;
    if frame.operation != journal.operation {
        return Err(damaged(&path, "it belongs to another operation"));
    }
    let made_in = journal.dir.as_deref();
    match frame.schema.as_str() {
        RESET_SCHEMA => {
            let plan = serde_json::from_slice(plan_json).map_err(unreadable)?;
            let deed = moves(storage, dir, made_in, plan);
            expect_sums(storage, dir, &deed)?;
            Ok(deed)
        }
        PLAN_SCHEMA => {
            let plan: Plan = serde_json::from_slice(plan_json).map_err(unreadable)?;
            let length = plan.page_size_bytes.saturating_mul(2);
            let read =
                |name: &str, sha256: &str| read_image(storage, &dir.join(name), sha256, length);
            let before = read(HEADER_BEFORE_NAME, &plan.header_before_sha256)?;
            let after = read(HEADER_AFTER_NAME, &plan.header_after_sha256)?;
            let database = database_of(storage, dir, made_in, &plan);
            Ok(writes(database, plan, before, after))
        }
        other => Err(of_another_version(&path, other)),
    }
}

fn writes(database: PathBuf, plan: Plan, before: Vec<u8>, after: Vec<u8>) -> KnownDeed {
    let images = HeaderImages { page_size_bytes: plan.page_size_bytes, before, after };
    KnownDeed::Header(Box::new(HeaderDeed { database, plan, images, rests_on: None }))
}

fn moves(storage: &dyn Storage, dir: &Path, made_in: Option<&Path>, plan: ResetPlan) -> KnownDeed {
    let mut plan = at_home(storage, dir, made_in, plan);
    forget_numbers(&mut plan);
    know_copies(storage, &mut plan);
    KnownDeed::Logs(LogsDeed { plan: Arc::new(plan) })
}

/// No copy has the number of its original. The undo by copies of what was renamed once said otherwise.
fn forget_numbers(plan: &mut ResetPlan) {
    let copied = plan.batches.iter_mut().filter(|batch| batch.method == MoveMethod::Copy);
    copied.flat_map(|batch| &mut batch.files).for_each(|file| file.identity = None);
}

/// Tells of each file that was copied away what its content was: `SHA256SUMS` of the reset lists it.
fn know_copies(storage: &dyn Storage, plan: &mut ResetPlan) {
    if plan.copied_bytes() == 0 {
        return;
    }
    let Some(dir) = plan.away.parent() else { return };
    let copied = plan.batches.iter_mut().filter(|batch| batch.method == MoveMethod::Copy);
    let mut copied: BTreeMap<String, &mut MovedFile> = copied
        .flat_map(|batch| &mut batch.files)
        .map(|file| (format!("{LOGS_FOLDER}/{}", file.name), file))
        .collect();
    let sums = read_sums(storage, dir, |name| copied.contains_key(name));
    for (name, sha256) in sums {
        copied.entry(name).and_modify(|file| file.sha256 = Some(hex::encode(sha256.0)));
    }
}

/// Refuses a reset that copied logs away, of which some are there, where nothing says what their content was.
fn expect_sums(storage: &dyn Storage, dir: &Path, deed: &KnownDeed) -> Result<(), Refusal> {
    let KnownDeed::Logs(LogsDeed { plan }) = deed else { return Ok(()) };
    let copied = plan.batches.iter().filter(|batch| batch.method == MoveMethod::Copy);
    let unlisted = copied.flat_map(|batch| &batch.files).find(|file| file.sha256.is_none());
    let Some(file) = unlisted.filter(|_| plan.undoes.is_none()) else { return Ok(()) };
    if is_any_away(storage, &plan.away).map_err(|error| reason(&error))? {
        let what = format!("it does not say what {LOGS_FOLDER}/{} was", file.name);
        return Err(damaged(&dir.join(SUMS_NAME), &what));
    }
    Ok(())
}

/// The deed on `subject` in a folder without a journal; `None` unless all that it needs is whole. Images were
/// synced before the journal, so that others cannot have been used. `made_in` is the folder when it was made.
pub fn read_unprepared(
    storage: &dyn Storage,
    dir: &Path,
    made_in: Option<&Path>,
    subject: &Path,
) -> Result<Option<KnownDeed>, StorageError> {
    let read = |name: &str| read_if_there(storage, &dir.join(name));
    let Some(plan_json) = read(PLAN_NAME)? else { return Ok(None) };
    let keeps_the_rules = |deed: KnownDeed| deed.as_deed().flaw().is_none().then_some(deed);
    if let Ok(plan) = serde_json::from_slice::<ResetPlan>(&plan_json) {
        return Ok(keeps_the_rules(moves(storage, dir, made_in, plan)));
    }
    let Ok(plan) = serde_json::from_slice::<Plan>(&plan_json) else { return Ok(None) };
    let (before, after) = (read(HEADER_BEFORE_NAME)?, read(HEADER_AFTER_NAME)?);
    let (Some(before), Some(after)) = (before, after) else { return Ok(None) };
    let length = plan.page_size_bytes.saturating_mul(2);
    let is_whole = is_image(&before, length, &plan.header_before_sha256)
        && is_image(&after, length, &plan.header_after_sha256);
    if !is_whole {
        return Ok(None);
    }
    Ok(keeps_the_rules(writes(subject.to_owned(), plan, before, after)))
}

/// What the plan in a folder without a journal works on, by its own words; `None` where there is no plan,
/// or not all of it.
pub fn planned_subject(storage: &dyn Storage, dir: &Path) -> Result<Option<PathBuf>, StorageError> {
    let Some(bytes) = read_if_there(storage, &dir.join(PLAN_NAME))? else { return Ok(None) };
    if let Ok(plan) = serde_json::from_slice::<Plan>(&bytes) {
        return Ok(Some(plan.database));
    }
    let of_logs = serde_json::from_slice::<ResetPlan>(&bytes).ok();
    Ok(of_logs.map(|plan| plan.log_dir.join(plan.base)))
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
    let (bytes, found) =
        read_start(storage, path, length as u64).map_err(|error| refuse(&error.to_string()))?;
    if found != length as u64 {
        return Err(refuse(&format!("found {found} bytes, expected {length}")));
    }
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

/// Gives up what an operation on `subject` that never was prepared left in its folder, and nothing else.
pub fn remove_unprepared(
    storage: &dyn Storage,
    dir: &Path,
    made_in: Option<&Path>,
    subject: &Path,
) -> Result<(), StorageError> {
    // A plan that cannot be read just now must stay: it alone knows the names of the copies.
    let plan = read_if_there(storage, &dir.join(PLAN_NAME))?.unwrap_or_default();
    if let Some(deed) = read_unprepared(storage, dir, made_in, subject)? {
        deed.as_deed().tidy(storage)?;
    }
    let copy = full_copy_name(&plan);
    let headers = header_names(storage, dir)?;
    let ours = [HEADER_BEFORE_NAME, HEADER_AFTER_NAME, FINGERPRINT_NAME, SUMS_NAME, "journal.new"];
    let named = copy.iter().chain(&headers).map(String::as_str);
    remove_durably(storage, dir, ours.into_iter().chain(named))?;
    remove_durably(storage, dir, [PLAN_NAME])
}

/// The names of the header images of a reset that are there: the plan may be lost, and they not.
fn header_names(storage: &dyn Storage, dir: &Path) -> Result<Vec<String>, StorageError> {
    let names = storage.list(dir)?.into_iter().filter_map(|name| name.into_string().ok());
    Ok(names.filter(|name| is_header_name(name)).collect())
}

/// The full copy in the folder of an operation that never was prepared, as far as it got; `None` where there is
/// none that [`remove_unprepared`] knows of.
pub fn full_copy_in(storage: &dyn Storage, dir: &Path) -> Result<Option<PathBuf>, StorageError> {
    let plan = read_if_there(storage, &dir.join(PLAN_NAME))?.unwrap_or_default();
    let Some(copy) = full_copy_name(&plan).map(|name| dir.join(name)) else { return Ok(None) };
    match storage.status(&copy) {
        Err(error) if error.is_not_found() => Ok(None),
        status => status.map(|_| Some(copy)),
    }
}

/// The name of the unfinished full copy: the plan says it, which is stored before the copy begins.
fn full_copy_name(plan: &[u8]) -> Option<String> {
    let plan: Plan = serde_json::from_slice(plan).ok()?;
    plan.full_copy().filter(|name| is_name_of_copy(name)).map(str::to_owned)
}
