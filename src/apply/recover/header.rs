//! What `recover` does with header copies.

use std::path::Path;

use crate::ese::shadow::{Which, is_valid_header};
use crate::plan::{Direction, HeaderImages, Plan, WriteStep};
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::{File, Storage, read_full};
use crate::survey::pending_marker;

use super::super::commit::{self, CopyImage, classify};
use super::super::folder;
use super::super::journal::State;
use super::super::outcome::reason;
use super::pending::{journal_contradicted, journal_damaged};

/// The way a pending header operation goes, from what its two copies are now.
pub fn assess(
    database: &Path,
    file: &dyn File,
    plan: &Plan,
    images: &HeaderImages,
    back: bool,
) -> Result<Direction, Refusal> {
    let copies = read_copies(file, plan)?;
    let found = classify_both(&copies, images);
    if found.contains(&CopyImage::Foreign) {
        let both_whole = copies.iter().all(|copy| is_valid_header(copy));
        return Err(if both_whole { overtaken(database) } else { foreign(database, found) });
    }
    Ok(direction(found, back))
}

/// Without a journal no header byte can have been written; where the images were saved whole, prove it.
pub fn prove_untouched(storage: &dyn Storage, dir: &Path, file: &dyn File) -> Result<(), Refusal> {
    let read = folder::read_unprepared(storage, dir).map_err(|error| reason(&error))?;
    let Some((plan, images)) = read else { return Ok(()) };
    let found = classify_both(&read_copies(file, &plan)?, &images);
    if found.iter().any(|copy| matches!(copy, CopyImage::After | CopyImage::Torn)) {
        return Err(journal_damaged(dir, "its journal is missing, though the header was written"));
    }
    Ok(())
}

/// What the journal calls finished must not be undone by what the header is. A header that is neither the old
/// nor the new one has been written since, as by a mount.
pub fn prove_finished(
    dir: &Path,
    file: &dyn File,
    plan: &Plan,
    images: &HeaderImages,
    state: State,
) -> Result<(), Refusal> {
    let wrong = if state == State::RolledBack { CopyImage::After } else { CopyImage::Before };
    let found = classify_both(&read_copies(file, plan)?, images);
    match found.iter().any(|copy| *copy == wrong || *copy == CopyImage::Torn) {
        true => Err(journal_contradicted(dir, state, "the header does")),
        false => Ok(()),
    }
}

fn classify_both([primary, shadow]: &[Vec<u8>; 2], images: &HeaderImages) -> [CopyImage; 2] {
    [classify(primary, images, Which::Primary), classify(shadow, images, Which::Shadow)]
}

/// Both copies as they are, cut off where the file ends.
fn read_copies(file: &dyn File, plan: &Plan) -> Result<[Vec<u8>; 2], Refusal> {
    let page = plan.page_size_bytes;
    let mut found = vec![0; 2 * page];
    let read = read_full(file, &mut found, 0).map_err(|error| reason(&error))?;
    found.truncate(read);
    Ok([Which::Primary, Which::Shadow].map(|which| {
        let start = (which.offset(page) as usize).min(found.len());
        found[start..(start + page).min(found.len())].to_vec()
    }))
}

fn direction(found: [CopyImage; 2], back: bool) -> Direction {
    let begun = found.iter().any(|image| matches!(image, CopyImage::After | CopyImage::Torn));
    if begun && !back { Direction::Forward } else { Direction::Back }
}

/// The refusal where a mount, or another program, has written a whole header since.
fn overtaken(database: &Path) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        database,
        "the header was written by somebody else since the operation began, as by a mount of the store; \
         both of its copies are whole",
        format!(
            "Nothing was touched. The operation was overtaken. Dismount the store, then: edbmend check {}. \
             Where that finds both header copies sound, only the marker is left. Remove it by hand: rm {}. \
             Keep the operation folder until you know what the header says.",
            quoted(database),
            quoted(&pending_marker(database))
        ),
    )
}

/// The refusal where a copy is damaged, and not by this operation.
fn foreign(database: &Path, found: [CopyImage; 2]) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        database,
        format!(
            "the header is neither what it was before the operation nor what was planned (primary: {:?}, \
             shadow: {:?})",
            found[0], found[1]
        )
        .to_lowercase(),
        format!(
            "Nothing was touched. Look at both copies: edbmend inspect --copy primary {0}, and --copy shadow. \
             Keep the marker and the operation folder: header-before.bin in it holds both pages as they were.",
            quoted(database)
        ),
    )
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
