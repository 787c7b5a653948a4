//! Practice files: databases and whole storage groups as bytes in memory, for the demonstration,
//! for samples and for tests.
//!
//! No clock and no chance: all that varies stands in a [`Recipe`] or a [`DatabaseRecipe`], and the
//! same recipe gives the same bytes. The values imitate a real set of Windows 2003. Every checksum is
//! right, and the logs tell the story of the databases; what stands in pages is noise.

mod attachment;
mod checkpoint;
mod database;
mod history;
mod log_body;
mod log_records;
mod logs;
mod mutations;
mod noise;
mod recipe;
mod storage_group;

pub use database::{DatabaseRecipe, Moment};
pub use mutations::{corrupt_copy, damage_full_backup, edit_copy, edit_header};
pub use recipe::Recipe;
pub use storage_group::{PracticeFile, storage_group};
