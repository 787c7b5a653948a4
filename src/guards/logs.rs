//! The guards of a deed that moves logs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::ese::LogFileName;
use crate::plan::{DatabaseIdentity, MovedFile, ResetPlan, identity_by};
use crate::refusal::{Refusal, RefusalId};
use crate::show::size;
use crate::storage::{Access, File, Storage, on_all_cores};
use crate::survey::{read_header_area, streaming_file_path};

use super::backup_folder::{self, BackupTerms, OVERHEAD_BYTES};
use super::exclusive::Held;
use super::planned_files::{
    Place, Route, name_is_taken, names_of_copies_taken, routes, unplanned_files,
};
use super::read_only::{fixed_file, read_only_folder};
use super::storage_trouble::reason;

/// Most files that are named by themselves: more are no help to anybody.
pub const MOST_REFUSALS: usize = 20;

/// What the guards are asked about.
pub struct LogsQuestion<'a> {
    /// The folders that the files move out of or into, at home.
    pub homes: Vec<PathBuf>,
    /// The files that must be nobody else's and are not held.
    pub files: Vec<PathBuf>,
    /// The plan; `None` where something forbids one already.
    pub plan: Option<&'a ResetPlan>,
    /// Where the operation folder goes, absolute.
    pub backup_dir: &'a Path,
    /// Whether to go on where exclusive access cannot be proven.
    pub allow_unproven_lock: bool,
    /// What was agreed about the backup folder.
    pub backup_terms: BackupTerms,
    /// Under exclusive access: the databases. `None` before the question.
    pub held: Option<&'a Held<'a>>,
}

impl<'a> LogsQuestion<'a> {
    /// The question about a plan, without a survey.
    ///
    /// Of a reset that is under exclusive access only the files that a running engine keeps open are asked
    /// for once more: to ask a hundred thousand closed logs twice would show nothing that these do not. What
    /// moves back lies in the operation folder, and nobody else has it.
    pub fn of_plan(
        plan: &'a ResetPlan,
        backup_dir: &'a Path,
        allow_unproven_lock: bool,
        backup_terms: BackupTerms,
        held: Option<&'a Held<'a>>,
    ) -> Self {
        let files = match held {
            None => databases_of(plan).collect(),
            Some(_) if plan.undoes.is_some() => Vec::new(),
            Some(_) => kept_open_of(plan).collect(),
        };
        let mut homes = vec![plan.log_dir.clone()];
        for batch in &plan.batches {
            let home = if batch.from == plan.away { &batch.to } else { &batch.from };
            if !homes.contains(home) {
                homes.push(home.clone());
            }
        }
        let plan = Some(plan);
        Self { homes, files, plan, backup_dir, allow_unproven_lock, backup_terms, held }
    }
}

fn databases_of(plan: &ResetPlan) -> impl Iterator<Item = PathBuf> {
    let paths = plan.databases.iter().map(|database| &database.path);
    paths.flat_map(|path| [path.clone(), streaming_file_path(path)])
}

fn kept_open_of(plan: &ResetPlan) -> impl Iterator<Item = PathBuf> {
    let is_closed = |file: &MovedFile| {
        matches!(LogFileName::parse(&file.name), Some(LogFileName::Archive { .. }))
    };
    plan.batches.iter().flat_map(move |batch| {
        let open = batch.files.iter().filter(move |file| !is_closed(file));
        open.map(|file| batch.from.join(&file.name))
    })
}

/// Every reason in the world around them not to move the logs. All guards are asked.
pub fn for_logs(storage: &dyn Storage, asked: &LogsQuestion) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    refusals
        .extend(asked.plan.into_iter().flat_map(|plan| not_as_planned(storage, plan, asked.held)));
    if asked.held.is_none() {
        refusals.extend(asked.homes.iter().filter_map(|dir| read_only_folder(storage, dir)));
        refusals.extend(unmarkable(storage, asked));
        refusals.extend(asked.plan.into_iter().flat_map(|plan| immovable(storage, plan)));
        refusals.extend(backup_folder::refusal(storage, asked.backup_dir));
    }
    refusals.extend(of_backup_folder(storage, asked));
    refusals.extend(in_use(storage, asked));
    refusals
        .extend(asked.plan.into_iter().flat_map(|plan| no_room(storage, plan, asked.backup_dir)));
    refusals
}

fn of_backup_folder(storage: &dyn Storage, asked: &LogsQuestion) -> Vec<Refusal> {
    let homes = asked.homes.iter();
    let against = homes.flat_map(|home| {
        backup_folder::against_terms(storage, asked.backup_dir, home, asked.backup_terms)
    });
    let mut refusals: Vec<Refusal> = Vec::new();
    for refusal in against.chain(asked.plan.and_then(|plan| one_name_of_two(storage, plan))) {
        if !refusals.contains(&refusal) {
            refusals.push(refusal);
        }
    }
    refusals
}

