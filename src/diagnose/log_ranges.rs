//! Which logs may go: what the next mount needs, what is in a backup, and what the next full backup deletes.
//!
//! Source of what a full backup deletes: `dev/ese/src/ese/backup.cxx`, `ErrBKPrepareLogFiles`, and
//! `ErrLGITruncateLog`: the closed logs below the first that recovery would need, as long as no database outside of
//! the backup still needs them for a roll-forward.

use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::BackupFault;
use crate::ese::backup_info::LAST_GENERATION;
use crate::ese::log_body::BodyVerdict;
use crate::show::path_text;
use crate::survey::LogFile;

use super::chain::{Chain, named_generation};
use super::forecast::{Forecast, ForecastOutcome};
use super::instance::{Instance, Member};

/// What is there of a range of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogRangeState {
    /// Closed logs that can be used, as far as they were read.
    Closed,
    /// The current log.
    Current,
    /// No file is there.
    Missing,
    /// Files that cannot be used: without a valid header, or with a body that was read and is damaged or lost.
    Damaged,
    /// Files that could not be read: of what they hold nothing is known.
    Unread,
}

impl LogRangeState {
    /// `closed`, `current`, `missing`, `damaged`, `unread`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Current => "current",
            Self::Missing => "missing",
            Self::Damaged => "damaged",
            Self::Unread => "unread",
        }
    }
}

/// Consecutive logs of which one thing holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LogRange {
    /// First generation.
    pub from: i32,
    /// Last generation.
    pub to: i32,
    /// What is there.
    pub state: LogRangeState,
    /// Whether the next mount needs them.
    pub needed_to_mount: bool,
    /// Whether the backups that the headers record have them, of every database.
    pub in_backup: bool,
    /// Whether the next full backup of all databases deletes them.
    pub next_full_deletes: bool,
    /// Paths of the databases that keep it from doing so.
    pub held_by: Vec<String>,
}

/// The ranges of a stream, ascending.
pub(super) fn ranges(instance: &Instance, next_full: &Forecast) -> Vec<LogRange> {
    let needs = Needs::of(instance, next_full);
    let mut ranges: Vec<LogRange> = Vec::new();
    for (first, last, state) in pieces(instance.chain) {
        for (from, to) in needs.cut(first, last) {
            let range = needs.range(from, to, state);
            match ranges.last_mut() {
                Some(before)
                    if before.to.checked_add(1) == Some(from) && is_alike(before, &range) =>
                {
                    before.to = to;
                }
                _ => ranges.push(range),
            }
        }
    }
    ranges
}

fn is_alike(one: &LogRange, other: &LogRange) -> bool {
    let of = |range: &LogRange| LogRange { from: 0, to: 0, ..range.clone() };
    of(one) == of(other)
}

/// What is there, in runs: ascending, by generation.
fn pieces(chain: &Chain) -> Vec<(i32, i32, LogRangeState)> {
    let current = chain.current().map(|log| log.generation);
    let (usable, bad_bodies) = (chain.usable(), with_bad_bodies(chain));
    let unread: BTreeSet<i32> =
        chain.unread.iter().filter_map(|log| named_generation(log)).collect();
    let of = |generation: i32| match () {
        () if Some(generation) == current => LogRangeState::Current,
        () if bad_bodies.contains(&generation) => LogRangeState::Damaged,
        () if usable.contains(&generation) => LogRangeState::Closed,
        () if unread.contains(&generation) => LogRangeState::Unread,
        () => LogRangeState::Damaged,
    };
    let mut pieces: Vec<(i32, i32, LogRangeState)> =
        chain.named.iter().map(|&generation| (generation, generation, of(generation))).collect();
    let missing =
        chain.missing.iter().map(|range| (range.first, range.last, LogRangeState::Missing));
    pieces.extend(missing);
    pieces.sort_by_key(|(first, ..)| *first);
    pieces
}

/// The generations of logs whose bodies were read, and are damaged or lost.
fn with_bad_bodies(chain: &Chain) -> BTreeSet<i32> {
    let is_bad = |log: &LogFile| {
        let verdict = log.body.as_ref().map(|body| body.report.verdict);
        matches!(verdict, Some(BodyVerdict::Damaged(_) | BodyVerdict::Lost))
    };
    let bad = chain.logs.iter().filter(|(log, _)| is_bad(log));
    bad.map(|(_, summary)| summary.generation).collect()
}

