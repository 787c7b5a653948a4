//! `explain`: the pages of the documentation about an id or an exit code, where no internet is.

use clap::Args;
use console::Term;

use crate::report::CommandName;

use super::numbers::{Kind, Number, named, numbers};
use super::printed::Printed;
use super::terminal::style_for;
use super::topics::{Topics, exit_code, kind, sections};

/// `explain`
#[derive(Args, Debug)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  edbmend explain full-backup-gen-invalid\n  edbmend explain in-use\n  edbmend explain 3\n  edbmend explain -1216\n  edbmend explain event 459"
)]
pub struct ExplainArgs {
    /// A finding or refusal id, an exit code, or an error or event of the
    /// engine by its number or name (default: list them all)
    #[arg(value_name = "ID", value_parser = Topics, hide_possible_values = true)]
    pub topics: Vec<String>,
}

pub fn run(args: &ExplainArgs) -> Printed {
    let width = style_for(&Term::stdout()).width;
    let kinds: Vec<_> = args.topics.iter().filter_map(|word| kind(word)).collect();
    let is_asked = |number: &Number| kinds.is_empty() || kinds.contains(&number.kind);
    let words = args.topics.iter().filter(|word| kind(word).is_none());
    let texts: Vec<_> = words.map(|word| explain(word, is_asked, width)).collect();
    let text = match (texts.is_empty(), kinds.is_empty()) {
        (false, _) => texts.join("\n"),
        (true, false) => {
            numbers().filter(is_asked).map(|number| one_line(&number, width)).collect()
        }
        (true, true) => contents(width),
    };
    Printed::text(CommandName::Explain, text)
}

fn explain(topic: &str, is_asked: impl Fn(&Number) -> bool, width: usize) -> String {
    if let Some((outcome, meaning)) = exit_code(topic) {
        let text = format!("Exit code {topic}\n\n{}\n", plain(meaning, width));
        return text + &plain(&format!("In JSON the outcome is {outcome}."), width);
    }
    let found = sections().filter(|section| section.id == topic);
    let shown = found.map(|section| {
        format!("{} {}\n\n{}", section.what, section.id, plain(section.text, width))
    });
    let numbers = named(topic).into_iter().filter(is_asked);
    shown.chain(numbers.map(|number| in_full(&number, width))).collect::<Vec<_>>().join("\n")
}

/// A number with all that is known of it.
fn in_full(number: &Number, width: usize) -> String {
    let Number { meaning, foretold_by, remedy, .. } = number;
    let mut text = format!("{}\n\n{}", title(number), plain(&sentence(meaning), width));
    if !foretold_by.is_empty() {
        text += &plain(&format!("Foretold by the findings: {foretold_by}."), width);
    }
    if !remedy.is_empty() {
        text += &plain(&format!("What to do: {remedy}."), width);
    }
    text
}

fn title(number: &Number) -> String {
    let Number { kind, number, name, .. } = number;
    match kind {
        Kind::Error => format!("Error {number} ({number:#x}) {name}"),
        Kind::Event => format!("Event {number} {name}"),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn one_line(number: &Number, width: usize) -> String {
    line_of(&number.number.to_string(), 7, number.meaning, width)
}

/// A topic, and as much of what is said about it as fits beside it.
fn line_of(topic: &str, column: usize, text: &str, width: usize) -> String {
    let room = width.saturating_sub(column + 2);
    let text = console::truncate_str(text, room, "...");
    format!("  {topic:<column$}{text}\n")
}

fn contents(width: usize) -> String {
    let known: Vec<_> = sections().collect();
    let column = known.iter().map(|section| section.id.len()).max().unwrap_or_default() + 2;
    let of = |what| {
        let asked = known.iter().filter(|section| section.what == what);
        let lines = asked.map(|section| line_of(section.id, column, &gist(section.text), width));
        lines.collect::<String>()
    };
    let count = |kind| numbers().filter(|number| number.kind == kind).count();
    let (errors, events) = (count(Kind::Error), count(Kind::Event));
    let of_the_engine = format!(
        "{errors} errors and {events} events of the engine, by number or name: edbmend explain -1216, \
         explain event 459. All of them, a line each: edbmend explain error, edbmend explain event."
    );
    format!(
        "edbmend explain ID prints what an id means and what to do.\n\n\
         Findings of check:\n{}\nRefusals and failures:\n{}\nExit codes: 0 to 7.\n\n{}",
        of("Finding"),
        of("Refusal"),
        plain(&of_the_engine, width)
    )
}

/// The first sentence that is more than the word for how grave it is, without marks of Markdown.
fn gist(markdown: &str) -> String {
    let text = without_marks(&markdown.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut sentences = text.split(". ");
    sentences.find(|sentence| sentence.contains(' ')).unwrap_or_default().to_owned()
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

/// The text of a cell or a sentence, without marks of Markdown.
pub fn without_marks(markdown: &str) -> String {
    without_links(markdown).replace(['`', '*'], "")
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
