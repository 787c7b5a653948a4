//! The way that a pending operation goes.

use crate::plan::Direction;
use crate::refusal::Refusal;
use crate::storage::{File, Storage};

use super::super::folder::Deed;
use super::super::journal::State;
use super::pending::{Pending, journal_damaged};
use super::{header, reset};

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
