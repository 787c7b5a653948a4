//! Reports: what every command came to. `model` is the JSON, `open_metrics` for monitoring, `text` and `dump`
//! are for people.

mod aside;
mod dump;
mod entry;
#[cfg(test)]
mod foreign_text;
mod headers;
mod html;
pub mod model;
mod note;
mod open_metrics;
pub mod overview;
pub mod picture;
mod text;
mod whole_report;

pub use aside::{Aside, DatabaseAside, GroupAside, GroupNumber, StreamAside};
pub use dump::{
    CopyDump, dump_checkpoint, dump_database_header, dump_flush_map, dump_log_body, dump_log_check,
    dump_log_header, dump_log_set, dump_page_counts, dump_records,
};
pub use entry::{Entry, Inspected};
pub use headers::headers_of_logs;
pub use html::unfinished_page;
pub use model::{
    CommandName, DatabaseReport, Outcome, RebuildReport, json_schema, utc, write_json,
};
pub use note::{Note, direction_in_words};
pub use open_metrics::open_metrics;
pub use text::{Style, WIDTH, brief, render, render_preview, typed, who, write_record};
pub use whole_report::Report;
