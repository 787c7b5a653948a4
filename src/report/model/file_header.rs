//! The header of a file of any kind, as JSON: standard names in snake case.

use schemars::JsonSchema;
use serde::Serialize;

use super::{CheckpointHeaderReport, FlushMapHeaderReport, HeaderReport, LogHeaderReport};

/// The header of a file; which kind it is says the `kind` beside it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FileHeader {
    /// A database or a streaming file.
    Database(Box<HeaderReport>),
    /// A transaction log.
    Log(Box<LogHeaderReport>),
    /// A checkpoint.
    Checkpoint(Box<CheckpointHeaderReport>),
    /// A flush map.
    FlushMap(Box<FlushMapHeaderReport>),
}

impl FileHeader {
    /// That of a database, where it is one.
    pub fn database(&self) -> Option<&HeaderReport> {
        match self {
            Self::Database(header) => Some(header),
            _ => None,
        }
    }
}
