//! What sections are made of.

use std::fmt::Display;

use maud::{Markup, html};

use crate::report::Note;
use crate::show::{Paragraph, shown};

/// Most rows of a table: who wants more of them reads the JSON.
pub(super) const MOST_ROWS: usize = 1000;

/// A section of the page.
pub(super) struct Section {
    /// Its anchor.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What it says.
    pub body: Markup,
}

/// A command line, which one click selects.
pub(super) fn command(line: &str) -> Markup {
    html! { pre { code { (shown(line)) } } }
}

/// Words, or a command.
pub(super) fn paragraph(paragraph: &Paragraph) -> Markup {
    match paragraph {
        Paragraph::Words(words) => html! { p { (shown(words)) } },
        Paragraph::Command(line) => command(&line.to_string()),
    }
}

/// Notes, each with its commands.
pub(super) fn notes<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Markup {
    html! { @for note in notes { @for one in note.in_words() { (paragraph(&one)) } } }
}

/// Labels with what belongs to them; what is not known is left out.
pub(super) fn labelled(lines: &[(&str, Option<Markup>)]) -> Markup {
    html! {
        dl {
            @for (label, value) in lines {
                @if let Some(value) = value { div { dt { (label) } dd { (value) } } }
            }
        }
    }
}

/// A value from anywhere, as text.
pub(super) fn text(value: impl Display) -> Markup {
    html! { (shown(&value.to_string())) }
}

/// What is to be read letter by letter: a path, a digest.
pub(super) fn letters(value: impl Display) -> Markup {
    html! { code { (shown(&value.to_string())) } }
}

/// How many rows were left out.
pub(super) fn more(count: usize) -> Markup {
    html! { @if let Some(more @ 1..) = count.checked_sub(MOST_ROWS) { p { "and " (more) " more" } } }
}
