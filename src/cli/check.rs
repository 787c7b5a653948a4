//! `check`: diagnoses databases and storage groups.

use crate::api::{Check, check_in};
use crate::report::brief;

use super::args::CheckArgs;
use super::printed::Printed;
use super::session::Session;

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
