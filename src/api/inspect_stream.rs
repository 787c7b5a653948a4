//! `inspect` of what is no database: logs, checkpoints, flush maps.

use std::path::Path;

use crate::diagnose::{damaged_checkpoint, damaged_log, diagnose_logs, half_damaged_checkpoint};
use crate::ese::{
    Checkpoint, CheckpointCopies, ContentKind, FlushMapHeader, LgPos, LogBase, LogFileName,
    LogHeader, content,
};
use crate::guards::unread;
use crate::refusal::Refusal;
use crate::report::model::{
    CheckpointHeaderReport, FileHeader, FlushMapHeaderReport, LogHeaderReport,
};
use crate::report::{
    DatabaseReport, Inspected, Outcome, Report, dump_checkpoint, dump_flush_map, dump_log_header,
    dump_log_set,
};
use crate::show::shown;
use crate::storage::{Access, Storage, read_full};
use crate::survey::{DatabaseFacts, Digests, GroupFolders};

use super::run::Run;

/// The report of a log, a checkpoint or a flush map; `None` of anything else. A damaged header is
/// known by what is left of it, else by the name of the file.
pub(super) fn inspect(storage: &dyn Storage, facts: &DatabaseFacts) -> Option<Inspected> {
    match kind(facts)? {
        ContentKind::Log => Some(inspect_log(storage, facts)),
        ContentKind::Checkpoint => Some(inspect_checkpoint(facts)),
        ContentKind::FlushMap => Some(inspect_flush_map(facts)),
        ContentKind::Database | ContentKind::Streaming | ContentKind::Unknown => None,
    }
}

fn kind(facts: &DatabaseFacts) -> Option<ContentKind> {
    if facts.kind != ContentKind::Unknown {
        return Some(facts.kind);
    }
    if content::looks_like_log(&facts.area.bytes) {
        return Some(ContentKind::Log);
    }
    match log_file_name(&facts.path)? {
        LogFileName::Archive { .. } | LogFileName::Current { .. } => Some(ContentKind::Log),
        LogFileName::Checkpoint { .. } => Some(ContentKind::Checkpoint),
        _ => None,
    }
}

fn log_file_name(path: &Path) -> Option<LogFileName> {
    LogFileName::parse(path.file_name()?.to_str()?)
}

fn inspect_log(storage: &dyn Storage, facts: &DatabaseFacts) -> Inspected {
    let header = LogHeader::parse(&facts.area.bytes);
    let fault = LogHeader::validate(&facts.area.bytes, facts.status.length_bytes).err();
    let checkpoint = checkpoint_beside(storage, &facts.path);
    let dump = header.as_ref().map(|header| dump_log_header(&facts.path, header, checkpoint));
    let header = header.map(|header| FileHeader::Log(Box::new(LogHeaderReport::new(&header))));
    let outcome = if fault.is_some() { Outcome::Findings } else { Outcome::Ok };
    let mut file = DatabaseReport::of_kind(&facts.path, ContentKind::Log, header, outcome);
    file.findings.extend(fault.map(|fault| damaged_log(&facts.path, &fault)));
    Inspected::new(file, dump.unwrap_or_default())
}

/// The position in the checkpoint file of the same base name, in the same folder.
fn checkpoint_beside(storage: &dyn Storage, log: &Path) -> Option<LgPos> {
    let (name, dir) = (log_file_name(log)?, log.parent()?);
    let is_ours = |found: &LogFileName| {
        matches!(found, LogFileName::Checkpoint { .. }) && found.base() == name.base()
    };
    let names = storage.list(dir).ok()?;
    let found =
        names.iter().find(|found| log_file_name(Path::new(found)).is_some_and(|n| is_ours(&n)))?;
    let mut bytes = vec![0; 8192];
    let file = storage.open(&dir.join(found), Access::Read).ok()?;
    let read = read_full(file.as_ref(), &mut bytes, 0).ok()?;
    Checkpoint::elect(&bytes[..read]).map(|(checkpoint, _)| checkpoint.checkpoint())
}

fn inspect_checkpoint(facts: &DatabaseFacts) -> Inspected {
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

/// The logs of a base name (`logs/E00`, as `eseutil /ml E00` takes it), where no file has that name.
/// With the reasons why some of them could not be read.
pub(super) fn inspect_set(run: &Run, path: &Path) -> Option<(Inspected, Vec<Refusal>)> {
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
    group.streams.retain(|stream| stream.base == base);
    let stream = group.streams.first().filter(|stream| stream.in_order().next().is_some())?;
    let dump = dump_log_set(stream);
    let unread =
        stream.unread().map(|(path, error)| unread(run.storage(), path, error)).collect::<Vec<_>>();
    let findings = diagnose_logs(&group);
    let outcome = match () {
        () if !unread.is_empty() => Outcome::Failed,
        () if Report::has_errors(&findings) => Outcome::Findings,
        () => Outcome::Ok,
    };
    let file = DatabaseReport::of_kind(&path, ContentKind::Log, None, outcome);
    Some((Inspected::new(DatabaseReport { findings, ..file }, dump), unread))
}
