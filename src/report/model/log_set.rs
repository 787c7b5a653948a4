//! The logs of one log stream, all of which were read, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::log_body::LogVerdict;
use crate::show::path_text;
use crate::survey::{LogContent, LogFile, LogStream};

use super::LogBodyReport;

/// How many bad logs are listed one by one; the rest is only counted.
const MOST_LISTED_LOGS: usize = 10_000;

/// How many logs there are, and what is said of them.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct LogSetReport {
    /// Base name.
    pub base: String,
    /// Closed logs and the current one.
    pub total: u64,
    /// Sound ones.
    pub sound: u64,
    /// Sound but for flipped bits that were corrected.
    pub corrected: u64,
    /// A current log without data.
    pub empty: u64,
    /// Logs whose last write did not come to its end.
    pub torn: u64,
    /// Closed logs without data.
    pub lost: u64,
    /// Logs with a damaged body.
    pub damaged: u64,
    /// Logs without a valid header.
    pub bad_headers: u64,
    /// Logs that could not be read.
    pub unreadable: u64,
    /// Those that are not sound, corrected or empty, in their order; at most 10,000.
    pub bad: Vec<BadLog>,
}

/// A log with which something is wrong.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BadLog {
    /// Its path.
    pub path: String,
    /// Its generation, where its header is valid.
    pub generation: Option<i32>,
    /// Its body; `null` where it has no valid header, or could not be read.
    pub body: Option<LogBodyReport>,
}

impl LogSetReport {
    /// Of a stream whose bodies were read.
    pub(crate) fn new(stream: &LogStream) -> Self {
        let mut report = Self { base: stream.base.to_string(), ..Self::default() };
        stream.in_order().for_each(|log| report.count(log));
        report
    }

    /// Whether nothing is wrong with any of them.
    pub fn is_good(&self) -> bool {
        self.bad.is_empty()
    }

    fn count(&mut self, log: &LogFile) {
        self.total += 1;
        let body = log.body.as_ref();
        let verdict = body.map(|body| LogVerdict::from(body.report.verdict));
        *match (verdict, &log.content) {
            (Some(LogVerdict::Sound), _) => &mut self.sound,
            (Some(LogVerdict::Corrected), _) => &mut self.corrected,
            (Some(LogVerdict::Empty), _) => &mut self.empty,
            (Some(LogVerdict::Torn), _) => &mut self.torn,
            (Some(LogVerdict::Lost), _) => &mut self.lost,
            (Some(LogVerdict::Damaged), _) => &mut self.damaged,
            (None, LogContent::Unreadable(_)) => &mut self.unreadable,
            (None, _) => &mut self.bad_headers,
        } += 1;
        let is_good = verdict.is_some_and(LogVerdict::is_good) && !log.has_bad_record();
        if is_good || self.bad.len() >= MOST_LISTED_LOGS {
            return;
        }
        self.bad.push(BadLog {
            path: path_text(&log.path),
            generation: log.summary().map(|summary| summary.generation),
            body: body.map(|body| LogBodyReport::new(&body.report, &body.walk, None)),
        });
    }
}
