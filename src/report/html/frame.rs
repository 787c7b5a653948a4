//! What is around the sections: the document, the list of the sections, the last lines.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::Report;
use crate::show::shown;

use super::head::{answer, head};
use super::parts::Section;

/// Nothing is fetched, sent or run, whatever stands in the page.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// The whole document.
pub(super) fn page(report: &Report, sections: &[Section]) -> Markup {
    let title = format!("{} - edbmend {}", answer(report), report.command);
    document(
        &title,
        &html! {
            (head(report))
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
