//! Calls by a name, each from the folder that is held open above it, if one is.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use super::super::status::{FileKind, Status};
use super::{held, open_files};

/// Opens what a path names, or creates it.
pub(super) fn open_at(path: &Path, flags: OFlags, mode: Mode) -> io::Result<fs::File> {
    let place = held::place(path)?;
    let flags = flags | OFlags::CLOEXEC;
    let opened = retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, mode))?;
    Ok(opened.into())
}

/// A file without a name, in the folder of `path`; `None` where the file system has no such files, or where
/// [`give_name`] could not name it, as in a rescue system without `/proc`.
pub(super) fn create_unnamed(path: &Path) -> io::Result<Option<fs::File>> {
    if !open_files::are_named() {
        return Ok(None);
    }
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
    let (unnamed, flags) = (open_files::name_of(file), AtFlags::SYMLINK_FOLLOW);
    Ok(rustix::fs::linkat(rustix::fs::CWD, unnamed, &place.base, place.name, flags)?)
}

/// Opens a folder for reading what is in it.
pub(super) fn open_dir(dir: &Path, more: OFlags) -> io::Result<OwnedFd> {
    let place = held::folder(dir)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
    Ok(retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, Mode::empty()))?)
}

/// What the system says of a path whose last link is not followed.
pub(super) fn stat_of(path: &Path) -> io::Result<Stat> {
    let place = held::place(path)?;
    Ok(rustix::fs::statat(&place.base, place.name, AtFlags::SYMLINK_NOFOLLOW)?)
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

/// What is in a directory.
pub(super) fn entries_in(dir: &Path) -> io::Result<Vec<(OsString, Option<FileKind>)>> {
    entries_of(dir)?.collect()
}

/// What is in a directory, one after the other. Its access time is left alone where its owner, or root, asks.
pub(super) fn entries_of(
    dir: &Path,
) -> io::Result<impl Iterator<Item = io::Result<(OsString, Option<FileKind>)>>> {
    let opened = match open_dir(dir, OFlags::NOATIME) {
        Err(e) if e.raw_os_error() == Some(libc::EPERM) => open_dir(dir, OFlags::empty()),
        result => result,
    };
    Ok(rustix::fs::Dir::new(opened?)?.filter_map(|entry| {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error.into())),
        };
        let name = entry.file_name().to_bytes();
        let is_inside = name != b"." && name != b"..";
        let named = || (OsStr::from_bytes(name).to_owned(), kind_of(entry.file_type()));
        is_inside.then(|| Ok(named()))
    }))
}

/// `None` of an entry in a directory whose file system keeps no kinds there.
fn kind_of(stored: FileType) -> Option<FileKind> {
    match stored {
        FileType::Unknown => None,
        FileType::RegularFile => Some(FileKind::Regular),
        FileType::Directory => Some(FileKind::Directory),
        FileType::Symlink => Some(FileKind::Symlink),
        _ => Some(FileKind::Special),
    }
}

/// The facts about a path or an open file.
pub(super) fn status_of(stat: &Stat) -> Status {
    let kind = kind_of(FileType::from_raw_mode(stat.st_mode));
    Status {
        kind: kind.unwrap_or(FileKind::Special),
        length_bytes: stat.st_size as u64,
        allocated_bytes: (stat.st_blocks as u64).saturating_mul(512),
        identity: (stat.st_dev, u128::from(stat.st_ino)),
        modified_ns: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
        read_only: stat.st_mode & 0o222 == 0,
    }
}
