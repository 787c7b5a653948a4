//! The file systems.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::super::error::{Result, StorageError};
use super::super::file::{DirectFile, File};
use super::super::file_system::{Access, Storage};
use super::super::held_folder::HeldFolder;
use super::super::resolve;
use super::super::status::{FileKind, Sharing, Status};
use super::file::DiskFile;
use super::names::{
    create_unnamed, entries_in, give_name, open_at, open_dir, rename, stat_of, status_of, unlink,
    volume_of,
};
use super::open::open_patiently;
use super::sharing::sharing_at;
use super::{access, held, lease, memory, mounts};

/// `f_type` of btrfs, xfs and bcachefs (`statfs(2)`).
const CLONING_FILE_SYSTEMS: [i64; 3] = [0x9123_683e, 0x5846_5342, 0xca45_1a4e];

/// The file systems of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// The error of a file that could not be opened. What a link, a socket, a device without a driver, or a folder that
/// was to be written answers is told by what it is.
fn not_opened(path: &Path, error: io::Error) -> StorageError {
    const ANSWERS: [i32; 4] = [libc::ELOOP, libc::ENXIO, libc::ENODEV, libc::EISDIR];
    let is_odd = error.raw_os_error().is_some_and(|number| ANSWERS.contains(&number));
    let stat = if is_odd { stat_of(path).ok() } else { None };
    let kind = stat.map(|stat| status_of(&stat).kind);
    match kind.filter(|kind| *kind != FileKind::Regular) {
        Some(kind) => StorageError::not_regular(path, kind),
        None => StorageError::new("open", path, error),
    }
}

impl Storage for Disk {
    fn status(&self, path: &Path) -> Result<Status> {
        let stat = stat_of(path).map_err(|e| StorageError::new("look at", path, e))?;
        Ok(status_of(&stat))
    }

    fn absolute(&self, path: &Path) -> io::Result<PathBuf> {
        resolve::absolute(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        resolve::canonical(path)
    }

    fn absolute_by_own_links(&self, path: &Path) -> io::Result<PathBuf> {
        resolve::absolute_by_own_links(path)
    }

    fn canonical_by_own_links(&self, dir: &Path) -> io::Result<PathBuf> {
        resolve::canonical_by_own_links(dir)
    }

    fn link_target(&self, path: &Path) -> Option<PathBuf> {
        let place = held::place(path).ok()?;
        let target = rustix::fs::readlinkat(&place.base, place.name, Vec::new()).ok()?;
        Some(OsString::from_vec(target.into_bytes()).into())
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn File>> {
        self.open_with_status(path, access).map(|(file, _)| file)
    }

    fn open_with_status(&self, path: &Path, access: Access) -> Result<(Box<dyn File>, Status)> {
        let file = open_patiently(path, access).map_err(|error| not_opened(path, error))?;
        let file = DiskFile::new(file, path);
        let status = file.status()?;
        match status.kind {
            FileKind::Regular => Ok((Box::new(file), status)),
            kind => Err(StorageError::not_regular(path, kind)),
        }
    }

    fn open_direct(&self, path: &Path) -> Result<Option<DirectFile>> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::DIRECT;
        match open_at(path, flags, Mode::empty()) {
            Ok(file) => {
                let file = Box::new(DiskFile::new(file, path));
                Ok(Some(DirectFile { file, is_writable: true }))
            }
            Err(e) if e.raw_os_error() == Some(libc::EINVAL) => Ok(None),
            Err(e) => Err(StorageError::new("open", path, e)),
        }
    }

    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        let error = |e| StorageError::new("create", path, e);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let file = open_at(path, flags, Mode::RUSR | Mode::WUSR).map_err(error)?;
        access::strip_inherited(&file).map_err(error)?;
        Ok(Box::new(DiskFile::new(file, path)))
    }

    fn open_to_append(&self, path: &Path, is_new: bool) -> Result<Box<dyn File>> {
        let new = if is_new { OFlags::CREATE | OFlags::EXCL } else { OFlags::empty() };
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | new;
        let file = open_at(path, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|error| not_opened(path, error))?;
        if is_new {
            access::strip_inherited(&file).map_err(|e| StorageError::new("create", path, e))?;
        }
        Ok(Box::new(DiskFile::new(file, path)))
    }

    fn create_whole(&self, path: &Path, content: &[u8]) -> Result<Box<dyn File>> {
        let error = |e| StorageError::new("create", path, e);
        let Some(file) = create_unnamed(path).map_err(error)? else {
            let file = self.create(path)?;
            file.write_at(content, 0)?;
            file.sync()?;
            return Ok(file);
        };
        access::strip_inherited(&file).map_err(error)?;
        let file = DiskFile::new(file, path);
        file.write_at(content, 0)?;
        file.sync()?;
        give_name(&file.file, path).map_err(error)?;
        Ok(Box::new(file))
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        let error = |e| StorageError::new("create the folder", path, e);
        let place = held::place(path).map_err(error)?;
        rustix::fs::mkdirat(&place.base, place.name, Mode::RWXU).map_err(|e| error(e.into()))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let created = open_at(path, flags, Mode::empty()).map_err(error)?;
        access::strip_inherited(&created).map_err(error)
    }

