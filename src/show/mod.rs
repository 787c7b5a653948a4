//! How things are shown to people: paths, sizes, colours. Pure.

mod colour;
mod path;
mod size;

pub use colour::Colour;
pub use path::{Shown, quoted, serialize_shown, shown};
pub use size::size;
