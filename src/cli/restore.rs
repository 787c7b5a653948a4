//! `restore`: undoes a finished operation.

use crate::api::Restore;
use crate::report::Report;

use super::args::RestoreArgs;
use super::confirm::{carry_out, guarded};
use super::session::Session;

pub fn run(session: &Session, args: &RestoreArgs) -> Report {
    session.heed_interrupts();
    let operation = args.operation.clone();
    let guarded = guarded(&args.guarded, args.backup_dir.as_deref());
    carry_out(&session.run(), &args.guarded, Restore { operation, guarded })
}
