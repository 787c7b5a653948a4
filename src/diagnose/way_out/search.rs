//! Which steps help in a situation: the ways that lose nothing first, each tried before it is told.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::ese::DbState;
use crate::ese::backup_info::BackupFault;
use crate::simulate::{Cause, DatabaseFile, Failure, HeaderState, Leave, LogHead, Started, Stop};
use crate::survey::{DatabaseFacts, LostCase};

use super::super::backup_info::{also, field_faults};
use super::super::fitness::{is_cut_off, repair_command};
use super::super::generation_range::{self, GenerationRange, few};
use super::super::{FindingId, Severity, copy_fault, known_later, streaming_file_fault};
use super::moves::{Evidence, Move, Reason, Wanted, start_after};
use super::place::{Place, proven_header};

/// The steps, in their order.
pub(super) fn moves(place: &Place) -> Vec<Move> {
    if let Some(marker) = place.pending.first() {
        return vec![Move::FinishOperation((*marker).to_owned())];
    }
    if place.is_archive {
        return Vec::new();
    }
    if !place.exchanged.is_empty() {
        let (what, which) = (place.exchanged.join("; "), Wanted::UnderItsName);
        return vec![Move::BringDatabaseBack { what, which }, Move::CheckAgain];
    }
    let cut_off = place.databases.iter().filter(|facts| is_cut_off(facts));
    let wanted: Vec<Move> = cut_off.map(|facts| newest_back(&facts.path)).collect();
    if !wanted.is_empty() {
        return wanted.into_iter().chain([Move::CheckAgain]).collect();
    }
    let mut moves = proven_headers(place);
    let place = &place.with_proven_headers();
    moves.extend(mends(place));
    match &place.start {
        Err(Stop::Unknown(_)) => moves.push(Move::CheckAgain),
        Err(Stop::Fails(failure)) => moves.extend(failing(place, failure)),
        Ok(_) => moves.extend(mounting(place)),
    }
    if !moves.is_empty() && !matches!(moves.last(), Some(Move::Mount | Move::CheckAgain)) {
        moves.push(Move::CheckAgain);
    }
    moves
}

/// The headers that are lost and proven: with them the databases are what they were.
fn proven_headers(place: &Place) -> Vec<Move> {
    let proven = place.databases.iter().filter(|facts| proven_header(facts).is_some());
    let rebuilds: Vec<Move> = proven
        .map(|facts| Move::RebuildHeader { path: facts.path.clone(), evidence: Evidence::Proven })
        .collect();
    let copy = (!rebuilds.is_empty()).then_some(Move::CopyAside);
    copy.into_iter().chain(rebuilds).collect()
}

/// What is to be mended of the files themselves, whatever the logs say.
fn mends(place: &Place) -> Vec<Move> {
    let mut moves = Vec::new();
    for facts in &place.databases {
        if let Some((streaming, _)) = streaming_file_fault(facts) {
            moves.push(Move::BringStreamingFileBack(streaming.path.clone()));
        }
        if let Some(command) = repair(facts) {
            moves.push(Move::RepairHeader(facts.path.clone(), command));
        }
    }
    moves
}

/// The repair of a header that has an error which a repair mends, and that would not be refused.
fn repair(facts: &DatabaseFacts) -> Option<String> {
    let pair = facts.pair.as_ref()?;
    let has_error = copy_fault(pair).is_some()
        || field_faults(&pair.header).iter().any(|(_, fault)| *fault == BackupFault::Impossible);
    let command = has_error.then(|| repair_command(facts, also(&pair.header)))?;
    Some(command.ok()?.to_string())
}

/// The next mount succeeds: what must come before it all the same.
fn mounting(place: &Place) -> Vec<Move> {
    let stream = place.chain.map(|chain| chain.stream);
    let older = stream.and_then(|stream| {
        let is_older = |facts: &&&DatabaseFacts| known_later(stream, facts).is_some();
        place.databases.iter().find(is_older)
    });
    if let Some(facts) = older {
        return roll_forward(place)
            .unwrap_or_else(|| vec![newest_back(&facts.path), Move::CheckAgain]);
    }
    let taken = name_taken(place);
    if !taken.is_empty() {
        return vec![Move::LogsAway(taken, Reason::NameTaken), Move::Mount];
    }
    let ends = |id| {
        let is_error = |finding: &&&crate::diagnose::Finding| {
            finding.id == id && finding.severity == Severity::Error
        };
        place.findings.iter().any(|finding| is_error(&finding))
    };
    let begins_anew = [FindingId::LogSequenceEnding, FindingId::DatabaseNewerThanLogs];
    if begins_anew.into_iter().any(ends)
        && let Some(reset) = proven(place, vec![Move::ResetLogs])
    {
        return reset;
    }
    if !place.absent.is_empty() {
        let what = place.absent.join(", ");
        return vec![Move::BringDatabaseBack { what, which: Wanted::Newest }, Move::CheckAgain];
    }
    if place.has_errors() { vec![Move::Mount] } else { Vec::new() }
}

