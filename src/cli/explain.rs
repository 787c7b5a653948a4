//! `explain`: the pages of the documentation about an id or an exit code, where no internet is.

use console::Term;

use crate::report::Report;

use super::args::ExplainArgs;
use super::terminal::style_for;

const FINDINGS: &str = include_str!("../../docs/findings.md");
const GUARDS: &str = include_str!("../../docs/guards.md");
const EXIT_CODES: &str = include_str!("../../docs/exit-codes.md");

/// How like a known id a word must be to be meant, from 0 to 1.
const ALIKE: f64 = 0.8;

/// A section of a page: an id and what stands below it.
struct Section {
    /// `Finding` or `Refusal`.
    what: &'static str,
    id: &'static str,
    text: &'static str,
}

pub fn run(args: &ExplainArgs) -> Report {
    let width = style_for(&Term::stdout()).width;
    let preface = match &args.topic {
        Some(topic) => explain(topic, width),
        None => contents(width),
    };
    Report { preface, ..Report::new("explain") }
}

/// Accepts an id or an exit code; else names those that are near.
pub fn topic(text: &str) -> Result<String, String> {
    if exit_code(text).is_some() || sections().any(|section| section.id == text) {
        return Ok(text.to_owned());
    }
    let mut near: Vec<_> = sections()
        .map(|section| (strsim::jaro_winkler(section.id, text), section.id))
        .filter(|(likeness, id)| *likeness >= ALIKE || (text.len() > 3 && id.contains(text)))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut near: Vec<_> = near.into_iter().map(|(_, id)| id).collect();
    near.dedup();
    near.truncate(5);
    Err(match near.as_slice() {
        [] => "no such id; edbmend explain lists all".to_owned(),
        near => format!("no such id; near it: {}. edbmend explain lists all", near.join(", ")),
    })
}

fn sections() -> impl Iterator<Item = Section> {
    let of = |what, page: &'static str| {
        page.split("\n## ").skip(1).filter_map(move |section| {
            let (id, text) = section.split_once('\n')?;
            // The next chapter is not part of the last section before it.
            let text = text.split("\n# ").next().unwrap_or(text);
            Some(Section { what, id: id.trim(), text: text.trim() })
        })
    };
    of("Finding", FINDINGS).chain(of("Refusal", GUARDS))
}

/// The outcome and the meaning of an exit code, from the table.
fn exit_code(code: &str) -> Option<(&'static str, &'static str)> {
    EXIT_CODES.lines().find_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let is_code = code.len() == 1 && code.bytes().all(|byte| byte.is_ascii_digit());
        matches!(cells.as_slice(), [first, _, _] if is_code && *first == code)
            .then(|| (cells[1], cells[2]))
    })
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
