//! Reads a database into facts. No opinion: [`crate::diagnose`] judges.

mod database;
mod error;
mod group;
mod header_area;
mod listings;
mod log_file;
mod logs;
mod page_facts;
mod page_scan;
mod stream;

pub use database::{
    DatabaseFacts, Fingerprint, group_markers, pending_marker, survey_database,
    survey_database_among, survey_open_file,
};
pub use error::SurveyError;
pub use group::{
    AttachListFault, CheckpointFile, GroupFacts, GroupFolders, StreamOfLogs, survey_group,
    survey_group_among,
};
pub use header_area::read_header_area;
pub use listings::{Listing, Listings};
pub use log_file::{Digests, LogContent, LogFile, LogSummary};
pub use logs::{LogFacts, survey_logs};
pub use page_facts::{
    BadPage, BadPageKind, HEADER_PAGES, HighestDbTime, MOST_LISTED_PAGES, PageFacts, PageLayout,
};
pub use page_scan::scan_pages;
pub use stream::{StreamFacts, streaming_file_path};
