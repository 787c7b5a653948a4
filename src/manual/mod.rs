//! What the documentation says of ids, exit codes, and numbers of the engine, where no internet is.

mod explained;
mod lines;
mod markdown;
mod numbers;
mod sections;

pub use explained::explained;
pub use lines::line_of;
pub use markdown::{plain, without_marks};
pub use numbers::{Kind, Number, kind, named, numbers};
pub use sections::{Section, exit_code, sections};
