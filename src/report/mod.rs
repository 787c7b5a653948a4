//! One set of types; text and JSON are two renderings of them.

mod file_header;
mod header;
mod jfm;
mod json;
mod lines;
mod logs;
mod mh;
mod mk;
mod ml;
mod ml_set;
mod pages;
mod record;
mod run;
mod schema;
mod summary;
mod text;
mod text_logs;
mod types;

pub use file_header::{
    CheckpointHeaderReport, FileHeader, FlushMapHeaderReport, LogFlags, LogHeaderReport,
};
pub use header::{CountReport, HeaderReport, PositionReport};
pub use jfm::dump_flush_map;
pub use json::write_json;
pub use logs::{CheckpointReport, CheckpointsReport, LogsReport, StreamReport, checkpoint_reports};
pub use mh::{CopyDump, dump_database_header};
pub use mk::dump_checkpoint;
pub use ml::dump_log_header;
pub use ml_set::dump_log_set;
pub use record::write_record;
pub use run::{RunReport, utc};
pub use schema::json_schema;
pub use text::{Style, WIDTH, render, render_moves, render_preview};
pub use types::{
    CopiesReport, DatabaseReport, DigestReport, FileReport, GroupSection, Outcome, Report,
};
