//! The commands: arguments to a request, the row of rooms, a report. One short file per command.

mod check;
mod colour;
mod commands;
mod completions;
mod confirm;
mod demo;
mod explain;
mod flags;
mod inspect;
#[cfg_attr(windows, allow(unsafe_code))] // the system calls for a console's events
mod interrupts;
mod list;
mod log_file;
mod man;
mod on_path;
mod own_file;
mod page_file;
mod printed;
mod progress;
mod rebuild_header;
mod recover;
mod repair;
mod reset_logs;
mod restore;
mod session;
mod terminal;
mod topics;
mod verify;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use console::Term;

pub use commands::{Cli, Command};
pub use interrupts::outlive_file_limit;

use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, Outcome, Report, Style, open_metrics, render, write_json};
use crate::show::{CommandLine, shown};
use crate::storage::Disk;

use colour::{choose_colour, takes_colour};
use flags::{ColourWhen, OutputArgs};
use page_file::{PageFile, is_standard_output};
use printed::Printed;
use session::Session;
use terminal::{show, style_for};

/// What a run prints on standard output, and the exit code of the process.
pub struct Ran {
    printed: Printed,
    output: OutputArgs,
    /// The page goes where the text would.
    as_page: bool,
    /// The exit code that stands for the outcome.
    pub exit_code: u8,
}

impl Ran {
    /// Prints the report, as text or JSON; or as a page, and the text on standard error.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let report = &self.printed.report;
        if self.output.json {
            return write_json(report, out);
        }
        if self.as_page {
            show(&self.text(&Term::stderr()));
            return out.write_all(report.to_html().as_bytes());
        }
        out.write_all(self.text(&Term::stdout()).as_bytes())
    }

    /// The text, as it is printed there.
    fn text(&self, term: &Term) -> Cow<'_, str> {
        let Printed { report, text } = &self.printed;
        match text {
            Some(text) => text.into(),
            None => render(report, style(self.output, term)).into(),
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
    let parsed = Cli::try_parse_from(arguments).and_then(one_output);
    choose_colour(match &parsed {
        Ok(cli) => cli.color,
        Err(_) => colour_typed(arguments),
    });
    parsed.map_err(|error| {
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

/// Standard output takes one of the two.
fn one_output(cli: Cli) -> Result<Cli, clap::Error> {
    if cli.command.output().json && cli.command.page().is_some_and(is_standard_output) {
        let what = "'--html -' cannot be used with '--json': both are for standard output";
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, what));
    }
    Ok(cli)
}

/// When a command line that could not be parsed wants colour.
fn colour_typed(arguments: &[OsString]) -> ColourWhen {
    const SPELLINGS: [&str; 2] = ["--color", "--colour"];
    let words: Vec<_> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let behind = words.windows(2).filter(|pair| SPELLINGS.contains(&pair[0])).map(|pair| pair[1]);
    let joined = words.iter().filter_map(|word| word.split_once('='));
    let joined = joined.filter(|(flag, _)| SPELLINGS.contains(flag)).map(|(_, when)| when);
    let when = behind.chain(joined).find_map(|when| ColourWhen::from_str(when, false).ok());
    when.unwrap_or_default()
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
    let command = &cli.command;
    let output = command.output();
    let mut session = Session::new(output, arguments);
    let not_begun =
        |outcome, refusal| Report::new(command.name()).ended(outcome, &[refusal]).into();
    let file = command.page().filter(|path| !is_standard_output(path));
    let (page, printed) = match file.map(|path| PageFile::create(&Disk, path)).transpose() {
        Err(refusal) => (None, not_begun(Outcome::Usage, refusal)),
        Ok(page) => match session.open_log(command.log_file()) {
            Ok(()) => (page, run_command(&session, command)),
            Err(refusal) => (page, not_begun(Outcome::Refused, refusal)),
        },
    };
    let Printed { report, text } = printed;
    let report = report.run_by(session.run().report());
    session.close_log(&report);
    if let Some(Err(warning)) = page.map(|page| page.finish(&report)) {
        show(&format!("{warning}\n"));
    }
    let as_page = command.page().is_some_and(is_standard_output);
    let text = if command.prints_metrics() { Some(open_metrics(&report)) } else { text };
    Ran { exit_code: report.exit_code, printed: Printed { report, text }, output, as_page }
}

fn run_command(session: &Session, command: &Command) -> Printed {
    match command {
        Command::Inspect(args) => inspect::run(session, args).into(),
        Command::Check(args) => check::run(session, args),
        Command::Repair(args) => repair::run(session, args).into(),
        Command::RebuildHeader(args) => rebuild_header::run(session, args).into(),
        Command::ResetLogs(args) => reset_logs::run(session, args).into(),
        Command::Verify(args) => verify::run(session, args).into(),
        Command::Restore(args) => restore::run(session, args).into(),
        Command::Recover(args) => recover::run(session, args).into(),
        Command::List(args) => list::run(session, args).into(),
        Command::Demo(args) => demo::run(session, args),
        Command::Explain(args) => explain::run(args),
        Command::Completions(args) => completions::run(args, Cli::command()),
        Command::Man(args) => man::run(args, Cli::command()),
    }
}

fn to_json(report: &Report) -> String {
    serde_json::to_string_pretty(report).expect("a report serialises") + "\n"
}

fn style(output: OutputArgs, term: &Term) -> Style {
    Style { quiet: output.quiet, verbose: output.verbose, ..style_for(term) }
}
