//! The plan of a header: the fields that change, and the steps.

use crate::plan::{BackupScope, Step, WriteStep};
use crate::rebuild::Source;
use crate::report::model::DatabaseReport;
use crate::show::{shown, size};

use super::page::Page;

impl Page {
    /// The fields and the steps; nothing where no header is to be written.
    pub(super) fn plan(&mut self, database: &DatabaseReport) {
        let steps = database.steps.of_header();
        let write = steps.iter().find_map(|step| match step {
            Step::Write(write) => Some(write),
            Step::Copy { .. } | Step::Move(_) => None,
        });
        let Some(write) = write else { return };
        self.rebuild(database);
        self.words(2, "", "Fields of the header, in both copies (offsets inside a copy):");
        match write.changes.iter().any(|change| change.source.is_some()) {
            true => self.rebuilt_fields(write),
            false => self.changes(write, database),
        }
        self.line("  Steps:");
        for (index, step) in steps.iter().enumerate() {
            self.words(
                4,
                &format!("{}. ", index + 1),
                step_in_words(step, are_whole_pages(database)),
            );
            self.digests(step);
        }
        self.blank();
    }

    fn digests(&mut self, step: &Step) {
        if let (Step::Write(write), true) = (step, self.style.verbose) {
            self.line("       SHA-256 before, then after:");
            self.line(format!("       {}", write.before_sha256));
            self.line(format!("       {}", write.after_sha256));
        }
    }

    /// What a rebuilt header rests on.
    fn rebuild(&mut self, database: &DatabaseReport) {
        for found in database.rebuild.iter().flat_map(|rebuild| &rebuild.evidence) {
            self.words(2, "", found.as_str());
        }
        if database.rebuild.is_some() {
            self.blank();
        }
    }

    /// Each field of a rebuilt header with its value, and where that comes from.
    fn rebuilt_fields(&mut self, write: &WriteStep) {
        self.line(format!("  {:>6}  {:<20}  {:<36}  {}", "offset", "field", "value", "from"));
        for change in &write.changes {
            let (at, name, value) = (change.offset, &change.label, &change.after);
            let source = change.source.map_or("", Source::in_words);
            self.line(format!("  {at:>6}  {name:<20}  {value:<36}  {source}"));
        }
        self.blank();
    }

    /// The fields, grouped under the name of the backup they belong to.
    fn changes(&mut self, write: &WriteStep, database: &DatabaseReport) {
        if write.changes.is_empty() {
            self.line(match are_whole_pages(database) {
                true => "    both pages as a whole, as they were saved",
                false => "    no field changes; a damaged copy is rewritten from the other",
            });
            return self.blank();
        }
        self.line(format!("  {:>6}  {:<12}  {:<27}  {}", "offset", "field", "now", "planned"));
        let mut group = "";
        for change in &write.changes {
            let (title, name) = change.label.split_once(", ").unwrap_or(("", &change.label));
            if title != group {
                self.line(format!("          {title}:"));
                group = title;
            }
            let (at, now, planned) = (change.offset, &change.before, &change.after);
            self.line(format!("  {at:>6}  {name:<12}  {now:<27}  {planned}"));
        }
        self.blank();
    }
}

/// Whether the plan writes pages that have no fields to be told: a rebuilt header, or the destroyed one again.
pub(in crate::report) fn are_whole_pages(database: &DatabaseReport) -> bool {
    let writes = || {
        database.steps.of_header().iter().filter_map(|step| match step {
            Step::Write(write) => Some(write),
            Step::Copy { .. } | Step::Move(_) => None,
        })
    };
    let is_whole = |write: &WriteStep| {
        write.rewrites_copy && write.changes.iter().all(|change| change.source.is_some())
    };
    writes().count() > 1 && writes().all(is_whole)
}

/// A step of a header write, as an order.
pub(in crate::report) fn step_in_words(step: &Step, are_whole_pages: bool) -> String {
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
        Step::Move(step) => format!("move {} to {}", shown(&step.from), shown(&step.to)),
        Step::Write(write) => {
            let is_from_other = write.rewrites_copy && !are_whole_pages;
            let how = if is_from_other { " (this copy is rewritten from the other)" } else { "" };
            format!(
                "write the {} header, {} bytes at offset {}, sync, read back, compare{how}",
                write.copy.name(),
                write.bytes,
                write.offset
            )
        }
    }
}
