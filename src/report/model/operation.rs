//! One operation, as `list` tells of it.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::show::Paragraph;

use super::{CommandName, Outcome};

/// An operation: what its folder and its marker say of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct OperationReport {
    /// Its id, by its journal or its marker; `null` where neither can be read.
    pub id: Option<String>,
    /// Its folder, absolute; `null` where none was made.
    #[serde(serialize_with = "serialize_path")]
    #[schemars(with = "Option<String>")]
    pub dir: Option<PathBuf>,
    /// The command that began it; `null` where its plan cannot be read.
    pub command: Option<CommandName>,
    /// When it was planned, RFC 3339, UTC; `null` where its plan cannot be read.
    pub created: Option<String>,
    /// What it works on: a database, or the folder of the logs with their base name.
    #[serde(serialize_with = "serialize_path")]
    #[schemars(with = "Option<String>")]
    pub path: Option<PathBuf>,
    /// `committed`, `rolled-back`, `overtaken`; `pending` where it is not finished; `nothing-to-do` where its folder is
    /// empty; `failed` where its folder does not say.
    pub outcome: Outcome,
    /// Of an undo: the id of the operation that it undoes.
    pub undoes: Option<String>,
    /// The id of the operation that undid it, and was not undone itself.
    pub undone_by: Option<String>,
    /// Who else can write to its folder, in words: what it says then proves nothing.
    pub shared_with: Option<String>,
    /// The command that comes next: the recovery of a pending operation, the undo of one that is in effect.
    pub next: Option<Paragraph>,
}

/// What is not Unicode is replaced.
fn serialize_path<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    path.as_deref().map(Path::to_string_lossy).serialize(to)
}
