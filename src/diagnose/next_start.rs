//! What the next start meets, as findings: of the checkpoint, and of databases that are not what the logs left.
//! What it meets in a log is a finding of that log.

use std::path::Path;

use crate::ese::log_events::LogEvent;
use crate::ese::{LgPos, Signature};
use crate::show::{quoted, shown};
use crate::simulate::{Cause, DatabaseFile, Stop};
use crate::survey::{DatabaseFacts, LogStream};

use super::instance::Instance;
use super::{Finding, FindingId, Severity};

pub(super) fn judge(instance: &Instance) -> Vec<Finding> {
    let of_start = match &instance.start {
        Err(Stop::Fails(failure)) if !instance.is_archive() => of_cause(&failure.cause, instance),
        _ => None,
    };
    let older = instance.databases.iter().filter_map(|member| {
        let known = known_later(instance.chain.stream, member.facts)?;
        Some(older_and_clean(&member.facts.path, member.header.last_consistent(), known))
    });
    let told = |finding: &Finding| of_start.as_ref().is_none_or(|start| start.id != finding.id);
    let older: Vec<Finding> = older.filter(told).collect();
    of_start.into_iter().chain(older).collect()
}

fn of_cause(cause: &Cause, instance: &Instance) -> Option<Finding> {
    Some(match cause {
        Cause::CheckpointLogMissing { generation } => {
            let path = &instance.set.checkpoint.as_ref()?.path;
            checkpoint_mismatch(path, *generation)
        }
        Cause::BeginsTooLate { path, min_required, generation }
            if instance.set.archives.contains_key(min_required) =>
        {
            checkpoint_ahead(path, *min_required, *generation, "-543 (event 452)")
        }
        Cause::NotClean { path, .. } => {
            let (min_required, generation) = begins_behind(instance, path)?;
            checkpoint_ahead(path, min_required, generation, "-550")
        }
        Cause::DatabaseMissing { server_path } => missing(server_path),
        Cause::DatabaseReplaced { path } if is_without_logs(instance, path) => after_repair(path),
        Cause::DatabaseReplaced { path } => replaced(path),
        Cause::DatabaseOlder { path, found, expected } => older(path, *found, *expected),
        _ => return None,
    })
}

fn checkpoint_mismatch(path: &Path, generation: i32) -> Finding {
    Finding::new(
        FindingId::CheckpointMismatch,
        format!(
            "{}: its position is in generation {generation} (0x{generation:x}), and that log is not there",
            shown(path)
        ),
        "The engine does not ignore such a checkpoint: the next mount answers -528 (event 455), clean \
         databases or not.",
        format!(
            "Move the checkpoint away: mv {} ELSEWHERE. Then: edbmend check {}",
            quoted(path),
            quoted(path.parent().unwrap_or(path))
        ),
    )
    .with_severity(Severity::Error)
}

/// The first log that a database needs, and the later one in which the checkpoint lets recovery begin, though the
/// first is there.
fn begins_behind(instance: &Instance, path: &Path) -> Option<(i32, i32)> {
    let file = instance.set.databases.iter().find(|file| file.path == path);
    let min_required = file.and_then(DatabaseFile::header)?.min_required;
    let generation = instance.set.checkpoint.as_ref()?.position.generation;
    let is_behind = min_required > 0 && min_required < generation;
    (is_behind && instance.set.archives.contains_key(&min_required))
        .then_some((min_required, generation))
}

fn checkpoint_ahead(database: &Path, min_required: i32, generation: i32, answer: &str) -> Finding {
    Finding::new(
        FindingId::CheckpointAhead,
        format!(
            "{} needs the logs from generation {min_required} (0x{min_required:x}) on, and the checkpoint lets \
             recovery begin in generation {generation} (0x{generation:x})",
            shown(database)
        ),
        format!("The next mount answers {answer}, although no log is missing."),
        "Move the checkpoint away, out of its folder, and check again: recovery then begins with the oldest log.",
    )
    .of_file(database)
}

fn missing(server_path: &str) -> Finding {
    Finding::new(
        FindingId::DatabaseMissing,
        format!("the logs leave {server_path} attached, and no file of that name was found"),
        "The next mount answers -1216 (event 494), for the whole group.",
        "If it lies elsewhere, name it: --db FILE. If it was deleted, bring it back from a backup. Only if it is \
         lost for good: eseutil /r with /i recovers the others without it.",
    )
}

