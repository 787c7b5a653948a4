//! A log reset, and its undo, from exclusive access to the last look.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ese::LogFileName;
use crate::plan::{DatabaseIdentity, LOGS_FOLDER, ResetPlan, identity_by, identity_of};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{shown, size};
use crate::storage::{Storage, StorageError};
use crate::survey::{read_header_area, survey_database};

use super::context::Context;
use super::folder::{OperationFolder, PLAN_NAME, SUMS_NAME, sums_line};
use super::guards::no_room_for_marker;
use super::journal::{Journal, State};
use super::lock::{ExclusiveFile, probe_all};
use super::marker::{self, or_at_work};
use super::moves::{self, Copies, Place, Route};
use super::operation::Operation;
use super::outcome::{Applied, Ending, interrupted, reason};

/// What an operation needs besides the copies, in bytes.
const OVERHEAD_BYTES: u64 = 1024 * 1024;

/// Most files that are named by themselves: more are no help to anybody.
const MOST_REFUSALS: usize = 20;

/// A reset plan and what is needed to carry it out.
pub struct ResetJob {
    /// The plan.
    pub plan: Arc<ResetPlan>,
    /// Where the operation folder goes, absolute.
    pub backup_dir: PathBuf,
    /// Whether to go on where exclusive access cannot be proven.
    pub allow_unproven_lock: bool,
}

impl ResetJob {
    /// Stands for the storage group: its marker is `<base>.edbmend-pending` in the log folder.
    pub fn subject(&self) -> Option<PathBuf> {
        Some(self.plan.log_dir.to_path()?.join(&self.plan.base))
    }
}

/// Carries a reset, or its undo, out.
pub fn execute_reset(context: Context, job: &ResetJob) -> Applied {
    let (Some(subject), Some(routes)) = (job.subject(), moves::routes(&job.plan)) else {
        return Applied::stopped(vec![foreign_paths(&job.plan)]);
    };
    context.observer.stage("taking exclusive access");
    let locks = match lock_databases(context.storage, &job.plan, job.allow_unproven_lock) {
        Ok(locks) => locks,
        Err(refusals) => {
            return Applied::stopped(or_at_work(context.storage, &subject, refusals));
        }
    };
    context.observer.stage("asking every guard again");
    let mut refusals = changed_databases(&job.plan, &locks);
    if job.plan.undoes.is_none() {
        refusals = refusals.into_iter().map(changed_since_survey).collect();
    }
    refusals.extend(busy_files(context.storage, &job.plan, &routes, job.allow_unproven_lock));
    refusals.extend(unplanned_files(context.storage, &job.plan, &routes));
    refusals.extend(moves::not_at_origin(context.storage, &routes));
    refusals.truncate(MOST_REFUSALS);
    refusals.extend(reset_space_refusals(context.storage, job));
    if !refusals.is_empty() {
        return Applied::stopped(refusals);
    }
    let storage = context.storage;
    let dir = subject.parent().unwrap_or(Path::new("/"));
    let begun = Operation::begin(storage, &subject, dir, &job.backup_dir, &job.plan.stamp());
    let mut operation = match begun {
        Ok(operation) => operation,
        Err(applied) => return *applied,
    };
    context.observer.stage(&format!("operation folder: {}", shown(&operation.folder.dir)));
    match prepare(context, job, &routes, &mut operation.folder) {
        Ok((journal, copies)) => finish(context, &job.plan, &routes, &copies, &operation, &journal),
        Err(refusal) => operation.give_up(refusal, moves::remove_unfinished(storage, &routes)),
    }
}

/// The refusal of a plan that was made under another operating system.
pub fn foreign_paths(plan: &ResetPlan) -> Refusal {
    let text = "the plan of this operation names paths of another operating system";
    let remedy =
        "Nothing was touched. Run the command on the machine where the operation was made.";
    Refusal::new(RefusalId::JournalDamaged, Path::new(&plan.operation), text, remedy)
}

