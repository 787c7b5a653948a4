//! [`Storage`] on Unix, with Linux's leases, reflinks and advice.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::fs::{Advice, AtFlags, FallocateFlags, Mode, OFlags, RenameFlags, SeekFrom};
use rustix::io::{Errno, retry_on_intr};

use super::error::{Result, StorageError};
use super::file::{DirectFile, Exclusive, File, ONLY_OWNER_CAN_TELL};
use super::file_system::{Access, BUSY_PAUSE, BUSY_TRIES, Storage};
use super::held;
use super::held_folder::HeldFolder;
use super::private_map::PrivateMap;
use super::status::{FileKind, Sharing, Status};
use super::{access, mounts};

/// `f_type` of btrfs, xfs and bcachefs (`statfs(2)`).
const CLONING_FILE_SYSTEMS: [i64; 3] = [0x9123_683e, 0x5846_5342, 0xca45_1a4e];

/// `f_type` of every file system in user space: ntfs-3g, sshfs and others.
const FUSE: i64 = 0x6573_5546;

/// Such a file system is not asked for a lease: the kernel grants one by what it knows itself.
const FUSE_LEASE: &str = "a file system in user space (FUSE) may be in use by another machine or by \
                          another way that this one does not hear of";

/// `f_type` of overlayfs (`statfs(2)`).
const OVERLAYFS: i64 = 0x794c_7630;

/// The lease is on the file of the overlay; who opens the one in its upper layer is not noticed.
const OVERLAYFS_LEASE: &str = "on an overlay (overlayfs, as in a container) the file may be open in the layer \
                               below it, and no lease tells";

/// The file systems of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Storage for Disk {
    fn status(&self, path: &Path) -> Result<Status> {
        let metadata = metadata_of(path).map_err(|e| StorageError::new("look at", path, e))?;
        Ok(status_of(&metadata))
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
        let file = open_patiently(path, access).map_err(|e| StorageError::new("open", path, e))?;
        let file = DiskFile::new(file, path);
        let status = file.status()?;
        match status.kind {
            FileKind::Regular => Ok((Box::new(file), status)),
            _ => Err(StorageError::new("open", path, io::Error::other("not a regular file"))),
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
        let looked = held::place(path).and_then(|place| {
            let flags = OFlags::PATH | OFlags::CLOEXEC;
            let opened = rustix::fs::openat(&place.base, place.name, flags, Mode::empty())?;
            access::sharing(&opened)
        });
        looked.map_err(|e| StorageError::new("look at", path, e))
    }

    fn names_of(&self, path: &Path) -> u64 {
        metadata_of(path).map_or(1, |metadata| metadata.nlink())
    }

    fn may_rename(&self, from: &Path, to: &Path) -> bool {
        mounts::are_one(from, to)
    }

    fn keeps_numbers(&self, dir: &Path) -> bool {
        mounts::keeps_numbers(dir)
    }

    fn is_in_memory(&self, dir: &Path) -> bool {
        mounts::is_in_memory(dir)
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
                if metadata_of(to).is_ok() {
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
        })
    }

    fn lock_break_time(&self) -> Option<Duration> {
        lease_break_time(fs::read_to_string(LEASE_BREAK_TIME).ok().as_deref())
    }
}

/// Where the kernel says after how many seconds it takes a lease away from a process that does not give it
/// back (`proc_sys_fs(5)`).
const LEASE_BREAK_TIME: &str = "/proc/sys/fs/lease-break-time";

/// The lease-break time by what the kernel says: whole seconds; it never takes a lease away where they are
/// not above 0 (`__break_lease` in fs/locks.c). Where it does not say, the least that it can be set to.
fn lease_break_time(said: Option<&str>) -> Option<Duration> {
    let seconds = said.and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(1);
    u64::try_from(seconds).ok().filter(|&seconds| seconds > 0).map(Duration::from_secs)
}

/// Opens what a path names, or creates it.
fn open_at(path: &Path, flags: OFlags, mode: Mode) -> io::Result<fs::File> {
    let place = held::place(path)?;
    let flags = flags | OFlags::CLOEXEC;
    let opened = retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, mode))?;
    Ok(opened.into())
}

/// A file without a name, in the folder of `path`; `None` where the file system has no such files.
fn create_unnamed(path: &Path) -> io::Result<Option<fs::File>> {
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
fn give_name(file: &fs::File, path: &Path) -> io::Result<()> {
    let place = held::place(path)?;
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    let flags = AtFlags::SYMLINK_FOLLOW;
    Ok(rustix::fs::linkat(rustix::fs::CWD, unnamed, &place.base, place.name, flags)?)
}

/// Opens a folder for reading what is in it.
fn open_dir(dir: &Path, more: OFlags) -> io::Result<OwnedFd> {
    let place = held::folder(dir)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
    Ok(retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, Mode::empty()))?)
}

