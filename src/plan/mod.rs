//! Facts and a request to a plan, or to refusals. Pure: no I/O, no clock.
//!
//! A [`Plan`] is an ordered list of small steps, printable, serialisable, reversible. `--dry-run`
//! prints it and stops; `restore` is its inverse; `recover` is the rest of it, or the way back.

mod check;
mod evidence;
mod guards;
mod header_edit;
mod header_write;
mod inverse;
mod rebuild;
mod record;
mod repair;
mod reset;
mod reset_guards;
mod step;
mod steps;

pub use check::{flaw_of_moves, flaw_of_writes, is_name_of_copy, is_operation_id};
pub use evidence::Evidence;
pub use guards::{
    content_refusals, pages_missing, rebuild_refusals, truncated, unsupported_format,
    write_refusals,
};
pub use header_edit::{Change, only_repairable_bytes_differ};
pub use inverse::inverse;
pub use rebuild::plan_rebuild;
pub use record::{BackupMethod, BackupRecord, Direction, OperationRef};
pub use repair::{FieldSource, RepairRequest, fields_to_mend, plan_repair};
pub use reset::{
    Batch, DatabaseIdentity, FileIdentity, LOGS_FOLDER, MovedFile, RESET_SCHEMA, ResetPlan,
    ResetRequest, header_pages, identity_by, inverse_reset, plan_reset,
};
pub use reset_guards::{
    GroupRequest, choose_stream, leave_other_groups_out, pending_refusals, reset_refusals,
};
pub use step::{
    BackupScope, Command, HeaderImages, MoveMethod, MoveStep, OperationStamp, PLAN_SCHEMA, Plan,
    Step, VerifyScope, WriteStep,
};
pub use steps::Steps;
