//! One database, or one file, of a report.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnose::Finding;
use crate::ese::ContentKind;
use crate::ese::shadow::{CopyState, Which};
use crate::plan::{BackupRecord, Direction, OperationRef, Steps};
use crate::show::serialize_shown;
use crate::survey::{DatabaseFacts, PageFacts};

use super::{
    DatabaseVerdict, FileHeader, HeaderReport, LogBodyReport, LogSetReport, Outcome, RebuildReport,
    RecordReport,
};

/// State of both header copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CopiesReport {
    /// The copy at offset 0.
    pub primary: CopyState,
    /// The copy one page behind it.
    pub shadow: CopyState,
}

/// One database.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DatabaseReport {
    /// Its path.
    #[serde(serialize_with = "serialize_shown")]
    #[schemars(with = "String")]
    pub path: PathBuf,
    /// Its kind, from its content.
    pub kind: ContentKind,
    /// How the command ended for it.
    pub outcome: Outcome,
    /// Of `check`: what is to be expected of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<DatabaseVerdict>,
    /// The header copy that the engine uses.
    pub elected: Option<Which>,
    /// State of both copies; `null` of a file that is no database, or that nobody tried to read.
    pub copies: Option<CopiesReport>,
    /// Its header.
    pub header: Option<FileHeader>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// The operation, where one was carried out or is pending.
    pub operation: Option<OperationRef>,
    /// Where `recover` brings a pending operation; only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// What its lost header is rebuilt from; only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<RebuildReport>,
    /// The steps of its plan.
    pub steps: Steps,
    /// Its backup.
    pub backup: Option<BackupRecord>,
    /// Its pages, where they were scanned.
    pub pages: Option<PageFacts>,
}

impl DatabaseReport {
    /// A database of which only the path is known.
    pub(crate) fn unknown(path: &Path, outcome: Outcome) -> Self {
        Self {
            path: path.to_owned(),
            kind: ContentKind::Unknown,
            outcome,
            verdict: None,
            elected: None,
            copies: Some(CopiesReport {
                primary: CopyState::Unreadable,
                shadow: CopyState::Unreadable,
            }),
            header: None,
            findings: Vec::new(),
            operation: None,
            direction: None,
            rebuild: None,
            steps: Steps::default(),
            backup: None,
            pages: None,
        }
    }

    /// A database, or what stands for logs, that nobody tried to read.
    pub(crate) fn unread(path: &Path, outcome: Outcome) -> Self {
        Self { copies: None, ..Self::unknown(path, outcome) }
    }

    /// A database that was surveyed.
    pub(crate) fn surveyed(
        facts: &DatabaseFacts,
        findings: Vec<Finding>,
        outcome: Outcome,
    ) -> Self {
        let bad = CopiesReport { primary: CopyState::BadChecksum, shadow: CopyState::BadChecksum };
        let pair = facts.pair.as_ref();
        Self {
            kind: facts.kind,
            elected: pair.map(|pair| pair.elected),
            copies: Some(
                pair.map_or(bad, |p| CopiesReport { primary: p.primary, shadow: p.shadow }),
            ),
            header: pair
                .map(|pair| FileHeader::Database(Box::new(HeaderReport::new(&pair.header)))),
            findings,
            ..Self::unknown(&facts.path, outcome)
        }
    }

    /// A file of another kind, with its header where that can be read.
    pub(crate) fn of_kind(
        path: &Path,
        kind: ContentKind,
        header: Option<FileHeader>,
        outcome: Outcome,
    ) -> Self {
        Self { kind, header, copies: None, ..Self::unknown(path, outcome) }
    }
}

/// One file of `inspect`, or of `verify` where it is no database; or the logs of a log stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct FileReport {
    /// The keys of a database.
    #[serde(flatten)]
    pub file: DatabaseReport,
    /// What all of a log says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<LogBodyReport>,
    /// What all logs of a log stream say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<LogSetReport>,
    /// The records of a log, where they were asked for; at most 1,000,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<RecordReport>>,
}

impl FileReport {
    /// A file of which nothing more is said than of a database.
    pub(crate) fn new(file: DatabaseReport) -> Self {
        Self { file, body: None, logs: None, records: None }
    }
}