    fn hold_folder(&self, dir: &Path) -> Result<HeldFolder> {
        let held = held::hold(dir).map_err(|e| StorageError::new("open the folder", dir, e))?;
        Ok(HeldFolder::of(held))
    }

    fn sharing(&self, path: &Path) -> Result<Sharing> {
        // A folder that is held is asked itself, whatever its name leads to now.
        let looked = held::folder(path)
            .or_else(|_| held::place(path))
            .and_then(|place| sharing_at(&place.base, place.name));
        looked.map_err(|e| StorageError::new("look at", path, e))
    }

    // As wide as the machine has it.
    #[allow(clippy::unnecessary_cast)]
    fn names_of(&self, path: &Path) -> u64 {
        stat_of(path).map_or(1, |stat| stat.st_nlink as u64)
    }

    fn may_rename(&self, from: &Path, to: &Path) -> bool {
        mounts::are_one(from, to)
    }

    fn keeps_numbers(&self, dir: &Path) -> bool {
        mounts::keeps_numbers(dir)
    }

    fn is_in_memory(&self, dir: &Path) -> bool {
        memory::is_in_memory(dir)
    }

    fn may_fold_case(&self, dir: &Path) -> bool {
        mounts::may_fold_case(dir)
    }

    fn list(&self, dir: &Path) -> Result<Vec<OsString>> {
        Ok(self.list_kinds(dir)?.into_iter().map(|(name, _)| name).collect())
    }

    fn list_kinds(&self, dir: &Path) -> Result<Vec<(OsString, Option<FileKind>)>> {
        entries_in(dir).map_err(|e| StorageError::new("list", dir, e))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<()> {
        let error = |e: io::Error| StorageError::new("move", from, e);
        let (old, new) = (held::place(from).map_err(error)?, held::place(to).map_err(error)?);
        let renamed = rustix::fs::renameat_with(
            &old.base,
            old.name,
            &new.base,
            new.name,
            RenameFlags::NOREPLACE,
        );
        match renamed {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                if stat_of(to).is_ok() {
                    return Err(error(io::ErrorKind::AlreadyExists.into()));
                }
                rename(from, to).map_err(error)
            }
            result => result.map_err(|e| error(e.into())),
        }
    }

    fn replace(&self, from: &Path, to: &Path) -> Result<()> {
        rename(from, to).map_err(|e| StorageError::new("rename", from, e))
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        unlink(path, AtFlags::empty()).map_err(|e| StorageError::new("remove", path, e))
    }

    fn remove_dir(&self, path: &Path) -> Result<()> {
        unlink(path, AtFlags::REMOVEDIR)
            .map_err(|e| StorageError::new("remove the folder", path, e))
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        let synced =
            open_dir(dir, OFlags::empty()).and_then(|opened| Ok(rustix::fs::fsync(opened)?));
        synced.map_err(|e| StorageError::new("sync the folder", dir, e))
    }

    fn free_bytes(&self, dir: &Path) -> Result<u64> {
        let volume = volume_of(dir);
        let volume = volume.map_err(|e| StorageError::new("ask for free space", dir, e))?;
        Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
    }

    /// A total of 0 is the answer of a file system that does not count. What ext4 keeps back is free for
    /// root, who is most often the one who asks.
    fn is_full(&self, dir: &Path) -> bool {
        let Ok(volume) = volume_of(dir) else { return false };
        let (blocks, files) = if rustix::process::geteuid().is_root() {
            (volume.f_bfree, volume.f_ffree)
        } else {
            (volume.f_bavail, volume.f_favail)
        };
        (volume.f_blocks > 0 && blocks == 0) || (volume.f_files > 0 && files == 0)
    }

    fn may_clone(&self, file: &Path, dir: &Path) -> bool {
        let volume = |path: &Path| Some(mounts::status(path)?.st_dev);
        let kind = mounts::kind(file);
        volume(file).is_some()
            && volume(file) == volume(dir)
            && kind.is_some_and(|magic| CLONING_FILE_SYSTEMS.contains(&magic))
    }

    fn may_write(&self, path: &Path) -> bool {
        let asked = rustix::fs::Access::WRITE_OK;
        held::folder(path).or_else(|_| held::place(path)).is_ok_and(|place| {
            rustix::fs::accessat(&place.base, place.name, asked, AtFlags::empty()).is_ok()
        }) && !self.is_fixed(path)
    }

    fn is_fixed(&self, path: &Path) -> bool {
        mounts::is_fixed(path)
    }

    fn lock_break_time(&self) -> Option<Duration> {
        lease::break_time()
    }
}
