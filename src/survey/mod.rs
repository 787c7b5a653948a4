//! Reads a database into facts. No opinion: [`crate::diagnose`] judges.

mod database;
mod error;
mod header_area;
mod stream;

pub use database::{DatabaseFacts, Fingerprint, pending_marker, survey_database, survey_open_file};
pub use error::SurveyError;
pub use header_area::read_header_area;
pub use stream::{StreamFacts, streaming_file_path};
