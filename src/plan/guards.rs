//! The guards that facts alone decide. Those that need the world are in [`crate::apply`].

use crate::diagnose::{Unclean, copy_evidence, required, unclean};
use crate::ese::shadow::{CopyState, HeaderPair, PAGE_SIZES_BYTES, Which};
use crate::ese::{ContentKind, DbHeader, DbState, format_problem, is_attachable};
use crate::show::{quoted, shown};
use crate::survey::{DatabaseFacts, pending_marker};

use crate::refusal::{Refusal, RefusalId};

/// What to do with a file that is too short.
const CUT_OFF: &str =
    "The file was cut off, probably while it was copied. Use the original or a backup.";

/// Every reason in the file itself not to touch it. All are evaluated.
pub fn content_refusals(facts: &DatabaseFacts) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    refusals.extend(pending(facts));
    if facts.kind != ContentKind::Database {
        refusals.push(not_a_database(facts));
        return refusals;
    }
    let Some(pair) = &facts.pair else {
        refusals.push(header_unreadable(facts));
        refusals.extend(truncated_at_any_page_size(facts));
        return refusals;
    };
    refusals.extend(not_attachable(facts, &pair.header));
    refusals.extend(truncated(facts, pair.page_size_bytes));
    refusals.extend(unreadable_copy(facts, pair));
    refusals.extend(shadowing_disabled(facts, pair));
    refusals.extend(unsupported_format(facts, &pair.header));
    refusals.extend(not_clean(facts, &pair.header));
    refusals.extend(backup_in_progress(facts, &pair.header));
    refusals
}

/// Reasons in the file's surroundings not to write to it.
pub fn write_refusals(facts: &DatabaseFacts) -> Vec<Refusal> {
    read_only(facts).into_iter().chain(name_too_long(facts)).chain(group_pending(facts)).collect()
}

fn read_only(facts: &DatabaseFacts) -> Option<Refusal> {
    (!facts.may_write).then(|| {
        Refusal::new(
            RefusalId::ReadOnly,
            &facts.path,
            "the file is read-only, or no file can be created beside it",
            "Remove the read-only attribute, mount the volume writable, or run edbmend as a user who may \
             write to the file and its folder.",
        )
    })
}

/// The marker's name is longer than the database's, and no file system takes more.
fn name_too_long(facts: &DatabaseFacts) -> Option<Refusal> {
    const LONGEST_NAME_BYTES: usize = 255;
    let marker = pending_marker(&facts.path);
    let length = marker.file_name().map_or(0, |name| name.as_encoded_bytes().len());
    (length > LONGEST_NAME_BYTES).then(|| {
        Refusal::new(
            RefusalId::ReadOnly,
            &facts.path,
            format!("its name is too long: the marker beside it would need {length} bytes of at most 255"),
            "Rename the database to a shorter name for the time of the operation.",
        )
    })
}

/// While logs are on the move, nothing is done to the databases they belong to.
fn group_pending(facts: &DatabaseFacts) -> Option<Refusal> {
    let marker = facts.group_pending.as_ref()?;
    Some(Refusal::new(
        RefusalId::OperationPending,
        &facts.path,
        format!("an operation on the logs was interrupted: {} exists", shown(marker)),
        format!("edbmend recover {}", quoted(marker)),
    ))
}

/// A reset of its logs has a marker beside it, too, and is told of by that.
fn pending(facts: &DatabaseFacts) -> Option<Refusal> {
    let marker = facts.pending.as_ref().filter(|_| facts.group_pending.is_none())?;
    Some(Refusal::new(
        RefusalId::OperationPending,
        &facts.path,
        format!("an earlier edbmend operation was interrupted: {} exists", shown(marker)),
        format!("edbmend recover {}", quoted(&facts.path)),
    ))
}

fn not_a_database(facts: &DatabaseFacts) -> Refusal {
    let length = facts.status.length_bytes;
    if facts.kind == ContentKind::Unknown {
        let start = hex::encode(
            facts
                .area
                .bytes
                .iter()
                .take(8)
                .collect::<Vec<_>>()
                .iter()
                .map(|b| **b)
                .collect::<Vec<u8>>(),
        );
        let found = if length == 0 {
            "the file is empty".into()
        } else {
            format!("found {start} at offset 0")
        };
        return Refusal::new(
            RefusalId::NotEse,
            &facts.path,
            format!(
                "not an ESE database: {found}, expected ulMagic efcdab89 at offset 4 of a header copy"
            ),
            "Nothing was done to it. Name the database itself: that of an Exchange store ends in .edb.",
        );
    }
    Refusal::new(
        RefusalId::NotADatabase,
        &facts.path,
        format!("this is {}, expected a database", facts.kind.in_words()),
        format!("Name the .edb file. To look at this one: edbmend inspect {}", quoted(&facts.path)),
    )
}

fn not_attachable(facts: &DatabaseFacts, header: &DbHeader) -> Option<Refusal> {
    if is_attachable(header) {
        return None;
    }
    let (attribute, found) = (header.raw.attribute.get(), header.file_type().value());
    Some(Refusal::new(
        RefusalId::NotADatabase,
        &facts.path,
        format!(
            "it has the header of a database, but attribute {attribute} at offset 12 and file type \
             {found} at offset 667, expected 0, and 0, 1 or 5: the engine does not attach it (-1206)"
        ),
        "Name the .edb file. To look at this file: edbmend inspect.",
    ))
}

