//! `restore`: undoes a finished operation.

use std::path::Path;

use crate::apply::{RestoreJob, restore_job};
use crate::diagnose::diagnose_database;
use crate::plan::{Command, Refusal, content_refusals};
use crate::report::{DatabaseReport, Outcome, Report};
use crate::storage::quoted;

use super::args::RestoreArgs;
use super::operation::{Proposal, carry_out, refusals};
use super::session::Session;

pub fn run(session: &Session, args: &RestoreArgs) -> Report {
    session.heed_interrupts();
    let mut report = Report::new("restore");
    let stamp = session.stamp(Command::Restore);
    let job = session
        .resolve(&args.operation)
        .and_then(|dir| restore_job(session.storage(), &dir, &stamp));
    let (database, reasons) = match job {
        Ok(Some(job)) => restore(session, args, job),
        Ok(None) => nothing_to_undo(&args.operation),
        Err(refusal) => {
            let outcome = if refusal.id.is_guard() { Outcome::Refused } else { Outcome::Failed };
            (DatabaseReport::unknown(&args.operation, outcome), vec![refusal])
        }
    };
    report.push(database, &reasons);
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
    let facts = match session.survey(&job.database) {
        Ok(facts) => facts,
        Err(refusal) => {
            let outcome = if refusal.id.is_guard() { Outcome::Refused } else { Outcome::Failed };
            return (DatabaseReport::unknown(&job.database, outcome), vec![refusal]);
        }
    };
    let database = DatabaseReport::surveyed(&facts, diagnose_database(&facts), Outcome::Refused)
        .with_plan(&job.plan);
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
