//! The plan of a `rebuild-header`: all evidence is read, a verdict made, and the header planned that it allows.

use std::path::{Path, PathBuf};

use crate::apply::Job;
use crate::diagnose::{MissingPages, diagnose_database, pages_missing_behind};
use crate::ese::flush_map::{FLUSH_MAP_PAGE_BYTES, FlushMapHeader};
use crate::ese::{DbHeader, PageStamps, Signature};
use crate::guards::{HeaderQuestion, for_header, unreadable};
use crate::machine::{now, random};
use crate::plan::{BackupScope, Command, pages_missing, plan_rebuild, truncated};
use crate::rebuild::{
    DatabaseTale, LogTail, NameInLogs, OlderHeader, Question, Rebuilt, judge, page_size_unknown,
};
use crate::refusal::{
    ALLOW_NEWEST_LOG_DOUBTFUL, DIRTY_FOR_REPAIR, NAME_IN_LOGS, Refusal, RefusalId,
};
use crate::report::{CommandName, Entry, Note, Outcome, RebuildReport};
use crate::show::CommandLine;
use crate::storage::{Access, File, StorageError, read_full};
use crate::survey::{
    DatabaseFacts, Digests, GroupFolders, PageLayout, PageProof, last_owned_page, page_sizes,
    prove_pages, streaming_file_path,
};

use super::consent::{confirmation_needed, store_service_note};
use super::mended::mended_by;
use super::planned::{Plan, Work};
use super::rebuild_logs::read_tails;
use super::request::RebuildHeader;
use super::run::Run;

const COMMAND: CommandName = CommandName::RebuildHeader;

pub(super) fn plan(run: &Run, request: &RebuildHeader) -> Plan {
    let facts = match run.survey(&request.database) {
        Ok(facts) => facts,
        Err(refusal) => return Plan::stopped(COMMAND, &refusal),
    };
    let findings = diagnose_database(&facts);
    let mut database = Entry::surveyed(&facts, findings, Outcome::Refused);
    let planned = plan_surveyed(run, request, &facts, &mut database);
    if let Err(refused) = &planned {
        database.report.outcome = Outcome::of_reasons(refused);
    }
    Plan::of_file(COMMAND, database, planned)
}

fn plan_surveyed(
    run: &Run,
    request: &RebuildHeader,
    facts: &DatabaseFacts,
    database: &mut Entry,
) -> Result<Work, Vec<Refusal>> {
    let guarded = &request.guarded;
    let backup_dir = run.backup_dir(guarded.backup_dir.as_deref(), &facts.path);
    let backup_dir = backup_dir.map_err(|refusal| vec![refusal])?;
    if let Some(refusal) = header_still_valid(facts) {
        return Err(vec![refusal]);
    }
    let asked = HeaderQuestion {
        facts,
        backup_dir: &backup_dir,
        scope: BackupScope::Full,
        of_rebuild: true,
        allow_unproven_lock: guarded.allow_unproven_lock,
        backup_terms: guarded.backup_terms,
        planned: None,
    };
    run.stage("asking every guard");
    let mut refused = for_header(run.storage(), &asked);
    refused.extend(confirmation_needed(guarded.consent, &facts.path));
    let rebuilt = match rebuild(run, request, facts) {
        Ok(rebuilt) => rebuilt,
        Err(of_evidence) => return Err(refused.into_iter().chain(of_evidence).collect()),
    };
    let (rebuilt, proof) = rebuilt;
    database.report.rebuild = Some(RebuildReport::new(&rebuilt));
    database.notes([Note::Rebuilt(rebuilt.case)]);
    database.notes(store_service_note(&facts.path));
    if facts.names_elsewhere > 0 {
        database.notes([Note::NamesElsewhere(facts.names_elsewhere)]);
    }
    let stamp = run.stamp(Command::RebuildHeader);
    let planned = proof.print.as_ref().and_then(|print| {
        plan_rebuild(facts, &rebuilt, print, overrides(request, &rebuilt), &stamp)
    });
    let Some((plan, images)) = planned else {
        refused.extend(
            truncated(facts, proof.layout.page_size_bytes).or_else(|| Some(no_print(facts))),
        );
        return Err(refused);
    };
    database.report.steps = plan.steps.clone().into();
    database.aside.mended = mended_by(&images, facts, &database.report.findings);
    if !refused.is_empty() {
        return Err(refused);
    }
    database.report.outcome = Outcome::Planned;
    let terms = guarded.terms(backup_dir);
    Ok(Work::Deed(Box::new(Job::of_header(facts, plan, images, terms))))
}

