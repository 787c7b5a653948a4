//! `check`: diagnoses databases and storage groups.

use crate::api::{Check, check_in};
use crate::report::Report;

use super::args::CheckArgs;
use super::session::Session;

pub fn run(session: &Session, args: &CheckArgs) -> Report {
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
    check_in(&session.run(), &check)
}
