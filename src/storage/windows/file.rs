//! An open file on Windows.

use std::fs::{self, FileTimes};
use std::io;
use std::ops::Range;
use std::os::windows::fs::{FileExt, MetadataExt};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Foundation::{ERROR_DISK_FULL, FILETIME};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_REPARSE_POINT,
    FILE_ATTRIBUTE_SPARSE_FILE,
};
use windows_sys::Win32::System::Ioctl::{
    DUPLICATE_EXTENTS_DATA, FILE_ALLOCATED_RANGE_BUFFER, FSCTL_DUPLICATE_EXTENTS_TO_FILE,
    FSCTL_GET_INTEGRITY_INFORMATION, FSCTL_GET_INTEGRITY_INFORMATION_BUFFER,
    FSCTL_QUERY_ALLOCATED_RANGES, FSCTL_SET_INTEGRITY_INFORMATION,
    FSCTL_SET_INTEGRITY_INFORMATION_BUFFER, FSCTL_SET_SPARSE,
};
use windows_sys::Win32::System::SystemServices::FILE_SUPPORTS_BLOCK_REFCOUNTING;

use super::super::aligned::AlignedBuffer;
use super::super::error::{Result, StorageError};
use super::super::file::{Exclusive, File};
use super::super::private_map::PrivateMap;
use super::super::status::{FileKind, Status};
use super::attempt::cannot;
use super::{names, security, sys};

/// A name stands for another one: symbolic links and mount points. Other reparse points are the
/// file itself, kept in an odd way (deduplicated, compressed).
const NAME_SURROGATE: u32 = 0x2000_0000;

/// Seconds between 1601, where the system's clock begins, and 1970.
const SECONDS_1601_TO_1970: i128 = 11_644_473_600;

/// Reads past the cache are of whole blocks of so many bytes, at multiples of it.
const BLOCK_BYTES: u64 = 4096;

/// Bytes that are cloned at once; the system takes less than 4 GiB.
const CLONE_BYTES: u64 = 1 << 30;

/// An open file of [`Disk`](super::Disk).
pub struct DiskFile {
    pub file: fs::File,
    pub path: PathBuf,
    /// Opened with share mode 0: nobody else has it open, nor can.
    pub alone: bool,
    /// Opened past the system's cache, which wants whole sectors and aligned memory.
    pub unbuffered: bool,
}

impl DiskFile {
    fn error(&self, action: &'static str, source: io::Error) -> StorageError {
        StorageError::new(action, &self.path, source)
    }

    fn read_once(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if !self.unbuffered || fits(buffer, offset) {
            return self.file.seek_read(buffer, offset);
        }
        let start = offset / BLOCK_BYTES * BLOCK_BYTES;
        let skip = (offset - start) as usize;
        let mut blocks = AlignedBuffer::new(skip + buffer.len());
        let read = self.file.seek_read(blocks.bytes_mut(), start)?;
        let got = read.saturating_sub(skip).min(buffer.len());
        buffer[..got].copy_from_slice(&blocks.bytes()[skip..skip + got]);
        Ok(got)
    }

    fn write_once(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        if !self.unbuffered || fits(bytes, offset) {
            return self.file.seek_write(bytes, offset);
        }
        let mut blocks = AlignedBuffer::new(bytes.len());
        blocks.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
        self.file.seek_write(&blocks.bytes()[..bytes.len()], offset)
    }