/// Recovery from the oldest log on, where it brings older copies to what the logs know.
fn roll_forward(place: &Place) -> Option<Vec<Move>> {
    let stream = place.chain?.stream;
    let away = vec![Move::CheckpointAway(place.set.checkpoint.as_ref()?.path.clone())];
    let started = start_after(&away, &place.set).ok()?;
    let has_all = |facts: &&DatabaseFacts| {
        let Some(known) = known_later(stream, facts) else { return true };
        let file = started.databases.iter().find(|file| file.path == facts.path);
        file.and_then(DatabaseFile::header).is_some_and(|header| header.last_consistent >= known)
    };
    place.databases.iter().all(has_all).then(|| with_mount(away))
}

/// The next mount fails.
fn failing(place: &Place, failure: &Failure) -> Vec<Move> {
    if let Some(moves) = by_pages_only(place, &failure.cause) {
        return moves;
    }
    let lossless = lossless(place, failure);
    let mut moves = found_again(place, &failure.cause);
    match lossless {
        Some(ways) if !needs_its_file(place, &failure.cause) => return ways,
        Some(ways) => moves.extend(ways),
        None => match lossy(place, &failure.cause) {
            Some(ways) => moves.extend(ways),
            None => moves.extend(last_resort(place, &failure.cause)),
        },
    }
    moves
}

/// Of a database without logs nothing but its pages is left: a copy, or a hard repair.
fn by_pages_only(place: &Place, cause: &Cause) -> Option<Vec<Move>> {
    let Cause::HeaderDestroyed { path } = cause else { return None };
    let lost = place.facts(path)?.lost_header.as_ref()?;
    let evidence = Evidence::PagesOnly;
    matches!(lost.case, LostCase::PagesOnly).then(|| {
        vec![
            newest_back(path),
            Move::CopyAside,
            Move::RebuildHeader { path: path.clone(), evidence },
            Move::RepairDatabase(path.clone()),
            Move::CheckAgain,
        ]
    })
}

/// The first way that loses nothing and that the next mount succeeds behind.
fn lossless(place: &Place, failure: &Failure) -> Option<Vec<Move>> {
    if let Cause::SequenceEnd { .. } = failure.cause {
        let is_clean = place.set.databases.iter().all(is_clean);
        let first = (!is_clean).then_some(Move::RecoverToTheEnd);
        return proven(place, first.into_iter().chain([Move::ResetLogs]).collect());
    }
    let checkpoint = || place.set.checkpoint.as_ref().map(|found| found.path.clone());
    let checkpoint_away: Vec<Move> = checkpoint().map(Move::CheckpointAway).into_iter().collect();
    let mut ways = Vec::new();
    // What came behind these logs is in the databases, and in no log: nothing is to be replayed over it.
    if place.findings.iter().any(|finding| finding.id == FindingId::DatabaseNewerThanLogs) {
        ways.push(vec![Move::ResetLogs]);
    }
    let taken = name_taken(place);
    if !taken.is_empty() {
        ways.push(vec![Move::LogsAway(taken, Reason::NameTaken)]);
    }
    if !checkpoint_away.is_empty() {
        ways.push(checkpoint_away.clone());
    }
    let below = below_required(place);
    if !below.is_empty() {
        let archives = Move::LogsAway(below, Reason::BelowRequired);
        ways.push(checkpoint_away.iter().cloned().chain([archives]).collect());
    }
    if place.set.current.is_none() && !place.is_legacy() {
        ways.push(vec![Move::Recover(Leave::default())]);
        ways.push([checkpoint_away, vec![Move::Recover(Leave::default())]].concat());
    }
    ways.push(vec![Move::ResetLogs]);
    ways.into_iter().find_map(|way| proven(place, way))
}

