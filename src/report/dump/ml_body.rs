//! The lines of `eseutil /ml` and `/k` that follow from reading all of a log, and single records.
//!
//! Source: `dev/ese/src/ese/_log/logdump.cxx`. The engine passes over a torn last write that it would mend
//! without a word; here it is told.

use std::path::Path;

use crate::ese::log_body::{BodyReport, BodyVerdict};
use crate::ese::log_records::{WalkReport, WalkStop};
use crate::report::model::{MOST_LISTED_RECORDS, RecordFields, RecordReport};

use super::lines::Lines;

/// JET error number of a damaged log.
const LOG_FILE_CORRUPT: i32 = -501;

/// Prints what `eseutil /ml` says of the body of one log.
pub fn dump_log_body(
    path: &Path,
    body: &BodyReport,
    walk: &WalkReport,
    page_references: u64,
) -> String {
    let mut out = Lines::default();
    out.blank();
    if !matches!(body.verdict, BodyVerdict::Damaged(_)) {
        out.line("      Last Lgpos: ", lower_generation(body));
        if let Some(checksum) = body.segment_checksum {
            out.line("      Accumulated segment checksum: ", format_args!("0x{checksum:016x}"));
        }
    }
    if walk.is_whole() {
        out.blank();
        out.line("Number of database page references:  ", page_references);
    }
    out.integrity(path, body, walk);
    out.text()
}

/// Prints what `eseutil /k` says of one log.
pub fn dump_log_check(path: &Path, body: &BodyReport, walk: &WalkReport) -> String {
    let mut out = Lines::default();
    out.integrity(path, body, walk);
    out.text()
}

/// Prints records of a log, one a line, and where nothing can be read behind them.
pub fn dump_records(records: &[RecordReport], stop: Option<WalkStop>) -> String {
    let mut out = Lines::default();
    out.blank();
    for record in records {
        let said = in_words(&record.value);
        out.line("      ", format_args!("{} {}{said}", record.position, record.kind));
    }
    if records.len() == MOST_LISTED_RECORDS {
        out.line("      there are more records than ", MOST_LISTED_RECORDS);
    }
    if let Some(stop) = stop {
        let said = format_args!("{}: {}", stop.at, stop.reason);
        out.line("      records behind this place cannot be read: ", said);
    }
    out.text()
}

/// What is wrong with a body, in the words of `eseutil` where it has some; nothing of a sound one.
pub(super) fn body_trouble(body: &BodyReport, walk: &WalkReport) -> Option<String> {
    let damaged = match body.verdict {
        BodyVerdict::Damaged(_) => Some(format!(
            "ERROR: Log damaged (unusable). Last Lgpos: {}. Error {LOG_FILE_CORRUPT}.",
            lower_generation(body)
        )),
        BodyVerdict::Torn { offset, mended: true } => Some(format!(
            "WARNING: the last write is torn at offset {offset}. The engine mends it at the next start."
        )),
        BodyVerdict::Torn { offset, mended: false } => {
            Some(format!("WARNING: the last write is torn at offset {offset}."))
        }
        BodyVerdict::Lost => {
            Some("ERROR: a closed log without data: what it held is lost.".to_owned())
        }
        BodyVerdict::Sound | BodyVerdict::Corrected | BodyVerdict::Empty => None,
    };
    let stop = walk.stop.filter(|stop| stop.reason.is_damage());
    damaged.or_else(|| {
        stop.map(|stop| {
            format!(
                "ERROR: Log damaged (unusable). Record at {}: {}. Error {LOG_FILE_CORRUPT}.",
                stop.at, stop.reason
            )
        })
    })
}

/// The engine prints this generation in lower case.
fn lower_generation(body: &BodyReport) -> String {
    let end = body.end;
    format!("(0x{:x},{:X},{:X})", end.generation, end.sector, end.offset)
}

impl Lines {
    fn integrity(&mut self, path: &Path, body: &BodyReport, walk: &WalkReport) {
        self.blank();
        let trouble = body_trouble(body, walk);
        if let Some(trouble) = &trouble {
            self.line("      ", trouble);
        }
        if body.corrected.segments > 0 {
            let corrected = format_args!(
                "{} segments have a flipped bit, which the engine corrects at each reading.",
                body.corrected.segments
            );
            self.line("      WARNING: ", corrected);
        }
        if let Some(stop) = walk.stop.filter(|stop| !stop.reason.is_damage()) {
            let said = format_args!("records were read up to {}: {}", stop.at, stop.reason);
            self.line("      WARNING: ", said);
        }
        if walk.hidden > 0 {
            let said = format_args!(
                "records of an unknown length hide others {} times, up to the next checksum record.",
                walk.hidden
            );
            self.line("      WARNING: ", said);
        }
        if trouble.is_none() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            self.line("Integrity check passed for log file: ", name);
        }
    }
}

fn in_words(fields: &RecordFields) -> String {
    let mut said = String::new();
    let mut add = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            said += &format!("  {label}{value}");
        }
    };
    let text = |position: &dyn std::fmt::Display| position.to_string();
    add("dbid: ", fields.dbid.map(|dbid| dbid.to_string()));
    add("page: ", fields.page.map(|page| page.to_string()));
    add("dbtime: ", fields.db_time.map(|db_time| db_time.to_string()));
    add("before: ", fields.db_time_before.map(|db_time| db_time.to_string()));
    add("", fields.database_path.clone());
    add("Streaming File: ", fields.streaming_path.clone());
    add("Signature: ", fields.db_signature.map(|signature| text(&signature)));
    add("Last Consistent: ", fields.last_consistent.map(|position| text(&position)));
    add("phase: ", fields.phase.clone());
    add("Log Gen: ", fields.generations.map(|[low, high]| format!("{low}-{high}")));
    let version =
        fields.version.map(|[version, major, minor]| format!("0x{version:x},{major},{minor}"));
    add("Format ulVersion: ", version);
    add("", fields.time.map(|time| text(&time)));
    add("", fields.text.as_ref().map(|note| note.trim_end().to_owned()));
    said
}
