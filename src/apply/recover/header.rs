//! What `recover` does with header copies.

use std::path::Path;

use crate::ese::shadow::Which;
use crate::plan::{HeaderImages, Plan, Refusal, RefusalId, WriteStep};
use crate::storage::{File, Storage, read_full};

use super::super::commit::{self, CopyImage, classify};
use super::super::folder;
use super::super::journal::State;
use super::super::outcome::reason;
use super::{Direction, journal_damaged};

/// The way a pending header operation goes, from what its two copies are now.
pub fn assess(
    database: &Path,
    file: &dyn File,
    plan: &Plan,
    images: &HeaderImages,
    back: bool,
) -> Result<Direction, Refusal> {
    direction(database, read_copies(file, plan, images)?, back)
}

/// Without a journal no header byte can have been written; where an image was saved, prove it.
pub fn prove_untouched(storage: &dyn Storage, dir: &Path, file: &dyn File) -> Result<(), Refusal> {
    let Ok(image) = folder::read_small(storage, &dir.join(folder::HEADER_BEFORE_NAME)) else {
        return Ok(());
    };
    let after =
        folder::read_small(storage, &dir.join(folder::HEADER_AFTER_NAME)).unwrap_or_default();
    let mut found = vec![0; image.len()];
    read_full(file, &mut found, 0).map_err(|error| reason(&error))?;
    if found == image || after.len() != image.len() || found != after {
        return Ok(());
    }
    Err(journal_damaged(dir, "the journal is missing, though the header was written"))
}

fn read_copies(
    file: &dyn File,
    plan: &Plan,
    images: &HeaderImages,
) -> Result<[CopyImage; 2], Refusal> {
    let page = plan.page_size_bytes;
    let mut found = vec![0; 2 * page];
    let read = read_full(file, &mut found, 0).map_err(|error| reason(&error))?;
    found.truncate(read);
    let classified = |which: Which| {
        let start = (which.offset(page) as usize).min(found.len());
        let end = (start + page).min(found.len());
        classify(&found[start..end], images, which)
    };
    Ok([classified(Which::Primary), classified(Which::Shadow)])
}

fn direction(database: &Path, found: [CopyImage; 2], back: bool) -> Result<Direction, Refusal> {
    if found.contains(&CopyImage::Foreign) {
        return Err(Refusal::new(
            RefusalId::DatabaseChanged,
            database,
            format!(
                "the header is neither what it was before the operation nor what was planned \
                 (primary: {:?}, shadow: {:?})",
                found[0], found[1]
            )
            .to_lowercase(),
            "Nothing was touched. Somebody else has written the header since: look at it with edbmend \
             inspect, and keep the operation folder.",
        ));
    }
    let begun = found.iter().any(|image| matches!(image, CopyImage::After | CopyImage::Torn));
    Ok(if begun && !back { Direction::Forward } else { Direction::Back })
}

/// Makes both copies what `goal` says, in the plan's order or its reverse.
///
/// A copy that looks right already is written, too: what was read may be in the cache alone, from a
/// write that was never synced or whose sync failed. If it were left out, the other copy would be
/// written while this one is not durable.
pub fn write_images(
    file: &dyn File,
    plan: &Plan,
    images: &HeaderImages,
    goal: State,
) -> Result<(), Refusal> {
    let forward = goal == State::Committed;
    let mut writes: Vec<&WriteStep> = plan.writes().collect();
    if !forward {
        writes.reverse();
    }
    for write in writes {
        let image = match forward {
            true => images.after_of(write.copy),
            false => images.before_of(write.copy),
        };
        commit::write_copy(file, write.offset, image).map_err(commit::Trouble::refusal)?;
    }
    Ok(())
}
