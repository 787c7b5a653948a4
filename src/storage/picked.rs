//! Files that somebody picked, as a browser hands them out: names, lengths, and bytes for the asking. Nothing of them
//! can be changed, and nothing else is there.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Result, StorageError};
use super::file::{DirectFile, Exclusive, File};
use super::file_system::{Access, Storage};
use super::private_map::PrivateMap;
use super::status::{FileKind, Status};

/// Who reads slices of the files.
pub trait Slices: Send + Sync {
    /// Reads at most `buffer.len()` bytes of a file, which is named by its place among those that were picked; 0 at
    /// its end.
    ///
    /// # Errors
    ///
    /// What the browser, or whoever holds the files, said.
    fn read_at(&self, file: usize, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// A file that was picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickedFile {
    /// Its path below what was picked, the name of the folder first.
    pub path: PathBuf,
    /// Its length in bytes.
    pub length_bytes: u64,
    /// When it was last changed, nanoseconds since 1970.
    pub modified_ns: i128,
}

/// Files that were picked, and the folders that their paths name. A folder without a file in it is not known.
pub struct Picked {
    slices: Arc<dyn Slices>,
    files: BTreeMap<PathBuf, (usize, Status)>,
    folders: BTreeMap<PathBuf, BTreeSet<OsString>>,
}

impl Picked {
    /// Of files, whose places `slices` knows them by.
    pub fn new(slices: Arc<dyn Slices>, picked: impl IntoIterator<Item = PickedFile>) -> Self {
        let mut all = Self { slices, files: BTreeMap::new(), folders: BTreeMap::new() };
        for (place, file) in picked.into_iter().enumerate() {
            all.add_folders_of(&file.path);
            all.files.insert(file.path.clone(), (place, status_of(place, &file)));
        }
        all
    }

    fn add_folders_of(&mut self, path: &Path) {
        let mut below = path;
        while let (Some(folder), Some(name)) = (below.parent(), below.file_name()) {
            self.folders.entry(folder.to_owned()).or_default().insert(name.to_owned());
            below = folder;
        }
    }

    fn find(&self, path: &Path) -> io::Result<Status> {
        let folder = || self.folders.contains_key(path).then(|| status_of_folder(path));
        let found = self.files.get(path).map(|(_, status)| status.clone()).or_else(folder);
        found.ok_or_else(|| ErrorKind::NotFound.into())
    }
}

fn status_of(place: usize, file: &PickedFile) -> Status {
    Status {
        kind: FileKind::Regular,
        length_bytes: file.length_bytes,
        allocated_bytes: file.length_bytes,
        identity: (0, place as u128),
        modified_ns: file.modified_ns,
        read_only: false,
    }
}

/// No two folders are one: each has its path for a number.
fn status_of_folder(path: &Path) -> Status {
    let path = path.as_os_str().as_encoded_bytes();
    let number = path.iter().fold(1_u128, |sum, &byte| sum.wrapping_mul(257) + u128::from(byte));
    Status {
        kind: FileKind::Directory,
        length_bytes: 0,
        allocated_bytes: 0,
        identity: (1, number),
        modified_ns: 0,
        read_only: true,
    }
}

fn never(action: &'static str, path: &Path) -> StorageError {
    StorageError::new(action, path, ErrorKind::ReadOnlyFilesystem)
}

impl Storage for Picked {
    fn status(&self, path: &Path) -> Result<Status> {
        self.find(path).map_err(|error| StorageError::new("look at", path, error))
    }

    fn absolute(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.find(path).map(|_| path.to_owned())
    }

    fn link_target(&self, _: &Path) -> Option<PathBuf> {
        None
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn File>> {
        if access == Access::ReadWrite {
            return Err(never("open", path));
        }
        let found = self.files.get(path);
        let (place, status) =
            found.ok_or_else(|| StorageError::new("open", path, ErrorKind::NotFound))?;
        let (slices, status) = (self.slices.clone(), status.clone());
        Ok(Box::new(OpenFile { slices, place: *place, path: path.to_owned(), status }))
    }

    fn list(&self, dir: &Path) -> Result<Vec<OsString>> {
        let names = self.folders.get(dir).map(|names| names.iter().cloned().collect());
        names.ok_or_else(|| StorageError::new("list", dir, ErrorKind::NotFound))
    }

    fn open_direct(&self, _: &Path) -> Result<Option<DirectFile>> {
        Ok(None)
    }

    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        Err(never("create", path))
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        Err(never("create the folder", path))
    }

    fn rename_new(&self, from: &Path, _: &Path) -> Result<()> {
        Err(never("rename", from))
    }

