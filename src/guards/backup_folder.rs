//! A place for the operation folder, and space in it; and room for the marker.

use std::path::Path;

use crate::plan::BackupScope;
use crate::refusal::{Refusal, RefusalId};
use crate::show::{WITH_MORE_RIGHTS, shown, size};
use crate::storage::{FileKind, Others, Sharing, Storage, StorageError};
use crate::survey::DatabaseFacts;

/// What an operation needs besides the copy: images, plan, journal, report, and room to breathe.
pub const OVERHEAD_BYTES: u64 = 1024 * 1024;

/// What was agreed about the folder of the backup.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackupTerms {
    /// Whether to go on where another user can write to it.
    pub allow_shared: bool,
    /// Whether to go on where it is in memory.
    pub allow_in_memory: bool,
}

/// Reasons in the backup folder, its volume and that of the marker not to begin. Nothing is created.
pub fn refusals_for(
    storage: &dyn Storage,
    facts: &DatabaseFacts,
    backup_dir: &Path,
    scope: BackupScope,
    terms: BackupTerms,
) -> Vec<Refusal> {
    let of_backup = match usable_folder(storage, backup_dir) {
        Err(refusal) => Some(*refusal),
        Ok(existing) => no_space(storage, facts, existing, scope),
    };
    let beside = facts.path.parent().unwrap_or(Path::new("/"));
    let of_marker = no_room_for_marker(storage, beside, of_backup.as_ref());
    let of_terms = against_terms(storage, backup_dir, beside, terms);
    of_backup.into_iter().chain(of_marker).chain(of_terms).collect()
}

/// What speaks against a backup folder for files of the folder `source`, and was not agreed to.
pub fn against_terms(
    storage: &dyn Storage,
    backup_dir: &Path,
    source: &Path,
    terms: BackupTerms,
) -> Vec<Refusal> {
    let shared = if terms.allow_shared { None } else { shared(storage, backup_dir) };
    let in_memory =
        if terms.allow_in_memory { None } else { in_memory(storage, backup_dir, source) };
    shared.into_iter().chain(in_memory).collect()
}

/// The refusal where somebody else can change what is in the folder of a backup. One that is not there will be
/// created for the user of this process alone.
fn shared(storage: &dyn Storage, dir: &Path) -> Option<Refusal> {
    let sharing = match storage.sharing(dir) {
        Ok(sharing) => sharing,
        // Where there are no modes, it will be as shared as the folder that it will be created in.
        Err(_) => storage.sharing(dir.parent()?).ok().filter(|it| it.without_modes.is_some())?,
    };
    let instead = match sharing.by? {
        Others::Owner(_) => "Run edbmend as that user",
        _ => "Take that right away",
    };
    shared_by(dir, sharing, &format!("{instead}, or name a folder of your own with --backup-dir"))
}

/// The refusal where somebody else can change a thing that decides what is written; what to do instead begins a
/// sentence.
pub fn shared_by(path: &Path, sharing: Sharing, instead: &str) -> Option<Refusal> {
    let who = sharing.by?;
    let trusting = "If you trust everybody who can write there, add --allow-shared-backup-dir.";
    let (message, remedy) = match sharing.without_modes {
        Some(kind) => (
            format!(
                "{who}: it lies on {kind}, where owners and modes are usually those of the mount"
            ),
            format!(
                "Mount it so that it is yours alone (options uid, gid, umask=077), or name another folder with \
                 --backup-dir. {trusting}"
            ),
        ),
        None => (
            who.to_string(),
            format!("What lies there decides what is written. {instead}. {trusting}"),
        ),
    };
    Some(Refusal::new(RefusalId::BackupDirShared, path, message, remedy))
}

/// The refusal where the only other copy would be gone with the power, while the files themselves are not in
/// memory.
fn in_memory(storage: &dyn Storage, backup_dir: &Path, source: &Path) -> Option<Refusal> {
    let is_apart = || storage.volume_of(backup_dir) != storage.volume_of(source);
    let is_apart = storage.is_in_memory(backup_dir) && is_apart();
    is_apart.then(|| {
        Refusal::new(
            RefusalId::BackupInMemory,
            backup_dir,
            "it is in memory (tmpfs or ramfs): what is saved there is gone when the machine stops",
            "Name a folder on a disk with --backup-dir. If it is certain that the machine keeps running, add \
             --allow-backup-in-memory.",
        )
    })
}