/// Exclusive access to every database and streaming file of the group, held until the end.
pub fn lock_databases(
    storage: &dyn Storage,
    plan: &ResetPlan,
    allow_unproven: bool,
) -> Result<Vec<(PathBuf, ExclusiveFile)>, Vec<Refusal>> {
    let mut locks = Vec::new();
    let mut refusals = Vec::new();
    for path in plan.databases.iter().filter_map(|database| database.path.to_path()) {
        let stream = crate::survey::streaming_file_path(&path);
        let stream = storage.status(&stream).is_ok().then_some(stream);
        for path in [path].into_iter().chain(stream) {
            match ExclusiveFile::acquire_reading(storage, &path, allow_unproven) {
                Ok(lock) => locks.push((path, lock)),
                Err(refusal) => refusals.push(refusal),
            }
        }
    }
    if refusals.is_empty() { Ok(locks) } else { Err(refusals) }
}

/// The databases whose header is no longer what the plan says.
pub fn changed_databases(plan: &ResetPlan, locks: &[(PathBuf, ExclusiveFile)]) -> Vec<Refusal> {
    let unchanged = |planned: &DatabaseIdentity| {
        let path = planned.path.to_path()?;
        let (_, lock) = locks.iter().find(|(locked, _)| *locked == path)?;
        // Through the open file alone: to open the streaming file again would break its own lease.
        let length_bytes = lock.file().status().ok()?.length_bytes;
        let area = read_header_area(lock.file()).ok()?;
        (identity_by(&path, length_bytes, &area)? == *planned).then_some(())
    };
    let changed = plan.databases.iter().filter(|planned| unchanged(planned).is_none());
    changed.map(database_changed).collect()
}

/// The files at home that a running engine keeps open, asked once more. The closed logs were asked
/// before the question; to ask a hundred thousand twice would show nothing that these do not.
fn busy_files(
    storage: &dyn Storage,
    plan: &ResetPlan,
    routes: &[Route],
    allow_unproven: bool,
) -> Vec<Refusal> {
    if plan.undoes.is_some() {
        return Vec::new();
    }
    let is_closed =
        |name: &str| matches!(LogFileName::parse(name), Some(LogFileName::Archive { .. }));
    let files = routes.iter().flat_map(|route| {
        let open = route.files.iter().filter(|file| !is_closed(&file.name));
        open.map(|file| route.from.join(&file.name))
    });
    // One that is gone is told of by itself.
    let files: Vec<_> = files.filter(|path| storage.status(path).is_ok()).collect();
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    probe_all(storage, &files, allow_unproven)
}

/// A file of the log stream, at home, that the plan does not know: a mount has begun, or somebody
/// writes to the folder.
pub fn unplanned_files(
    storage: &dyn Storage,
    plan: &ResetPlan,
    routes: &[Route],
) -> Option<Refusal> {
    let away = plan.away.to_path()?;
    // In each folder only the kind that the plan takes from it: where logs and checkpoint have
    // folders of their own, what else lies there is not ours to judge.
    let mut homes: BTreeMap<&Path, HashSet<&str>> = BTreeMap::new();
    let mut kinds = HashSet::new();
    for route in routes {
        let home = if route.from == away { &route.to } else { &route.from };
        for file in route.files {
            let Some(kind) = kind_in_stream(&file.name, &plan.base) else { continue };
            homes.entry(home).or_default().insert(&file.name);
            kinds.insert((home.as_path(), kind));
        }
    }
    homes.iter().find_map(|(&dir, planned)| {
        let names = match storage.list(dir) {
            Ok(names) => names,
            Err(error) => return Some(reason(&error)),
        };
        let names = names.iter().filter_map(|name| name.to_str());
        let mut strangers = names.filter(|name| {
            let kind = kind_in_stream(name, &plan.base);
            kind.is_some_and(|kind| kinds.contains(&(dir, kind))) && !planned.contains(name)
        });
        strangers.next().map(|name| stranger(&dir.join(name)))
    })
}

/// What a reset moves.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Log,
    Checkpoint,
}

/// The kind of a file of the stream, by its name; `None` for others, and for reserve logs.
fn kind_in_stream(name: &str, base: &str) -> Option<Kind> {
    let parsed = LogFileName::parse(name)?;
    let kind = match parsed {
        LogFileName::Reserve { .. } | LogFileName::SharedReserve { .. } => return None,
        LogFileName::Checkpoint { .. } => Kind::Checkpoint,
        _ => Kind::Log,
    };
    parsed.base()?.to_string().eq_ignore_ascii_case(base).then_some(kind)
}

