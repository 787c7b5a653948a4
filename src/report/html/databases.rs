//! The table of the databases.

use maud::{Markup, html};

use crate::report::Report;
use crate::report::model::{DatabaseReport, FileHeader};
use crate::show::shown;

use super::parts::Section;

/// Nothing where no database was read.
pub(super) fn section(report: &Report) -> Option<Section> {
    let databases = &report.databases;
    let body = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Database" }
                    th scope="col" { "State" }
                    th scope="col" { "Came to" }
                }
            }
            tbody { @for database in databases { (row(database)) } }
        }
    };
    (!databases.is_empty()).then_some(Section { id: "databases", title: "Databases", body })
}

fn row(database: &DatabaseReport) -> Markup {
    let header = database.header.as_ref().and_then(FileHeader::database);
    html! {
        tr {
            th scope="row" { (shown(&database.path)) }
            td { @if let Some(header) = header { (header.state.label()) } @else { "not known" } }
            td { (database.outcome.name()) }
        }
    }
}
