//! Carries plans out: guards, backup, journal, the deed, verification; undo and recovery.
//!
//! One `execute` and one `recover` serve every [`Deed`]. All the care for crashes, syncs and torn writes
//! lives here, once. The order of a commit is that of SAFETY.md.

mod around;
mod context;
mod deed;
mod execute;
mod find;
mod header;
mod known_deed;
mod known_operations;
mod left_to_change;
mod logs;
mod operation;
mod outcome;
mod pending;
mod recover;
mod spare_copies;
mod stored;
mod undo;

pub use context::{Context, NoObserver, Observer};
pub use deed::{Deed, Terms};
pub use execute::execute;
pub use find::{empty_folders, find_pending};
pub use header::deed::HeaderDeed;
pub use known_deed::{Job, KnownDeed};
pub use known_operations::{
    KnownOperation, OperationKey, Standing, key_of, newest_first, operations_at,
};
pub use logs::deed::LogsDeed;
pub use operation::files::{
    DEFAULT_BACKUP_DIR, JOURNAL_NAME, PLAN_NAME, REPORT_NAME, is_operation_folder, leave_report,
    read_sums,
};
pub use operation::marker::{at_work, at_work_near, at_work_on_logs, refusal as marker_refusal};
pub use operation::sharing::shared_in;
pub use outcome::{Applied, Ending};
pub use recover::{Allowed, Assessment, Wish, assess, hold_pending, recover, recover_refusals};
pub use undo::{header_left_by, not_as_left, undo_of};
