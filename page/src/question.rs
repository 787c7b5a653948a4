//! What the page asks.

use std::path::PathBuf;
use std::sync::Arc;

use edbmend::storage::{Picked, PickedFile, Slices};
use serde::Deserialize;

use crate::browser;

/// A question, with the files that it may be about.
#[derive(Deserialize)]
pub struct Question {
    /// What is asked.
    pub asked: Asked,
    /// The files that the page was given, in the order of their places.
    pub files: Vec<Given>,
}

/// What is asked.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Asked {
    /// The states of databases, from their headers alone.
    Glance {
        /// The databases.
        paths: Vec<PathBuf>,
    },
    /// A diagnosis.
    Check(Folders),
    /// What `eseutil` prints of a file, with the notable records of a log.
    Dump {
        /// The file.
        path: PathBuf,
    },
    /// What an id, an exit code or a number of the engine means.
    Explain {
        /// The id, the code or the number.
        topic: String,
        /// As many fit on a line.
        columns: usize,
    },
}

/// What is to be diagnosed.
#[derive(Deserialize)]
pub struct Folders {
    /// The folder of the databases.
    pub folder: PathBuf,
    /// Where the logs are, where that is another folder.
    pub log_dir: Option<PathBuf>,
    /// Where the checkpoint is, where that is another folder.
    pub system_dir: Option<PathBuf>,
    /// Whether each folder below is a group of its own.
    pub recursive: bool,
    /// Whether all pages and all logs are read.
    pub deep: bool,
}

/// A file that the page was given.
#[derive(Deserialize)]
pub struct Given {
    path: PathBuf,
    bytes: u64,
    modified_ms: i64,
}

struct InBrowser;

impl Slices for InBrowser {
    fn read_at(&self, file: usize, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        browser::read(file, buffer, offset)
    }
}

impl Question {
    /// The files, as a storage.
    pub fn storage(&self) -> Picked {
        let files = self.files.iter().map(|file| PickedFile {
            path: file.path.clone(),
            length_bytes: file.bytes,
            modified_ns: i128::from(file.modified_ms) * 1_000_000,
        });
        Picked::new(Arc::new(InBrowser), files)
    }
}
