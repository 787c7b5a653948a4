//! The person at the terminal: progress and questions, both on standard error.

use std::fmt::Write as Text;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::{Key, Term};
use dialoguer::theme::{SimpleTheme, Theme};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::apply::Observer;
use crate::report::{Style, WIDTH};

use super::log_file::LogFile;

/// How often progress is told off a terminal.
const PLAIN_PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// How long work must take before a line about it appears.
const NO_BAR_BEFORE: Duration = Duration::from_millis(400);

/// Below this a column of words is worse than a line that the terminal breaks.
const NARROWEST: usize = 40;

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

/// Whether a stream takes colour: a terminal, and nobody set `NO_COLOR`. Consoles before Windows 10
/// would print the codes; newer ones want to be told, which happens here.
pub fn takes_colour(term: &Term) -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let understood = || cfg!(not(windows)) || term.features().colors_supported();
    term.is_term() && !no_color && understood()
}

/// How a report looks there: in colour where that is wanted, and no wider than the terminal.
pub fn style_for(term: &Term) -> Style {
    let columns = term.size_checked().filter(|(_, columns)| *columns > 0);
    let columns = columns.map_or(WIDTH, |(_, columns)| columns.into());
    let width = columns.clamp(NARROWEST, WIDTH);
    Style { coloured: takes_colour(term), width, ..Style::default() }
}

/// Shows text to the person who will be asked. A terminal that is gone is met by the question.
pub fn show(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Asks a question whose default is no. `y` and `n` can be changed until Enter is pressed.
pub fn ask(question: &str) -> Answer {
    let term = Term::stderr();
    let mut answer = false;
    let outcome = loop {
        let _ = term.clear_line().and_then(|()| term.write_str(&prompt(question, answer)));
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

fn prompt(question: &str, answer: bool) -> String {
    let mut text = String::new();
    let _ = SimpleTheme.format_confirm_prompt(&mut text, question, Some(false));
    if answer { text + "yes" } else { text }
}

/// Shows stages and progress as the output flags ask for.
pub struct Watcher {
    quiet: bool,
    verbose: bool,
    /// Where a log file was asked for.
    pub log: Option<LogFile>,
    bar: Mutex<Option<Bar>>,
    plain: Mutex<Option<PlainProgress>>,
}

struct PlainProgress {
    what: String,
    done: u64,
    /// Where it is known.
    total: Option<u64>,
    unit: Unit,
    begun: Instant,
    told: Instant,
}

impl PlainProgress {
    fn advance(&mut self, by: u64) {
        self.done += by;
        if self.told.elapsed() >= PLAIN_PROGRESS_EVERY {
            self.told = Instant::now();
            let _ = writeln!(std::io::stderr(), "{}", self.line());
        }
    }

    /// How far it is, how fast, and how much longer it takes at that rate.
    fn line(&self) -> String {
        let (done, rate) = (self.done, self.done as f64 / self.begun.elapsed().as_secs_f64());
        let rate = rate.max(1.0);
        let mut line = format!("{}: {}", self.what, self.unit.scaled(done));
        if let Some(total) = self.total {
            line += &format!(" of {}", self.unit.scaled(total));
        }
        line += &format!(" {}, {}/s", self.unit.name(), self.unit.scaled(rate as u64));
        if let Some(total) = self.total {
            let left = total.saturating_sub(done) as f64 / rate;
            line += &format!(", {} left", indicatif::HumanDuration(Duration::from_secs_f64(left)));
        }
        line
    }
}

/// What progress is counted in.
#[derive(Clone, Copy)]
enum Unit {
    Mebibytes,
    Files,
}

impl Unit {
    fn scaled(self, count: u64) -> u64 {
        match self {
            Self::Mebibytes => count / (1024 * 1024),
            Self::Files => count,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mebibytes => "MiB",
            Self::Files => "files",
        }
    }
}

/// What a panicking thread left behind is still good enough for a progress bar.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line that shows how far the work is. It comes only where the work takes a while: what flashes by
/// cannot be read.
struct Bar {
    line: ProgressBar,
    begun: Instant,
}

impl Bar {
    fn of_bytes(what: &str, total_bytes: u64) -> Self {
        let template = "{percent}% of {binary_total_bytes}, {rate} MiB/s, {eta} left: {msg}";
        Self::new(what, Some(total_bytes), template, 1024.0 * 1024.0)
    }

    fn of_files(what: &str) -> Self {
        Self::new(what, None, "{pos} files, {rate} a second: {msg}", 1.0)
    }

    /// The numbers stand first; of what is done there is as much as fits into the same line.
    fn new(what: &str, total: Option<u64>, template: &str, unit: f64) -> Self {
        /// Most columns that the numbers take.
        const NUMBERS: usize = 42;
        let line = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let columns = usize::from(Term::stderr().size().1);
        let what = console::truncate_str(what, columns.saturating_sub(NUMBERS), "");
        line.set_message(what.into_owned());
        if let Ok(style) = ProgressStyle::with_template(template) {
            line.set_style(style.with_key(
                "rate",
                move |state: &ProgressState, to: &mut dyn Text| {
                    let _ = write!(to, "{:.0}", state.per_sec() / unit);
                },
            ));
        }
        Self { line, begun: Instant::now() }
    }

    fn advance(&self, by: u64) {
        if self.line.is_hidden() && self.begun.elapsed() >= NO_BAR_BEFORE {
            self.line.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.line.inc(by);
    }
}

impl Watcher {
    /// A watcher that says nothing with `quiet` and names each stage with `verbose`.
    pub fn new(quiet: bool, verbose: bool) -> Self {
        Self { quiet, verbose, log: None, bar: Mutex::new(None), plain: Mutex::new(None) }
    }
}

impl Observer for Watcher {
    fn stage(&self, what: &str) {
        if self.verbose {
            let _ = writeln!(std::io::stderr(), "{what}");
        }
        if let Some(log) = &self.log {
            log.line(&format!("stage: {what}"));
        }
    }

    fn begin_bytes(&self, what: &str, total_bytes: u64) {
        self.stage(&format!("{what}, {}", indicatif::BinaryBytes(total_bytes)));
        if self.quiet {
            return;
        }
        if std::io::stderr().is_terminal() {
            *locked(&self.bar) = Some(Bar::of_bytes(what, total_bytes));
        } else {
            let (what, begun) = (what.to_owned(), Instant::now());
            let (total, unit) = (Some(total_bytes), Unit::Mebibytes);
            *locked(&self.plain) =
                Some(PlainProgress { what, done: 0, total, unit, begun, told: begun });
        }
    }

    fn advance_bytes(&self, bytes: u64) {
        if let Some(bar) = locked(&self.bar).as_ref() {
            bar.advance(bytes);
        }
        if let Some(plain) = locked(&self.plain).as_mut() {
            plain.advance(bytes);
        }
    }

    fn end_bytes(&self) {
        if let Some(bar) = locked(&self.bar).take() {
            bar.line.finish_and_clear();
        }
        locked(&self.plain).take();
    }

    fn begin_files(&self, what: &str) {
        if self.quiet {
            return;
        }
        if std::io::stderr().is_terminal() {
            *locked(&self.bar) = Some(Bar::of_files(what));
        } else {
            let (what, begun) = (what.to_owned(), Instant::now());
            *locked(&self.plain) = Some(PlainProgress {
                what,
                done: 0,
                total: None,
                unit: Unit::Files,
                begun,
                told: begun,
            });
        }
    }

    fn advance_files(&self, files: u64) {
        self.advance_bytes(files);
    }

    fn end_files(&self) {
        self.end_bytes();
    }
}
