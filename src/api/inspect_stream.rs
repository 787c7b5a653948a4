//! `inspect` of what is no database: logs, checkpoints, flush maps.

use std::path::Path;

use crate::diagnose::{damaged_checkpoint, diagnose_logs, half_damaged_checkpoint};
use crate::ese::{Checkpoint, CheckpointCopies, ContentKind, FlushMapHeader, LogBase};
use crate::guards::unread;
use crate::refusal::Refusal;
use crate::report::model::{
    CheckpointHeaderReport, FileHeader, FlushMapHeaderReport, LogSetReport,
};
use crate::report::{
    DatabaseReport, Inspected, Outcome, Report, dump_checkpoint, dump_flush_map, dump_log_set,
};
use crate::show::shown;
use crate::storage::all_processors;
use crate::survey::{Bodies, DatabaseFacts, Digests, GroupFacts, GroupFolders};

use super::file_kind::kind_of;
use super::inspect_log::{Records, inspect_log};
use super::run::Run;

/// The report of a log, a checkpoint, a flush map, or a file without a content of its own; `None` of a database
/// and of what is not known.
pub(super) fn inspect(run: &Run, facts: &DatabaseFacts, records: Records) -> Option<Inspected> {
    match kind_of(facts) {
        ContentKind::Log => Some(inspect_log(run.storage(), facts, records)),
        ContentKind::Checkpoint => Some(inspect_checkpoint(facts)),
        ContentKind::FlushMap => Some(inspect_flush_map(facts)),
        kind @ (ContentKind::PreparedLog | ContentKind::ReserveLog) => Some(unused(facts, kind)),
        kind @ ContentKind::Patch if facts.pair.is_none() => Some(unused(facts, kind)),
        _ => None,
    }
}

/// A prepared log, a reserve log or an empty patch file. Nothing in it is needed, so nothing in it can be wrong.
pub(super) fn unused(facts: &DatabaseFacts, kind: ContentKind) -> Inspected {
    let bytes = facts.status.length_bytes;
    let dump = format!("{}\n  {}, {bytes} bytes\n", shown(&facts.path), kind.in_words());
    Inspected::new(DatabaseReport::of_kind(&facts.path, kind, None, Outcome::Ok), dump)
}

pub(super) fn inspect_checkpoint(facts: &DatabaseFacts) -> Inspected {
    let title = format!("      Checkpoint file: {}\n", shown(&facts.path));
    let Some((checkpoint, copies)) = Checkpoint::elect(&facts.area.bytes) else {
        let mut file =
            DatabaseReport::of_kind(&facts.path, ContentKind::Checkpoint, None, Outcome::Findings);
        file.findings.push(damaged_checkpoint(&facts.path));
        return Inspected::new(file, title);
    };
    let header = CheckpointHeaderReport::new(&checkpoint, copies);
    let header = Some(FileHeader::Checkpoint(Box::new(header)));
    let damage = matches!(copies, CheckpointCopies::FirstOnly | CheckpointCopies::SecondOnly)
        .then(|| half_damaged_checkpoint(&facts.path, copies));
    let outcome = if damage.is_some() { Outcome::Findings } else { Outcome::Ok };
    let mut file = DatabaseReport::of_kind(&facts.path, ContentKind::Checkpoint, header, outcome);
    file.findings.extend(damage);
    Inspected::new(file, title + &dump_checkpoint(&checkpoint))
}

fn inspect_flush_map(facts: &DatabaseFacts) -> Inspected {
    let title = format!("      Flush Map File: {}\n", shown(&facts.path));
    let header = FlushMapHeader::parse(&facts.area.bytes);
    let dump = header.as_ref().map(dump_flush_map).unwrap_or_default();
    let header = header.map(|h| FileHeader::FlushMap(Box::new(FlushMapHeaderReport::new(&h))));
    let file = DatabaseReport::of_kind(&facts.path, ContentKind::FlushMap, header, Outcome::Ok);
    Inspected::new(file, title + &dump)
}

/// The logs that a base name in a path means (`logs/E00`, as `eseutil /ml E00` takes it), where no file has that name.
pub(super) fn set_named(run: &Run, path: &Path) -> Option<GroupFacts> {
    let path = run.resolve(path).ok()?;
    let base = LogBase::new(path.file_name()?.to_str()?)?;
    if run.storage().status(&path).is_ok() {
        return None;
    }
    let dir = path.parent()?.to_owned();
    let folders = GroupFolders { log_dir: dir.clone(), system_dir: dir };
    let listings = run.listings();
    let surveyed = run.survey_logs(&listings, folders, Vec::new(), Digests::NotWanted, None);
    let mut group = surveyed.ok()?;
    group.streams.retain(|stream| stream.base == base && stream.in_order().next().is_some());
    (!group.streams.is_empty()).then_some(group)
}

/// The logs of a base name, all of which are read; with the reasons why some of them could not be.
pub(super) fn inspect_set(run: &Run, path: &Path) -> Option<(Inspected, Vec<Refusal>)> {
    let group = set_named(run, path)?;
    Some(read_set(run, group, all_processors()))
}

/// Reads all logs of the one log stream of a group.
pub(super) fn read_set(
    run: &Run,
    mut group: GroupFacts,
    threads: usize,
) -> (Inspected, Vec<Refusal>) {
    let dir = group.folders.log_dir.clone();
    let read = run.read_bodies(&mut group.streams, Bodies::Verdicts, threads, &dir);
    let Some(stream) = group.streams.first() else {
        return (
            Inspected::new(DatabaseReport::unread(&dir, Outcome::Failed), String::new()),
            Vec::new(),
        );
    };
    let path = dir.join(stream.base);
    if let Err(refusal) = read {
        let file = DatabaseReport::of_kind(&path, ContentKind::Log, None, Outcome::Failed);
        return (Inspected::new(file, String::new()), vec![refusal]);
    }
    let unread =
        stream.unread().map(|(path, error)| unread(run.storage(), path, error)).collect::<Vec<_>>();
    let (dump, logs) = (dump_log_set(stream), LogSetReport::new(stream));
    let findings = diagnose_logs(&group);
    let outcome = match () {
        () if !unread.is_empty() => Outcome::Failed,
        () if Report::has_errors(&findings) => Outcome::Findings,
        () => Outcome::Ok,
    };
    let file = DatabaseReport::of_kind(&path, ContentKind::Log, None, outcome);
    let mut set = Inspected::new(DatabaseReport { findings, ..file }, dump);
    set.report.logs = Some(logs);
    (set, unread)
}
