//! One finding, and how bad it is.

use schemars::JsonSchema;
use serde::Serialize;

use super::FindingId;

use crate::show::Paragraph;

/// How bad it is. The order is that of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something fails, or will.
    Error,
    /// Suspicious; nothing is repaired without being asked to.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// `error`, `warning`, `info`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// Its stable id.
    pub id: FindingId,
    /// How bad it is.
    pub severity: Severity,
    /// JSON key of the header field concerned, where it is one.
    pub field: Option<String>,
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
            message: message.into(),
            consequence: consequence.into(),
            remedy: remedy.into(),
        }
    }

    /// With another severity than its id has.
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// Of one header field, by its JSON key.
    pub fn of_field(self, key: &str) -> Self {
        Self { field: Some(key.to_owned()), ..self }
    }
}
