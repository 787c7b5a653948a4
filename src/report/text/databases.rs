//! One database, or one file, of a report.

use crate::diagnose::Severity;
use crate::ese::DbState;
use crate::plan::{BackupMethod, BackupRecord};
use crate::report::Report;
use crate::report::aside::DatabaseAside;
use crate::report::model::{CommandName, DatabaseReport, FileHeader, Outcome};
use crate::report::note::Note;
use crate::show::{Colour, shown, size};
use crate::survey::PageFacts;

use super::page::{Ink, Page};
use super::verdict::{concerns, ended};

impl Page {
    /// A dump; with `quiet` only the name of a file with which something is wrong.
    pub(super) fn file(&mut self, file: &DatabaseReport, dump: &str) {
        if !self.style.quiet {
            self.ready(dump);
        } else if file.outcome == Outcome::Findings {
            self.path_of(file);
        } else {
            return;
        }
        self.findings(&file.findings, &[]);
    }

    /// What was found, what is planned or was done, how it ended, and what that means.
    pub(super) fn database(
        &mut self,
        database: &DatabaseReport,
        aside: &DatabaseAside,
        report: &Report,
    ) {
        let quiet = self.style.quiet;
        let ended_well = database.outcome.exit_code() == 0;
        if quiet && ended_well && !aside.notes.iter().any(Note::is_warning) {
            return;
        }
        let of_group = report.aside.group.is_some();
        if quiet {
            self.path_of(database);
            if database.outcome == Outcome::Findings {
                self.findings(&database.findings, &aside.mended);
            }
        } else if of_group {
            self.header(database);
        } else if !aside.plan_was_shown {
            self.proposal(database, aside, &report.command);
        }
        let is_bad = |pages: &PageFacts| pages.bad_data_pages() > 0;
        match (&database.pages, &report.command) {
            (Some(pages), CommandName::Verify) => self.pages(pages),
            (Some(pages), CommandName::Check) if is_bad(pages) => self.pages(pages),
            _ => {}
        }
        self.operation(database);
        for refusal in report.refusals.iter().filter(|r| concerns(r, database, report)) {
            self.refusal(refusal, &database.path);
        }
        if !of_group {
            self.verdict(ended(database, report));
            self.checked_again(database, aside);
        }
        self.notes(&aside.notes);
        self.blank();
    }

    /// The state and the findings of a database, and what would be written.
    pub(super) fn proposal(
        &mut self,
        database: &DatabaseReport,
        aside: &DatabaseAside,
        command: &CommandName,
    ) {
        self.header(database);
        let findings = aside.found_before.as_ref().unwrap_or(&database.findings);
        self.findings(findings, &aside.mended);
        // What is left of an old plan is said by the direction that its recovery takes.
        if *command != CommandName::Recover {
            self.plan(database);
        }
    }

    /// With `quiet` only those of what is wrong.
    pub(super) fn notes(&mut self, notes: &[Note]) {
        let quiet = self.style.quiet;
        for note in notes.iter().filter(|note| !quiet || note.is_warning()) {
            for paragraph in note.in_words() {
                self.paragraph(2, "", &paragraph);
            }
        }
    }

    fn path_of(&mut self, database: &DatabaseReport) {
        self.heading(shown(&database.path).to_string());
    }

    fn header(&mut self, database: &DatabaseReport) {
        self.path_of(database);
        let Some(header) = database.header.as_ref().and_then(FileHeader::database) else { return };
        let is_clean = header.state == DbState::CleanShutdown;
        let colour = if is_clean { Colour::new().green() } else { Colour::new().red() };
        let state = Ink::from("  State: ") + self.painted(header.state.label(), colour);
        let (page_size, version) = (header.page_size, header.version);
        // eseutil prints the revision in decimal.
        let revision = header.revision.0;
        let format = format!("cbDbPage: {page_size}   Format ulVersion: {version},{revision}");
        let columns = state.columns() + 3 + format.len();
        if columns <= self.style.width {
            self.line(state + "   " + format);
        } else {
            self.line(state);
            self.line(format!("  {format}"));
        }
    }

    fn operation(&mut self, database: &DatabaseReport) {
        if let Some(backup) = &database.backup {
            self.words(2, "backup:    ", backup_in_words(backup));
            self.line(format!("             {}", shown(&backup.path)));
            self.words(2, "SHA-256:   ", backup.sha256.to_string());
        }
        if let Some(operation) = &database.operation {
            self.line(format!("  operation: {}", shown(&operation.dir)));
        }
    }

    /// What the second check found, once something was written.
    fn checked_again(&mut self, database: &DatabaseReport, aside: &DatabaseAside) {
        if aside.found_before.is_none() {
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
        self.words(2, "checked again: ", text);
    }
}

/// How the backup was made, and what that is worth.
pub(in crate::report) fn backup_in_words(backup: &BackupRecord) -> String {
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
