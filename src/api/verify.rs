//! `verify`: everything that has a checksum against it, in databases, logs, checkpoints and flush maps.

use std::num::NonZeroUsize;
use std::path::Path;

use crate::ese::ContentKind;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, Entry, Inspected, Note, Report};
use crate::storage::all_processors;
use crate::survey::DatabaseFacts;

use super::error::{Result as ApiResult, ended_well};
use super::file_kind::kind_of;
use super::inspect_log::check_log;
use super::inspect_stream::{set_named, unused};
use super::recover::not_begun;
use super::request::Verify;
use super::run::{Run, Watch};
use super::verify_database::{failed, verify_database};
use super::verify_files::{verify_checkpoint, verify_flush_map, verify_set, with_torn_end};
use super::verify_folder::verify_folder;

/// Reads every page of databases and compares it with its checksum, and likewise all of logs, checkpoints and flush
/// maps, as `eseutil /k` and `/ml` do. Writes nothing.
///
/// The outcome of the report is `ok`, or `findings` where something is bad, also where the engine could correct or
/// mend it. `pages` of each database has the numbers and the bad pages. What is no database is among `files`: each
/// log that was named with its `body`, each log stream with its `logs`.
///
/// # Errors
///
/// A file could not be read to its end, is none of these, or of a format that is not known; or the watch asked
/// to stop. The report in the error has what was found in the others.
pub fn verify(request: &Verify, watch: &Watch) -> ApiResult<Report> {
    let run = Run::of_embedder(watch);
    let report = verify_in(&run, request, &|_| {});
    ended_well(report.run_by(run.report()))
}

/// Verifies in a run that began already. `told` hears of the report as it grows.
pub(crate) fn verify_in(run: &Run, request: &Verify, told: &dyn Fn(&Report)) -> Report {
    let threads = request.threads.map_or_else(all_processors, NonZeroUsize::get);
    let report = Report::new(CommandName::Verify);
    let mut verifying = Verifying { run, threads, reads_streaming_files: false, told, report };
    request.paths.iter().for_each(|path| verifying.path(path));
    verifying.report.conclude()
}

/// The report as it grows.
pub(super) struct Verifying<'a> {
    pub run: &'a Run<'a>,
    pub threads: usize,
    /// Whether the streaming file of each database is verified, too.
    pub reads_streaming_files: bool,
    told: &'a dyn Fn(&Report),
    report: Report,
}

impl Verifying<'_> {
    fn path(&mut self, path: &Path) {
        if self.is_stopped() {
            let (database, reasons) = not_begun(path);
            return self.push(database, &reasons);
        }
        match verify_folder(self, path) {
            Some(Ok(())) => {}
            Some(Err(refusal)) => self.fail(refusal),
            None => self.file_or_set(path),
        }
    }

    fn file_or_set(&mut self, path: &Path) {
        if let Some((_, group)) = set_named(self.run, path) {
            let (set, reasons) = verify_set(self.run, group, self.threads);
            return self.push_file(set, &reasons);
        }
        match self.run.survey(path) {
            Ok(facts) => self.file(&facts),
            Err(refusal) => self.fail(refusal),
        }
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

    fn push(&mut self, database: impl Into<Entry>, reasons: &[Refusal]) {
        self.report.push(database, reasons);
        (self.told)(&self.report);
    }

    /// A file that is no database, or a log stream.
    pub fn push_file(&mut self, file: Inspected, reasons: &[Refusal]) {
        self.report.push_file(file, reasons);
        (self.told)(&self.report);
    }
}
