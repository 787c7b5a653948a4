//! The thin program around the library: parse, run, print, exit code.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use edbmend::cli;

fn main() -> ExitCode {
    cli::outlive_file_limit();
    let arguments: Vec<_> = std::env::args_os().collect();
    match cli::parse(&arguments) {
        Ok(options) => {
            let ran = cli::run(&options, &arguments);
            told(to_stdout(|out| ran.print(out)));
            ran.exit_code.into()
        }
        Err(early) => {
            let text = early.text.as_bytes();
            told(if early.to_stderr {
                io::stderr().write_all(text)
            } else {
                to_stdout(|out| out.write_all(text))
            });
            early.exit_code.into()
        }
    }
}

fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()
}

/// The exit code stays that of what was done, whether it could be printed or not.
fn told(written: io::Result<()>) {
    if let Err(error) = written
        && !is_gone(&error)
    {
        let _ = writeln!(io::stderr(), "edbmend: the report cannot be printed: {error}");
    }
}

/// A reader that has gone away, or a terminal that was closed, is not an error.
fn is_gone(error: &io::Error) -> bool {
    /// The system's answer for a terminal that hung up.
    const EIO: i32 = 5;
    error.kind() == ErrorKind::BrokenPipe || cfg!(unix) && error.raw_os_error() == Some(EIO)
}
