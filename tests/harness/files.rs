//! Real files for the tests: gzip files in a folder outside of the crate.

use std::io::Read;
use std::path::PathBuf;

/// `EDBMEND_SHARED`, or `../shared` beside the crate.
pub fn shared_folder() -> PathBuf {
    std::env::var_os("EDBMEND_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

/// One file, unpacked; `path` without `.gz`, below `data`.
pub fn read(path: &str) -> Vec<u8> {
    let packed = shared_folder().join("data").join(format!("{path}.gz"));
    let file = std::fs::File::open(&packed).unwrap_or_else(|e| panic!("{}: {e}", packed.display()));
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("a gzip file");
    bytes
}

/// A text beside the packed files; `path` below `data`.
pub fn text(path: &str) -> String {
    let path = shared_folder().join("data").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All packed files of a set in a fresh folder, with its subfolders; `set` below `data`.
pub fn unpack(set: &str) -> tempfile::TempDir {
    let target = tempfile::tempdir().expect("a temporary folder");
    unpack_into(set, target.path());
    target
}

fn unpack_into(set: &str, target: &std::path::Path) {
    let source = shared_folder().join("data").join(set);
    let entries =
        std::fs::read_dir(&source).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    for entry in entries {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        let inner = format!("{set}/{name}");
        if entry.path().is_dir() {
            std::fs::create_dir(target.join(&name)).expect("a folder");
            unpack_into(&inner, &target.join(&name));
        } else if let Some(plain) = inner.strip_suffix(".gz") {
            let plain_name = name.trim_end_matches(".gz");
            std::fs::write(target.join(plain_name), read(plain)).expect("a file");
        }
    }
}
