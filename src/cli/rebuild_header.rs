//! `rebuild-header`: a header that both copies have lost.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::api::{Places, RebuildHeader};
use crate::report::Report;

use super::confirm::{carry_out, guarded};
use super::flags::{GuardedArgs, PageArgs};
use super::session::Session;

/// `rebuild-header`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend rebuild-header --dry-run priv1.edb\n  edbmend rebuild-header --log-dir logs priv1.edb\n  edbmend rebuild-header --from backup/priv1.edb priv1.edb\n\nDo not start the store before: the engine may delete such a file and make it\nanew. Only what is proven is written, and Clean Shutdown never from pages alone."
)]
pub struct RebuildHeaderArgs {
    /// The database whose two header copies are both destroyed
    pub database: PathBuf,
    /// Where the transaction logs are (default: beside the database)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub log_dir: Option<PathBuf>,
    /// Where the checkpoint is (default: the folder of the logs)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub system_dir: Option<PathBuf>,
    /// The path that the logs have for it (default: its file name)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::Other)]
    pub name_in_logs: Option<String>,
    /// An older header as evidence: an operation folder, another copy of the
    /// database, a header image; repeat it for each
    #[arg(long, value_name = "FILE")]
    pub from: Vec<PathBuf>,
    /// Go on where the current log may not be the newest. What newer logs hold
    /// is lost then, in silence
    #[arg(long)]
    pub allow_newest_log_doubtful: bool,
    /// Where there are nothing but pages: write a header in Dirty Shutdown, with
    /// which eseutil /p works on a copy
    #[arg(long)]
    pub dirty_for_repair: bool,
    /// Where the operation folder goes (default: edbmend beside the database)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub backup_dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

pub fn run(session: &Session, args: &RebuildHeaderArgs) -> Report {
    session.heed_interrupts(&args.guarded);
    let request = RebuildHeader {
        database: args.database.clone(),
        name_in_logs: args.name_in_logs.clone(),
        evidence: args.from.clone(),
        allow_newest_log_doubtful: args.allow_newest_log_doubtful,
        dirty_for_repair: args.dirty_for_repair,
        places: Places { log_dir: args.log_dir.clone(), system_dir: args.system_dir.clone() },
        guarded: guarded(&args.guarded, args.backup_dir.as_deref()),
    };
    carry_out(&session.run(), &args.guarded, request)
}
