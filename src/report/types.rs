//! What every command reports. The JSON keys are a contract.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnose::{Finding, Severity};
use crate::ese::ContentKind;
use crate::ese::shadow::{CopyState, Which};
use crate::plan::{BackupRecord, Direction, OperationRef, ResetPlan, Steps};
use crate::refusal::{Refusal, RefusalId};
use crate::survey::{DatabaseFacts, PageFacts};

use super::{CheckpointsReport, FileHeader, HeaderReport, LogsReport, RunReport};

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
    pub(super) fn rank(self) -> u8 {
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

/// The report of one run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Report {
    /// `edbmend/1`.
    #[schemars(extend("const" = "edbmend/1"))]
    pub schema: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// The command, empty where none was understood.
    pub command: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Exit code of the process.
    #[schemars(range(max = 7))]
    pub exit_code: u8,
    /// Who ran it, where and when; `null` where the command line was not understood.
    pub run: Option<RunReport>,
    /// Why it was not done.
    pub refusals: Vec<RefusalReport>,
    /// Findings of logs and checkpoint.
    pub findings: Vec<Finding>,
    /// One entry for each database.
    pub databases: Vec<DatabaseReport>,
    /// One entry for each file of `inspect`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
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
    /// Its checkpoint.
    pub checkpoint: Option<CheckpointsReport>,
    /// Digests of the files in the operation folder, in the report that stays in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<DigestReport>,
    /// A reset of logs, for people; not part of the JSON.
    #[serde(skip)]
    #[doc(hidden)]
    pub group: Option<GroupSection>,
    /// Folders in which logs were looked for and none was found, for people; not part of the JSON.
    #[serde(skip)]
    #[doc(hidden)]
    pub no_logs_in: Vec<PathBuf>,
    /// Paths of logs and checkpoints that could not be read, for people; not part of the JSON.
    #[serde(skip)]
    #[doc(hidden)]
    pub unread: Vec<String>,
    /// Text in front of all else; not part of the JSON.
    #[serde(skip)]
    #[doc(hidden)]
    pub preface: String,
    /// Whether the text names each database, or the preface did.
    #[serde(skip)]
    #[doc(hidden)]
    pub databases_in_text: bool,
}

/// What a log reset did, for people.
#[derive(Clone, Debug, Default)]
pub struct GroupSection {
    /// The moves.
    pub plan: Option<Arc<ResetPlan>>,
    /// Whether they were shown already, before the question.
    pub plan_was_shown: bool,
    /// What it means, and what comes next.
    pub notes: Vec<String>,
}

/// A reason, with its path as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RefusalReport {
    /// Its stable id.
    pub id: RefusalId,
    /// The file or folder concerned.
    pub path: String,
    /// What was found, and what was expected.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl From<&Refusal> for RefusalReport {
    fn from(refusal: &Refusal) -> Self {
        Self {
            id: refusal.id,
            path: shown_path(&refusal.path),
            message: refusal.message.clone(),
            remedy: refusal.remedy.clone(),
        }
    }
}

/// A file in an operation folder that never changes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DigestReport {
    /// Its name, from the operation folder.
    pub name: String,
    /// SHA-256 of its content, in hexadecimal.
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    pub sha256: String,
}

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
    pub path: String,
    /// Its kind, from its content.
    pub kind: ContentKind,
    /// How the command ended for it.
    pub outcome: Outcome,
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
    /// The steps of its plan.
    pub steps: Steps,
    /// Its backup.
    pub backup: Option<BackupRecord>,
    /// Its pages, where they were scanned.
    pub pages: Option<PageFacts>,
    /// What the plan means, for people; not part of the JSON.
    #[serde(skip)]
    #[doc(hidden)]
    pub notes: Vec<String>,
    /// Whether the plan was shown already, before the question.
    #[serde(skip)]
    #[doc(hidden)]
    pub plan_was_shown: bool,
    /// After an operation: what had been found before it. `findings` is what is left.
    #[serde(skip)]
    #[doc(hidden)]
    pub found_before: Option<Vec<Finding>>,
}

impl DatabaseReport {
    /// A file of which nothing is known but why it was not gone on with.
    pub(crate) fn stopped(path: &Path, refusal: &Refusal) -> (Self, Vec<Refusal>) {
        let reasons = vec![refusal.clone()];
        (Self::unknown(path, Outcome::of_reasons(&reasons)), reasons)
    }

