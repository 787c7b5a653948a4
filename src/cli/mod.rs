//! The commands: arguments to a request, the row of rooms, a report. One short file per command.

mod args;
mod check;
mod confirm;
mod demo;
mod explain;
mod inspect;
#[cfg_attr(windows, allow(unsafe_code))] // the system calls for a console's events
mod interrupts;
mod log_file;
mod progress;
mod recover;
mod repair;
mod reset_logs;
mod restore;
mod session;
mod shell;
mod terminal;
mod verify;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Parser;
use clap::error::ErrorKind;
use console::Term;

pub use args::{Cli, Command};

use crate::refusal::{Refusal, RefusalId};
use crate::report::{self, Outcome, Report, Style};
use crate::show::CommandLine;

use args::OutputArgs;
use session::Session;
use terminal::{style_for, takes_colour};

/// What a run prints on standard output, and the exit code of the process.
pub struct Ran {
    report: Report,
    output: OutputArgs,
    /// See [`Outcome::exit_code`].
    pub exit_code: u8,
}

impl Ran {
    /// Prints the report, as text or JSON.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.output.json {
            true => report::write_json(&self.report, out),
            false => write!(out, "{}", report::render(&self.report, style(self.output))),
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
        let text =
            if coloured { error.render().ansi().to_string() } else { error.render().to_string() };
        Early { text, to_stderr, exit_code }
    })
}

fn usage_report(arguments: &[OsString], message: &str) -> Report {
    let words = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let command = words.into_iter().find(|word| !word.starts_with('-'));
    let mut report = Report::new(&command.unwrap_or_default());
    let help = CommandLine::new("--help");
    report.refusals.push(Refusal::new(RefusalId::Usage, Path::new(""), message.trim(), help));
    report.outcome = Outcome::Usage;
    report.exit_code = Outcome::Usage.exit_code();
    report
}

/// Runs a command; `arguments` are the words that were typed, the program first.
pub fn run(cli: &Cli, arguments: &[OsString]) -> Ran {
    let output = cli.command.output();
    let mut session = Session::new(output, arguments);
    let report = match session.open_log(cli.command.log_file()) {
        Ok(()) => run_command(&session, &cli.command),
        Err(refusal) => refused(&cli.command, &refusal),
    };
    let report = Report { run: Some(session.run().report()), ..report };
    session.close_log(&report);
    let exit_code = report.exit_code;
    Ran { report, output, exit_code }
}

/// The report of a command that was not begun.
fn refused(command: &Command, refusal: &Refusal) -> Report {
    let outcome = Outcome::of_reasons(std::slice::from_ref(refusal));
    let refusals = vec![refusal.clone()];
    Report { outcome, exit_code: outcome.exit_code(), refusals, ..Report::new(command.name()) }
}

fn run_command(session: &Session, command: &Command) -> Report {
    match command {
        Command::Inspect(args) => inspect::run(session, args),
        Command::Check(args) => check::run(session, args),
        Command::Repair(args) => repair::run(session, args),
        Command::ResetLogs(args) => reset_logs::run(session, args),
        Command::Verify(args) => verify::run(session, args),
        Command::Restore(args) => restore::run(session, args),
        Command::Recover(args) => recover::run(session, args),
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
