//! Reads a database into facts. No opinion: [`crate::diagnose`] judges.

mod database;
mod error;
mod header_area;
mod logs;
mod pages;
mod stream;

pub use database::{DatabaseFacts, Fingerprint, pending_marker, survey_database, survey_open_file};
pub use error::SurveyError;
pub use header_area::read_header_area;
pub use logs::{LogFacts, survey_logs};
pub use pages::{BadPage, BadPageKind, PageFacts, scan_pages};
pub use stream::{StreamFacts, streaming_file_path};
