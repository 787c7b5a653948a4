//! The first screen as a value: the answer in one sentence, and one line for each database. Text, a page and `--brief`
//! show the same.

mod database;
mod databases;
mod group;
mod line;
mod logs;
mod numbers;
mod whole;

use super::Report;
use super::model::VerdictReport;

pub use line::Line;

/// The answer, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Of everything that was looked at.
    pub verdict: VerdictReport,
    /// One for each database, and for logs without one, in the order of the report.
    pub lines: Vec<Line>,
}

impl Overview {
    /// Of the report of a check.
    pub fn of(report: &Report) -> Self {
        let mut lines = databases::lines(report);
        lines.extend(logs::lines(report));
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
