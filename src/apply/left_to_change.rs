//! What is left to be changed of a pending operation: each file and folder must let itself be changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::guards::{MOST_REFUSALS, fixed_file, read_only_file, read_only_folder, routes};
use crate::plan::Direction;
use crate::refusal::Refusal;
use crate::storage::{Access, Storage};
use crate::survey::pending_marker;

use super::operation::files::JOURNAL_NAME;
use super::pending::Pending;

/// Files to be moved, replaced or removed, and the folders that their names are in.
#[derive(Default)]
struct LeftToChange {
    folders: BTreeSet<PathBuf>,
    files: Vec<PathBuf>,
}

impl LeftToChange {
    fn add(&mut self, file: PathBuf) {
        self.folders.extend(file.parent().map(Path::to_owned));
        self.files.push(file);
    }
}

/// The refusals where what would be changed is read-only. `opened` are the files that are opened, and how.
pub fn read_only(
    storage: &dyn Storage,
    pending: &Pending,
    opened: &[(PathBuf, Access)],
    direction: Direction,
) -> Vec<Refusal> {
    let LeftToChange { folders, files } = left_to_change(storage, pending, direction);
    let written = opened.iter().filter(|(_, access)| *access == Access::ReadWrite);
    let written = written.filter_map(|(path, _)| read_only_file(storage, path));
    let is_there = |path: &&PathBuf| storage.status(path).is_ok();
    let folders = folders.iter().filter(is_there).filter_map(|dir| read_only_folder(storage, dir));
    let files = files.iter().filter_map(|path| fixed_file(storage, path));
    written.chain(folders).chain(files).take(MOST_REFUSALS).collect()
}

fn left_to_change(storage: &dyn Storage, pending: &Pending, direction: Direction) -> LeftToChange {
    let mut left = LeftToChange::default();
    let markers = pending.marked.iter().map(|marked| pending_marker(marked));
    markers.filter(|marker| storage.status(marker).is_ok()).for_each(|marker| left.add(marker));
    let Some(operation) = &pending.operation else { return left };
    match direction {
        Direction::Finish => {}
        Direction::Discard => {
            let names = storage.list(&operation.dir).unwrap_or_default();
            names.into_iter().for_each(|name| left.add(operation.dir.join(name)));
        }
        Direction::Back | Direction::Forward | Direction::Accept => {
            left.add(operation.dir.join(JOURNAL_NAME));
        }
    }
    if direction == Direction::Back {
        moved_back(pending).into_iter().for_each(|file| left.add(file));
    }
    left
}

/// The files of a log reset, or of its undo, in both of their places.
fn moved_back(pending: &Pending) -> Vec<PathBuf> {
    let steps = pending.deed().map(|deed| deed.steps()).unwrap_or_default();
    let routes = steps.moves().map(routes).unwrap_or_default();
    let both = routes.iter().flat_map(|route| {
        let origin = route.files.iter().map(|file| route.origin(file));
        origin.chain(route.files.iter().map(|file| route.target(file)))
    });
    both.collect()
}
