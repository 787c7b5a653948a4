//! The person at the terminal: stages and questions, both on standard error.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::{Key, Term};
use dialoguer::theme::{SimpleTheme, Theme};

use crate::apply::Observer;
use crate::report::{Style, WIDTH};
use crate::show::shown;

use super::colour::{is_dumb, takes_colour};
use super::log_file::LogFile;
use super::progress::{Progress, Unit};

/// Below this a column of words is worse than a line that the terminal breaks.
const NARROWEST: usize = 40;

/// No drawing is wider.
const WIDEST: usize = 200;

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, or the end of the input.
    No,
    /// Ctrl-C.
    Interrupted,
}

/// Whether there is somebody to ask.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// How a report looks there: in colour where that is wanted, and no wider than the terminal.
pub fn style_for(term: &Term) -> Style {
    let columns = term.size_checked().filter(|(_, columns)| *columns > 0);
    let columns = columns.map_or(WIDTH, |(_, columns)| columns.into());
    Style {
        coloured: takes_colour(term),
        width: columns.clamp(NARROWEST, WIDTH),
        columns: columns.clamp(NARROWEST, WIDEST),
        unicode: takes_unicode(term),
        ..Style::default()
    }
}

/// Whether a drawing there may have characters beyond ASCII: on a terminal whose locale is UTF-8, and on the consoles
/// of Windows 10 and later.
fn takes_unicode(term: &Term) -> bool {
    if !term.is_term() {
        return false;
    }
    if cfg!(windows) {
        return term.features().colors_supported();
    }
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].map(std::env::var_os);
    let locale = set.into_iter().flatten().find(|value| !value.is_empty());
    let locale = locale.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Shows text to the person who will be asked. A terminal that is gone is met by the question.
pub fn show(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Asks a question whose default is no. `y` and `n` can be changed until Enter is pressed.
///
/// Not by `dialoguer::Confirm`: after Ctrl-C it leaves the cursor hidden, and it hears no Ctrl-D, nor on Windows
/// Ctrl-C.
pub fn ask(question: &str) -> Answer {
    let term = Term::stderr();
    let mut answer = false;
    let outcome = loop {
        let begun = if is_dumb() { term.write_str("\r") } else { term.clear_line() };
        let _ = begun.and_then(|()| term.write_str(&prompt(question, answer)));
        // On Windows only this one gives Ctrl-C back as a key.
        let key = if cfg!(windows) { term.read_key_raw() } else { term.read_key() };
        match key {
            Ok(Key::Char('y' | 'Y')) => answer = true,
            Ok(Key::Char('n' | 'N')) => answer = false,
            Ok(Key::Enter) if answer => break Answer::Yes,
            Ok(Key::Enter | Key::Escape | Key::Char('\u{4}')) => break Answer::No,
            Ok(Key::CtrlC) => break Answer::Interrupted,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                break Answer::Interrupted;
            }
            Err(_) => break Answer::No,
        }
    };
    let _ = term.write_line("");
    outcome
}

/// Waits until the person wants to go on; `false` where nobody is there any more, or wants no further pause.
pub fn wait_for_enter(words: &str) -> bool {
    let term = Term::stderr();
    let _ = term.write_str(words);
    let goes_on = loop {
        // Only this one gives Ctrl-C back as a key.
        match term.read_key_raw() {
            Ok(Key::Enter) => break true,
            Ok(Key::CtrlC | Key::Escape | Key::Char('\u{4}')) | Err(_) => break false,
            Ok(_) => {}
        }
    };
    let cleared = if is_dumb() { term.write_line("") } else { term.clear_line() };
    let _ = cleared;
    goes_on
}

fn prompt(question: &str, answer: bool) -> String {
    let mut text = String::new();
    let _ = SimpleTheme.format_confirm_prompt(&mut text, question, Some(false));
    if answer {
        text + "yes"
    } else if is_dumb() {
        text + "   "
    } else {
        text
    }
}

/// Shows stages and progress as the output flags ask for.
pub struct Watcher {
    quiet: bool,
    verbose: bool,
    /// Where a log file was asked for.
    pub log: Option<LogFile>,
    progress: Mutex<Option<Progress>>,
}

/// What a panicking thread left behind is still good enough for a progress bar.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watcher {
    /// A watcher that says nothing with `quiet` and names each stage with `verbose`.
    pub fn new(quiet: bool, verbose: bool) -> Self {
        Self { quiet, verbose, log: None, progress: Mutex::default() }
    }

    fn begin(&self, what: &str, unit: Unit, total: Option<u64>) {
        if !self.quiet {
            *locked(&self.progress) = Some(Progress::begin(what, unit, total));
        }
    }
}

impl Observer for Watcher {
    fn stage(&self, what: &str) {
        if self.verbose {
            let _ = writeln!(std::io::stderr(), "{}", shown(what));
        }
        if let Some(log) = &self.log {
            log.line(&format!("stage: {what}"));
        }
    }

    fn begin_bytes(&self, what: &str, total_bytes: u64) {
        self.stage(&format!("{what}, {}", indicatif::BinaryBytes(total_bytes)));
        self.begin(what, Unit::Mebibytes, Some(total_bytes));
    }

    fn advance_bytes(&self, bytes: u64) {
        if let Some(progress) = locked(&self.progress).as_mut() {
            progress.advance(bytes);
        }
    }

    fn end_bytes(&self) {
        locked(&self.progress).take();
    }

    fn begin_files(&self, what: &str) {
        self.begin(what, Unit::Files, None);
    }

    fn advance_files(&self, files: u64) {
        self.advance_bytes(files);
    }

    fn end_files(&self) {
        self.end_bytes();
    }
}
