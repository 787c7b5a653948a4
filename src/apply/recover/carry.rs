//! Carries out what was decided, and lets the marker go last.

use crate::refusal::Refusal;
use crate::show::quoted;
use crate::storage::{File, Storage};

use super::super::folder::{self, Deed};
use super::super::journal::State;
use super::super::marker;
use super::super::outcome::{Applied, Ending, reason};
use super::pending::Pending;
use super::{header, reset};
use crate::plan::Direction;

/// Brings a pending operation to its end. `file` is the database, where there is one.
pub(super) fn conclude(
    storage: &dyn Storage,
    pending: Pending,
    file: Option<&dyn File>,
    direction: Direction,
) -> Applied {
    let kept = direction != Direction::Discard;
    let done = match direction {
        Direction::Discard => discard(storage, &pending),
        Direction::Finish => finish(storage, &pending),
        Direction::Back => bring_to(storage, &pending, file, State::RolledBack),
        Direction::Forward => bring_to(storage, &pending, file, State::Committed),
    };
    let operation = pending.operation.clone();
    match done {
        Ok(ending) => Applied {
            ending,
            reasons: Vec::new(),
            operation: operation.filter(|_| kept),
            backup: None,
            pages: None,
        },
        Err(refusal) => {
            let remedy =
                format!("Mend the cause, then: edbmend recover {}", quoted(&pending.subject));
            let reasons = vec![Refusal { remedy: remedy.into(), ..refusal }];
            Applied { ending: Ending::Pending, reasons, operation, backup: None, pages: None }
        }
    }
}

fn bring_to(
    storage: &dyn Storage,
    pending: &Pending,
    file: Option<&dyn File>,
    goal: State,
) -> Result<Ending, Refusal> {
    let Some(stored) = &pending.stored else { return Ok(Ending::RolledBack) };
    match (&stored.deed, file) {
        (Deed::Header { plan, images }, Some(file)) => {
            header::write_images(file, plan, images, goal)?;
        }
        (Deed::Reset(plan), _) if goal == State::RolledBack => reset::carry_back(storage, plan)?,
        (Deed::Reset(plan), _) => reset::complete(storage, plan)?,
        (Deed::Header { .. }, None) => {}
    }
    let journal = stored.journal.in_state(goal);
    journal.store(storage, &stored.dir).map_err(|error| reason(&error))?;
    remove_marker(storage, pending)?;
    Ok(if goal == State::Committed { Ending::Committed } else { Ending::RolledBack })
}

/// The journal's last word may be in the cache alone; without the marker nobody would say it again. Nor
/// would anybody know the copies that were begun, in a folder that was out of reach when it was written.
fn finish(storage: &dyn Storage, pending: &Pending) -> Result<Ending, Refusal> {
    if let Some(stored) = &pending.stored {
        if let Deed::Reset(plan) = &stored.deed {
            reset::tidy(storage, plan)?;
        }
        storage.sync_dir(&stored.dir).map_err(|error| reason(&error))?;
    }
    remove_marker(storage, pending)?;
    Ok(pending.finished_as())
}

fn remove_marker(storage: &dyn Storage, pending: &Pending) -> Result<bool, Refusal> {
    marker::remove(storage, &pending.subject).map_err(|error| reason(&error))
}

fn discard(storage: &dyn Storage, pending: &Pending) -> Result<Ending, Refusal> {
    let dir = pending.operation.as_ref().map(|operation| operation.dir.as_path());
    if let Some(dir) = dir {
        folder::remove_unprepared(storage, dir, pending.made_in.as_deref())
            .map_err(|error| reason(&error))?;
    }
    match (remove_marker(storage, pending)?, dir) {
        // The marker may come back, and then needs its folder.
        (false, _) => {}
        (true, Some(dir)) => folder::remove_empty(storage, dir, pending.created_backup_dir),
        (true, None) => folder::remove_empty_beside(storage, &pending.subject),
    }
    Ok(Ending::RolledBack)
}
