//! Facts and a request to a plan, or to refusals. Pure: no I/O, no clock.
//!
//! A [`Plan`] is an ordered list of small steps, printable, serialisable, reversible. `--dry-run`
//! prints it and stops; `restore` is its inverse; `recover` is the rest of it, or the way back.

mod evidence;
mod guards;
mod header_edit;
mod inverse;
mod refusal;
mod repair;
mod step;

pub use evidence::Evidence;
pub use guards::{content_refusals, write_refusals};
pub use header_edit::{Change, only_repairable_bytes_differ};
pub use inverse::inverse;
pub use refusal::{Refusal, RefusalId};
pub use repair::{FieldSource, RepairRequest, fields_to_mend, plan_repair};
pub use step::{
    BackupScope, Command, HeaderImages, OperationStamp, PLAN_SCHEMA, Plan, Step, VerifyScope,
    WriteStep,
};
