//! The guards that need the world: who has a file open, whether there is room, whether everything is still
//! where a plan found it. What facts alone decide is in [`crate::plan`].
//!
//! The guards of a deed stand in one list each: [`for_header`], [`for_logs`]. Each list is asked twice,
//! before the question and again under exclusive access.

mod backup_folder;
mod exclusive;
mod header;
mod in_use;
mod logs;
mod not_found;
mod planned_files;
mod read_only;
mod storage_trouble;
mod tenure;

pub use backup_folder::{BackupTerms, no_room_for_it, shared_by};
pub use exclusive::Held;
pub use header::{HeaderQuestion, for_header};
pub use in_use::{in_use, opened_at_the_last_moment, written_meanwhile};
pub use logs::{LogsQuestion, MOST_REFUSALS, changed_databases, database_changed, for_logs};
pub use not_found::not_found;
pub use planned_files::{
    Place, Route, UNFINISHED_SUFFIX, changed_at, name_is_taken, routes, unfinished, unplanned_files,
};
pub use read_only::{fixed_file, read_only_file, read_only_folder};
pub use storage_trouble::{failure, reason, unread, unreadable};
