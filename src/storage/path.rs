//! Paths as they are stored, and the names beside a file.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a path stands in JSON so that it survives byte by byte, whatever its name holds. Fields that are
/// paths name [`stored_path`] as their `serde` form, and so are decoded once, when they are read.
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

/// The `serde` form of a path that is stored: see [`StoredPath`].
pub mod stored_path {
    use std::path::{Path, PathBuf};

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::StoredPath;

    /// Writes a path in its stored form.
    pub fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        StoredPath::from(path).serialize(to)
    }

    /// Reads a path from its stored form.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        let path = StoredPath::deserialize(from)?.to_path();
        path.ok_or_else(|| D::Error::custom("it names a path of another operating system"))
    }
}

/// The `serde` form of a stored path that may be absent.
pub mod stored_path_if_any {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::StoredPath;

    /// Writes a path in its stored form, or `null`.
    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.as_deref().map(StoredPath::from).serialize(to)
    }

    /// Reads a path from its stored form. One of another operating system counts as absent.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<StoredPath>::deserialize(from)?.and_then(|path| path.to_path()))
    }
}

#[cfg(not(windows))]
fn encode(text: &OsStr) -> Vec<u8> {
    text.as_encoded_bytes().to_vec()
}

#[cfg(unix)]
fn decode(bytes: Vec<u8>) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    Some(OsString::from_vec(bytes))
}

/// Elsewhere, as in a browser, paths are Unicode.
#[cfg(not(any(unix, windows)))]
fn decode(bytes: Vec<u8>) -> Option<OsString> {
    Some(String::from_utf8(bytes).ok()?.into())
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

/// The name of `path` with a suffix appended: `priv1.edb` and `.x` give `priv1.edb.x` beside it.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or(OsStr::new("")).to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// The name of `path` without a suffix: `priv1.edb.x` and `.x` give `priv1.edb` beside it; `None` where it
/// ends otherwise.
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
