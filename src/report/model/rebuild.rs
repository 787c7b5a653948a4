//! What a lost header is rebuilt from, and how much of it is proven.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::{DbHeader, DbState};
use crate::rebuild::{RebuildCase, Rebuilt};

/// The verdict on the evidence of a header that is lost. Each field, with its source, is in the steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RebuildReport {
    /// `A` to `D`.
    #[schemars(with = "String", regex(pattern = r"^[A-D]$"))]
    pub verdict: char,
    /// How much is proven.
    pub case: RebuildCase,
    /// The state in which the header is written.
    pub state: DbState,
    /// What was found, in words.
    pub evidence: Vec<String>,
}

impl RebuildReport {
    /// Of a header that was rebuilt.
    pub(crate) fn new(rebuilt: &Rebuilt) -> Self {
        let header = DbHeader::parse(&rebuilt.page);
        Self {
            verdict: rebuilt.case.letter(),
            case: rebuilt.case,
            state: header.map_or(DbState::DirtyShutdown, |header| header.state()),
            evidence: rebuilt.evidence.clone(),
        }
    }
}
