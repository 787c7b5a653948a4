//! The way that a pending operation goes.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::Refusal;
use crate::storage::{File, Storage};

use super::super::folder::Deed;
use super::super::journal::State;
use super::pending::{Pending, journal_damaged};
use super::{header, reset};

/// What `recover` will do with a pending operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It never was prepared: its unfinished backup is removed.
    Discard,
    /// Nothing was changed yet, or the undo was asked for: back to what was before.
    Back,
    /// The change had begun (a header), or was complete (logs): on to what was planned.
    Forward,
    /// It was finished; only the marker is left.
    Finish,
}

impl Direction {
    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Discard => {
                "discard: it was interrupted before it was ready to write; its unfinished backup is \
                 removed"
            }
            Self::Back => "roll back: everything becomes what it was before",
            Self::Forward => "roll forward: everything becomes what was planned",
            Self::Finish => "finish: all is done, only the marker is removed",
        }
    }
}

/// Decides by the journal, and by what the disk shows. `file` is the database, where there is one.
pub(super) fn decide(
    storage: &dyn Storage,
    pending: &Pending,
    file: Option<&dyn File>,
    back: bool,
) -> Result<Direction, Refusal> {
    let Some(stored) = &pending.stored else {
        match (&pending.operation, file) {
            (Some(operation), Some(file)) => {
                header::prove_untouched(storage, &operation.dir, file)?
            }
            (Some(operation), None) => {
                reset::prove_untouched(storage, &operation.dir, pending.made_in.as_deref())?;
            }
            // Its marker had not been written yet.
            (None, _) => {}
        }
        return Ok(Direction::Discard);
    };
    let state = stored.journal.state;
    if state != State::Prepared {
        match (&stored.deed, file) {
            (Deed::Header { plan, images }, Some(file)) => {
                header::prove_finished(&stored.dir, file, plan, images, state)?;
            }
            (Deed::Header { .. }, None) => {}
            (Deed::Reset(plan), _) => reset::prove_finished(storage, &stored.dir, plan, state)?,
        }
        return Ok(Direction::Finish);
    }
    match (&stored.deed, file) {
        (Deed::Header { plan, images }, Some(file)) => {
            header::assess(&pending.subject, file, plan, images, back)
        }
        (Deed::Header { .. }, None) => {
            Err(journal_damaged(&stored.dir, "its database is not there"))
        }
        (Deed::Reset(plan), _) => reset::assess(storage, &pending.subject, plan, back),
    }
}
