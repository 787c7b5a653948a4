//! Whether a database of the logs is the one whose header is lost, by its name.

use std::path::Path;

use super::tale::DatabaseTale;

/// What the database is called in the logs.
#[derive(Clone, Debug)]
pub struct NameInLogs {
    /// All of a path on the server, or a name alone.
    wanted: String,
    is_given: bool,
}

impl NameInLogs {
    /// As a person named it, or else the name of the file.
    pub fn new(named: Option<&str>, database: &Path) -> Self {
        match named {
            Some(named) => Self { wanted: named.to_owned(), is_given: true },
            None => Self::of_file(database),
        }
    }

    /// As the file is named.
    pub fn of_file(database: &Path) -> Self {
        let wanted = database.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { wanted, is_given: false }
    }

    /// Whether a person named it.
    pub fn is_given(&self) -> bool {
        self.is_given
    }

    /// The words for it.
    pub fn as_str(&self) -> &str {
        &self.wanted
    }

    /// Whether it is all of a path, and so no name that two may have.
    pub fn is_whole_path(&self) -> bool {
        self.wanted.contains(['\\', '/'])
    }

    /// Whether the last path of a database is it. Windows does not tell upper from lower case.
    pub fn is_of(&self, database: &DatabaseTale) -> bool {
        let path = database.path();
        let found = if self.is_whole_path() { path } else { last_part(path) };
        found.to_lowercase() == self.wanted.to_lowercase()
    }
}

/// The name at the end of a path of Windows.
pub fn last_part(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_at_the_end_of_a_path() {
        assert_eq!(last_part(r"D:\exchsrvr\mdbdata\priv1.edb"), "priv1.edb");
        assert_eq!(last_part("priv1.edb"), "priv1.edb");
        let name = NameInLogs::new(None, Path::new("/mnt/case/priv1.edb"));
        assert_eq!(name.as_str(), "priv1.edb");
    }
}
