//! What is known of a topic, as text.

use super::lines::all_of;
use super::markdown::plain;
use super::numbers::{Kind, Number, kind, named};
use super::sections::{exit_code, sections};

/// What ids, exit codes, and numbers or names of the engine mean, in a text of that many columns. A kind of number
/// among the words (`event 459`) leaves out the other kind; alone it stands for all numbers of its kind. Empty where
/// nothing is known.
pub fn explained(words: &[&str], width: usize) -> String {
    let kinds: Vec<_> = words.iter().filter_map(|word| kind(word)).collect();
    if kinds.len() == words.len() {
        return all_of(&kinds, width);
    }
    let is_asked = |number: &Number| kinds.is_empty() || kinds.contains(&number.kind);
    let topics = words.iter().filter(|word| kind(word).is_none());
    let texts = topics.map(|topic| topic_explained(topic, is_asked, width));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

fn topic_explained(topic: &str, is_asked: impl Fn(&Number) -> bool, width: usize) -> String {
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
