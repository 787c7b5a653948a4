//! The first screen as a value: the answer in one sentence, and one line for each database. Text, a page and `--brief`
//! show the same.

mod database;
mod lines;
mod logs;
mod whole;

use std::path::PathBuf;

use crate::diagnose::ForecastOutcome;

use super::model::{DatabaseVerdict, StreamReport, VerdictReport};
use super::{GroupNumber, Report};

/// The answer, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Of everything that was looked at.
    pub verdict: VerdictReport,
    /// One for each database, and for logs without one, in the order of the report.
    pub lines: Vec<Line>,
}

/// One database, or logs without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its path; of logs that of their folder with the base name.
    pub path: PathBuf,
    /// Its place among the databases of the report; `None` of logs.
    pub database: Option<usize>,
    /// What is to be expected of it.
    pub verdict: DatabaseVerdict,
    /// The worst of what was found of it, or why it could not be read: an id.
    pub worst: Option<&'static str>,
    /// What to type first, where something is to be done about it.
    pub command: Option<String>,
    /// The group that it was checked with.
    pub group: Option<GroupNumber>,
}

impl Line {
    /// The name of the file without its folder.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }
}

impl Overview {
    /// Of the report of a check.
    pub fn of(report: &Report) -> Self {
        let lines = lines::lines(report);
        Self { verdict: whole::verdict(report, &lines), lines }
    }
}

impl Report {
    /// With the answer in short, of each database and of all.
    pub(crate) fn judged(mut self) -> Self {
        let Overview { verdict, lines } = Overview::of(&self);
        for line in lines {
            if let Some(index) = line.database {
                self.document.databases[index].verdict = Some(line.verdict);
            }
        }
        self.document.verdict = Some(verdict);
        self
    }
}

/// Whether its next mount fails.
fn mount_fails(stream: &StreamReport) -> bool {
    stream.next_mount.outcome == ForecastOutcome::Fails
}

/// The engine's numbers: `-569, event 459`.
fn numbers(error: Option<i32>, event: Option<u32>) -> Option<String> {
    let error = error.map(|error| error.to_string());
    let event = event.map(|event| format!("event {event}"));
    let both: Vec<String> = error.into_iter().chain(event).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

/// Words with the engine's numbers behind them.
fn with_numbers(words: &str, error: Option<i32>, event: Option<u32>) -> String {
    match numbers(error, event) {
        Some(numbers) => format!("{words} ({numbers})"),
        None => words.to_owned(),
    }
}
