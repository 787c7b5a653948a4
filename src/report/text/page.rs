//! A page of text: lines that fit, in which nothing from elsewhere can play with the terminal.

use std::fmt::Write;
use std::ops::Add;

use crate::show::{Colour, Paragraph, shown};

/// Width of a line, in columns, where nobody knows a narrower one. Longer lines are hard to read.
pub const WIDTH: usize = 80;

/// How the text is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With terminal colours.
    pub coloured: bool,
    /// Only what went wrong.
    pub quiet: bool,
    /// With digests and every offset.
    pub verbose: bool,
    /// Where sentences are broken, in columns.
    pub width: usize,
    /// How wide a drawing or a table may be, in columns.
    pub columns: usize,
    /// With characters beyond ASCII in drawings.
    pub unicode: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            coloured: false,
            quiet: false,
            verbose: false,
            width: WIDTH,
            columns: WIDTH,
            unicode: false,
        }
    }
}

/// A line, or a part of one. Whatever it is made from is [`shown`], so that only colours of our own
/// reach the terminal.
pub(super) struct Ink(String);

impl From<&str> for Ink {
    fn from(text: &str) -> Self {
        Self(shown(text).to_string())
    }
}

impl From<String> for Ink {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl<T: Into<Ink>> Add<T> for Ink {
    type Output = Self;

    fn add(self, other: T) -> Self {
        Self(self.0 + &other.into().0)
    }
}

impl Ink {
    /// How many columns it takes.
    pub(super) fn columns(&self) -> usize {
        textwrap::core::display_width(&self.0)
    }
}

/// The lines so far, and how they are to look.
pub(super) struct Page {
    out: String,
    pub(super) style: Style,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { out: String::new(), style }
    }

    pub(super) fn text(self) -> String {
        self.out
    }

    /// Adds text whose lines were made as lines of a page, or of a dump.
    pub(super) fn ready(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A line that is never broken.
    pub(super) fn line(&mut self, text: impl Into<Ink>) {
        let _ = writeln!(self.out, "{}", text.into().0);
    }

    /// Words behind a label, wrapped and indented.
    pub(super) fn words(&mut self, indent: usize, label: &str, text: impl Into<Ink>) {
        let first = format!("{:indent$}{label}", "");
        let later = " ".repeat(first.chars().count());
        let options = textwrap::Options::new(self.style.width)
            .initial_indent(&first)
            .subsequent_indent(&later)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        let _ = writeln!(self.out, "{}", textwrap::fill(&text.into().0, options));
    }

    /// A paragraph behind a label; a command is not broken.
    pub(super) fn paragraph(&mut self, indent: usize, label: &str, paragraph: &Paragraph) {
        match paragraph {
            Paragraph::Words(text) => self.words(indent, label, text.as_str()),
            Paragraph::Command(command) => {
                self.line(format!("{:indent$}{label}{command}", ""));
            }
        }
    }

    pub(super) fn painted(&self, text: impl Into<Ink>, colour: Colour) -> Ink {
        let Ink(text) = text.into();
        if self.style.coloured { Ink(colour.paint(&text)) } else { Ink(text) }
    }

    /// Words in one colour, wrapped.
    pub(super) fn painted_words(&mut self, indent: usize, words: &str, colour: Colour) {
        let words = shown(words).to_string();
        for line in textwrap::wrap(&words, self.style.width.saturating_sub(indent)) {
            let line = self.painted(&*line, colour);
            self.line(Ink::from(" ".repeat(indent)) + line);
        }
    }

    /// Words in one colour beside what stands before their first line, wrapped at so many columns.
    pub(super) fn beside(&mut self, before: Ink, words: Ink, columns: usize, colour: Colour) {
        let indent = before.columns();
        let lines = textwrap::wrap(&words.0, columns.saturating_sub(indent).max(1));
        let mut before = Some(before);
        for line in &lines {
            let line = self.painted(&**line, colour);
            let first = before.take().unwrap_or_else(|| Ink::from(" ".repeat(indent)));
            self.line(first + line);
        }
        if let Some(alone) = before {
            self.line(alone);
        }
    }

    /// A heading on a line of its own.
    pub(super) fn heading(&mut self, text: impl Into<Ink>) {
        let text = self.painted(text, Colour::new().bold());
        self.line(text);
    }
}
