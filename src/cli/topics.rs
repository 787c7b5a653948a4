//! What can be explained, as the command line takes it and completes it.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::manual::{exit_code, kind, named, numbers, sections};

/// How like a known id a word must be to be meant, from 0 to 1.
const ALIKE: f64 = 0.8;

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
