//! Several databases in a few lines: what scrolled by is said again where the reader looks.

use super::types::{DatabaseReport, Outcome, Report};

/// How many databases are named.
const MOST_NAMED: usize = 20;

/// One line that counts the outcomes, the worst first; `None` of a single database.
pub(super) fn headline(report: &Report) -> Option<String> {
    let databases = worst_first(&report.databases);
    let (count, rest) = (databases.len(), databases.as_slice());
    if count < 2 || report.group.is_some() {
        return None;
    }
    let groups = rest.chunk_by(|a, b| a.outcome == b.outcome);
    let counted = groups.map(|group| {
        let word = in_words(group[0].outcome, &report.command);
        format!("{} {word}", group.len())
    });
    let counted: Vec<String> = counted.collect();
    Some(format!("{count} databases: {}", counted.join(", ")))
}

/// The databases with which not all is well, each with the reasons why.
pub(super) fn lines(report: &Report) -> Vec<(String, String)> {
    let bad = worst_first(&report.databases).into_iter().filter(|d| d.outcome.exit_code() != 0);
    let bad: Vec<&DatabaseReport> = bad.collect();
    let mut lines: Vec<(String, String)> = bad
        .iter()
        .take(MOST_NAMED)
        .map(|database| (database.path.clone(), reasons(database, report)))
        .collect();
    if bad.len() > MOST_NAMED {
        lines.push((format!("and {} more", bad.len() - MOST_NAMED), String::new()));
    }
    lines
}

fn worst_first(databases: &[DatabaseReport]) -> Vec<&DatabaseReport> {
    let mut sorted: Vec<&DatabaseReport> = databases.iter().collect();
    sorted.sort_by_key(|database| {
        std::cmp::Reverse((database.outcome.rank(), database.outcome.exit_code()))
    });
    sorted
}

fn reasons(database: &DatabaseReport, report: &Report) -> String {
    let refusals = report.refusals.iter().filter(|refusal| refusal.path == database.path);
    let mut ids: Vec<&str> = refusals.map(|refusal| refusal.id.name()).collect();
    if ids.is_empty() && database.outcome == Outcome::Findings {
        let errors =
            database.findings.iter().filter(|f| f.severity == crate::diagnose::Severity::Error);
        ids = errors.map(|finding| finding.id.name()).collect();
    }
    ids.dedup();
    ids.join(", ")
}

fn in_words(outcome: Outcome, command: &str) -> &'static str {
    match outcome {
        Outcome::Committed => "done",
        Outcome::Planned => "would be done",
        Outcome::NothingToDo => "with nothing to do",
        Outcome::Ok if command == "verify" => "good",
        Outcome::Ok => "without errors",
        Outcome::Findings if command == "verify" => "with bad pages",
        Outcome::Findings => "with errors",
        Outcome::Refused => "refused",
        Outcome::Declined => "declined",
        Outcome::Failed => "failed",
        Outcome::RolledBack => "rolled back",
        Outcome::Overtaken => "closed",
        Outcome::Pending => "NOT FINISHED",
        Outcome::Usage => "not understood",
    }
}
