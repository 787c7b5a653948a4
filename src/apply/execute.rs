//! One header operation from the open file to the last check: `repair`, and `restore`.

use std::path::PathBuf;

use crate::diagnose::field_faults;
use crate::ese::format_problem;
use crate::ese::shadow::{self, HeaderArea, Which};
use crate::plan::{
    Command, HeaderImages, Plan, VerifyScope, content_refusals, only_repairable_bytes_differ,
    write_refusals,
};
use crate::refusal::{Refusal, RefusalId};
use crate::show::shown;
use crate::storage::{File, PrivateMap};
use crate::survey::{DatabaseFacts, Fingerprint, survey_open_file};

use super::backup::{self, VerifiedBackup};
use super::commit::{self, Written};
use super::context::Context;
use super::folder::{
    HEADER_AFTER_NAME, HEADER_BEFORE_NAME, OperationFolder, PLAN_NAME, SUMS_NAME, sha256, sums_line,
};
use super::guards::surroundings_refusals;
use super::journal::{Journal, State};
use super::lock::{ExclusiveFile, written_meanwhile};
use super::marker::or_at_work;
use super::operation::Operation;
use super::outcome::{Applied, Ending, interrupted, reason};

/// A plan and what is needed to carry it out.
pub struct Job {
    /// The database, absolute.
    pub database: PathBuf,
    /// The plan.
    pub plan: Plan,
    /// Its images.
    pub images: HeaderImages,
    /// What the plan rests on.
    pub fingerprint: Fingerprint,
    /// Where the operation folder goes, absolute.
    pub backup_dir: PathBuf,
    /// Whether to go on where exclusive access cannot be proven.
    pub allow_unproven_lock: bool,
}

/// Ready to write: the backup is verified, marker and journal are durable. Only [`prepare`] makes
/// one.
struct Prepared {
    backup: VerifiedBackup,
    journal: Journal,
}

/// Carries a plan out. Whatever happens, the database is the old one or the new one, or the
/// operation is pending and `recover` makes it so.
pub fn execute(context: Context, job: &Job) -> Applied {
    context.observer.stage("taking exclusive access");
    let exclusive =
        match ExclusiveFile::acquire(context.storage, &job.database, job.allow_unproven_lock) {
            Ok(exclusive) => exclusive,
            Err(refusal) => {
                let reasons = or_at_work(context.storage, &job.database, vec![refusal]);
                return Applied::stopped(reasons);
            }
        };
    context.observer.stage("asking every guard again");
    let refusals = look_again(context, exclusive.file(), job);
    if !refusals.is_empty() {
        return Applied::stopped(refusals);
    }
    let stamp = job.plan.stamp();
    let begun =
        Operation::begin(context.storage, &job.database, &job.database, &job.backup_dir, &stamp);
    let mut operation = match begun {
        Ok(operation) => operation,
        Err(applied) => return *applied,
    };
    context.observer.stage(&format!("operation folder: {}", shown(&operation.folder.dir)));
    match prepare(context, exclusive.file(), job, &mut operation.folder) {
        Ok(prepared) => finish(context, exclusive.file(), job, &operation, prepared),
        Err(refusal) => operation.give_up(refusal, Ok(())),
    }
}

/// The survey again, now that nobody else can write: all guards, and nothing may have changed.
fn look_again(context: Context, file: &dyn File, job: &Job) -> Vec<Refusal> {
    let facts = match survey_open_file(context.storage, file, &job.database) {
        Ok(facts) => facts,
        Err(error) => {
            let text = format!("it cannot be read any more: {error}");
            let remedy = "Nothing was changed. Look into the system's log for what the disk said.";
            return vec![Refusal::new(RefusalId::IoError, &job.database, text, remedy)];
        }
    };
    let scope = job.plan.backup;
    let mut refusals = content_refusals(&facts);
    refusals.extend(write_refusals(&facts));
    refusals.extend(surroundings_refusals(context.storage, &facts, &job.backup_dir, scope));
    if facts.fingerprint() != job.fingerprint {
        let what = "the file changed between the survey and the moment of writing";
        refusals.push(written_meanwhile(&job.database, what));
    }
    refusals
}

/// Everything up to the journal that says PREPARED. No header byte is written here.
fn prepare(
    context: Context,
    file: &dyn File,
    job: &Job,
    folder: &mut OperationFolder,
) -> Result<Prepared, Refusal> {
    let io = |error: crate::storage::StorageError| reason(&error);
    let plan_json = serde_json::to_vec_pretty(&job.plan).expect("a plan serialises");
    folder.write_file(HEADER_BEFORE_NAME, &job.images.before).map_err(io)?;
    folder.write_file(HEADER_AFTER_NAME, &job.images.after).map_err(io)?;
    folder.write_file(PLAN_NAME, &plan_json).map_err(io)?;
    context.storage.sync_dir(&folder.dir).map_err(io)?;
    let backup = backup::make(context, file, folder, &job.plan)?;
    build_in_private_map(file, job)?;
    folder.write_file(SUMS_NAME, sums(job, &backup, &plan_json).as_bytes()).map_err(io)?;
    context.storage.sync_dir(&folder.dir).map_err(io)?;
    if context.is_interrupted() {
        return Err(interrupted(&job.database));
    }
    let journal = Journal::prepared(&job.plan.operation, sha256(&plan_json), &folder.dir);
    journal.store(context.storage, &folder.dir).map_err(io)?;
    context.observer.stage("journal: prepared");
    Ok(Prepared { backup, journal })
}

