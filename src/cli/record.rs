//! The reports that stay in an operation folder.

use std::path::Path;

use crate::apply::{leave_report, read_sums};
use crate::report::{DatabaseReport, DigestReport, Report, render_record};

use super::session::Session;

/// Name of the report for programs.
pub const JSON_NAME: &str = "report.json";
/// Name of the report for people.
const TEXT_NAME: &str = "report.txt";

/// Leaves `report.json` and `report.txt` of a finished operation in its folder; gives back what could
/// not be saved, in words.
pub fn leave(session: &Session, report: Report, dir: &Path) -> Vec<String> {
    session.stage("writing report.json and report.txt");
    let storage = session.storage();
    let sums = read_sums(storage, dir).into_iter();
    let digests = sums.map(|(sha256, name)| DigestReport { name, sha256 }).collect();
    let report = whole(Report { run: Some(session.run()), digests, ..report });
    let json = serde_json::to_string_pretty(&report).unwrap_or_default() + "\n";
    [(JSON_NAME, json), (TEXT_NAME, render_record(&report))]
        .iter()
        .filter_map(|(name, text)| leave_report(storage, dir, name, text).err())
        .collect()
}

/// What was on the screen before the question belongs to the record all the same.
fn whole(mut report: Report) -> Report {
    let unshown = |database| DatabaseReport { plan_was_shown: false, ..database };
    report.databases = report.databases.into_iter().map(unshown).collect();
    if let Some(group) = &mut report.group {
        group.plan_was_shown = false;
    }
    report
}
