//! The person at the terminal: progress and questions, both on standard error.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use console::{Key, Term};
use dialoguer::theme::{SimpleTheme, Theme};
use indicatif::{ProgressBar, ProgressStyle};

use crate::apply::Observer;

/// How often progress is told off a terminal.
const PLAIN_PROGRESS_EVERY: Duration = Duration::from_secs(5);

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

/// Whether a stream takes colour: a terminal, and nobody set `NO_COLOR`.
pub fn takes_colour(stream: &impl IsTerminal) -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !no_color
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
        match term.read_key() {
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
    bar: RefCell<Option<ProgressBar>>,
    plain: RefCell<Option<PlainProgress>>,
}

struct PlainProgress {
    what: String,
    done_bytes: u64,
    total_bytes: u64,
    begun: Instant,
    told: Instant,
}

impl PlainProgress {
    /// How far it is, how fast, and how much longer it takes at that rate.
    fn line(&self) -> String {
        const MIB: u64 = 1024 * 1024;
        let (done, total) = (self.done_bytes, self.total_bytes);
        let rate = (done as f64 / self.begun.elapsed().as_secs_f64()).max(1.0);
        let left = total.saturating_sub(done) as f64 / rate;
        format!(
            "{}: {} of {} MiB, {:.0} MiB/s, {left:.0} s left",
            self.what,
            done / MIB,
            total / MIB,
            rate / MIB as f64
        )
    }
}

impl Watcher {
    /// A watcher that says nothing with `quiet` and names each stage with `verbose`.
    pub fn new(quiet: bool, verbose: bool) -> Self {
        Self { quiet, verbose, bar: RefCell::new(None), plain: RefCell::new(None) }
    }
}

impl Observer for Watcher {
    fn stage(&self, what: &str) {
        if self.verbose {
            let _ = writeln!(std::io::stderr(), "{what}");
        }
    }

    fn begin_bytes(&self, what: &str, total_bytes: u64) {
        if self.quiet {
            return;
        }
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(total_bytes).with_message(what.to_owned());
            let template =
                "{msg} {bar:20} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            *self.bar.borrow_mut() = Some(bar);
        } else {
            let (what, begun) = (what.to_owned(), Instant::now());
            *self.plain.borrow_mut() =
                Some(PlainProgress { what, done_bytes: 0, total_bytes, begun, told: begun });
        }
    }

    fn advance_bytes(&self, bytes: u64) {
        if let Some(bar) = self.bar.borrow().as_ref() {
            bar.inc(bytes);
        }
        if let Some(plain) = self.plain.borrow_mut().as_mut() {
            plain.done_bytes += bytes;
            if plain.told.elapsed() >= PLAIN_PROGRESS_EVERY {
                plain.told = Instant::now();
                let _ = writeln!(std::io::stderr(), "{}", plain.line());
            }
        }
    }

    fn end_bytes(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
        self.plain.borrow_mut().take();
    }
}