fn sums(job: &Job, backup: &VerifiedBackup, plan_json: &[u8]) -> String {
    let mut text = sums_line(&sha256(plan_json), PLAN_NAME)
        + &sums_line(&job.plan.header_before_sha256, HEADER_BEFORE_NAME)
        + &sums_line(&job.plan.header_after_sha256, HEADER_AFTER_NAME);
    if backup.name != HEADER_BEFORE_NAME {
        text += &sums_line(&backup.record().sha256, &backup.name);
    }
    text
}

/// Builds the new header pages in a private map of the file and verifies them there.
fn build_in_private_map(file: &dyn File, job: &Job) -> Result<(), Refusal> {
    let mut map = file.map_private(job.images.before.len()).map_err(|error| reason(&error))?;
    let refuse = |what: &str| {
        Err(Refusal::new(
            RefusalId::ChangedSinceSurvey,
            &job.database,
            format!("the new header did not pass its verification: {what}"),
            "Nothing was written. Run the command again; if it stays, report it with the output of \
             edbmend inspect --json.",
        ))
    };
    if *map != *job.images.before {
        return refuse("the pages are not those of the plan");
    }
    for write in job.plan.writes() {
        let start = write.offset as usize;
        map[start..start + write.bytes].copy_from_slice(job.images.after_of(write.copy));
    }
    if *map != *job.images.after {
        return refuse("the planned writes do not give the planned pages");
    }
    match job.plan.command {
        Command::Repair => verify_repaired(&map, job).or_else(refuse),
        // An undo gives back whatever was there, damaged copies included.
        Command::Restore | Command::ResetLogs => Ok(()),
    }
}

/// What must be true of a repaired header: valid, equal copies, nothing else touched, no fault left.
fn verify_repaired(map: &PrivateMap, job: &Job) -> Result<(), &'static str> {
    let before =
        shadow::elect(&HeaderArea::of(job.images.before.clone())).ok_or("no header before")?;
    let after = shadow::elect(&HeaderArea::of(map.to_vec())).ok_or("no valid copy")?;
    if !after.is_sound() || after.page_size_bytes != before.page_size_bytes {
        return Err("the two copies are not both valid and equal");
    }
    let now = job.images.before_of(before.elected);
    let planned = [Which::Primary, Which::Shadow].map(|which| job.images.after_of(which));
    if planned.iter().any(|page| !only_repairable_bytes_differ(now, page)) {
        return Err("bytes outside the backup fields differ");
    }
    if format_problem(&after.header).is_some() {
        return Err("the planned fields are of no known format");
    }
    let left = field_faults(&after.header);
    let worse = left.iter().any(|fault| !field_faults(&before.header).contains(fault));
    let mended = job.plan.writes().flat_map(|w| &w.changes).map(|c| c.field.as_str());
    let keys: Vec<&str> = mended.filter_map(|field| field.split('.').next()).collect();
    if worse || left.iter().any(|(field, _)| keys.contains(&field.key())) {
        return Err("a planned field is still at fault");
    }
    Ok(())
}

/// Writes, verifies and closes the operation.
fn finish(
    context: Context,
    file: &dyn File,
    job: &Job,
    operation: &Operation,
    prepared: Prepared,
) -> Applied {
    context.observer.stage("writing the header copies: each synced, read back, compared");
    let applied = |ending, reasons| Applied {
        backup: Some(prepared.backup.record()),
        pages: prepared.backup.pages.clone(),
        ..operation.ended(ending, reasons)
    };
    match commit::write_all(file, &job.plan, &job.images) {
        Written::Nothing(refusal) => return operation.give_up(refusal, Ok(())),
        Written::Stuck(refusal) => {
            return applied(Ending::Pending, vec![operation.pending(refusal)]);
        }
        Written::Undone(refusal) => {
            let closed = operation.close(&prepared.journal, State::RolledBack);
            let ending = if closed.is_ok() { Ending::RolledBack } else { Ending::Pending };
            return applied(ending, vec![refusal]);
        }
        Written::All => {}
    }
    let closed = verify_written(context, file, job, &prepared.backup)
        .and_then(|()| operation.close(&prepared.journal, State::Committed));
    match closed {
        Ok(()) => {
            context.observer.stage("journal: committed");
            applied(Ending::Committed, Vec::new())
        }
        Err(refusal) => applied(Ending::Pending, vec![operation.pending(refusal)]),
    }
}

/// The last look at the file itself, through the engine's eyes.
fn verify_written(
    context: Context,
    file: &dyn File,
    job: &Job,
    backup: &VerifiedBackup,
) -> Result<(), Refusal> {
    context.observer.stage("reading the whole header once more");
    let wrong = |what: &str| Err(Refusal::new(RefusalId::IoError, &job.database, what, ""));
    let facts: DatabaseFacts = match survey_open_file(context.storage, file, &job.database) {
        Ok(facts) => facts,
        Err(error) => return wrong(&error.to_string()),
    };
    if facts.area.bytes.get(..job.images.after.len()) != Some(&job.images.after) {
        return wrong("the header that was read at the end is not the planned one");
    }
    let before = backup.source_sha256.filter(|_| job.plan.verify == VerifyScope::Full);
    if let Some(before) = before
        && backup::sha256_with_head(context, file, &job.plan, &job.images.before)? != before
    {
        return wrong("pages behind the header changed while the header was written");
    }
    Ok(())
}