/// What the system says of a path whose last link is not followed.
fn metadata_of(path: &Path) -> io::Result<Metadata> {
    let place = held::place(path)?;
    if matches!(place.base, held::Base::Path) {
        return fs::symlink_metadata(path);
    }
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let named =
        retry_on_intr(|| rustix::fs::openat(&place.base, place.name, flags, Mode::empty()))?;
    fs::File::from(named).metadata()
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let (old, new) = (held::place(from)?, held::place(to)?);
    Ok(rustix::fs::renameat(&old.base, old.name, &new.base, new.name)?)
}

fn unlink(path: &Path, flags: AtFlags) -> io::Result<()> {
    let place = held::place(path)?;
    Ok(rustix::fs::unlinkat(&place.base, place.name, flags)?)
}

fn volume_of(dir: &Path) -> io::Result<rustix::fs::StatVfs> {
    let place = held::folder(dir)?;
    if matches!(place.base, held::Base::Path) {
        return Ok(rustix::fs::statvfs(dir)?);
    }
    Ok(rustix::fs::fstatvfs(&place.base)?)
}

/// What is in a directory, whose access time is left alone where its owner, or root, asks.
fn entries_in(dir: &Path) -> io::Result<Vec<(OsString, Option<FileKind>)>> {
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

/// A file on which somebody holds a lease cannot be opened without waiting. Most holders (Samba for
/// one) let go as soon as they hear of the attempt.
fn open_patiently(path: &Path, access: Access) -> io::Result<fs::File> {
    let tries = if access == Access::Read { BUSY_TRIES } else { 1 };
    for _ in 1..tries {
        match open_without_atime(path, access) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(BUSY_PAUSE),
            result => return result,
        }
    }
    open_without_atime(path, access)
}

/// `O_NOATIME` is granted to the owner of the file only; others read with the usual access time.
fn open_without_atime(path: &Path, access: Access) -> io::Result<fs::File> {
    let write = if access == Access::ReadWrite { OFlags::RDWR } else { OFlags::RDONLY };
    let flags = write | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    match open_at(path, flags | OFlags::NOATIME, Mode::empty()) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            open_at(path, flags, Mode::empty())
        }
        result => result,
    }
}

fn status_of(metadata: &Metadata) -> Status {
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

/// An open file of [`Disk`].
struct DiskFile {
    file: fs::File,
    path: PathBuf,
    /// Whether a write lease was granted.
    leased: AtomicBool,
}

impl DiskFile {
    fn new(file: fs::File, path: &Path) -> Self {
        Self { file, path: path.to_owned(), leased: AtomicBool::new(false) }
    }

    /// Why a lease that was granted on this file does not prove that nobody else has it open.
    fn lease_that_proves_nothing(&self) -> Option<&'static str> {
        match rustix::fs::fstatfs(&self.file).ok()?.f_type {
            FUSE => Some(FUSE_LEASE),
            OVERLAYFS => Some(OVERLAYFS_LEASE),
            _ => None,
        }
    }

    fn error(&self, action: &'static str, source: impl Into<io::Error>) -> StorageError {
        StorageError::new(action, &self.path, source)
    }
}

