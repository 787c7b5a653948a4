//! The report as text that fits 80 columns. Commands that the reader may copy are never broken.

use std::fmt::{self, Write};

use console::Style as Colour;

use crate::diagnose::{Finding, Severity};
use crate::ese::shadow::Which;
use crate::plan::{
    BackupMethod, BackupRecord, BackupScope, MoveMethod, ResetPlan, Step, WriteStep,
};
use crate::show::size;

use super::pages::render_pages;
use super::types::{DatabaseReport, FileReport, GroupSection, Outcome, RefusalReport, Report};
use super::{FileHeader, summary, text_logs};

/// Width of a line, in columns, where nobody knows a narrower one. Longer lines are hard to read.
pub const WIDTH: usize = 80;

/// Said of a folder without logs.
const NO_LOGS: &str = "If they are in another folder, name it with --log-dir. If they were moved away by a log reset, the \
     next mount begins log generation 1 under a new log signature and clears the backup fields of the \
     databases. Which of the two it is cannot be seen here, so nothing is said of the next backups.";

/// How the text is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With terminal colours.
    pub coloured: bool,
    /// Only what went wrong.
    pub quiet: bool,
    /// With digests and every offset.
    pub verbose: bool,
    /// Where sentences are broken, in columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { coloured: false, quiet: false, verbose: false, width: WIDTH }
    }
}

/// Renders the report of a run.
pub fn render(report: &Report, style: Style) -> String {
    let mut text = Text { out: report.preface.clone(), style };
    if !report.databases_in_text {
        return text.out;
    }
    for file in &report.files {
        text.file(file);
    }
    text.headline(report);
    for database in &report.databases {
        text.database(database, report);
    }
    // A repair reports the logs in its JSON only: its reader has other worries.
    if report.command == "check" {
        text.logs(report);
        let folders = report.no_logs_in.iter().filter(|_| !style.quiet);
        folders.for_each(|dir| text.no_logs(dir));
    }
    if let Some(group) = &report.group {
        text.group(group, report);
    }
    for refusal in report.refusals.iter().filter(|refusal| !shown_with_a_database(refusal, report))
    {
        text.refusal(refusal, "");
    }
    text.summary(report);
    text.more(report);
    text.out
}

impl fmt::Display for Report {
    /// The text of the command line, without colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(self, Style::default()))
    }
}

/// The plan of one database as it is shown before the question.
pub fn render_preview(database: &DatabaseReport, style: Style) -> String {
    let mut text = Text { out: String::new(), style };
    text.proposal(database, "");
    for note in &database.notes {
        text.labelled(2, "", note);
    }
    text.out
}

/// The moves as they are shown before the question.
pub fn render_moves(plan: &ResetPlan, style: Style) -> String {
    let mut text = Text { out: String::new(), style };
    text.moves(plan);
    text.out
}

fn shown_with_a_database(refusal: &RefusalReport, report: &Report) -> bool {
    report.databases.iter().any(|database| concerns(refusal, database, report))
}

/// A refusal stands under the database whose path it has; those of folders under the only one.
fn concerns(refusal: &RefusalReport, database: &DatabaseReport, report: &Report) -> bool {
    refusal.path == database.path
        || (report.databases.len() == 1 && !report.unread.contains(&refusal.path))
}

struct Text {
    out: String,
    style: Style,
}