/// One valid copy is enough for a repair.
fn header_still_valid(facts: &DatabaseFacts) -> Option<Refusal> {
    let pair = facts.pair.as_ref()?;
    Some(Refusal::new(
        RefusalId::HeaderStillValid,
        &facts.path,
        format!("the {} header is valid: there is nothing to rebuild", pair.elected.name()),
        CommandLine::new("repair --dry-run").path(&facts.path),
    ))
}

/// A page could not be read: the file could not be copied, either.
fn no_print(facts: &DatabaseFacts) -> Refusal {
    Refusal::new(
        RefusalId::BadPages,
        &facts.path,
        "the disk cannot read some of its pages",
        "The disk is failing. Copy the file to a sound disk first (ddrescue), and work on the copy.",
    )
}

fn overrides(request: &RebuildHeader, rebuilt: &Rebuilt) -> Vec<String> {
    let mut flags = request.guarded.overrides();
    let given = [
        (request.allow_newest_log_doubtful, ALLOW_NEWEST_LOG_DOUBTFUL),
        (request.dirty_for_repair, DIRTY_FOR_REPAIR),
    ];
    let given = given.into_iter().filter(|(is_given, _)| *is_given);
    flags.extend(given.map(|(_, flag)| flag.to_owned()));
    let name = request.name_in_logs.as_deref().filter(|_| rebuilt.is_by_name);
    flags.extend(name.map(|name| format!("{NAME_IN_LOGS} {name}")));
    flags
}

/// Reads all evidence and judges it.
pub(super) fn rebuild(
    run: &Run,
    request: &RebuildHeader,
    facts: &DatabaseFacts,
) -> Result<(Rebuilt, PageProof), Vec<Refusal>> {
    let one = |refusal: Refusal| vec![refusal];
    let io = |error: StorageError| vec![unreadable(&error)];
    let path = &facts.path;
    let file = run.storage().open(path, Access::Read).map_err(io)?;
    let sizes = page_sizes(file.as_ref()).map_err(io)?;
    let &[page_size_bytes] = sizes.as_slice() else {
        return Err(one(page_size_unknown(path, &sizes)));
    };
    if let Some(refusal) = truncated(facts, page_size_bytes) {
        return Err(one(refusal));
    }
    let terms = request.guarded.backup_terms;
    let older = request.evidence.iter().map(|older| run.older_header(older, path, terms));
    let older = older.collect::<Result<Vec<OlderHeader>, Refusal>>().map_err(one)?;
    let tails = tails(run, request, facts)?;
    let tales: Vec<&DatabaseTale> = tails.iter().flat_map(LogTail::databases).collect();
    let named: Vec<&PageStamps> = tales.iter().map(|tale| &tale.stamps).collect();
    let layout = PageLayout::of(facts.status.length_bytes, page_size_bytes);
    let proof = proof(run, facts, layout, &named).map_err(one)?;
    let name = NameInLogs::new(request.name_in_logs.as_deref(), path);
    let asked = Question {
        path,
        name: &name,
        proof: &proof,
        tails: &tails,
        older: &older,
        flush_map: flush_map(run, path),
        streaming_file: streaming_file(run, path),
        allow_newest_log_doubtful: request.allow_newest_log_doubtful,
        dirty_for_repair: request.dirty_for_repair.then(fresh_signature),
    };
    let rebuilt = judge(&asked)?;
    match without_its_end(file.as_ref(), &rebuilt, facts.status.length_bytes) {
        Some(missing) => Err(one(pages_missing(path, &missing))),
        None => Ok((rebuilt, proof)),
    }
}

