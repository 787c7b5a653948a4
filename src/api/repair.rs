//! The plan of a `repair`: the backup fields of the header, and a damaged header copy.

use std::path::{Path, PathBuf};

use crate::apply::Job;
use crate::diagnose::{Finding, diagnose_database, diagnose_group};
use crate::guards::{HeaderQuestion, for_header};
use crate::plan::{
    Command, Evidence, FieldSource, RepairRequest, VerifyScope, content_refusals, plan_repair,
};
use crate::refusal::{Refusal, RefusalId};
use crate::report::model::{CheckpointsReport, LogsReport, StreamReport, checkpoint_reports};
use crate::report::{CommandName, Entry, Note, Outcome};
use crate::storage::all_processors;
use crate::survey::{Bodies, DatabaseFacts, Digests, GroupFolders, PageLayout};

use super::consent::{confirmation_needed, store_service_note};
use super::mended::mended_by;
use super::pages::{pages_note, scan};
use super::planned::{Plan, Work};
use super::request::Repair;
use super::run::Run;

const COMMAND: CommandName = CommandName::Repair;

/// The forecasts beside a repair rest on what the next mount reads.
const BODIES: Option<Bodies> = Some(Bodies::OfNextMount);

pub(super) fn plan(run: &Run, request: &Repair) -> Plan {
    let facts = match run.survey(&request.database) {
        Ok(facts) => facts,
        Err(refusal) => return Plan::stopped(COMMAND, &refusal),
    };
    let surveyed = match survey_logs(run, request, facts.clone()) {
        Ok(surveyed) => surveyed,
        Err(refusal) => {
            let refused = vec![refusal];
            let (findings, outcome) = (diagnose_database(&facts), Outcome::of_reasons(&refused));
            let database = Entry::surveyed(&facts, findings, outcome);
            return Plan::of_file(COMMAND, database, Err(refused));
        }
    };
    let Surveyed { facts, findings, logs, checkpoint } = surveyed;
    let mut database = Entry::surveyed(&facts, findings, Outcome::Refused);
    let planned = plan_surveyed(run, request, facts, &mut database);
    let mut plan = Plan::of_file(COMMAND, database, planned);
    (plan.report.document.logs, plan.report.document.checkpoint) = (logs, checkpoint);
    plan
}

/// What is known of one database before its repair.
struct Surveyed {
    facts: DatabaseFacts,
    findings: Vec<Finding>,
    logs: Option<LogsReport>,
    checkpoint: Option<CheckpointsReport>,
}

/// Surveys the logs and the checkpoint of a database. Where their folder cannot be listed, and nobody
/// named it, the database is judged alone.
fn survey_logs(run: &Run, request: &Repair, facts: DatabaseFacts) -> Result<Surveyed, Refusal> {
    let places = &request.places;
    let named = places.log_dir.is_some() || places.system_dir.is_some();
    let beside = facts.path.parent().unwrap_or(Path::new("/")).to_owned();
    let resolved = |dir: &Option<PathBuf>, default: &Path| match dir {
        Some(dir) => run.resolve_dir(dir),
        None => Ok(default.to_owned()),
    };
    let log_dir = resolved(&places.log_dir, &beside)?;
    let system_dir = resolved(&places.system_dir, &log_dir)?;
    let (listings, folders) = (run.listings(), GroupFolders { log_dir, system_dir });
    match run.survey_logs(&listings, folders, vec![facts.clone()], Digests::NotWanted, BODIES) {
        Err(refusal) if named => Err(refusal),
        Err(_) => {
            let findings = diagnose_database(&facts);
            Ok(Surveyed { facts, findings, logs: None, checkpoint: None })
        }
        Ok(mut group) => {
            let mut diagnosis = diagnose_group(&group);
            let dir = &group.folders.log_dir;
            let streams = diagnosis.streams.iter().filter(|stream| stream.base.is_some());
            let streams = streams.map(|stream| StreamReport::new(dir, stream));
            let logs = LogsReport::of(streams.collect());
            let checkpoint = CheckpointsReport::of(checkpoint_reports(&group));
            let (facts, findings) = (group.databases.remove(0), diagnosis.databases.remove(0));
            Ok(Surveyed { facts, findings, logs, checkpoint })
        }
    }
}

