//! How things are shown to people: text from elsewhere, paths, commands, sizes, numbers in hexadecimal,
//! colours. Pure.

mod colour;
mod hex;
mod paragraph;
mod path;
mod rights;
mod size;
mod text;

pub use colour::Colour;
pub use hex::{Hex, Sha256Hex};
pub use paragraph::{CommandLine, Paragraph};
pub use path::{path_text, quoted, serialize_shown};
pub use rights::WITH_MORE_RIGHTS;
pub use size::size;
#[cfg(test)]
pub(crate) use text::harm;
pub use text::{Shown, shown};
