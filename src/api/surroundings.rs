//! The guards that look at what surrounds the files. Nothing is opened for writing.

use std::path::{Path, PathBuf};

use crate::apply::{
    ResetJob, backup_dir_refusal, backup_volume, probe_all, probe_exclusive, reset_space_refusals,
    surroundings_refusals,
};
use crate::machine::{StoreService, store_service};
use crate::plan::{BackupScope, write_refusals};
use crate::refusal::{Refusal, RefusalId};
use crate::report::Note;
use crate::storage::Storage;
use crate::survey::DatabaseFacts;

use super::request::{Consent, Guarded};
use super::run::Run;

/// Of a database whose header is to be written.
pub(super) fn refusals(
    run: &Run,
    guarded: &Guarded,
    facts: &DatabaseFacts,
    backup_dir: &Path,
    scope: BackupScope,
) -> Vec<Refusal> {
    run.stage("asking every guard");
    let storage = run.storage();
    let mut refusals = Vec::new();
    refusals.extend(write_refusals(facts));
    refusals.extend(surroundings_refusals(storage, facts, backup_dir, scope));
    refusals.extend(probe_exclusive(storage, &facts.path, guarded.allow_unproven_lock).err());
    if let Some(stream) = facts.stream.as_ref().filter(|stream| stream.found) {
        refusals.extend(probe_exclusive(storage, &stream.path, guarded.allow_unproven_lock).err());
    }
    refusals.extend(confirmation_needed(guarded.consent, &facts.path));
    refusals
}

/// Of logs that are to move: the folders that they move out of or into, and the files that must be
/// nobody else's.
pub(super) fn refusals_of_logs(
    run: &Run,
    guarded: &Guarded,
    dirs: &[PathBuf],
    files: &[&Path],
    backup_dir: &Path,
) -> Vec<Refusal> {
    run.stage("asking every guard");
    let storage = run.storage();
    let mut refusals: Vec<Refusal> =
        dirs.iter().filter_map(|dir| read_only_folder(storage, dir)).collect();
    refusals.extend(backup_dir_refusal(storage, backup_dir));
    refusals.extend(probe_all(storage, files, guarded.allow_unproven_lock));
    refusals.extend(dirs.first().and_then(|dir| confirmation_needed(guarded.consent, dir)));
    refusals
}

/// Without a person, a flag must say what is wanted.
pub(crate) fn confirmation_needed(consent: Consent, path: &Path) -> Option<Refusal> {
    (consent == Consent::Missing).then(|| {
        Refusal::new(
            RefusalId::ConfirmationNeeded,
            path,
            "there is no terminal to ask on",
            "Look at the plan with --dry-run, then add --yes.",
        )
    })
}

/// The room for logs that cross volumes, and for the marker; not asked where the backup folder cannot be
/// used at all.
pub(super) fn space_refusals(run: &Run, job: &ResetJob) -> Vec<Refusal> {
    match backup_volume(run.storage(), &job.backup_dir) {
        Some(_) => reset_space_refusals(run.storage(), job),
        None => Vec::new(),
    }
}

fn read_only_folder(storage: &dyn Storage, dir: &Path) -> Option<Refusal> {
    let writable = storage.status(dir).is_ok_and(|s| !s.read_only) && storage.may_write(dir);
    (!writable).then(|| {
        Refusal::new(
            RefusalId::ReadOnly,
            dir,
            "the folder is read-only: nothing can be moved out of it",
            "Run edbmend as a user who may write there, and mount its volume writable.",
        )
    })
}

/// What a reader should know where the service that mounts stores is at work.
pub(super) fn store_service_note(path: &Path) -> Option<Note> {
    let state = store_service(path)?;
    matches!(state, StoreService::Running | StoreService::Changing)
        .then_some(Note::StoreService(state))
}
