//! What is around the sections: the head of the document, its first lines, the list of the sections.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::Report;
use crate::report::model::Outcome;
use crate::show::shown;

use super::parts::Section;

/// Nothing is fetched, sent or run, whatever stands in the page.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// The whole document, under its verdict.
pub(super) fn page(report: &Report, verdict: &str, sections: &[Section]) -> Markup {
    let (command, outcome) = (&report.command, report.outcome);
    let title = format!("{verdict} - edbmend {command}");
    document(
        &title,
        &html! {
            header class=(class_of(outcome)) {
                p.what { "edbmend " (report.version) ", " (shown(command.as_str())) }
                h1 { (shown(verdict)) }
                p {
                    "Outcome: " strong { (outcome.name()) } ", exit code " (report.exit_code)
                    @if let Some(run) = &report.run {
                        ". On " strong { (shown(&run.host)) } ", " (shown(&run.finished))
                    }
                }
            }
            @if sections.len() > 1 {
                nav aria-label="Sections of this page" {
                    ul { @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                }
            }
            main {
                @for Section { id, title, body } in sections {
                    section id=(id) aria-labelledby={ (id) "-title" } {
                        h2 id={ (id) "-title" } { (title) }
                        (body)
                    }
                }
            }
            footer {
                p {
                    "This page fetches nothing and sends nothing. It holds names of files, folders and machines: "
                    "give it to nobody who may not know them."
                }
            }
        },
    )
}

/// A page of a run that has not ended, or was ended from outside.
pub(super) fn unfinished() -> Markup {
    let verdict = "Not finished";
    document(
        verdict,
        &html! {
            header.bad { h1 { (verdict) } }
            main {
                p {
                    "edbmend writes the report here when its run ends. Where nothing runs any more, it was ended "
                    "before it could. Then see whether it left something to finish:"
                }
                pre { code { "edbmend recover --dry-run FOLDER" } }
                p { "FOLDER is that of the database, or of the logs." }
            }
        },
    )
}

fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (shown(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

fn class_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Committed | Outcome::Overtaken | Outcome::Ok => "good",
        Outcome::Planned | Outcome::NothingToDo | Outcome::Declined => "neutral",
        Outcome::Usage
        | Outcome::Refused
        | Outcome::Failed
        | Outcome::RolledBack
        | Outcome::Findings
        | Outcome::Pending => "bad",
    }
}
