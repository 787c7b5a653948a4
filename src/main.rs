//! The thin program around the library: parse, run, print, exit code.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use edbmend::cli;

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<_> = std::env::args_os().collect();
    let options = match cli::parse(&arguments) {
        Ok(options) => options,
        Err(early) => return print(&early.text, early.to_stderr).map(|()| early.exit_code.into()),
    };
    let ran = cli::run(&options, &arguments);
    print(&ran.text, false)?;
    Ok(ran.exit_code.into())
}

/// Prints; a reader that has gone away, or a terminal that was closed, is not an error.
fn print(text: &str, to_stderr: bool) -> anyhow::Result<()> {
    let written = match to_stderr {
        true => std::io::stderr().write_all(text.as_bytes()),
        false => {
            std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush())
        }
    };
    /// The system's answer for a terminal that hung up.
    const EIO: i32 = 5;
    match written {
        Err(error)
            if error.kind() == ErrorKind::BrokenPipe
                || cfg!(unix) && error.raw_os_error() == Some(EIO) =>
        {
            Ok(())
        }
        result => Ok(result?),
    }
}
