//! The header of a database whose two copies are both destroyed, from its evidence: the pages, the logs, and
//! older header copies. Pure.
//!
//! The verdict says what could be proven, and so in which state the header is written: never in Clean Shutdown
//! because of the pages alone.

mod fields;
mod judge;
mod names;
mod older_header;
mod tail;
mod tale;
mod words;

pub use fields::{RebuiltField, Source};
pub use judge::{Question, RebuildCase, Rebuilt, judge};
pub use names::NameInLogs;
pub use older_header::OlderHeader;
pub use tail::{Doubt, LogTail, TailFault, body_fault, is_full};
pub use tale::{DatabaseTale, LogEngine, Moment, StreamTale};
pub use words::page_size_unknown;
