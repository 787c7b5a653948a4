//! The commands: arguments to a request, the row of rooms, a report. One short file per command.

mod args;
mod check;
mod confirm;
mod demo;
mod explain;
mod flags;
mod inspect;
#[cfg_attr(windows, allow(unsafe_code))] // the system calls for a console's events
mod interrupts;
mod log_file;
mod numbers;
mod printed;
mod progress;
mod rebuild_header;
mod recover;
mod repair;
mod reset_logs;
mod restore;
mod session;
mod shell;
mod terminal;
mod topics;
mod verify;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Parser;
use clap::error::ErrorKind;
use console::Term;

pub use args::{Cli, Command};
pub use interrupts::outlive_file_limit;

use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, Outcome, Report, Style, open_metrics, render, write_json};
use crate::show::{CommandLine, shown};

use flags::OutputArgs;
use printed::Printed;
use session::Session;
use terminal::{style_for, takes_colour};

/// What a run prints on standard output, and the exit code of the process.
pub struct Ran {
    printed: Printed,
    output: OutputArgs,
    /// The exit code that stands for the outcome.
    pub exit_code: u8,
}

impl Ran {
    /// Prints the report, as text or JSON.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let Printed { report, text } = &self.printed;
        if self.output.json {
            return write_json(report, out);
        }
        match text {
            Some(text) => out.write_all(text.as_bytes()),
            None => out.write_all(render(report, style(self.output)).as_bytes()),
        }
    }
}

/// A command line that ran nothing: help, version, or wrong usage.
pub struct Early {
    /// What to print.
    pub text: String,
    /// Whether it belongs on standard error.
    pub to_stderr: bool,
    /// 0 for help and version, 2 for wrong usage.
    pub exit_code: u8,
}

/// Parses the command line.
pub fn parse(arguments: &[OsString]) -> Result<Cli, Early> {
    Cli::try_parse_from(arguments).map_err(|error| {
        let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        let exit_code = if asked_for { 0 } else { 2 };
        let json = arguments.iter().any(|argument| argument == "--json");
        if json && !asked_for {
            let text = to_json(&usage_report(arguments, &error.to_string()));
            return Early { text, to_stderr: false, exit_code };
        }
        let to_stderr = error.use_stderr();
        let coloured = takes_colour(&if to_stderr { Term::stderr() } else { Term::stdout() });
        let text = early_text(&error, arguments, coloured);
        Early { text, to_stderr, exit_code }
    })
}

/// Help, or what was wrong. That quotes words that were typed, in which nothing may play with the terminal.
fn early_text(error: &clap::Error, arguments: &[OsString], coloured: bool) -> String {
    let is_harmless = |word: &OsString| shown(word).to_string() == word.to_string_lossy();
    if coloured && arguments.iter().all(is_harmless) {
        return error.render().ansi().to_string();
    }
    let plain = error.render().to_string();
    let lines: Vec<String> = plain.split('\n').map(|line| shown(line).to_string()).collect();
    lines.join("\n")
}

fn usage_report(arguments: &[OsString], message: &str) -> Report {
    let words = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let command = words.into_iter().find(|word| !word.starts_with('-'));
    let command = CommandName::NotUnderstood(command.unwrap_or_default());
    let help = CommandLine::new("--help");
    let reason = Refusal::new(RefusalId::Usage, Path::new(""), message.trim(), help);
    Report::new(command).ended(Outcome::Usage, &[reason])
}

/// Runs a command; `arguments` are the words that were typed, the program first.
pub fn run(cli: &Cli, arguments: &[OsString]) -> Ran {
    let output = cli.command.output();
    let mut session = Session::new(output, arguments);
    let Printed { report, text } = match session.open_log(cli.command.log_file()) {
        Ok(()) => run_command(&session, &cli.command),
        // It was not begun.
        Err(refusal) => Report::new(cli.command.name()).ended(Outcome::Refused, &[refusal]).into(),
    };
    let report = report.run_by(session.run().report());
    session.close_log(&report);
    let text = if cli.command.prints_metrics() { Some(open_metrics(&report)) } else { text };
    Ran { exit_code: report.exit_code, printed: Printed { report, text }, output }
}

fn run_command(session: &Session, command: &Command) -> Printed {
    match command {
        Command::Inspect(args) => inspect::run(session, args).into(),
        Command::Check(args) => check::run(session, args).into(),
        Command::Repair(args) => repair::run(session, args).into(),
        Command::RebuildHeader(args) => rebuild_header::run(session, args).into(),
        Command::ResetLogs(args) => reset_logs::run(session, args).into(),
        Command::Verify(args) => verify::run(session, args).into(),
        Command::Restore(args) => restore::run(session, args).into(),
        Command::Recover(args) => recover::run(session, args).into(),
        Command::Demo(args) => demo::run(session, args),
        Command::Explain(args) => explain::run(args),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    }
}

fn to_json(report: &Report) -> String {
    serde_json::to_string_pretty(report).expect("a report serialises") + "\n"
}

fn style(output: OutputArgs) -> Style {
    let Style { coloured, width, .. } = style_for(&Term::stdout());
    Style { coloured, width, quiet: output.quiet, verbose: output.verbose }
}
