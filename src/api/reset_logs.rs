//! The plan of a `reset-logs`: the log reset of KB935634.

use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::apply::LogsDeed;
use crate::diagnose::{
    Finding, FindingId, Severity, diagnose_database, later_self, missing_databases,
};
use crate::ese::LogBase;
use crate::guards::{LogsQuestion, for_logs, unread};
use crate::plan::{
    Command, GroupRequest, ResetRequest, choose_stream, leave_other_groups_out, pending_refusals,
    plan_reset, reset_refusals,
};
use crate::refusal::{ALLOW_GROUP_INCOMPLETE, ALLOW_OLDER_DATABASE, Refusal};
use crate::report::{CommandName, Entry, Note, Outcome, Report};
use crate::survey::{CheckpointFile, DatabaseFacts, GroupFacts, LogContent, LogFile, LogStream};

use super::consent::confirmation_needed;
use super::planned::Plan;
use super::request::{Consent, ResetLogs};
use super::run::Run;

pub(super) fn plan(run: &Run, request: &ResetLogs) -> Plan {
    let Judged { report, log_dir, homes, files, deed, backup_dir, mut refused } =
        match judge(run, request) {
            Ok(judged) => judged,
            Err(plan) => return *plan,
        };
    let guarded = &request.guarded;
    run.stage("asking every guard");
    let asked = LogsQuestion {
        homes,
        files,
        plan: deed.as_ref().map(|deed| &*deed.plan),
        backup_dir: &backup_dir,
        allow_unproven_lock: guarded.allow_unproven_lock,
        backup_terms: guarded.backup_terms,
        held: None,
    };
    refused.extend(for_logs(run.storage(), &asked));
    refused.extend(confirmation_needed(guarded.consent, &log_dir));
    match deed {
        _ if !refused.is_empty() => Plan::of_group(report, Outcome::Refused, &refused),
        Some(deed) => Plan::of_logs(report, deed, guarded.terms(backup_dir)),
        None => nothing_to_do(report, log_dir),
    }
}

/// What a survey comes to. The facts themselves are let go of: there may be a hundred thousand logs.
struct Judged {
    report: Report,
    log_dir: PathBuf,
    homes: Vec<PathBuf>,
    /// What would move, and the databases: nobody else may have them.
    files: Vec<PathBuf>,
    /// `None` where there is nothing to move, or it is not known which logs are meant.
    deed: Option<LogsDeed>,
    backup_dir: PathBuf,
    refused: Vec<Refusal>,
}

/// Surveys the group, asks what can be answered by its facts, and plans; or the end of it.
fn judge(run: &Run, request: &ResetLogs) -> Result<Judged, Box<Plan>> {
    let report = Report::of_group(CommandName::ResetLogs);
    let (mut group, mut refused) = match survey(run, request) {
        Ok(surveyed) => surveyed,
        Err(refusal) => return Err(refuse(report, &[refusal])),
    };
    let wanted = wanted(run, request);
    let base = match choose_stream(&group, &wanted) {
        Ok(stream) => stream.map(|stream| stream.base),
        Err(refusal) => {
            refused.push(refusal);
            None
        }
    };
    if let Some(base) = base {
        leave_other_groups_out(&mut group, base, &wanted);
    }
    let stream = group.streams.iter().find(|stream| Some(stream.base) == base);
    if stream.is_none() && refused.is_empty() {
        return Err(Box::new(without_a_stream(report, group, &wanted)));
    }
    let report = with_databases(report, &group);
    let beside = group.folders.log_dir.join(base.as_ref().map_or("", LogBase::as_str));
    let backup_dir = match run.backup_dir(request.guarded.backup_dir.as_deref(), &beside) {
        Ok(dir) => dir,
        Err(refusal) => return Err(refuse(report, &[refusal])),
    };
    refused.extend(reset_refusals(&group, stream, &wanted));
    refused.extend(stream.into_iter().flat_map(|stream| unread_logs(run, stream)));
    refused.extend(group.databases.iter().filter_map(|facts| run.unread_streaming_file(facts)));
    let deed = stream.and_then(|stream| deed(run, request, &group, stream, &backup_dir));
    if deed.is_none() && refused.is_empty() {
        refused.extend(pending_refusals(&group, None, &wanted));
    }
    let (homes, log_dir) = (folders(&group), group.folders.log_dir.clone());
    let files = files_of(group, base);
    Ok(Judged { report, log_dir, homes, files, deed, backup_dir, refused })
}

fn refuse(report: Report, reasons: &[Refusal]) -> Box<Plan> {
    Box::new(Plan::of_group(report, Outcome::Refused, reasons))
}

fn survey(run: &Run, request: &ResetLogs) -> Result<(GroupFacts, Vec<Refusal>), Refusal> {
    let places = &request.places;
    let (log_dir, system_dir) = (places.log_dir.as_deref(), places.system_dir.as_deref());
    run.survey_group(&request.dir, log_dir, system_dir, &request.databases)
}

fn wanted(run: &Run, request: &ResetLogs) -> GroupRequest {
    GroupRequest {
        prefix: request.prefix.clone(),
        named: request.databases.iter().filter_map(|path| run.resolve(path).ok()).collect(),
        unattended: request.guarded.consent == Consent::Given,
        may_be_missing: request.may_be_missing.clone(),
        allow_older_database: request.allow_older_database,
    }
}

