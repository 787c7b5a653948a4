//! A file system, as the rest of the program sees it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::error::{Result, StorageError};
use super::file::{DirectFile, File};
use super::held_folder::HeldFolder;
use super::status::{FileKind, Sharing, Status};

/// How often a file is asked for that somebody else has: a virus scanner or an indexer lets go in that
/// time. Who asks for one alone ([`Access`]) is told at once, and waits for all of its files together;
/// every other call waits by itself.
pub const BUSY_TRIES: u32 = 20;
/// How long apart.
pub const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// How to open an existing file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading only; its access time is left alone where the system allows.
    Read,
    /// Reading only, and [`File::lock`] will follow.
    ReadAlone,
    /// Reading and positioned writing, and [`File::lock`] will follow.
    ReadWrite,
}

/// A file system.
pub trait Storage: Send + Sync {
    /// Facts about a path; the last component is not followed if it is a symlink.
    fn status(&self, path: &Path) -> Result<Status>;
    /// The absolute form of a path: its folder resolved, its last component as it is. It need not exist.
    fn absolute(&self, path: &Path) -> io::Result<PathBuf>;
    /// The absolute form of a path that exists, every link in it resolved.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// [`absolute`](Self::absolute), for what will be written: an error where somebody else than root or the user of
    /// this process made a link among the folders. A system that does not tell who made a link lets each pass.
    fn absolute_by_own_links(&self, path: &Path) -> io::Result<PathBuf> {
        self.absolute(path)
    }
    /// [`canonical`](Self::canonical) of a folder, for what will be written: an error where somebody else than root
    /// or the user of this process made a link on the way. A system that does not tell who made a link lets each pass.
    fn canonical_by_own_links(&self, dir: &Path) -> io::Result<PathBuf> {
        self.canonical(dir)
    }
    /// Where a symlink points; `None` where it is none.
    fn link_target(&self, path: &Path) -> Option<PathBuf>;
    /// Opens a regular file; never follows a symlink as the last component, never blocks.
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn File>>;
    /// Opens a regular file like [`open`](Self::open), and gives the facts about the open file with it, which
    /// opening looks at anyway.
    fn open_with_status(&self, path: &Path, access: Access) -> Result<(Box<dyn File>, Status)> {
        let file = self.open(path, access)?;
        let status = file.status()?;
        Ok((file, status))
    }
    /// Opens a regular file of our own past the system's cache; `None` where the file system cannot.
    fn open_direct(&self, path: &Path) -> Result<Option<DirectFile>>;
    /// Creates a file that must not exist, readable and writable by its owner alone.
    fn create(&self, path: &Path) -> Result<Box<dyn File>>;
    /// Opens a file to read it, and to write at its end alone, or creates one that must not exist, for its owner
    /// alone. Never follows a symlink as the last component, never blocks; what is opened may be of any kind. A
    /// storage that nobody keeps a log in cannot.
    fn open_to_append(&self, path: &Path, _is_new: bool) -> Result<Box<dyn File>> {
        Err(StorageError::new("open", path, io::Error::from(io::ErrorKind::Unsupported)))
    }
    /// Creates a file with all of its content, readable and writable by its owner alone; it must not exist. The
    /// content is durable, and where the system can do that, the name is not there before it is; the name is
    /// made durable by [`sync_dir`](Self::sync_dir).
    fn create_whole(&self, path: &Path, content: &[u8]) -> Result<Box<dyn File>> {
        let file = self.create(path)?;
        file.write_at(content, 0)?;
        file.sync()?;
        Ok(file)
    }
    /// Creates a directory that must not exist, accessible to its owner alone.
    fn create_dir(&self, path: &Path) -> Result<()>;
    /// Names in a directory, unordered.
    fn list(&self, dir: &Path) -> Result<Vec<OsString>>;
    /// Names in a directory, unordered, each with its kind where the directory tells it.
    fn list_kinds(&self, dir: &Path) -> Result<Vec<(OsString, Option<FileKind>)>> {
        Ok(self.list(dir)?.into_iter().map(|name| (name, None)).collect())
    }
    /// Renames within one volume; fails where the new name exists. Where the file system cannot
    /// promise that (FUSE), the name is looked for right before.
    fn rename_new(&self, from: &Path, to: &Path) -> Result<()>;
    /// Renames within one volume, replacing a file of that name atomically.
    fn replace(&self, from: &Path, to: &Path) -> Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> Result<()>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> Result<()>;
    /// Bytes that may still be written to the volume of `dir`.
    fn free_bytes(&self, dir: &Path) -> Result<u64>;
    /// Whether this process cannot create even a small file on the volume of `dir`; `false` where the
    /// volume does not tell.
    fn is_full(&self, dir: &Path) -> bool {
        self.free_bytes(dir).is_ok_and(|free| free == 0)
    }
    /// Whether a file of this volume can probably be cloned into `dir` without taking space.
    fn may_clone(&self, file: &Path, dir: &Path) -> bool;
    /// Whether this process may write to the file or create names in the directory.
    fn may_write(&self, path: &Path) -> bool;
    /// Whether an attribute of the file system keeps even root from writing over the file, renaming or removing it;
    /// or from removing anything from the directory.
    fn is_fixed(&self, _path: &Path) -> bool {
        false
    }
    /// Keeps a directory open. Until the answer is dropped, every path into it means what is in this
    /// directory, and no symlink below it is followed, whatever anybody does to the names above. A system that
    /// cannot does nothing.
    fn hold_folder(&self, _dir: &Path) -> Result<HeldFolder> {
        Ok(HeldFolder::default())
    }
    /// Who else can change a file, or what is in a directory.
    fn sharing(&self, _path: &Path) -> Result<Sharing> {
        Ok(Sharing::default())
    }
    /// How many names (hard links) a file has.
    fn names_of(&self, _path: &Path) -> u64 {
        1
    }
    /// The volume of a path, or of the nearest directory above it that is there.
    fn volume_of(&self, path: &Path) -> Option<u64> {
        let there = path.ancestors().find_map(|dir| self.status(dir).ok());
        there.map(|status| status.identity.0)
    }
    /// Whether a file can be renamed from one directory to another, which need not be there yet: they are of
    /// one volume, and of one mount of it.
    fn may_rename(&self, from: &Path, to: &Path) -> bool {
        self.volume_of(from) == self.volume_of(to)
    }
    /// Whether a file of this directory keeps its number ([`Status::identity`]) as long as it exists, also when
    /// it is renamed, and its volume unmounted.
    fn keeps_numbers(&self, _dir: &Path) -> bool {
        false
    }
    /// Whether what is written to this directory is in memory only, and gone with the power.
    fn is_in_memory(&self, _dir: &Path) -> bool {
        false
    }
    /// Whether two names that differ in upper and lower case only may be one name in this directory.
    fn may_fold_case(&self, _dir: &Path) -> bool {
        false
    }
    /// Removes the file that was opened as `alone` and locked, with no moment in between in which somebody
    /// could open it unseen. `false` where somebody tried to at that moment: he has, or gets, a file without a
    /// name.
    fn remove_alone(&self, alone: Box<dyn File>) -> Result<bool> {
        self.remove_file(alone.path())?;
        Ok(alone.lock_is_undisputed())
    }
    /// The time since a moment of this process that stays the same, by a clock that nobody can set. It goes on
    /// while the process is stopped, and stands still where the kernel's own timers do.
    fn clock(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
    /// Waits.
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
    /// How long somebody must wait who opens a file that is locked ([`File::lock`]). Then the system lets him in,
    /// and the lock is gone. `None` where he waits for as long as it is held.
    fn lock_break_time(&self) -> Option<Duration> {
        None
    }
}
