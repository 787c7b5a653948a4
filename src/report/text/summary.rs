//! Several databases in a few lines: what scrolled by is said again where the reader looks.

use crate::diagnose::Severity;
use crate::report::Report;
use crate::report::model::{CommandName, DatabaseReport, Outcome};
use crate::show::shown;

use super::page::Page;

/// How many databases are named.
const MOST_NAMED: usize = 20;

impl Page {
    /// How many databases there are, and how they ended, in front of them.
    pub(super) fn headline(&mut self, report: &Report) {
        if let (Some(headline), false) = (headline(report), self.style.quiet) {
            self.heading(headline);
            self.blank();
        }
    }

    /// The headline once more behind the databases, and those with which not all is well, each with the
    /// reasons why.
    pub(super) fn summary(&mut self, report: &Report) {
        let Some(headline) = headline(report) else { return };
        let mut bad = worst_first(report);
        bad.retain(|database| database.outcome.exit_code() != 0);
        if bad.is_empty() || self.style.quiet {
            return;
        }
        self.heading(headline);
        for database in bad.iter().take(MOST_NAMED) {
            self.line(format!("  {}", shown(&database.path)));
            let reasons = reasons(database, report);
            if !reasons.is_empty() {
                self.words(4, "", reasons);
            }
        }
        if bad.len() > MOST_NAMED {
            self.line(format!("  and {} more", bad.len() - MOST_NAMED));
        }
    }
}

/// One line that counts the outcomes, the worst first; `None` of a single database or file.
pub(in crate::report) fn headline(report: &Report) -> Option<String> {
    let databases = worst_first(report);
    let count = databases.len();
    if count < 2 || report.aside.group.is_some() {
        return None;
    }
    let alike = databases.chunk_by(|a, b| a.outcome == b.outcome);
    let counted =
        alike.map(|some| format!("{} {}", some.len(), in_words(some[0].outcome, &report.command)));
    let counted: Vec<String> = counted.collect();
    let what = if count > report.databases.len() { "files and log streams" } else { "databases" };
    Some(format!("{count} {what}: {}", counted.join(", ")))
}

/// The databases, and what else was verified.
fn worst_first(report: &Report) -> Vec<&DatabaseReport> {
    let files = report.files.iter().map(|file| &file.file);
    let files = files.filter(|_| report.command == CommandName::Verify);
    let mut sorted: Vec<&DatabaseReport> = report.databases.iter().chain(files).collect();
    sorted.sort_by_key(|database| {
        std::cmp::Reverse((database.outcome.rank(), database.outcome.exit_code()))
    });
    sorted
}

fn reasons(database: &DatabaseReport, report: &Report) -> String {
    let refusals = report.refusals.iter().filter(|refusal| refusal.path == database.path);
    let mut ids: Vec<&str> = refusals.map(|refusal| refusal.id.name()).collect();
    if ids.is_empty() && database.outcome == Outcome::Findings {
        let errors = database.findings.iter().filter(|f| f.severity == Severity::Error);
        ids = errors.map(|finding| finding.id.name()).collect();
    }
    ids.dedup();
    ids.join(", ")
}

fn in_words(outcome: Outcome, command: &CommandName) -> &'static str {
    match (outcome, command) {
        (Outcome::Committed, _) => "done",
        (Outcome::Planned, _) => "would be done",
        (Outcome::NothingToDo, _) => "with nothing to do",
        (Outcome::Ok, CommandName::Verify) => "good",
        (Outcome::Ok, _) => "without errors",
        (Outcome::Findings, CommandName::Verify) => "with damage",
        (Outcome::Findings, _) => "with errors",
        (Outcome::Refused, _) => "refused",
        (Outcome::Declined, _) => "declined",
        (Outcome::Failed, _) => "failed",
        (Outcome::RolledBack, _) => "rolled back",
        (Outcome::Overtaken, _) => "closed",
        (Outcome::Pending, _) => "NOT FINISHED",
        (Outcome::Usage, _) => "not understood",
    }
}
