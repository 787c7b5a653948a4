//! The guards that facts alone decide, as refusals. What forbids a repair is judged in
//! [`crate::diagnose`]; the guards that need the world are in `crate::guards`.

use std::path::Path;

use crate::diagnose::{
    MissingPages, NOT_BY_A_MOUNT, Obstacle, Unclean, copy_evidence, cut_off, logs_pending,
    obstacles, required, unknown_format,
};
use crate::ese::shadow::PAGE_SIZES_BYTES;
use crate::ese::{ContentKind, DbHeader};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{CommandLine, WITH_MORE_RIGHTS, quoted, shown};
use crate::survey::{DatabaseFacts, pending_marker};

/// Every reason in the file itself not to touch it. All are evaluated.
pub fn content_refusals(facts: &DatabaseFacts) -> Vec<Refusal> {
    obstacles(facts).iter().map(|obstacle| refusal(facts, obstacle)).collect()
}

/// Every reason in the file itself not to write a rebuilt header into it, or to give one up again: what the header
/// says does not count, since the images of the plan say what must be there.
pub fn rebuild_refusals(facts: &DatabaseFacts) -> Vec<Refusal> {
    let counts = |obstacle: &Obstacle| matches!(obstacle, Obstacle::OperationPending(_));
    let found = obstacles(facts).into_iter().filter(counts);
    let mut refused: Vec<_> = found.map(|obstacle| refusal(facts, &obstacle)).collect();
    if let Some(unreadable) = facts.area.unreadable.first() {
        refused.push(Refusal::new(
            RefusalId::HeaderUnreadable,
            &facts.path,
            format!(
                "the disk cannot read the header at offset {}, so it could not be put back",
                unreadable.start
            ),
            "The disk is failing. Copy the file to a sound disk first (ddrescue), and work on the copy.",
        ));
    }
    refused
}

/// Reasons in the file's surroundings not to write to it.
pub fn write_refusals(facts: &DatabaseFacts) -> Vec<Refusal> {
    let of_logs = logs_pending(facts).map(|obstacle| refusal(facts, &obstacle));
    read_only(facts).into_iter().chain(name_too_long(facts)).chain(of_logs).collect()
}

/// The refusal of a file that is shorter than its two header pages, or ends inside a page.
pub fn truncated(facts: &DatabaseFacts, page_size_bytes: usize) -> Option<Refusal> {
    cut_off(facts, page_size_bytes).map(|obstacle| refusal(facts, &obstacle))
}

/// The refusal of a layout that is not known.
pub fn unsupported_format(facts: &DatabaseFacts, header: &DbHeader) -> Option<Refusal> {
    unknown_format(header).map(|obstacle| refusal(facts, &obstacle))
}

