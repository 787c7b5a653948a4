//! `explain`: the pages of the documentation about an id or an exit code, where no internet is.

use console::Term;

use crate::report::CommandName;

use super::args::ExplainArgs;
use super::printed::Printed;
use super::terminal::style_for;
use super::topics::{exit_code, sections};

pub fn run(args: &ExplainArgs) -> Printed {
    let width = style_for(&Term::stdout()).width;
    let text = match &args.topic {
        Some(topic) => explain(topic, width),
        None => contents(width),
    };
    Printed::text(CommandName::Explain, text)
}

fn explain(topic: &str, width: usize) -> String {
    if let Some((outcome, meaning)) = exit_code(topic) {
        let text = format!("Exit code {topic}\n\n{}\n", plain(meaning, width));
        return text + &plain(&format!("In JSON the outcome is {outcome}."), width);
    }
    let found = sections().filter(|section| section.id == topic);
    let shown = found.map(|section| {
        format!("{} {}\n\n{}", section.what, section.id, plain(section.text, width))
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn contents(width: usize) -> String {
    let ids = |what| {
        let ids: Vec<_> = sections().filter(|s| s.what == what).map(|s| s.id).collect();
        wrapped(&ids.join(", "), "  ", width)
    };
    format!(
        "edbmend explain ID prints what an id means and what to do.\n\n\
         Findings of check:\n{}\nRefusals and failures:\n{}\nExit codes: 0 to 7.\n",
        ids("Finding"),
        ids("Refusal")
    )
}

/// Markdown as it is read in a terminal: paragraphs filled to its `width` in columns, links without targets.
fn plain(markdown: &str, width: usize) -> String {
    let paragraphs = markdown.split("\n\n").map(|paragraph| {
        let items = paragraph.split("\n- ").enumerate().map(|(index, item)| {
            let item = if index > 0 { format!("- {item}") } else { item.to_owned() };
            let text = without_links(&item.split_whitespace().collect::<Vec<_>>().join(" "));
            wrapped(&text, if text.starts_with("- ") { "  " } else { "" }, width)
        });
        items.collect::<String>()
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

/// The second and later lines of an item of a list stand below its first word.
fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let first = if text.starts_with("- ") { "" } else { indent };
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options) + "\n"
}

/// `[text](target)` as `text`.
fn without_links(text: &str) -> String {
    let mut pieces = text.split("](");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let at = out.rfind('[').unwrap_or(out.len());
        let name = out.split_off(at);
        out += name.trim_start_matches('[');
        out += piece.split_once(')').map_or(piece, |(_, rest)| rest);
    }
    out
}