    fn replace(&self, _: &Path, to: &Path) -> Result<()> {
        Err(never("replace", to))
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        Err(never("remove", path))
    }

    fn remove_dir(&self, path: &Path) -> Result<()> {
        Err(never("remove the folder", path))
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        Err(never("sync the folder", dir))
    }

    fn free_bytes(&self, dir: &Path) -> Result<u64> {
        Err(never("ask for free space in", dir))
    }

    fn may_clone(&self, _: &Path, _: &Path) -> bool {
        false
    }

    fn may_write(&self, _: &Path) -> bool {
        false
    }
}

/// A file that was picked, open.
struct OpenFile {
    slices: Arc<dyn Slices>,
    place: usize,
    path: PathBuf,
    status: Status,
}

impl File for OpenFile {
    fn status(&self) -> Result<Status> {
        Ok(self.status.clone())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let read = self.slices.read_at(self.place, buffer, offset);
        read.map_err(|error| StorageError::at("read", &self.path, offset, error))
    }

    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>> {
        let all = offset..self.status.length_bytes;
        Ok((!all.is_empty()).then_some(all))
    }

    fn write_at(&self, _: &[u8], offset: u64) -> Result<()> {
        Err(StorageError { offset: Some(offset), ..never("write", &self.path) })
    }

    fn set_length(&self, _: u64) -> Result<()> {
        Err(never("set the length of", &self.path))
    }

    fn allow_holes(&self) -> Result<()> {
        Err(never("allow holes in", &self.path))
    }

    fn reserve(&self, _: u64) -> Result<()> {
        Err(never("reserve space for", &self.path))
    }

    fn sync(&self) -> Result<()> {
        Err(never("sync", &self.path))
    }

    fn drop_cache(&self) -> bool {
        false
    }

    fn map_private(&self, length_bytes: usize) -> Result<PrivateMap> {
        let mut copy = vec![0; length_bytes];
        super::reader::read_full(self, &mut copy, 0)?;
        Ok(PrivateMap::of(copy))
    }

    fn lock(&self) -> Exclusive {
        Exclusive::Unproven("whoever holds picked files does not say who else has them open".into())
    }

    fn lock_is_undisputed(&self) -> bool {
        true
    }

    fn clone_from(&self, _: &dyn File) -> Result<bool> {
        Ok(false)
    }

    fn adopt_access(&self, _: &dyn File) -> Result<()> {
        Err(never("set the rights of", &self.path))
    }

    fn os(&self) -> Option<&std::fs::File> {
        None
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct InMemory(Vec<Vec<u8>>);

    impl Slices for InMemory {
        fn read_at(&self, file: usize, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            let rest = self.0[file].get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }
    }

    fn picked() -> Picked {
        let file = |path: &str, length_bytes| PickedFile {
            path: path.into(),
            length_bytes,
            modified_ns: 1_000_000,
        };
        let files = [file("mdbdata/priv1.edb", 3), file("mdbdata/logs/E00.log", 2)];
        Picked::new(Arc::new(InMemory(vec![b"abc".to_vec(), b"de".to_vec()])), files)
    }

    #[test]
    fn it_has_the_files_that_were_picked_and_their_folders() {
        let storage = picked();
        let kind = |path: &str| storage.status(Path::new(path)).map(|status| status.kind).ok();
        assert_eq!(kind("mdbdata/priv1.edb"), Some(FileKind::Regular));
        assert_eq!(kind("mdbdata/logs"), Some(FileKind::Directory));
        assert_eq!(kind("mdbdata/pub1.edb"), None);
        let names = storage.list(Path::new("mdbdata")).unwrap();
        assert_eq!(names, ["logs", "priv1.edb"]);
        assert!(storage.list(Path::new("elsewhere")).unwrap_err().is_not_found());
        assert_eq!(storage.canonical(Path::new("mdbdata")).unwrap(), Path::new("mdbdata"));
        assert!(storage.canonical(Path::new("nowhere")).is_err());
    }

    #[test]
    fn it_reads_slices_and_never_writes() {
        let storage = picked();
        let path = Path::new("mdbdata/logs/E00.log");
        let file = storage.open(path, Access::Read).unwrap();
        let mut buffer = [0; 4];
        assert_eq!(file.read_at(&mut buffer, 1).unwrap(), 1);
        assert_eq!(buffer[0], b'e');
        assert_eq!(file.read_at(&mut buffer, 2).unwrap(), 0);
        assert!(file.write_at(b"x", 0).unwrap_err().is_on_read_only_volume());
        assert!(storage.open(path, Access::ReadWrite).is_err());
        assert!(storage.create(Path::new("mdbdata/new")).is_err());
        assert!(storage.remove_file(path).is_err());
    }
}
