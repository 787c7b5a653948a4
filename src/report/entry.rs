//! One database, or one file, as it is added to a report.

use std::ops::Deref;

use serde::{Serialize, Serializer};

use crate::diagnose::Finding;
use crate::survey::DatabaseFacts;

use super::Note;
use super::aside::DatabaseAside;
use super::headers::header_of;
use super::model::{DatabaseReport, FileReport, Outcome};

/// A database: what its report says, and what people are told beside it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What programs read.
    pub report: DatabaseReport,
    /// What is told beside it.
    pub aside: DatabaseAside,
}

impl From<DatabaseReport> for Entry {
    fn from(report: DatabaseReport) -> Self {
        Self { report, aside: DatabaseAside::default() }
    }
}

impl Entry {
    /// A database that was surveyed.
    pub(crate) fn surveyed(
        facts: &DatabaseFacts,
        findings: Vec<Finding>,
        outcome: Outcome,
    ) -> Self {
        let report = DatabaseReport::surveyed(facts, findings, outcome);
        let aside = DatabaseAside { header: header_of(facts), ..DatabaseAside::default() };
        Self { report, aside }
    }

    /// Tells something more beside it.
    pub(crate) fn note(&mut self, note: Note) {
        self.aside.notes.push(note);
    }

    /// Tells several things more beside it.
    pub(crate) fn notes(&mut self, notes: impl IntoIterator<Item = Note>) {
        self.aside.notes.extend(notes);
    }
}

/// The header of one file: its report, and the text that `eseutil` prints of it. It serialises to the
/// report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspected {
    pub(crate) report: FileReport,
    /// The text that `eseutil /mh`, `/ml` or `/mk` prints; empty where nothing could be read.
    pub dump: String,
}

impl Inspected {
    /// A file with its dump.
    pub(crate) fn new(file: DatabaseReport, dump: String) -> Self {
        Self { report: FileReport::new(file), dump }
    }
}

impl Deref for Inspected {
    type Target = FileReport;

    fn deref(&self) -> &FileReport {
        &self.report
    }
}

impl Serialize for Inspected {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.report.serialize(to)
    }
}
