//! The files of an operation folder: their names, and how they are read.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::show::Sha256Hex;
use crate::storage::{
    Access, File, FileKind, FileReader, HeldFolder, Storage, StorageError, read_full, write_stream,
};

/// Name of the plan.
pub const PLAN_NAME: &str = "plan.json";
/// Name of the journal.
pub const JOURNAL_NAME: &str = "journal";
/// Name of the image of both header pages before.
pub const HEADER_BEFORE_NAME: &str = "header-before.bin";
/// Name of the image of both header pages after.
pub const HEADER_AFTER_NAME: &str = "header-after.bin";
/// Name of what the pages are known by.
pub const FINGERPRINT_NAME: &str = "fingerprint.json";
/// Name of the report that a finished operation leaves for programs.
pub const REPORT_NAME: &str = "report.json";
/// Name of the image of both header pages of a database whose logs are reset, by its place in the plan.
pub fn header_name(place: usize) -> String {
    format!("header-{}.bin", place + 1)
}

/// Whether that is such a name.
pub fn is_header_name(name: &str) -> bool {
    let place = name.strip_prefix("header-").and_then(|rest| rest.strip_suffix(".bin"));
    place
        .and_then(|place| place.parse::<usize>().ok())
        .is_some_and(|place| place.checked_sub(1).is_some_and(|place| header_name(place) == name))
}

/// Name of the list of digests.
pub const SUMS_NAME: &str = "SHA256SUMS";

/// Name of the folder beside a database that holds its operation folders by default.
pub const DEFAULT_BACKUP_DIR: &str = "edbmend";

/// Largest of the small files, in bytes. The plan of a reset of 100,000 logs has some 12 MiB.
const SMALL_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// Longest line of `SHA256SUMS`, in bytes: a digest, and a name as long as any file system takes, in a folder.
const SUMS_LINE_BYTES: u64 = 1024;

/// Largest of the sealed files, in bytes: a marker with the longest paths of a hundred databases fits.
const SEALED_FILE_BYTES: u64 = 1024 * 1024;

/// Whether a folder is an operation folder: it is named like one and holds a file of one, or it holds two
/// of them, whatever its name is now. One alone says nothing: `/var/log` may have a `journal`.
pub fn is_operation_folder(storage: &dyn Storage, dir: &Path) -> bool {
    let is_file = |name: &&str| {
        storage.status(&dir.join(name)).is_ok_and(|status| status.kind == FileKind::Regular)
    };
    let names = [JOURNAL_NAME, PLAN_NAME, HEADER_BEFORE_NAME, SUMS_NAME];
    let enough = if has_operation_name(dir) { 1 } else { 2 };
    names.iter().filter(|name| is_file(name)).count() >= enough
}

/// Whether a folder is named as operations name theirs.
pub fn has_operation_name(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with("edbmend-"))
}

/// Whether a folder is what a power loss may leave of an operation before its marker is durable: nothing had
/// begun.
pub fn is_empty_operation(storage: &dyn Storage, dir: &Path) -> bool {
    has_operation_name(dir) && storage.list(dir).is_ok_and(|names| names.is_empty())
}

/// Reads a small file whole.
pub fn read_small(storage: &dyn Storage, path: &Path) -> Result<Vec<u8>, StorageError> {
    let (bytes, length) = read_start(storage, path, SMALL_FILE_BYTES)?;
    if length > SMALL_FILE_BYTES {
        let error =
            io::Error::other(format!("{length} bytes, expected at most {SMALL_FILE_BYTES}"));
        return Err(StorageError::new("read", path, error));
    }
    Ok(bytes)
}

/// Reads a marker or a journal. Of what is longer than any of them it reads the start, which has no seal that is
/// right.
pub fn read_sealed(file: &dyn File) -> Result<Vec<u8>, StorageError> {
    read_from(file, SEALED_FILE_BYTES).map(|(bytes, _)| bytes)
}

