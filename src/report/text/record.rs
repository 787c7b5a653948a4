//! The report that stays in an operation folder, for somebody who was not there.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use crate::plan::ResetPlan;
use crate::report::Report;
use crate::report::model::{DigestReport, Outcome, RunReport};
use crate::show::{quoted, shown};

use super::page::Style;
use super::render::render;

/// `report.txt`: who, where, when and how; the report in full; every digest.
pub fn write_record(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let operation = report.operation.as_ref().map_or("", |operation| operation.id.as_str());
    writeln!(out, "edbmend {}, report of operation\n{}\n", report.version, shown(operation))?;
    if let Some(run) = &report.run {
        circumstances(run, report.outcome, out)?;
    }
    writeln!(out)?;
    write!(out, "{}", render(report, Style { verbose: true, ..Style::default() }))?;
    if let Some(plan) = report.steps.moves() {
        moved_files(plan, out)?;
    }
    digests(&report.digests, out)
}

fn circumstances(run: &RunReport, outcome: Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |label: &str, value: &dyn Display| {
        writeln!(out, "{label:<12}{}", shown(&value.to_string()))
    };
    line("typed:", &typed(run))?;
    line("in folder:", &run.directory.as_deref().unwrap_or("unknown"))?;
    line("by:", &who(run))?;
    line("on machine:", &run.host)?;
    line("begun:", &run.started)?;
    line("ended:", &run.finished)?;
    line("outcome:", &format!("{}, exit code {}", outcome.name(), outcome.exit_code()))
}

/// The command line of a run, as it can be typed again.
pub fn typed(run: &RunReport) -> String {
    let words = run.arguments.iter().map(|word| quoted(Path::new(word)));
    words.collect::<Vec<_>>().join(" ")
}

/// The user, and who had logged in where that is another one.
pub fn who(run: &RunReport) -> String {
    match &run.login {
        Some(login) => format!("{} (logged in as {login})", run.user),
        None => run.user.clone(),
    }
}

/// Nothing else names each file of a reset that was too long to be shown.
fn moved_files(plan: &ResetPlan, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Each moved file: SHA-256 of its first 4096 bytes, length, name\n")?;
    for file in plan.batches.iter().flat_map(|batch| &batch.files) {
        let (sha256, name) = (hex::encode(file.header_sha256), shown(&file.name));
        writeln!(out, "{sha256}  {}  {name}", file.bytes)?;
    }
    writeln!(out)
}

fn digests(digests: &[DigestReport], out: &mut dyn Write) -> io::Result<()> {
    if digests.is_empty() {
        return Ok(());
    }
    writeln!(out, "SHA-256 of the files in this folder (sha256sum -c SHA256SUMS)\n")?;
    for DigestReport { name, sha256 } in digests {
        writeln!(out, "{sha256}  {}", shown(name))?;
    }
    Ok(())
}
