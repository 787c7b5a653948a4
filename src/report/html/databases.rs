//! The table of the databases: what is to be expected of each.

use std::path::Path;

use maud::{Markup, html};

use crate::report::Report;
use crate::report::model::{CommandName, DatabaseReport, FileHeader, VerdictId};
use crate::report::overview::{Line, Overview};
use crate::report::text::verdict_of_database;
use crate::show::{path_text, shown};

use super::parts::{Section, letters};

/// Nothing where there is none.
pub(super) fn section(report: &Report) -> Option<Section> {
    let rows: Vec<Markup> = if report.command == CommandName::Check {
        Overview::of(report).lines.iter().map(expected).collect()
    } else {
        report.databases.iter().map(|database| ended(database, report)).collect()
    };
    let body = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Database" }
                    th scope="col" { "State" }
                    th scope="col" { "Verdict" }
                }
            }
            tbody { @for row in &rows { (row) } }
        }
    };
    (!rows.is_empty()).then_some(Section { id: "databases", title: "Databases", body })
}

fn expected(line: &Line) -> Markup {
    let verdict = &line.verdict;
    let class = match verdict.id {
        id if id.is_good() => "good",
        id if id <= VerdictId::NeedsRecovery => "neutral",
        _ => "bad",
    };
    row(&line.path, verdict.state.label(), &verdict.words, class)
}

fn ended(database: &DatabaseReport, report: &Report) -> Markup {
    let header = database.header.as_ref().and_then(FileHeader::database);
    let state = header.map_or("not known", |header| header.state.label());
    let class = if database.outcome.exit_code() == 0 { "good" } else { "bad" };
    let verdict = match report.aside.group {
        Some(_) => database.outcome.name(),
        None => verdict_of_database(database, report).to_owned(),
    };
    row(&database.path, state, &verdict, class)
}

fn row(path: &Path, state: &str, verdict: &str, class: &str) -> Markup {
    let name = path.file_name().map_or_else(|| path_text(path), |name| path_text(Path::new(name)));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    html! {
        tr {
            th scope="row" {
                strong.file { (shown(&name)) }
                @if let Some(folder) = folder { div.folder { (letters(folder.display())) } }
            }
            td { (state) }
            td class=(class) { (shown(verdict)) }
        }
    }
}
