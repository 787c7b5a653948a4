//! Reads a database into facts. No opinion: [`crate::diagnose`] judges.

mod attach_list;
mod checkpoint_file;
mod database;
mod error;
mod group;
mod header_area;
mod listings;
mod log_body;
mod log_file;
mod log_stream;
mod own_logs;
mod page_facts;
mod page_proof;
mod page_scan;
mod pages_print;
mod streaming_file;

pub use attach_list::{AttachListFault, AttachListHolder};
pub use checkpoint_file::CheckpointFile;
pub use database::{
    DatabaseFacts, Fingerprint, group_markers, pending_marker, survey_database,
    survey_database_among, survey_open_file,
};
pub use error::SurveyError;
pub use group::{GroupFacts, GroupFolders, survey_group, survey_group_among};
pub use header_area::read_header_area;
pub use listings::{Listing, Listings};
pub use log_body::{Bodies, LogBody, WalkedLog, read_bodies, read_log_body, walk_log};
pub use log_file::{Digests, LogContent, LogFile, LogSummary};
pub use log_stream::LogStream;
pub use own_logs::{OwnLogs, survey_own_logs};
pub use page_facts::{
    BadPage, BadPageKind, HEADER_PAGES, HighestDbTime, MOST_LISTED_PAGES, PageFacts, PageLayout,
};
pub use page_proof::{Comparison, Difference, PageProof, page_sizes, prove_pages};
pub use page_scan::scan_pages;
pub use pages_print::{PagesPrint, PagesPrinting};
pub use streaming_file::{StreamingFile, streaming_file_path};
