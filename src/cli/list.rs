//! `list`: the operations that are known of in folders.

use std::path::PathBuf;

use clap::Args;

use crate::api::{List, list_in};
use crate::report::Report;

use super::flags::OutputArgs;
use super::session::Session;

/// `list`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend list mdbdata                    the newest first\n  edbmend list /mnt/backup                where --backup-dir was\n\nEnds with 6 where an operation is not finished, and with 4 where one cannot be\nread."
)]
pub struct ListArgs {
    /// Folders of databases or logs, backup folders, databases, or operation
    /// folders
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

pub fn run(session: &Session, args: &ListArgs) -> Report {
    list_in(&session.run(), &List { paths: args.paths.clone() })
}
