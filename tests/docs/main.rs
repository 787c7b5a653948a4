//! Documents and practice files are what the program does and makes.

#![cfg(unix)]

mod documents;
mod first_program;
mod format_page;
#[path = "../harness/mod.rs"]
mod harness;
mod house;
mod public_api;
mod release;
mod rooms;
mod samples;
mod typed;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The source files below a folder, or the one file of that name.
fn source_files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.with_extension("rs")];
    }
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let is_source = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|it| it == "rs");
    entries.filter(is_source).flat_map(|path| source_files(&path)).collect()
}
