//! An operation: its folder, its journal, its marker, from the beginning to the end.

pub mod files;
pub mod folder;
pub mod journal;
pub mod lifecycle;
pub mod marker;
pub mod moved_along;
mod sealed;
pub mod sharing;
pub mod trouble;
