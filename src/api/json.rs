//! The types that reports are made of, which serialise to what the command line prints with `--json`.
//! Keys and ids are a contract, described in `docs/json.md` and `docs/edbmend.schema.json`. What a
//! later version adds comes as a new field, or a new variant.

pub use crate::diagnose::{
    Action, Finding, FindingId, Forecast, ForecastOutcome, GenerationRange, Ground, LogRange,
    LogRangeState, Severity, WayOutStep,
};
pub use crate::ese::log_body::LogVerdict;
pub use crate::ese::shadow::{CopyState, Which};
pub use crate::ese::{
    AttachedDatabase, BackupInfo, BackupType, CheckpointCopies, ContentKind, DbState, DbmsParam,
    LgPos, LogTime, LogVersion, Signature,
};
pub use crate::plan::{BackupMethod, BackupRecord, Direction, OperationRef};
pub use crate::plan::{
    BackupScope, Change, MoveMethod, MoveStep, Step, Steps, VerifyScope, WriteStep,
};
pub use crate::rebuild::{RebuildCase, Source};
pub use crate::refusal::{Refusal, RefusalId};
pub use crate::report::Report;
pub use crate::report::model::{
    BadLog, CheckpointHeaderReport, CheckpointReport, CheckpointsReport, CommandName, CopiesReport,
    CountReport, DatabaseReport, DatabaseVerdict, DigestReport, Document, FileHeader, FileReport,
    FileState, FlushMapHeaderReport, HeaderReport, LogBodyReport, LogFlags, LogHeaderReport,
    LogSetReport, LogsReport, OperationReport, Outcome, PositionReport, RebuildReport,
    RecordFields, RecordReport, RecordsStop, RunReport, StreamReport, VerdictId, VerdictReport,
};
pub use crate::show::{CommandLine, Hex, Paragraph, Sha256Hex};
pub use crate::storage::StoredPath;
pub use crate::survey::{BadPage, BadPageKind, HighestDbTime, LostPages, PageFacts};