impl Text {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    /// Once a report that did not end well, behind it: where the whole explanation is.
    fn more(&mut self, report: &Report) {
        let refusals = report.refusals.iter().map(|refusal| refusal.id.name());
        let of_databases = report.databases.iter().flat_map(|database| &database.findings);
        let errors = of_databases
            .chain(&report.findings)
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.id.name());
        let ended_well = report.exit_code == 0 || report.outcome == Outcome::Declined;
        if let (Some(id), false) = (refusals.chain(errors).next(), self.style.quiet || ended_well) {
            self.line(&format!("More: edbmend explain {id}"));
        }
    }

    /// A paragraph behind a label, wrapped and indented.
    fn labelled(&mut self, indent: usize, label: &str, text: &str) {
        let pad = " ".repeat(indent);
        let first = format!("{pad}{label}");
        if text.starts_with("edbmend ") {
            return self.line(&format!("{first}{text}"));
        }
        let later = " ".repeat(first.chars().count());
        let options = textwrap::Options::new(self.style.width)
            .initial_indent(&first)
            .subsequent_indent(&later)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        self.line(&textwrap::fill(text, options));
    }

    fn painted(&self, text: &str, colour: Colour) -> String {
        if self.style.coloured {
            colour.force_styling(true).apply_to(text).to_string()
        } else {
            text.into()
        }
    }

    fn path(&mut self, path: &str) {
        let path = crate::show::shown(std::path::Path::new(path)).to_string();
        let path = self.painted(&path, Colour::new().bold());
        self.line(&path);
    }

    fn heading(&mut self, database: &DatabaseReport) {
        self.path(&database.path);
        let Some(header) = database.header.as_ref().and_then(FileHeader::database) else { return };
        let state = match header.state.label() {
            "Clean Shutdown" => self.painted("Clean Shutdown", Colour::new().green()),
            other => self.painted(other, Colour::new().red()),
        };
        let (page_size, version) = (header.page_size, &header.version);
        let revision = decimal(&header.revision);
        let format = format!("cbDbPage: {page_size}   Format ulVersion: {version},{revision}");
        let line = format!("  State: {state}   {format}");
        if console::measure_text_width(&line) <= self.style.width {
            return self.line(&line);
        }
        self.line(&format!("  State: {state}\n  {format}"));
    }

    /// A dump; with `quiet` only the name of a file with which something is wrong.
    fn file(&mut self, file: &FileReport) {
        match (self.style.quiet, file.file.outcome) {
            (false, _) => self.out.push_str(&file.dump),
            (true, Outcome::Findings) => self.path(&file.file.path),
            (true, _) => return,
        }
        self.findings(&file.file.findings);
    }

    /// How many there are, and how they ended: in front of them, and behind them again.
    fn headline(&mut self, report: &Report) {
        if let (Some(headline), false) = (summary::headline(report), self.style.quiet) {
            let headline = self.painted(&headline, Colour::new().bold());
            self.line(&format!("{headline}\n"));
        }
    }

    fn summary(&mut self, report: &Report) {
        let Some(headline) = summary::headline(report) else { return };
        let lines = summary::lines(report);
        if lines.is_empty() || self.style.quiet {
            return;
        }
        let headline = self.painted(&headline, Colour::new().bold());
        self.line(&headline);
        for (path, reasons) in lines {
            self.line(&format!("  {}", crate::show::shown(std::path::Path::new(&path))));
            if !reasons.is_empty() {
                self.labelled(4, "", &reasons);
            }
        }
    }

    fn database(&mut self, database: &DatabaseReport, report: &Report) {
        let bad = database.outcome.exit_code() != 0;
        if self.style.quiet && !bad && !database.notes.iter().any(|note| is_warning(note)) {
            return;
        }
        let of_group = report.group.is_some();
        if self.style.quiet {
            self.path(&database.path);
            if database.outcome == Outcome::Findings {
                self.findings(&database.findings);
            }
        } else if of_group {
            self.heading(database);
        } else if !database.plan_was_shown {
            self.proposal(database, &report.command);
        }
        if let (Some(pages), "verify") = (&database.pages, report.command.as_str()) {
            self.out.push_str(&render_pages(pages, self.style.verbose));
        }
        self.operation(database);
        let refusals: Vec<_> =
            report.refusals.iter().filter(|r| concerns(r, database, report)).collect();
        for refusal in refusals {
            self.refusal(refusal, &database.path);
        }
        if !of_group {
            match recovered_in_words(database).filter(|_| report.command == "recover") {
                Some(text) => self.verdict_line(text, Colour::new().green().bold()),
                None => self.verdict(database.outcome, &report.command, of_group),
            }
            self.checked_again(database);
        }
        let quiet = self.style.quiet;
        for note in database.notes.iter().filter(|note| !quiet || is_warning(note)) {
            self.labelled(2, "", note);
        }
        self.line("");
    }

    fn proposal(&mut self, database: &DatabaseReport, report_command: &str) {
        self.heading(database);
        let findings = database.found_before.as_ref().unwrap_or(&database.findings);
        self.findings(findings);
        // What is left of an old plan is said by the direction that its recovery takes.
        if report_command != "recover" {
            self.plan(database);
        }
    }

    /// With `quiet` the errors only.
    fn findings(&mut self, findings: &[Finding]) {
        let quiet = self.style.quiet;
        for finding in findings.iter().filter(|f| !quiet || f.severity == Severity::Error) {
            self.line("");
            self.finding(finding);
        }
        if !findings.is_empty() {
            self.line("");
        }
    }

    /// What it means that a folder has no logs.
    fn no_logs(&mut self, dir: &std::path::Path) {
        let heading = format!("Logs: none found in {}", crate::show::shown(dir));
        let heading = self.painted(&heading, Colour::new().bold());
        self.line(&heading);
        self.labelled(2, "", NO_LOGS);
        self.line("");
    }

    /// The log streams, what was found in them, and what will happen to them.
    fn logs(&mut self, report: &Report) {
        let streams = report.logs.as_ref().map_or(&[][..], |logs| logs.streams());
        let unread = !report.unread.is_empty();
        let bad = unread || Report::has_errors(&report.findings);
        if (streams.is_empty() && report.findings.is_empty()) || (self.style.quiet && !bad) {
            return;
        }
        for stream in streams {
            let heading = self.painted(&text_logs::heading(stream), Colour::new().bold());
            self.line(&heading);
            let facts = text_logs::facts(stream);
            for (label, text) in facts.into_iter().chain(text_logs::forecasts(stream)) {
                self.labelled(2, &label, &text);
            }
        }
        self.findings(&report.findings);
        let (text, colour) = match bad {
            true if unread => ("not all of the logs could be read", Colour::new().red().bold()),
            true => ("errors found in the logs", Colour::new().red().bold()),
            false => ("no errors found in the logs", Colour::new().green()),
        };
        let text = self.painted(text, colour);
        self.line(&format!("  {text}\n"));
    }

    /// What the second check found, once something was written.
    fn checked_again(&mut self, database: &DatabaseReport) {
        if database.found_before.is_none() {
            return;
        }
        let names = |wanted: &dyn Fn(Severity) -> bool| {
            let named = database.findings.iter().filter(|finding| wanted(finding.severity));
            named.map(|finding| finding.id.name()).collect::<Vec<_>>().join(", ")
        };
        let errors = names(&|severity| severity == Severity::Error);
        let others = names(&|severity| severity != Severity::Error);
        let mut text =
            if errors.is_empty() { "no errors".into() } else { format!("errors: {errors}") };
        if !others.is_empty() {
            text += &format!("; {others}");
        }
        self.labelled(2, "checked again: ", &text);
    }

    fn finding(&mut self, finding: &Finding) {
        let colour = match finding.severity {
            Severity::Error => Colour::new().red().bold(),
            Severity::Warning => Colour::new().yellow(),
            Severity::Info => Colour::new().dim(),
        };
        let title =
            self.painted(&format!("{}: {}", finding.severity.name(), finding.id.name()), colour);
        self.line(&format!("  {title}"));
        self.labelled(4, "found:  ", &finding.message);
        self.labelled(4, "means:  ", &finding.consequence);
        self.labelled(4, "mend:   ", &finding.remedy);
    }

    /// A reason; its file where that is not the one that stands right `above`.
    fn refusal(&mut self, refusal: &RefusalReport, above: &str) {
        let word = if refusal.id.is_guard() { "refused" } else { "stopped" };
        let title = format!("{word}: {}", refusal.id.name());
        let title = self.painted(&title, Colour::new().red().bold());
        self.line(&format!("  {title}"));
        if refusal.path != above {
            let path = crate::show::shown(std::path::Path::new(&refusal.path));
            self.line(&format!("    file:   {path}"));
        }
        self.labelled(4, "found:  ", &refusal.message);
        if !refusal.remedy.is_empty() {
            self.labelled(4, "do:     ", &refusal.remedy);
        }
    }

    fn plan(&mut self, database: &DatabaseReport) {
        let writes: Vec<&WriteStep> = database
            .steps
            .of_header()
            .iter()
            .filter_map(|step| if let Step::Write(write) = step { Some(write) } else { None })
            .collect();
        let Some(first) = writes.first() else { return };
        self.labelled(2, "", "Fields of the header, in both copies (offsets inside a copy):");
        self.changes(first);
        self.line("  Steps:");
        for (index, step) in database.steps.of_header().iter().enumerate() {
            self.labelled(4, &format!("{}. ", index + 1), &step_in_words(step));
            self.digests(step);
        }
        self.line("");
    }

    fn digests(&mut self, step: &Step) {
        if let (Step::Write(write), true) = (step, self.style.verbose) {
            self.line(&format!(
                "       SHA-256 before, then after:\n       {}",
                write.before_sha256
            ));
            self.line(&format!("       {}", write.after_sha256));
        }
    }

    /// The fields, grouped under the name of the backup they belong to.
    fn changes(&mut self, write: &WriteStep) {
        if write.changes.is_empty() {
            return self.line("    no field changes; a damaged copy is rewritten from the other\n");
        }
        self.line(&format!("  {:>6}  {:<12}  {:<27}  {}", "offset", "field", "now", "planned"));
        let mut group = "";
        for change in &write.changes {
            let (title, name) = change.label.split_once(", ").unwrap_or(("", &change.label));
            if title != group {
                self.line(&format!("          {title}:"));
                group = title;
            }
            let (at, now, planned) = (change.offset, &change.before, &change.after);
            self.line(&format!("  {at:>6}  {name:<12}  {now:<27}  {planned}"));
        }
        self.line("");
    }

    fn group(&mut self, group: &GroupSection, report: &Report) {
        let quiet = self.style.quiet;
        let notes = group.notes.iter().filter(|note| !quiet || is_warning(note));
        if quiet && report.exit_code == 0 {
            return notes.for_each(|note| self.labelled(2, "", note));
        }
        if let (Some(plan), false, false) = (&group.plan, group.plan_was_shown, quiet) {
            self.moves(plan);
        }
        if let Some(operation) = &report.operation {
            let dir = crate::show::shown(&operation.dir).to_string();
            self.line(&format!("  operation: {dir}"));
        }
        match report.outcome {
            // The notes begin with what was done.
            Outcome::Committed | Outcome::NothingToDo => {}
            outcome => self.verdict(outcome, &report.command, true),
        }
        for note in notes {
            self.labelled(2, "", note);
        }
        self.line("");
    }

    /// The batches in order; each file only when asked for.
    fn moves(&mut self, plan: &ResetPlan) {
        let bytes: u64 =
            plan.batches.iter().flat_map(|batch| &batch.files).map(|file| file.bytes).sum();
        self.line(&format!(
            "Log stream {}: {} files move, {}",
            plan.base,
            plan.file_count(),
            size(bytes)
        ));
        let mut before = None;
        for (index, batch) in plan.batches.iter().enumerate() {
            let names: Vec<&str> = batch.files.iter().map(|file| file.name.as_str()).collect();
            let listed = match names.as_slice() {
                names if self.style.verbose || names.len() <= 6 => names.join(", "),
                [first, .., last] => format!("{} files, {first} to {last}", names.len()),
                _ => String::new(),
            };
            let how = match batch.method {
                MoveMethod::Rename => "renamed",
                MoveMethod::Copy => "copied, read back and compared, then removed",
            };
            self.labelled(2, &format!("{}. ", index + 1), &format!("{listed} ({how})"));
            // Most often all of them go the same way.
            if before.replace((&batch.from, &batch.to)) != Some((&batch.from, &batch.to)) {
                self.line(&format!("     from {}", crate::show::shown(&batch.from)));
                self.line(&format!("     to   {}", crate::show::shown(&batch.to)));
            }
        }
        self.line("");
    }

    fn operation(&mut self, database: &DatabaseReport) {
        if let Some(backup) = &database.backup {
            self.labelled(2, "backup:    ", &backup_in_words(backup));
            let path = crate::show::shown(&backup.path).to_string();
            self.line(&format!("             {path}"));
            self.labelled(2, "SHA-256:   ", &backup.sha256.clone());
        }
        if let Some(operation) = &database.operation {
            let dir = crate::show::shown(&operation.dir).to_string();
            self.line(&format!("  operation: {dir}"));
        }
    }

    fn verdict(&mut self, outcome: Outcome, command: &str, of_group: bool) {
        let only_reads = matches!(command, "check" | "verify" | "inspect");
        let (text, colour) = match outcome {
            Outcome::Planned if of_group => (
                "dry run: no file was moved; this plan would be carried out",
                Colour::new().green(),
            ),
            Outcome::Planned if command == "recover" => {
                ("dry run: nothing was written; this is what would be done", Colour::new().green())
            }
            Outcome::Refused if of_group => {
                ("refused: no file was moved", Colour::new().red().bold())
            }
            Outcome::Declined if of_group => {
                ("you said no: no file was moved", Colour::new().yellow())
            }
            Outcome::Failed if of_group => {
                ("failed: every file is where it was", Colour::new().red().bold())
            }
            Outcome::RolledBack if of_group => {
                ("failed and rolled back: every file is where it was", Colour::new().red().bold())
            }
            Outcome::Failed if only_reads => {
                ("failed: nothing can be said about this file", Colour::new().red().bold())
            }
            Outcome::Committed => (
                "done: both header copies were written, read back and verified",
                Colour::new().green().bold(),
            ),
            Outcome::Planned => (
                "dry run: nothing was written; this plan would be carried out",
                Colour::new().green(),
            ),
            Outcome::NothingToDo => ("nothing to do", Colour::new().green()),
            Outcome::Ok if command == "verify" => {
                ("every page that was checked is good", Colour::new().green())
            }
            Outcome::Findings if command == "verify" => {
                ("bad pages found", Colour::new().red().bold())
            }
            Outcome::Ok => ("no errors found", Colour::new().green()),
            Outcome::Findings => ("errors found", Colour::new().red().bold()),
            Outcome::Refused => ("refused: nothing was written", Colour::new().red().bold()),
            Outcome::Declined => ("you said no: nothing was written", Colour::new().yellow()),
            Outcome::Failed => ("failed: nothing was changed", Colour::new().red().bold()),
            Outcome::RolledBack => (
                "failed and rolled back: the database is as it was before",
                Colour::new().red().bold(),
            ),
            Outcome::Overtaken => (
                "closed: what somebody else wrote since stays as it is",
                Colour::new().green().bold(),
            ),
            Outcome::Pending => (
                "NOT FINISHED: run edbmend recover before anything else",
                Colour::new().red().bold(),
            ),
            Outcome::Usage => ("wrong usage", Colour::new().red()),
        };
        self.verdict_line(text, colour);
    }

    fn verdict_line(&mut self, text: &str, colour: Colour) {
        let text = self.painted(text, colour);
        self.labelled(2, "", &text);
    }
}

