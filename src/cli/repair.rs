//! `repair`: the backup fields of the header, and a damaged header copy.

use std::path::{Path, PathBuf};

use crate::diagnose::{Finding, FindingId, diagnose_database, diagnose_group};
use crate::plan::{
    BackupScope, Command, Evidence, FieldSource, Plan, Refusal, RefusalId, RepairRequest,
    VerifyScope, content_refusals, plan_repair,
};
use crate::report::{
    CheckpointsReport, DatabaseReport, LogsReport, Outcome, Report, StreamReport,
    checkpoint_reports,
};
use crate::storage::{absolute, quoted, shown};
use crate::survey::{DatabaseFacts, GroupFolders, PageLayout};

use super::args::RepairArgs;
use super::operation::{Proposal, carry_out, not_begun, pages_note, refusals};
use super::session::Session;
use super::verify::{all_processors, scan};

pub fn run(session: &Session, args: &RepairArgs) -> Report {
    session.heed_interrupts();
    let mut report = Report::new("repair");
    let paths: Vec<&PathBuf> = args.databases.iter().chain(&args.group.db).collect();
    // Two runs over the same databases: whoever comes second begins none of them.
    let mut other = paths.iter().find_map(|path| session.at_work_near(path));
    let mut stopped = false;
    for path in paths {
        let (database, reasons) = match &other {
            Some(other) => left_to(other, path),
            None if stopped => not_begun(path),
            None => repair(session, args, path, &mut report),
        };
        // Whatever broke there may break the next one, too.
        let pending = database.outcome == Outcome::Pending;
        let interrupted = reasons.iter().any(|reason| reason.id == RefusalId::Interrupted);
        stopped |= pending || interrupted || session.context().is_interrupted();
        if database.outcome == Outcome::Refused {
            other = other.or_else(|| session.at_work_near(path));
        }
        session.push(&mut report, database, &reasons);
    }
    report.conclude()
}

/// A database that another run, which is at work on it or on one beside it in the list, will do.
fn left_to(other: &Refusal, path: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let path = absolute(path).unwrap_or_else(|_| path.to_owned());
    let message = match path == other.path {
        true => other.message.clone(),
        false => format!("not begun: at {}, {}", shown(&other.path), other.message),
    };
    let refusal = Refusal { path: path.clone(), message, ..other.clone() };
    (DatabaseReport::unknown(&path, Outcome::Refused), vec![refusal])
}

/// What is known of one database before its repair.
struct Surveyed {
    facts: DatabaseFacts,
    findings: Vec<Finding>,
    logs: Option<LogsReport>,
    checkpoint: Option<CheckpointsReport>,
}

/// Surveys a database with its logs and checkpoint. Where their folder cannot be listed, and nobody
/// named it, the database is judged alone.
fn survey(session: &Session, args: &RepairArgs, path: &Path) -> Result<Surveyed, Refusal> {
    let facts = session.survey(path)?;
    let named = args.group.log_dir.is_some() || args.group.system_dir.is_some();
    let beside = facts.path.parent().unwrap_or(Path::new("/")).to_owned();
    let resolved = |dir: &Option<PathBuf>, default: &Path| match dir {
        Some(dir) => session.resolve_dir(dir),
        None => Ok(default.to_owned()),
    };
    let log_dir = resolved(&args.group.log_dir, &beside)?;
    let system_dir = resolved(&args.group.system_dir, &log_dir)?;
    match session.survey_logs(GroupFolders { log_dir, system_dir }, vec![facts.clone()]) {
        Err(refusal) if named => Err(refusal),
        Err(_) => {
            let findings = diagnose_database(&facts);
            Ok(Surveyed { facts, findings, logs: None, checkpoint: None })
        }
        Ok(mut group) => {
            let mut diagnosis = diagnose_group(&group);
            let dir = &group.folders.log_dir;
            let streams = diagnosis.streams.iter().map(|stream| StreamReport::new(dir, stream));
            let logs = LogsReport::of(streams.collect());
            let checkpoint = CheckpointsReport::of(checkpoint_reports(&group));
            let (facts, findings) = (group.databases.remove(0), diagnosis.databases.remove(0));
            Ok(Surveyed { facts, findings, logs, checkpoint })
        }
    }
}

