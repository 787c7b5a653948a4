//! A storage around the real one that asks a script before each call whether it may happen.

use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use edbmend::apply::{Context, NoObserver};

use edbmend::storage::{
    Access, DirectFile, Disk, Exclusive, File, HeldFolder, PrivateMap, Result, Sharing, Status,
    Storage, StorageError,
};

/// A call that is about to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name: "write", "sync", "create", ...
    pub name: &'static str,
    /// Whether it changes the medium or makes a change durable.
    pub changes: bool,
    /// The file or folder.
    pub path: PathBuf,
    /// The bytes that are read or written.
    pub bytes: Range<u64>,
}

/// Answers each call: `Some` is the error it fails with, instead of happening.
pub type Script = dyn FnMut(&Call) -> Option<io::ErrorKind> + Send;

/// The real storage, under a script.
#[derive(Clone)]
pub struct Scripted {
    script: Arc<Mutex<Box<Script>>>,
}

impl Scripted {
    pub fn new(script: impl FnMut(&Call) -> Option<io::ErrorKind> + Send + 'static) -> Self {
        Self { script: Arc::new(Mutex::new(Box::new(script))) }
    }

    fn ask(&self, name: &'static str, changes: bool, path: &Path) -> Result<()> {
        self.ask_about(name, changes, path, 0..0)
    }

    fn ask_about(
        &self,
        name: &'static str,
        changes: bool,
        path: &Path,
        bytes: Range<u64>,
    ) -> Result<()> {
        let call = Call { name, changes, path: path.to_owned(), bytes };
        match (self.script.lock().unwrap())(&call) {
            Some(kind) => Err(StorageError::new(name, path, io::Error::from(kind))),
            None => Ok(()),
        }
    }
}

const CHANGES: bool = true;
const LOOKS: bool = false;

impl Storage for Scripted {
    fn status(&self, path: &Path) -> Result<Status> {
        self.ask("status", LOOKS, path)?;
        Disk.status(path)
    }
    fn absolute(&self, path: &Path) -> io::Result<PathBuf> {
        Disk.absolute(path)
    }
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        Disk.canonical(path)
    }
    fn absolute_by_own_links(&self, path: &Path) -> io::Result<PathBuf> {
        Disk.absolute_by_own_links(path)
    }
    fn canonical_by_own_links(&self, dir: &Path) -> io::Result<PathBuf> {
        Disk.canonical_by_own_links(dir)
    }
    fn link_target(&self, path: &Path) -> Option<PathBuf> {
        Disk.link_target(path)
    }
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn File>> {
        self.ask("open", LOOKS, path)?;
        Ok(Box::new(ScriptedFile { inner: Disk.open(path, access)?, storage: self.clone() }))
    }
    fn open_direct(&self, path: &Path) -> Result<Option<DirectFile>> {
        self.ask("open_direct", LOOKS, path)?;
        let direct = Disk.open_direct(path)?;
        Ok(direct.map(|direct| {
            let file = ScriptedFile { inner: direct.file, storage: self.clone() };
            DirectFile { file: Box::new(file), ..direct }
        }))
    }
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        self.ask("create", CHANGES, path)?;
        Ok(Box::new(ScriptedFile { inner: Disk.create(path)?, storage: self.clone() }))
    }
    fn create_dir(&self, path: &Path) -> Result<()> {
        self.ask("create_dir", CHANGES, path)?;
        Disk.create_dir(path)
    }
    fn list(&self, dir: &Path) -> Result<Vec<OsString>> {
        self.ask("list", LOOKS, dir)?;
        Disk.list(dir)
    }
    fn rename_new(&self, from: &Path, to: &Path) -> Result<()> {
        self.ask("rename_new", CHANGES, from)?;
        Disk.rename_new(from, to)
    }
    fn replace(&self, from: &Path, to: &Path) -> Result<()> {
        self.ask("replace", CHANGES, to)?;
        Disk.replace(from, to)
    }
    fn remove_file(&self, path: &Path) -> Result<()> {
        self.ask("remove_file", CHANGES, path)?;
        Disk.remove_file(path)
    }
    fn remove_dir(&self, path: &Path) -> Result<()> {
        self.ask("remove_dir", CHANGES, path)?;
        Disk.remove_dir(path)
    }
    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.ask("sync_dir", CHANGES, dir)?;
        Disk.sync_dir(dir)
    }
    fn free_bytes(&self, dir: &Path) -> Result<u64> {
        self.ask("free_bytes", LOOKS, dir)?;
        Disk.free_bytes(dir)
    }
    fn may_clone(&self, file: &Path, dir: &Path) -> bool {
        Disk.may_clone(file, dir)
    }
    fn hold_folder(&self, dir: &Path) -> Result<HeldFolder> {
        Disk.hold_folder(dir)
    }
    fn sharing(&self, path: &Path) -> Result<Sharing> {
        Disk.sharing(path)
    }
    fn names_of(&self, path: &Path) -> u64 {
        Disk.names_of(path)
    }
    fn may_rename(&self, from: &Path, to: &Path) -> bool {
        Disk.may_rename(from, to)
    }
    fn may_write(&self, path: &Path) -> bool {
        Disk.may_write(path)
    }
}

