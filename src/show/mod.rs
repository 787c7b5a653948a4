//! How things are shown to people: paths and sizes. Pure.

mod path;
mod size;

pub use path::{Shown, quoted, serialize_shown, shown};
pub use size::size;
