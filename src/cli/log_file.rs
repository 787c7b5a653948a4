//! `--log-file`: one line for each stage, refusal, finding and outcome, for whoever looks after
//! scheduled runs.
//!
//! It is opened before anything else, and only appended to, so that several runs may share it. It is no
//! part of an operation: nothing is decided by it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::diagnose::{Finding, Severity};
use crate::machine::now;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{Report, utc};
use crate::show::shown;
use crate::storage::{File, FileKind, Storage, StorageError, read_full};

use super::own_file::reason_against;

/// A log that lines are appended to.
pub struct LogFile {
    path: PathBuf,
    file: Box<dyn File>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Of the first line that could not be written.
    failure: Option<io::Error>,
    /// How many databases of the report stand in the log already.
    databases: usize,
    /// How many files.
    files: usize,
    /// How many refusals.
    refusals: usize,
}

impl LogFile {
    /// Opens a log to append to it, or creates it for its owner alone. Nobody else says where it lies, or wrote
    /// what is in it.
    pub fn open(storage: &dyn Storage, path: &Path) -> Result<Self, Refusal> {
        let named = storage.absolute_by_own_links(path);
        let path = named.map_err(|error| refuse(path, &format!("{error}"), ANOTHER))?;
        if let Some(what) = reason_against(storage, &path) {
            return Err(refuse(&path, what, ANOTHER));
        }
        let parent = path.parent().unwrap_or(Path::new("/"));
        let held = storage.hold_folder(parent);
        let _held = held.map_err(|error| cannot_open(&path, &error))?;
        // A device is not even opened. What is there is judged once it is open; what is not, nobody else may make.
        let opened = match storage.status(&path) {
            Ok(status) if status.kind != FileKind::Regular => {
                return Err(refuse(&path, no_file(status.kind), ONE_OF_OURS));
            }
            Ok(_) => storage.open_to_append(&path, false),
            Err(error) if error.is_not_found() => storage.open_to_append(&path, true),
            Err(error) => Err(error),
        };
        let judged = opened.and_then(|file| Ok((reason_not_to_append(file.as_ref())?, file)));
        match judged.map_err(|error| cannot_open(&path, &error))? {
            (None, file) => Ok(Self { path, file, state: Mutex::default() }),
            (Some(what), _) => Err(refuse(&path, &what, ONE_OF_OURS)),
        }
    }

    /// Appends a line. A failure is kept until the end: a repair is not stopped by its log.
    pub fn line(&self, text: &str) {
        let line = format!("{} edbmend[{}] {}\n", utc(now()), std::process::id(), shown(text));
        if let Err(error) = self.append(line.as_bytes()) {
            self.state().failure.get_or_insert(error);
        }
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.file.os().ok_or(io::ErrorKind::Unsupported)?;
        file.write_all(line)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends what a report has that was not told yet.
    pub fn report(&self, report: &Report) {
        let State { databases, files, refusals, .. } = *self.state();
        for refusal in &report.refusals[refusals..] {
            let word = if refusal.id.is_guard() { "refused" } else { "stopped" };
            let (id, path) = (refusal.id.name(), shown(&refusal.path));
            self.line(&format!(
                "{word}: {id}: {path}: {}. Do: {}",
                refusal.message, refusal.remedy
            ));
        }
        for database in &report.databases[databases..] {
            self.findings(&shown(&database.path).to_string(), &database.findings);
            let operation = database.operation.as_ref();
            let operation = operation.map_or(String::new(), |o| format!(" ({})", shown(&o.dir)));
            let outcome = database.outcome.name();
            self.line(&format!("outcome: {outcome}: {}{operation}", shown(&database.path)));
        }
        for file in report.files[files..].iter().map(|file| &file.file) {
            self.findings(&shown(&file.path).to_string(), &file.findings);
            self.line(&format!("outcome: {}: {}", file.outcome.name(), shown(&file.path)));
        }
        let mut state = self.state();
        (state.databases, state.files) = (report.databases.len(), report.files.len());
        state.refusals = report.refusals.len();
    }

    /// Of the findings those that somebody has to do something about.
    fn findings(&self, path: &str, findings: &[Finding]) {
        for finding in findings.iter().filter(|finding| finding.severity != Severity::Info) {
            let (severity, id) = (finding.severity.name(), finding.id.name());
            self.line(&format!("{severity}: {id}: {path}: {}", finding.message));
        }
    }

    /// Appends the end of a run and makes all of it durable; what went wrong, in words.
    pub fn end(&self, report: &Report) -> Result<(), String> {
        self.report(report);
        self.findings("logs", &report.findings);
        // That of a reset belongs to no single database.
        let of_all = report.databases.iter().all(|database| database.operation.is_none());
        if let (Some(operation), true) = (&report.operation, of_all) {
            self.line(&format!("operation: {}", shown(&operation.dir)));
        }
        self.line(&format!("end: {}, exit code {}", report.outcome.name(), report.exit_code));
        let failure = self.state().failure.take().map_or(Ok(()), Err);
        failure
            .and_then(|()| self.file.sync().map_err(|error| error.source))
            .map_err(|error| format!("The log file {} is not complete: {error}", shown(&self.path)))
    }
}

const ANOTHER: &str = "Name another file, for example /var/log/edbmend.log.";
const ONE_OF_OURS: &str = "Name a new file, or one that an earlier --log-file made.";

/// Why nothing is to be appended to an open file.
fn reason_not_to_append(file: &dyn File) -> Result<Option<String>, StorageError> {
    let status = file.status()?;
    if status.kind != FileKind::Regular {
        return Ok(Some(no_file(status.kind).to_owned()));
    }
    if status.length_bytes > 0 && !is_log_of_ours(file)? {
        return Ok(Some("it is there and is no log file of edbmend".to_owned()));
    }
    let names = file.names()?;
    if names > 1 {
        return Ok(Some(format!("it has {names} names (hard links), expected one")));
    }
    let sharing = file.sharing()?;
    // Where there are no modes, those of the mount say nothing of who made this file.
    let by = sharing.by.filter(|_| sharing.without_modes.is_none());
    Ok(by.map(|others| others.to_string()))
}

fn no_file(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Directory => "it is a folder",
        FileKind::Symlink => "it is a symbolic link",
        FileKind::Regular | FileKind::Special => "it is a FIFO, a socket or a device",
    }
}

/// Whether the first line is one of ours. Nothing is ever appended to a file of any other kind.
fn is_log_of_ours(file: &dyn File) -> Result<bool, StorageError> {
    let stamp = utc(now()).len();
    let mut start = [0; 64];
    let length = read_full(file, &mut start, 0)?;
    let start = &start[..length];
    Ok(start.get(stamp..).is_some_and(|rest| rest.starts_with(b" edbmend["))
        && start.first().is_some_and(u8::is_ascii_digit))
}

fn cannot_open(path: &Path, error: &StorageError) -> Refusal {
    let parent = path.parent().unwrap_or(Path::new("/"));
    if error.is_not_found() {
        let what = format!("its folder {} does not exist", shown(parent));
        return refuse(path, &what, "Create the folder, or name a file in another one.");
    }
    let remedy = format!("Check who may write to {}, or name another file.", shown(parent));
    refuse(path, &format!("it cannot be opened for appending: {}", error.source), &remedy)
}

fn refuse(path: &Path, what: &str, remedy: &str) -> Refusal {
    let message = format!("nothing can be written to the log file: {what}");
    Refusal::new(RefusalId::LogFileUnusable, path, message, remedy)
}
