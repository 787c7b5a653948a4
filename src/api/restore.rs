//! The plan of a `restore`: the undo of a finished operation.

use std::path::Path;

use crate::apply::{
    Deed, HeaderDeed, Job, KnownDeed, LogsDeed, marker_refusal, not_as_left, shared_in, undo_of,
};
use crate::diagnose::diagnose_database;
use crate::guards::{HeaderQuestion, LogsQuestion, for_header, for_logs, reason};
use crate::plan::{Command, content_refusals, rebuild_refusals};
use crate::refusal::Refusal;
use crate::report::{CommandName, DatabaseReport, Entry, Note, Outcome, Report};
use crate::survey::DatabaseFacts;

use super::consent::{confirmation_needed, store_service_note};
use super::planned::{Plan, Work};
use super::request::{Guarded, Restore};
use super::run::Run;

const COMMAND: CommandName = CommandName::Restore;

pub(super) fn plan(run: &Run, request: &Restore) -> Plan {
    let stamp = run.stamp(Command::Restore);
    let undo = run.resolve(&request.operation);
    let storage = run.storage();
    let held = undo.as_ref().map(|dir| storage.hold_folder(dir));
    let allow_shared = request.guarded.backup_terms.allow_shared;
    let undo = undo.clone().and_then(|dir| match &held {
        Ok(Err(error)) if error.is_foreign_link() => Err(reason(error)),
        _ => match shared_in(storage, &dir).filter(|_| !allow_shared) {
            Some(refusal) => Err(refusal),
            None => undo_of(storage, &dir, &stamp),
        },
    });
    match undo {
        Ok(Some(KnownDeed::Header(deed))) => plan_header(run, request, deed),
        Ok(Some(KnownDeed::Logs(deed))) => plan_logs(run, request, deed),
        Ok(None) => nothing_to_undo(&request.operation),
        Err(refusal) => Plan::stopped(COMMAND, &refusal),
    }
}

fn nothing_to_undo(operation: &Path) -> Plan {
    let mut database = Entry::from(DatabaseReport::unknown(operation, Outcome::NothingToDo));
    database.note(Note::NothingToUndo);
    Plan::of_file(COMMAND, database, Ok(Work::Nothing))
}

fn plan_header(run: &Run, request: &Restore, deed: Box<HeaderDeed>) -> Plan {
    let facts = match run.survey_with_logs(&deed.database) {
        Ok(facts) => facts,
        Err(refusal) => return Plan::stopped(COMMAND, &refusal),
    };
    let findings = diagnose_database(&facts);
    let mut database = Entry::surveyed(&facts, findings, Outcome::Refused);
    database.report.steps = deed.plan.steps.clone().into();
    database.notes(deed.plan.undoes.clone().map(Note::Undoes));
    let planned = plan_surveyed(run, request, deed, &facts, &mut database);
    Plan::of_file(COMMAND, database, planned)
}

fn plan_surveyed(
    run: &Run,
    request: &Restore,
    deed: Box<HeaderDeed>,
    facts: &DatabaseFacts,
    database: &mut Entry,
) -> Result<Work, Vec<Refusal>> {
    let guarded = &request.guarded;
    let backup_dir = run.backup_dir(guarded.backup_dir.as_deref(), &facts.path);
    let backup_dir = backup_dir.map_err(|refusal| vec![refusal])?;
    let of_rebuild = deed.images.is_of_rebuild();
    let asked = HeaderQuestion {
        facts,
        backup_dir: &backup_dir,
        scope: deed.plan.backup,
        of_rebuild,
        allow_unproven_lock: guarded.allow_unproven_lock,
        backup_terms: guarded.backup_terms,
        planned: None,
    };
    run.stage("asking every guard");
    let mut refused = for_header(run.storage(), &asked);
    let not_as_left = not_as_left(&deed, facts);
    let of_file = if of_rebuild { rebuild_refusals(facts) } else { content_refusals(facts) };
    let of_content = not_as_left.is_some() || !of_file.is_empty();
    refused.extend(not_as_left);
    refused.extend(confirmation_needed(guarded.consent, &facts.path));
    if !of_content {
        database.notes(store_service_note(&facts.path));
        database.report.outcome = Outcome::of_reasons(&refused);
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    database.report.outcome = Outcome::Planned;
    let HeaderDeed { plan, images, .. } = *deed;
    let terms = guarded.terms(backup_dir);
    Ok(Work::Deed(Box::new(Job::of_header(facts, plan, images, terms))))
}

/// Moves the logs of a reset back. The databases must be what they were, and no new log may be there.
fn plan_logs(run: &Run, request: &Restore, deed: LogsDeed) -> Plan {
    let guarded = &request.guarded;
    let mut report = Report::new(COMMAND);
    let (plan, subject) = (&deed.plan, deed.subject());
    let databases: Vec<_> = plan.databases.iter().map(|database| database.path.clone()).collect();
    let (group, mut refused) = match run.survey_group(&plan.log_dir, None, None, &databases) {
        Ok(surveyed) => surveyed,
        Err(refusal) => return Plan::of_group(report, Outcome::Refused, &[refusal]),
    };
    refused.retain(|refusal| databases.contains(&refusal.path));
    for facts in group.databases.iter().filter(|facts| databases.contains(&facts.path)) {
        refused.extend(content_refusals(facts));
        let findings = diagnose_database(facts);
        report.push(Entry::surveyed(facts, findings, Outcome::Refused), &[]);
    }
    let backup_dir = match run.backup_dir(guarded.backup_dir.as_deref(), &subject) {
        Ok(dir) => dir,
        Err(refusal) => return Plan::of_group(report, Outcome::Refused, &[refusal]),
    };
    run.stage("asking every guard");
    let storage = run.storage();
    let Guarded { allow_unproven_lock, backup_terms, .. } = *guarded;
    let asked = LogsQuestion::of_plan(plan, &backup_dir, allow_unproven_lock, backup_terms, None);
    refused.extend(marker_refusal(storage, &subject));
    refused.extend(for_logs(storage, &asked));
    refused.extend(confirmation_needed(guarded.consent, &plan.log_dir));
    if !refused.is_empty() {
        return Plan::of_group(report, Outcome::Refused, &refused);
    }
    Plan::of_logs(report, deed, guarded.terms(backup_dir))
}
