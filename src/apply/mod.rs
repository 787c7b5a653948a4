//! Carries a plan out: guards, backup, journal, commit, verification; restore and recover.
//!
//! All the care for crashes, syncs and torn writes lives here, once. The order of a commit is that
//! of SAFETY.md; the writes themselves are in [`commit`](self), the state that survives a crash
//! in the journal.

mod backup;
mod commit;
mod context;
mod execute;
mod folder;
mod guards;
mod home;
mod journal;
mod lock;
mod marker;
mod missing;
mod moves;
mod operation;
mod outcome;
mod pass;
mod recover;
mod reset;
mod restore;
mod sealed;

pub use context::{Context, NoObserver, Observer};
pub use execute::{Job, execute};
pub use folder::{
    DEFAULT_BACKUP_DIR, JOURNAL_NAME, PLAN_NAME, REPORT_NAME, is_operation_folder, leave_report,
    read_sums,
};
pub use guards::{backup_dir_refusal, backup_volume, surroundings_refusals};
pub use lock::{in_use, probe as probe_exclusive, probe_all};
pub use marker::{at_work, at_work_near, at_work_on_logs};
pub use missing::not_found;
pub use outcome::{Applied, Ending, unreadable};
pub use recover::{Assessment, assess, empty_folders, find_pending, recover, recover_refusals};
pub use reset::{ResetJob, execute_reset, reset_space_refusals, reset_undo_refusals};
pub use restore::{RestoreJob, Undo, restore_job};
