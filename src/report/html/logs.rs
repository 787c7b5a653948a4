//! The logs of each stream.

use maud::{Markup, html};

use crate::diagnose::{CheckpointState, Forecast, LogRange};
use crate::report::Report;
use crate::report::model::{CommandName, StreamReport};
use crate::report::picture::Picture;
use crate::report::text::{forecast_in_words, logs_in_words, numbers_used};
use crate::show::shown;

use super::drawing::drawn;
use super::parts::{MOST_ROWS, Section, labelled, letters, more, text};

/// Of a check alone: who repairs has other worries.
pub(super) fn section(report: &Report) -> Option<Section> {
    let streams = report.streams().filter(|_| report.command == CommandName::Check);
    let named = streams
        .filter_map(|(stream, aside)| Some((stream.base.as_deref()?, stream, &aside.checkpoint)));
    let named: Vec<_> = named.collect();
    let body = html! {
        @for (base, stream, checkpoint) in &named {
            h3 { (shown(base)) " in " (letters(&stream.dir)) }
            @if let Some(picture) = Picture::of_stream(stream, &report.databases, checkpoint) {
                (drawn(&picture))
            }
            (one(stream, checkpoint))
        }
    };
    (!named.is_empty()).then_some(Section { id: "logs", title: "Logs", body })
}

fn one(stream: &StreamReport, checkpoint: &CheckpointState) -> Markup {
    html! {
        (labelled(&[
            ("Next mount", Some(foretold(&stream.next_mount))),
            ("Next full", Some(foretold(&stream.next_full))),
            ("Next incremental", Some(foretold(&stream.next_incremental))),
            ("Logs", Some(text(logs_in_words(stream)))),
            ("Checkpoint", Some(text(checkpoint))),
            ("Databases", Some(html! { (stream.databases.len()) " of this log signature" })),
            ("Numbers used", stream.generations_left.map(|left| text(numbers_used(stream, left)))),
            ("Signature", stream.signature.map(text)),
        ]))
        (ranges(&stream.ranges))
    }
}

/// What will happen, and what was read to say so.
fn foretold(forecast: &Forecast) -> Markup {
    let read: Vec<_> = forecast.rests_on.iter().map(|ground| ground.name()).collect();
    html! { (shown(&forecast_in_words(forecast))) " " span.soft { "Read: " (read.join(", ")) "." } }
}

fn ranges(ranges: &[LogRange]) -> Markup {
    html! {
        details {
            summary { "Which logs may go" }
            table {
                thead {
                    tr {
                        th scope="col" { "Generations" }
                        th scope="col" { "There" }
                        th scope="col" { "To mount" }
                        th scope="col" { "In a backup" }
                        th scope="col" { "Next full backup" }
                    }
                }
                tbody { @for range in ranges.iter().take(MOST_ROWS) { (range_of(range)) } }
            }
            (more(ranges.len()))
        }
    }
}

fn range_of(range: &LogRange) -> Markup {
    let LogRange { from, to, .. } = range;
    html! {
        tr {
            th scope="row" { @if from == to { (from) } @else { (from) "-" (to) } }
            td { (range.state.name()) }
            td { @if range.needed_to_mount { "needed" } @else { "not needed" } }
            td { @if range.in_backup { "yes" } @else { "no" } }
            td {
                @if range.next_full_deletes { "deletes" } @else { "keeps" }
                @if !range.held_by.is_empty() { ", held back by " (shown(&range.held_by.join(", "))) }
            }
        }
    }
}
