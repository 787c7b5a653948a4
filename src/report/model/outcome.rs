//! How a command ended, with the exit code that stands for it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::refusal::Refusal;

/// How a command ended, of one database or as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// Done and verified.
    Committed,
    /// A dry run whose plan would be carried out.
    Planned,
    /// Nothing was to be done.
    NothingToDo,
    /// A guard refused.
    Refused,
    /// The person said no.
    Declined,
    /// It failed, and nothing was changed.
    Failed,
    /// Everything is as it was before the change.
    RolledBack,
    /// Of `recover`: what somebody else wrote since stays, and the operation is closed.
    Overtaken,
    /// An operation is unfinished.
    Pending,
    /// Nothing is wrong.
    Ok,
    /// Something is wrong.
    Findings,
    /// The command line was wrong.
    Usage,
}

impl Outcome {
    /// The exit code of a command that ends so. (`recover` ends with 0 after a roll-back that it
    /// was asked for.)
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Committed | Self::Planned | Self::NothingToDo | Self::Overtaken | Self::Ok => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Failed => 4,
            Self::RolledBack => 5,
            Self::Pending => 6,
            Self::Declined => 7,
        }
    }

    /// How bad it is among several databases: pending, rolled back, failed, refused, declined,
    /// findings, the rest.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Pending => 9,
            Self::RolledBack => 8,
            Self::Failed => 7,
            Self::Usage => 6,
            Self::Refused => 5,
            Self::Declined => 4,
            Self::Findings => 3,
            // Among what went well, what was done tells more than what was not.
            Self::Committed | Self::Overtaken => 2,
            Self::Planned => 1,
            Self::Ok | Self::NothingToDo => 0,
        }
    }

    /// Refused where a guard spoke; failed where none did.
    pub fn of_reasons(reasons: &[Refusal]) -> Self {
        if reasons.iter().any(|reason| reason.id.is_guard()) { Self::Refused } else { Self::Failed }
    }

    /// The worst of several.
    pub fn worst(outcomes: impl Iterator<Item = Self>) -> Option<Self> {
        outcomes.max_by_key(|outcome| outcome.rank())
    }

    /// The name in JSON.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}
