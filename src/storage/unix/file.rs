//! An open file.

use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Advice, FallocateFlags, SeekFrom};
use rustix::io::Errno;

use super::super::error::{Result, StorageError};
use super::super::file::{Exclusive, File, ONLY_OWNER_CAN_TELL};
use super::super::file_system::{BUSY_PAUSE, BUSY_TRIES};
use super::super::private_map::PrivateMap;
use super::super::status::{Sharing, Status};
use super::names::status_of;
use super::sharing::sharing;
use super::{access, lease};

/// An open file of [`Disk`](super::Disk).
pub(super) struct DiskFile {
    pub(super) file: fs::File,
    path: PathBuf,
    /// Whether a write lease was granted.
    leased: AtomicBool,
}

impl DiskFile {
    pub(super) fn new(file: fs::File, path: &Path) -> Self {
        Self { file, path: path.to_owned(), leased: AtomicBool::new(false) }
    }

    fn error(&self, action: &'static str, source: impl Into<io::Error>) -> StorageError {
        StorageError::new(action, &self.path, source)
    }
}

impl File for DiskFile {
    fn status(&self) -> Result<Status> {
        Ok(status_of(&rustix::fs::fstat(&self.file).map_err(|e| self.error("look at", e))?))
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
            Err(e) if e != Errno::OPNOTSUPP => Err(self.error("reserve space", e)),
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
        if !lease::outlives_its_signal() {
            return Exclusive::Unproven(
                "the signal of a lease (SIGIO) cannot be handled here".into(),
            );
        }
        match lease::set(&self.file, libc::F_WRLCK) {
            Ok(()) => {
                self.leased.store(true, Ordering::SeqCst);
                match lease::that_proves_nothing(&self.file) {
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
        !self.leased.load(Ordering::SeqCst) || lease::get(&self.file) == libc::F_WRLCK
    }

    fn clone_from(&self, source: &dyn File) -> Result<bool> {
        let Some(source) = source.os() else { return Ok(false) };
        match rustix::fs::ioctl_ficlone(&self.file, source) {
            Ok(()) => Ok(true),
            Err(e) if e == Errno::NOSPC || e == Errno::IO => Err(self.error("clone", e)),
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

    fn sharing(&self) -> Result<Sharing> {
        sharing(&self.file).map_err(|e| self.error("look at", e))
    }

    // As wide as the machine has it.
    #[allow(clippy::unnecessary_cast)]
    fn names(&self) -> Result<u64> {
        let stat = rustix::fs::fstat(&self.file).map_err(|e| self.error("look at", e))?;
        Ok(stat.st_nlink as u64)
    }

    fn os(&self) -> Option<&fs::File> {
        Some(&self.file)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
