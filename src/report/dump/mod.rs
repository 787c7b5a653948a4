//! The headers of files as `eseutil` prints them, label by label.

mod jfm;
mod k;
mod lines;
mod mh;
mod mh_counts;
mod mh_trailer;
mod mk;
mod ml;
mod ml_body;
mod ml_set;

pub use jfm::dump_flush_map;
pub use k::dump_page_counts;
pub use mh::{CopyDump, dump_database_header};
pub use mk::dump_checkpoint;
pub use ml::dump_log_header;
pub use ml_body::{dump_log_body, dump_log_check, dump_records};
pub use ml_set::dump_log_set;
