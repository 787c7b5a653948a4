//! The plan of a `restore`: the undo of a finished operation.

use std::path::Path;
use std::sync::Arc;

use crate::apply::{Job, ResetJob, RestoreJob, Undo, reset_undo_refusals, restore_job};
use crate::diagnose::diagnose_database;
use crate::plan::{Command, ResetPlan, content_refusals};
use crate::refusal::Refusal;
use crate::report::{CommandName, DatabaseReport, Entry, Note, Outcome, Report};
use crate::survey::DatabaseFacts;

use super::logs;
use super::plan::{Plan, Work};
use super::request::Restore;
use super::reset_logs::files_of;
use super::run::Run;
use super::surroundings::{refusals, refusals_of_logs, space_refusals, store_service_note};

const COMMAND: CommandName = CommandName::Restore;

pub(super) fn plan(run: &Run, request: &Restore) -> Plan {
    let stamp = run.stamp(Command::Restore);
    let job =
        run.resolve(&request.operation).and_then(|dir| restore_job(run.storage(), &dir, &stamp));
    match job {
        Ok(Undo::Header(job)) => plan_header(run, request, *job),
        Ok(Undo::Reset(plan)) => plan_logs(run, request, plan),
        Ok(Undo::Nothing) => nothing_to_undo(&request.operation),
        Err(refusal) => Plan::stopped(COMMAND, &refusal),
    }
}

fn nothing_to_undo(operation: &Path) -> Plan {
    let mut database = Entry::from(DatabaseReport::unknown(operation, Outcome::NothingToDo));
    database.note(Note::NothingToUndo);
    Plan::of_file(COMMAND, database, Ok(Work::Nothing))
}

fn plan_header(run: &Run, request: &Restore, job: RestoreJob) -> Plan {
    let facts = match run.survey_with_logs(&job.database) {
        Ok(facts) => facts,
        Err(refusal) => return Plan::stopped(COMMAND, &refusal),
    };
    let findings = diagnose_database(&facts);
    let mut database = Entry::from(DatabaseReport::surveyed(&facts, findings, Outcome::Refused));
    database.report.steps = job.plan.steps.clone().into();
    database.notes(job.plan.undoes.clone().map(Note::Undoes));
    let planned = plan_surveyed(run, request, job, &facts, &mut database);
    Plan::of_file(COMMAND, database, planned)
}

fn plan_surveyed(
    run: &Run,
    request: &Restore,
    job: RestoreJob,
    facts: &DatabaseFacts,
    database: &mut Entry,
) -> Result<Work, Vec<Refusal>> {
    let guarded = &request.guarded;
    let backup_dir = run.backup_dir(guarded.backup_dir.as_deref(), &facts.path);
    let backup_dir = backup_dir.map_err(|refusal| vec![refusal])?;
    let mut refused = content_refusals(facts);
    refused.extend(job.database_refusal(facts));
    let of_content = !refused.is_empty();
    refused.extend(refusals(run, guarded, facts, &backup_dir, job.plan.backup));
    if !of_content {
        database.notes(store_service_note(&facts.path));
        database.report.outcome = Outcome::of_reasons(&refused);
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    database.report.outcome = Outcome::Planned;
    Ok(Work::Header(Box::new(Job {
        database: facts.path.clone(),
        fingerprint: facts.fingerprint(),
        plan: job.plan,
        images: job.images,
        backup_dir,
        allow_unproven_lock: guarded.allow_unproven_lock,
    })))
}

/// Moves the logs of a reset back. The databases must be what they were, and no new log may be there.
fn plan_logs(run: &Run, request: &Restore, plan: Arc<ResetPlan>) -> Plan {
    let guarded = &request.guarded;
    let mut report = Report::new(COMMAND);
    let databases: Vec<_> = plan.databases.iter().filter_map(|db| db.path.to_path()).collect();
    let log_dir = plan.log_dir.to_path().unwrap_or_default();
    let (group, mut refused) = match run.survey_group(&log_dir, None, None, &databases) {
        Ok(surveyed) => surveyed,
        Err(refusal) => return Plan::of_group(report, Outcome::Refused, &[refusal]),
    };
    refused.retain(|refusal| databases.contains(&refusal.path));
    let planned: Vec<_> =
        group.databases.iter().filter(|facts| databases.contains(&facts.path)).collect();
    for facts in &planned {
        refused.extend(content_refusals(facts));
        let findings = diagnose_database(facts);
        report.push(DatabaseReport::surveyed(facts, findings, Outcome::Refused), &[]);
    }
    let beside = log_dir.join(&plan.base);
    let backup_dir = match run.backup_dir(guarded.backup_dir.as_deref(), &beside) {
        Ok(dir) => dir,
        Err(refusal) => return Plan::of_group(report, Outcome::Refused, &[refusal]),
    };
    refused.extend(reset_undo_refusals(run.storage(), &plan));
    let mut dirs = vec![log_dir];
    for dir in plan.batches.iter().filter_map(|batch| batch.to.to_path()) {
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    let files = files_of(planned);
    refused.extend(refusals_of_logs(run, guarded, &dirs, &files, &backup_dir));
    let allow_unproven_lock = guarded.allow_unproven_lock;
    let job = ResetJob { plan, backup_dir, allow_unproven_lock };
    refused.extend(space_refusals(run, &job));
    match refused.is_empty() {
        true => logs::planned(report, job),
        false => Plan::of_group(report, Outcome::Refused, &refused),
    }
}
