//! The report as text that fits 80 columns. Commands that the reader may copy are never broken.

mod brief;
mod databases;
mod findings;
mod first_screen;
mod logs;
mod moves;
mod operations;
mod page;
mod pages;
mod record;
mod render;
mod steps;
mod summary;
mod verdict;
mod way_out;

pub use brief::brief;
pub(super) use databases::backup_in_words;
pub(super) use logs::{forecast_in_words, logs_in_words, numbers_used};
pub use page::{Style, WIDTH};
pub use record::{typed, who, write_record};
pub use render::{render, render_preview};
pub(super) use steps::{are_whole_pages, step_in_words};
pub(super) use summary::headline;
pub(super) use verdict::{verdict_of, verdict_of_database};