impl File for DiskFile {
    fn status(&self) -> Result<Status> {
        Ok(status_of(&self.file.metadata().map_err(|e| self.error("look at", e))?))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    return result.map_err(|e| StorageError::at("read", &self.path, offset, e));
                }
            }
        }
    }

    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>> {
        use rustix::io::Errno;
        let start = match rustix::fs::seek(&self.file, SeekFrom::Data(offset)) {
            Ok(start) => start,
            Err(Errno::NXIO) => return Ok(None),
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some(offset..u64::MAX)),
            Err(e) => return Err(StorageError::at("look for data", &self.path, offset, e)),
        };
        let end = rustix::fs::seek(&self.file, SeekFrom::Hole(start));
        let end = end.map_err(|e| StorageError::at("look for a hole", &self.path, start, e))?;
        Ok(Some(start..end))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let error = |e| StorageError::at("write", &self.path, offset, e);
        loop {
            match self.file.write_at(bytes, offset) {
                Ok(written) if written == bytes.len() => return Ok(()),
                Ok(written) => {
                    let short = format!("only {written} of {} bytes were written", bytes.len());
                    return Err(error(io::Error::other(short)));
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(error(e)),
            }
        }
    }

    fn set_length(&self, length_bytes: u64) -> Result<()> {
        self.file.set_len(length_bytes).map_err(|e| self.error("set the length", e))
    }

    fn allow_holes(&self) -> Result<()> {
        Ok(())
    }

    fn reserve(&self, length_bytes: u64) -> Result<()> {
        let reserved = rustix::fs::fallocate(&self.file, FallocateFlags::empty(), 0, length_bytes);
        match reserved {
            // Not every file system can reserve; there the free space was only compared.
            Err(e) if e != rustix::io::Errno::OPNOTSUPP => Err(self.error("reserve space", e)),
            _ => Ok(()),
        }
    }

    fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(|e| self.error("sync", e))
    }

    fn drop_cache(&self) -> bool {
        rustix::fs::fadvise(&self.file, 0, None, Advice::DontNeed).is_ok()
    }

    fn map_private(&self, length_bytes: usize) -> Result<PrivateMap> {
        // SAFETY: the map is private and at most as long as the file, whose length was checked
        // under exclusive access just before; the file is not truncated while the map lives.
        let map = unsafe { memmap2::MmapOptions::new().len(length_bytes).map_copy(&self.file) };
        map.map(PrivateMap::of).map_err(|e| self.error("map", e))
    }

    fn lock(&self) -> Exclusive {
        if !outlives_lease_signal() {
            return Exclusive::Unproven(
                "the signal of a lease (SIGIO) cannot be handled here".into(),
            );
        }
        match set_lease(&self.file, libc::F_WRLCK) {
            Ok(()) => {
                self.leased.store(true, Ordering::SeqCst);
                match self.lease_that_proves_nothing() {
                    Some(why) => Exclusive::Unproven(why.to_owned()),
                    None => Exclusive::Granted,
                }
            }
            Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => Exclusive::InUse,
            Err(e) if e.raw_os_error() == Some(libc::EACCES) => {
                Exclusive::Unproven(ONLY_OWNER_CAN_TELL.into())
            }
            Err(e) => Exclusive::Unproven(format!("the file system grants no lease: {e}")),
        }
    }

    fn lock_is_undisputed(&self) -> bool {
        !self.leased.load(Ordering::SeqCst) || get_lease(&self.file) == libc::F_WRLCK
    }

    fn clone_from(&self, source: &dyn File) -> Result<bool> {
        let Some(source) = source.os() else { return Ok(false) };
        match rustix::fs::ioctl_ficlone(&self.file, source) {
            Ok(()) => Ok(true),
            Err(e) if e == rustix::io::Errno::NOSPC || e == rustix::io::Errno::IO => {
                Err(self.error("clone", e))
            }
            Err(_) => Ok(false),
        }
    }

    fn adopt_access(&self, source: &dyn File) -> Result<()> {
        let Some(source) = source.os() else { return Ok(()) };
        access::adopt(&self.file, source).map_err(|e| self.error("set owner and mode", e))
    }

    fn claim(&self) -> bool {
        use rustix::fs::FlockOperation;
        let claim = || rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive);
        // Whoever asks whether it is claimed has it for a moment.
        for _ in 1..BUSY_TRIES {
            if claim() != Err(Errno::WOULDBLOCK) {
                break;
            }
            std::thread::sleep(BUSY_PAUSE / 10);
        }
        claim().is_ok()
    }

    fn is_claimed(&self) -> bool {
        use rustix::fs::FlockOperation;
        let asked = rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockShared);
        asked == Err(Errno::WOULDBLOCK)
    }

    fn os(&self) -> Option<&fs::File> {
        Some(&self.file)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// The kernel sends SIGIO when somebody opens a leased file; its default kills the process. The
/// lease itself is asked before each write, so the signal has nothing to say. `false` where it cannot
/// be handled.
fn outlives_lease_signal() -> bool {
    static IS_HANDLED: OnceLock<bool> = OnceLock::new();
    *IS_HANDLED.get_or_init(|| signal_hook::flag::register(libc::SIGIO, Arc::default()).is_ok())
}

fn set_lease(file: &fs::File, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: F_SETLEASE takes an open descriptor, which `file` keeps alive, and an integer.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The lease we hold; once somebody else tries to open the file, what we must reduce it to.
fn get_lease(file: &fs::File) -> libc::c_int {
    // SAFETY: F_GETLEASE takes an open descriptor, which `file` keeps alive.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETLEASE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lease_break_time_is_that_of_the_kernel_or_the_least() {
        assert_eq!(lease_break_time(Some("45\n")), Some(Duration::from_secs(45)));
        assert_eq!(lease_break_time(Some("1\n")), Some(Duration::from_secs(1)));
        assert_eq!(lease_break_time(Some("0\n")), None);
        assert_eq!(lease_break_time(Some("-1\n")), None);
        for said in [None, Some(""), Some("soon")] {
            assert_eq!(lease_break_time(said), Some(Duration::from_secs(1)));
        }
    }
}
