//! Paths as the real disk resolves them.

use std::path::{Path, PathBuf};

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