/// The pages that the file lacks at its end, by its own space.
fn without_its_end(file: &dyn File, rebuilt: &Rebuilt, length_bytes: u64) -> Option<MissingPages> {
    let header = DbHeader::parse(&rebuilt.page)?;
    let last_owned = last_owned_page(file, header.page_size_bytes() as usize)?;
    pages_missing_behind(&header, length_bytes, last_owned)
}

/// The streams in the folder of the logs, which is that of the database unless one was named.
fn tails(
    run: &Run,
    request: &RebuildHeader,
    facts: &DatabaseFacts,
) -> Result<Vec<LogTail>, Vec<Refusal>> {
    let one = |refusal: Refusal| vec![refusal];
    let beside = facts.path.parent().unwrap_or(Path::new("/")).to_owned();
    let places = &request.places;
    let resolved = |dir: &Option<PathBuf>, default: PathBuf| match dir {
        Some(dir) => run.resolve_dir(dir),
        None => Ok(default),
    };
    let log_dir = resolved(&places.log_dir, beside).map_err(one)?;
    let system_dir = resolved(&places.system_dir, log_dir.clone()).map_err(one)?;
    let folders = GroupFolders { log_dir: log_dir.clone(), system_dir };
    let listings = run.listings();
    let group =
        run.survey_logs(&listings, folders, Vec::new(), Digests::NotWanted, None).map_err(one)?;
    let observer = run.context.observer;
    observer.begin_files("reading log bodies");
    let advance = |files| observer.advance_files(files);
    let tails = read_tails(run.storage(), &group.streams, &log_dir, &advance);
    observer.end_files();
    tails.map_err(|error| vec![unreadable(&error)])
}

fn proof(
    run: &Run,
    facts: &DatabaseFacts,
    layout: PageLayout,
    named: &[&PageStamps],
) -> Result<PageProof, Refusal> {
    let context = run.context;
    let file = run.storage().open(&facts.path, Access::Read).map_err(|e| unreadable(&e))?;
    context.observer.begin_bytes("checking all pages", layout.end_bytes());
    let proof = prove_pages(file.as_ref(), layout, named, |bytes| {
        context.observer.advance_bytes(bytes);
        !context.is_interrupted()
    });
    context.observer.end_bytes();
    proof.map_err(|error| unreadable(&error))?.ok_or_else(|| {
        let text = "interrupted while the pages were checked; nothing was written";
        Refusal::new(RefusalId::Interrupted, &facts.path, text, "Run the same command again.")
    })
}

/// The flush map beside a database, where its header can be read.
fn flush_map(run: &Run, database: &Path) -> Option<(PathBuf, FlushMapHeader)> {
    let path = database.with_extension("jfm");
    let file = run.storage().open(&path, Access::Read).ok()?;
    let mut page = vec![0; FLUSH_MAP_PAGE_BYTES];
    read_full(file.as_ref(), &mut page, 0).ok()?;
    Some((path, FlushMapHeader::parse(&page)?))
}

fn streaming_file(run: &Run, database: &Path) -> Option<PathBuf> {
    let path = streaming_file_path(database);
    run.storage().status(&path).is_ok().then_some(path)
}

/// A signature as the engine makes one: a random number and the time.
fn fresh_signature() -> Signature {
    use chrono::{Datelike, Timelike};
    let now = now();
    let small = |value: u32| u8::try_from(value).unwrap_or(0);
    let random = random().unwrap_or_else(|| now.timestamp_subsec_nanos());
    let create_time = crate::ese::LogTime {
        seconds: small(now.second().min(59)),
        minutes: small(now.minute()),
        hours: small(now.hour()),
        day: small(now.day()),
        month: small(now.month()),
        year: u8::try_from(now.year() - 1900).unwrap_or(u8::MAX),
        flags_low: 1,
        flags_high: 0,
    };
    Signature { random: random.into(), create_time, ..Signature::default() }
}
