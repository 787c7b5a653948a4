//! How it ended, in one line.

use crate::refusal::{Refusal, RefusalId};
use crate::report::Report;
use crate::report::model::{CommandName, DatabaseReport, Outcome};
use crate::show::Colour;

use super::page::Page;

/// How something ended, and in which words.
pub(super) struct Verdict {
    outcome: Outcome,
    words: &'static str,
}

impl Page {
    pub(super) fn verdict(&mut self, Verdict { outcome, words }: Verdict) {
        let text = self.painted(words, colour(outcome));
        self.words(2, "", text);
    }
}

fn colour(outcome: Outcome) -> Colour {
    match outcome {
        Outcome::Committed | Outcome::Overtaken => Colour::new().green().bold(),
        Outcome::Planned | Outcome::NothingToDo | Outcome::Ok => Colour::new().green(),
        Outcome::Declined => Colour::new().yellow(),
        Outcome::Usage => Colour::new().red(),
        Outcome::Refused
        | Outcome::Failed
        | Outcome::RolledBack
        | Outcome::Findings
        | Outcome::Pending => Colour::new().red().bold(),
    }
}

const STOPPED: &str = "stopped, nothing was changed";

/// Whether Ctrl-C, or a polite kill, is one of the reasons.
fn was_interrupted(reasons: &[&Refusal]) -> bool {
    reasons.iter().any(|reason| reason.id == RefusalId::Interrupted)
}

/// Of a database, and why it was not done.
fn of_database(outcome: Outcome, report: &Report, reasons: &[&Refusal]) -> Verdict {
    use CommandName::{Check, Inspect, Recover, Verify};
    let words = match (outcome, &report.command) {
        (Outcome::Planned, _) if report.aside.is_dry_run => {
            "dry run: nothing was written; this plan would be carried out"
        }
        (Outcome::Planned, Recover) => "dry run: nothing was written; this is what would be done",
        (Outcome::Failed, Check | Verify | Inspect) => {
            "failed: nothing can be said about this file"
        }
        (Outcome::Failed, _) if was_interrupted(reasons) => STOPPED,
        (Outcome::Ok, Verify) => "every page that was checked is good",
        (Outcome::Findings, Verify) => "bad pages found",
        _ => in_words(outcome),
    };
    Verdict { outcome, words }
}

/// Of a run as a whole, in one line.
pub(in crate::report) fn verdict_of(report: &Report) -> &'static str {
    let reasons: Vec<&Refusal> = report.refusals.iter().collect();
    match report.aside.group {
        Some(_) => of_group(report, &reasons).words,
        None => of_database(report.outcome, report, &reasons).words,
    }
}

/// Of a database, in one line.
pub(in crate::report) fn verdict_of_database(
    database: &DatabaseReport,
    report: &Report,
) -> &'static str {
    ended(database, report).words
}

/// How it ended for a database of a report.
pub(super) fn ended(database: &DatabaseReport, report: &Report) -> Verdict {
    let recovered = of_recovery(database).filter(|_| report.command == CommandName::Recover);
    let reasons = || report.refusals.iter().filter(|refusal| concerns(refusal, database, report));
    recovered
        .or_else(|| of_missing_pages(database, report))
        .unwrap_or_else(|| of_database(database.outcome, report, &reasons().collect::<Vec<_>>()))
}

/// Of a database all of whose pages are good, and some are missing.
fn of_missing_pages(database: &DatabaseReport, report: &Report) -> Option<Verdict> {
    let outcome = database.outcome;
    let are_good = database.pages.as_ref().is_some_and(|pages| pages.bad_pages() == 0);
    (report.command == CommandName::Verify && outcome == Outcome::Findings && are_good)
        .then_some(Verdict { outcome, words: "pages are missing" })
}

/// Of a storage group as a whole, and why it was not done.
pub(super) fn of_group(report: &Report, reasons: &[&Refusal]) -> Verdict {
    let outcome = report.outcome;
    let words = match outcome {
        Outcome::Planned if report.aside.is_dry_run => {
            "dry run: no file was moved; this plan would be carried out"
        }
        Outcome::Planned => "no file was moved; this plan would be carried out",
        Outcome::Refused => "refused: no file was moved",
        Outcome::Declined => "you said no: no file was moved",
        Outcome::Failed if was_interrupted(reasons) => STOPPED,
        Outcome::Failed => "failed: every file is where it was",
        Outcome::RolledBack => "failed and rolled back: every file is where it was",
        _ => in_words(outcome),
    };
    Verdict { outcome, words }
}

fn in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Committed => "done: both header copies were written, read back and verified",
        Outcome::Planned => "nothing was written; this plan would be carried out",
        Outcome::NothingToDo => "nothing to do",
        Outcome::Ok => "no errors found",
        Outcome::Findings => "errors found",
        Outcome::Refused => "refused: nothing was written",
        Outcome::Declined => "you said no: nothing was written",
        Outcome::Failed => "failed: nothing was changed",
        Outcome::RolledBack => "failed and rolled back: the header is as it was before",
        Outcome::Overtaken => "closed: what somebody else wrote since stays as it is",
        Outcome::Pending => "NOT FINISHED: run edbmend recover before anything else",
        Outcome::Usage => "wrong usage",
    }
}

/// Of an operation that `recover` ended: a header was written, or logs were moved, or it is not known
/// what was meant, because nothing was begun. `None` where it is not ended.
fn of_recovery(database: &DatabaseReport) -> Option<Verdict> {
    let is_undo = database.steps.moves().map(|plan| plan.undoes.is_some());
    let words = match (database.outcome, is_undo) {
        (Outcome::Committed, None) => "done: the operation is finished",
        (Outcome::Committed, Some(false)) => {
            "done: the log reset is finished; all its logs are moved"
        }
        (Outcome::Committed, Some(true)) => {
            "done: the undo is finished; all logs are back where they were"
        }
        (Outcome::RolledBack, Some(false)) => "rolled back: the logs are where they were before",
        (Outcome::RolledBack, Some(true)) => {
            "rolled back: the logs are where they were before the undo"
        }
        (Outcome::RolledBack, None) if database.steps.is_empty() => {
            "closed: the operation had changed nothing; what it had begun is removed"
        }
        (Outcome::RolledBack, None) => "rolled back: the header is as it was before",
        _ => return None,
    };
    // That it was rolled back was asked for.
    Some(Verdict { outcome: Outcome::Committed, words })
}

/// Whether a refusal stands under a database: under the one whose path it has; those of folders under
/// the only one.
pub(super) fn concerns(refusal: &Refusal, database: &DatabaseReport, report: &Report) -> bool {
    refusal.path == database.path
        || (report.databases.len() == 1 && !report.aside.unread.contains(&refusal.path))
}
