//! One line of the table.

use std::path::PathBuf;

use crate::report::GroupNumber;
use crate::report::model::DatabaseVerdict;

/// One database, or logs without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its path; of logs that of their folder with the base name.
    pub path: PathBuf,
    /// Its place among the databases of the report; `None` of logs.
    pub database: Option<usize>,
    /// What is to be expected of it.
    pub verdict: DatabaseVerdict,
    /// The worst of what was found of it, or why it could not be read: an id.
    pub worst: Option<&'static str>,
    /// What to type first, where something is to be done about it.
    pub command: Option<String>,
    /// The group that it was checked with.
    pub group: Option<GroupNumber>,
}

impl Line {
    /// The name of the file without its folder.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }
}
