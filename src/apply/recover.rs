//! Finishes an operation that was interrupted, or rolls it back. What the journal promises and what
//! the disk shows decide; where they do not fit, nothing is touched.

use std::path::{Path, PathBuf};

use crate::ese::shadow::{PAGE_SIZES_BYTES, elect};
use crate::guards::{Held, reason};
use crate::plan::{Direction, LOGS_FOLDER, OperationRef, Steps};
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::{HeldFolder, Storage};
use crate::survey::{pending_marker, read_header_area};

use super::around::Around;
use super::context::Context;
use super::deed::Deed;
use super::find::empty_folders;
use super::left_to_change::read_only;
use super::logs::is_any_away;
use super::operation::files::{
    DEFAULT_BACKUP_DIR, HEADER_AFTER_NAME, HEADER_BEFORE_NAME, SUMS_NAME, read_if_there, sha256,
};
use super::operation::folder::{remove_empty, remove_empty_beside};
use super::operation::journal::End;
use super::operation::marker;
use super::operation::trouble::{moved_without_journal, unproven};
use super::outcome::{Applied, Bodies, Ending};
use super::pending::{Pending, read_pending};
use super::spare_copies::{expect_database_has_all, expect_logs_have_all};
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
    /// The markers that will be removed.
    pub markers: Vec<PathBuf>,
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

/// What was agreed to that no guard lets pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed {
    /// Whether to go on where nobody can prove that the files are closed.
    pub unproven_lock: bool,
    /// Whether to believe what somebody else can change.
    pub shared: bool,
}

/// Says what will be done with the pending operation on `subject`. Touches nothing.
pub fn assess(
    context: Context,
    subject: &Path,
    wish: Wish,
    allowed: Allowed,
) -> Result<Assessment, Vec<Refusal>> {
    let storage = context.storage;
    let one = |refusal| vec![refusal];
    let pending = read_believable(storage, subject, allowed)?;
    let held = Held::look_at(storage, pending.files(storage).map_err(one)?).map_err(one)?;
    let direction = decide(context, &pending, &held, wish)?.direction();
    let steps = pending.deed().map_or_else(Steps::default, |deed| deed.steps());
    let markers = pending.marked.iter().map(|marked| pending_marker(marked));
    let markers = markers.filter(|marker| storage.status(marker).is_ok()).collect();
    let Pending { subject, operation, .. } = pending;
    Ok(Assessment { subject, operation, direction, steps, markers })
}

/// Why a pending operation cannot go that way now: something that would be changed is read-only, or its files
/// cannot be had exclusively. Nothing is opened for writing.
pub fn recover_refusals(
    storage: &dyn Storage,
    subject: &Path,
    direction: Direction,
    allow_unproven: bool,
) -> Vec<Refusal> {
    let asked = read_pending(storage, subject).and_then(|pending| {
        let files = pending.files(storage)?;
        Ok((read_only(storage, &pending, &files, direction), files))
    });
    match asked {
        Err(refusal) => vec![refusal],
        Ok((mut refusals, files)) => {
            let paths = files.iter().map(|(path, _)| path.as_path());
            refusals.extend(Held::probe(storage, paths, allow_unproven));
            refusals
        }
    }
}

/// A pending operation that is nobody else's to change, unless that was agreed to.
fn read_believable(
    storage: &dyn Storage,
    subject: &Path,
    allowed: Allowed,
) -> Result<Pending, Vec<Refusal>> {
    let pending = read_pending(storage, subject).map_err(|refusal| vec![refusal])?;
    if allowed.shared || pending.shared.is_empty() { Ok(pending) } else { Err(pending.shared) }
}

/// Carries out what [`assess`] says, after looking again under exclusive access.
pub fn recover(context: Context, subject: &Path, wish: Wish, allowed: Allowed) -> Applied {
    match recover_or_refuse(context, subject, wish, allowed) {
        Ok(applied) => applied,
        Err(refusals) => Applied::stopped(refusals),
    }
}

fn recover_or_refuse(
    context: Context,
    subject: &Path,
    wish: Wish,
    allowed: Allowed,
) -> Result<Applied, Vec<Refusal>> {
    let storage = context.storage;
    let one = |refusal| vec![refusal];
    context.observer.stage("taking exclusive access");
    let _around = hold_pending(storage, subject).map_err(one)?;
    let files = read_pending(storage, subject).and_then(|pending| pending.files(storage));
    let held = Held::acquire(storage, files.map_err(one)?, allowed.unproven_lock)?;
    // A second edbmend may have finished it while this one waited.
    let pending = read_believable(storage, subject, allowed)?;
    let way = decide(context, &pending, &held, wish)?;
    // Nothing has to be finished yet: whoever waits goes first.
    held.undisputed().map_err(one)?;
    context.observer.stage(way.direction().in_words());
    Ok(conclude(storage, &pending, &held, way))
}

