//! `explain`: the pages of the documentation about an id or an exit code, where no internet is.

use clap::Args;
use console::Term;

use crate::manual::{Kind, explained, line_of, numbers, plain, sections, without_marks};
use crate::report::CommandName;

use super::printed::Printed;
use super::terminal::style_for;
use super::topics::Topics;

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
    let words: Vec<_> = args.topics.iter().map(String::as_str).collect();
    let text = if words.is_empty() { contents(width) } else { explained(&words, width) };
    Printed::text(CommandName::Explain, text)
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
