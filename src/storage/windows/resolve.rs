//! Paths as the disk spells them.

use std::io;
use std::path::{Path, PathBuf};

use super::names::plain;
use super::open::look_at;
use super::sys;

/// The one absolute form of a path that exists: links in its folders resolved, and spelled as on the
/// disk, whose names are the same in capitals and not. A link as the last component is left alone.
pub fn as_on_disk(path: &Path) -> io::Result<PathBuf> {
    let opened = look_at(path, 0)?;
    // Some drivers do not tell.
    sys::final_path(&opened).map(plain).or_else(|_| std::path::absolute(path))
}

/// The one absolute form of a path that exists, every link in it followed.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    std::fs::metadata(path)?;
    std::fs::canonicalize(path).map(plain).or_else(|_| std::path::absolute(path))
}
