//! `--html`: the report as a page, in a file that was not there.
//!
//! It is made before anything else, so that it is known to be writable before the deed, and says until the end
//! that the run is not over. Nothing is decided by it.

use std::path::Path;

use crate::refusal::{Refusal, RefusalId};
use crate::report::{Report, unfinished_page};
use crate::show::shown;
use crate::storage::{File, Storage, StorageError, write_stream};

use super::own_file::reason_against;

/// The name that stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// Whether the page was asked for on standard output.
pub fn is_standard_output(path: &Path) -> bool {
    path == Path::new(STANDARD_OUTPUT)
}

/// The file of a page.
pub struct PageFile(Box<dyn File>);

impl PageFile {
    /// Creates the file, for its owner alone. It never replaces anything, and on the way to its folder only links of
    /// root or the user of this process are followed.
    pub fn create(storage: &dyn Storage, path: &Path) -> Result<Self, Refusal> {
        let named = storage.absolute_by_own_links(path);
        let path = named.map_err(|error| unusable(path, &error.to_string(), ANOTHER))?;
        if let Some(reason) = reason_against(storage, &path) {
            return Err(unusable(&path, reason, ANOTHER));
        }
        let cannot = |error: StorageError| cannot_create(&path, &error);
        let parent = path.parent().unwrap_or(Path::new("/"));
        let _held = storage.hold_folder(parent).map_err(cannot)?;
        let file = storage.create(&path).map_err(cannot)?;
        let page = Self(file);
        match page.write(&unfinished_page()) {
            Ok(()) => Ok(page),
            Err(error) => {
                let _ = storage.remove_file(&path);
                Err(cannot_create(&path, &error))
            }
        }
    }

    /// Writes the report. A failure is told, and changes nothing of what was done.
    pub fn finish(&self, report: &Report) -> Result<(), String> {
        let written = self.write(&report.to_html()).and_then(|()| self.0.sync());
        written.map_err(|error| {
            format!("WARNING: the page {} is not complete: {error}", shown(self.0.path()))
        })
    }

    fn write(&self, page: &str) -> Result<(), StorageError> {
        self.0.set_length(0)?;
        write_stream(self.0.as_ref(), |out| out.write_all(page.as_bytes()))
    }
}

const ANOTHER: &str = "Name another file, for example report.html in your own folder.";

fn cannot_create(path: &Path, error: &StorageError) -> Refusal {
    let parent = path.parent().unwrap_or(Path::new("/"));
    if error.is_already_there() {
        let what = "something of this name is there already, and nothing is ever replaced";
        return unusable(path, what, "Name a file that is not there yet.");
    }
    if error.is_not_found() {
        let what = format!("its folder {} does not exist", shown(parent));
        return unusable(path, &what, "Create the folder, or name a file in another one.");
    }
    let remedy = format!("Check who may write to {}, or name another file.", shown(parent));
    unusable(path, &error.source.to_string(), &remedy)
}

fn unusable(path: &Path, what: &str, remedy: &str) -> Refusal {
    let message = format!("the page of --html cannot be written: {what}. Nothing was begun");
    Refusal::new(RefusalId::Usage, path, message, remedy)
}
