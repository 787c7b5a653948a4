//! `restore`: undoes a finished operation.

use std::path::Path;

use crate::apply::{ResetJob, RestoreJob, Undo, reset_undo_refusals, restore_job};
use crate::diagnose::diagnose_database;
use crate::plan::{Command, Refusal, ResetPlan, content_refusals};
use crate::report::{DatabaseReport, Outcome, Report};
use crate::storage::quoted;

use super::args::RestoreArgs;
use super::operation::{Proposal, carry_out, refusals};
use super::reset_logs;
use super::session::Session;

pub fn run(session: &Session, args: &RestoreArgs) -> Report {
    session.heed_interrupts();
    let mut report = Report::new("restore");
    let stamp = session.stamp(Command::Restore);
    let job = session
        .resolve(&args.operation)
        .and_then(|dir| restore_job(session.storage(), &dir, &stamp));
    let (database, reasons) = match job {
        Ok(Undo::Header(job)) => restore(session, args, *job),
        Ok(Undo::Reset(plan)) => return restore_logs(session, args, *plan, report),
        Ok(Undo::Nothing) => nothing_to_undo(&args.operation),
        Err(refusal) => DatabaseReport::stopped(&refusal.path, &refusal),
    };
    session.push(&mut report, database, &reasons);
    report.conclude()
}

fn nothing_to_undo(operation: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let mut database = DatabaseReport::unknown(operation, Outcome::NothingToDo);
    database.notes.push("That operation was rolled back; it changed nothing.".into());
    (database, Vec::new())
}

fn restore(
    session: &Session,
    args: &RestoreArgs,
    job: RestoreJob,
) -> (DatabaseReport, Vec<Refusal>) {
    let facts = match session.survey_with_logs(&job.database) {
        Ok(facts) => facts,
        Err(refusal) => return DatabaseReport::stopped(&job.database, &refusal),
    };
    let mut database =
        DatabaseReport::surveyed(&facts, diagnose_database(&facts), Outcome::Refused)
            .with_plan(&job.plan);
    database.notes.extend(job.plan.undoes.iter().map(|undone| format!("Undoes {undone}.")));
    let backup_dir = match session.backup_dir(args.backup_dir.as_deref(), &facts.path) {
        Ok(dir) => dir,
        Err(refusal) => return (database, vec![refusal]),
    };
    let mut refused = content_refusals(&facts);
    refused.extend(job.database_refusal(&facts));
    if !refused.is_empty() {
        refused.extend(refusals(session, &args.guarded, &facts, &backup_dir, job.plan.backup));
        return (database, refused);
    }
    let proposal = Proposal { facts, plan: job.plan, images: job.images, backup_dir };
    let (mut database, reasons) = carry_out(session, &args.guarded, proposal, database);
    if let (Outcome::Committed, Some(operation)) = (database.outcome, &database.operation) {
        database.notes.push("The header is what it was before. To undo this undo:".into());
        database.notes.push(format!("edbmend restore {}", quoted(&operation.dir)));
    }
    (database, reasons)
}

/// Moves the logs of a reset back. The databases must be what they were, and no new log may be there.
fn restore_logs(
    session: &Session,
    args: &RestoreArgs,
    plan: ResetPlan,
    mut report: Report,
) -> Report {
    let databases: Vec<_> = plan.databases.iter().filter_map(|db| db.path.to_path()).collect();
    let log_dir = plan.log_dir.to_path().unwrap_or_default();
    let (group, mut refusals) = match session.survey_group(&log_dir, None, None, &databases) {
        Ok(surveyed) => surveyed,
        Err(refusal) => return reset_logs::end(report, Outcome::Refused, &[refusal]),
    };
    refusals.retain(|refusal| databases.contains(&refusal.path));
    let planned: Vec<_> =
        group.databases.iter().filter(|facts| databases.contains(&facts.path)).collect();
    for facts in &planned {
        refusals.extend(content_refusals(facts));
        let findings = diagnose_database(facts);
        report.databases.push(DatabaseReport::surveyed(facts, findings, Outcome::Refused));
    }
    let beside = log_dir.join(&plan.base);
    let backup_dir = match session.backup_dir(args.backup_dir.as_deref(), &beside) {
        Ok(dir) => dir,
        Err(refusal) => return reset_logs::end(report, Outcome::Refused, &[refusal]),
    };
    refusals.extend(reset_undo_refusals(session.storage(), &plan));
    let mut dirs = vec![log_dir];
    for dir in plan.batches.iter().filter_map(|batch| batch.to.to_path()) {
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    let files = reset_logs::files_of(planned);
    refusals.extend(reset_logs::surroundings(session, &args.guarded, &dirs, &files, &backup_dir));
    let allow_unproven_lock = args.guarded.allow_unproven_lock;
    let job = ResetJob { plan, backup_dir, allow_unproven_lock };
    refusals.extend(reset_logs::space_refusal(session, &job));
    if !refusals.is_empty() {
        return reset_logs::end(report, Outcome::Refused, &refusals);
    }
    reset_logs::carry_out(session, &args.guarded, report, &job)
}
