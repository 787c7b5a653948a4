//! `--brief`: one line for each database, for programs that read lines.

use crate::report::Report;
use crate::report::overview::{Line, Overview};
use crate::show::shown;

/// What stands where there is nothing to be said.
const NOTHING: &str = "-";

/// Path, state, verdict, worst finding and first command, separated by tabs; no line of headings.
pub fn brief(report: &Report) -> String {
    Overview::of(report).lines.iter().map(line).collect()
}

fn line(line: &Line) -> String {
    let path = shown(&line.path).to_string();
    let command = line.command.as_deref().map(|command| shown(command).to_string());
    let fields = [
        &*path,
        line.verdict.state.id(),
        line.verdict.id.name(),
        line.worst.unwrap_or(NOTHING),
        command.as_deref().unwrap_or(NOTHING),
    ];
    fields.join("\t") + "\n"
}