/// Where one thing ends and another begins.
struct Needs {
    /// First generation that the next mount needs.
    mount: i32,
    /// Last generation that is in a backup of every database.
    backed_up: i32,
    /// Whether a full backup deletes anything.
    deletes: bool,
    /// Databases that recovery has to replay, with the first generation that they need.
    dirty: Vec<(i32, PathBuf)>,
    /// Databases that keep a full backup from its end.
    failing: Vec<PathBuf>,
}

impl Needs {
    fn of(instance: &Instance, next_full: &Forecast) -> Self {
        let checkpoint = instance.set.checkpoint.as_ref().map(|found| found.position.generation);
        let there = checkpoint.filter(|generation| instance.chain.named.contains(generation));
        let dirty: Vec<(i32, PathBuf)> = instance
            .databases
            .iter()
            .filter(|member| !member.is_clean())
            .map(|member| (member.header.raw.gen_min_required.get(), member.facts.path.clone()))
            .collect();
        let required = dirty.iter().map(|(first, _)| *first).filter(|first| *first > 0).min();
        let current = instance.chain.current().map(|log| log.generation);
        let mount = [there, required].into_iter().flatten().min().or(current);
        let backed_up = instance.databases.iter().map(last_in_backup).min().unwrap_or_default();
        let impossible =
            instance.databases.iter().filter(|member| has_impossible_generation(member));
        Self {
            mount: mount.unwrap_or(i32::MAX),
            backed_up,
            deletes: next_full.outcome == ForecastOutcome::Succeeds,
            dirty,
            failing: impossible.map(|member| member.facts.path.clone()).collect(),
        }
    }

    /// A run in parts of which one thing holds each.
    fn cut(&self, first: i32, last: i32) -> Vec<(i32, i32)> {
        let behind_backup = self.backed_up.saturating_add(1);
        let needs = self.dirty.iter().map(|(generation, _)| *generation);
        let mut starts: Vec<i32> = needs.chain([first, self.mount, behind_backup]).collect();
        starts.retain(|start| (first..=last).contains(start));
        starts.sort_unstable();
        starts.dedup();
        let ends = starts.iter().skip(1).map(|next| next - 1).chain([last]);
        starts.iter().copied().zip(ends).collect()
    }

    fn range(&self, from: i32, to: i32, state: LogRangeState) -> LogRange {
        let needed_to_mount = from >= self.mount;
        let is_closed = !matches!(state, LogRangeState::Current | LogRangeState::Missing);
        let next_full_deletes = self.deletes && is_closed && !needed_to_mount;
        let holding = self.dirty.iter().filter(|(first, _)| (1..=from).contains(first));
        let holding = holding.map(|(_, path)| path);
        let failing = self.failing.iter().filter(|_| !self.deletes);
        let mut held_by: Vec<String> = holding.chain(failing).map(|path| path_text(path)).collect();
        held_by.sort();
        held_by.dedup();
        if next_full_deletes || !is_closed {
            held_by.clear();
        }
        LogRange {
            from,
            to,
            state,
            needed_to_mount,
            in_backup: to <= self.backed_up,
            next_full_deletes,
            held_by,
        }
    }
}

/// The last generation that the backups of a database have; 0 where none is recorded.
fn last_in_backup(member: &Member) -> i32 {
    use crate::ese::BackupField::{Full, Incremental};
    let (full, incremental) = (member.header.backup(Full), member.header.backup(Incremental));
    let is_possible = |generation: &u32| *generation <= LAST_GENERATION;
    if full.gen_low == 0 || !is_possible(&full.gen_high) {
        return 0;
    }
    let highest = [full.gen_high, incremental.gen_high].into_iter().filter(is_possible).max();
    highest.and_then(|generation| i32::try_from(generation).ok()).unwrap_or_default()
}

fn has_impossible_generation(member: &Member) -> bool {
    use crate::ese::BackupField::{Full, Incremental};
    let fields = [Full, Incremental].map(|field| member.header.backup(field));
    fields.iter().any(|info| info.fault(u32::MAX) == Some(BackupFault::Impossible))
}
