//! `restore`: undoes a finished operation.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::api::Restore;
use crate::report::Report;

use super::confirm::{carry_out, guarded};
use super::flags::{GuardedArgs, PageArgs};
use super::session::Session;

/// `restore`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  edbmend restore mdbdata/edbmend/edbmend-20261123T015812Z-repair-3fa9\n\nOnly the header bytes of that operation are put back, and only while the header\nis still what it left. The undo is an operation of its own and can be undone."
)]
pub struct RestoreArgs {
    /// The operation folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub operation: PathBuf,
    /// Where the folder of the undo goes (default: edbmend beside the database)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub backup_dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

pub fn run(session: &Session, args: &RestoreArgs) -> Report {
    session.heed_interrupts(&args.guarded);
    let operation = args.operation.clone();
    let guarded = guarded(&args.guarded, args.backup_dir.as_deref());
    carry_out(&session.run(), &args.guarded, Restore { operation, guarded })
}
