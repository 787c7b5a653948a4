//! The report of `verify`, as it grows file by file.

use crate::ese::ContentKind;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, Entry, Inspected, Note, Report};
use crate::survey::DatabaseFacts;

use super::file_kind::kind_of;
use super::inspect_log::check_log;
use super::inspect_stream::unused;
use super::run::Run;
use super::verify_database::{failed, verify_database};
use super::verify_files::{verify_checkpoint, verify_flush_map, with_torn_end};

/// The report as it grows.
pub struct Verifying<'a> {
    pub run: &'a Run<'a>,
    pub threads: usize,
    /// Whether the streaming file of each database is verified, too.
    pub reads_streaming_files: bool,
    told: &'a dyn Fn(&Report),
    report: Report,
}

impl<'a> Verifying<'a> {
    /// Nothing was verified yet. `told` hears of the report as it grows.
    pub fn new(run: &'a Run<'a>, threads: usize, told: &'a dyn Fn(&Report)) -> Self {
        let report = Report::new(CommandName::Verify);
        Self { run, threads, reads_streaming_files: false, told, report }
    }

    /// The report of all.
    pub fn conclude(self) -> Report {
        self.report.conclude()
    }

    /// A file that was surveyed.
    pub fn file(&mut self, facts: &DatabaseFacts) {
        let (run, threads) = (self.run, self.threads);
        let (file, reasons) = match kind_of(facts) {
            ContentKind::Log => (with_torn_end(check_log(run.storage(), facts)), Vec::new()),
            ContentKind::Checkpoint => (verify_checkpoint(facts), Vec::new()),
            ContentKind::FlushMap => verify_flush_map(run, facts, threads),
            kind @ (ContentKind::PreparedLog | ContentKind::ReserveLog) => {
                (unused(facts, kind), Vec::new())
            }
            kind @ ContentKind::Patch if facts.pair.is_none() => (unused(facts, kind), Vec::new()),
            kind => {
                let (mut database, reasons) = verify_database(run, facts, threads);
                database.report.kind = kind;
                if self.reads_streaming_files {
                    let is_of_it = |note: &Note| matches!(note, Note::StreamFileNotRead(_));
                    database.aside.notes.retain(|note| !is_of_it(note));
                }
                return self.push(database, &reasons);
            }
        };
        self.push_file(file, &reasons);
    }

    /// Whether somebody asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.report.refusals.iter().any(|reason| reason.id == RefusalId::Interrupted)
    }

    /// Something that could not be read.
    pub fn fail(&mut self, refusal: Refusal) {
        let (database, reasons) = failed(refusal);
        self.push(database, &reasons);
    }

    /// A database, or what stands for one.
    pub fn push(&mut self, database: impl Into<Entry>, reasons: &[Refusal]) {
        self.report.push(database, reasons);
        (self.told)(&self.report);
    }

    /// A file that is no database, or a log stream.
    pub fn push_file(&mut self, file: Inspected, reasons: &[Refusal]) {
        self.report.push_file(file, reasons);
        (self.told)(&self.report);
    }
}
