//! What is told beside a report, and only to people.

use std::path::PathBuf;

use crate::diagnose::{CheckpointState, Finding, FindingId};

use super::Note;
use super::headers::HeaderDump;
use super::model::StreamReport;

/// What is told beside the document of a run.
#[derive(Clone, Debug, Default)]
pub struct Aside {
    /// Beside each of its databases, in their order.
    pub databases: Vec<DatabaseAside>,
    /// The dump of each of its files, in their order.
    pub dumps: Vec<String>,
    /// The checkpoints and logs of its log streams.
    pub headers: Vec<HeaderDump>,
    /// Beside each of its log streams, in their order.
    pub streams: Vec<StreamAside>,
    /// The log streams beside databases that were checked by themselves.
    pub beside: Vec<(StreamReport, StreamAside)>,
    /// Which of the groups each finding of logs and checkpoint is of, in their order.
    pub findings: Vec<GroupNumber>,
    /// Which of the groups each step of its way out is of, in their order.
    pub steps: Vec<GroupNumber>,
    /// Where the run is about a storage group as a whole.
    pub group: Option<GroupAside>,
    /// Folders in which logs were looked for, and none was found.
    pub no_logs_in: Vec<PathBuf>,
    /// Logs and checkpoints that could not be read.
    pub unread: Vec<PathBuf>,
    /// Whether the plan is all that was asked for.
    pub is_dry_run: bool,
}

/// Which of the groups of a run something is of, in the order in which they were looked at.
pub type GroupNumber = usize;

/// What is told beside a log stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamAside {
    /// Its checkpoint.
    pub checkpoint: CheckpointState,
    /// Its group.
    pub group: GroupNumber,
}

/// What is told beside a database.
#[derive(Clone, Debug, Default)]
pub struct DatabaseAside {
    /// Its header as `eseutil` prints it; empty where no copy is valid.
    pub header: String,
    /// After an operation: what that was before it.
    pub header_before: Option<String>,
    /// What the plan means, and what comes next.
    pub notes: Vec<Note>,
    /// Whether the plan was shown already, before a question.
    pub plan_was_shown: bool,
    /// After an operation: what had been found before it. The findings of the report are what is left.
    pub found_before: Option<Vec<Finding>>,
    /// The findings that what is planned, or was done, mends.
    pub mended: Vec<FindingId>,
    /// The group that it was checked with.
    pub checked_with: Option<GroupNumber>,
}

/// What is told beside a storage group as a whole.
#[derive(Clone, Debug, Default)]
pub struct GroupAside {
    /// What was done, what it means, and what comes next.
    pub notes: Vec<Note>,
    /// Whether the moves were shown already, before a question.
    pub plan_was_shown: bool,
    /// Whether bodies of the logs were read while they moved.
    pub read_meanwhile: bool,
}
