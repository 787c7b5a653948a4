//! The reports that stay in an operation folder.

use crate::apply::{REPORT_NAME, leave_report, read_sums};
use crate::report::model::DigestReport;
use crate::report::{Note, Report, write_json, write_record};
use crate::storage::StorageError;

use super::run::Run;

/// Name of the report for people.
const TEXT_NAME: &str = "report.txt";

/// Leaves `report.json` and `report.txt` of a finished operation in its folder; gives back which of
/// them could not be saved.
pub(crate) fn leave(run: &Run, report: Report) -> Vec<Note> {
    let Some(dir) = report.operation.as_ref().map(|operation| operation.dir.clone()) else {
        return Vec::new();
    };
    run.stage("writing report.json and report.txt");
    let storage = run.storage();
    let sums = read_sums(storage, &dir).into_iter();
    let mut report = report.run_by(run.report());
    report.document.digests = sums.map(|(sha256, name)| DigestReport { name, sha256 }).collect();
    let json = leave_report(storage, &dir, REPORT_NAME, |out| write_json(&report, out));
    let text = leave_report(storage, &dir, TEXT_NAME, |out| write_record(&report, out));
    let failed = [json, text].into_iter().filter_map(Result::err);
    let note = |error: StorageError| Note::ReportNotSaved {
        folder: dir.clone(),
        error: error.to_string(),
    };
    failed.map(note).collect()
}