/// Reads up to `most` bytes of a file; and how many it has.
pub fn read_start(
    storage: &dyn Storage,
    path: &Path,
    most: u64,
) -> Result<(Vec<u8>, u64), StorageError> {
    read_from(storage.open(path, Access::Read)?.as_ref(), most)
}

/// Reads up to `most` bytes of an open file; and how many it has.
fn read_from(file: &dyn File, most: u64) -> Result<(Vec<u8>, u64), StorageError> {
    let length = file.status()?.length_bytes;
    let wanted = length.min(most) as usize;
    let mut bytes = Vec::new();
    let no_memory =
        |_| StorageError::new("read", file.path(), io::Error::from(io::ErrorKind::OutOfMemory));
    bytes.try_reserve_exact(wanted).map_err(no_memory)?;
    bytes.resize(wanted, 0);
    let read = read_full(file, &mut bytes, 0)?;
    bytes.truncate(read);
    Ok((bytes, length))
}

/// Reads a small file whole; `None` where there is none.
pub fn read_if_there(storage: &dyn Storage, path: &Path) -> Result<Option<Vec<u8>>, StorageError> {
    match read_small(storage, path) {
        Err(error) if error.is_not_found() => Ok(None),
        read => read.map(Some),
    }
}

/// A line of `SHA256SUMS`, as `sha256sum -c` reads it.
pub fn sums_line(sha256_hex: &str, name: &str) -> String {
    format!("{sha256_hex}  {name}\n")
}

/// The digests in the `SHA256SUMS` of an operation folder of the files that are wanted, by their names; none where it
/// cannot be read. It is read line by line: nothing vouches for its size.
pub fn read_sums(
    storage: &dyn Storage,
    dir: &Path,
    is_wanted: impl Fn(&str) -> bool,
) -> BTreeMap<String, Sha256Hex> {
    let mut sums = BTreeMap::new();
    let Ok(file) = storage.open(&dir.join(SUMS_NAME), Access::Read) else { return sums };
    let mut lines = io::BufReader::new(FileReader::new(file.as_ref()).take(SMALL_FILE_BYTES));
    let mut line = Vec::new();
    while let Ok(1..) = lines.by_ref().take(SUMS_LINE_BYTES).read_until(b'\n', &mut line) {
        let digest_of = sums_of_line(&line).filter(|(name, _)| is_wanted(name));
        sums.extend(digest_of.map(|(name, sha256)| (name.to_owned(), sha256)));
        line.clear();
    }
    sums
}

/// The name and the digest in a line of `SHA256SUMS`.
fn sums_of_line(line: &[u8]) -> Option<(&str, Sha256Hex)> {
    let (sha256, name) = std::str::from_utf8(line).ok()?.trim_end().split_once("  ")?;
    Some((name, Sha256Hex::parse(sha256)?))
}

/// The digests in the content of a `SHA256SUMS`, with the names of the files.
pub fn sums_in(bytes: &[u8]) -> impl Iterator<Item = (&str, Sha256Hex)> {
    bytes.split(|byte| *byte == b'\n').filter_map(sums_of_line)
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Keeps folders open, as far as they are there.
pub fn hold_folders(
    storage: &dyn Storage,
    dirs: impl IntoIterator<Item = impl AsRef<Path>>,
) -> Result<Vec<HeldFolder>, StorageError> {
    let there = dirs.into_iter().filter(|dir| storage.status(dir.as_ref()).is_ok());
    there.map(|dir| storage.hold_folder(dir.as_ref())).collect()
}

/// Leaves the report of a finished operation in its folder; a failure is told, and harms nothing.
pub fn leave_report(
    storage: &dyn Storage,
    dir: &Path,
    name: &str,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), StorageError> {
    let path = dir.join(name);
    let _held = hold_folders(storage, dir.parent().into_iter().chain([dir]))?;
    storage.create(&path).and_then(|file| {
        write_stream(file.as_ref(), write)?;
        file.sync()
    })
}
