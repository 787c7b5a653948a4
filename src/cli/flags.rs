//! The flags that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::api::Places;

/// A log beside the report.
#[derive(Args, Clone, Debug, Default)]
pub struct LogFileArgs {
    /// Append a line with a UTC time for each stage, finding, refusal and
    /// outcome; also in a dry run
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

/// A page beside the report.
#[derive(Args, Clone, Debug, Default)]
pub struct PageArgs {
    /// Write the report as a page for a browser, too. FILE must not be there; with
    /// - the page goes to standard output, and the text to standard error
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// When the output is in colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourWhen {
    /// On a terminal that has colours, unless NO_COLOR is set
    #[default]
    Auto,
    /// Also in a file or a pipe
    Always,
    /// Not at all
    Never,
}

/// How the report looks.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct OutputArgs {
    /// Print one JSON object on standard output, whatever happens
    #[arg(long)]
    pub json: bool,
    /// Print only what went wrong, and no progress
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print each stage as it begins
    #[arg(long, short)]
    pub verbose: bool,
}

/// Where the parts of a storage group are: Exchange keeps them on different disks.
#[derive(Args, Clone, Debug, Default)]
pub struct GroupArgs {
    /// A database that lies elsewhere; repeat it for each
    #[arg(long, value_name = "FILE")]
    pub db: Vec<PathBuf>,
    /// Where the transaction logs are (default: the folder, or the database's)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub log_dir: Option<PathBuf>,
    /// Where the checkpoint is (default: the folder of the logs)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub system_dir: Option<PathBuf>,
}

impl GroupArgs {
    /// The folders among them.
    pub(super) fn places(&self) -> Places {
        Places { log_dir: self.log_dir.clone(), system_dir: self.system_dir.clone() }
    }
}

/// Flags of the commands that write.
#[derive(Args, Clone, Debug)]
pub struct GuardedArgs {
    /// Plan, run every guard, print, and stop; nothing is created
    #[arg(long, short = 'n', conflicts_with = "yes")]
    pub dry_run: bool,
    /// Answer the question with yes; skips no guard
    #[arg(long, short)]
    pub yes: bool,
    /// Go on where the file system cannot prove that nobody else has the file
    /// open. Use it only when the store is certainly dismounted
    #[arg(long)]
    pub allow_unproven_lock: bool,
    /// Go on where another user can write to the folder of the backup, or of
    /// the operation. Whoever can write there can decide what is written
    #[arg(long)]
    pub allow_shared_backup_dir: bool,
    /// Go on where the backup folder is in memory, and gone when the machine
    /// stops
    #[arg(long)]
    pub allow_backup_in_memory: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub log: LogFileArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// Takes the number behind `Rand:` of a signature, decimal or hexadecimal.
pub fn signature_random(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "expected the number behind Rand: of the DB Signature".to_owned())
}