/// Keeps the folders open that a pending operation works in, where they are there: what is looked at is then
/// what is written.
pub fn hold_pending(storage: &dyn Storage, subject: &Path) -> Result<Vec<HeldFolder>, Refusal> {
    let hold = |dir: &Path| storage.hold_folder(dir).map_err(|error| reason(&error));
    let around = subject.parent().unwrap_or(Path::new("/"));
    let mut held = Vec::new();
    for dir in [around.to_owned(), around.join(DEFAULT_BACKUP_DIR)] {
        if storage.status(&dir).is_ok() {
            held.push(hold(&dir)?);
        }
    }
    let pending = read_pending(storage, subject)?;
    let operation = pending.operation.iter().map(|operation| operation.dir.as_path());
    let mut dirs: Vec<PathBuf> =
        operation.flat_map(|dir| [dir.parent().unwrap_or(dir), dir]).map(Path::to_owned).collect();
    dirs.extend(pending.deed().into_iter().flat_map(Deed::folders));
    for dir in dirs.iter().filter(|dir| storage.status(dir).is_ok()) {
        held.push(hold(dir)?);
    }
    Ok(held)
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
    context: Context,
    pending: &'a Pending,
    held: &Held,
    wish: Wish,
) -> Result<Way<'a>, Vec<Refusal>> {
    let Some(stored) = &pending.stored else {
        expect_untouched(context, pending, held).map_err(|refusal| vec![refusal])?;
        return Ok(Way::Discard);
    };
    let way = decide_stored(context.storage, stored, held, wish)?;
    let spare = expect_logs_have_all(context, stored.deed.as_deed());
    spare.map(|()| way).map_err(|refusal| vec![refusal])
}

fn decide_stored<'a>(
    storage: &dyn Storage,
    stored: &'a StoredOperation,
    held: &Held,
    wish: Wish,
) -> Result<Way<'a>, Vec<Refusal>> {
    let deed = stored.deed.as_deed();
    match stored.journal.state.end() {
        None => match deed.look(storage, held, &stored.dir, wish == Wish::Back) {
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

/// Without a journal nothing can have been changed. That it is so must be proven: a journal can get lost. And what
/// is removed then must not be the last that is left of something.
fn expect_untouched(context: Context, pending: &Pending, held: &Held) -> Result<(), Refusal> {
    let storage = context.storage;
    // Its marker had not been written yet, or so it seems. Then its folder is still empty.
    let Some(OperationRef { dir, .. }) = &pending.operation else {
        let is_beside = !empty_folders(storage, &pending.subject).is_empty();
        let marker = pending_marker(&pending.subject);
        return if is_beside { Ok(()) } else { Err(unproven(&marker, MARKER_LOST)) };
    };
    let deed = read_unprepared(storage, dir, pending.made_in.as_deref(), &pending.subject);
    match deed.map_err(|error| reason(&error))? {
        Some(deed) => {
            deed.as_deed().expect_untouched(storage, held, dir)?;
            expect_logs_have_all(context, deed.as_deed())?;
        }
        None => match is_any_away(storage, &dir.join(LOGS_FOLDER)) {
            Ok(false) => expect_header_before(storage, pending, held, dir)?,
            Ok(true) => return Err(moved_without_journal(dir)),
            Err(error) => return Err(reason(&error)),
        },
    }
    expect_database_has_all(context, held, dir, &pending.subject)
}

const MARKER_LOST: &str =
    "its marker is empty or cut off, and no operation folder beside it is still empty";
const PLAN_LOST: &str =
    "its folder holds no journal, and neither a marker nor a plan that says what was before";

/// Proves, where there is no whole plan, that the header is what it was: the marker, or the image in the
/// operation folder, says what that is.
fn expect_header_before(
    storage: &dyn Storage,
    pending: &Pending,
    held: &Held,
    dir: &Path,
) -> Result<(), Refusal> {
    // What is known by logs writes no header, and a database that is gone has none. Its sums are stored
    // last before the journal: without them nothing was moved, out of whichever folder.
    let Some(file) = held.file(&pending.subject) else {
        let was_ready = storage.status(&dir.join(SUMS_NAME)).is_ok();
        return if was_ready { Err(unproven(dir, PLAN_LOST)) } else { Ok(()) };
    };
    let area = read_header_area(file).map_err(|error| reason(&error))?;
    let image =
        |name: &str| read_if_there(storage, &dir.join(name)).map_err(|error| reason(&error));
    let before = image(HEADER_BEFORE_NAME)?;
    let pages = PAGE_SIZES_BYTES.iter().filter_map(|page| area.bytes.get(..2 * page));
    let is_before = |found: &[u8]| match &pending.header_before_sha256 {
        Some(expected) => sha256(found) == *expected,
        None => before.as_deref() == Some(found),
    };
    // Older versions said nothing in the marker. What never came to an image came to nothing else.
    let had_not_begun = pending.header_before_sha256.is_none()
        && pending.made_in.is_some()
        && before.is_none()
        && image(HEADER_AFTER_NAME)?.is_none()
        && elect(&area).is_some_and(|pair| pair.is_sound());
    let is_proven = had_not_begun || pages.into_iter().any(is_before);
    if is_proven { Ok(()) } else { Err(unproven(dir, PLAN_LOST)) }
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
            (Ending::Pending, vec![Refusal { remedy: remedy.into(), ..refusal }], operation)
        }
    };
    let bodies = Bodies::new();
    Applied { ending, reasons, operation, backup: None, pages: None, bodies }
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
    let id = pending.operation.as_ref().map(|operation| operation.id.as_str());
    let marked = pending.marked.iter().map(PathBuf::as_path);
    marker::remove_of(storage, id, marked).map_err(|error| reason(&error))
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
        (true, None) => remove_empty_unless_needed(storage, subject),
    }
    Ok(Ending::RolledBack)
}

/// Removes the empty operation folders beside a subject. For another marker that is cut off, they are all that
/// proves that nothing had begun.
fn remove_empty_unless_needed(storage: &dyn Storage, subject: &Path) {
    let home = subject.parent().unwrap_or(Path::new("/"));
    if !Around::new(storage).is_any_damaged_in(home) {
        remove_empty_beside(storage, subject);
    }
}
