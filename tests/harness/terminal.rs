//! The program on a real pseudo-terminal.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use pty_process::blocking::{Command, Pty};

use super::PROGRAM;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program on a terminal of its own.
pub struct Terminal {
    pty: Pty,
    child: Child,
    /// What was written to it so far.
    pub screen: String,
}

impl Terminal {
    pub fn start(arguments: &[&str], path: &Path) -> Self {
        Self::of_columns(200, arguments.iter().map(OsStr::new).chain([path.as_os_str()]))
    }

    /// The program on a terminal that calls itself so (`TERM`).
    pub fn of_kind(kind: &str, arguments: &[&str], path: &Path) -> Self {
        let words = arguments.iter().map(OsStr::new).chain([path.as_os_str()]);
        Self::open(kind, "C.UTF-8", 200, words)
    }

    /// The program on a terminal that is so many columns wide.
    pub fn of_columns<S: AsRef<OsStr>>(
        columns: u16,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::in_locale("C.UTF-8", columns, arguments)
    }

    /// The program on such a terminal, whose characters are those of a locale.
    pub fn in_locale<S: AsRef<OsStr>>(
        locale: &str,
        columns: u16,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::open("xterm", locale, columns, arguments)
    }

    fn open<S: AsRef<OsStr>>(
        kind: &str,
        locale: &str,
        columns: u16,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(50, columns)).unwrap();
        let command = Command::new(PROGRAM).args(arguments);
        let child = command.env("TERM", kind).env("LC_ALL", locale).spawn(pts).unwrap();
        rustix::io::ioctl_fionbio(&pty, true).unwrap();
        Self { pty, child, screen: String::new() }
    }

    /// Reads what is there; `false` once the other side is closed.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.pty.read(&mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                self.screen += &String::from_utf8_lossy(&bytes[..count]);
                true
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(5));
                true
            }
            // Linux says EIO where no program has the terminal any more.
            Err(_) => false,
        }
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.screen.contains(text) {
            assert!(self.read() && begun.elapsed() < PATIENCE, "no \"{text}\": {}", self.screen);
        }
    }

    /// Keys that come while the terminal still edits lines are not the program's to see.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        let begun = Instant::now();
        while self.edits_lines() {
            assert!(begun.elapsed() < PATIENCE, "it never asks for a key: {}", self.screen);
            std::thread::sleep(Duration::from_millis(1));
        }
        self.pty.write_all(keys.as_bytes()).unwrap();
    }

    fn edits_lines(&self) -> bool {
        // SAFETY: tcgetattr(3) fills a structure of plain integers, for which zero is a value.
        let modes = unsafe {
            let mut modes: libc::termios = std::mem::zeroed();
            assert_eq!(libc::tcgetattr(self.pty.as_raw_fd(), &mut modes), 0);
            modes
        };
        modes.c_lflag & libc::ICANON != 0
    }

    /// Reads to the end; exit code and screen.
    #[track_caller]
    pub fn end(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        while self.read() {
            assert!(begun.elapsed() < PATIENCE, "it hangs: {}", self.screen);
        }
        let status = self.wait();
        assert!(!self.screen.contains("panicked"), "{}", self.screen);
        (status.code(), self.screen.clone())
    }

    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it hangs: {}", self.screen);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Closes the terminal window.
    pub fn hang_up(self) -> ExitStatus {
        let Self { pty, mut child, .. } = self;
        drop(pty);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        panic!("it outlives its terminal: {:?}", child.wait());
    }
}
