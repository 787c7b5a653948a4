//! Single databases of real sets, unpacked into temporary folders with what belongs to them.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::files;

/// Offset of the state, and its value after a clean shutdown.
const STATE_OFFSET: usize = 52;
const CLEAN_SHUTDOWN: u32 = 3;

/// The dword at an offset of a file.
pub fn dword(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().expect("four bytes"))
}

/// The page size that a header names; 0 stands for 4096.
pub fn page_size_of(header: &[u8]) -> usize {
    match dword(header, 236) {
        0 => 4096,
        bytes => bytes as usize,
    }
}

/// Format revision of a database.
pub fn revision_of(header: &[u8]) -> u32 {
    dword(header, 232)
}

/// Whether the 28 bytes of the log signature are all zero.
pub fn is_without_log_signature(header: &[u8]) -> bool {
    header[108..136].iter().all(|&byte| byte == 0)
}

/// The header checksum, written down a second time so that the program does not judge itself.
pub fn header_checksum(page: &[u8]) -> u32 {
    page.chunks_exact(4).skip(1).fold(0x89ab_cdef, |sum, bytes| sum ^ dword(bytes, 0))
}

/// One database of a real engine.
#[derive(Clone)]
pub struct Sample {
    /// Its path, as [`files::read`] takes it.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Sample {
    /// One database that is known by its path.
    pub fn of(path: &str) -> Self {
        Self { path: path.into(), bytes: files::read(path) }
    }

    /// Whether the header says Clean Shutdown.
    pub fn is_clean(&self) -> bool {
        dword(&self.bytes, STATE_OFFSET) == CLEAN_SHUTDOWN
    }

    /// Page size in bytes.
    pub fn page_size(&self) -> usize {
        page_size_of(&self.bytes)
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().expect("a name")
    }

    /// The folder that holds the log stream: the database's own, or its parent.
    fn log_folder(&self) -> Option<PathBuf> {
        let set = self.path.rsplit_once('/')?.0;
        let own = files::set_folder(set);
        let parent = own.parent()?.to_owned();
        [own, parent].into_iter().find(|dir| names_in(dir).iter().any(|name| is_log(name)))
    }

    /// Puts `bytes` as this database into a folder of its own, with its logs and its checkpoint.
    pub fn unpack(&self, bytes: &[u8]) -> Unpacked {
        let dir = tempfile::tempdir().expect("a temporary folder");
        if let Some(folder) = self.log_folder() {
            names_in(&folder)
                .into_iter()
                .filter(|name| name.ends_with(".gz") && belongs_to_stream(name))
                .for_each(|name| unpack_into(&folder.join(name), dir.path()));
        }
        let database = dir.path().join(self.name());
        std::fs::write(&database, bytes).expect("a written file");
        Unpacked { dir, database }
    }

    /// Puts it, unchanged, into such a folder.
    pub fn unpack_as_it_is(&self) -> Unpacked {
        self.unpack(&self.bytes)
    }
}

/// A database in a temporary folder.
pub struct Unpacked {
    /// Its folder.
    pub dir: TempDir,
    /// The file.
    pub database: PathBuf,
}

impl Unpacked {
    /// The content of the database now.
    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.database).expect("a readable file")
    }

    /// Every name in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        names_in(self.dir.path())
    }

    /// The logs that are no temporary and no reserve logs.
    pub fn logs(&self) -> Vec<PathBuf> {
        let stream = |name: &String| is_log(name) && !name.contains("tmp") && !name.contains("res");
        self.names().iter().filter(|name| stream(name)).map(|n| self.dir.path().join(n)).collect()
    }
}

fn is_log(name: &str) -> bool {
    [".log", ".jtx"].iter().any(|end| name.trim_end_matches(".gz").ends_with(end))
}

fn belongs_to_stream(name: &str) -> bool {
    let ends = [".chk", ".jcp", ".jfm", ".jrs", ".stm"];
    is_log(name) || ends.iter().any(|end| name.trim_end_matches(".gz").ends_with(end))
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn unpack_into(packed: &Path, dir: &Path) {
    let name = packed.file_stem().expect("a name");
    std::fs::write(dir.join(name), files::read_packed(packed)).expect("a written file");
}

/// Every database of a part of the real files, whatever its name: what counts is its content.
pub fn databases_below(part: &str) -> Vec<Sample> {
    let mut paths = Vec::new();
    collect(&files::shared_folder().join("data").join(part), part, &mut paths);
    paths.sort();
    paths.iter().map(|path| Sample::of(path)).filter(|s| is_database(&s.bytes)).collect()
}

fn collect(dir: &Path, prefix: &str, paths: &mut Vec<String>) {
    for name in names_in(dir) {
        let (path, shown) = (dir.join(&name), format!("{prefix}/{name}"));
        if path.is_dir() {
            collect(&path, &shown, paths);
        } else if let Some(unpacked) = shown.strip_suffix(".gz").filter(|_| !is_log(&name)) {
            paths.push(unpacked.into());
        }
    }
}

/// Magic, version 0x620 and the file type of a database; a checkpoint or flush map has another one.
fn is_database(bytes: &[u8]) -> bool {
    bytes.len() >= 4096
        && dword(bytes, 4) == 0x89ab_cdef
        && dword(bytes, 8) == 0x620
        && dword(bytes, 12) == 0
        && [0, 1, 5].contains(&dword(bytes, 667))
}
