//! Errors of the storage room.

use std::io;
use std::path::{Path, PathBuf};

use crate::show::shown;

use super::FileKind;

/// The result of a storage call.
pub type Result<T> = std::result::Result<T, StorageError>;

/// A call to the file system that failed: what was tried, where, and what the system said.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot {action}{}: {source}", shown(path), offset.map(|o| format!(" at offset {o} (0x{o:x})")).unwrap_or_default())]
pub struct StorageError {
    /// What was tried, as a verb phrase: "read", "create", "sync".
    pub action: &'static str,
    /// The file or directory.
    pub path: PathBuf,
    /// Byte offset, for reads and writes.
    pub offset: Option<u64>,
    /// The system's answer.
    pub source: io::Error,
}

impl StorageError {
    /// An error without an offset.
    pub fn new(action: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self { action, path: path.to_owned(), offset: None, source: source.into() }
    }

    /// An error at an offset of the file.
    pub fn at(
        action: &'static str,
        path: &Path,
        offset: u64,
        source: impl Into<io::Error>,
    ) -> Self {
        Self { offset: Some(offset), ..Self::new(action, path, source) }
    }

    /// What is to be opened is no regular file.
    pub fn not_regular(path: &Path, kind: FileKind) -> Self {
        Self::new("open", path, io::Error::other(NotRegular(kind)))
    }

    /// Something else than a regular file stands there.
    pub fn is_not_regular(&self) -> bool {
        self.source.get_ref().is_some_and(|inner| inner.is::<NotRegular>())
    }

    /// The path does not exist.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// The file system can hold no such name, because it is too long: nothing is there.
    pub fn is_impossible_name(&self) -> bool {
        self.source.kind() == io::ErrorKind::InvalidFilename
    }

    /// The path exists already.
    pub fn is_already_there(&self) -> bool {
        self.source.kind() == io::ErrorKind::AlreadyExists
    }

    /// Somebody else has exclusive access: opening the file would have to wait for them.
    pub fn is_busy(&self) -> bool {
        self.source.kind() == io::ErrorKind::WouldBlock
    }

    /// The volume is full, or a quota is.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self.source.kind(), StorageFull | QuotaExceeded)
    }

    /// No file may be of such a size: the file system has a limit, as FAT has, or the process has one.
    pub fn is_too_large(&self) -> bool {
        self.source.kind() == io::ErrorKind::FileTooLarge
    }

    /// A symbolic link on the way was made by somebody who is neither root nor the user of this process.
    pub fn is_foreign_link(&self) -> bool {
        is_foreign_link(&self.source)
    }

    /// Windows knows no such name: ERROR_INVALID_NAME, which the standard library has no kind for.
    pub fn is_invalid_name(&self) -> bool {
        const ERROR_INVALID_NAME: i32 = 123;
        cfg!(windows) && self.source.raw_os_error() == Some(ERROR_INVALID_NAME)
    }

    /// The volume is mounted read-only.
    pub fn is_on_read_only_volume(&self) -> bool {
        self.source.kind() == io::ErrorKind::ReadOnlyFilesystem
    }

    /// The process may not, or the volume is mounted read-only.
    pub fn is_forbidden(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self.source.kind(), PermissionDenied | ReadOnlyFilesystem)
    }
}

/// What stands where a regular file was expected.
#[derive(Debug, thiserror::Error)]
#[error("{}", match .0 {
    FileKind::Regular => "a regular file",
    FileKind::Directory => "it is a folder, not a regular file",
    FileKind::Symlink => "it is a symbolic link, not a regular file",
    FileKind::Special => "it is a FIFO, a socket or a device, not a regular file",
})]
struct NotRegular(FileKind);

/// Whether an error tells of a link that somebody else made.
pub fn is_foreign_link(error: &io::Error) -> bool {
    #[cfg(all(unix, feature = "disk"))]
    return error.get_ref().is_some_and(|inner| inner.is::<super::unix::ForeignLink>());
    #[cfg(not(all(unix, feature = "disk")))]
    return {
        let _ = error;
        false
    };
}
