//! The bodies of the logs, as far as they were read: damaged, lost, torn, or not those that the next log
//! goes on from.

use std::path::Path;

use crate::ese::log_body::{BodyDamage, BodyReport, BodyVerdict};
use crate::ese::log_records::WalkReport;
use crate::show::shown;
use crate::survey::{LogBody, LogFile, LogSummary};

use super::chain::Chain;
use super::{Finding, FindingId};

pub(super) fn judge(chain: &Chain) -> Vec<Finding> {
    let read = || {
        chain.logs.iter().filter_map(|&(log, summary)| Some((log, summary, log.body.as_deref()?)))
    };
    let mut findings: Vec<Finding> =
        read().filter_map(|(log, _, body)| of_body(log, body)).collect();
    let pairs = read().zip(read().skip(1));
    findings.extend(pairs.filter_map(|(before, next)| sum_mismatch(before, next)));
    findings
}

fn of_body(log: &LogFile, body: &LogBody) -> Option<Finding> {
    damaged_body(&log.path, &body.report, &body.walk)
}

/// What is wrong with the body of one log.
pub fn damaged_body(path: &Path, body: &BodyReport, walk: &WalkReport) -> Option<Finding> {
    let stop = walk.stop.filter(|stop| stop.reason.is_damage());
    match body.verdict {
        BodyVerdict::Damaged(BodyDamage { offset, fault }) => {
            Some(damaged(path, &format!("at offset {offset}: {fault}")))
        }
        BodyVerdict::Lost => Some(lost(path)),
        BodyVerdict::Torn { offset, mended } => Some(torn(path, offset, mended)),
        BodyVerdict::Sound | BodyVerdict::Corrected | BodyVerdict::Empty => {
            stop.map(|stop| damaged(path, &format!("at {}: {}", stop.at, stop.reason)))
        }
    }
}

fn damaged(path: &Path, what: &str) -> Finding {
    Finding::new(
        FindingId::LogBodyDamaged,
        format!("{} is damaged {what}", shown(path)),
        "Recovery that comes to it stops, and a backup that reads it ends with -612. Until that log is gone, no \
         backup deletes logs.",
        "Bring a good copy of this log back, if there is one. Else see what the next mount does: where that \
         succeeds, mount the stores and run a full backup; where it fails, the databases decide.",
    )
}

fn lost(path: &Path) -> Finding {
    Finding::new(
        FindingId::LogBodyLost,
        format!("{} is closed, and holds no data of its own", shown(path)),
        "No engine leaves such a log: what it held is lost. Recovery that comes to it stops at the next log \
         (-590), or goes on without what it held.",
        "Bring a good copy of this log back, if there is one. Else run a full backup as soon as the stores are \
         mounted.",
    )
}

fn torn(path: &Path, offset: u64, mended: bool) -> Finding {
    let consequence = if mended {
        "The last write did not come to its end, as by a power loss. The engine mends it at the next start."
    } else {
        "The last write did not come to its end. The engine does not mend it in a closed log."
    };
    Finding::new(
        FindingId::LogTailTorn,
        format!("{} ends in a torn write at offset {offset}", shown(path)),
        consequence,
        "Nothing to do.",
    )
}

type Read<'a> = (&'a LogFile, &'a LogSummary, &'a LogBody);

/// The header of a log repeats the checksum of all segments of the log before.
fn sum_mismatch((before, of_before, body): Read, (next, of_next, _): Read) -> Option<Finding> {
    let joins = of_before.generation.checked_add(1) == Some(of_next.generation);
    let (found, expected) = (body.report.segment_checksum?, of_next.previous_checksum?);
    // A damaged log has another sum, and is told of by itself.
    let is_sound = !matches!(body.report.verdict, BodyVerdict::Damaged(_) | BodyVerdict::Lost);
    (joins && is_sound && found != expected).then(|| {
        Finding::new(
            FindingId::LogSumMismatch,
            format!(
                "{}: the checksum of all segments is 0x{found:016x}, and {} expects 0x{expected:016x}",
                shown(&before.path),
                shown(&next.path)
            ),
            "The log was changed, lost its end, or is another one of that generation. Recovery that comes to it \
             stops with -590 (event 543).",
            "Bring the right copy of this log back, if there is one. Else run a full backup as soon as the \
             stores are mounted.",
        )
    })
}
