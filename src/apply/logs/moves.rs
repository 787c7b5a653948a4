//! Moving files from one folder to another, and back.
//!
//! Invariants:
//! 1. A move never replaces a file.
//! 2. A file moves only if it is the one of the plan: its length, number and time, or the SHA-256 of its first
//!    4096 bytes where the file system keeps no numbers. That is looked at under exclusive access, and again
//!    right before it moves, of a few files at a time.
//! 3. After each batch both folders are synced before the next one begins, and each file that was moved is looked
//!    at in its new place.
//! 4. Between volumes an original is removed only when its copy was synced, read back, compared, and has its final
//!    name, durably; when nobody wrote to either since it was copied, nobody has it open, and it has its name still.
//!    What was away is removed on the same terms on the way back.
//! 5. Before each call that moves or removes a file, nobody else can have been let in to the files that are
//!    held. That holds for the way back, and for recovery, too.

use std::panic::resume_unwind;
use std::path::Path;
use std::thread::{self, Builder};

use crate::guards::{
    Held, Place, Route, changed_at, failure, in_use, name_is_taken, opened_at_the_last_moment,
    reason, unfinished,
};
use crate::plan::{MoveMethod, MovedFile};
use crate::refusal::Refusal;
use crate::storage::{Access, File, Status, Storage, StorageError, digest_blocks};

use super::copies::{self, Copies, copy_unfinished};

/// How many files are looked at before they move: milliseconds lie in between.
const FILES_LOOKED_AT: usize = 256;

/// Why the files of a route did not all move.
pub enum Trouble {
    /// A call failed that had no effect, or a file is not the planned one. So many files of the route, the
    /// first ones, may have moved: they can move back. The others were not touched.
    Unmoved(Refusal, usize),
    /// Nothing more may be moved: a sync failed, so that nobody knows what the medium holds; or somebody else was
    /// let in.
    Stopped(Refusal),
}

/// Why a file that is held was not removed.
enum Kept {
    /// It is where it was.
    Whole(Refusal),
    /// Somebody else was let in, and may have it.
    Unknown(Refusal),
}

impl Kept {
    fn into_refusal(self) -> Refusal {
        match self {
            Self::Whole(refusal) | Self::Unknown(refusal) => refusal,
        }
    }
}

/// Moves files while others are kept out of the ones that are held.
#[derive(Clone, Copy)]
pub struct Mover<'a> {
    /// Where the files are.
    pub storage: &'a dyn Storage,
    /// What nobody else may be let in to meanwhile.
    pub held: &'a Held<'a>,
}

