//! The logs of a storage group as text.

use crate::diagnose::{Forecast, ForecastOutcome};

use super::logs::StreamReport;

/// Widest label of the lines about a stream, in columns.
const LABEL: usize = 18;

/// A line: its label, padded, and its text.
pub(super) type Labelled = (String, String);

/// The heading of a stream.
pub(super) fn heading(stream: &StreamReport) -> String {
    format!("Logs {} in {}", stream.base, shown(&stream.dir))
}

/// What there is of a stream, line by line.
pub(super) fn facts(stream: &StreamReport) -> Vec<Labelled> {
    let mut lines = Vec::new();
    let mut line = |label: &str, text: String| lines.push((padded(label), text));
    if let Some(signature) = stream.signature {
        line("Signature:", signature.to_string());
    }
    line("logs:", logs(stream));
    if let Some(left) = stream.generations_left {
        line("numbers used:", used(stream, left));
    }
    line("checkpoint:", stream.checkpoint.clone());
    line("databases:", format!("{} of this log signature", stream.databases.len()));
    lines
}

/// What will happen to it.
pub(super) fn forecasts(stream: &StreamReport) -> Vec<Labelled> {
    let all = [
        ("next mount:", &stream.next_mount),
        ("next full:", &stream.next_full),
        ("next incremental:", &stream.next_incremental),
    ];
    all.map(|(label, forecast)| (padded(label), in_words(forecast))).into()
}

fn padded(label: &str) -> String {
    format!("{label:LABEL$}")
}

fn shown(path: &str) -> String {
    crate::show::shown(std::path::Path::new(path)).to_string()
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