struct ScriptedFile {
    inner: Box<dyn File>,
    storage: Scripted,
}

impl ScriptedFile {
    fn ask(&self, name: &'static str, changes: bool) -> Result<()> {
        self.storage.ask(name, changes, self.inner.path())
    }

    fn ask_about(
        &self,
        name: &'static str,
        changes: bool,
        offset: u64,
        bytes: &[u8],
    ) -> Result<()> {
        let range = offset..offset + bytes.len() as u64;
        self.storage.ask_about(name, changes, self.inner.path(), range)
    }
}

impl File for ScriptedFile {
    fn status(&self) -> Result<Status> {
        self.ask("status", LOOKS)?;
        self.inner.status()
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.ask_about("read", LOOKS, offset, buffer)?;
        self.inner.read_at(buffer, offset)
    }
    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>> {
        self.ask("next_data", LOOKS)?;
        self.inner.next_data(offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.ask_about("write", CHANGES, offset, bytes)?;
        self.inner.write_at(bytes, offset)
    }
    fn set_length(&self, length_bytes: u64) -> Result<()> {
        self.ask("set_length", CHANGES)?;
        self.inner.set_length(length_bytes)
    }
    fn allow_holes(&self) -> Result<()> {
        self.ask("allow_holes", CHANGES)?;
        self.inner.allow_holes()
    }
    fn reserve(&self, length_bytes: u64) -> Result<()> {
        self.ask("reserve", CHANGES)?;
        self.inner.reserve(length_bytes)
    }
    fn sync(&self) -> Result<()> {
        self.ask("sync", CHANGES)?;
        self.inner.sync()
    }
    fn drop_cache(&self) -> bool {
        self.inner.drop_cache()
    }
    fn map_private(&self, length_bytes: usize) -> Result<PrivateMap> {
        self.ask("map", LOOKS)?;
        self.inner.map_private(length_bytes)
    }
    fn lock(&self) -> Exclusive {
        self.inner.lock()
    }
    fn lock_is_undisputed(&self) -> bool {
        self.inner.lock_is_undisputed()
    }
    fn clone_from(&self, source: &dyn File) -> Result<bool> {
        self.ask("clone", CHANGES)?;
        self.inner.clone_from(source)
    }
    fn adopt_access(&self, source: &dyn File) -> Result<()> {
        self.ask("adopt_access", CHANGES)?;
        self.inner.adopt_access(source)
    }
    fn os(&self) -> Option<&std::fs::File> {
        self.inner.os()
    }
    fn path(&self) -> &Path {
        self.inner.path()
    }
}

static NEVER: AtomicBool = AtomicBool::new(false);

/// The surroundings of an operation that nobody watches or interrupts.
pub fn context(storage: &dyn Storage) -> Context<'_> {
    Context { storage, observer: &NoObserver, interrupted: &NEVER }
}

/// From the `n`th changing call on nothing happens any more: a process that was killed.
pub fn stopping_at(n: usize) -> (Scripted, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let script = move |call: &Call| {
        if call.changes {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        (counted.load(Ordering::SeqCst) > n).then_some(io::ErrorKind::Other)
    };
    (Scripted::new(script), count)
}
