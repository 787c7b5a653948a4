//! The deed on logs: files of a log stream move to another folder, and back.

mod copied_body;
mod copies;
pub mod deed;
mod moves;
mod overtaken;
mod preparation;

pub use copies::is_any_away;
