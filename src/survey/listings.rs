//! What folders hold, each listed once for one survey: a folder may hold a hundred thousand logs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::ese::LogBase;
use crate::storage::{FileKind, Result, Storage};

/// What a folder holds: names, and their kinds where the folder tells them.
pub type Listing = Rc<[(OsString, Option<FileKind>)]>;

/// The folders of one survey.
pub struct Listings<'a> {
    /// Where they lie.
    pub storage: &'a dyn Storage,
    known: RefCell<BTreeMap<PathBuf, Listing>>,
}

impl<'a> Listings<'a> {
    /// No folder is listed yet.
    pub fn new(storage: &'a dyn Storage) -> Self {
        Self { storage, known: RefCell::default() }
    }

    /// What a folder holds, unordered.
    pub fn of(&self, dir: &Path) -> Result<Listing> {
        if let Some(known) = self.known.borrow().get(dir) {
            return Ok(Rc::clone(known));
        }
        let listing: Listing = self.storage.list_kinds(dir)?.into();
        self.known.borrow_mut().insert(dir.to_owned(), Rc::clone(&listing));
        Ok(listing)
    }

    /// The markers of pending operations on logs in a folder (`E00.edbmend-pending`), in order.
    pub(super) fn group_markers(&self, dir: &Path) -> Vec<PathBuf> {
        // A folder that cannot be listed is met by whoever wants to write to it.
        let Ok(listing) = self.of(dir) else { return Vec::new() };
        let names = listing.iter().filter_map(|(name, _)| name.to_str());
        let mut found: Vec<_> =
            names.filter(|name| is_group_marker(name)).map(|name| dir.join(name)).collect();
        found.sort();
        found
    }
}

fn is_group_marker(name: &str) -> bool {
    name.strip_suffix(".edbmend-pending").is_some_and(|base| LogBase::new(base).is_some())
}