/// How an operation ended by `recover`: a header was written, or logs were moved, or it is not known
/// what was meant, because nothing was begun.
fn recovered_in_words(database: &DatabaseReport) -> Option<&'static str> {
    let is_undo = database.steps.moves().map(|plan| plan.undoes.is_some());
    Some(match (database.outcome, is_undo) {
        (Outcome::Committed, None) => "done: the operation is finished",
        (Outcome::Committed, Some(false)) => {
            "done: the log reset is finished; all its logs are moved"
        }
        (Outcome::Committed, Some(true)) => {
            "done: the undo is finished; all logs are back where they were"
        }
        (Outcome::RolledBack, Some(false)) => "rolled back: the logs are where they were before",
        (Outcome::RolledBack, Some(true)) => {
            "rolled back: the logs are where they were before the undo"
        }
        (Outcome::RolledBack, None) if database.steps.is_empty() => {
            "rolled back: everything is as it was before"
        }
        (Outcome::RolledBack, None) => "rolled back: the database is as it was before",
        _ => return None,
    })
}

/// Whether a note is of something that went wrong, though the outcome is good.
fn is_warning(note: &str) -> bool {
    note.starts_with("WARNING: ")
}

/// `eseutil` prints the revision in decimal.
fn decimal(hexadecimal: &str) -> u32 {
    u32::from_str_radix(hexadecimal.trim_start_matches("0x"), 16).unwrap_or_default()
}

