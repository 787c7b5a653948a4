//! What can be explained: the sections of the documentation about ids, its table of exit codes, and the
//! numbers of the engine.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

use super::numbers::{Kind, named, numbers};

const FINDINGS: &str = include_str!("../../docs/findings.md");
const GUARDS: &str = include_str!("../../docs/guards.md");
const EXIT_CODES: &str = include_str!("../../docs/exit-codes.md");

/// How like a known id a word must be to be meant, from 0 to 1.
const ALIKE: f64 = 0.8;

/// A section of a page: an id and what stands below it.
pub struct Section {
    /// `Finding` or `Refusal`.
    pub what: &'static str,
    /// The id.
    pub id: &'static str,
    /// What stands below it, as Markdown.
    pub text: &'static str,
}

/// A word that says what the numbers beside it count.
pub fn kind(word: &str) -> Option<Kind> {
    match word.to_ascii_lowercase().as_str() {
        "event" | "events" => Some(Kind::Event),
        "error" | "errors" => Some(Kind::Error),
        _ => None,
    }
}

/// Parses what is to be explained, and tells the completions what there is.
#[derive(Clone)]
pub struct Topics;

impl TypedValueParser for Topics {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        topic.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |(topic, about)| PossibleValue::new(topic).help(about);
        Some(Box::new(all().into_iter().map(value)))
    }
}

/// Everything that can be explained, each with what it is: ids, exit codes, numbers, names.
pub fn all() -> Vec<(&'static str, &'static str)> {
    let ids = sections().map(|section| (section.id, section.what));
    let codes = ["0", "1", "2", "3", "4", "5", "6", "7"].map(|code| (code, "Exit code"));
    let kinds = [("error", "Every error, a line each"), ("event", "Every event, a line each")];
    let of_engine =
        numbers().flat_map(|known| [known.digits, known.name].map(|topic| (topic, known.meaning)));
    let mut all: Vec<_> = ids.chain(codes).chain(kinds).chain(of_engine).collect();
    all.retain(|(topic, _)| !topic.is_empty());
    all.sort_unstable();
    all.dedup_by_key(|(topic, _)| *topic);
    all
}

/// Accepts an id, an exit code, or a number or name of the engine; else names those that are near.
fn topic(text: &str) -> Result<String, String> {
    let is_known = kind(text).is_some()
        || exit_code(text).is_some()
        || sections().any(|section| section.id == text)
        || !named(text).is_empty();
    if is_known {
        return Ok(text.to_owned());
    }
    let mut near = near(text);
    near.truncate(5);
    Err(match near.as_slice() {
        [] => "not known here; edbmend explain lists all".to_owned(),
        near => format!("not known here; near it: {}. edbmend explain lists all", near.join(", ")),
    })
}

/// What is written in a similar way, the nearest first.
fn near(text: &str) -> Vec<&'static str> {
    let names = sections().map(|section| section.id).chain(numbers().map(|number| number.name));
    let mut near: Vec<_> = names
        .map(|name| (strsim::jaro_winkler(name, text), name))
        .filter(|(likeness, name)| *likeness >= ALIKE || (text.len() > 3 && name.contains(text)))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut near: Vec<_> = near.into_iter().map(|(_, name)| name).collect();
    near.dedup();
    near
}

/// Every section about an id.
pub fn sections() -> impl Iterator<Item = Section> {
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
pub fn exit_code(code: &str) -> Option<(&'static str, &'static str)> {
    EXIT_CODES.lines().find_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let is_code = code.len() == 1 && code.bytes().all(|byte| byte.is_ascii_digit());
        matches!(cells.as_slice(), [first, _, _] if is_code && *first == code)
            .then(|| (cells[1], cells[2]))
    })
}
