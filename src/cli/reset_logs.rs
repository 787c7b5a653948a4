//! `reset-logs`: the log reset of KB935634.

use crate::api::ResetLogs;
use crate::report::Report;

use super::args::ResetLogsArgs;
use super::confirm::{carry_out, guarded};
use super::session::Session;

pub fn run(session: &Session, args: &ResetLogsArgs) -> Report {
    session.heed_interrupts();
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
