//! A [`Storage`] in memory that writes every effect down.

use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use edbmend::storage::{
    Access, DirectFile, Exclusive, File, FileKind, PrivateMap, Result, Status, Storage,
    StorageError,
};

use super::event::Event;
use super::second_writer::{Handle, Script, Told, World};
use super::tree::{Ino, Tree, name_of};

/// Says how the call of this name on this path fails, if it does. `WriteZero` is a short write.
pub type Fault = dyn FnMut(&str, &Path) -> Option<io::ErrorKind> + Send;

/// The file system. The first folder of a path is its volume.
#[derive(Clone)]
pub struct Sim {
    inner: Arc<Mutex<Inner>>,
}

pub(super) struct Inner {
    pub(super) now: Tree,
    log: Vec<Arc<Event>>,
    fault: Box<Fault>,
    pub(super) world: World,
}

impl Sim {
    pub fn on(now: Tree) -> Self {
        Self::failing(now, |_, _| None)
    }

    pub fn failing(
        now: Tree,
        fault: impl FnMut(&str, &Path) -> Option<io::ErrorKind> + Send + 'static,
    ) -> Self {
        Self::of(now, Box::new(fault), World::default())
    }

    /// With a clock and a second process, which do what the script says.
    pub fn beside(now: Tree, script: Script) -> Self {
        Self::of(now, Box::new(|_, _| None), World::playing(script))
    }

    fn of(now: Tree, fault: Box<Fault>, world: World) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { now, log: Vec::new(), fault, world })) }
    }

    /// What became of the second process, once nobody works any more.
    pub fn told(&self) -> Told {
        self.inner().told()
    }

    /// The second process ends what it began, in an orderly way, and is gone.
    pub fn dismount(&self) {
        self.inner().dismount();
    }

    pub fn now(&self) -> Tree {
        self.inner().now.clone()
    }

    pub fn log(&self) -> Vec<Arc<Event>> {
        self.inner().log.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, ino: Ino, path: &Path) -> Box<dyn File> {
        let handle = self.inner().world.next_handle();
        let (sim, path, leased) = (self.clone(), path.to_owned(), AtomicBool::new(false));
        Box::new(SimFile { sim, ino, path, handle, leased })
    }
}

impl Inner {
    pub(super) fn record(&mut self, event: Event) {
        event.apply(&mut self.now);
        self.log.push(Arc::new(event));
    }

    fn find(&self, path: &Path) -> Result<Ino> {
        self.now.find(path).ok_or_else(|| error("look at", path, io::ErrorKind::NotFound))
    }

    fn place(&self, path: &Path) -> Result<(Ino, String)> {
        Ok((self.find(path.parent().unwrap_or(Path::new("/")))?, name_of(path)))
    }

    fn check(&mut self, call: &'static str, path: &Path) -> Result<()> {
        self.enter();
        match (self.fault)(call, path) {
            Some(kind) => Err(error(call, path, kind)),
            None => Ok(()),
        }
    }

    fn must_be_free(&self, call: &'static str, path: &Path) -> Result<()> {
        match self.now.find(path) {
            Some(_) => Err(error(call, path, io::ErrorKind::AlreadyExists)),
            None => Ok(()),
        }
    }

    pub(super) fn add(&mut self, call: &'static str, path: &Path, is_dir: bool) -> Result<Ino> {
        self.check(call, path)?;
        self.must_be_free(call, path)?;
        let (dir, name) = self.place(path)?;
        let ino = self.now.next_ino();
        self.now.ensure(ino, is_dir);
        self.record(Event::Link { dir, name, ino, is_dir });
        Ok(ino)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        if volume_of(from) != volume_of(to) {
            return Err(error("move", from, io::ErrorKind::CrossesDevices));
        }
        let ino = self.find(from)?;
        self.about_to_move(ino, from);
        let (from, to) = (self.place(from)?, self.place(to)?);
        self.record(Event::Rename { from, to, ino });
        Ok(())
    }

    fn status(&self, ino: Ino, path: &Path) -> Status {
        let length = self.now.bytes(ino).map(|bytes| bytes.len() as u64);
        Status {
            kind: if length.is_some() { FileKind::Regular } else { FileKind::Directory },
            length_bytes: length.unwrap_or(0),
            allocated_bytes: length.unwrap_or(0),
            identity: (volume_of(path), ino as u128),
            modified_ns: self.world.modified_ns(ino),
            read_only: false,
        }
    }