impl Mover<'_> {
    /// Moves the files of one route, then syncs both folders.
    pub fn carry(&self, route: &Route, copies: &Copies) -> Result<(), Trouble> {
        match route.method {
            MoveMethod::Rename => {
                self.carry_renames(route)?;
                self.sync_and_look(route).map_err(Trouble::Stopped)
            }
            MoveMethod::Copy => self.carry_copies(route, copies),
        }
    }

    /// Renames the files of a route. While some move, the next ones are looked at, by a thread if one can be
    /// started.
    fn carry_renames(&self, route: &Route) -> Result<(), Trouble> {
        let storage = self.storage;
        let mut groups = route.files.chunks(FILES_LOOKED_AT);
        let mut moved = 0;
        let look_at = |files: &[MovedFile]| {
            files.iter().try_for_each(|file| route.expect_planned(storage, file))
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
                    self.rename(route, file, moved)?;
                    moved += 1;
                }
            }
            Ok(())
        })
    }

    /// Renames one file, after `moved` others. Whether its new name is free, the rename finds out.
    fn rename(&self, route: &Route, file: &MovedFile, moved: usize) -> Result<(), Trouble> {
        let storage = self.storage;
        self.held.still_ours().map_err(Trouble::Stopped)?;
        match storage.rename_new(&route.origin(file), &route.target(file)) {
            Err(error) if error.is_already_there() => {
                Err(Trouble::Unmoved(route.not_as_planned(storage, file), moved))
            }
            // Whether it had an effect, only a look can tell.
            renamed => renamed.map_err(|error| Trouble::Unmoved(failure(&error), moved + 1)),
        }
    }

    /// Syncs both folders, and meanwhile looks whether what has moved is what was to move: a name that is exchanged
    /// between the look and the rename takes another file along.
    fn sync_and_look(&self, route: &Route) -> Result<(), Refusal> {
        let storage = self.storage;
        let look = || route.files.iter().try_for_each(|file| route.expect_moved(storage, file));
        thread::scope(|scope| {
            let looking = Builder::new().spawn_scoped(scope, look);
            sync_both(storage, route)?;
            match looking {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(_) => look(),
            }
        })
    }

    fn carry_copies(&self, route: &Route, copies: &Copies) -> Result<(), Trouble> {
        let storage = self.storage;
        let unsynced = |error: StorageError| Trouble::Stopped(failure(&error));
        for (moved, file) in route.files.iter().enumerate() {
            route
                .expect_at_origin(storage, file)
                .map_err(|refusal| Trouble::Unmoved(refusal, moved))?;
            self.held.still_ours().map_err(Trouble::Stopped)?;
            let renamed = storage.rename_new(&unfinished(route.to, file), &route.target(file));
            renamed.map_err(|error| Trouble::Unmoved(failure(&error), moved + 1))?;
        }
        storage.sync_dir(route.to).map_err(unsynced)?;
        for file in route.files {
            self.remove_original(route, file, copies)?;
        }
        storage.sync_dir(route.from).map_err(unsynced)
    }

    /// Removes an original, whose copy is in its place. It is held until it is gone: nobody has it open.
    fn remove_original(
        &self,
        route: &Route,
        file: &MovedFile,
        copies: &Copies,
    ) -> Result<(), Trouble> {
        let stays = |refusal: Refusal| {
            if self.held.still_ours().is_ok() {
                give_up_copy(self.storage, route, file, copies);
            }
            Trouble::Unmoved(refusal, route.files.len())
        };
        let original = self.alone_as_copied(route, file, copies).map_err(stays)?;
        self.remove_held(original, &route.target(file)).map_err(|kept| match kept {
            Kept::Whole(refusal) => stays(refusal),
            Kept::Unknown(refusal) => Trouble::Stopped(refusal),
        })
    }

    /// Removes a file that is held, of which there is a copy.
    fn remove_held(&self, alone: Box<dyn File>, copy: &Path) -> Result<(), Kept> {
        let path = alone.path().to_owned();
        let whole = |error: StorageError| Kept::Whole(failure(&error));
        // Asking takes time, too: only the removal may lie behind the last look at the clock.
        loop {
            let asked = self.storage.clock();
            if !alone.lock_is_undisputed() {
                return Err(Kept::Whole(in_use(&path)));
            }
            let now = self.storage.status(&path).map_err(whole)?;
            if now.identity != alone.status().map_err(whole)?.identity {
                let what = "another file has got its name";
                return Err(Kept::Whole(changed_at(&path, what)));
            }
            self.held.still_ours().map_err(Kept::Unknown)?;
            if self.held.keeps_out_since(asked) {
                break;
            }
        }
        match self.storage.remove_alone(alone) {
            Ok(true) => self.held.still_ours().map_err(Kept::Unknown),
            Ok(false) => Err(Kept::Unknown(opened_at_the_last_moment(&path, copy))),
            Err(error) => Err(whole(error)),
        }
    }

    /// The original, which nobody else has open, and which is what was copied.
    fn alone_as_copied(
        &self,
        route: &Route,
        file: &MovedFile,
        copies: &Copies,
    ) -> Result<Box<dyn File>, Refusal> {
        match route.place(self.storage, file).map_err(|error| failure(&error))? {
            Place::Both => {}
            Place::Origin => {
                return Err(changed_at(&route.origin(file), "the copy of it has disappeared"));
            }
            place => return Err(route.changed(file, place)),
        }
        let original = self.held.alone(&route.origin(file))?;
        let now = original.status().map_err(|error| failure(&error))?;
        let copy = self.storage.status(&route.target(file)).map_err(|error| failure(&error))?;
        match copies.get(&file.name) {
            Some(copied) if !copied.is_copy(&copy) => {
                Err(changed_at(&route.target(file), "somebody has written to this copy"))
            }
            Some(copied) if copied.is_of(&now) => Ok(original),
            _ => Err(changed_at(&route.origin(file), "somebody has written to it")),
        }
    }

    /// Puts the files of one route back that were moved, last first, then syncs both folders.
    pub fn carry_back(&self, route: &Route) -> Result<(), Refusal> {
        let storage = self.storage;
        for file in route.files.iter().rev() {
            match route.place(storage, file).map_err(|e| failure(&e))? {
                Place::Origin => {}
                Place::Both if route.method == MoveMethod::Rename => {
                    return Err(name_is_taken(&route.origin(file)));
                }
                Place::Both => self.remove_second(route, file)?,
                Place::Target if route.method == MoveMethod::Rename => {
                    self.held.still_ours()?;
                    let renamed = storage.rename_new(&route.target(file), &route.origin(file));
                    renamed.map_err(|e| failure(&e))?;
                }
                Place::Target => self.copy_back(route, file)?,
                Place::Nowhere => return Err(route.misplaced(file)),
                Place::ForeignAtOrigin => return Err(name_is_taken(&route.origin(file))),
                Place::ForeignAtTarget => return Err(name_is_taken(&route.target(file))),
            }
        }
        sync_both(storage, route)?;
        route.files.iter().try_for_each(|file| route.expect_back(storage, file))
    }

    /// Of a file that is in both folders, after a way back that was interrupted, the one that was away goes.
    fn remove_second(&self, route: &Route, file: &MovedFile) -> Result<(), Refusal> {
        let (storage, origin) = (self.storage, route.origin(file));
        let away = self.held.alone_where_told(&route.target(file))?;
        let home = storage.status(&origin).map_err(|e| failure(&e))?;
        let opened = storage.open(&origin, Access::Read).map_err(|e| failure(&e))?;
        let digest = |of: &dyn File| digest_blocks(of, file.bytes, |_, _| Ok(()));
        let [one, other] = [digest(opened.as_ref()), digest(away.as_ref())];
        if one.map_err(|e| failure(&e))? != other.map_err(|e| failure(&e))? {
            return Err(name_is_taken(&origin));
        }
        // The name may be in the cache alone.
        storage.sync_dir(route.from).map_err(|e| failure(&e))?;
        self.remove_away(route, file, away, |now| copies::is_unwritten(&home, now))
    }

    fn copy_back(&self, route: &Route, file: &MovedFile) -> Result<(), Refusal> {
        let storage = self.storage;
        let away = self.held.alone_where_told(&route.target(file))?;
        let copied = copy_unfinished(storage, away.as_ref(), route.from, file)?;
        let unfinished = unfinished(route.from, file);
        self.held.still_ours()?;
        storage.rename_new(&unfinished, &route.origin(file)).map_err(|e| failure(&e))?;
        storage.sync_dir(route.from).map_err(|e| failure(&e))?;
        self.remove_away(route, file, away, |now| copied.is_copy(now))
    }

    /// Removes a file that was away, durably, once what is at home is its copy.
    fn remove_away(
        &self,
        route: &Route,
        file: &MovedFile,
        away: Box<dyn File>,
        is_copy: impl Fn(&Status) -> bool,
    ) -> Result<(), Refusal> {
        let origin = route.origin(file);
        let home = self.storage.status(&origin).map_err(|e| failure(&e))?;
        if !is_copy(&home) {
            return Err(changed_at(&origin, "somebody has exchanged this copy, or written to it"));
        }
        self.remove_held(away, &origin).map_err(Kept::into_refusal)?;
        self.storage.sync_dir(route.to).map_err(|e| failure(&e))
    }

    /// Puts everything back that was moved, in the reverse order.
    pub fn carry_all_back(&self, routes: &[Route]) -> Result<(), Refusal> {
        routes.iter().rev().try_for_each(|route| self.carry_back(route))?;
        remove_unfinished(self.storage, routes)
    }
}

