//! Holds a file open until its standard input ends, as another program would: for the tests of the
//! Windows program.
//!
//!     hold-open FILE alone     nobody else may open it, as a mounted store has its database
//!     hold-open FILE shared    everybody else may

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{Write, stdin, stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().collect();
    let [_, path, how] = arguments.as_slice() else {
        return Err("hold-open FILE alone|shared".into());
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let _held = open(options, path, how == "alone")?;
    println!("open");
    stdout().flush()?;
    stdin().read_line(&mut String::new())?;
    Ok(())
}

#[cfg(windows)]
fn open(mut options: OpenOptions, path: &std::ffi::OsStr, alone: bool) -> std::io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    if alone {
        options.share_mode(0);
    }
    options.open(path)
}

#[cfg(not(windows))]
fn open(options: OpenOptions, path: &std::ffi::OsStr, _: bool) -> std::io::Result<File> {
    options.open(path)
}
