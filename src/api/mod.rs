//! What other programs embed: inspect, check, verify, list, plan, apply, recover. The commands walk through the same
//! functions; those that end in `_in` are given the run that the command line began.

mod apply;
mod check;
mod consent;
mod databases_in;
mod error;
mod file_kind;
mod inspect;
mod inspect_log;
mod inspect_stream;
pub mod json;
mod list;
mod lost_header;
mod mended;
mod nearby;
mod older_headers;
mod pages;
mod paths;
mod plan;
mod planned;
mod rebuild_header;
mod rebuild_logs;
mod recover;
mod repair;
mod request;
mod reset_logs;
mod restore;
mod run;
mod survey;
mod verify;
mod verify_database;
mod verify_files;
mod verify_folder;
mod verifying;

pub use error::{Error, Result};
pub use planned::Plan;
pub use request::{
    Check, List, RebuildHeader, Recover, Repair, Request, ResetLogs, Restore, Verify,
};
pub use run::Watch;
#[cfg(feature = "disk")]
pub use {
    apply::apply, check::check, inspect::inspect, list::list, plan::plan, recover::recover,
    verify::verify,
};

// For whoever reads files in another way than from a disk of this machine.
pub use check::check_in;
pub use inspect::inspect_in;
pub use inspect_log::Records;
pub use run::Run;

pub(crate) use apply::apply_in;
pub(crate) use list::list_in;
pub(crate) use plan::plan_in;
pub(crate) use recover::{Decision, not_begun, recover_in};
pub(crate) use request::{Consent, Guarded, Places};
pub(crate) use verify::verify_in;