    fn is_sparse(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.file_attributes() & FILE_ATTRIBUTE_SPARSE_FILE != 0)
    }

    /// Copies what ReFS wants to be equal before it shares blocks, then shares them.
    fn clone_blocks(&self, source: &fs::File) -> io::Result<()> {
        let metadata = source.metadata()?;
        let length = metadata.len();
        if metadata.file_attributes() & FILE_ATTRIBUTE_SPARSE_FILE != 0 {
            set_sparse(&self.file)?;
        }
        let integrity: sys::Integers<FSCTL_GET_INTEGRITY_INFORMATION_BUFFER> =
            sys::control(source, FSCTL_GET_INTEGRITY_INFORMATION, &())?.0;
        let cluster = u64::from(integrity.0.ClusterSizeInBytes).max(1);
        let same = sys::Integers(FSCTL_SET_INTEGRITY_INFORMATION_BUFFER {
            ChecksumAlgorithm: integrity.0.ChecksumAlgorithm,
            Reserved: 0,
            Flags: integrity.0.Flags,
        });
        sys::control::<_, ()>(&self.file, FSCTL_SET_INTEGRITY_INFORMATION, &same)?;
        self.file.set_len(length)?;
        for start in (0..length).step_by(CLONE_BYTES as usize) {
            let bytes = CLONE_BYTES.min(length - start).next_multiple_of(cluster);
            let extent = sys::Extent(DUPLICATE_EXTENTS_DATA {
                FileHandle: source.as_raw_handle(),
                SourceFileOffset: start as i64,
                TargetFileOffset: start as i64,
                ByteCount: bytes as i64,
            });
            sys::control::<_, ()>(&self.file, FSCTL_DUPLICATE_EXTENTS_TO_FILE, &extent)?;
        }
        Ok(())
    }
}

fn set_sparse(file: &fs::File) -> io::Result<()> {
    sys::control::<(), ()>(file, FSCTL_SET_SPARSE, &()).map(|_| ())
}

/// Whether a read or write past the cache may be made from here as it is.
fn fits(bytes: &[u8], offset: u64) -> bool {
    let whole = |number: u64| number.is_multiple_of(BLOCK_BYTES);
    whole(offset) && whole(bytes.len() as u64) && whole(bytes.as_ptr().addr() as u64)
}

/// Whether the volume of an open file shares blocks between files.
pub fn can_clone(file: &fs::File) -> bool {
    sys::file_system_flags(file).is_ok_and(|flags| flags & FILE_SUPPORTS_BLOCK_REFCOUNTING != 0)
}

/// The facts about an open file, folder or link.
pub fn status_of(file: &fs::File) -> io::Result<Status> {
    if !sys::is_on_disk(file) {
        return Ok(Status {
            kind: FileKind::Special,
            length_bytes: 0,
            allocated_bytes: 0,
            identity: (0, 0),
            modified_ns: 0,
            read_only: false,
        });
    }
    let (facts, standard) = (sys::information(file)?, sys::standard(file)?);
    let has = |attribute: u32| facts.dwFileAttributes & attribute != 0;
    let kind = if has(FILE_ATTRIBUTE_REPARSE_POINT) && is_link(file)? {
        FileKind::Symlink
    } else if has(FILE_ATTRIBUTE_DIRECTORY) {
        FileKind::Directory
    } else {
        FileKind::Regular
    };
    let number = u128::from(facts.nFileIndexHigh) << 32 | u128::from(facts.nFileIndexLow);
    let narrow = (u64::from(facts.dwVolumeSerialNumber), number);
    Ok(Status {
        kind,
        length_bytes: standard.EndOfFile as u64,
        allocated_bytes: standard.AllocationSize as u64,
        identity: sys::wide_identity(file).unwrap_or(narrow),
        modified_ns: nanoseconds(facts.ftLastWriteTime),
        // Of a folder the attribute says nothing.
        read_only: kind == FileKind::Regular && has(FILE_ATTRIBUTE_READONLY),
    })
}

fn is_link(file: &fs::File) -> io::Result<bool> {
    Ok(sys::reparse_tag(file)? & NAME_SURROGATE != 0)
}

/// Nanoseconds since 1970 of a time in units of 100 ns since 1601.
fn nanoseconds(time: FILETIME) -> i128 {
    let units = i128::from(time.dwHighDateTime) << 32 | i128::from(time.dwLowDateTime);
    units * 100 - SECONDS_1601_TO_1970 * 1_000_000_000
}

impl File for DiskFile {
    fn status(&self) -> Result<Status> {
        status_of(&self.file).map_err(|e| self.error("look at", e))
    }