fn stranger(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::NewLogStream,
        path,
        "a log that the plan does not know: a store was mounted, or somebody writes to the folder",
        "If a store was mounted since, its new logs are the valid ones. If none was, find out who writes to \
         the folder, then run the command again.",
    )
}

/// Why moved files cannot move back: a new log stream has begun, a file is not where it was put, or a
/// database has changed.
pub fn reset_undo_refusals(storage: &dyn Storage, plan: &ResetPlan) -> Vec<Refusal> {
    let Some(routes) = moves::routes(plan) else { return vec![foreign_paths(plan)] };
    if is_carried_out(storage, &routes) {
        return vec![already_undone(&plan.log_dir.to_path().unwrap_or_default())];
    }
    let mut refusals: Vec<Refusal> = unplanned_files(storage, plan, &routes).into_iter().collect();
    let subject = plan.log_dir.to_path().unwrap_or_default().join(&plan.base);
    refusals.extend(marker::refusal(storage, &subject));
    for route in &routes {
        for file in route.files {
            match route.place(storage, file) {
                Ok(Place::Origin) => {}
                Ok(Place::Target | Place::Both | Place::ForeignAtTarget) => {
                    refusals.push(moves::name_is_taken(&route.to.join(&file.name)));
                }
                Ok(Place::Nowhere | Place::ForeignAtOrigin) => {
                    refusals.push(moves::misplaced(route, file))
                }
                Err(error) => refusals.push(reason(&error)),
            }
        }
    }
    refusals.truncate(MOST_REFUSALS);
    for planned in &plan.databases {
        let path = planned.path.to_path().unwrap_or_default();
        match survey_database(storage, &path) {
            Ok(facts) if identity_of(&facts).as_ref() == Some(planned) => {}
            Err(_) if storage.status(&path).is_err_and(|error| error.is_not_found()) => {
                let message = "it is not there; the undo needs it as the reset left it".to_owned();
                refusals.push(Refusal { message, ..database_changed(planned) });
            }
            _ => refusals.push(database_changed(planned)),
        }
    }
    refusals
}

/// Whether every file is where the plan wants it.
fn is_carried_out(storage: &dyn Storage, routes: &[Route]) -> bool {
    let is_there = |route: &Route| {
        route.files.iter().all(|file| matches!(route.place(storage, file), Ok(Place::Target)))
    };
    routes.iter().all(is_there)
}

fn already_undone(log_dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::NewLogStream,
        log_dir,
        "the logs are already where they were before that operation: it has been undone",
        "Nothing to undo here.",
    )
}

fn database_changed(planned: &DatabaseIdentity) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        &planned.path.to_path().unwrap_or_default(),
        "the header of the database is no longer what it was: it was mounted or changed since",
        "Nothing was touched. The moved logs cannot be played into a database that was mounted \
         without them.",
    )
}

/// The same before anything is moved: then a new plan is all it takes.
fn changed_since_survey(database_changed: Refusal) -> Refusal {
    let remedy = "Nothing was touched. Make sure that the store is dismounted, then run the command again: it \
                  plans anew.";
    let (id, remedy) = (RefusalId::ChangedSinceSurvey, remedy.into());
    Refusal { id, remedy, ..database_changed }
}

/// Whether the logs that cross volumes, and the marker, find room.
pub fn reset_space_refusals(storage: &dyn Storage, job: &ResetJob) -> Vec<Refusal> {
    let of_logs = no_space(storage, job);
    let log_dir = job.plan.log_dir.to_path().unwrap_or_default();
    let of_marker = no_room_for_marker(storage, &log_dir, of_logs.as_ref());
    of_logs.into_iter().chain(of_marker).collect()
}

fn no_space(storage: &dyn Storage, job: &ResetJob) -> Option<Refusal> {
    let copied = job.plan.copied_bytes();
    let existing = match storage.status(&job.backup_dir) {
        Ok(_) => job.backup_dir.as_path(),
        Err(_) => job.backup_dir.parent()?,
    };
    // A restore copies towards the logs' own volume.
    let target = match job.plan.undoes {
        Some(_) => job.plan.log_dir.to_path()?,
        None => existing.to_owned(),
    };
    let (needed, free) = (copied + OVERHEAD_BYTES, storage.free_bytes(&target).ok()?);
    (free < needed).then(|| {
        Refusal::new(
            RefusalId::NoSpace,
            &target,
            format!("the logs need {} there, and {} are free", size(needed), size(free)),
            "Free space there, or name a folder on another volume with --backup-dir.",
        )
    })
}