fn plan_surveyed(
    run: &Run,
    request: &Repair,
    facts: DatabaseFacts,
    database: &mut Entry,
) -> Result<Work, Vec<Refusal>> {
    let guarded = &request.guarded;
    let backup_dir = run.backup_dir(guarded.backup_dir.as_deref(), &facts.path);
    let backup_dir = backup_dir.map_err(|refusal| vec![refusal])?;
    let (source, of_evidence) = match field_source(run, request, &facts) {
        Ok(source) => (source, Vec::new()),
        Err(refusals) => (FieldSource::Clear, refusals),
    };
    let asked = HeaderQuestion {
        facts: &facts,
        backup_dir: &backup_dir,
        scope: request.backup,
        of_rebuild: false,
        allow_unproven_lock: guarded.allow_unproven_lock,
        backup_terms: guarded.backup_terms,
        planned: None,
    };
    let ask_every_guard = || {
        run.stage("asking every guard");
        let mut refused = for_header(run.storage(), &asked);
        refused.extend(confirmation_needed(guarded.consent, &facts.path));
        refused
    };
    if !of_evidence.is_empty() || !content_refusals(&facts).is_empty() {
        // Whoever mends these reasons should not meet the next ones only then.
        return Err(ask_every_guard().into_iter().chain(of_evidence).collect());
    }
    let wanted = wanted(request, source);
    let Some((plan, images)) = plan_repair(&facts, &wanted, &run.stamp(Command::Repair)) else {
        database.report.outcome = Outcome::NothingToDo;
        return Ok(Work::Nothing);
    };
    database.report.steps = plan.steps.clone().into();
    database.aside.mended = mended_by(&images, &facts, &database.report.findings);
    database.notes(notes(&facts, &wanted));
    if request.verify == VerifyScope::Full && request.scan_now {
        let layout = PageLayout::of(facts.status.length_bytes, plan.page_size_bytes);
        let pages = scan(run, &facts, layout, all_processors()).map_err(|refusal| {
            database.report.outcome = Outcome::Failed;
            vec![refusal]
        })?;
        database.note(pages_note(&pages));
        database.report.pages = Some(pages);
    }
    database.notes(store_service_note(&facts.path));
    let refused = ask_every_guard();
    if !refused.is_empty() {
        database.report.outcome = Outcome::of_reasons(&refused);
        return Err(refused);
    }
    database.report.outcome = Outcome::Planned;
    let terms = guarded.terms(backup_dir);
    Ok(Work::Deed(Box::new(Job::of_header(&facts, plan, images, terms))))
}

fn wanted(request: &Repair, source: FieldSource) -> RepairRequest {
    RepairRequest {
        source,
        also: request.also.clone(),
        backup: request.backup,
        verify: request.verify,
        overrides: request.guarded.overrides(),
    }
}

fn field_source(
    run: &Run,
    request: &Repair,
    facts: &DatabaseFacts,
) -> Result<FieldSource, Vec<Refusal>> {
    let Some(path) = &request.evidence else { return Ok(FieldSource::Clear) };
    let evidence = run
        .survey(path)
        .map_err(|refusal| vec![Refusal { id: RefusalId::EvidenceUnsuitable, ..refusal }])?;
    Ok(FieldSource::From(Box::new(Evidence::judge(facts, &evidence)?)))
}

fn notes(facts: &DatabaseFacts, request: &RepairRequest) -> Vec<Note> {
    let mut notes = Vec::new();
    if let FieldSource::From(evidence) = &request.source {
        let (evidence, conditions) = (evidence.path.clone(), evidence.conditions.clone());
        notes.push(Note::FieldsFrom { evidence, conditions });
    }
    if facts.names_elsewhere > 0 {
        notes.push(Note::NamesElsewhere(facts.names_elsewhere));
    }
    if let Some(streaming) = facts.streaming.as_ref().filter(|streaming| streaming.found) {
        notes.push(Note::StreamFileLeftAlone(streaming.path.clone()));
    }
    notes
}
