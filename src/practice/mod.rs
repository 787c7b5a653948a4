//! Practice files: databases and whole storage groups as bytes in memory, for the demonstration,
//! for samples and for tests.
//!
//! No clock and no chance: all that varies stands in a [`Recipe`] or a [`DatabaseRecipe`], and the
//! same recipe gives the same bytes. The values imitate a real set of Windows 2003; the contents
//! of pages and logs are noise that only their checksums make sense of.

mod checkpoint;
mod database;
mod logs;
mod mutations;
mod noise;
mod recipe;
mod storage_group;

pub use database::{DatabaseRecipe, Moment};
pub use mutations::{corrupt_copy, damage_full_backup, edit_copy, edit_header};
pub use recipe::Recipe;
pub use storage_group::{PracticeFile, storage_group};
