//! The reports that stay in an operation folder.

use crate::apply::{REPORT_NAME, leave_report, read_sums};
use crate::report::{DigestReport, Report, write_json, write_record};

use super::run::Run;

/// Name of the report for people.
const TEXT_NAME: &str = "report.txt";

/// Leaves `report.json` and `report.txt` of a finished operation in its folder; gives back what could
/// not be saved, in words.
pub(crate) fn leave(run: &Run, report: Report) -> Vec<String> {
    let Some(dir) = report.operation.as_ref().map(|operation| operation.dir.clone()) else {
        return Vec::new();
    };
    run.stage("writing report.json and report.txt");
    let storage = run.storage();
    let sums = read_sums(storage, &dir).into_iter();
    let digests = sums.map(|(sha256, name)| DigestReport { name, sha256 }).collect();
    let report = Report { run: Some(run.report()), digests, ..report };
    let json = leave_report(storage, &dir, REPORT_NAME, |out| write_json(&report, out));
    let text = leave_report(storage, &dir, TEXT_NAME, |out| write_record(&report, out));
    [json, text].into_iter().filter_map(Result::err).collect()
}
