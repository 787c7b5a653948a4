//! What all commands share: the watcher, the log file, Ctrl-C, and the run that goes with them.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};

use crate::api::Run;
use crate::apply::Context;
use crate::machine::now;
use crate::refusal::Refusal;
use crate::report::{Report, typed, who};
use crate::storage::Disk;

use super::flags::{GuardedArgs, OutputArgs};
use super::interrupts;
use super::log_file::LogFile;
use super::terminal::{Watcher, show};

/// The surroundings of one run of the program.
pub struct Session {
    watcher: Watcher,
    interrupted: Arc<AtomicBool>,
    arguments: Vec<String>,
    started: DateTime<Utc>,
}

impl Session {
    /// The surroundings that the output flags ask for, of a run that begins now.
    pub fn new(output: OutputArgs, arguments: &[OsString]) -> Self {
        let watcher = Watcher::new(output.quiet, output.verbose);
        let arguments = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let (interrupted, started) = (Arc::default(), now());
        Self { watcher, interrupted, arguments, started }
    }

    /// From here on the log file, where one was asked for, gets its lines.
    pub fn open_log(&mut self, path: Option<&Path>) -> Result<(), Refusal> {
        let Some(path) = path else { return Ok(()) };
        let log = LogFile::open(&Disk, path)?;
        let run = self.run().report();
        let (version, by, typed) = (env!("CARGO_PKG_VERSION"), who(&run), typed(&run));
        log.line(&format!("begin: edbmend {version}, by {by} on {}: {typed}", run.host));
        self.watcher.log = Some(log);
        Ok(())
    }

    /// Says in the log file how everything ended. A log that is not complete is told.
    pub fn close_log(&self, report: &Report) {
        let Some(log) = &self.watcher.log else { return };
        if let Err(failure) = log.end(report) {
            show(&format!("{failure}\n"));
        }
    }

    /// Adds what one of several files came to to a report, and to the log file.
    pub fn add(&self, report: &mut Report, one: Report) {
        report.append(one);
        self.log(report);
    }

    /// Tells the log file of what a report has that it was not told yet.
    pub fn log(&self, report: &Report) {
        if let Some(log) = &self.watcher.log {
            log.report(report);
        }
    }

    /// The run, as it is handed to what does the work.
    pub fn run(&self) -> Run<'_> {
        let context =
            Context { storage: &Disk, observer: &self.watcher, interrupted: &self.interrupted };
        Run { context, arguments: self.arguments.clone(), started: self.started, writes: false }
    }

    /// From now on Ctrl-C and a polite kill end the run in an orderly way. Read-only commands and dry runs keep
    /// the default, which ends them at once.
    pub fn heed_interrupts(&self, guarded: &GuardedArgs) {
        if !guarded.dry_run {
            interrupts::heed(&self.interrupted);
        }
    }

    /// From now on the first Ctrl-C ends a command that only reads with its report, and a second one ends it
    /// at once.
    pub fn heed_first_interrupt(&self) {
        interrupts::heed_first(&self.interrupted);
    }

    /// Whether one of these came.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}
