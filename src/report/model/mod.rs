//! What `--json` prints: types that hold what is serialised, and nothing else.

mod checkpoint_header;
mod command;
mod database;
mod database_header;
mod document;
mod file_header;
mod flush_map_header;
mod header_event;
mod json;
mod log_body;
mod log_header;
mod log_record;
mod log_set;
mod logs;
mod outcome;
mod rebuild;
mod run;
mod schema;

pub use checkpoint_header::CheckpointHeaderReport;
pub use command::CommandName;
pub use database::{CopiesReport, DatabaseReport, FileReport};
pub use database_header::HeaderReport;
pub use document::{DigestReport, Document};
pub use file_header::FileHeader;
pub use flush_map_header::FlushMapHeaderReport;
pub use header_event::{CountReport, PositionReport};
pub use json::write_json;
pub use log_body::{LogBodyReport, RecordsStop};
pub use log_header::{LogFlags, LogHeaderReport};
pub use log_record::{MOST_LISTED_RECORDS, RecordFields, RecordReport};
pub use log_set::{BadLog, LogSetReport};
pub use logs::{CheckpointReport, CheckpointsReport, LogsReport, StreamReport, checkpoint_reports};
pub use outcome::Outcome;
pub use rebuild::RebuildReport;
pub use run::{RunReport, utc};
pub use schema::json_schema;
