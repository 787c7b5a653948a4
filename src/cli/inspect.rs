//! `inspect`: dumps headers.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::api::{Records, inspect_in};
use crate::ese::shadow::Which;
use crate::report::{CommandName, Report};

use super::flags::OutputArgs;
use super::session::Session;

/// `inspect`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend inspect priv1.edb\n  edbmend inspect --copy shadow priv1.edb\n  edbmend inspect E0000001.log E00.chk\n  edbmend inspect --records E00.log\n  edbmend inspect --json priv1.edb priv1.stm"
)]
pub struct InspectArgs {
    /// Databases, streaming files, logs, checkpoints, flush maps; or the base name
    /// of a log stream (logs/E00)
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Show one header copy as it is, also a damaged one
    #[arg(long, value_enum)]
    pub copy: Option<CopyArg>,
    /// List the records of a log that tell of databases as a whole, of the engine
    /// and of backups
    #[arg(long)]
    pub records: bool,
    /// With --records: list all of them
    #[arg(long, requires = "records")]
    pub all: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// A header copy.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CopyArg {
    /// The copy at offset 0.
    Primary,
    /// The copy one page behind it.
    Shadow,
}

pub fn run(session: &Session, args: &InspectArgs) -> Report {
    let run = session.run();
    let copy = args.copy.map(|copy| match copy {
        CopyArg::Primary => Which::Primary,
        CopyArg::Shadow => Which::Shadow,
    });
    let records = match (args.records, args.all) {
        (false, _) => Records::None,
        (true, false) => Records::Notable,
        (true, true) => Records::All,
    };
    let mut report = Report::new(CommandName::Inspect);
    for path in &args.files {
        report.append(inspect_in(&run, path, copy, records));
    }
    report.conclude()
}
