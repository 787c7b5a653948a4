//! The logs of a storage group.

use std::path::Path;

use crate::diagnose::{Forecast, ForecastOutcome};
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
        if (streams.is_empty() && report.findings.is_empty()) || (self.style.quiet && !bad) {
            return;
        }
        for (stream, checkpoint) in streams.iter().zip(&report.aside.checkpoints) {
            self.stream(stream, checkpoint);
        }
        self.findings(&report.findings);
        let (text, colour) = if unread {
            ("not all of the logs could be read", Colour::new().red().bold())
        } else if bad {
            ("errors found in the logs", Colour::new().red().bold())
        } else {
            ("no errors found in the logs", Colour::new().green())
        };
        let text = self.painted(text, colour);
        self.line(Ink::from("  ") + text);
        self.blank();
    }

    /// What it means that a folder has no logs.
    pub(super) fn no_logs(&mut self, dir: &Path) {
        self.heading(format!("Logs: none found in {}", shown(dir)));
        self.words(2, "", NO_LOGS);
        self.blank();
    }

    /// One stream; its checkpoint comes in words.
    fn stream(&mut self, stream: &StreamReport, checkpoint: &str) {
        self.heading(format!("Logs {} in {}", stream.base, stream.dir));
        if let Some(signature) = stream.signature {
            self.labelled("Signature:", signature.to_string());
        }
        self.labelled("logs:", logs(stream));
        if let Some(left) = stream.generations_left {
            self.labelled("numbers used:", used(stream, left));
        }
        self.labelled("checkpoint:", checkpoint);
        let count = stream.databases.len();
        self.labelled("databases:", format!("{count} of this log signature"));
        self.labelled("next mount:", in_words(&stream.next_mount));
        self.labelled("next full:", in_words(&stream.next_full));
        self.labelled("next incremental:", in_words(&stream.next_incremental));
    }

    fn labelled(&mut self, label: &str, text: impl Into<Ink>) {
        self.words(2, &format!("{label:LABEL$}"), text);
    }
}

fn logs(stream: &StreamReport) -> String {
    let (Some(first), Some(last)) = (stream.first_generation, stream.last_generation) else {
        return format!("{}, none with a header that can be used", stream.count);
    };
    let current = if stream.current.is_some() { "" } else { ", no current log" };
    format!("{}, generations {first}-{last} (0x{first:x}-0x{last:x}){current}", stream.count)
}

fn used(stream: &StreamReport, left: u32) -> String {
    let per_cent = stream.per_cent_used.unwrap_or_default();
    let end = match stream.runs_out {
        Some(day) => format!("; at the rate of these logs until {day}"),
        None => String::new(),
    };
    format!("{per_cent:.1} per cent, {left} generations left{end}")
}

fn in_words(forecast: &Forecast) -> String {
    let mut text = forecast.outcome.name().to_owned();
    if forecast.outcome != ForecastOutcome::Succeeds {
        let error = forecast.error.map(|error| format!("error {error}"));
        let event = forecast.event.map(|event| format!("event {event}"));
        let both: Vec<String> = error.into_iter().chain(event).collect();
        if !both.is_empty() {
            text += &format!(", {}", both.join(", "));
        }
    }
    format!("{text} ({}). {}", forecast.engine, forecast.message)
}
