//! Pictures of a folder, before and after.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// SHA-256 of a file, in hexadecimal.
pub fn sha256(path: &Path) -> String {
    digest(&fs::read(path).unwrap())
}

/// SHA-256 of bytes, in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// One name of a picture: what a write would change.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    mode: u32,
    inode: u64,
    mtime: (i64, i64),
    content: Option<Vec<u8>>,
}

/// Everything in a folder and the folder itself: names, bytes, mode, inode, and times of change.
/// The folder's own time also tells of a name that came and went.
pub fn snapshot(dir: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut entries = BTreeMap::new();
    add(dir, &mut entries);
    entries
}

fn add(path: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let kind = metadata.file_type();
    let content = kind.is_file().then(|| fs::read(path).unwrap());
    let mtime = (metadata.mtime(), metadata.mtime_nsec());
    let (mode, inode) = (metadata.mode(), metadata.ino());
    entries.insert(path.to_owned(), Entry { mode, inode, mtime, content });
    if kind.is_dir() {
        names(path).iter().for_each(|name| add(&path.join(name), entries));
    }
}

/// The names in a folder, sorted.
pub fn names(dir: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// A path that is text.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A fresh folder in memory, where that can be had: a test that syncs a thousand times must not wait for the
/// disk of this machine.
pub fn in_memory() -> TempDir {
    let mut folder = tempfile::Builder::new();
    folder.prefix("edbmend-test-");
    folder.tempdir_in("/dev/shm").or_else(|_| folder.tempdir()).unwrap()
}
