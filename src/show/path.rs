//! Paths in JSON, and as they are pasted into a shell.

use std::path::Path;

#[cfg(windows)]
use super::shown;
#[cfg(not(windows))]
use super::text::is_harmful;

/// Serialises a path as text, what is not Unicode replaced: a report is printed for every path.
pub fn serialize_shown<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
}

/// The text of a path as JSON has it, what is not Unicode replaced.
pub fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A path as an argument of a command line that the reader may copy into a shell.
#[cfg(not(windows))]
pub fn quoted(path: &Path) -> String {
    if let Some(text) = path.to_str()
        && !text.chars().any(is_harmful)
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

#[cfg(all(test, not(windows)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_is_the_path() {
        assert_eq!(quoted(Path::new("/a b/priv1.edb")), "'/a b/priv1.edb'");
        assert_eq!(quoted(Path::new("/$(x)'.edb")), "'/$(x)'\\''.edb'");
        assert_eq!(quoted(Path::new("/a\n'.edb")), "$'/a\\x0a\\'.edb'");
        assert_eq!(quoted(Path::new("/\u{202e}.edb")), "$'/\\xe2\\x80\\xae.edb'");
        assert_eq!(quoted(Path::new("/a/priv1.edb")), "/a/priv1.edb");
    }
}