/// The first way that loses only what cannot be had back, and that the next mount succeeds behind.
fn lossy(place: &Place, cause: &Cause) -> Option<Vec<Move>> {
    let mut ways = Vec::new();
    if place.is_legacy() {
        ways.extend(use_last_log(place).map(|way| vec![way]));
    } else {
        let lost = Move::Recover(Leave { lost_logs: true, ..Leave::default() });
        ways.push(vec![lost.clone()]);
        if let Cause::LogHeader { path } | Cause::LogBody { path, .. } = cause {
            ways.push(vec![Move::LogsAway(vec![path.clone()], Reason::Damaged), lost]);
        }
    }
    let missing = Move::Recover(Leave { missing_databases: true, ..Leave::default() });
    match cause {
        Cause::DatabaseMissing { .. } | Cause::DatabaseReplaced { .. } => ways.push(vec![missing]),
        Cause::HeaderDestroyed { path }
        | Cause::FileCutOff { path, .. }
        | Cause::DatabaseOlder { path, .. } => {
            let aside = Move::DatabaseAway(path.clone());
            ways.push(vec![aside.clone()]);
            ways.push(vec![aside, missing]);
        }
        _ => {}
    }
    let copied = |way: Vec<Move>| [vec![Move::CopyAside], way].concat();
    ways.into_iter().map(copied).find_map(|way| proven(place, way))
}

/// A backup; and where there is none, hard repair of every database that is not clean.
fn last_resort(place: &Place, cause: &Cause) -> Vec<Move> {
    let mut moves = Vec::new();
    if place.databases.iter().any(|facts| facts.pair.is_some()) {
        moves.push(Move::RestoreBackup);
    }
    let dirty =
        place.set.databases.iter().filter(|file| file.header().is_some_and(may_be_repaired));
    let repairs: Vec<Move> = dirty.map(|file| Move::RepairDatabase(file.path.clone())).collect();
    if repairs.is_empty() {
        return moves;
    }
    moves.push(Move::CopyAside);
    let with_logs = [repairs.clone(), vec![Move::ResetLogs]].concat();
    let way = match start_after(&repairs, &place.set) {
        Ok(_) => Some(repairs),
        Err(_) => start_after(&with_logs, &place.set).is_ok().then_some(with_logs),
    };
    moves.extend(way.unwrap_or_default());
    // Where required logs are missing nobody is to mount before all is looked at again.
    moves.push(if lacks_required_logs(place, cause) { Move::CheckAgain } else { Move::Mount });
    moves
}

fn lacks_required_logs(place: &Place, cause: &Cause) -> bool {
    let ids = [
        FindingId::RequiredLogMissing,
        FindingId::RequiredLogDamaged,
        FindingId::LogBodyDamaged,
        FindingId::LogBodyLost,
        FindingId::LogSumMismatch,
        FindingId::LogGap,
        FindingId::LogHeaderDamaged,
    ];
    let is_of_logs = matches!(
        cause,
        Cause::CurrentLogMissing
            | Cause::CheckpointLogMissing { .. }
            | Cause::LogMissing { .. }
            | Cause::LogHeader { .. }
            | Cause::ForeignLog { .. }
            | Cause::OutOfSequence { .. }
            | Cause::SumMismatch { .. }
            | Cause::LogBody { .. }
            | Cause::BeginsTooLate { .. }
            | Cause::EndsTooEarly { .. }
    );
    is_of_logs
        || place.chain.is_none()
        || place.findings.iter().any(|finding| ids.contains(&finding.id))
}

/// A way, with the mount behind it, where that mount succeeds.
fn proven(place: &Place, way: Vec<Move>) -> Option<Vec<Move>> {
    let resets = way.iter().any(|one| matches!(one, Move::ResetLogs));
    if resets && !may_be_reset(place, &way) {
        return None;
    }
    start_after(&way, &place.set)
        .is_ok_and(|started| is_all_clean(&started))
        .then(|| with_mount(way))
}

fn is_all_clean(started: &Started) -> bool {
    started.databases.iter().all(is_clean)
}

fn with_mount(way: Vec<Move>) -> Vec<Move> {
    way.into_iter().chain([Move::Mount]).collect()
}

fn is_clean(file: &DatabaseFile) -> bool {
    file.header().is_some_and(HeaderState::is_clean)
}