fn header_unreadable(facts: &DatabaseFacts) -> Refusal {
    Refusal::new(
        RefusalId::HeaderUnreadable,
        &facts.path,
        format!("no valid header copy: {}", copy_evidence(facts)),
        "Restore the database from a backup; or run eseutil /p on a copy, and never on the only one.",
    )
}

/// The page size is not known here, but the smallest there is says enough.
fn truncated_at_any_page_size(facts: &DatabaseFacts) -> Option<Refusal> {
    let (length, least) = (facts.status.length_bytes, 2 * PAGE_SIZES_BYTES[0] as u64);
    (length < least).then(|| {
        let message = format!(
            "the file has {length} bytes, expected at least two pages, which are {least} bytes or more"
        );
        Refusal::new(RefusalId::Truncated, &facts.path, message, CUT_OFF)
    })
}

/// The file is shorter than its two header pages, or ends inside a page.
pub fn truncated(facts: &DatabaseFacts, page_size_bytes: usize) -> Option<Refusal> {
    let (length, page) = (facts.status.length_bytes, page_size_bytes as u64);
    if length >= 2 * page && length.is_multiple_of(page) {
        return None;
    }
    Some(Refusal::new(
        RefusalId::Truncated,
        &facts.path,
        format!(
            "the file has {length} bytes, expected a multiple of its page size of {page} bytes and at \
             least two pages"
        ),
        CUT_OFF,
    ))
}

fn unreadable_copy(facts: &DatabaseFacts, pair: &HeaderPair) -> Option<Refusal> {
    let bad = [Which::Primary, Which::Shadow].into_iter();
    let which = bad.into_iter().find(|&w| pair.state(w) == CopyState::Unreadable)?;
    Some(Refusal::new(
        RefusalId::HeaderUnreadable,
        &facts.path,
        format!(
            "the disk cannot read the {} header at offset {}, so it could not be put back",
            which.name(),
            which.offset(pair.page_size_bytes)
        ),
        "The disk is failing. Copy the file to a sound disk first (ddrescue), and repair the copy.",
    ))
}

fn shadowing_disabled(facts: &DatabaseFacts, pair: &HeaderPair) -> Option<Refusal> {
    if !pair.header.shadowing_disabled() || pair.shadow != CopyState::BadChecksum {
        return None;
    }
    Some(Refusal::new(
        RefusalId::ShadowingDisabled,
        &facts.path,
        format!(
            "the header says Shadowed: No, and the page at offset {} is no valid header: it may be data",
            pair.page_size_bytes
        ),
        "Nothing to do with edbmend; a log reset of the closed database clears the backup fields too.",
    ))
}

/// A layout that is not known.
pub fn unsupported_format(facts: &DatabaseFacts, header: &DbHeader) -> Option<Refusal> {
    let problem = format_problem(header)?;
    Some(Refusal::new(
        RefusalId::UnsupportedFormat,
        &facts.path,
        problem,
        "This layout is unknown and left alone. Please report the output of: edbmend \
         inspect --json",
    ))
}

fn not_clean(facts: &DatabaseFacts, header: &DbHeader) -> Option<Refusal> {
    let Unclean { meaning, way_out, .. } = unclean(header)?;
    let state = format!(
        "State: {} ({} at offset 52), expected Clean Shutdown (3)",
        header.state().label(),
        header.raw.state
    );
    let why = match required(header) {
        Some(range) => needed_logs(facts, range),
        None => format!(". {meaning}"),
    };
    let remedy = format!("{way_out} Then try again.");
    Some(Refusal::new(RefusalId::DirtyShutdown, &facts.path, state + &why, remedy))
}

/// Which logs recovery needs, and whether they are there.
fn needed_logs(facts: &DatabaseFacts, (min, max): (i32, i32)) -> String {
    let need = format!(
        "; recovery needs the logs {min}-{max} (0x{min:x}-0x{max:x}) and would undo an edit of the \
         header"
    );
    let Some(logs) = facts.logs.as_ref().filter(|logs| !logs.unread) else { return need };
    let there: Vec<i32> = logs
        .generations
        .iter()
        .copied()
        .filter(|generation| (min..=max).contains(generation))
        .collect();
    let first_missing =
        (min..=max).zip(there.iter().chain(std::iter::repeat(&0))).find(|(g, t)| g != *t);
    match first_missing {
        None => format!("{need}; all of them are there"),
        Some((generation, _)) => format!(
            "{need}; {} of them are there, the first that is missing is {generation} (0x{generation:x})",
            there.len()
        ),
    }
}

fn backup_in_progress(facts: &DatabaseFacts, header: &DbHeader) -> Option<Refusal> {
    let (full, shadow_copy) = (header.current_full_backup(), header.current_shadow_copy_backup());
    let (label, info) = match (full.gen_low, shadow_copy.gen_low) {
        (0, 0) => return None,
        (0, _) => ("Current Shadow copy backup", shadow_copy),
        _ => ("Current Full Backup", full),
    };
    Some(Refusal::new(
        RefusalId::BackupInProgress,
        &facts.path,
        format!("{label}: Log Gen: {}-{}, expected 0-0", info.gen_low, info.gen_high),
        if header.state() == DbState::CleanShutdown {
            "Mount the store and dismount it once: the engine clears the field. Then try again."
        } else {
            "This is a backup copy that waits for its restore. Restore it properly (eseutil /cc)."
        },
    ))
}