/// Everything up to the journal that says PREPARED. No original is touched here.
fn prepare(
    context: Context,
    job: &ResetJob,
    routes: &[Route],
    folder: &mut OperationFolder,
) -> Result<(Journal, Copies), Refusal> {
    let storage = context.storage;
    let io = |error: StorageError| reason(&error);
    let plan_sha256 = folder.write_json(PLAN_NAME, &*job.plan).map_err(io)?;
    if job.plan.undoes.is_none() {
        folder.create_subfolder(LOGS_FOLDER).map_err(io)?;
    }
    storage.sync_dir(&folder.dir).map_err(io)?;
    if job.plan.copied_bytes() > 0 {
        context.observer.begin_bytes("copying the logs", job.plan.copied_bytes());
    }
    let copies = moves::copy_ahead(context, routes);
    context.observer.end_bytes();
    let copies = copies?;
    let mut sums = sums_line(&plan_sha256, PLAN_NAME);
    for (name, copied) in copies.iter().filter(|_| job.plan.undoes.is_none()) {
        sums += &sums_line(&copied.sha256, &format!("{LOGS_FOLDER}/{name}"));
    }
    folder.write_file(SUMS_NAME, sums.as_bytes()).map_err(io)?;
    storage.sync_dir(&folder.dir).map_err(io)?;
    if context.is_interrupted() {
        return Err(interrupted(&folder.dir));
    }
    let journal = Journal::prepared(&job.plan.operation, plan_sha256, &folder.dir);
    journal.store(storage, &folder.dir).map_err(io)?;
    context.observer.stage("journal: prepared");
    Ok((journal, copies))
}

fn finish(
    context: Context,
    plan: &ResetPlan,
    routes: &[Route],
    copies: &Copies,
    operation: &Operation,
    journal: &Journal,
) -> Applied {
    let storage = context.storage;
    context.observer.stage("moving the logs");
    for (index, route) in routes.iter().enumerate() {
        match moves::carry(storage, route, copies) {
            Ok(()) => {}
            Err(moves::Trouble::Unmoved(cause, moved)) => {
                let begun = (&routes[..index], Some(route.first(moved)));
                return roll_back(storage, routes, begun, operation, journal, cause);
            }
            Err(moves::Trouble::Unsynced(cause)) => {
                return operation.ended(Ending::Pending, vec![operation.pending(cause)]);
            }
        }
    }
    // Logs that appeared meanwhile: somebody works in the folder, and half a stream is worse than all.
    if let Some(stranger) = unplanned_files(storage, plan, routes) {
        return roll_back(storage, routes, (routes, None), operation, journal, stranger);
    }
    match operation.close(journal, State::Committed) {
        Ok(()) => {
            context.observer.stage("journal: committed");
            operation.ended(Ending::Committed, Vec::new())
        }
        Err(refusal) => operation.ended(Ending::Pending, vec![operation.pending(refusal)]),
    }
}

/// Puts the routes back that were carried out, and one of which only a part was, because of `cause`.
fn roll_back(
    storage: &dyn Storage,
    routes: &[Route],
    (whole, part): (&[Route], Option<Route>),
    operation: &Operation,
    journal: &Journal,
    cause: Refusal,
) -> Applied {
    let undone = part
        .map_or(Ok(()), |part| moves::carry_back(storage, &part))
        .and_then(|()| carry_all_back(storage, whole))
        .and_then(|()| moves::remove_unfinished(storage, routes).map_err(|e| reason(&e)))
        .and_then(|()| operation.close(journal, State::RolledBack));
    match undone {
        Ok(()) => operation.ended(Ending::RolledBack, vec![cause]),
        Err(second) => operation.ended(Ending::Pending, vec![operation.pending(cause), second]),
    }
}

/// Puts everything back that was moved, in the reverse order.
pub fn carry_all_back(storage: &dyn Storage, routes: &[Route]) -> Result<(), Refusal> {
    routes.iter().rev().try_for_each(|route| moves::carry_back(storage, route))?;
    moves::remove_unfinished(storage, routes).map_err(|error| reason(&error))
}
