//! `inspect`: dumps headers.

use crate::api::{Records, inspect_in};
use crate::ese::shadow::Which;
use crate::report::{CommandName, Report};

use super::args::{CopyArg, InspectArgs};
use super::session::Session;

pub fn run(session: &Session, args: &InspectArgs) -> Report {
    let run = session.run();
    let copy = args.copy.map(|copy| match copy {
        CopyArg::Primary => Which::Primary,
        CopyArg::Shadow => Which::Shadow,
    });
    let records = match (args.records, args.all) {
        (false, _) => Records::None,
        (true, false) => Records::Notable,
        (true, true) => Records::All,
    };
    let mut report = Report::new(CommandName::Inspect);
    for path in &args.files {
        report.append(inspect_in(&run, path, copy, records));
    }
    report.conclude()
}
