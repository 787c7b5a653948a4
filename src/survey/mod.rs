//! Reads a database into facts. No opinion: [`crate::diagnose`] judges.

mod attach_list;
mod checkpoint_file;
mod database;
mod error;
mod flush_map_file;
mod group;
mod header_area;
mod known;
mod listings;
mod log_bodies;
mod log_body;
mod log_file;
mod log_stream;
mod lost_header;
mod own_logs;
mod owned_pages;
mod pace;
mod page_facts;
mod page_proof;
mod page_scan;
mod pages_print;
mod patch_file;
mod pending_marker;
mod streaming_file;
mod walked_log;

pub use attach_list::{AttachListFault, AttachListHolder};
pub use checkpoint_file::CheckpointFile;
pub use database::{
    DatabaseFacts, Fingerprint, survey_database, survey_database_among, survey_open_file,
};
pub use error::SurveyError;
pub use flush_map_file::FlushMapFile;
pub use group::{GroupFacts, GroupFolders, survey_group, survey_group_among};
pub use header_area::read_header_area;
pub use known::Known;
pub use listings::{Listing, Listings, group_markers};
pub use log_bodies::{Bodies, BodyPass};
pub use log_body::{LogBody, read_body};
pub use log_file::{Digests, LogContent, LogFile, LogSummary};
pub use log_stream::LogStream;
pub use lost_header::{LostCase, LostHeader};
pub use own_logs::{OwnLogs, survey_own_logs};
pub use owned_pages::last_owned_page;
pub use page_facts::{
    BadPage, BadPageKind, HEADER_PAGES, HighestDbTime, LostPages, MOST_LISTED_PAGES, PageFacts,
    PageLayout,
};
pub use page_proof::{Comparison, Difference, PageProof, page_sizes, prove_pages};
pub use page_scan::{scan_pages, scan_pages_against};
pub use pages_print::{PagesPrint, PagesPrinting};
pub use patch_file::PatchFile;
pub use pending_marker::pending_marker;
pub use streaming_file::{StreamingFile, streaming_file_path};
pub use walked_log::{WalkedLog, walk_log};
