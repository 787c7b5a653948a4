//! The log numbers of a log stream as a picture: what is there, what a mount needs, what is in a backup, and what the
//! next full backup deletes.
//!
//! A [`Picture`] knows nothing of where it is drawn. Text asks it for a [`Scale`] of so many columns, a page for one of
//! so many units, and both draw the [`Cell`]s of each row in their own way.

mod backups;
mod names;
mod needs;
mod numbers;
mod of_stream;
mod on_disk;
mod scale;
#[cfg(test)]
mod tests;
mod value;

pub use scale::{Cell, Scale, Tick};
pub use value::{Mark, Picture, Row, RowKind, Run, Span};