fn repair(
    session: &Session,
    args: &RepairArgs,
    path: &Path,
    report: &mut Report,
) -> (DatabaseReport, Vec<Refusal>) {
    let surveyed = match survey(session, args, path) {
        Ok(surveyed) => surveyed,
        Err(refusal) => return DatabaseReport::stopped(&refusal.path, &refusal),
    };
    // Those of the last database; several of one storage group share them.
    (report.logs, report.checkpoint) = (surveyed.logs, surveyed.checkpoint);
    let facts = surveyed.facts;
    let mut database = DatabaseReport::surveyed(&facts, surveyed.findings, Outcome::Refused);
    let backup_dir = match session.backup_dir(args.backup_dir.as_deref(), &facts.path) {
        Ok(dir) => dir,
        Err(refusal) => return (database, vec![refusal]),
    };
    let (source, of_evidence) = match field_source(session, args, &facts) {
        Ok(source) => (source, Vec::new()),
        Err(refusals) => (FieldSource::Clear, refusals),
    };
    let mut refused = content_refusals(&facts);
    refused.extend(of_evidence);
    if !refused.is_empty() {
        // Whoever mends these reasons should not meet the next ones only then.
        let scope = BackupScope::from(args.backup);
        refused.extend(refusals(session, &args.guarded, &facts, &backup_dir, scope));
        return (database, refused);
    }
    let request = request(args, source);
    let Some((plan, images)) = plan_repair(&facts, &request, &session.stamp(Command::Repair))
    else {
        database.outcome = Outcome::NothingToDo;
        return (database, Vec::new());
    };
    database = database.with_plan(&plan);
    database.notes = notes(&facts, &request);
    // The deed itself scans in the pass that makes the backup.
    if request.verify == VerifyScope::Full && args.guarded.dry_run {
        let page_size_bytes = plan.page_size_bytes;
        let layout = PageLayout::of(facts.status.length_bytes, page_size_bytes);
        match scan(session, &facts, layout, all_processors()) {
            Ok(pages) => {
                database.notes.push(pages_note(&pages));
                database.pages = Some(pages);
            }
            Err(refusal) => {
                return (DatabaseReport { outcome: Outcome::Failed, ..database }, vec![refusal]);
            }
        }
    }
    let (mut database, reasons) = carry_out(
        session,
        &args.guarded,
        Proposal { facts, plan: plan.clone(), images, backup_dir },
        database,
    );
    if database.outcome == Outcome::Committed {
        database.notes.extend(next_steps(&database, &plan));
    }
    (database, reasons)
}

fn request(args: &RepairArgs, source: FieldSource) -> RepairRequest {
    let overrides = args.guarded.allow_unproven_lock.then(|| "--allow-unproven-lock".to_owned());
    RepairRequest {
        source,
        also: args.also.clone(),
        backup: BackupScope::from(args.backup),
        verify: VerifyScope::from(args.verify),
        overrides: overrides.into_iter().collect(),
    }
}

fn field_source(
    session: &Session,
    args: &RepairArgs,
    facts: &DatabaseFacts,
) -> Result<FieldSource, Vec<Refusal>> {
    let Some(path) = &args.from else { return Ok(FieldSource::Clear) };
    let evidence = session
        .survey(path)
        .map_err(|refusal| vec![Refusal { id: RefusalId::EvidenceUnsuitable, ..refusal }])?;
    Ok(FieldSource::From(Box::new(Evidence::judge(facts, &evidence)?)))
}

fn notes(facts: &DatabaseFacts, request: &RepairRequest) -> Vec<String> {
    let mut notes = Vec::new();
    if let FieldSource::From(evidence) = &request.source {
        notes.push(format!("The fields are those of {}, which meets:", shown(&evidence.path)));
        notes.extend(evidence.conditions.iter().map(|condition| format!("- {condition}")));
        notes.push("Not checked: that the backup media of that set still exist.".into());
    }
    if let Some(stream) = facts.stream.as_ref().filter(|stream| stream.found) {
        let path = shown(&stream.path);
        notes.push(format!("Streaming file {path}: neither changed nor copied."));
    }
    notes
}

fn next_steps(database: &DatabaseReport, plan: &Plan) -> Vec<String> {
    let needs_backup = database.findings.iter().any(|f| f.id == FindingId::FullBackupNeeded);
    let mut notes = vec![if needs_backup {
        "Now mount the store and run a full backup at once. Until then an incremental backup answers \
         -560 (event 206), by design."
            .to_owned()
    } else {
        "Now mount the store.".to_owned()
    }];
    if plan.backup == BackupScope::Full {
        notes.push("Keep the operation folder until that backup is proven.".into());
    }
    if let Some(operation) = &database.operation {
        notes.push("To undo this:".into());
        notes.push(format!("edbmend restore {}", quoted(&operation.dir)));
    }
    notes
}
