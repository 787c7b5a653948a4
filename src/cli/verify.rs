//! `verify`: everything that has a checksum against it.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::api::{Verify, verify_in};
use crate::report::Report;

use super::flags::{LogFileArgs, OutputArgs};
use super::session::Session;

/// `verify`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend verify priv1.edb\n  edbmend verify E00.log\n  edbmend verify mdbdata                  everything in the folder\n  edbmend verify mdbdata/E00              the logs of one base name\n  edbmend verify --json D:\\mdbdata\\priv1.edb D:\\mdbdata\\pub1.edb\n\nEnds with 1 where a page or a log is bad, also where the engine could correct\nor mend it."
)]
pub struct VerifyArgs {
    /// Databases, logs, checkpoints, flush maps, folders, or the base name of a log
    /// stream (logs/E00); of a streaming file only the header pages can be checked
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How many threads read and check (default: one for each processor)
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub threads: Option<NonZeroUsize>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub log: LogFileArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

pub fn run(session: &Session, args: &VerifyArgs) -> Report {
    session.heed_first_interrupt();
    let request = Verify { paths: args.paths.clone(), threads: args.threads };
    verify_in(&session.run(), &request, &|report| session.log(report))
}