fn deed(
    run: &Run,
    request: &ResetLogs,
    group: &GroupFacts,
    stream: &LogStream,
    backup_dir: &Path,
) -> Option<LogsDeed> {
    let stamp = run.stamp(Command::ResetLogs);
    let storage = run.storage();
    let volume = storage.volume_of(backup_dir).unwrap_or_default();
    let operation_dir = backup_dir.join(&stamp.id);
    let overrides = overrides(request);
    let (apart, numbered) = (folders(group), folders(group));
    let apart = apart.into_iter().filter(|dir| !storage.may_rename(dir, backup_dir)).collect();
    let numbered = numbered.into_iter().filter(|dir| storage.keeps_numbers(dir)).collect();
    let operation_dir = &operation_dir;
    let wanted = ResetRequest { operation_dir, volume, apart, numbered, overrides };
    let plan = plan_reset(group, stream, &wanted, &stamp)?;
    Some(LogsDeed { plan: Arc::new(plan) })
}

fn overrides(request: &ResetLogs) -> Vec<String> {
    let missing = request.may_be_missing.iter();
    let missing = missing.map(|random| format!("{ALLOW_GROUP_INCOMPLETE} {random}"));
    let older = request.allow_older_database.then(|| ALLOW_OLDER_DATABASE.to_owned());
    request.guarded.overrides().into_iter().chain(missing).chain(older).collect()
}

fn folders(group: &GroupFacts) -> Vec<PathBuf> {
    let mut dirs = vec![group.folders.log_dir.clone(), group.folders.system_dir.clone()];
    dirs.dedup();
    dirs
}

/// Databases with their streaming files; and the files of a stream that would move, and that a running engine, or a
/// backup, may have open.
fn files_of(group: GroupFacts, base: Option<LogBase>) -> Vec<PathBuf> {
    let databases = group.databases.into_iter().flat_map(|database| {
        let streaming = database.streaming.filter(|streaming| streaming.found);
        iter::once(database.path).chain(streaming.map(|streaming| streaming.path))
    });
    let stream = group.streams.into_iter().filter(|stream| Some(stream.base) == base);
    databases.chain(stream.flat_map(movable_files)).collect()
}

fn movable_files(mut stream: LogStream) -> impl Iterator<Item = PathBuf> {
    let readable = |log: &LogFile| {
        !matches!(log.content, LogContent::NotRegular(_) | LogContent::Unreadable(_))
    };
    let readable_file = |file: &CheckpointFile| file.is_regular() && file.read_error.is_none();
    let checkpoint = stream.checkpoint.take().filter(readable_file).map(|file| file.path);
    stream.into_moving_logs().filter(readable).map(|log| log.path).chain(checkpoint)
}

/// What cannot be read cannot be known again, and is not moved.
fn unread_logs(run: &Run, stream: &LogStream) -> Vec<Refusal> {
    let logs = stream.unread_among(stream.moving_logs());
    logs.map(|(path, error)| unread(run.storage(), path, error)).collect()
}

fn with_databases(mut report: Report, group: &GroupFacts) -> Report {
    for facts in &group.databases {
        let mut findings = diagnose_database(facts);
        let unsigned = findings.iter_mut().filter(|finding| finding.id == FindingId::NoLogging);
        let is_named_by_logs = is_named_by_logs(facts, group);
        unsigned.for_each(|finding| warn_of_no_logging(finding, is_named_by_logs));
        report.push(Entry::surveyed(facts, findings, Outcome::Ok), &[]);
    }
    report
}

/// Whether logs of the group name what a database was before `eseutil /p` or `/d`.
fn is_named_by_logs(facts: &DatabaseFacts, group: &GroupFacts) -> bool {
    let mut named = group.streams.iter().flat_map(|stream| missing_databases(group, stream));
    named.any(|attached| later_self(group, &attached).is_some_and(|known| known.path == facts.path))
}

/// Nothing but the person's word, and the name where the logs know it, says that these are the logs of such a
/// database.
fn warn_of_no_logging(finding: &mut Finding, is_named_by_logs: bool) {
    finding.severity = Severity::Warning;
    if is_named_by_logs {
        finding.consequence = "The logs name a database of this file name under another signature: what it was before \
                               eseutil /p or /d. It is taken into the reset because it is in Clean Shutdown and was named."
            .into();
        return;
    }
    finding.consequence =
        "Nothing in it shows that these are its logs. It is taken into the reset \
                           because it is in Clean Shutdown and was named."
            .into();
}

/// The end where no log of the group is there.
fn without_a_stream(report: Report, group: GroupFacts, request: &GroupRequest) -> Plan {
    let pending = pending_refusals(&group, None, request);
    if !pending.is_empty() {
        return Plan::of_group(with_databases(report, &group), Outcome::Refused, &pending);
    }
    nothing_to_do(report, group.folders.log_dir)
}

fn nothing_to_do(mut report: Report, log_dir: PathBuf) -> Plan {
    report.note_of_group([Note::NoLogToMove(log_dir)]);
    Plan::of_group(report, Outcome::NothingToDo, &[])
}
