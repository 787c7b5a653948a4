//! Who ran the program, where, when, and what was typed.

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// One run of the program. A report is read a year later by somebody who was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunReport {
    /// Name of the machine.
    pub host: String,
    /// The user whose rights the process had.
    pub user: String,
    /// Who had logged in, where that is another one (`sudo`, `su`); as the environment said it.
    pub login: Option<String>,
    /// The folder that relative paths start from; `null` where it was gone.
    pub directory: Option<String>,
    /// The command line, word by word, the program first. What is not Unicode is replaced.
    pub arguments: Vec<String>,
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// When the report was made, RFC 3339, UTC.
    pub finished: String,
}

/// A moment as reports and logs write it: RFC 3339, UTC, to the second.
pub fn utc(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
