//! Paths as they are stored and shown.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// Serialises a path as text, what is not Unicode replaced: a report is printed for every path.
pub fn serialize_shown<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
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

/// A path for people: undecodable bytes replaced, control characters escaped so that a file name
/// cannot play with the terminal.
pub fn shown(path: &Path) -> Shown<'_> {
    Shown(path)
}

/// A path as an argument of a command line that the reader may copy into a shell.
#[cfg(not(windows))]
pub fn quoted(path: &Path) -> String {
    if let Some(text) = path.to_str()
        && !text.chars().any(char::is_control)
    {
        return shell_words::quote(text).into_owned();
    }
    // Byte by byte, so that what is pasted is the path itself, decodable or not.
    let escaped = |byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    };
    let bytes = path.as_os_str().as_encoded_bytes();
    format!("$'{}'", bytes.iter().map(escaped).collect::<String>())
}

/// A path as an argument of a command line that the reader may copy into a shell.
#[cfg(windows)]
pub fn quoted(path: &Path) -> String {
    let text = shown(path).to_string();
    let plain = |c: char| c.is_alphanumeric() || "\\:._-+,@=~".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("\"{text}\"") }
}

/// See [`shown`].
pub struct Shown<'a>(&'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
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
    fn control_characters_are_escaped() {
        assert_eq!(shown(Path::new("a\n\u{1b}[2Jb")).to_string(), "a\\n\\u{1b}[2Jb");
        assert_eq!(quoted(Path::new("/a b/priv1.edb")), "'/a b/priv1.edb'");
        assert_eq!(quoted(Path::new("/$(x)'.edb")), "'/$(x)'\\''.edb'");
        assert_eq!(quoted(Path::new("/a\n'.edb")), "$'/a\\x0a\\'.edb'");
        assert_eq!(quoted(Path::new("/a/priv1.edb")), "/a/priv1.edb");
        assert_eq!(beside(Path::new("/x/priv1.edb"), ".p"), Path::new("/x/priv1.edb.p"));
    }
}