/// The refusal where two files differ in the case of their names only, and would be one where they go.
fn one_name_of_two(storage: &dyn Storage, plan: &ResetPlan) -> Option<Refusal> {
    let mut folders =
        plan.batches.iter().map(|batch| &*batch.to).collect::<BTreeSet<_>>().into_iter();
    let (to, one, other) = folders.find_map(|to| {
        let (one, other) = twins_in(plan, to)?;
        storage.may_fold_case(to).then_some((to, one, other))
    })?;
    Some(Refusal::new(
        RefusalId::BackupDirUnusable,
        to,
        format!(
            "{one} and {other} would be one file there: upper and lower case are the same, or may be"
        ),
        "Name a folder on another file system with --backup-dir, or move the one that the engine does not use \
         elsewhere.",
    ))
}

/// Two names that go to that folder and differ in the case of their letters alone. Sorted in place: there may be a
/// hundred thousand.
fn twins_in<'a>(plan: &'a ResetPlan, to: &Path) -> Option<(&'a str, &'a str)> {
    let lower = |name: &'a str| name.chars().flat_map(char::to_lowercase);
    let batches = plan.batches.iter().filter(|batch| batch.to == to);
    let mut names: Vec<&str> =
        batches.flat_map(|batch| &batch.files).map(|file| file.name.as_str()).collect();
    names.sort_unstable_by(|one, other| lower(one).cmp(lower(other)).then_with(|| one.cmp(other)));
    let mut pairs = names.windows(2).map(|pair| (pair[0], pair[1]));
    pairs.find(|(one, other)| lower(one).eq(lower(other)))
}

/// What is no longer as the plan found it: files and databases.
fn not_as_planned(storage: &dyn Storage, plan: &ResetPlan, held: Option<&Held>) -> Vec<Refusal> {
    let is_undo = plan.undoes.is_some();
    if is_undo && held.is_none() && is_carried_out(storage, plan) {
        return vec![already_undone(&plan.log_dir)];
    }
    let mut refusals: Vec<Refusal> = unplanned_files(storage, plan).into_iter().collect();
    refusals.extend(not_in_place(storage, plan, held.is_some()));
    refusals.extend(names_of_copies_taken(storage, plan));
    refusals.truncate(MOST_REFUSALS);
    let changed = changed_databases(storage, plan, held).into_iter();
    let refuse =
        |path| if is_undo { undo_needs_it(storage, path) } else { changed_since_survey(path) };
    refusals.extend(changed.map(refuse));
    refusals
}

/// Whether every file is where the plan wants it.
fn is_carried_out(storage: &dyn Storage, plan: &ResetPlan) -> bool {
    routes(plan).iter().all(|route| {
        route.files.iter().all(|file| matches!(route.place(storage, file), Ok(Place::Target)))
    })
}

fn in_use(storage: &dyn Storage, asked: &LogsQuestion) -> Vec<Refusal> {
    // One that is gone is told of by itself.
    let there = asked.files.iter().filter(|path| storage.status(path).is_ok());
    let there: Vec<&Path> = there.map(PathBuf::as_path).collect();
    Held::probe_all(storage, &there, asked.allow_unproven_lock)
}

/// The databases whose header is no longer what the plan says. One that is held is read through its open
/// file alone: to open it again would dispute its exclusive access.
pub fn changed_databases<'a>(
    storage: &dyn Storage,
    plan: &'a ResetPlan,
    held: Option<&Held>,
) -> Vec<&'a Path> {
    let now = |planned: &DatabaseIdentity| match held {
        Some(held) => identity_of_file(held.file(&planned.path)?, &planned.path),
        None => {
            let file = storage.open(&planned.path, Access::Read).ok()?;
            identity_of_file(file.as_ref(), &planned.path)
        }
    };
    let changed = plan.databases.iter().filter(|planned| now(planned).as_ref() != Some(*planned));
    changed.map(|planned| planned.path.as_path()).collect()
}

fn identity_of_file(file: &dyn File, path: &Path) -> Option<DatabaseIdentity> {
    let length_bytes = file.status().ok()?.length_bytes;
    identity_by(path, length_bytes, &read_header_area(file).ok()?)
}

/// The refusal where the header of a database has changed since its logs were moved, or were to be.
pub fn database_changed(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        path,
        HEADER_HAS_CHANGED,
        "Nothing was touched. The moved logs cannot be played into a database that was mounted without \
         them.",
    )
}

const HEADER_HAS_CHANGED: &str =
    "the header of the database is no longer what it was: it was mounted or changed since";

/// The refusal where the header of a database has changed before anything was moved.
fn changed_since_survey(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::ChangedSinceSurvey,
        path,
        HEADER_HAS_CHANGED,
        "Nothing was touched. Make sure that the store is dismounted, then run the command again: it plans \
         anew.",
    )
}

