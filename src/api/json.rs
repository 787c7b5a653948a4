//! The types that reports are made of, which serialise to what the command line prints with `--json`.
//! Keys and ids are a contract, described in `docs/json.md` and `docs/edbmend.schema.json`. What a
//! later version adds comes as a new field, or a new variant.

pub use crate::diagnose::{
    Finding, FindingId, Forecast, ForecastOutcome, GenerationRange, Severity,
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
pub use crate::refusal::{Refusal, RefusalId};
pub use crate::report::Report;
pub use crate::report::model::{
    BadLog, CheckpointHeaderReport, CheckpointReport, CheckpointsReport, CommandName, CopiesReport,
    CountReport, DatabaseReport, DigestReport, Document, FileHeader, FileReport,
    FlushMapHeaderReport, HeaderReport, LogBodyReport, LogFlags, LogHeaderReport, LogSetReport,
    LogsReport, OperationReport, Outcome, PositionReport, RecordFields, RecordReport, RecordsStop,
    RunReport, StreamReport,
};
pub use crate::show::{CommandLine, Hex, Paragraph, Sha256Hex};
pub use crate::storage::StoredPath;
pub use crate::survey::{BadPage, BadPageKind, HighestDbTime, PageFacts};
