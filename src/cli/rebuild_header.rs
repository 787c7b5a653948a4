//! `rebuild-header`: a header that both copies have lost.

use crate::api::{Places, RebuildHeader};
use crate::report::Report;

use super::args::RebuildHeaderArgs;
use super::confirm::{carry_out, guarded};
use super::session::Session;

pub fn run(session: &Session, args: &RebuildHeaderArgs) -> Report {
    session.heed_interrupts();
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