/// The refusal of an undo where a database is no longer what the reset left.
fn undo_needs_it(storage: &dyn Storage, path: &Path) -> Refusal {
    let changed = database_changed(path);
    if storage.status(path).is_err_and(|error| error.is_not_found()) {
        let message = "it is not there; the undo needs it as the reset left it".to_owned();
        return Refusal { message, ..changed };
    }
    changed
}

fn already_undone(log_dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::NewLogStream,
        log_dir,
        "the logs are already where they were before that operation: it has been undone",
        "Nothing to undo here.",
    )
}

/// The logs that cannot move, and the folder that those of an undo come from. Not asked again under exclusive access.
fn immovable(storage: &dyn Storage, plan: &ResetPlan) -> Vec<Refusal> {
    let away = plan.undoes.is_some().then(|| read_only_folder(storage, &plan.away)).flatten();
    let fixed = of_each(plan, |route, file| fixed_file(storage, &route.origin(file)));
    away.into_iter().chain(fixed).take(MOST_REFUSALS).collect()
}

/// The folders of databases in which no marker can be created.
fn unmarkable(storage: &dyn Storage, asked: &LogsQuestion) -> Vec<Refusal> {
    let databases = asked.plan.into_iter().flat_map(|plan| &plan.databases);
    let beside: BTreeSet<&Path> = databases.filter_map(|database| database.path.parent()).collect();
    let others = beside.into_iter().filter(|dir| !asked.homes.iter().any(|home| home == dir));
    let refused = others.filter_map(|dir| read_only_folder(storage, dir));
    let message = "the folder is read-only: the marker beside its database cannot be created";
    refused.map(|refusal| Refusal { message: message.to_owned(), ..refusal }).collect()
}

/// The files that are not where the plan found them, or whose new name is taken. Right before the question the
/// survey has just looked at each file of a reset.
fn not_in_place(storage: &dyn Storage, plan: &ResetPlan, is_held: bool) -> Vec<Refusal> {
    let is_undo = plan.undoes.is_some();
    of_each(plan, |route, file| {
        let refused = match (is_held, is_undo) {
            (true, true) => route
                .expect_at_origin(storage, file)
                .and_then(|()| route.expect_copied_content(storage, file)),
            // They go into a folder that is not there yet.
            (true, false) => route.expect_planned(storage, file),
            (false, true) => expect_away(storage, route, file),
            (false, false) => Ok(()),
        };
        refused.err()
    })
}

/// The refusals of the files that move, in their order. There may be a hundred thousand, and hardly one refused.
fn of_each(
    plan: &ResetPlan,
    look: impl Fn(&Route, &MovedFile) -> Option<Refusal> + Sync,
) -> Vec<Refusal> {
    let routes = routes(plan);
    let files = routes.iter().flat_map(|route| route.files.iter().map(move |file| (route, file)));
    let looked =
        on_all_cores(files.collect(), |(route, file): (&Route, _)| look(route, file).map(Box::new));
    looked.into_iter().flatten().map(|refusal| *refusal).collect()
}

/// Refuses a file that was moved away and cannot move back.
fn expect_away(storage: &dyn Storage, route: &Route, file: &MovedFile) -> Result<(), Refusal> {
    match route.place(storage, file).map_err(|error| reason(&error))? {
        Place::Origin => Ok(()),
        Place::Target | Place::Both | Place::ForeignAtTarget => {
            Err(name_is_taken(&route.target(file)))
        }
        Place::Nowhere | Place::ForeignAtOrigin => Err(route.misplaced(file)),
    }
}

/// Whether the logs that cross volumes, and the marker, find room. Not asked where the backup folder cannot be
/// used at all.
fn no_room(storage: &dyn Storage, plan: &ResetPlan, backup_dir: &Path) -> Vec<Refusal> {
    if backup_folder::refusal(storage, backup_dir).is_some() {
        return Vec::new();
    }
    let of_logs = no_space(storage, plan, backup_dir);
    let of_marker = backup_folder::no_room_for_marker(storage, &plan.log_dir, of_logs.as_ref());
    of_logs.into_iter().chain(of_marker).collect()
}

fn no_space(storage: &dyn Storage, plan: &ResetPlan, backup_dir: &Path) -> Option<Refusal> {
    // A restore copies towards the logs' own volume.
    let target = if plan.undoes.is_some() {
        plan.log_dir.as_path()
    } else if storage.status(backup_dir).is_ok() {
        backup_dir
    } else {
        backup_dir.parent()?
    };
    let (needed, free) = (plan.copied_bytes() + OVERHEAD_BYTES, storage.free_bytes(target).ok()?);
    (free < needed).then(|| {
        Refusal::new(
            RefusalId::NoSpace,
            target,
            format!("the logs need {} there, and {} are free", size(needed), size(free)),
            "Free space there, or name a folder on another volume with --backup-dir.",
        )
    })
}
