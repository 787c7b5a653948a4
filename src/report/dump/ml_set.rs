//! The text of `eseutil /ml` on a whole log stream: one line for each log, and the gaps.
//!
//! Source: `dev/ese/src/ese/_log/logdump.cxx`. Only headers are read: "OK" says nothing of records.

use crate::ese::{LogDigits, LogFileName};
use crate::show::shown;
use crate::survey::{LogContent, LogFile, LogStream};

use super::lines::Lines;

/// Lists the logs of a stream as `eseutil /ml` does, the current one last.
pub fn dump_log_set(stream: &LogStream) -> String {
    let mut out = Lines::default();
    out.line("Verifying log files...", "");
    out.line("     Base name: ", stream.base);
    out.blank();
    let mut sound = true;
    let mut before: Option<&LogFile> = None;
    for log in stream.in_order() {
        sound &= gap(&mut out, before, log) & one_log(&mut out, log);
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

fn one_log(out: &mut Lines, log: &LogFile) -> bool {
    let path = shown(&log.path);
    let error = match &log.content {
        LogContent::Header(summary) => match log.name.generation() {
            Some(named) if i64::from(named) != i64::from(summary.generation) => format!(
                "Mismatched log generation {0} (0x{0:X}) with log file name. Expected generation \
                 {named} (0x{named:X}).",
                summary.generation
            ),
            _ => {
                out.line("      Log file: ", format_args!("{path} - OK"));
                return true;
            }
        },
        LogContent::Unreadable(error) => format!("Cannot open log file: {}", error.source),
        _ => "Cannot read log file header. Error -501.".to_owned(),
    };
    out.line("      Log file: ", path);
    out.line("                ERROR: ", error);
    false
}
