//! The report of a run: what programs read, and what people are told beside it.

use std::cmp::max_by_key;
use std::ops::Deref;

use serde::{Serialize, Serializer};

use crate::diagnose::{Finding, Severity};
use crate::refusal::Refusal;

use super::Note;
use super::aside::{Aside, GroupAside, StreamAside};
use super::entry::{Entry, Inspected};
use super::model::{CommandName, Document, Outcome, RunReport, StreamReport};

/// What a run came to. Its fields are those of the [`Document`](crate::json::Document), to which it
/// serialises; `to_string` gives the text of the command line, without colours.
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) document: Document,
    pub(crate) aside: Aside,
}

impl Deref for Report {
    type Target = Document;

    fn deref(&self) -> &Document {
        &self.document
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.document.serialize(to)
    }
}

impl Report {
    /// An empty report of a command.
    pub(crate) fn new(command: CommandName) -> Self {
        Self { document: Document::new(command), aside: Aside::default() }
    }

    /// An empty report of a command that is about a storage group as a whole.
    pub(crate) fn of_group(command: CommandName) -> Self {
        let aside = Aside { group: Some(GroupAside::default()), ..Aside::default() };
        Self { aside, ..Self::new(command) }
    }

    /// Says who ran it, where and when.
    #[doc(hidden)]
    pub fn run_by(mut self, run: RunReport) -> Self {
        self.document.run = Some(run);
        self
    }

    /// What serialises, without what only people are told.
    pub fn into_document(self) -> Document {
        self.document
    }

    /// Adds a database with the reasons why it was not done.
    pub(crate) fn push(&mut self, entry: impl Into<Entry>, reasons: &[Refusal]) {
        let Entry { report, aside } = entry.into();
        self.document.refusals.extend_from_slice(reasons);
        self.document.databases.push(report);
        self.aside.databases.push(aside);
    }

    /// Adds a file with the reasons why it was not read.
    pub(crate) fn push_file(&mut self, file: Inspected, reasons: &[Refusal]) {
        self.document.refusals.extend_from_slice(reasons);
        self.document.files.push(file.report);
        self.aside.dumps.push(file.dump);
    }

    /// Adds a log or a checkpoint that could not be read: the whole then has failed.
    pub(crate) fn push_unread(&mut self, reason: &Refusal) {
        self.aside.unread.push(reason.path.clone());
        self.document.refusals.push(reason.clone());
    }

    /// Every log stream that was looked at, those beside single databases too.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (&StreamReport, &StreamAside)> {
        let logs = self.document.logs.as_ref().map_or(&[][..], |logs| logs.streams());
        let beside = self.aside.beside.iter().map(|(stream, aside)| (stream, aside));
        logs.iter().zip(&self.aside.streams).chain(beside)
    }

    /// Tells something beside the storage group as a whole.
    pub(crate) fn note_of_group(&mut self, notes: impl IntoIterator<Item = Note>) {
        self.aside.group.get_or_insert_default().notes.extend(notes);
    }

    /// Takes the only database out again, to be looked at once more.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        let report = self.document.databases.pop()?;
        Some(Entry { report, aside: self.aside.databases.pop().unwrap_or_default() })
    }

    /// Adds what one of several files came to. Logs and checkpoint are those of the last one: several
    /// databases of one storage group share them.
    pub(crate) fn append(&mut self, one: Self) {
        let Self { document, aside } = one;
        self.document.refusals.extend(document.refusals);
        self.document.databases.extend(document.databases);
        self.document.files.extend(document.files);
        self.aside.databases.extend(aside.databases);
        self.aside.dumps.extend(aside.dumps);
        self.aside.is_dry_run |= aside.is_dry_run;
        (self.document.logs, self.document.checkpoint) = (document.logs, document.checkpoint);
    }

    /// Takes the outcome from the worst database, and what there is only one of from the only one.
    pub(crate) fn conclude(mut self) -> Self {
        let document = &mut self.document;
        let files = document.files.iter().map(|file| &file.file);
        let outcomes = document.databases.iter().chain(files).map(|database| database.outcome);
        if let Some(worst) = Outcome::worst(outcomes) {
            document.outcome = worst;
        }
        if document.outcome.rank() == 0 && Self::has_errors(&document.findings) {
            document.outcome = Outcome::Findings;
        }
        if !self.aside.unread.is_empty() {
            document.outcome = worse(document.outcome, Outcome::Failed);
        }
        if let ([only], None) = (document.databases.as_slice(), &self.aside.group) {
            document.operation = only.operation.clone();
            document.steps = only.steps.clone();
            document.backup = only.backup.clone();
            document.pages = only.pages.clone();
        }
        document.exit_code = document.outcome.exit_code();
        self
    }

    /// Says that the run could not do all it was asked for, whatever the databases came to. Nothing was
    /// changed.
    pub(crate) fn failed(self) -> Self {
        let outcome = worse(self.outcome, Outcome::Failed);
        self.came_to(outcome)
    }

    /// Gives the whole and each of its databases one outcome. A refusal in which no guard spoke is a
    /// failure.
    pub(crate) fn ended(mut self, outcome: Outcome, reasons: &[Refusal]) -> Self {
        self.document.refusals.extend_from_slice(reasons);
        let outcome =
            if outcome == Outcome::Refused { Outcome::of_reasons(reasons) } else { outcome };
        for database in &mut self.document.databases {
            database.outcome = outcome;
        }
        self.came_to(outcome)
    }

    /// Gives the whole an outcome, with its exit code.
    pub(crate) fn came_to(mut self, outcome: Outcome) -> Self {
        self.document.outcome = outcome;
        self.document.exit_code = outcome.exit_code();
        self
    }

    /// Says that the plan is all that was asked for.
    pub(crate) fn of_dry_run(mut self) -> Self {
        self.aside.is_dry_run = true;
        self
    }

    /// Leaves out of the text what was shown before a question; where nothing was done, what it would
    /// have meant, too.
    pub(crate) fn after_question(mut self) -> Self {
        for (database, aside) in self.document.databases.iter().zip(&mut self.aside.databases) {
            aside.plan_was_shown = true;
            if matches!(database.outcome, Outcome::Declined | Outcome::Refused | Outcome::Failed) {
                aside.notes.clear();
            }
        }
        self.aside.group.iter_mut().for_each(|group| group.plan_was_shown = true);
        self
    }

    /// Whether one of them is an error.
    pub fn has_errors(findings: &[Finding]) -> bool {
        findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// The worse of two outcomes; of equals the second.
fn worse(one: Outcome, other: Outcome) -> Outcome {
    max_by_key(one, other, |outcome| outcome.rank())
}
