//! Closed logs without a current one: an archive, a copy that only ever gets closed logs, or a loss.

use super::chain::{Chain, name_of};
use super::instance::{Instance, Member};
use super::sequence::reset_command;
use super::{Finding, FindingId, Severity};

pub(super) fn judge(instance: &Instance) -> Option<Finding> {
    let newest = instance.chain.stream.archives.last()?;
    if instance.chain.stream.current.is_some() {
        return None;
    }
    let current = instance.chain.current_name();
    // With a temporary log the engine starts without the current one.
    let starts = instance.set.has_temporary;
    if instance.is_archive() || !instance.is_live() && !starts {
        return Some(archive(&current));
    }
    if starts {
        return None;
    }
    let (consequence, remedy) = cover(instance).in_words(instance.chain);
    Some(Finding::new(
        FindingId::ClosedLogsOnly,
        format!(
            "Missing log file: {current}, the current log; the last closed one is {}",
            name_of(newest)
        ),
        format!(
            "The engine refuses to start while closed logs are there without the current one: error -528. {consequence}"
        ),
        remedy,
    ))
}

/// A backup set, or logs put aside.
fn archive(current: &str) -> Finding {
    Finding::new(
        FindingId::ClosedLogsOnly,
        format!("closed logs alone, without {current}: an archive"),
        "There is nothing to mount here.",
        "Nothing to do.",
    )
    .with_severity(Severity::Info)
}

/// What the closed logs have of what the dirty databases need.
enum Cover {
    /// No database is dirty.
    AllClean,
    /// All that was committed.
    Committed,
    /// All that is required.
    Required,
    /// Less.
    Less,
}

fn cover(instance: &Instance) -> Cover {
    let last = instance.chain.last().unwrap_or_default();
    let dirty: Vec<&Member> =
        instance.databases.iter().filter(|member| !member.is_clean()).collect();
    let reach =
        |generation: &dyn Fn(&Member) -> i32| dirty.iter().all(|member| generation(member) <= last);
    if dirty.is_empty() {
        Cover::AllClean
    } else if reach(&|member| member.header.raw.gen_max_committed.get().max(max_required(member))) {
        Cover::Committed
    } else if reach(&max_required) {
        Cover::Required
    } else {
        Cover::Less
    }
}

fn max_required(member: &Member) -> i32 {
    member.header.raw.gen_max_required.get()
}

impl Cover {
    fn in_words(&self, chain: &Chain) -> (&'static str, String) {
        match self {
            Self::AllClean => (
                "All stores are clean, and need no log.",
                format!(
                    "Bring the current log back. If it is lost, move the other logs away, too: {}",
                    reset_command(chain)
                ),
            ),
            Self::Committed => (
                "The closed logs hold all that was committed, as in a passive copy of a database.",
                "Nothing is lost: soft recovery makes the databases clean (see the way out).".into(),
            ),
            Self::Required => (
                "The closed logs hold all that recovery requires, and not all that was committed.",
                "Bring the current log back. If it is lost, what it held is lost (see the way out).".into(),
            ),
            Self::Less => (
                "The closed logs do not hold all that recovery requires.",
                "Bring the missing logs back (see required-log-missing).".into(),
            ),
        }
    }
}
