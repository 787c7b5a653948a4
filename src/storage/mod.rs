//! The one seam to the world: open, read, map, write, sync, rename, lock, reflink.
//!
//! Everything that edbmend does to a disk goes through [`Storage`] and [`File`], so that a test can
//! record it, fail it or stop it at any call. [`Disk`] is the real one.

mod aligned;
mod digest;
mod error;
mod many;
mod path;
mod pieces;
mod reader;
#[cfg(unix)]
#[allow(unsafe_code)] // the memory map, and the system calls for leases
mod unix;
#[cfg(windows)]
#[allow(unsafe_code)] // the memory map, and the system calls that the standard library lacks
mod windows;
mod writer;

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use aligned::AlignedBuffer;
pub use digest::digest_blocks;
pub use error::{Result, StorageError};
pub use many::on_all_cores;
pub use path::{StoredPath, absolute, beside, canonical, stored_path, stored_path_if_any, without};
pub use pieces::{PIECE_BYTES, Piece, Pieces};
pub use reader::{FileReader, read_full};
#[cfg(unix)]
pub use unix::Disk;
#[cfg(windows)]
pub use windows::Disk;
pub use writer::write_stream;

/// How often a file is asked for that somebody else has: a virus scanner or an indexer lets go in that
/// time. Who asks for one alone ([`Access`]) is told at once, and waits for all of its files together;
/// every other call waits by itself.
pub const BUSY_TRIES: u32 = 20;
/// How long apart.
pub const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// What kind of thing a path names. A symlink is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A FIFO, a socket or a device.
    Special,
}

/// What the file system says of a file, without following a symlink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Kind of the file.
    pub kind: FileKind,
    /// Length in bytes.
    pub length_bytes: u64,
    /// Bytes that it occupies on the medium; less than its length where it is sparse.
    pub allocated_bytes: u64,
    /// Volume and file number: equal means the same file.
    pub identity: (u64, u128),
    /// Time of the last change of the content, nanoseconds since 1970.
    pub modified_ns: i128,
    /// Nobody may write it, by its permission bits or its read-only attribute.
    pub read_only: bool,
    /// Number of names (hard links) it has.
    pub links: u64,
}

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

/// The answer to a request for exclusive access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exclusive {
    /// Proven: nobody else has the file open, and an open by somebody else will be noticed.
    Granted,
    /// Somebody else has it open.
    InUse,
    /// The file system cannot tell; the reason in words.
    Unproven(String),
}

/// A file system.
pub trait Storage: Send + Sync {
    /// Facts about a path; the last component is not followed if it is a symlink.
    fn status(&self, path: &Path) -> Result<Status>;
    /// Where a symlink points; `None` where it is none.
    fn link_target(&self, path: &Path) -> Option<PathBuf>;
    /// Opens a regular file; never follows a symlink as the last component, never blocks.
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn File>>;
    /// The same, with the facts about the open file, which opening it looks at anyway.
    fn open_with_status(&self, path: &Path, access: Access) -> Result<(Box<dyn File>, Status)> {
        let file = self.open(path, access)?;
        let status = file.status()?;
        Ok((file, status))
    }
    /// Opens a regular file of our own past the system's cache; `None` where the file system cannot.
    fn open_direct(&self, path: &Path) -> Result<Option<DirectFile>>;
    /// Creates a file that must not exist, readable and writable by its owner alone.
    fn create(&self, path: &Path) -> Result<Box<dyn File>>;
    /// Creates a directory that must not exist, accessible to its owner alone.
    fn create_dir(&self, path: &Path) -> Result<()>;
    /// Names in a directory, unordered.
    fn list(&self, dir: &Path) -> Result<Vec<OsString>>;
    /// The same, each with its kind where the directory tells it.
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
    /// Gives a file or directory the owner of another, as far as this process may.
    fn adopt_owner(&self, path: &Path, like: &Path) -> Result<()>;
}

/// A file that is open past the system's cache: what is read comes from the medium. Reads and writes
/// must be of whole [`AlignedBuffer`] blocks at multiples of their size.
pub struct DirectFile {
    /// The file.
    pub file: Box<dyn File>,
    /// Whether it may be written so, too: not where whoever created it lets in readers only.
    pub is_writable: bool,
}

/// An open file. Positioned reads and writes may come from several threads at once.
pub trait File: Send + Sync {
    /// Facts about the open file.
    fn status(&self) -> Result<Status>;
    /// Reads at most `buffer.len()` bytes; 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize>;
    /// The next stretch at or behind `offset` that is stored, as far as the file system tells holes
    /// apart; `None` where only a hole, or nothing, follows. A hole reads as zeros.
    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>>;
    /// Writes all of `bytes` in one positioned write; a short write is an error.
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()>;
    /// Sets the length; grown space reads as zero.
    fn set_length(&self, length_bytes: u64) -> Result<()>;
    /// Tells the file system that this empty file will have holes, where it wants to be told.
    fn allow_holes(&self) -> Result<()>;
    /// Reserves space for `length_bytes`, so that later writes cannot run out of it.
    fn reserve(&self, length_bytes: u64) -> Result<()>;
    /// Makes content and length durable.
    fn sync(&self) -> Result<()>;
    /// Asks the system to forget its cached pages, so that the next read asks the medium.
    /// `true` where it took the advice.
    fn drop_cache(&self) -> bool;
    /// A private, copy-on-write map of the first `length_bytes`: nothing written to it reaches
    /// the file.
    fn map_private(&self, length_bytes: usize) -> Result<PrivateMap>;
    /// Asks for exclusive access. The file was opened with an [`Access`] that allows it.
    fn lock(&self) -> Exclusive;
    /// Whether exclusive access is still undisputed: `false` once somebody else tries to open the
    /// file. Always `true` where it never was proven.
    fn lock_is_undisputed(&self) -> bool;
    /// Gives exclusive access up.
    fn unlock(&self);
    /// Shares the extents of `source` (reflink); `false` where the volume cannot.
    fn clone_from(&self, source: &dyn File) -> Result<bool>;
    /// Takes over owner, mode, ACL and times of `source`, never granting more than it does.
    fn adopt_access(&self, source: &dyn File) -> Result<()>;
    /// The operating system's file, where there is one.
    fn os(&self) -> Option<&std::fs::File>;
    /// The path under which it was opened.
    fn path(&self) -> &Path;
}

/// A private memory map, or a buffer where a storage has none.
pub enum PrivateMap {
    /// A copy-on-write map of the file.
    Mapped(memmap2::MmapMut),
    /// A plain copy.
    Copied(Vec<u8>),
}

impl std::ops::Deref for PrivateMap {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Copied(bytes) => bytes,
        }
    }
}

impl std::ops::DerefMut for PrivateMap {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Copied(bytes) => bytes,
        }
    }
}
