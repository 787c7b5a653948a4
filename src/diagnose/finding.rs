//! One finding.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use crate::show::{Paragraph, path_text};

use super::{FindingId, Severity};

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// Its stable id.
    pub id: FindingId,
    /// How bad it is.
    pub severity: Severity,
    /// JSON key of the header field concerned, where it is one.
    pub field: Option<String>,
    /// Path of the database that a finding of the logs is about, where it is one.
    pub file: Option<String>,
    /// What is wrong, in the words of `eseutil /mh`.
    pub message: String,
    /// What will happen because of it.
    pub consequence: String,
    /// What mends it, as an exact command where there is one.
    pub remedy: Paragraph,
}

impl Finding {
    /// A finding of no particular header field.
    pub fn new(
        id: FindingId,
        message: impl Into<String>,
        consequence: impl Into<String>,
        remedy: impl Into<Paragraph>,
    ) -> Self {
        Self {
            id,
            severity: id.severity(),
            field: None,
            file: None,
            message: message.into(),
            consequence: consequence.into(),
            remedy: remedy.into(),
        }
    }

    /// With another severity than its id has.
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// Of one database, though it is found in the logs.
    pub fn of_file(self, path: &Path) -> Self {
        Self { file: Some(path_text(path)), ..self }
    }

    /// Of one header field, by its JSON key.
    pub fn of_field(self, key: &str) -> Self {
        Self { field: Some(key.to_owned()), ..self }
    }
}
