//! Finishes an operation that was interrupted, or rolls it back. What the journal promises and what
//! the disk shows decide; where they do not fit, nothing is touched.

use std::path::{Path, PathBuf};

use crate::guards::{Held, reason};
use crate::plan::{Direction, LOGS_FOLDER, OperationRef, Steps};
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::Storage;

use super::context::Context;
use super::logs::is_any_away;
use super::operation::folder::{remove_empty, remove_empty_beside};
use super::operation::journal::End;
use super::operation::marker;
use super::operation::trouble::moved_without_journal;
use super::outcome::{Applied, Ending};
use super::pending::{Pending, read_pending};
use super::stored::{StoredOperation, read_unprepared, remove_unprepared};

/// A pending operation, and what will be done with it.
pub struct Assessment {
    /// What it works on: the database, or the log folder with the base name. Absolute.
    pub subject: PathBuf,
    /// The operation; `None` where its marker had not been written yet.
    pub operation: Option<OperationRef>,
    /// What will be done.
    pub direction: Direction,
    /// The steps of the operation's plan; none where it never was prepared.
    pub steps: Steps,
}

/// Which way a pending operation is wanted to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// On where the change had begun, back where it had not.
    AsFound,
    /// Back in any case.
    Back,
    /// As it was found; and where somebody else has written since, so that there is no way, that is to stay and
    /// the operation to be closed.
    AcceptChanged,
}

/// Says what will be done with the pending operation on `subject`. Touches nothing.
pub fn assess(
    storage: &dyn Storage,
    subject: &Path,
    wish: Wish,
) -> Result<Assessment, Vec<Refusal>> {
    let one = |refusal| vec![refusal];
    let pending = read_pending(storage, subject).map_err(one)?;
    let held = Held::look_at(storage, pending.files(storage).map_err(one)?).map_err(one)?;
    let direction = decide(storage, &pending, &held, wish)?.direction();
    let steps = pending.deed().map_or_else(Steps::default, |deed| deed.steps());
    Ok(Assessment { subject: pending.subject, operation: pending.operation, direction, steps })
}

/// Why the files of a pending operation cannot be had exclusively now. Nothing is opened for writing.
pub fn recover_refusals(
    storage: &dyn Storage,
    subject: &Path,
    allow_unproven: bool,
) -> Vec<Refusal> {
    match read_pending(storage, subject).and_then(|pending| pending.files(storage)) {
        Err(refusal) => vec![refusal],
        Ok(files) => {
            Held::probe(storage, files.iter().map(|(path, _)| path.as_path()), allow_unproven)
        }
    }
}

/// Carries out what [`assess`] says, after looking again under exclusive access.
pub fn recover(context: Context, subject: &Path, wish: Wish, allow_unproven: bool) -> Applied {
    match recover_or_refuse(context, subject, wish, allow_unproven) {
        Ok(applied) => applied,
        Err(refusals) => Applied::stopped(refusals),
    }
}

fn recover_or_refuse(
    context: Context,
    subject: &Path,
    wish: Wish,
    allow_unproven: bool,
) -> Result<Applied, Vec<Refusal>> {
    let storage = context.storage;
    let one = |refusal| vec![refusal];
    context.observer.stage("taking exclusive access");
    let files = read_pending(storage, subject).and_then(|pending| pending.files(storage));
    let held = Held::acquire(storage, files.map_err(one)?, allow_unproven)?;
    // A second edbmend may have finished it while this one waited.
    let pending = read_pending(storage, subject).map_err(one)?;
    let way = decide(storage, &pending, &held, wish)?;
    // Nothing has to be finished yet: whoever waits goes first.
    held.undisputed().map_err(one)?;
    context.observer.stage(way.direction().in_words());
    Ok(conclude(storage, &pending, &held, way))
}

/// The way that a pending operation goes.
enum Way<'a> {
    /// It never was prepared: its unfinished backup is removed.
    Discard,
    /// Everything becomes what it is to be at that end.
    To(&'a StoredOperation, End),
    /// It was finished; only the marker is left.
    Finish(&'a StoredOperation, End),
}

impl Way<'_> {
    fn direction(&self) -> Direction {
        match self {
            Self::Discard => Direction::Discard,
            Self::To(_, End::RolledBack) => Direction::Back,
            Self::To(_, End::Committed) => Direction::Forward,
            Self::To(_, End::Overtaken) => Direction::Accept,
            Self::Finish(..) => Direction::Finish,
        }
    }
}