/// Whether `reset-logs` accepts the group, as far as its logs and its databases decide it.
fn may_be_reset(place: &Place, way: &[Move]) -> bool {
    let Some(chain) = place.chain else { return false };
    let becomes_clean = |facts: &DatabaseFacts| {
        way.iter().any(|one| matches!(one, Move::RecoverToTheEnd))
            || facts.pair.as_ref().is_some_and(|pair| pair.header.state() == DbState::CleanShutdown)
    };
    let is_fit = |facts: &&DatabaseFacts| {
        let signature = facts.pair.as_ref().map(|pair| pair.header.raw.log_signature);
        let is_ours = signature
            .is_some_and(|own| own.is_unset() || chain.signature.is_none_or(|logs| logs == own));
        becomes_clean(facts)
            && is_ours
            && known_later(chain.stream, facts).is_none()
            && streaming_file_fault(facts).is_none()
    };
    let is_whole = place.absent.is_empty() && chain.stream.attach_list_faults().is_empty();
    is_whole && !place.databases.is_empty() && place.databases.iter().all(is_fit)
}

/// What is to be brought back because of what the engine met.
fn found_again(place: &Place, cause: &Cause) -> Vec<Move> {
    match cause {
        Cause::DatabaseMissing { server_path } => vec![newest_back(server_path)],
        Cause::DatabaseReplaced { path } if is_repaired(place, path) => Vec::new(),
        Cause::DatabaseReplaced { path }
        | Cause::DatabaseOlder { path, .. }
        | Cause::FileCutOff { path, .. } => vec![newest_back(path)],
        Cause::HeaderDestroyed { path } => header_found_again(place, path),
        Cause::BackupCopy { path } => vec![Move::FinishRestore(path.clone())],
        Cause::NotClean { path, .. } => of_unclean(place, path),
        // The engine comes no further than to the logs.
        Cause::SequenceEnd { .. } => {
            let is_lost = |file: &&DatabaseFile| file.header().is_none();
            let lost = place.set.databases.iter().filter(is_lost);
            lost.flat_map(|file| header_found_again(place, &file.path)).collect()
        }
        _ => vec![Move::BringLogsBack { what: wanted_logs(place, cause) }],
    }
}

fn header_found_again(place: &Place, path: &Path) -> Vec<Move> {
    let is_unread = place.facts(path).is_none_or(|facts| facts.lost_header.is_none());
    let (path_of, evidence) = (path.to_owned(), Evidence::Unread);
    let rebuild = is_unread.then_some(Move::RebuildHeader { path: path_of, evidence });
    std::iter::once(Move::CopyAside).chain(rebuild).chain([newest_back(path)]).collect()
}

/// The newest copy of one database, by its path here or on the server.
fn newest_back(path: &(impl AsRef<OsStr> + ?Sized)) -> Move {
    Move::BringDatabaseBack { what: crate::show::shown(path).to_string(), which: Wanted::Newest }
}

fn of_unclean(place: &Place, path: &Path) -> Vec<Move> {
    let file = place.set.databases.iter().find(|file| file.path == path);
    let Some(header) = file.and_then(DatabaseFile::header) else { return Vec::new() };
    if header.current_full.0 != 0 {
        return vec![Move::FinishRestore(path.to_owned())];
    }
    let is_plain =
        matches!(header.state, DbState::DirtyShutdown | DbState::DirtyAndPatchedShutdown);
    if !is_plain {
        return Vec::new();
    }
    if header.min_required == 0 || header.log_signature.is_unset() {
        let what = crate::show::shown(path).to_string();
        return vec![Move::BringDatabaseBack { what, which: Wanted::BeforeRepair }];
    }
    let range = GenerationRange {
        first: header.min_required,
        last: header.max_required.max(header.max_committed),
    };
    vec![Move::BringLogsBack { what: format!("generation {range}") }]
}

