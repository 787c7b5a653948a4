//! What a command prints.

use crate::report::{CommandName, Report};

/// The report of a command, which is also what `--json` prints.
pub struct Printed {
    /// What it came to.
    pub report: Report,
    /// The text, where it is another one than that of the report.
    pub text: Option<String>,
}

impl From<Report> for Printed {
    fn from(report: Report) -> Self {
        Self { report, text: None }
    }
}

impl Printed {
    /// A text, and that nothing was wrong.
    pub fn text(command: CommandName, text: String) -> Self {
        Self { report: Report::new(command), text: Some(text) }
    }
}