fn backup_in_words(backup: &BackupRecord) -> String {
    let bytes = size(backup.bytes);
    match backup.method {
        BackupMethod::Reflink => format!(
            "{bytes}, cloned (reflink): it shares the disk's blocks with the database and protects \
             against this tool, not against the disk"
        ),
        BackupMethod::Copy => format!("{bytes}, copied, read back and compared"),
        BackupMethod::Header => format!("both header pages, {bytes}"),
    }
}

fn step_in_words(step: &Step) -> String {
    match step {
        Step::Copy { scope: BackupScope::Full, bytes, to } => {
            format!(
                "copy the whole file ({}) to {to} in the operation folder, read it back, compare SHA-256",
                size(*bytes)
            )
        }
        Step::Copy { scope: BackupScope::Header, bytes, to } => {
            format!(
                "copy both header pages ({bytes} bytes) to {to} in the operation folder, read them back, compare SHA-256"
            )
        }
        Step::Move(step) => {
            format!("move {} to {}", crate::show::shown(&step.from), crate::show::shown(&step.to))
        }
        Step::Write(write) => {
            let name = match write.copy {
                Which::Primary => "primary",
                Which::Shadow => "shadow",
            };
            let how =
                if write.rewrites_copy { " (this copy is rewritten from the other)" } else { "" };
            format!(
                "write the {name} header, {} bytes at offset {}, sync, read back, compare{how}",
                write.bytes, write.offset
            )
        }
    }
}
