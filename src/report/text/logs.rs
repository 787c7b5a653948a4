//! The logs of a storage group.

use std::path::Path;

use crate::diagnose::{CheckpointState, Forecast, ForecastOutcome, LogRange, LogRangeState};
use crate::report::Report;
use crate::report::model::StreamReport;
use crate::show::{Colour, shown};

use super::page::{Ink, Page};

/// Widest label of the lines about a stream, in columns.
const LABEL: usize = 18;

/// Said of a folder without logs.
const NO_LOGS: &str = "If they are in another folder, name it with --log-dir. If they were moved away by a log reset, the \
     next mount begins log generation 1 under a new log signature and clears the backup fields of the \
     databases. Which of the two it is cannot be seen here, so nothing is said of the next backups.";

impl Page {
    /// The log streams, what was found in them, and what will happen to them.
    pub(super) fn logs(&mut self, report: &Report) {
        let streams = report.logs.as_ref().map_or(&[][..], |logs| logs.streams());
        let unread = !report.aside.unread.is_empty();
        let bad = unread || Report::has_errors(&report.findings);
        let is_named = streams.iter().any(|stream| stream.base.is_some());
        if (!is_named && report.findings.is_empty()) || (self.style.quiet && !bad) {
            return;
        }
        for (stream, aside) in streams.iter().zip(&report.aside.streams) {
            if let Some(base) = &stream.base {
                self.stream(base, stream, &aside.checkpoint);
            }
        }
        self.findings(&report.findings, &[]);
        let (text, colour) = if unread {
            ("not all of the logs could be read", Colour::new().red().bold())
        } else if bad {
            ("errors found in the logs", Colour::new().red().bold())
        } else {
            // Nothing is green where a forecast fails.
            let fails = streams.iter().any(|stream| {
                [&stream.next_mount, &stream.next_full, &stream.next_incremental]
                    .iter()
                    .any(|forecast| forecast.outcome == ForecastOutcome::Fails)
            });
            let colour = if fails { Colour::new() } else { Colour::new().green() };
            ("no errors found in the logs", colour)
        };
        let text = self.painted(text, colour);
        self.line(Ink::from("  ") + text);
        self.blank();
    }

    /// What it means that a folder has no logs.
    pub(super) fn no_logs(&mut self, dir: &Path) {
        self.heading(format!("Logs: none found in {}", shown(dir)));
        self.words(2, "", NO_LOGS);
    }

    /// One stream, with its checkpoint.
    fn stream(&mut self, base: &str, stream: &StreamReport, checkpoint: &CheckpointState) {
        self.heading(format!("Logs {base} in {}", stream.dir));
        if let Some(signature) = stream.signature {
            self.labelled("Signature:", signature.to_string());
        }
        self.labelled("logs:", logs_in_words(stream));
        if let Some(left) = stream.generations_left {
            self.labelled("numbers used:", numbers_used(stream, left));
        }
        self.labelled("checkpoint:", checkpoint.to_string());
        let count = stream.databases.len();
        self.labelled("databases:", format!("{count} of this log signature"));
        self.ranges(&stream.ranges);
        self.labelled("next mount:", forecast_in_words(&stream.next_mount));
        self.labelled("next full:", forecast_in_words(&stream.next_full));
        self.labelled("next incremental:", forecast_in_words(&stream.next_incremental));
    }

    /// Which logs may go: said only where there are closed ones.
    fn ranges(&mut self, ranges: &[LogRange]) {
        if !ranges.iter().any(|range| range.state != LogRangeState::Current) {
            return;
        }
        let there = |range: &&LogRange| range.state != LogRangeState::Missing;
        let needed = in_numbers(ranges.iter().filter(|range| range.needed_to_mount));
        self.labelled("to mount:", needed);
        let not_saved = ranges.iter().filter(there).filter(|range| !range.in_backup);
        self.labelled("not backed up:", in_numbers(not_saved));
        let deleted = in_numbers(ranges.iter().filter(|range| range.next_full_deletes));
        let mut holding: Vec<&str> =
            ranges.iter().flat_map(|range| range.held_by.iter().map(String::as_str)).collect();
        holding.sort_unstable();
        holding.dedup();
        let held = if holding.is_empty() { "nobody".into() } else { holding.join(", ") };
        self.labelled("full will delete:", format!("{deleted}; held back by {held}"));
    }

    fn labelled(&mut self, label: &str, text: impl Into<Ink>) {
        self.words(2, &format!("{label:LABEL$}"), text);
    }
}

/// `1-3, 5`, or `none`.
fn in_numbers<'a>(ranges: impl Iterator<Item = &'a LogRange>) -> String {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for range in ranges {
        match runs.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(range.from) => *to = range.to,
            _ => runs.push((range.from, range.to)),
        }
    }
    let run = |(from, to): &(i32, i32)| {
        if from == to { from.to_string() } else { format!("{from}-{to}") }
    };
    let runs: Vec<String> = runs.iter().map(run).collect();
    if runs.is_empty() { "none".into() } else { runs.join(", ") }
}

/// How many there are, from which number to which.
pub(in crate::report) fn logs_in_words(stream: &StreamReport) -> String {
    let (Some(first), Some(last)) = (stream.first_generation, stream.last_generation) else {
        return format!("{}, none with a header that can be used", stream.count);
    };
    let current = if stream.current.is_some() { "" } else { ", no current log" };
    format!("{}, generations {first}-{last} (0x{first:x}-0x{last:x}){current}", stream.count)
}

/// How much of the numbers of logs is used.
pub(in crate::report) fn numbers_used(stream: &StreamReport, left: u32) -> String {
    let per_cent = stream.per_cent_used.unwrap_or_default();
    let end = match stream.runs_out {
        Some(day) => format!("; at the rate of these logs until {day}"),
        None => String::new(),
    };
    format!("{per_cent:.1} per cent, {left} generations left{end}")
}

/// How it ends, with which error and event, and why.
pub(in crate::report) fn forecast_in_words(forecast: &Forecast) -> String {
    let mut text = forecast.outcome.name().to_owned();
    if forecast.outcome != ForecastOutcome::Succeeds {
        let error = forecast.error.map(|error| format!("error {error}"));
        let event = forecast.event.map(|event| format!("event {event}"));
        let both: Vec<String> = error.into_iter().chain(event).collect();
        if !both.is_empty() {
            text += &format!(", {}", both.join(", "));
        }
    }
    format!("{text} ({}). {}", forecast.engine_in_words(), forecast.message)
}