fn replaced(path: &Path) -> Finding {
    Finding::new(
        FindingId::DatabaseReplaced,
        format!(
            "{} has the name of a database that the logs leave attached, and is not that database as they left it",
            shown(path)
        ),
        "The next mount answers -1216 (event 494), for the whole group.",
        "Bring the database of these logs back under this name. If this file is the right one, the logs are not \
         its own: look for those of the same log signature.",
    )
    .of_file(path)
}

/// Whether a database belongs to no log stream, as after `eseutil /p` and `/d`.
fn is_without_logs(instance: &Instance, path: &Path) -> bool {
    let file = instance.set.databases.iter().find(|file| file.path == path);
    let header = file.and_then(DatabaseFile::header);
    header.is_some_and(|header| header.log_signature.is_unset())
}

fn after_repair(path: &Path) -> Finding {
    Finding::new(
        FindingId::DatabaseReplaced,
        format!(
            "{} went through eseutil /p or /d: it belongs to no log stream any more, and the logs leave attached what it \
             was before",
            shown(path)
        ),
        "The next mount answers -1216 (event 494), for the whole group.",
        "The logs of before must be away before the mount. Other databases that need them come first (see the way out).",
    )
    .of_file(path)
}

const OLDER_MENDING: &str = "Bring the newest copy back; or move the checkpoint away, out of its folder, before the \
     first mount: recovery then begins with the oldest log and rolls this copy forward, if the logs reach back \
     to it. Do not reset the logs: they hold what this copy lacks.";

fn older(path: &Path, found: LgPos, expected: LgPos) -> Finding {
    Finding::new(
        FindingId::DatabaseOlderThanLogs,
        older_in_words(path, found, expected),
        "The next mount answers -551 (event 517), for the whole group.",
        OLDER_MENDING,
    )
    .of_file(path)
}

fn older_and_clean(path: &Path, found: LgPos, known: LgPos) -> Finding {
    Finding::new(
        FindingId::DatabaseOlderThanLogs,
        older_in_words(path, found, known),
        "It mounts with what it held then. What the logs hold beyond that is lost for good with that mount.",
        OLDER_MENDING,
    )
    .of_file(path)
    .with_severity(Severity::Warning)
}

fn older_in_words(path: &Path, found: LgPos, known: LgPos) -> String {
    format!(
        "{} is an older copy: Last Consistent: {found}, and the logs know it consistent at {known}",
        shown(path)
    )
}

/// The last clean detach of a clean database that its logs know, where it is later than the file's own. Read from
/// the logs whose bodies were read.
pub fn known_later(stream: &LogStream, facts: &DatabaseFacts) -> Option<LgPos> {
    let header = &facts.pair.as_ref()?.header;
    let (raw, own) = (&header.raw, header.last_consistent());
    let is_ours = stream.identity() == Some(raw.log_signature);
    let is_clean = header.state() == crate::ese::DbState::CleanShutdown;
    let known = last_detach(stream, raw.db_signature)?;
    (is_ours && is_clean && known > own).then_some(known)
}

/// The last position at which the logs that were read detach a database.
fn last_detach(stream: &LogStream, signature: Signature) -> Option<LgPos> {
    let mut last = None;
    for body in stream.in_order().filter_map(|log| log.body.as_deref()) {
        let listed = body.attached.as_deref().unwrap_or_default();
        let listed = listed.iter().find(|listed| listed.db_signature == signature);
        let mut dbid = listed.map(|listed| listed.dbid);
        let mut shut_down_mark = None;
        for (at, event) in body.events.all() {
            match event {
                LogEvent::Create { dbid: id, db_signature, .. }
                | LogEvent::Attach { dbid: id, db_signature, .. } => {
                    if *db_signature == signature {
                        dbid = Some(*id);
                    } else if dbid == Some(*id) {
                        dbid = None;
                    }
                }
                LogEvent::Detach { dbid: id } if dbid == Some(*id) => {
                    last = Some(*at);
                    dbid = None;
                }
                LogEvent::ShutDownMark => shut_down_mark = Some(*at),
                LogEvent::End { keeps_attached: false } if dbid.is_some() => {
                    last = Some(shut_down_mark.unwrap_or(*at));
                    dbid = None;
                }
                _ => {}
            }
        }
    }
    last
}
