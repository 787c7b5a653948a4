//! The command of a run.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use crate::plan::Command;

/// The command of a run; in JSON its word.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // the help describes each
pub enum CommandName {
    Inspect,
    Check,
    Repair,
    RebuildHeader,
    ResetLogs,
    Verify,
    Restore,
    Recover,
    List,
    Demo,
    Explain,
    Completions,
    Man,
    /// What was typed in the place of a command, where the command line was not understood.
    NotUnderstood(String),
}

impl CommandName {
    /// The word on the command line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Inspect => "inspect",
            Self::Check => "check",
            Self::Repair => "repair",
            Self::RebuildHeader => "rebuild-header",
            Self::ResetLogs => "reset-logs",
            Self::Verify => "verify",
            Self::Restore => "restore",
            Self::Recover => "recover",
            Self::List => "list",
            Self::Demo => "demo",
            Self::Explain => "explain",
            Self::Completions => "completions",
            Self::Man => "man",
            Self::NotUnderstood(word) => word,
        }
    }
}

impl From<Command> for CommandName {
    fn from(command: Command) -> Self {
        match command {
            Command::Repair => Self::Repair,
            Command::RebuildHeader => Self::RebuildHeader,
            Command::ResetLogs => Self::ResetLogs,
            Command::Restore => Self::Restore,
        }
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CommandName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl JsonSchema for CommandName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CommandName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}
