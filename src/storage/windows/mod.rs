//! [`Storage`](super::Storage) on Windows: share modes, write-through, access lists, block clones.
//!
//! A file that is opened for writing, or to be locked, is opened with share mode 0: the system lets
//! nobody else in, and says so at once where somebody is in already. There is nothing to upgrade.

mod attempt;
mod disk;
mod file;
mod names;
mod open;
mod resolve;
mod security;
mod sys;

pub use disk::Disk;
pub use resolve::{as_on_disk, canonical};
