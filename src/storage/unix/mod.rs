//! [`Storage`](super::Storage) on Unix, with Linux's leases, reflinks and advice.

mod access;
mod acl;
mod attribute;
mod disk;
mod file;
mod held;
mod lease;
mod memory;
mod mounts;
mod names;
mod open;
mod open_files;
mod project;
mod sharing;

pub use disk::Disk;
pub(super) use held::{ForeignLink, real_path};