fn read_only(facts: &DatabaseFacts) -> Option<Refusal> {
    (!facts.may_write).then(|| {
        let remedy = if facts.status.read_only {
            "Nobody may write to the file: take its read-only attribute away.".to_owned()
        } else {
            format!(
                "Run edbmend {WITH_MORE_RIGHTS}, or as a user who may write to the file and its folder. A volume \
                 that is mounted read-only must be mounted writable; an attribute of the file or the folder \
                 (lsattr -d) that makes it immutable or append-only must be taken away."
            )
        };
        Refusal::new(
            RefusalId::ReadOnly,
            &facts.path,
            "the file is read-only, or no file can be created beside it",
            remedy,
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

/// The refusal of a file that ends before pages that its database owns.
pub fn pages_missing(path: &Path, missing: &MissingPages) -> Refusal {
    let MissingPages { last_page, last_owned_page } = missing;
    Refusal::new(
        RefusalId::Truncated,
        path,
        format!(
            "the file ends with page {last_page}, expected page {last_owned_page} or more: that is the last page \
             which the database owns"
        ),
        "The file was cut off, probably while it was copied, and what lay behind its end is missing. Do not mount \
         it: newer engines lengthen it with zeros. Use the original or a backup.",
    )
}

/// What forbids a repair, in the words of a refusal.
fn refusal(facts: &DatabaseFacts, obstacle: &Obstacle) -> Refusal {
    let path = &facts.path;
    match obstacle {
        Obstacle::OperationPending(marker) => Refusal::new(
            RefusalId::OperationPending,
            path,
            format!("an earlier edbmend operation was interrupted: {} exists", shown(marker)),
            CommandLine::new("recover").path(path),
        ),
        Obstacle::LogsPending(marker) => Refusal::new(
            RefusalId::OperationPending,
            path,
            format!("an operation on the logs was interrupted: {} exists", shown(marker)),
            CommandLine::new("recover").path(marker),
        ),
        Obstacle::NoDatabase(ContentKind::Unknown) => Refusal::new(
            RefusalId::NotEse,
            path,
            format!(
                "not an ESE database: {}, expected ulMagic efcdab89 at offset 4 of a header copy",
                beginning(facts)
            ),
            other_name_or_rebuild(facts),
        ),
        Obstacle::NoDatabase(kind) => Refusal::new(
            RefusalId::NotADatabase,
            path,
            format!("this is {}, expected a database", kind.in_words()),
            format!("Name the .edb file. To look at this one: edbmend inspect {}", quoted(path)),
        ),
        Obstacle::NoHeader => Refusal::new(
            RefusalId::HeaderUnreadable,
            path,
            format!("no valid header copy: {}", copy_evidence(facts)),
            CommandLine::new("rebuild-header --dry-run").path(path),
        ),
        Obstacle::NotAttachable(header) => Refusal::new(
            RefusalId::NotADatabase,
            path,
            format!(
                "it has the header of a database, but attribute {} at offset 12 and file type {} at \
                 offset 667, expected 0, and 0, 1 or 5: the engine does not attach it (-1206)",
                header.raw.attribute,
                header.file_type().value()
            ),
            "Name the .edb file. To look at this file: edbmend inspect.",
        ),
        Obstacle::CutOff { length_bytes, page_size_bytes } => Refusal::new(
            RefusalId::Truncated,
            path,
            format!(
                "the file has {length_bytes} bytes, expected {}",
                expected_length(*page_size_bytes)
            ),
            "The file was cut off, probably while it was copied. Use the original or a backup.",
        ),
        Obstacle::PagesMissing(missing) => pages_missing(path, missing),
        Obstacle::UnreadableCopy { which, offset } => Refusal::new(
            RefusalId::HeaderUnreadable,
            path,
            format!(
                "the disk cannot read the {} header at offset {offset}, so it could not be put back",
                which.name()
            ),
            "The disk is failing. Copy the file to a sound disk first (ddrescue), and repair the copy.",
        ),
        Obstacle::ShadowMayBeData(offset) => Refusal::new(
            RefusalId::ShadowingDisabled,
            path,
            format!(
                "the header says Shadowed: No, and the page at offset {offset} is no valid header: it may \
                 be data"
            ),
            "Nothing to do with edbmend; a log reset of the closed database clears the backup fields too.",
        ),
        Obstacle::UnknownFormat(problem) => Refusal::new(
            RefusalId::UnsupportedFormat,
            path,
            problem,
            "This layout is unknown and left alone. Please report the output of: edbmend inspect --json",
        ),
        Obstacle::NotClean(header, unclean) => Refusal::new(
            RefusalId::DirtyShutdown,
            path,
            unclean_state(facts, header, unclean),
            format!("{} Then try again.", way_out_of(facts, header, unclean)),
        ),
        Obstacle::InBackup(backup) => Refusal::new(
            RefusalId::BackupInProgress,
            path,
            format!(
                "{}: Log Gen: {}-{}, expected 0-0",
                backup.label, backup.info.gen_low, backup.info.gen_high
            ),
            if backup.is_of_the_copy {
                "This is a backup copy that waits for its restore. Restore it properly (eseutil /cc).".into()
            } else {
                format!("{} Then try again.", backup.way_out())
            },
        ),
    }
}

/// A file that is too short for a page has nothing to rebuild a header from.
fn other_name_or_rebuild(facts: &DatabaseFacts) -> String {
    let named =
        "Nothing was done to it. Name the database itself: that of an Exchange store ends in .edb.";
    if facts.status.length_bytes <= 2 * PAGE_SIZES_BYTES[0] as u64 {
        return named.to_owned();
    }
    let command = CommandLine::new("rebuild-header --dry-run").path(&facts.path);
    format!("{named} If this is one whose header is destroyed: {command}")
}

/// What stands at the start of a file that is none of the engine's.
fn beginning(facts: &DatabaseFacts) -> String {
    if facts.status.length_bytes == 0 {
        return "the file is empty".into();
    }
    let bytes = &facts.area.bytes;
    format!("found {} at offset 0", hex::encode(&bytes[..bytes.len().min(8)]))
}

fn expected_length(page_size_bytes: Option<usize>) -> String {
    match page_size_bytes {
        Some(page) => {
            format!("a multiple of its page size of {page} bytes and at least two pages")
        }
        None => {
            let least = 2 * PAGE_SIZES_BYTES[0];
            format!("at least two pages, which are {least} bytes or more")
        }
    }
}

fn unclean_state(facts: &DatabaseFacts, header: &DbHeader, unclean: &Unclean) -> String {
    let state = format!(
        "State: {} ({} at offset 52), expected Clean Shutdown (3)",
        header.state().label(),
        header.raw.state
    );
    match required(header) {
        Some(range) => state + &needed_logs(facts, range),
        None => format!("{state}. {}", unclean.meaning),
    }
}

/// A mount is no way out while logs that recovery needs are not there.
fn way_out_of(facts: &DatabaseFacts, header: &DbHeader, unclean: &Unclean) -> &'static str {
    let known = facts.logs.as_ref().filter(|logs| unclean.recovers && !logs.unread);
    let lacks_logs = known.zip(required(header)).is_some_and(|(logs, range)| {
        first_missing(&there(&logs.generations, range), range).is_some()
    });
    if lacks_logs { NOT_BY_A_MOUNT } else { unclean.way_out }
}

fn there(generations: &[i32], (min, max): (i32, i32)) -> Vec<i32> {
    generations.iter().copied().filter(|generation| (min..=max).contains(generation)).collect()
}

fn first_missing(there: &[i32], (min, max): (i32, i32)) -> Option<i32> {
    let mut pairs = (min..=max).zip(there.iter().chain(std::iter::repeat(&0)));
    pairs.find(|(generation, found)| generation != *found).map(|(generation, _)| generation)
}

/// Which logs recovery needs, and whether they are there.
fn needed_logs(facts: &DatabaseFacts, (min, max): (i32, i32)) -> String {
    let need = format!(
        "; recovery needs the logs {min}-{max} (0x{min:x}-0x{max:x}) and would undo an edit of the \
         header"
    );
    let Some(logs) = facts.logs.as_ref().filter(|logs| !logs.unread) else { return need };
    let there = there(&logs.generations, (min, max));
    match first_missing(&there, (min, max)) {
        None => format!("{need}; all of them are there"),
        Some(generation) => format!(
            "{need}; {} of them are there, the first that is missing is {generation} (0x{generation:x})",
            there.len()
        ),
    }
}
