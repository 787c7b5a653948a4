//! Databases that are later than the end of their logs.

use crate::ese::LgPos;
use crate::show::shown;

use super::instance::{Instance, Member};
use super::sequence::reset_command;
use super::{Finding, FindingId};

/// The clean databases whose last detach lies behind the last log.
pub(super) fn judge(instance: &Instance) -> Vec<Finding> {
    let Some(last) = last_generation(instance) else { return Vec::new() };
    let newer = |member: &&Member| member.is_clean() && left_at(member).generation > last;
    let found = instance.databases.iter().filter(newer);
    found.map(|member| newer_than_logs(member, last, instance)).collect()
}

/// The last generation that is there; `None` where a log cannot be read or used, so that nobody knows.
fn last_generation(instance: &Instance) -> Option<i32> {
    let chain = instance.chain;
    let is_known = chain.unread.is_empty() && chain.damaged.is_empty() && chain.foreign.is_empty();
    chain.last().filter(|_| is_known && !instance.is_archive())
}

fn left_at(member: &Member) -> LgPos {
    member.header.last_detach().max(member.header.last_consistent())
}

fn newer_than_logs(member: &Member, last: i32, instance: &Instance) -> Finding {
    let left = left_at(member);
    let all_clean = instance.databases.iter().all(Member::is_clean);
    let remedy = if all_clean {
        format!(
            "Bring the later logs back, if there are any. Else begin a new log stream before the next mount: {}",
            reset_command(instance.chain)
        )
    } else {
        "Bring the later logs back.".to_owned()
    };
    Finding::new(
        FindingId::DatabaseNewerThanLogs,
        format!(
            "{}: it was left in generation {} (0x{:x}) at {left}, and the logs end with {last} (0x{last:x})",
            shown(&member.facts.path),
            left.generation,
            left.generation,
        ),
        "Logs are missing at the end, or are of an earlier time. If the store mounts, the engine writes these numbers a \
         second time, and nobody can tell the old logs from the new ones.",
        remedy,
    )
    .of_file(&member.facts.path)
}
