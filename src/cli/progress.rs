//! How far a long piece of work is: a line that changes on a terminal, and now and then a line elsewhere.
//! Both go to standard error.

use std::fmt::Write as Text;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::colour::is_dumb;

/// How often progress is told off a terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// How long work must take before a line about it appears.
const NO_BAR_BEFORE: Duration = Duration::from_millis(400);

/// Bytes of a MiB.
const MEBIBYTE: u64 = 1024 * 1024;

/// What progress is counted in.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Bytes, told in MiB.
    Mebibytes,
    /// Files.
    Files,
}

impl Unit {
    fn scaled(self, count: u64) -> u64 {
        match self {
            Self::Mebibytes => count / MEBIBYTE,
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

/// A piece of work under way. When it is dropped, its line is gone from the terminal.
pub enum Progress {
    /// On a terminal.
    Bar(Bar),
    /// In a file or a pipe.
    Plain(Plain),
}

impl Progress {
    /// The work begins. Its total is counted in bytes or files, where it is known.
    pub fn begin(what: &str, unit: Unit, total: Option<u64>) -> Self {
        if io::stderr().is_terminal() && !is_dumb() {
            return Self::Bar(Bar::new(what, unit, total));
        }
        let begun = Instant::now();
        Self::Plain(Plain { what: what.to_owned(), done: 0, total, unit, begun, told: begun })
    }

    /// So many bytes or files more are done.
    pub fn advance(&mut self, by: u64) {
        match self {
            Self::Bar(bar) => bar.advance(by),
            Self::Plain(plain) => plain.advance(by),
        }
    }
}

/// Work that is told of line by line, where the lines stay.
pub struct Plain {
    what: String,
    done: u64,
    total: Option<u64>,
    unit: Unit,
    begun: Instant,
    told: Instant,
}

impl Plain {
    fn advance(&mut self, by: u64) {
        self.done += by;
        if self.told.elapsed() >= PLAIN_EVERY {
            self.told = Instant::now();
            let _ = writeln!(io::stderr(), "{}", self.line());
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

/// Most columns that the numbers take.
const NUMBERS: u16 = 44;

/// Columns of a bar below which it says nothing, with what stands around it.
const SMALLEST_BAR: u16 = 13;

/// How the line looks in so many columns.
fn template(unit: Unit, columns: u16) -> &'static str {
    let has_bar = columns >= NUMBERS + SMALLEST_BAR;
    match unit {
        Unit::Mebibytes if has_bar => {
            "{msg} [{wide_bar}] {percent}% of {binary_total_bytes}, {rate} MiB/s, {eta} left"
        }
        Unit::Mebibytes => "{percent}%, {rate} MiB/s, {eta} left",
        Unit::Files if has_bar => "{pos} files, {rate} a second: {msg}",
        Unit::Files => "{pos} files, {rate} a second",
    }
}

/// What is done, as much of it as fits, then the bar, then the numbers. A narrow terminal has room for the
/// numbers alone. It is drawn nowhere yet.
fn line(what: &str, unit: Unit, total: Option<u64>, columns: u16) -> ProgressBar {
    let line = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
    let room = columns.saturating_sub(NUMBERS + SMALLEST_BAR);
    line.set_message(console::truncate_str(what, room.into(), "").into_owned());
    if let Ok(style) = ProgressStyle::with_template(template(unit, columns)) {
        let rate = move |state: &ProgressState, to: &mut dyn Text| {
            let _ = write!(to, "{}", unit.scaled(state.per_sec() as u64));
        };
        line.set_style(style.with_key("rate", rate).progress_chars("#>-"));
    }
    line
}

/// Work that is told of in one line, which changes. It comes only where the work takes a while: what flashes by cannot be read.
pub struct Bar {
    line: ProgressBar,
    begun: Instant,
}

impl Bar {
    fn new(what: &str, unit: Unit, total: Option<u64>) -> Self {
        let columns = Narrower(Term::stderr()).width();
        Self { line: line(what, unit, total, columns), begun: Instant::now() }
    }

    fn advance(&self, by: u64) {
        if self.line.is_hidden() && self.begun.elapsed() >= NO_BAR_BEFORE {
            let target = ProgressDrawTarget::term_like(Box::new(Narrower(Term::stderr())));
            self.line.set_draw_target(target);
        }
        self.line.inc(by);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

/// The terminal, as if it had some columns less. The line is filled up to its end with spaces, and the `^C`
/// that the terminal echoes there must not break it: the first half would stay behind.
#[derive(Debug)]
struct Narrower(Term);

impl TermLike for Narrower {
    fn width(&self) -> u16 {
        /// Columns of `^C`, and one for the cursor.
        const ECHO: u16 = 3;
        self.0.size().1.saturating_sub(ECHO)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A terminal that keeps what was written.
    #[derive(Clone, Debug)]
    struct Kept {
        columns: u16,
        text: Arc<Mutex<String>>,
    }

    impl TermLike for Kept {
        fn width(&self) -> u16 {
            self.columns
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.text.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.text.lock().unwrap().clear();
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The last line that a piece of work is told in, half done.
    fn drawn(unit: Unit, total: Option<u64>, columns: u16) -> String {
        let term = Kept { columns, text: Arc::default() };
        let what = "copying a database with a very long name indeed.edb";
        let line = line(what, unit, total, columns);
        line.set_draw_target(ProgressDrawTarget::term_like(Box::new(term.clone())));
        line.inc(total.unwrap_or(14) / 2);
        line.tick();
        let text = term.text.lock().unwrap();
        text.trim_end().to_owned()
    }

    #[test]
    fn the_line_fits_and_has_a_bar_where_there_is_room() {
        for columns in [37, 57, 77, 197] {
            let bytes = drawn(Unit::Mebibytes, Some(1023 << 30), columns);
            assert!(bytes.len() <= columns.into(), "{columns}: {bytes}");
            assert!(bytes.contains("50%") && bytes.contains("MiB/s, "), "{columns}: {bytes}");
            assert!(bytes.ends_with(" left"), "{columns}: {bytes}");
            assert_eq!(bytes.contains("#>"), columns >= 57, "{columns}: {bytes}");
            let files = drawn(Unit::Files, None, columns);
            assert!(files.len() <= columns.into(), "{columns}: {files}");
            assert!(files.starts_with("7 files, "), "{columns}: {files}");
        }
    }
}
