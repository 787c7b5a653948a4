//! `repair`: the backup fields of the header, and a damaged header copy.

use std::path::Path;

use crate::diagnose::{FindingId, diagnose_database};
use crate::plan::{
    BackupScope, Command, Evidence, FieldSource, Plan, Refusal, RefusalId, RepairRequest,
    VerifyScope, content_refusals, plan_repair,
};
use crate::report::{DatabaseReport, Outcome, Report};
use crate::storage::{quoted, shown};
use crate::survey::{DatabaseFacts, PageLayout};

use super::args::RepairArgs;
use super::operation::{Proposal, carry_out, pages_note, refusals};
use super::session::Session;
use super::verify::{all_processors, scan};

pub fn run(session: &Session, args: &RepairArgs) -> Report {
    session.heed_interrupts();
    let mut report = Report::new("repair");
    for path in args.databases.iter().chain(&args.db) {
        let (database, reasons) = repair(session, args, path);
        let pending = database.outcome == Outcome::Pending;
        report.push(database, &reasons);
        // Whatever broke there may break the next one, too.
        if pending || session.context().is_interrupted() {
            break;
        }
    }
    report.conclude()
}

fn repair(session: &Session, args: &RepairArgs, path: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let facts = match session.survey_with_logs(path, args.log_dir.as_deref()) {
        Ok(facts) => facts,
        Err(refusal) => {
            let outcome = Outcome::of_reasons(std::slice::from_ref(&refusal));
            return (DatabaseReport::unknown(&refusal.path, outcome), vec![refusal]);
        }
    };
    let mut database =
        DatabaseReport::surveyed(&facts, diagnose_database(&facts), Outcome::Refused);
    let backup_dir = match session.backup_dir(args.backup_dir.as_deref(), &facts.path) {
        Ok(dir) => dir,
        Err(refusal) => return (database, vec![refusal]),
    };
    let mut refused = content_refusals(&facts);
    if !refused.is_empty() {
        // Whoever mends these reasons should not meet the next ones only then.
        let scope = BackupScope::from(args.backup);
        refused.extend(refusals(session, &args.guarded, &facts, &backup_dir, scope));
        return (database, refused);
    }
    let source = match field_source(session, args, &facts) {
        Ok(source) => source,
        Err(refusals) => return (database, refusals),
    };
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
