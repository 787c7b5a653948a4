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
pub use page::{Style, WIDTH};
pub use record::{typed, who, write_record};
pub use render::{render, render_preview};
