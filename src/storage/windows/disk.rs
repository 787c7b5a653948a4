//! The file systems of Windows.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_ADD_FILE, FILE_ADD_SUBDIRECTORY, FILE_DISPOSITION_FLAG_DELETE,
    FILE_DISPOSITION_FLAG_IGNORE_READONLY_ATTRIBUTE, FILE_DISPOSITION_FLAG_POSIX_SEMANTICS,
    FILE_FLAG_NO_BUFFERING, FILE_FLAG_OPEN_REPARSE_POINT, FILE_FLAG_WRITE_THROUGH, FILE_SHARE_READ,
    FILE_WRITE_DATA, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH,
};

use super::super::error::{Result, StorageError};
use super::super::file::{DirectFile, File};
use super::super::file_system::{Access, BUSY_TRIES, Storage};
use super::super::resolve;
use super::super::status::{FileKind, Status};
use super::attempt::{cannot, is_busy, patiently, persistently};
use super::file::{self, DiskFile, can_clone};
use super::names::{plain, verbatim};
use super::open::{SHARED, look_at};
use super::{security, sys};

/// The largest sector with which a header page of any size can be written past the cache: the
/// smallest page has so many bytes.
const LARGEST_SECTOR_BYTES: u32 = 2048;

/// The file systems of this machine, and the shares that it reaches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Storage for Disk {
    fn status(&self, path: &Path) -> Result<Status> {
        let error = |e| StorageError::new("look at", path, e);
        file::status_of(&look_at(path, 0).map_err(error)?).map_err(error)
    }

    fn absolute(&self, path: &Path) -> io::Result<PathBuf> {
        resolve::absolute(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        resolve::canonical(path)
    }

    fn link_target(&self, path: &Path) -> Option<PathBuf> {
        fs::read_link(verbatim(path).ok()?).ok().map(plain)
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn File>> {
        let error = |e| StorageError::new("open", path, e);
        let named = self.status(path).map_err(|e| error(e.source))?;
        if named.kind != FileKind::Regular {
            return Err(StorageError::not_regular(path, named.kind));
        }
        let mut options = OpenOptions::new();
        options.read(true).share_mode(if access == Access::Read { SHARED } else { 0 });
        let unbuffered = access == Access::ReadWrite && can_write_unbuffered(path);
        if access == Access::ReadWrite {
            let direct = if unbuffered { FILE_FLAG_NO_BUFFERING } else { 0 };
            options.write(true).custom_flags(FILE_FLAG_WRITE_THROUGH | direct);
        }
        let tries = if access == Access::Read { BUSY_TRIES } else { 1 };
        let opened = persistently(tries, || options.open(verbatim(path)?)).map_err(error)?;
        let alone = access != Access::Read;
        let file = DiskFile { file: opened, path: path.to_owned(), alone, unbuffered };
        // A link that came in between would lead elsewhere.
        if file.status()?.identity != named.identity {
            return Err(error(io::Error::other("another file took its name meanwhile")));
        }
        Ok(Box::new(file))
    }

    fn open_direct(&self, path: &Path) -> Result<Option<DirectFile>> {
        let mut options = OpenOptions::new();
        options.read(true).share_mode(SHARED);
        options.custom_flags(FILE_FLAG_NO_BUFFERING | FILE_FLAG_OPEN_REPARSE_POINT);
        match patiently(|| options.open(verbatim(path)?)) {
            Ok(file) => {
                let path = path.to_owned();
                let file = Box::new(DiskFile { file, path, alone: false, unbuffered: true });
                Ok(Some(DirectFile { file, is_writable: false }))
            }
            Err(e) if cannot(&e) => Ok(None),
            Err(e) => Err(StorageError::new("open", path, e)),
        }
    }

    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        let access = GENERIC_READ | GENERIC_WRITE;
        // Readers are let in: a copy is read back while it is still open for writing.
        let create = || {
            sys::create_file(&verbatim(path)?, access, FILE_SHARE_READ, &security::private(false)?)
        };
        let file = patiently(create).map_err(|e| StorageError::new("create", path, e))?;
        let path = path.to_owned();
        Ok(Box::new(DiskFile { file, path, alone: false, unbuffered: false }))
    }

    fn open_to_append(&self, path: &Path, is_new: bool) -> Result<Box<dyn File>> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(is_new);
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
        let file = patiently(|| options.open(verbatim(path)?));
        let file = file.map_err(|e| StorageError::new("open", path, e))?;
        let path = path.to_owned();
        Ok(Box::new(DiskFile { file, path, alone: false, unbuffered: false }))
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        let create = || sys::create_dir(&verbatim(path)?, &security::private(true)?);
        create().map_err(|e| StorageError::new("create the folder", path, e))
    }

    fn list(&self, dir: &Path) -> Result<Vec<OsString>> {
        let error = |e| StorageError::new("list", dir, e);
        let entries = verbatim(dir).and_then(fs::read_dir).map_err(error)?;
        let names = entries.map(|entry| Ok(entry?.file_name()));
        names.collect::<io::Result<_>>().map_err(error)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<()> {
        let rename = || sys::rename(&verbatim(from)?, &verbatim(to)?, MOVEFILE_WRITE_THROUGH);
        patiently(rename).map_err(|e| StorageError::new("move", from, e))
    }

    fn replace(&self, from: &Path, to: &Path) -> Result<()> {
        let flags = MOVEFILE_WRITE_THROUGH | MOVEFILE_REPLACE_EXISTING;
        let rename = || sys::rename(&verbatim(from)?, &verbatim(to)?, flags);
        patiently(rename).map_err(|e| StorageError::new("rename", from, e))
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        patiently(|| remove(path)).map_err(|e| StorageError::new("remove", path, e))
    }

    /// What nobody else may open, nobody may remove either: it is closed first. Whoever opens it in between is in
    /// the way of the removal, which then fails.
    fn remove_alone(&self, alone: Box<dyn File>) -> Result<bool> {
        let path = alone.path().to_owned();
        drop(alone);
        self.remove_file(&path).map(|()| true)
    }

    fn remove_dir(&self, path: &Path) -> Result<()> {
        let removed = verbatim(path).and_then(fs::remove_dir);
        removed.map_err(|e| StorageError::new("remove the folder", path, e))
    }

    /// The names are in the file system's own journal once a moved or removed file was written
    /// through, or a created one flushed. The folder is flushed too, where the file system takes it.
    fn sync_dir(&self, dir: &Path) -> Result<()> {
        let error = |e| StorageError::new("sync the folder", dir, e);
        look_at(dir, 0).map_err(error)?;
        match look_at(dir, FILE_ADD_FILE).and_then(|folder| folder.sync_all()) {
            Err(e) if !cannot(&e) => Err(error(e)),
            _ => Ok(()),
        }
    }

    fn free_bytes(&self, dir: &Path) -> Result<u64> {
        let free = verbatim(dir).and_then(|dir| sys::free_bytes(&dir));
        free.map_err(|e| StorageError::new("ask for free space", dir, e))
    }

    fn may_clone(&self, file: &Path, dir: &Path) -> bool {
        let volume = |path: &Path| self.status(path).ok().map(|status| status.identity.0);
        volume(file).is_some()
            && volume(file) == volume(dir)
            && look_at(file, 0).is_ok_and(|file| can_clone(&file))
    }

    fn may_write(&self, path: &Path) -> bool {
        let folder = self.status(path).is_ok_and(|status| status.kind == FileKind::Directory);
        let access = if folder { FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY } else { FILE_WRITE_DATA };
        match look_at(path, access) {
            Ok(_) => true,
            // Somebody has it open; whether that matters is asked elsewhere.
            Err(e) => is_busy(&e),
        }
    }
}

