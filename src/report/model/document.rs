//! What every command reports. The JSON keys are a contract.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnose::{Finding, WayOutStep};
use crate::plan::{BackupRecord, OperationRef, Steps};
use crate::refusal::Refusal;
use crate::show::Sha256Hex;
use crate::survey::PageFacts;

use super::{
    CheckpointsReport, CommandName, DatabaseReport, FileReport, LogsReport, OperationReport,
    Outcome, RunReport, StreamReport, VerdictReport,
};

/// The report of one run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Report")]
#[non_exhaustive]
pub struct Document {
    /// `edbmend/1`.
    #[schemars(extend("const" = "edbmend/1"))]
    pub schema: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// The command, empty where none was understood.
    pub command: CommandName,
    /// How it ended.
    pub outcome: Outcome,
    /// Exit code of the process.
    #[schemars(range(max = 7))]
    pub exit_code: u8,
    /// Of `check`: the answer in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictReport>,
    /// Who ran it, where and when; `null` where the command line was not understood.
    pub run: Option<RunReport>,
    /// Why it was not done.
    pub refusals: Vec<Refusal>,
    /// Findings of logs and checkpoint.
    pub findings: Vec<Finding>,
    /// One entry for each database.
    pub databases: Vec<DatabaseReport>,
    /// One entry for each file of `inspect`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
    /// Of `list`: the operations, the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<OperationReport>>,
    /// The operation of the one database, where there is exactly one, or of the group.
    pub operation: Option<OperationRef>,
    /// The steps of the one database, where there is exactly one, or of the group.
    pub steps: Steps,
    /// The backup of the one database, where there is exactly one.
    pub backup: Option<BackupRecord>,
    /// The pages of the one database, where there is exactly one.
    pub pages: Option<PageFacts>,
    /// Logs of the storage group.
    pub logs: Option<LogsReport>,
    /// Of several groups each, as in `logs`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<StreamReport>,
    /// Its checkpoint.
    pub checkpoint: Option<CheckpointsReport>,
    /// The way out, in order, of `check`: empty where nothing is wrong.
    pub way_out: Vec<WayOutStep>,
    /// Digests of the files in the operation folder, in the report that stays in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<DigestReport>,
}

impl Document {
    /// An empty one of a command.
    pub(crate) fn new(command: CommandName) -> Self {
        Self {
            schema: "edbmend/1",
            version: env!("CARGO_PKG_VERSION"),
            command,
            outcome: Outcome::Ok,
            exit_code: 0,
            verdict: None,
            run: None,
            refusals: Vec::new(),
            findings: Vec::new(),
            databases: Vec::new(),
            files: Vec::new(),
            operations: None,
            operation: None,
            steps: Steps::default(),
            backup: None,
            pages: None,
            logs: None,
            groups: Vec::new(),
            checkpoint: None,
            way_out: Vec::new(),
            digests: Vec::new(),
        }
    }
}

/// A file in an operation folder that never changes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DigestReport {
    /// Its name, from the operation folder.
    pub name: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: Sha256Hex,
}
