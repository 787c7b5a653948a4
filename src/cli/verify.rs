//! `verify`: everything that has a checksum against it.

use crate::api::{Verify, verify_in};
use crate::report::Report;

use super::args::VerifyArgs;
use super::session::Session;

pub fn run(session: &Session, args: &VerifyArgs) -> Report {
    session.heed_first_interrupt();
    let request = Verify { paths: args.paths.clone(), threads: args.threads };
    verify_in(&session.run(), &request, &|report| session.log(report))
}
