//! `restore`: undoes a finished operation.

use crate::api::Restore;
use crate::report::Report;

use super::args::RestoreArgs;
use super::confirm::carry_out;
use super::session::Session;

pub fn run(session: &Session, args: &RestoreArgs) -> Report {
    session.heed_interrupts();
    let operation = args.operation.clone();
    let guarded = args.guarded.guarded(args.backup_dir.clone());
    carry_out(&session.run(), &args.guarded, Restore { operation, guarded })
}