    // Both positioned calls move the cursor of the handle, which nobody uses.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.read_once(buffer, offset).map_err(|e| StorageError::at("read", &self.path, offset, e))
    }

    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>> {
        let error = |e| StorageError::at("look for data", &self.path, offset, e);
        let length = self.status()?.length_bytes;
        if offset >= length {
            return Ok(None);
        }
        if !self.is_sparse().map_err(error)? {
            return Ok(Some(offset..u64::MAX));
        }
        let wanted = sys::Integers(FILE_ALLOCATED_RANGE_BUFFER {
            FileOffset: offset as i64,
            Length: (length - offset) as i64,
        });
        type Ranges = sys::Integers<FILE_ALLOCATED_RANGE_BUFFER>;
        match sys::control::<_, Ranges>(&self.file, FSCTL_QUERY_ALLOCATED_RANGES, &wanted) {
            Ok((_, 0)) => Ok(None),
            Ok((sys::Integers(range), _)) => {
                let start = (range.FileOffset as u64).max(offset);
                Ok(Some(start..range.FileOffset as u64 + range.Length as u64))
            }
            Err(e) if cannot(&e) => Ok(Some(offset..u64::MAX)),
            Err(e) => Err(error(e)),
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let error = |e| StorageError::at("write", &self.path, offset, e);
        match self.write_once(bytes, offset).map_err(error)? {
            written if written == bytes.len() => Ok(()),
            written => {
                let short = format!("only {written} of {} bytes were written", bytes.len());
                Err(error(io::Error::other(short)))
            }
        }
    }

    fn set_length(&self, length_bytes: u64) -> Result<()> {
        self.file.set_len(length_bytes).map_err(|e| self.error("set the length", e))
    }

    fn allow_holes(&self) -> Result<()> {
        match set_sparse(&self.file) {
            // Not every file system has holes; there they take space.
            Err(e) if !cannot(&e) => Err(self.error("allow holes", e)),
            _ => Ok(()),
        }
    }

    fn reserve(&self, length_bytes: u64) -> Result<()> {
        match sys::allocate(&self.file, length_bytes) {
            // Not every file system can reserve; there the free space was only compared.
            Err(e) if !cannot(&e) => Err(self.error("reserve space", e)),
            _ => Ok(()),
        }
    }

    fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(|e| self.error("sync", e))
    }

    /// Nothing of an unbuffered file is in the cache; of another one the system forgets nothing.
    fn drop_cache(&self) -> bool {
        self.unbuffered
    }

    fn map_private(&self, length_bytes: usize) -> Result<PrivateMap> {
        // SAFETY: the map is private and at most as long as the file, whose length was checked
        // under exclusive access just before; the file is not truncated while the map lives.
        let map = unsafe { memmap2::MmapOptions::new().len(length_bytes).map_copy(&self.file) };
        map.map(PrivateMap::of).map_err(|e| self.error("map", e))
    }

    fn lock(&self) -> Exclusive {
        if self.alone {
            Exclusive::Granted
        } else {
            Exclusive::Unproven("it was opened for others, too".into())
        }
    }

    /// The system lets nobody in: there is no dispute.
    fn lock_is_undisputed(&self) -> bool {
        true
    }

    fn clone_from(&self, source: &dyn File) -> Result<bool> {
        let Some(source) = source.os() else { return Ok(false) };
        if !can_clone(&self.file) {
            return Ok(false);
        }
        match self.clone_blocks(source) {
            Ok(()) => Ok(true),
            Err(e) if e.raw_os_error() == Some(ERROR_DISK_FULL as i32) => {
                Err(self.error("clone", e))
            }
            Err(_) => Ok(false),
        }
    }

    fn adopt_access(&self, source: &dyn File) -> Result<()> {
        let Some(source) = source.os() else { return Ok(()) };
        let metadata = source.metadata().map_err(|e| self.error("look at", e))?;
        let (accessed, modified) = (metadata.accessed(), metadata.modified());
        let mut times = FileTimes::new();
        times = accessed.map_or(times, |time| times.set_accessed(time));
        times = modified.map_or(times, |time| times.set_modified(time));
        self.file.set_times(times).map_err(|e| self.error("set the times", e))?;
        let path = names::verbatim(&self.path).map_err(|e| self.error("look at", e))?;
        security::adopt_access_list(&path, source);
        Ok(())
    }

    fn os(&self) -> Option<&fs::File> {
        Some(&self.file)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
