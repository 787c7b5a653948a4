//! Moving files from one folder to another, and back.
//!
//! Invariants:
//! 1. A move never replaces a file.
//! 2. A file moves only if it is the one of the plan: its length and the SHA-256 of its first 4096
//!    bytes. That is looked at right before it moves, of a few files at a time.
//! 3. After each batch both folders are synced before the next one begins.
//! 4. Between volumes an original is removed only when its copy was synced, read back, compared,
//!    and has its final name, durably; and when nobody wrote to it since it was copied.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread::{self, Builder};

use sha2::{Digest, Sha256};

use crate::plan::{Batch, MoveMethod, MovedFile, ResetPlan};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{
    Access, AlignedBuffer, File, FileKind, Status, Storage, StorageError, on_all_cores, read_full,
};

use super::context::Context;
use super::outcome::{failure, interrupted, reason};

/// What a file is known by, besides its length, in bytes.
const HEADER_BYTES: usize = 4096;

/// How many files are looked at before they move: milliseconds lie in between.
const FILES_LOOKED_AT: usize = 256;

/// Ending of the name of a copy that is not whole yet.
const UNFINISHED_SUFFIX: &str = ".edbmend-tmp";

/// Bytes copied at once.
const BLOCK_BYTES: usize = 1024 * 1024;

/// Where a planned file is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where it was.
    Origin,
    /// Where it goes.
    Target,
    /// In both folders: copied, the original not yet removed.
    Both,
    /// In neither.
    Nowhere,
    /// Another file has its name in the folder it comes from.
    ForeignAtOrigin,
    /// Another file has its name in the folder it goes to.
    ForeignAtTarget,
}

impl Place {
    /// As the end of a sentence that says what became of a file.
    fn in_words(self) -> &'static str {
        match self {
            Self::Origin => "it was away, or its new name was taken, for a moment",
            Self::Target => "somebody has moved it already",
            Self::Both => "a copy of it has appeared where it goes",
            Self::Nowhere => "it has disappeared",
            Self::ForeignAtOrigin => "somebody has replaced it or written to it",
            Self::ForeignAtTarget => "another file of its name has appeared where it goes",
        }
    }
}

/// A batch with its paths decoded.
pub struct Route<'a> {
    /// Where the files are.
    pub from: PathBuf,
    /// Where they go.
    pub to: PathBuf,
    /// How.
    pub method: MoveMethod,
    /// The files.
    pub files: &'a [MovedFile],
}

impl<'a> Route<'a> {
    /// The route of a batch; `None` where its paths are of another operating system.
    pub fn of(batch: &'a Batch) -> Option<Self> {
        let (from, to) = (batch.from.to_path()?, batch.to.to_path()?);
        Some(Self { from, to, method: batch.method, files: &batch.files })
    }

    /// The same with its first files only.
    pub fn first(&self, files: usize) -> Self {
        let (from, to) = (self.from.clone(), self.to.clone());
        Self { from, to, method: self.method, files: &self.files[..files] }
    }

    fn origin(&self, file: &MovedFile) -> PathBuf {
        self.from.join(&file.name)
    }

    /// Where a file goes.
    pub fn target(&self, file: &MovedFile) -> PathBuf {
        self.to.join(&file.name)
    }

    /// Where a copy grows until it is whole.
    fn unfinished(dir: &Path, file: &MovedFile) -> PathBuf {
        dir.join(format!("{}{UNFINISHED_SUFFIX}", file.name))
    }

    /// Looks for one file.
    pub fn place(&self, storage: &dyn Storage, file: &MovedFile) -> Result<Place, StorageError> {
        let origin = identify(storage, &self.origin(file), file)?;
        let target = identify(storage, &self.target(file), file)?;
        Ok(match (origin, target) {
            (Seen::Other, _) => Place::ForeignAtOrigin,
            (_, Seen::Other) => Place::ForeignAtTarget,
            (Seen::Same, Seen::Nothing) => Place::Origin,
            (Seen::Nothing, Seen::Same) => Place::Target,
            (Seen::Same, Seen::Same) => Place::Both,
            (Seen::Nothing, Seen::Nothing) => Place::Nowhere,
        })
    }
}

