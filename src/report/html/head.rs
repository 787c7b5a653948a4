//! The first lines: the answer.

use maud::{Markup, html};

use crate::report::Report;
use crate::report::model::{Outcome, VerdictId};
use crate::report::text::{headline, verdict_of, verdict_of_database};
use crate::show::shown;

/// The answer in one sentence: of a check its verdict, else how it ended.
pub(super) fn answer(report: &Report) -> String {
    match &report.verdict {
        Some(verdict) => verdict.words.clone(),
        None => capitalised(&how_it_ended(report)),
    }
}

fn how_it_ended(report: &Report) -> String {
    if report.aside.group.is_some() {
        let is_undo = report.steps.moves().is_some_and(|plan| plan.undoes.is_some());
        return match (report.outcome, is_undo) {
            (Outcome::Committed, true) => "done: all files are back where they were".to_owned(),
            (Outcome::Committed, false) => {
                "done: all logs and the checkpoint of the stream were moved".to_owned()
            }
            _ => verdict_of(report).to_owned(),
        };
    }
    match report.databases.as_slice() {
        [] => verdict_of(report).to_owned(),
        [only] => verdict_of_database(only, report).to_owned(),
        _ => headline(report).unwrap_or_default(),
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// The answer, with what was run, where and when.
pub(super) fn head(report: &Report) -> Markup {
    html! {
        header class=(class_of(report)) {
            p { "edbmend " (report.version) ", " (shown(report.command.as_str())) }
            h1 { (shown(&answer(report))) }
            p {
                "Outcome: " strong { (report.outcome.name()) } ", exit code " (report.exit_code)
                @if let Some(run) = &report.run {
                    ". On " strong { (shown(&run.host)) } ", " (shown(&run.finished))
                }
            }
        }
    }
}

fn class_of(report: &Report) -> &'static str {
    match (&report.verdict, report.outcome) {
        (Some(verdict), _) if verdict.id.is_good() => "good",
        (Some(verdict), _) if verdict.id <= VerdictId::NeedsRecovery => "neutral",
        (Some(_), _) => "bad",
        (None, Outcome::Committed | Outcome::Overtaken | Outcome::Ok) => "good",
        (None, Outcome::Planned | Outcome::NothingToDo | Outcome::Declined) => "neutral",
        (None, _) => "bad",
    }
}
