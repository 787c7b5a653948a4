//! Paths as they are stored and resolved.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::show::shown;

/// A path in a form that survives JSON byte by byte, whatever its name holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StoredPath {
    /// A path that is valid Unicode.
    Text(String),
    /// Any other path, as hexadecimal of the system's own encoding: bytes, or UTF-16 on Windows.
    Encoded {
        /// Hexadecimal of the bytes; of UTF-16 the low byte first.
        hex: String,
    },
}

impl From<&Path> for StoredPath {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Encoded { hex: hex::encode(encode(path.as_os_str())) },
        }
    }
}

impl StoredPath {
    /// The path again; `None` where the stored form is damaged or of another system.
    pub fn to_path(&self) -> Option<PathBuf> {
        match self {
            Self::Text(text) => Some(PathBuf::from(text)),
            Self::Encoded { hex } => Some(PathBuf::from(decode(hex::decode(hex).ok()?)?)),
        }
    }
}

/// The path as people read it; where its stored form is damaged or of another system, that form.
impl fmt::Display for StoredPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.to_path(), self) {
            (Some(path), _) => shown(&path).fmt(f),
            (None, Self::Text(text) | Self::Encoded { hex: text }) => shown(text).fmt(f),
        }
    }
}

#[cfg(unix)]
fn encode(text: &OsStr) -> Vec<u8> {
    text.as_encoded_bytes().to_vec()
}

#[cfg(unix)]
fn decode(bytes: Vec<u8>) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    Some(OsString::from_vec(bytes))
}

#[cfg(windows)]
fn encode(text: &OsStr) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    text.encode_wide().flat_map(u16::to_le_bytes).collect()
}

#[cfg(windows)]
fn decode(bytes: Vec<u8>) -> Option<OsString> {
    use std::os::windows::ffi::OsStringExt;
    let (units, []) = bytes.as_chunks() else { return None };
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    Some(OsString::from_wide(&units))
}

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

/// The name of `path` with a suffix appended: `priv1.edb` and `.x` give `priv1.edb.x` beside it.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// The other way: `priv1.edb.x` without `.x` is `priv1.edb` beside it; `None` where it ends otherwise.
pub fn without(path: &Path, suffix: &str) -> Option<PathBuf> {
    let ends_so = suffix.strip_prefix('.').map(OsStr::new) == path.extension();
    ends_so.then(|| Some(path.with_file_name(path.file_stem()?))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn any_name_survives() {
        use std::os::unix::ffi::OsStrExt;
        for bytes in [&b"/a/priv 1.edb"[..], b"/a/\xff\xfe\n.edb"] {
            let path = Path::new(OsStr::from_bytes(bytes));
            let json = serde_json::to_string(&StoredPath::from(path)).unwrap();
            let back: StoredPath = serde_json::from_str(&json).unwrap();
            assert_eq!(back.to_path().unwrap(), path);
        }
    }

    #[test]
    fn a_suffix_goes_beside() {
        assert_eq!(beside(Path::new("/x/priv1.edb"), ".p"), Path::new("/x/priv1.edb.p"));
    }
}