/// Where an original that was not removed is newer than its copy, the copy has no worth, as long as nobody else
/// wrote to it. One that stays is met on the way back.
fn give_up_copy(storage: &dyn Storage, route: &Route, file: &MovedFile, copies: &Copies) {
    let target = route.target(file);
    let is_in_both = matches!(route.place(storage, file), Ok(Place::Both));
    let is_copy = |now: &Status| copies.get(&file.name).is_some_and(|copied| copied.is_copy(now));
    let is_ours = storage.status(&target).is_ok_and(|now| is_copy(&now));
    if is_in_both && is_ours && matches!(route.may_be_in_both(storage, file), Ok(false)) {
        let _ = storage.remove_file(&target).and_then(|()| storage.sync_dir(route.to));
    }
}

/// Makes the names in both folders durable.
pub fn sync_both(storage: &dyn Storage, route: &Route) -> Result<(), Refusal> {
    let synced = storage.sync_dir(route.to).and_then(|()| storage.sync_dir(route.from));
    synced.map_err(|e| failure(&e))
}

/// Removes copies that were begun and never got their name, durably.
pub fn remove_unfinished(storage: &dyn Storage, routes: &[Route]) -> Result<(), Refusal> {
    copies::remove_unfinished(storage, routes).map_err(|error| reason(&error))
}