    fn resize(&mut self, ino: Ino, to: usize) {
        let from = self.now.bytes(ino).unwrap().len();
        if from != to {
            self.record(Event::Length { ino, from, to });
        }
    }

    pub(super) fn write(&mut self, ino: Ino, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        let length = self.now.bytes(ino).unwrap().len();
        self.resize(ino, length.max(end));
        let before = self.now.bytes(ino).unwrap()[offset..end].to_vec();
        self.record(Event::Data { ino, offset, before, after: bytes.to_vec() });
    }
}

fn error(call: &'static str, path: &Path, kind: io::ErrorKind) -> StorageError {
    StorageError::new(call, path, kind)
}

fn volume_of(path: &Path) -> u64 {
    let first = path.components().nth(1).map(|name| name.as_os_str().len() as u64);
    first.unwrap_or(0)
}

impl Storage for Sim {
    fn status(&self, path: &Path) -> Result<Status> {
        let mut inner = self.inner();
        inner.check("status", path)?;
        Ok(inner.status(inner.find(path)?, path))
    }
    fn absolute(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
    fn link_target(&self, _: &Path) -> Option<PathBuf> {
        None
    }
    fn open(&self, path: &Path, _: Access) -> Result<Box<dyn File>> {
        let mut inner = self.inner();
        inner.check("open", path)?;
        let ino = inner.find(path)?;
        if inner.world.is_leased(ino) {
            return Err(error("open", path, io::ErrorKind::WouldBlock));
        }
        drop(inner);
        Ok(self.file(ino, path))
    }
    fn open_direct(&self, _: &Path) -> Result<Option<DirectFile>> {
        Ok(None)
    }
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        let ino = self.inner().add("create", path, false)?;
        Ok(self.file(ino, path))
    }
    fn create_whole(&self, path: &Path, content: &[u8]) -> Result<Box<dyn File>> {
        let mut inner = self.inner();
        inner.check("create", path)?;
        inner.must_be_free("create", path)?;
        let (dir, name) = inner.place(path)?;
        let ino = inner.now.next_ino();
        inner.now.ensure(ino, false);
        inner.check("write", path)?;
        inner.write(ino, content, 0);
        inner.check("sync", path)?;
        inner.record(Event::SyncFile(ino));
        inner.record(Event::Link { dir, name, ino, is_dir: false });
        drop(inner);
        Ok(self.file(ino, path))
    }
    fn create_dir(&self, path: &Path) -> Result<()> {
        self.inner().add("create_dir", path, true).map(|_| ())
    }
    fn list(&self, dir: &Path) -> Result<Vec<OsString>> {
        let mut inner = self.inner();
        inner.check("list", dir)?;
        let entries = inner.now.entries(inner.find(dir)?);
        let entries = entries.ok_or_else(|| error("list", dir, io::ErrorKind::NotADirectory))?;
        Ok(entries.keys().map(OsString::from).collect())
    }
    fn rename_new(&self, from: &Path, to: &Path) -> Result<()> {
        let mut inner = self.inner();
        inner.check("rename_new", from)?;
        inner.must_be_free("move", to)?;
        inner.rename(from, to)
    }
    fn replace(&self, from: &Path, to: &Path) -> Result<()> {
        let mut inner = self.inner();
        inner.check("replace", to)?;
        inner.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> Result<()> {
        let mut inner = self.inner();
        inner.check("remove_file", path)?;
        let ino = inner.find(path)?;
        inner.about_to_remove(ino, path);
        let (dir, name) = inner.place(path)?;
        inner.record(Event::Unlink { dir, name });
        Ok(())
    }
    fn remove_dir(&self, path: &Path) -> Result<()> {
        let mut inner = self.inner();
        inner.check("remove_dir", path)?;
        let ino = inner.find(path)?;
        if inner.now.entries(ino).is_none_or(|entries| !entries.is_empty()) {
            return Err(error("remove_dir", path, io::ErrorKind::DirectoryNotEmpty));
        }
        let (dir, name) = inner.place(path)?;
        inner.record(Event::Unlink { dir, name });
        Ok(())
    }
    fn sync_dir(&self, dir: &Path) -> Result<()> {
        let mut inner = self.inner();
        inner.check("sync_dir", dir)?;
        let ino = inner.find(dir)?;
        inner.record(Event::SyncDir(ino));
        Ok(())
    }
    fn free_bytes(&self, _: &Path) -> Result<u64> {
        Ok(1 << 40)
    }
    fn may_clone(&self, _: &Path, _: &Path) -> bool {
        false
    }
    fn may_write(&self, _: &Path) -> bool {
        true
    }
    fn clock(&self) -> Duration {
        self.inner().clock()
    }
    fn pause(&self, time: Duration) {
        self.inner().pass(time);
    }
    fn lock_break_time(&self) -> Option<Duration> {
        let mut inner = self.inner();
        inner.enter();
        inner.world.break_time()
    }
}

struct SimFile {
    sim: Sim,
    ino: Ino,
    path: PathBuf,
    handle: Handle,
    leased: AtomicBool,
}

impl Drop for SimFile {
    fn drop(&mut self) {
        self.sim.inner().close(self.handle);
    }
}

impl File for SimFile {
    fn status(&self) -> Result<Status> {
        Ok(self.sim.inner().status(self.ino, &self.path))
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut inner = self.sim.inner();
        inner.check("read", &self.path)?;
        let bytes = inner.now.bytes(self.ino).unwrap();
        let start = (offset as usize).min(bytes.len());
        let count = buffer.len().min(bytes.len() - start);
        buffer[..count].copy_from_slice(&bytes[start..start + count]);
        Ok(count)
    }
    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>> {
        let length = self.status()?.length_bytes;
        Ok((offset < length).then_some(offset..length))
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let mut inner = self.sim.inner();
        let checked = inner.check("write", &self.path);
        match &checked {
            Ok(()) => {
                inner.about_to_write(self.ino, offset as usize, bytes.len());
                inner.write(self.ino, bytes, offset as usize);
            }
            Err(short) if short.source.kind() == io::ErrorKind::WriteZero => {
                inner.write(self.ino, &bytes[..bytes.len() / 2], offset as usize);
            }
            Err(_) => {}
        }
        checked
    }
    fn set_length(&self, length_bytes: u64) -> Result<()> {
        self.sim.inner().resize(self.ino, length_bytes as usize);
        Ok(())
    }
    fn allow_holes(&self) -> Result<()> {
        Ok(())
    }
    fn reserve(&self, length_bytes: u64) -> Result<()> {
        let mut inner = self.sim.inner();
        inner.check("reserve", &self.path)?;
        let length = inner.now.bytes(self.ino).unwrap().len();
        inner.resize(self.ino, length.max(length_bytes as usize));
        Ok(())
    }
    fn sync(&self) -> Result<()> {
        let mut inner = self.sim.inner();
        let checked = inner.check("sync", &self.path);
        inner.record(match checked {
            Ok(()) => Event::SyncFile(self.ino),
            Err(_) => Event::SyncFailed(self.ino),
        });
        checked
    }
    fn drop_cache(&self) -> bool {
        true
    }
    fn map_private(&self, length_bytes: usize) -> Result<PrivateMap> {
        let mut inner = self.sim.inner();
        inner.check("map", &self.path)?;
        Ok(PrivateMap::of(inner.now.bytes(self.ino).unwrap()[..length_bytes].to_vec()))
    }
    fn lock(&self) -> Exclusive {
        let mut inner = self.sim.inner();
        inner.enter();
        let is_granted = inner.world.lease(self.ino, self.handle);
        self.leased.store(is_granted, Ordering::SeqCst);
        if is_granted { Exclusive::Granted } else { Exclusive::InUse }
    }
    fn lock_is_undisputed(&self) -> bool {
        let mut inner = self.sim.inner();
        inner.enter();
        !self.leased.load(Ordering::SeqCst) || inner.world.is_undisputed(self.ino, self.handle)
    }
    fn clone_from(&self, _: &dyn File) -> Result<bool> {
        Ok(false)
    }
    fn adopt_access(&self, _: &dyn File) -> Result<()> {
        Ok(())
    }
    fn os(&self) -> Option<&std::fs::File> {
        None
    }
    fn path(&self) -> &Path {
        &self.path
    }
}
