//! The report that stays in an operation folder, for somebody who was not there.

use std::io::{self, Write};
use std::path::Path;

use crate::plan::ResetPlan;
use crate::show::quoted;

use super::text::{Style, render};
use super::types::{Outcome, Report};
use super::{DigestReport, RunReport};

/// `report.txt`: who, where, when and how; the report in full; every digest.
pub fn write_record(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let operation = report.operation.as_ref().map_or("", |operation| operation.id.as_str());
    writeln!(out, "edbmend {}, report of operation\n{operation}\n", report.version)?;
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
    let RunReport { host, user, login, directory, arguments, started, finished } = run;
    let login = login.as_ref().map_or(String::new(), |login| format!(" (logged in as {login})"));
    let typed: Vec<String> = arguments.iter().map(|word| quoted(Path::new(word))).collect();
    let mut line = |label: &str, value: &str| writeln!(out, "{label:<12}{value}");
    line("typed:", &typed.join(" "))?;
    line("in folder:", directory.as_deref().unwrap_or("unknown"))?;
    line("by:", &format!("{user}{login}"))?;
    line("on machine:", host)?;
    line("begun:", started)?;
    line("ended:", finished)?;
    line("outcome:", &format!("{}, exit code {}", outcome.name(), outcome.exit_code()))
}

/// Nothing else names each file of a reset that was too long to be shown.
fn moved_files(plan: &ResetPlan, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Each moved file: SHA-256 of its first 4096 bytes, length, name\n")?;
    for file in plan.batches.iter().flat_map(|batch| &batch.files) {
        writeln!(out, "{}  {}  {}", hex::encode(file.header_sha256), file.bytes, file.name)?;
    }
    writeln!(out)
}

fn digests(digests: &[DigestReport], out: &mut dyn Write) -> io::Result<()> {
    if digests.is_empty() {
        return Ok(());
    }
    writeln!(out, "SHA-256 of the files in this folder (sha256sum -c SHA256SUMS)\n")?;
    for DigestReport { name, sha256 } in digests {
        writeln!(out, "{sha256}  {name}")?;
    }
    Ok(())
}
