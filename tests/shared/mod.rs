//! Real files for the tests: gzip files in a folder outside of the crate.

use std::io::Read;
use std::path::PathBuf;

/// `EDBMEND_SHARED`, or `../shared` beside the crate.
pub fn shared_folder() -> PathBuf {
    std::env::var_os("EDBMEND_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

/// Whether the files are there; says so loudly where they are not.
pub fn present(test: &str) -> bool {
    let present = shared_folder().join("data/real").is_dir();
    if !present {
        eprintln!("SKIPPED {test}: shared data absent");
    }
    present
}

/// One file, unpacked; `path` without `.gz`, below `data`.
pub fn read(path: &str) -> Vec<u8> {
    let packed = shared_folder().join("data").join(format!("{path}.gz"));
    let file = std::fs::File::open(&packed).unwrap_or_else(|e| panic!("{}: {e}", packed.display()));
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("a gzip file");
    bytes
}
