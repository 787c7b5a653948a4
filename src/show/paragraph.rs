//! What people read piece by piece: words, and commands that they may type.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::quoted;

/// A command line of this program, which the reader may copy into a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine(String);

impl CommandLine {
    /// The program with a command and its flags, as in `repair --dry-run`.
    pub fn new(words: &str) -> Self {
        Self(format!("edbmend {words}"))
    }

    /// As it is typed where the program has to be called by another name, or by its path.
    pub fn of_program(&self, program: &str) -> String {
        let words = self.0.trim_start_matches("edbmend");
        format!("{program}{words}")
    }

    /// Followed by a path, quoted as the shell needs it.
    pub fn path(self, path: &Path) -> Self {
        Self(format!("{} {}", self.0, quoted(path)))
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A paragraph for people. In JSON it is its text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paragraph {
    /// Words, which may be wrapped.
    Words(String),
    /// A command to type, which must not.
    Command(CommandLine),
}

impl From<String> for Paragraph {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl From<&str> for Paragraph {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

impl From<CommandLine> for Paragraph {
    fn from(command: CommandLine) -> Self {
        Self::Command(command)
    }
}

/// Its text.
impl Deref for Paragraph {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Words(text) | Self::Command(CommandLine(text)) => text,
        }
    }
}

impl fmt::Display for Paragraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl Serialize for Paragraph {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

impl JsonSchema for Paragraph {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Paragraph".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}
