//! The report that stays in an operation folder, for somebody who was not there.

use std::fmt::Write;
use std::path::Path;

use crate::plan::{MoveStep, Step};
use crate::storage::quoted;

use super::text::{Style, render};
use super::types::{Outcome, Report};
use super::{DigestReport, RunReport};

/// `report.txt`: who, where, when and how; the report in full; every digest.
pub fn render_record(report: &Report) -> String {
    let operation = report.operation.as_ref().map_or("", |operation| operation.id.as_str());
    let mut text = format!("edbmend {}, report of operation\n{operation}\n\n", report.version);
    if let Some(run) = &report.run {
        text += &circumstances(run, report.outcome);
    }
    text.push('\n');
    text += &render(report, Style { verbose: true, ..Style::default() });
    text += &moved_files(&report.steps);
    text += &digests(&report.digests);
    text
}

fn circumstances(run: &RunReport, outcome: Outcome) -> String {
    let RunReport { host, user, login, directory, arguments, started, finished } = run;
    let login = login.as_ref().map_or(String::new(), |login| format!(" (logged in as {login})"));
    let typed: Vec<String> = arguments.iter().map(|word| quoted(Path::new(word))).collect();
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<12}{value}");
    };
    line("typed:", &typed.join(" "));
    line("in folder:", directory.as_deref().unwrap_or("unknown"));
    line("by:", &format!("{user}{login}"));
    line("on machine:", host);
    line("begun:", started);
    line("ended:", finished);
    line("outcome:", &format!("{}, exit code {}", outcome.name(), outcome.exit_code()));
    text
}

/// Nothing else names each file of a reset that was too long to be shown.
fn moved_files(steps: &[Step]) -> String {
    let moves: Vec<&MoveStep> = steps
        .iter()
        .filter_map(|step| if let Step::Move(step) = step { Some(step) } else { None })
        .collect();
    if moves.is_empty() {
        return String::new();
    }
    let mut text = "Each moved file: SHA-256 of its first 4096 bytes, length, name\n\n".to_owned();
    for step in moves {
        let from = step.from.to_path().unwrap_or_default();
        let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(text, "{}  {}  {name}", step.header_sha256, step.bytes);
    }
    text + "\n"
}

fn digests(digests: &[DigestReport]) -> String {
    if digests.is_empty() {
        return String::new();
    }
    let mut text = "SHA-256 of the files in this folder (sha256sum -c SHA256SUMS)\n\n".to_owned();
    for DigestReport { name, sha256 } in digests {
        let _ = writeln!(text, "{sha256}  {name}");
    }
    text
}