enum Seen {
    Nothing,
    Same,
    Other,
}

fn identify(storage: &dyn Storage, path: &Path, file: &MovedFile) -> Result<Seen, StorageError> {
    let (opened, status) = match storage.open_with_status(path, Access::Read) {
        Err(error) if error.is_not_found() => return Ok(Seen::Nothing),
        Err(error) => match storage.status(path) {
            Ok(status) if status.kind != FileKind::Regular => return Ok(Seen::Other),
            _ => return Err(error),
        },
        Ok(opened) => opened,
    };
    if status.length_bytes != file.bytes {
        return Ok(Seen::Other);
    }
    let mut start = [0; HEADER_BYTES];
    let read = read_full(opened.as_ref(), &mut start, 0)?;
    let same = <[u8; 32]>::from(Sha256::digest(&start[..read])) == file.header_sha256;
    Ok(if same { Seen::Same } else { Seen::Other })
}

/// The routes of a plan, in order.
pub fn routes(plan: &ResetPlan) -> Option<Vec<Route<'_>>> {
    plan.batches.iter().map(Route::of).collect()
}

/// The files that are not where the plan found them, or whose new name is taken.
pub fn not_at_origin(storage: &dyn Storage, routes: &[Route]) -> Vec<Refusal> {
    let files = routes.iter().flat_map(|route| route.files.iter().map(move |file| (route, file)));
    let looked = on_all_cores(files.collect(), |(route, file)| {
        expect_at_origin(storage, route, file).err().map(Box::new)
    });
    looked.flatten().map(|boxed| *boxed).collect()
}

/// What is known of the copy of a file.
pub struct Copied {
    /// SHA-256 of what was read back, in hexadecimal.
    pub sha256: String,
    /// The original, when it was copied.
    original: Status,
}

/// The copies, by the names of their files.
pub type Copies = BTreeMap<String, Copied>;

/// Copies every file that crosses volumes to an unfinished name beside its target. Nothing that
/// exists is changed.
pub fn copy_ahead(context: Context, routes: &[Route]) -> Result<Copies, Refusal> {
    let mut copies = Copies::new();
    for route in routes.iter().filter(|route| route.method == MoveMethod::Copy) {
        for file in route.files {
            if context.is_interrupted() {
                return Err(interrupted(&route.origin(file)));
            }
            let copied = copy_unfinished(context.storage, &route.from, &route.to, file)?;
            copies.insert(file.name.clone(), copied);
            context.observer.advance_bytes(file.bytes);
        }
        context.storage.sync_dir(&route.to).map_err(|e| reason(&e))?;
    }
    Ok(copies)
}

