//! Why something was not done.

mod id;

pub use id::{
    ALLOW_BACKUP_IN_MEMORY, ALLOW_GROUP_INCOMPLETE, ALLOW_NEWEST_LOG_DOUBTFUL,
    ALLOW_OLDER_DATABASE, ALLOW_SHARED_BACKUP_DIR, ALLOW_UNPROVEN_LOCK, DIRTY_FOR_REPAIR,
    NAME_IN_LOGS, RefusalId,
};

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use crate::show::{Paragraph, serialize_shown};

/// One reason, with the file it concerns and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "RefusalReport", description = "A reason, with its path as text.")]
pub struct Refusal {
    /// Its stable id.
    pub id: RefusalId,
    /// The file or folder concerned.
    #[serde(serialize_with = "serialize_shown")]
    #[schemars(with = "String")]
    pub path: PathBuf,
    /// What was found, and what was expected.
    pub message: String,
    /// What to do.
    pub remedy: Paragraph,
}

impl Refusal {
    /// A refusal.
    pub fn new(
        id: RefusalId,
        path: &Path,
        message: impl Into<String>,
        remedy: impl Into<Paragraph>,
    ) -> Self {
        Self { id, path: path.to_owned(), message: message.into(), remedy: remedy.into() }
    }
}
