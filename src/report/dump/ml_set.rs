//! The text of `eseutil /ml` on a whole log stream: one line for each log, and the gaps.
//!
//! Source: `dev/ese/src/ese/_log/logdump.cxx`. "OK" stands only where all of the log was read.

use crate::ese::{LogDigits, LogFileName};
use crate::show::shown;
use crate::survey::{LogContent, LogFile, LogStream, LogSummary};

use super::lines::Lines;
use super::ml_body::body_trouble;

/// Lists the logs of a stream as `eseutil /ml` does, the current one last.
pub fn dump_log_set(stream: &LogStream) -> String {
    let mut out = Lines::default();
    out.line("Verifying log files...", "");
    out.line("     Base name: ", stream.base);
    out.blank();
    let mut sound = true;
    let mut before: Option<&LogFile> = None;
    for log in stream.in_order() {
        sound &= gap(&mut out, before, log) & one_log(&mut out, before, log);
        before = Some(log);
    }
    if sound {
        out.blank();
        out.line("No damaged log files were found.", "");
    }
    out.text()
}

/// The line of the logs that are missing in front of one; `false` where there are some.
fn gap(out: &mut Lines, before: Option<&LogFile>, log: &LogFile) -> bool {
    let Some(before) = before.and_then(|log| log.name.generation()) else { return true };
    let Some(generation) = log.name.generation() else { return current_joins(out, before, log) };
    let LogFileName::Archive { base, digits, extensions, .. } = log.name else { return true };
    let width = if digits == LogDigits::Five { 5 } else { 8 };
    let extension = extensions.log();
    match generation.saturating_sub(before) {
        0 | 1 => return true,
        2 => out.line(
            "      Missing log file: ",
            format_args!("{base}{:0width$X}.{extension}", before + 1),
        ),
        _ => out.line(
            "      Missing log files: ",
            format_args!(
                "{base}{{{:0width$X} - {:0width$X}}}.{extension}",
                before + 1,
                generation - 1
            ),
        ),
    }
    false
}

fn current_joins(out: &mut Lines, before: u32, log: &LogFile) -> bool {
    let Some(summary) = log.summary() else { return true };
    let (found, expected) = (i64::from(summary.generation), i64::from(before) + 1);
    if found == expected {
        return true;
    }
    out.line(
        "                ERROR: Missing log file(s). ",
        format_args!(
            "Log file is generation {found} (0x{found:X}), but expected generation is {expected} \
             (0x{expected:X})."
        ),
    );
    false
}

fn one_log(out: &mut Lines, before: Option<&LogFile>, log: &LogFile) -> bool {
    let path = shown(&log.path);
    let trouble = trouble(before, log);
    if trouble.is_empty() && log.body.is_some() {
        out.line("      Log file: ", format_args!("{path} - OK"));
        return true;
    }
    out.line("      Log file: ", path);
    trouble.iter().for_each(|trouble| out.line("                ", trouble));
    false
}

/// What is wrong with one log, line by line.
fn trouble(before: Option<&LogFile>, log: &LogFile) -> Vec<String> {
    let summary = match &log.content {
        LogContent::Header(summary) => summary,
        LogContent::Unreadable(error) => {
            return vec![format!("ERROR: Cannot open log file: {}", error.source)];
        }
        LogContent::Damaged(fault) => {
            let error = fault.jet_error();
            return vec![format!("ERROR: Cannot read log file header. Error {error}.")];
        }
        LogContent::Blank | LogContent::NotRegular(_) => {
            return vec!["ERROR: Cannot read log file header. Error -501.".to_owned()];
        }
    };
    if let Some(named) = log.name.generation().filter(|named| !is(*named, summary)) {
        return vec![format!(
            "ERROR: Mismatched log generation {0} (0x{0:X}) with log file name. Expected generation {named} \
             (0x{named:X}).",
            summary.generation
        )];
    }
    let mut trouble = before.map_or_else(Vec::new, |before| does_not_join(before, summary));
    let body = log.body.as_ref();
    trouble.extend(body.and_then(|body| body_trouble(&body.report, &body.walk)));
    trouble
}

fn is(named: u32, summary: &LogSummary) -> bool {
    i64::from(named) == i64::from(summary.generation)
}

/// Where a log is not the one that follows the log before.
fn does_not_join(before: &LogFile, summary: &LogSummary) -> Vec<String> {
    let Some(of_before) = before.summary() else { return Vec::new() };
    if of_before.generation.checked_add(1) != Some(summary.generation) {
        return Vec::new();
    }
    if of_before.created != summary.previous_created {
        let (found, expected) = (summary.previous_created, of_before.created);
        return vec![format!(
            "ERROR: Invalid log sequence. Previous generation time is [{found}], but expected [{expected}]."
        )];
    }
    let sum = before.body.as_ref().and_then(|body| body.report.segment_checksum);
    if let (Some(found), Some(expected)) = (summary.previous_checksum, sum)
        && found != expected
    {
        return vec![format!(
            "ERROR: Invalid log sequence. Previous generation accumulated segment checksum is 0x{found:016x}, \
             but expected 0x{expected:016x}."
        )];
    }
    if of_before.signature != summary.signature {
        return vec![
            format!("ERROR: Invalid log signature: {}", summary.signature),
            format!("          Expected signature: {}", of_before.signature),
        ];
    }
    Vec::new()
}