/// The refusal where `dir` cannot take the marker. It is left out where `other` says already that this
/// volume is full.
pub fn no_room_for_marker(
    storage: &dyn Storage,
    dir: &Path,
    other: Option<&Refusal>,
) -> Option<Refusal> {
    let is_of_this_volume = |path: &Path| storage.volume_of(path) == storage.volume_of(dir);
    let is_said =
        other.is_some_and(|other| other.id == RefusalId::NoSpace && is_of_this_volume(&other.path));
    let what = "not even a marker has room here: the volume is full";
    (!is_said && storage.is_full(dir)).then(|| no_room_for_it(dir, what))
}

/// The refusal where the marker finds no room. It cannot lie on another volume, whatever `--backup-dir`
/// says.
pub fn no_room_for_it(path: &Path, message: impl Into<String>) -> Refusal {
    let remedy = "Free a little space on that volume. The marker of an operation must lie there, also where \
                  --backup-dir names another.";
    Refusal::new(RefusalId::NoSpace, path, message, remedy)
}

/// Why nothing can be kept in the backup folder.
pub fn refusal(storage: &dyn Storage, backup_dir: &Path) -> Option<Refusal> {
    usable_folder(storage, backup_dir).err().map(|refusal| *refusal)
}

/// The nearest folder that exists: the backup folder, or the one it will be created in.
fn usable_folder<'a>(
    storage: &dyn Storage,
    backup_dir: &'a Path,
) -> Result<&'a Path, Box<Refusal>> {
    let refuse = |what: &str, remedy: &str| {
        Box::new(Refusal::new(RefusalId::BackupDirUnusable, backup_dir, what, remedy))
    };
    let existing = match storage.status(backup_dir) {
        Ok(_) => backup_dir,
        Err(error) if error.is_not_found() => backup_dir.parent().unwrap_or(Path::new("/")),
        Err(error) => {
            return Err(refuse(&error.to_string(), "Name another folder with --backup-dir."));
        }
    };
    let status = storage.status(existing).map_err(|_| {
        let what =
            format!("it is not there, and neither is {} that should hold it", shown(existing));
        refuse(&what, "Create that folder, or name another one with --backup-dir.")
    })?;
    // A link to a folder is a folder here: only the last component of a database must be itself.
    let opened = match status.kind {
        FileKind::Directory => Ok(()),
        FileKind::Symlink => opens(storage, existing).map_err(|error| error.to_string()),
        _ => Err(format!("{} is a file, expected a folder", shown(existing))),
    };
    opened.map_err(|what| refuse(&what, "Name a folder with --backup-dir."))?;
    if status.read_only || !storage.may_write(existing) {
        return Err(refuse(
            &format!("nothing can be created in {}", shown(existing)),
            &format!(
                "Run edbmend {WITH_MORE_RIGHTS}, or as a user who may write there; mount its volume writable; or \
                 name another folder with --backup-dir."
            ),
        ));
    }
    Ok(existing)
}

/// Fails where a link leads to no folder, or somebody else made it.
fn opens(storage: &dyn Storage, link: &Path) -> Result<(), StorageError> {
    let _held = storage.hold_folder(link)?;
    storage.list(link).map(drop)
}

fn no_space(
    storage: &dyn Storage,
    facts: &DatabaseFacts,
    folder: &Path,
    scope: BackupScope,
) -> Option<Refusal> {
    let takes_space = scope == BackupScope::Full && !storage.may_clone(&facts.path, folder);
    let copy_bytes = if takes_space { facts.status.allocated_bytes } else { 0 };
    let needed = copy_bytes + OVERHEAD_BYTES;
    let free = storage.free_bytes(folder).ok()?;
    if free >= needed {
        return None;
    }
    let remedy = match scope {
        BackupScope::Full => {
            "Free space, name another volume with --backup-dir, or save the two header pages only with \
             --backup header."
        }
        BackupScope::Header => "Free space, or name another volume with --backup-dir.",
    };
    Some(Refusal::new(
        RefusalId::NoSpace,
        folder,
        format!("the backup needs {}, and {} are free", size(needed), size(free)),
        remedy,
    ))
}
