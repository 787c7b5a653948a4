//! `--log-file`: one line for each stage, refusal, finding and outcome, for whoever looks after
//! scheduled runs.
//!
//! It is opened before anything else, and only appended to, so that several runs may share it. It is no
//! part of an operation: nothing is decided by it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::diagnose::{Finding, Severity};
use crate::machine::now;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{Report, utc};
use crate::show::shown;
use crate::storage::{FileKind, Storage, absolute};

use super::own_file::reason_against;

/// A log that lines are appended to.
pub struct LogFile {
    path: PathBuf,
    file: File,
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
    /// Opens a log to append to it, or creates it for its owner alone.
    pub fn open(storage: &dyn Storage, path: &Path) -> Result<Self, Refusal> {
        let path = absolute(path).map_err(|error| {
            refuse(path, &format!("it cannot be opened: {error}"), "Name another file.")
        })?;
        let is_new = refusal(storage, &path).map_or(Ok(true), |found| found)?;
        let file = open(&path, is_new).map_err(|error| cannot_open(&path, &error))?;
        Ok(Self { path, file, state: Mutex::default() })
    }

    /// Appends a line. A failure is kept until the end: a repair is not stopped by its log.
    pub fn line(&self, text: &str) {
        let line = format!("{} edbmend[{}] {}\n", utc(now()), std::process::id(), shown(text));
        if let Err(error) = (&self.file).write_all(line.as_bytes()) {
            self.state().failure.get_or_insert(error);
        }
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
            .and_then(|()| self.file.sync_all())
            .map_err(|error| format!("The log file {} is not complete: {error}", shown(&self.path)))
    }
}

/// Why nothing is to be appended here; else whether the file is new. `None` where it is not there.
fn refusal(storage: &dyn Storage, path: &Path) -> Option<Result<bool, Refusal>> {
    if let Some(what) = reason_against(storage, path) {
        return Some(Err(refuse(
            path,
            what,
            "Name another file, for example /var/log/edbmend.log.",
        )));
    }
    let status = storage.status(path).ok()?;
    let what = match status.kind {
        FileKind::Regular if status.length_bytes == 0 || is_log_of_ours(path) => {
            return Some(Ok(false));
        }
        FileKind::Regular => "it is there and is no log file of edbmend",
        FileKind::Directory => "it is a folder",
        FileKind::Symlink => "it is a symbolic link",
        FileKind::Special => "it is a FIFO, a socket or a device",
    };
    Some(Err(refuse(path, what, "Name a new file, or one that an earlier --log-file made.")))
}

/// Whether the first line is one of ours. Nothing is ever appended to a file of any other kind.
fn is_log_of_ours(path: &Path) -> bool {
    let stamp = utc(now()).len();
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    read.is_ok()
        && start.get(stamp..).is_some_and(|rest| rest.starts_with(b" edbmend["))
        && start.first().is_some_and(u8::is_ascii_digit)
}

fn open(path: &Path, is_new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(is_new);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    options.open(path)
}

fn cannot_open(path: &Path, error: &io::Error) -> Refusal {
    let parent = path.parent().unwrap_or(Path::new("/"));
    if error.kind() == io::ErrorKind::NotFound {
        let what = format!("its folder {} does not exist", shown(parent));
        return refuse(path, &what, "Create the folder, or name a file in another one.");
    }
    let remedy = format!("Check who may write to {}, or name another file.", shown(parent));
    refuse(path, &format!("it cannot be opened for appending: {error}"), &remedy)
}

fn refuse(path: &Path, what: &str, remedy: &str) -> Refusal {
    let message = format!("nothing can be written to the log file: {what}");
    Refusal::new(RefusalId::LogFileUnusable, path, message, remedy)
}