    /// A database of which only the path is known.
    pub(crate) fn unknown(path: &Path, outcome: Outcome) -> Self {
        Self {
            path: shown_path(path),
            kind: ContentKind::Unknown,
            outcome,
            elected: None,
            copies: Some(CopiesReport {
                primary: CopyState::Unreadable,
                shadow: CopyState::Unreadable,
            }),
            header: None,
            findings: Vec::new(),
            operation: None,
            direction: None,
            steps: Steps::default(),
            backup: None,
            pages: None,
            notes: Vec::new(),
            plan_was_shown: false,
            found_before: None,
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

/// One file of `inspect`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct FileReport {
    /// The same keys as of a database.
    #[serde(flatten)]
    pub file: DatabaseReport,
    /// The text of the dump.
    #[serde(skip)]
    pub dump: String,
}

impl Report {
    /// An empty report of a command.
    pub(crate) fn new(command: &str) -> Self {
        Self {
            schema: "edbmend/1",
            version: env!("CARGO_PKG_VERSION"),
            command: command.to_owned(),
            outcome: Outcome::Ok,
            exit_code: 0,
            run: None,
            refusals: Vec::new(),
            findings: Vec::new(),
            databases: Vec::new(),
            files: Vec::new(),
            operation: None,
            steps: Steps::default(),
            backup: None,
            pages: None,
            logs: None,
            checkpoint: None,
            digests: Vec::new(),
            group: None,
            no_logs_in: Vec::new(),
            unread: Vec::new(),
            preface: String::new(),
            databases_in_text: true,
        }
    }

    /// Adds a database with the reasons why it was not done.
    pub(crate) fn push(&mut self, database: DatabaseReport, reasons: &[Refusal]) {
        self.refusals.extend(reasons.iter().map(RefusalReport::from));
        self.databases.push(database);
    }

    /// Adds a log or a checkpoint that could not be read: the whole then has failed.
    pub(crate) fn push_unread(&mut self, reason: &Refusal) {
        let reason = RefusalReport::from(reason);
        self.unread.push(reason.path.clone());
        self.refusals.push(reason);
    }

    /// Adds what one of several files came to. Logs and checkpoint are those of the last one: several
    /// databases of one storage group share them.
    pub(crate) fn append(&mut self, one: Self) {
        self.refusals.extend(one.refusals);
        self.databases.extend(one.databases);
        self.files.extend(one.files);
        (self.logs, self.checkpoint) = (one.logs, one.checkpoint);
    }

    /// Takes the outcome from the worst database, and what there is only one of from the only one.
    pub(crate) fn conclude(mut self) -> Self {
        let outcomes =
            self.databases.iter().chain(self.files.iter().map(|f| &f.file)).map(|d| d.outcome);
        if let Some(worst) = Outcome::worst(outcomes) {
            self.outcome = worst;
        }
        if self.outcome.rank() == 0 && Self::has_errors(&self.findings) {
            self.outcome = Outcome::Findings;
        }
        if !self.unread.is_empty() && self.outcome.rank() < Outcome::Failed.rank() {
            self.outcome = Outcome::Failed;
        }
        if let ([only], None) = (self.databases.as_slice(), &self.group) {
            self.operation = only.operation.clone();
            self.steps = only.steps.clone();
            self.backup = only.backup.clone();
            self.pages = only.pages.clone();
        }
        self.exit_code = self.outcome.exit_code();
        self
    }

    /// The same of a run that could not do all it was asked for, whatever the databases came to. Nothing
    /// was changed.
    pub(crate) fn failed(self) -> Self {
        let outcome = std::cmp::max_by_key(self.outcome, Outcome::Failed, |outcome| outcome.rank());
        Self { outcome, exit_code: outcome.exit_code(), ..self }
    }

    /// The same with one outcome for the whole and each of its databases. A refusal in which no guard
    /// spoke is a failure.
    pub(crate) fn ended(mut self, outcome: Outcome, reasons: &[Refusal]) -> Self {
        self.refusals.extend(reasons.iter().map(RefusalReport::from));
        let outcome =
            if outcome == Outcome::Refused { Outcome::of_reasons(reasons) } else { outcome };
        for database in &mut self.databases {
            database.outcome = outcome;
        }
        self.outcome = outcome;
        self.exit_code = outcome.exit_code();
        self
    }

    /// What was shown before a question is left out of the text; where nothing was done, what it would
    /// have meant, too.
    pub(crate) fn after_question(mut self) -> Self {
        for database in &mut self.databases {
            database.plan_was_shown = true;
            if matches!(database.outcome, Outcome::Declined | Outcome::Refused | Outcome::Failed) {
                database.notes.clear();
            }
        }
        self.group.iter_mut().for_each(|group| group.plan_was_shown = true);
        self
    }

    /// Whether any database has an error finding.
    pub fn has_errors(findings: &[Finding]) -> bool {
        findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// A path as JSON has it: its text, what is not Unicode replaced.
pub fn shown_path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
