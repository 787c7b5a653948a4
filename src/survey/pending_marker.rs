//! Where the marker of an interrupted operation lies.

use std::path::{Path, PathBuf};

use crate::storage::beside;

/// Ending of a marker's name.
pub(super) const MARKER_SUFFIX: &str = ".edbmend-pending";

/// Where the marker of a pending operation on `path` lies.
pub fn pending_marker(path: &Path) -> PathBuf {
    beside(path, MARKER_SUFFIX)
}
