//! The names that the files have that this process has open, whatever else leads to them.

use std::os::fd::{AsFd, AsRawFd};

use rustix::fs::Access;

/// Where they are named; missing in a rescue system without `/proc`.
const FOLDER: &str = "/proc/self/fd";

/// Whether they have names here.
pub fn are_named() -> bool {
    rustix::fs::access(FOLDER, Access::EXISTS).is_ok()
}

/// The name of one.
pub fn name_of(file: &impl AsFd) -> String {
    format!("{FOLDER}/{}", file.as_fd().as_raw_fd())
}
