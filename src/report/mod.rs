//! One set of types; text and JSON are two renderings of them.

mod header;
mod mh;
mod pages;
mod text;
mod types;

pub use header::HeaderReport;
pub use mh::{CopyDump, dump_database_header};
pub use text::{Style, render, render_moves, render_preview};
pub use types::{
    CopiesReport, DatabaseReport, FileReport, GroupSection, Outcome, RefusalReport, Report,
    shown_path,
};