fn can_write_unbuffered(path: &Path) -> bool {
    let folder = verbatim(path).ok().and_then(|path| path.parent().map(Path::to_owned));
    let sector = folder.and_then(|folder| sys::sector_bytes(&folder).ok());
    sector.is_some_and(|bytes| bytes <= LARGEST_SECTOR_BYTES)
}

/// Removes a file, or a link, as its handle was written through; also one that is read-only, as
/// elsewhere. Older systems cannot do it in one go.
fn remove(path: &Path) -> io::Result<()> {
    let path = verbatim(path)?;
    let mut options = OpenOptions::new();
    options.access_mode(DELETE).share_mode(SHARED);
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_WRITE_THROUGH);
    let file = options.open(&path)?;
    let flags = FILE_DISPOSITION_FLAG_DELETE
        | FILE_DISPOSITION_FLAG_POSIX_SEMANTICS
        | FILE_DISPOSITION_FLAG_IGNORE_READONLY_ATTRIBUTE;
    match sys::delete_with(&file, flags) {
        Err(e) if cannot(&e) => {
            let mut permissions = fs::symlink_metadata(&path)?.permissions();
            if permissions.readonly() {
                #[allow(clippy::permissions_set_readonly_false)] // an attribute here, not a mode
                permissions.set_readonly(false);
                fs::set_permissions(&path, permissions)?;
            }
            sys::delete(&file)
        }
        done => done,
    }
}