/// The logs that dirty databases need and that cannot be used, by their names; else what the engine met.
fn wanted_logs(place: &Place, cause: &Cause) -> String {
    let Some(chain) = place.chain else { return "the logs".into() };
    let usable = chain.usable();
    let headers = place.set.databases.iter().filter_map(DatabaseFile::header);
    let needs = headers.filter(|header| !header.is_clean() && header.min_required > 0);
    let ranges: Vec<GenerationRange> = needs
        .flat_map(|header| {
            let last = header.max_required.max(header.max_committed);
            generation_range::missing(GenerationRange { first: header.min_required, last }, &usable)
        })
        .collect();
    match (ranges.first(), cause) {
        (Some(only), Cause::LogMissing { .. } | Cause::EndsTooEarly { .. })
            if ranges.len() == 1 && only.first == only.last =>
        {
            chain.file_name(only.first)
        }
        (
            Some(first),
            Cause::LogMissing { .. } | Cause::CurrentLogMissing | Cause::EndsTooEarly { .. },
        ) => {
            format!("generation {} (the first is {})", few(&ranges), chain.file_name(first.first))
        }
        (_, Cause::LogMissing { generation } | Cause::CheckpointLogMissing { generation }) => {
            chain.file_name(*generation)
        }
        (_, Cause::BeginsTooLate { min_required, .. }) => chain.file_name(*min_required),
        (_, Cause::EndsTooEarly { needed, .. }) => chain.file_name(*needed),
        (
            _,
            Cause::LogHeader { path }
            | Cause::LogBody { path, .. }
            | Cause::ForeignLog { path, .. }
            | Cause::OutOfSequence { path, .. }
            | Cause::SumMismatch { path },
        ) => crate::show::shown(path).to_string(),
        _ => chain.current_name(),
    }
}

/// Whether the database itself is what is needed first, though something else helps without it.
fn needs_its_file(place: &Place, cause: &Cause) -> bool {
    match cause {
        Cause::DatabaseMissing { .. }
        | Cause::HeaderDestroyed { .. }
        | Cause::FileCutOff { .. }
        | Cause::BackupCopy { .. } => true,
        Cause::DatabaseReplaced { path } => {
            // An older copy of it is what can be rolled forward.
            let signature = place
                .facts(path)
                .and_then(|facts| Some(facts.pair.as_ref()?.header.raw.log_signature));
            signature != place.chain.and_then(|chain| chain.signature) && !is_repaired(place, path)
        }
        _ => false,
    }
}

/// Whether a database went through `eseutil /p` or `/d`: it belongs to no log stream.
fn is_repaired(place: &Place, path: &Path) -> bool {
    let pair = place.facts(path).and_then(|facts| facts.pair.as_ref());
    pair.is_some_and(|pair| pair.header.raw.log_signature.is_unset())
}

fn may_be_repaired(header: &HeaderState) -> bool {
    let is_dirty = matches!(
        header.state,
        DbState::DirtyShutdown | DbState::DirtyAndPatchedShutdown | DbState::JustCreated
    );
    is_dirty && header.current_full.0 == 0
}

/// Files under the name that the current log will get when it is closed, or a later one.
fn name_taken(place: &Place) -> Vec<PathBuf> {
    let current = place.set.current.as_ref().and_then(|log| log.head.generation());
    let Some(current) = current else { return Vec::new() };
    place.set.archives.range(current..).map(|(_, log)| log.path.clone()).collect()
}

/// The closed logs below the first that recovery needs; where nothing needs any, below the last that is not
/// whole.
fn below_required(place: &Place) -> Vec<PathBuf> {
    let headers = place.set.databases.iter().filter_map(DatabaseFile::header);
    let needed =
        headers.filter(|header| !header.is_clean()).map(|header| header.min_required).min();
    let Some(first) = needed.filter(|first| *first > 0).or_else(|| unbroken_from(place)) else {
        return Vec::new();
    };
    place.set.archives.range(..first).map(|(_, log)| log.path.clone()).collect()
}

/// The lowest generation from which on the closed logs are there and sound up to the current one.
fn unbroken_from(place: &Place) -> Option<i32> {
    let mut lowest = place.set.current.as_ref()?.head.generation()?;
    for (&generation, log) in place.set.archives.range(..lowest).rev() {
        let is_sound = matches!(log.head, LogHead::Valid(_))
            && log.body.as_ref().is_none_or(|body| body.report.verdict.is_sound());
        if generation != lowest - 1 || !is_sound {
            break;
        }
        lowest = generation;
    }
    Some(lowest)
}

/// Exchange 2003 takes the last closed log for the current one.
fn use_last_log(place: &Place) -> Option<Move> {
    let chain = place.chain.filter(|_| place.set.current.is_none())?;
    let (_, last) = place.set.archives.last_key_value()?;
    let to = last.path.with_file_name(chain.current_name());
    Some(Move::UseLastLog { from: last.path.clone(), to })
}
