//! Files of real engines: gzip files in `tests/data`, which every clone has, and in a folder outside of it.

use std::io::Read;
use std::path::{Path, PathBuf};

/// `EDBMEND_SHARED`, or `../shared` beside the crate.
pub fn shared_folder() -> PathBuf {
    std::env::var_os("EDBMEND_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

/// The folders that hold them, that of the clone first.
fn places() -> [PathBuf; 2] {
    [Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), shared_folder().join("data")]
}

/// The folder of a set.
pub fn set_folder(set: &str) -> PathBuf {
    let [clone, shared] = places().map(|place| place.join(set));
    if clone.is_dir() { clone } else { shared }
}

/// One file, unpacked; `path` without `.gz`, as it is named below the folder.
pub fn read(path: &str) -> Vec<u8> {
    let [clone, shared] = places().map(|place| place.join(format!("{path}.gz")));
    read_packed(if clone.is_file() { &clone } else { &shared })
}

/// One packed file, unpacked.
pub fn read_packed(packed: &Path) -> Vec<u8> {
    let file = std::fs::File::open(packed).unwrap_or_else(|e| panic!("{}: {e}", packed.display()));
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("a gzip file");
    bytes
}

/// A text beside the packed files, which the clone does not have.
pub fn text(path: &str) -> String {
    let path = shared_folder().join("data").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All packed files of a set in a fresh folder, with its subfolders.
pub fn unpack(set: &str) -> tempfile::TempDir {
    let target = tempfile::tempdir().expect("a temporary folder");
    unpack_folder(&set_folder(set), target.path());
    target
}

/// All packed files of every set outside of the clone, below `part`.
pub fn unpack_all(part: &str) -> tempfile::TempDir {
    let target = tempfile::tempdir().expect("a temporary folder");
    unpack_folder(&shared_folder().join("data").join(part), target.path());
    target
}

fn unpack_folder(source: &Path, target: &Path) {
    let entries = std::fs::read_dir(source).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_str().expect("text");
        if path.is_dir() {
            std::fs::create_dir(target.join(name)).expect("a folder");
            unpack_folder(&path, &target.join(name));
        } else if let Some(plain) = name.strip_suffix(".gz") {
            std::fs::write(target.join(plain), read_packed(&path)).expect("a file");
        }
    }
}
