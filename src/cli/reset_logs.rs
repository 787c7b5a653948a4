//! `reset-logs`: the log reset of KB935634.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::api::ResetLogs;
use crate::ese::LogBase;
use crate::report::Report;

use super::confirm::{carry_out, guarded};
use super::flags::{GroupArgs, GuardedArgs, PageArgs, signature_random};
use super::session::Session;

/// `reset-logs`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend reset-logs --dry-run mdbdata\n  edbmend reset-logs --log-dir logs --system-dir logs mdbdata\n  edbmend reset-logs --yes --db priv1.edb --db pub1.edb mdbdata\n\nAll stores of the storage group must be dismounted. No file lists all\ndatabases of a storage group: you are asked whether those that were found are\nall, and with --yes each must be named by --db."
)]
pub struct ResetLogsArgs {
    /// The folder of the storage group
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// Base name of the logs, where the folder holds several (E00)
    #[arg(long, value_name = "BASE", value_parser = log_base, value_hint = ValueHint::Other)]
    pub prefix: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub group: GroupArgs,
    /// Go on without a database that the logs name and that was deleted since,
    /// by the Rand number of its DB Signature
    #[arg(long, value_name = "SIGNATURE", value_parser = signature_random)]
    pub allow_group_incomplete: Vec<u32>,
    /// Give up what the logs hold beyond an older copy of a database
    #[arg(long)]
    pub allow_older_database: bool,
    /// Where the operation folder goes (default: edbmend beside the logs)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub backup_dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

fn log_base(text: &str) -> Result<String, String> {
    let base = LogBase::new(text).map(|base| base.as_str().to_owned());
    base.ok_or_else(|| {
        "expected the three characters that all names of the logs begin with, such as E00"
            .to_owned()
    })
}

pub fn run(session: &Session, args: &ResetLogsArgs) -> Report {
    session.heed_interrupts(&args.guarded);
    let request = ResetLogs {
        dir: args.dir.clone(),
        prefix: args.prefix.clone(),
        databases: args.group.db.clone(),
        may_be_missing: args.allow_group_incomplete.clone(),
        allow_older_database: args.allow_older_database,
        places: args.group.places(),
        guarded: guarded(&args.guarded, args.backup_dir.as_deref()),
    };
    carry_out(&session.run(), &args.guarded, request)
}
