//! A folder as a browser hands it out, read by this process, and what makes its report that of the program.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use edbmend::storage::{Picked, PickedFile, Slices};

struct OnDisk(Vec<PathBuf>);

impl Slices for OnDisk {
    fn read_at(&self, file: usize, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        File::open(&self.0[file])?.read_at(buffer, offset)
    }
}

/// Every file of a folder and of those below it, under the name of the folder.
pub fn picked(folder: &Path) -> Picked {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    let above = folder.parent().expect("a folder above");
    let files: Vec<_> = paths.iter().map(|path| picked_file(path, above)).collect();
    Picked::new(Arc::new(OnDisk(paths)), files)
}

fn picked_file(path: &Path, above: &Path) -> PickedFile {
    PickedFile {
        path: path.strip_prefix(above).expect("a path in the folder").to_owned(),
        length_bytes: fs::metadata(path).expect("a file").len(),
        modified_ns: 0,
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect(&path, paths) } else { paths.push(path) }
    }
}

/// A report without the run, and with paths from below a folder on, which itself is `.`.
pub fn without_run(mut report: Value, above: &Path) -> Value {
    report["run"] = Value::Null;
    let quoted = Value::from(above.to_str().expect("text")).to_string();
    let inside = format!("{}/", quoted.trim_matches('"'));
    let report = report.to_string().replace(&inside, "").replace(&quoted, "\".\"");
    serde_json::from_str(&report).expect("JSON")
}

/// Every folder below that has files.
pub fn folders_with_files(top: &Path) -> Vec<PathBuf> {
    let entries: Vec<_> =
        fs::read_dir(top).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    let below = entries.iter().filter(|path| path.is_dir());
    let mut found: Vec<_> = below.flat_map(|folder| folders_with_files(folder)).collect();
    if entries.iter().any(|path| path.is_file()) {
        found.push(top.to_owned());
    }
    found
}
