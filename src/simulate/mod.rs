//! The published engine's start, run on facts instead of files: which logs it opens in which order, what it
//! compares, where it stops, and what the databases are afterwards. Pure.
//!
//! `start` takes a [`Set`]. To try a way out, change the set, and start again.
//!
//! Source: `dev/ese/src/ese/_log/logredo.cxx`, `ErrLGSoftStart`, `ErrLGRRedo`, `ErrLGRedoFill`,
//! `ErrLGRICheckRedoAttachDb`, `ErrLGRICheckRedoCreateDb`; held against the recorded answers of that engine to
//! hundreds of changed sets.

mod attach_check;
mod databases;
mod failure;
mod from_survey;
mod leave;
mod recovery;
mod set;
mod start;

pub use failure::{Cause, Failure, Stop};
pub use leave::Leave;
pub use set::{
    AtRest, CheckpointState, DatabaseContent, DatabaseFile, HeaderState, Log, LogHead, Set,
    last_component,
};
pub use start::{Started, recover_set, start};
