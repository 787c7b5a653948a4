//! The sequence of a log stream: gaps, logs that do not join, and the end of the numbers.

use std::path::Path;

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use serde::Serialize;

use crate::ese::LogTime;
use crate::show::{quoted, shown};
use crate::survey::LogSummary;

use super::chain::{Chain, name_of, named_generation};
use super::generation_range::few;
use super::{Finding, FindingId, Severity};

pub(super) fn judge(chain: &Chain) -> Vec<Finding> {
    [gaps(chain), broken_joins(chain), name_taken(chain), ending(chain)]
        .into_iter()
        .flatten()
        .collect()
}

fn gaps(chain: &Chain) -> Option<Finding> {
    let first = chain.missing.first()?;
    let (from, to) = (chain.first()?, chain.last()?);
    let folder = chain.stream.in_order().next()?.path.parent()?.to_owned();
    Some(Finding::new(
        FindingId::LogGap,
        format!(
            "Missing log file: {}: generation {} is not among the logs {from}-{to} \
             (0x{from:x}-0x{to:x})",
            chain.file_name(first.first),
            few(&chain.missing)
        ),
        "An incremental backup stops at the gap with error -569 and event 459. A recovery or a \
         roll-forward cannot go past it.",
        format!(
            "Bring the missing logs back into {} from a backup. If they are lost: mount, if the stores \
             are in Clean Shutdown, and run a full backup, which begins behind the gap.",
            shown(&folder)
        ),
    ))
}

/// The reset of this stream, with the folders in which it was found.
pub(super) fn reset_command(chain: &Chain) -> String {
    let folder = |path: &Path| path.parent().unwrap_or(Path::new("/")).to_owned();
    let logs = chain.stream.in_order().next().map(|log| folder(&log.path));
    let system = chain.stream.checkpoint.as_ref().map(|file| folder(&file.path));
    let mut command = format!("edbmend reset-logs --prefix {}", chain.stream.base);
    if let Some(system) = system.filter(|system| Some(system) != logs.as_ref()) {
        command += &format!(" --system-dir {}", quoted(&system));
    }
    command + &format!(" {}", quoted(&logs.unwrap_or_default()))
}

/// A log names the creation time of the one before it.
fn broken_joins(chain: &Chain) -> Option<Finding> {
    let joins = |before: &LogSummary, after: &LogSummary| {
        after.generation != before.generation.saturating_add(1)
            || after.previous_created == before.created
    };
    let broken: Vec<_> =
        chain.logs.windows(2).filter(|pair| !joins(pair[0].1, pair[1].1)).collect();
    let [before, after] = broken.first()? else { return None };
    let names: Vec<String> = broken.iter().map(|pair| name_of(pair[1].0)).collect();
    Some(Finding::new(
        FindingId::LogGap,
        format!(
            "{}: prev gen time: {}, but {} has the creation time: {}",
            few(&names),
            after.1.previous_created,
            name_of(before.0),
            before.1.created
        ),
        "These logs do not follow on the ones before them, though their numbers do: recovery stops \
         with error -515.",
        "One of the two was brought here from another time, perhaps by a restore. Move the logs that \
         do not belong here to a folder of their own.",
    ))
}

/// A file under the name that the current log gets when it is closed, or a later one.
fn name_taken(chain: &Chain) -> Option<Finding> {
    let current = chain.current()?.generation;
    let named = chain.stream.archives.iter().filter(|log| named_generation(log) >= Some(current));
    let names: Vec<String> = named.map(name_of).collect();
    (!names.is_empty()).then(|| {
        Finding::new(
            FindingId::NameTaken,
            format!(
                "{}: the current log is generation {current} (0x{current:x}), and will get the name {}",
                few(&names),
                chain.file_name(current)
            ),
            "Recovery of a dirty database takes that file for a log, and stops (-515). Clean ones mount, and when the \
             current log is full everything ends with -510 (event 492).",
            "Move that file away. Delete it only if you know what it is: it may be a log of another time.",
        )
    })
}

/// How much of the numbers is used up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SequenceUse {
    /// Generations left until updates fail with -519.
    pub generations_left: u32,
    /// Share that is used, per cent, one decimal.
    pub per_cent_used: f64,
    /// The day on which they run out, at the rate that the creation times of the logs show; in the
    /// zone of these times. `None` where the logs cover less than an hour, or it is beyond 9999.
    pub runs_out: Option<NaiveDate>,
}

pub(super) fn sequence_use(chain: &Chain) -> Option<SequenceUse> {
    let last_log = u32::try_from(chain.last()?).ok()?;
    let limits = chain.limits()?;
    let generations_left = limits.last.saturating_sub(last_log);
    let tenths = (u64::from(last_log) * 1000) / u64::from(limits.last);
    Some(SequenceUse {
        generations_left,
        per_cent_used: tenths as f64 / 10.0,
        runs_out: runs_out(chain, generations_left),
    })
}

/// Logs of a shorter time show no rate.
const SHORTEST_SPAN_SECONDS: i64 = 3600;

fn runs_out(chain: &Chain, generations_left: u32) -> Option<NaiveDate> {
    let (_, first) = chain.logs.first()?;
    let (_, last) = chain.logs.last()?;
    let (from, to) = (moment(first.created)?, moment(last.created)?);
    let generations = i64::from(last.generation) - i64::from(first.generation);
    let seconds = (to - from).num_seconds();
    if generations <= 0 || seconds < SHORTEST_SPAN_SECONDS {
        return None;
    }
    let left = i128::from(generations_left) * i128::from(seconds) / i128::from(generations);
    let left = TimeDelta::try_seconds(i64::try_from(left).ok()?)?;
    let end = to.checked_add_signed(left)?.date();
    (end.year() <= 9999).then_some(end)
}

fn moment(time: LogTime) -> Option<NaiveDateTime> {
    let date =
        NaiveDate::from_ymd_opt(1900 + i32::from(time.year), time.month.into(), time.day.into())?;
    date.and_hms_opt(time.hours.into(), time.minutes.into(), time.seconds.into())
}

/// From this share on the end is worth a warning, per cent.
const WARNED_FROM_PER_CENT: f64 = 75.0;

fn ending(chain: &Chain) -> Option<Finding> {
    let (used, limits) = (sequence_use(chain)?, chain.limits()?);
    let generation = chain.last()?;
    let events_began = u32::try_from(generation).is_ok_and(|last| last > limits.warned_above);
    if !events_began && used.per_cent_used < WARNED_FROM_PER_CENT {
        return None;
    }
    let end = used.runs_out.map_or(String::new(), |day| {
        format!(" At the rate that the creation times of these logs show, they run out on {day}.")
    });
    let event = if events_began {
        "The engine warns of it with event 514."
    } else {
        "The engine does not warn of it yet; event 514 follows."
    };
    let finding = Finding::new(
        FindingId::LogSequenceEnding,
        format!(
            "{}: lGeneration: {generation} (0x{generation:X}) of {last} (0x{last:X}): {:.1} per cent \
             used, {} generations left.{end}",
            chain.stream.base,
            used.per_cent_used,
            used.generations_left,
            last = limits.last
        ),
        format!(
            "{event} After the last generation every update fails with -519 and the stores stop."
        ),
        format!(
            "In good time: dismount all stores of the group, begin a new sequence by the command at the \
             end, mount, and run a full backup at once: {}",
            reset_command(chain)
        ),
    );
    Some(if events_began { finding.with_severity(Severity::Error) } else { finding })
}