/// Decides by the journal, and by what the disk shows.
fn decide<'a>(
    storage: &dyn Storage,
    pending: &'a Pending,
    held: &Held,
    wish: Wish,
) -> Result<Way<'a>, Vec<Refusal>> {
    let Some(stored) = &pending.stored else {
        expect_untouched(storage, pending, held).map_err(|refusal| vec![refusal])?;
        return Ok(Way::Discard);
    };
    let deed = stored.deed.as_deed();
    match stored.journal.state.end() {
        None => match deed.look(storage, held, wish == Wish::Back) {
            Ok(end) => Ok(Way::To(stored, end)),
            Err(refusals)
                if wish == Wish::AcceptChanged && refusals.iter().all(is_of_another_writer) =>
            {
                let accepted = deed.expect_overtaken(storage, held);
                accepted.map(|()| Way::To(stored, End::Overtaken)).map_err(|refusal| vec![refusal])
            }
            Err(refusals) => Err(refusals),
        },
        Some(end) => {
            let ended = deed.expect_ended(storage, held, &stored.dir, end);
            ended.map(|()| Way::Finish(stored, end)).map_err(|refusal| vec![refusal])
        }
    }
}

fn is_of_another_writer(refusal: &Refusal) -> bool {
    matches!(refusal.id, RefusalId::DatabaseChanged | RefusalId::NewLogStream)
}

/// Without a journal nothing can have been changed; where the plan was saved whole, that is proven.
fn expect_untouched(storage: &dyn Storage, pending: &Pending, held: &Held) -> Result<(), Refusal> {
    // Its marker had not been written yet.
    let Some(OperationRef { dir, .. }) = &pending.operation else { return Ok(()) };
    let deed = read_unprepared(storage, dir, pending.made_in.as_deref(), &pending.subject);
    match deed.map_err(|error| reason(&error))? {
        Some(deed) => deed.as_deed().expect_untouched(storage, held, dir),
        None => match is_any_away(storage, &dir.join(LOGS_FOLDER)) {
            Ok(false) => Ok(()),
            Ok(true) => Err(moved_without_journal(dir)),
            Err(error) => Err(reason(&error)),
        },
    }
}

/// Brings a pending operation to its end; the marker goes last.
fn conclude(storage: &dyn Storage, pending: &Pending, held: &Held, way: Way) -> Applied {
    let done = match way {
        Way::Discard => discard(storage, pending),
        Way::To(stored, end) => bring_to(storage, pending, stored, held, end),
        Way::Finish(stored, end) => finish(storage, pending, stored, end),
    };
    let operation = pending.operation.clone();
    let (ending, reasons, operation) = match done {
        Ok(ending) => {
            let is_kept = !matches!(way, Way::Discard);
            (ending, Vec::new(), operation.filter(|_| is_kept))
        }
        Err(refusal) => {
            let remedy =
                format!("Mend the cause, then: edbmend recover {}", quoted(&pending.subject));
            (Ending::Pending, vec![Refusal { remedy, ..refusal }], operation)
        }
    };
    Applied { ending, reasons, operation, backup: None, pages: None }
}

fn bring_to(
    storage: &dyn Storage,
    pending: &Pending,
    stored: &StoredOperation,
    held: &Held,
    end: End,
) -> Result<Ending, Refusal> {
    stored.deed.as_deed().bring_to(storage, held, end)?;
    stored.journal.ended(end).store(storage, &stored.dir).map_err(|error| reason(&error))?;
    remove_marker(storage, pending)?;
    Ok(end.into())
}

/// The journal's last word may be in the cache alone; without the marker nobody would say it again. Nor
/// would anybody know the copies that were begun, in a folder that was out of reach when it was written.
fn finish(
    storage: &dyn Storage,
    pending: &Pending,
    stored: &StoredOperation,
    end: End,
) -> Result<Ending, Refusal> {
    let tidied = stored.deed.as_deed().tidy(storage);
    tidied.and_then(|()| storage.sync_dir(&stored.dir)).map_err(|error| reason(&error))?;
    remove_marker(storage, pending)?;
    Ok(end.into())
}

fn remove_marker(storage: &dyn Storage, pending: &Pending) -> Result<bool, Refusal> {
    marker::remove(storage, &pending.subject).map_err(|error| reason(&error))
}

fn discard(storage: &dyn Storage, pending: &Pending) -> Result<Ending, Refusal> {
    let Pending { subject, operation, made_in, created_backup_dir, .. } = pending;
    let dir = operation.as_ref().map(|operation| operation.dir.as_path());
    if let Some(dir) = dir {
        remove_unprepared(storage, dir, made_in.as_deref(), subject)
            .map_err(|error| reason(&error))?;
    }
    match (remove_marker(storage, pending)?, dir) {
        // The marker may come back, and then needs its folder.
        (false, _) => {}
        (true, Some(dir)) => remove_empty(storage, dir, *created_backup_dir),
        (true, None) => remove_empty_beside(storage, subject),
    }
    Ok(Ending::RolledBack)
}
