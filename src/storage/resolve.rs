//! Paths as the real disk resolves them.

use std::path::{Path, PathBuf};

#[cfg(unix)]
use super::error::is_foreign_link;

/// The absolute form of a path: its folder resolved, its last component as it is.
#[cfg(not(windows))]
pub fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    Ok(with_folder_resolved(&path))
}

/// The absolute form of a path: its folder resolved, its last component as it is, but spelled as on the
/// disk: `PRIV1.EDB` and `priv1.edb` are one file, and get one name.
#[cfg(windows)]
pub fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    Ok(super::windows::as_on_disk(&path).unwrap_or_else(|_| with_folder_resolved(&path)))
}

fn with_folder_resolved(path: &Path) -> PathBuf {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return path.to_owned();
    };
    canonical(parent).unwrap_or_else(|_| parent.to_owned()).join(name)
}

/// [`absolute`], for what will be written: an error where somebody else than root or the user of this process made
/// a link among the folders.
#[cfg(unix)]
pub fn absolute_by_own_links(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(path) };
    match canonical_by_own_links(parent) {
        Err(error) if is_foreign_link(&error) => Err(error),
        parent_there => Ok(parent_there.unwrap_or_else(|_| parent.to_owned()).join(name)),
    }
}

/// [`absolute`]: here nothing tells who made a link.
#[cfg(not(unix))]
pub fn absolute_by_own_links(path: &Path) -> std::io::Result<PathBuf> {
    absolute(path)
}

/// [`canonical`] of a folder, for what will be written: an error where somebody else than root or the user of this
/// process made a link on the way.
#[cfg(unix)]
pub fn canonical_by_own_links(dir: &Path) -> std::io::Result<PathBuf> {
    super::unix::real_path(dir)
}

/// [`canonical`]: here nothing tells who made a link.
#[cfg(not(unix))]
pub fn canonical_by_own_links(dir: &Path) -> std::io::Result<PathBuf> {
    canonical(dir)
}

/// The absolute form of a path that exists, every link in it resolved.
#[cfg(not(windows))]
pub fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize()
}

/// The absolute form of a path that exists, every link in it resolved; without `\\?\`, which is of no
/// use to people.
#[cfg(windows)]
pub fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    super::windows::canonical(path)
}
