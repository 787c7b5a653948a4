//! Paths as people read them, and as they paste them into a shell.

use std::fmt;
use std::path::Path;

/// Serialises a path as text, what is not Unicode replaced: a report is printed for every path.
pub fn serialize_shown<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
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

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(shown(Path::new("a\n\u{1b}[2Jb")).to_string(), "a\\n\\u{1b}[2Jb");
        assert_eq!(quoted(Path::new("/a b/priv1.edb")), "'/a b/priv1.edb'");
        assert_eq!(quoted(Path::new("/$(x)'.edb")), "'/$(x)'\\''.edb'");
        assert_eq!(quoted(Path::new("/a\n'.edb")), "$'/a\\x0a\\'.edb'");
        assert_eq!(quoted(Path::new("/a/priv1.edb")), "/a/priv1.edb");
    }
}
