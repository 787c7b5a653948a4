//! The thin program around the library: parse, run, print, exit code.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use edbmend::cli;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    match cli::parse(&arguments) {
        Ok(options) => {
            let ran = cli::run(&options, &arguments);
            print(&ran.text, false);
            ran.exit_code.into()
        }
        Err(early) => {
            print(&early.text, early.to_stderr);
            early.exit_code.into()
        }
    }
}

/// Prints. The exit code stays that of what was done, whether it can be told or not.
fn print(text: &str, to_stderr: bool) {
    let written = match to_stderr {
        true => std::io::stderr().write_all(text.as_bytes()),
        false => {
            std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush())
        }
    };
    if let Err(error) = written
        && !is_gone(&error)
    {
        let _ = writeln!(std::io::stderr(), "edbmend: the report cannot be printed: {error}");
    }
}

/// A reader that has gone away, or a terminal that was closed, is not an error.
fn is_gone(error: &std::io::Error) -> bool {
    /// The system's answer for a terminal that hung up.
    const EIO: i32 = 5;
    error.kind() == ErrorKind::BrokenPipe || cfg!(unix) && error.raw_os_error() == Some(EIO)
}
