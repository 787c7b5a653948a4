//! Calls by a name, each from the folder that is held open above it, if one is.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use super::super::status::{FileKind, Status};
use super::held;

/// Opens what a path names, or creates it.
pub(super) fn open_at(path: &Path, flags: OFlags, mode: Mode) -> io::Result<fs::File> {
    let place = held::place(path)?;
    let flags = flags | OFlags::CLOEXEC;
    let opened = retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, mode))?;
    Ok(opened.into())
}

/// A file without a name, in the folder of `path`; `None` where the file system has no such files.
pub(super) fn create_unnamed(path: &Path) -> io::Result<Option<fs::File>> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    let place = held::folder(dir)?;
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    match retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, mode)) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOSYS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Gives a file without a name this one, which must be free.
pub(super) fn give_name(file: &fs::File, path: &Path) -> io::Result<()> {
    let place = held::place(path)?;
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    let flags = AtFlags::SYMLINK_FOLLOW;
    Ok(rustix::fs::linkat(rustix::fs::CWD, unnamed, &place.base, place.name, flags)?)
}

/// Opens a folder for reading what is in it.
pub(super) fn open_dir(dir: &Path, more: OFlags) -> io::Result<OwnedFd> {
    let place = held::folder(dir)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
    Ok(retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, Mode::empty()))?)
}

/// What the system says of a path whose last link is not followed.
pub(super) fn metadata_of(path: &Path) -> io::Result<Metadata> {
    let place = held::place(path)?;
    if matches!(place.base, held::Base::Path) {
        return fs::symlink_metadata(path);
    }
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let named =
        retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, Mode::empty()))?;
    fs::File::from(named).metadata()
}

/// Renames within one volume, replacing a file of that name.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let (old, new) = (held::place(from)?, held::place(to)?);
    Ok(rustix::fs::renameat(&old.base, old.name, &new.base, new.name)?)
}

/// Removes a file, or with `AT_REMOVEDIR` an empty directory.
pub(super) fn unlink(path: &Path, flags: AtFlags) -> io::Result<()> {
    let place = held::place(path)?;
    Ok(rustix::fs::unlinkat(&place.base, place.name, flags)?)
}

/// What the system says of the volume of a directory.
pub(super) fn volume_of(dir: &Path) -> io::Result<rustix::fs::StatVfs> {
    let place = held::folder(dir)?;
    if matches!(place.base, held::Base::Path) {
        return Ok(rustix::fs::statvfs(dir)?);
    }
    Ok(rustix::fs::fstatvfs(&place.base)?)
}

/// What is in a directory, whose access time is left alone where its owner, or root, asks.
pub(super) fn entries_in(dir: &Path) -> io::Result<Vec<(OsString, Option<FileKind>)>> {
    let opened = match open_dir(dir, OFlags::NOATIME) {
        Err(e) if e.raw_os_error() == Some(libc::EPERM) => open_dir(dir, OFlags::empty()),
        result => result,
    };
    let mut entries = Vec::new();
    for entry in rustix::fs::Dir::new(opened?)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            entries.push((OsStr::from_bytes(name).to_owned(), kind_of(entry.file_type())));
        }
    }
    Ok(entries)
}

/// The kind that stands in a directory; `None` where the file system keeps none there.
fn kind_of(stored: rustix::fs::FileType) -> Option<FileKind> {
    use rustix::fs::FileType;
    match stored {
        FileType::Unknown => None,
        FileType::RegularFile => Some(FileKind::Regular),
        FileType::Directory => Some(FileKind::Directory),
        FileType::Symlink => Some(FileKind::Symlink),
        _ => Some(FileKind::Special),
    }
}

/// The facts about a path or an open file.
pub(super) fn status_of(metadata: &Metadata) -> Status {
    let kind = metadata.file_type();
    Status {
        kind: if kind.is_file() {
            FileKind::Regular
        } else if kind.is_dir() {
            FileKind::Directory
        } else if kind.is_symlink() {
            FileKind::Symlink
        } else {
            FileKind::Special
        },
        length_bytes: metadata.len(),
        allocated_bytes: metadata.blocks().saturating_mul(512),
        identity: (metadata.dev(), u128::from(metadata.ino())),
        modified_ns: i128::from(metadata.mtime()) * 1_000_000_000
            + i128::from(metadata.mtime_nsec()),
        read_only: metadata.permissions().mode() & 0o222 == 0,
    }
}
