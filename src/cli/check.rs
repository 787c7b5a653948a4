//! `check`: diagnoses databases and storage groups.

use std::path::PathBuf;

use clap::Args;

use crate::api::{Check, check_in};
use crate::report::brief;

use super::flags::{GroupArgs, LogFileArgs, OutputArgs, PageArgs, signature_random};
use super::printed::Printed;
use super::session::Session;

/// `check`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend check priv1.edb\n  edbmend check mdbdata\n  edbmend check --log-dir logs --db pub1.edb mdbdata\n\nEnds with 1 where there is an error."
)]
pub struct CheckArgs {
    /// Databases, or folders of storage groups
    #[arg(required_unless_present = "db")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub group: GroupArgs,
    /// Read all pages of the databases and the bodies of all logs, as a backup does
    #[arg(long)]
    pub deep: bool,
    /// Look for storage groups in all folders below, too
    #[arg(long)]
    pub recursive: bool,
    /// Print one line for each database: path, state, verdict, worst finding and
    /// first command, separated by tabs
    #[arg(long, conflicts_with_all = ["json", "quiet", "verbose"])]
    pub brief: bool,
    /// Take the group for whole without a database that the logs name and that was
    /// deleted since, by the Rand number of its DB Signature
    #[arg(long, value_name = "SIGNATURE", value_parser = signature_random)]
    pub allow_group_incomplete: Vec<u32>,
    /// Print metrics for monitoring (OpenMetrics), whatever happens
    #[arg(long, conflicts_with_all = ["json", "quiet", "verbose", "brief"])]
    pub openmetrics: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub log: LogFileArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

pub fn run(session: &Session, args: &CheckArgs) -> Printed {
    if args.deep {
        session.heed_first_interrupt();
    }
    let check = Check {
        paths: args.paths.clone(),
        databases: args.group.db.clone(),
        places: args.group.places(),
        deep: args.deep,
        recursive: args.recursive,
        may_be_missing: args.allow_group_incomplete.clone(),
    };
    let report = check_in(&session.run(), &check);
    let text = args.brief.then(|| brief(&report));
    Printed { report, text }
}