/// Removes what [`copy_ahead`] left, durably: once the plan is gone nobody knows these names.
pub fn remove_unfinished(storage: &dyn Storage, routes: &[Route]) -> Result<(), StorageError> {
    for route in routes.iter().filter(|route| route.method == MoveMethod::Copy) {
        for (dir, file) in
            route.files.iter().flat_map(|file| [(&route.to, file), (&route.from, file)])
        {
            match storage.remove_file(&Route::unfinished(dir, file)) {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        for dir in [&route.to, &route.from] {
            match storage.sync_dir(dir) {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether a folder for moved files holds any; those that are still being copied do not count.
pub fn is_any_away(storage: &dyn Storage, away: &Path) -> Result<bool, StorageError> {
    let names = match storage.list(away) {
        Err(error) if error.is_not_found() => Vec::new(),
        names => names?,
    };
    Ok(names.iter().any(|name| !name.to_string_lossy().ends_with(UNFINISHED_SUFFIX)))
}

/// Why the files of a route did not all move.
pub enum Trouble {
    /// A call failed that had no effect, or a file is not the planned one. So many files of the route, the
    /// first ones, may have moved: they can move back. The others were not touched.
    Unmoved(Refusal, usize),
    /// A sync failed: what the medium holds is unknown.
    Unsynced(Refusal),
}

/// Moves the files of one route, then syncs both folders.
pub fn carry(storage: &dyn Storage, route: &Route, copies: &Copies) -> Result<(), Trouble> {
    match route.method {
        MoveMethod::Rename => {
            carry_renames(storage, route)?;
            sync_both(storage, route).map_err(Trouble::Unsynced)
        }
        MoveMethod::Copy => carry_copies(storage, route, copies),
    }
}

/// Renames the files of a route. While some move, the next ones are looked at, by a thread if one can be
/// started.
fn carry_renames(storage: &dyn Storage, route: &Route) -> Result<(), Trouble> {
    let mut groups = route.files.chunks(FILES_LOOKED_AT);
    let mut moved = 0;
    let look_at = |files: &[MovedFile]| {
        files.iter().try_for_each(|file| expect_planned(storage, route, file))
    };
    let look_at = &look_at;
    thread::scope(|scope| {
        let mut look_at_next = || {
            let files = groups.next()?;
            let look = move || look_at(files);
            Some((files, Builder::new().spawn_scoped(scope, look)))
        };
        let mut next = look_at_next();
        while let Some((files, looking)) = next {
            let looked = match looking {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(_) => look_at(files),
            };
            looked.map_err(|refusal| Trouble::Unmoved(refusal, moved))?;
            next = look_at_next();
            for file in files {
                rename(storage, route, file, moved)?;
                moved += 1;
            }
        }
        Ok(())
    })
}

fn expect_planned(storage: &dyn Storage, route: &Route, file: &MovedFile) -> Result<(), Refusal> {
    match identify(storage, &route.origin(file), file).map_err(|e| failure(&e))? {
        Seen::Same => Ok(()),
        Seen::Nothing | Seen::Other => Err(not_as_planned(storage, route, file)),
    }
}

/// Renames one file, after `moved` others. Whether its new name is free, the rename finds out.
fn rename(
    storage: &dyn Storage,
    route: &Route,
    file: &MovedFile,
    moved: usize,
) -> Result<(), Trouble> {
    match storage.rename_new(&route.origin(file), &route.target(file)) {
        Err(error) if error.is_already_there() => {
            Err(Trouble::Unmoved(not_as_planned(storage, route, file), moved))
        }
        // Whether it had an effect, only a look can tell.
        renamed => renamed.map_err(|error| Trouble::Unmoved(failure(&error), moved + 1)),
    }
}

fn carry_copies(storage: &dyn Storage, route: &Route, copies: &Copies) -> Result<(), Trouble> {
    let unsynced = |error: StorageError| Trouble::Unsynced(failure(&error));
    for (moved, file) in route.files.iter().enumerate() {
        expect_at_origin(storage, route, file)
            .map_err(|refusal| Trouble::Unmoved(refusal, moved))?;
        let unfinished = Route::unfinished(&route.to, file);
        let renamed = storage.rename_new(&unfinished, &route.target(file));
        renamed.map_err(|error| Trouble::Unmoved(failure(&error), moved + 1))?;
    }
    storage.sync_dir(&route.to).map_err(unsynced)?;
    for file in route.files {
        let removed = expect_as_copied(storage, route, file, copies).and_then(|()| {
            storage.remove_file(&route.origin(file)).map_err(|error| failure(&error))
        });
        let removed = removed.inspect_err(|_| give_up_copy(storage, route, file));
        removed.map_err(|refusal| Trouble::Unmoved(refusal, route.files.len()))?;
    }
    storage.sync_dir(&route.from).map_err(unsynced)
}

/// Where an original that was not removed is newer than its copy, the copy has no worth. One that stays is
/// met on the way back.
fn give_up_copy(storage: &dyn Storage, route: &Route, file: &MovedFile) {
    let is_in_both = matches!(route.place(storage, file), Ok(Place::Both));
    if is_in_both && matches!(may_be_in_both(storage, route, file), Ok(false)) {
        let _ = remove_durably(storage, &route.target(file), &route.to);
    }
}

/// Right before an original is removed: its copy is in its place, and nobody wrote to it meanwhile.
fn expect_as_copied(
    storage: &dyn Storage,
    route: &Route,
    file: &MovedFile,
    copies: &Copies,
) -> Result<(), Refusal> {
    match route.place(storage, file).map_err(|e| failure(&e))? {
        Place::Both => {}
        Place::Origin => {
            return Err(changed_at(&route.origin(file), "the copy of it has disappeared"));
        }
        place => return Err(changed(route, file, place)),
    }
    let now = storage.status(&route.origin(file)).map_err(|e| failure(&e))?;
    match copies.get(&file.name) {
        Some(copied) if is_unwritten(&copied.original, &now) => Ok(()),
        _ => Err(changed_at(&route.origin(file), "somebody has written to it")),
    }
}

/// Whether it is the same file, and nobody wrote to it between the two looks.
fn is_unwritten(before: &Status, now: &Status) -> bool {
    let facts = |status: &Status| (status.identity, status.length_bytes, status.modified_ns);
    facts(before) == facts(now)
}

fn expect_at_origin(storage: &dyn Storage, route: &Route, file: &MovedFile) -> Result<(), Refusal> {
    match route.place(storage, file).map_err(|e| failure(&e))? {
        Place::Origin => Ok(()),
        place => Err(changed(route, file, place)),
    }
}

/// The refusal of a file that cannot move, by where it is now.
fn not_as_planned(storage: &dyn Storage, route: &Route, file: &MovedFile) -> Refusal {
    match route.place(storage, file) {
        Ok(place) => changed(route, file, place),
        Err(error) => failure(&error),
    }
}

fn changed(route: &Route, file: &MovedFile, place: Place) -> Refusal {
    changed_at(&route.origin(file), place.in_words())
}

fn changed_at(origin: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::ChangedSinceSurvey,
        origin,
        format!("since the plan was made, {what}"),
        "Find out who writes to the folder, then run the command again.",
    )
}

/// Puts the files of one route back that were moved, last first, then syncs both folders.
pub fn carry_back(storage: &dyn Storage, route: &Route) -> Result<(), Refusal> {
    for file in route.files.iter().rev() {
        match route.place(storage, file).map_err(|e| failure(&e))? {
            Place::Origin => {}
            Place::Both if !may_be_in_both(storage, route, file)? => {
                return Err(name_is_taken(&route.origin(file)));
            }
            Place::Both => {
                // The name may be in the cache alone, from a way back that was interrupted.
                storage.sync_dir(&route.from).map_err(|e| failure(&e))?;
                remove_durably(storage, &route.target(file), &route.to)?;
            }
            Place::Target if route.method == MoveMethod::Rename => {
                let renamed = storage.rename_new(&route.target(file), &route.origin(file));
                renamed.map_err(|e| failure(&e))?;
            }
            Place::Target => copy_back(storage, route, file)?,
            Place::Nowhere => return Err(misplaced(route, file)),
            Place::ForeignAtOrigin => return Err(name_is_taken(&route.origin(file))),
            Place::ForeignAtTarget => return Err(name_is_taken(&route.target(file))),
        }
    }
    sync_both(storage, route)
}

/// Whether a file that is in both folders is there by our doing: only a copy can be, and it is the same to
/// its last byte.
pub fn may_be_in_both(
    storage: &dyn Storage,
    route: &Route,
    file: &MovedFile,
) -> Result<bool, Refusal> {
    if route.method == MoveMethod::Rename {
        return Ok(false);
    }
    let digest = |path: &Path| {
        let opened = storage.open(path, Access::Read)?;
        each_block(opened.as_ref(), file.bytes, |_, _| Ok(()))
    };
    let both = digest(&route.origin(file)).and_then(|one| Ok(one == digest(&route.target(file))?));
    both.map_err(|error| failure(&error))
}

fn copy_back(storage: &dyn Storage, route: &Route, file: &MovedFile) -> Result<(), Refusal> {
    copy_unfinished(storage, &route.to, &route.from, file)?;
    let unfinished = Route::unfinished(&route.from, file);
    storage.rename_new(&unfinished, &route.origin(file)).map_err(|e| failure(&e))?;
    storage.sync_dir(&route.from).map_err(|e| failure(&e))?;
    remove_durably(storage, &route.target(file), &route.to)
}

fn remove_durably(storage: &dyn Storage, path: &Path, dir: &Path) -> Result<(), Refusal> {
    storage.remove_file(path).and_then(|()| storage.sync_dir(dir)).map_err(|e| failure(&e))
}

/// Makes the names in both folders durable.
pub fn sync_both(storage: &dyn Storage, route: &Route) -> Result<(), Refusal> {
    let synced = storage.sync_dir(&route.to).and_then(|()| storage.sync_dir(&route.from));
    synced.map_err(|e| failure(&e))
}

/// The refusal of a file that is not where any step of the plan could have left it.
pub fn misplaced(route: &Route, file: &MovedFile) -> Refusal {
    Refusal::new(
        RefusalId::BackupDamaged,
        &route.target(file),
        format!("{} is neither in {} nor there", file.name, crate::show::shown(&route.from)),
        "Nothing was touched. Put the file back into one of the two folders and try again.",
    )
}

/// The refusal where another file holds the name of a planned log.
pub fn name_is_taken(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::NewLogStream,
        path,
        "another file has the name of a planned log: a store was mounted since and began a new log \
         stream, or somebody put it there or wrote to it",
        "Nothing was touched. If a store was mounted, the new logs belong to it; the moved ones are in the \
         operation folder, and are still good for the hard recovery of an older backup. If none was, move \
         that file elsewhere, or put the log of before in its place, and try again.",
    )
}

/// Copies a file to its unfinished name in another folder: synced, read back, compared. Nobody may write
/// to it meanwhile.
fn copy_unfinished(
    storage: &dyn Storage,
    from: &Path,
    to: &Path,
    file: &MovedFile,
) -> Result<Copied, Refusal> {
    let path = Route::unfinished(to, file);
    let io = |error: StorageError| reason(&error);
    match storage.remove_file(&path) {
        Err(error) if !error.is_not_found() => return Err(reason(&error)),
        _ => {}
    }
    let origin = from.join(&file.name);
    let (source, original) = storage.open_with_status(&origin, Access::Read).map_err(io)?;
    let copy = storage.create(&path).map_err(io)?;
    copy.reserve(file.bytes).map_err(io)?;
    let written =
        each_block(source.as_ref(), file.bytes, |block, offset| copy.write_at(block, offset));
    let expected = written.map_err(io)?;
    copy.sync().map_err(io)?;
    copy.adopt_access(source.as_ref()).map_err(io)?;
    copy.sync().map_err(io)?;
    copy.drop_cache();
    let found = each_block(copy.as_ref(), file.bytes, |_, _| Ok(())).map_err(io)?;
    if !is_unwritten(&original, &source.status().map_err(io)?) {
        return Err(changed_at(&origin, "somebody wrote to it while it was copied"));
    }
    if found == expected {
        return Ok(Copied { sha256: found, original });
    }
    Err(Refusal::new(
        RefusalId::IoError,
        &path,
        format!("the copy that was read back has SHA-256 {found}, expected {expected}"),
        "The medium cannot be trusted. Name another with --backup-dir; nothing was changed.",
    ))
}

fn each_block(
    file: &dyn File,
    length: u64,
    mut consume: impl FnMut(&[u8], u64) -> Result<(), StorageError>,
) -> Result<String, StorageError> {
    let mut buffer = AlignedBuffer::new(BLOCK_BYTES);
    let mut hasher = Sha256::new();
    let mut offset = 0;
    while offset < length {
        let wanted = BLOCK_BYTES.min((length - offset) as usize);
        let block = &mut buffer.bytes_mut()[..wanted];
        if read_full(file, block, offset)? < wanted {
            let error =
                std::io::Error::other(format!("the file ends, {length} bytes were expected"));
            return Err(StorageError::at("read", file.path(), offset, error));
        }
        hasher.update(&*block);
        consume(block, offset)?;
        offset += wanted as u64;
    }
    Ok(hex::encode(hasher.finalize()))
}
