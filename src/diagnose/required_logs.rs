//! The logs that soft recovery of a dirty database needs: which are there, missing, damaged.

use std::collections::BTreeSet;

use crate::ese::{DbHeader, DbState, LogFileName};
use crate::show::{quoted, shown};
use crate::survey::{DatabaseFacts, GroupFacts, LogFile};

use super::chain::{Chain, named_generation};
use super::generation_range::{self, GenerationRange, few};
use super::unclean::required;
use super::{Finding, FindingId};

/// What recovery of one database needs, and what of it is there.
pub(super) struct RequiredLogs {
    /// From the first required to the last committed generation.
    pub needed: GenerationRange,
    /// The last one without which recovery is impossible.
    pub last_required: i32,
    /// Needed, and no file is there.
    pub missing: Vec<GenerationRange>,
    /// Needed, and a file of that name is there, but cannot be used.
    pub damaged: Vec<GenerationRange>,
    /// Whether some could not be read, so that nobody knows whether they can be used.
    pub unread: bool,
    /// The name of the first missing log.
    first_missing_name: String,
}

impl RequiredLogs {
    /// `None` for a database that needs no logs.
    pub fn of(header: &DbHeader, chains: &[Chain]) -> Option<Self> {
        if header.state() == DbState::CleanShutdown {
            return None;
        }
        let (first, last_required) = required(header)?;
        let raw = &header.raw;
        let needed =
            GenerationRange { first, last: last_required.max(raw.gen_max_committed.get()) };
        let ours =
            |chain: &&Chain| chain.signature.is_none_or(|signature| signature == raw.log_signature);
        let chains: Vec<&Chain> = chains.iter().filter(ours).collect();
        let usable: BTreeSet<i32> = chains.iter().flat_map(|chain| chain.usable()).collect();
        let named = chains.iter().flat_map(|chain| chain.named.iter().copied());
        let mut unusable: BTreeSet<i32> = named
            .filter(|generation| needed.contains(*generation) && !usable.contains(generation))
            .collect();
        unusable.extend(generations_of(&chains, needed, |chain| &chain.damaged));
        let unread = generations_of(&chains, needed, |chain| &chain.unread);
        unusable.retain(|generation| !unread.contains(generation));
        let there: BTreeSet<i32> =
            [&usable, &unusable, &unread].into_iter().flatten().copied().collect();
        let missing = generation_range::missing(needed, &there);
        let name = |generation| match chains.first() {
            Some(chain) => chain.file_name(generation),
            None => format!("Exx{generation:05X}.log"),
        };
        let first_missing_name = missing.first().map_or(String::new(), |range| name(range.first));
        Some(Self {
            needed,
            last_required,
            damaged: generation_range::runs(&unusable),
            missing,
            unread: !unread.is_empty(),
            first_missing_name,
        })
    }

    /// Whether any of these ranges holds a generation without which recovery is impossible.
    pub fn blocks(&self, ranges: &[GenerationRange]) -> bool {
        ranges.iter().any(|range| range.first <= self.last_required)
    }
}

/// The needed generations of files that have no usable header: by their names. The current log has
/// none in its name, and is taken for the one behind the closed logs.
fn generations_of<'a>(
    chains: &[&'a Chain<'a>],
    needed: GenerationRange,
    files: impl Fn(&'a Chain<'a>) -> &'a [&'a LogFile],
) -> BTreeSet<i32> {
    let of_chain = |chain: &&'a Chain<'a>| -> Vec<i32> {
        let behind = chain.named.last().map_or(Some(needed.last), |last| last.checked_add(1));
        let generation = |log: &&LogFile| match log.name {
            LogFileName::Current { .. } => behind,
            _ => named_generation(log),
        };
        files(chain).iter().filter_map(generation).collect()
    };
    let all = chains.iter().flat_map(of_chain);
    all.filter(|&generation| needed.contains(generation)).collect()
}

pub(super) fn judge(
    facts: &DatabaseFacts,
    required: &RequiredLogs,
    group: &GroupFacts,
) -> Vec<Finding> {
    let findings = [missing(facts, required, group), damaged(facts, required)];
    findings.into_iter().flatten().collect()
}

fn missing(facts: &DatabaseFacts, required: &RequiredLogs, group: &GroupFacts) -> Option<Finding> {
    required.missing.first()?;
    let elsewhere = if facts.logs.as_ref().is_some_and(|logs| logs.only_foreign) {
        "; the logs there belong to another stream"
    } else {
        ""
    };
    Some(
        Finding::new(
            FindingId::RequiredLogMissing,
            format!(
                "{}; generation {} is not in {} (the first would be {}){elsewhere}",
                need(required),
                few(&required.missing),
                shown(&group.folders.log_dir),
                required.first_missing_name
            ),
            consequence(required, &required.missing, "-543"),
            format!(
                "Bring these logs back, or show where they are: edbmend check --log-dir DIR {}. If \
                 they are lost, restore the database from a backup.",
                quoted(&facts.path)
            ),
        )
        .of_field("log_required"),
    )
}

fn damaged(facts: &DatabaseFacts, required: &RequiredLogs) -> Option<Finding> {
    required.damaged.first()?;
    Some(
        Finding::new(
            FindingId::RequiredLogDamaged,
            format!(
                "{}; generation {} is there, but cannot be used",
                need(required),
                few(&required.damaged)
            ),
            consequence(required, &required.damaged, "-501"),
            format!(
                "Bring a good copy of these logs back, then: edbmend check {}. If there is none, \
                 restore the database from a backup.",
                quoted(&facts.path)
            ),
        )
        .of_field("log_required"),
    )
}

fn need(required: &RequiredLogs) -> String {
    let required_range =
        GenerationRange { first: required.needed.first, last: required.last_required };
    if required.needed.last == required.last_required {
        format!("Log Required: {required_range}")
    } else {
        format!("Log Required: {required_range}, Log Committed: up to {}", required.needed.last)
    }
}

fn consequence(required: &RequiredLogs, ranges: &[GenerationRange], error: &str) -> String {
    if required.blocks(ranges) {
        format!("Soft recovery fails (error {error}), and the database does not mount without it.")
    } else {
        "Soft recovery answers -582: what these logs hold was committed and would be lost, though the \
         database itself could be made consistent."
            .into()
    }
}
