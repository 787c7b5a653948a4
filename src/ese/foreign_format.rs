//! Formats of other programs whose files have names that databases of the engine have, too.

/// A format that is recognised by how a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignFormat {
    /// A database of SQLite.
    Sqlite,
    /// A database of Access: the other engine that is called Jet.
    Access,
    /// A hive of the registry of Windows.
    RegistryHive,
}

impl ForeignFormat {
    /// The format of a file that begins with these bytes. Sources: "Database File Format" of SQLite, 1.3; the
    /// published description of Jet 3 and 4 of mdbtools; "Windows registry file format specification" of
    /// Maxim Suhanov.
    pub fn of(start: &[u8]) -> Option<Self> {
        let behind_four = start.get(4..).unwrap_or_default();
        let is_access = [b"Standard Jet DB".as_slice(), b"Standard ACE DB"];
        if start.starts_with(b"SQLite format 3\0") {
            Some(Self::Sqlite)
        } else if start.starts_with(b"regf") {
            Some(Self::RegistryHive)
        } else {
            is_access.iter().any(|name| behind_four.starts_with(name)).then_some(Self::Access)
        }
    }

    /// In words: "a database of SQLite".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Sqlite => "a database of SQLite",
            Self::Access => "a database of Access (Jet Red, another engine)",
            Self::RegistryHive => "a hive of the Windows registry",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_by_their_first_bytes() {
        assert_eq!(ForeignFormat::of(b"SQLite format 3\0..."), Some(ForeignFormat::Sqlite));
        assert_eq!(ForeignFormat::of(b"\0\x01\0\0Standard Jet DB\0"), Some(ForeignFormat::Access));
        assert_eq!(ForeignFormat::of(b"\0\x01\0\0Standard ACE DB\0"), Some(ForeignFormat::Access));
        assert_eq!(ForeignFormat::of(b"regf\x10"), Some(ForeignFormat::RegistryHive));
        assert_eq!(ForeignFormat::of(b"reg"), None);
        assert_eq!(ForeignFormat::of(&[0; 64]), None);
    }
}
