//! What people are told beside a report: each a value, put into words when everything is known.

use std::path::PathBuf;

use crate::diagnose::MissingPages;
use crate::ese::DbState;
use crate::machine::StoreService;
use crate::plan::Direction;
use crate::rebuild::RebuildCase;
use crate::show::{CommandLine, Paragraph, quoted, shown};

/// One thing that people are told beside a report. Programs have the values themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The fields come from an older header, which met these conditions.
    FieldsFrom {
        /// Where that header is.
        evidence: PathBuf,
        /// What was compared, in words.
        conditions: Vec<String>,
    },
    /// A streaming file belongs to the database that is written.
    StreamFileLeftAlone(PathBuf),
    /// The service that mounts stores is at work on this machine.
    StoreService(StoreService),
    /// Every page was read, and is good.
    PagesAreGood {
        /// All pages.
        total: u64,
        /// Those of them that nothing was ever written to.
        empty: u64,
    },
    /// Every page was read, and some are bad.
    PagesAreBad {
        /// How many are bad.
        bad: u64,
        /// All pages.
        total: u64,
        /// Those of the bad ones that the engine could correct.
        correctable: u64,
    },
    /// Pages are empty, or behind the end of the file, of which the flush map knows that they were written.
    PagesLost {
        /// How many.
        count: u64,
        /// The first of them, as the engine numbers it.
        first: i64,
    },
    /// The backup is on the volume of the database.
    BackupOnSameVolume,
    /// The operation undoes the one with this id.
    Undoes(String),
    /// An undo was asked for of an operation that was rolled back.
    NothingToUndo,
    /// A header was repaired: what comes next.
    MountStore {
        /// Whether a full backup must be run first of all.
        full_backup_needed: bool,
    },
    /// A header is to be written that was rebuilt, of which so much is proven.
    Rebuilt(RebuildCase),
    /// A rebuilt header was written: what comes next.
    AfterRebuild {
        /// What was proven.
        case: RebuildCase,
        /// The state in which the header was written.
        state: DbState,
    },
    /// The operation folder has the only copy of what was before.
    KeepOperationFolder,
    /// How a repair is undone.
    ToUndo(CommandLine),
    /// A header was put back, and how that is undone.
    HeaderIsBack(CommandLine),
    /// Logs were moved away: what comes next, and how that is undone.
    LogsAreMoved(CommandLine),
    /// Logs were moved back.
    LogsAreBack,
    /// How the undo of a log reset is undone.
    ToUndoTheUndo(CommandLine),
    /// There is no log in this folder.
    NoLogToMove(PathBuf),
    /// The report could not be written into this operation folder.
    ReportNotSaved {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: String,
    },
    /// No operation is pending.
    NothingPending,
    /// A folder of an operation that never began.
    EmptyFolder(PathBuf),
    /// Where a recovery goes.
    Direction(Direction),
    /// A recovery writes both header copies of this database.
    WritesHeaderOf(PathBuf),
    /// A recovery moves these files, as far as they are not there yet.
    Moves {
        /// Their names.
        names: Vec<String>,
        /// The folder they come from.
        from: PathBuf,
        /// The folder they go to.
        to: PathBuf,
    },
    /// A recovery ends the operation in this folder.
    Closes(PathBuf),
    /// A recovery removes this marker, or unfinished operation folder.
    Removes(PathBuf),
    /// The file has so many names (hard links) in other folders.
    NamesElsewhere(u64),
    /// A streaming file was verified, of which only the header pages can be.
    OnlyHeaderPages,
    /// The file ends with so many bytes that are no whole page.
    HalfPage(u64),
    /// The file ends before pages that the database owns.
    PagesMissing(MissingPages),
    /// The header has something unknown.
    UnknownInHeader(String),
    /// This streaming file of the database was not verified.
    StreamFileNotRead(PathBuf),
    /// The header copies of this database are not both valid and equal.
    CopiesNotSound(PathBuf),
}

impl Note {
    /// Whether something is wrong, though the outcome may be good: `--quiet` leaves these in.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::PagesAreBad { .. }
                | Self::PagesLost { .. }
                | Self::ReportNotSaved { .. }
                | Self::HalfPage(_)
                | Self::PagesMissing(_)
                | Self::UnknownInHeader(_)
        )
    }

    /// In words, and commands to type.
    pub fn in_words(&self) -> Vec<Paragraph> {
        match self {
            Self::FieldsFrom { evidence, conditions } => fields_from(evidence, conditions),
            Self::StreamFileLeftAlone(path) => {
                one(format!("Streaming file {}: neither changed nor copied.", shown(path)))
            }
            Self::StoreService(state) => store_service(*state),
            Self::PagesAreGood { total, empty } => {
                one(format!("All {total} pages have the right checksum ({empty} are empty)."))
            }
            Self::PagesAreBad { bad, total, correctable } => one(format!(
                "WARNING: {bad} of {total} pages are bad, {correctable} of them correctable. A repair of \
                 the header does not mend them: restore the database from a backup, or move its mailboxes."
            )),
            Self::PagesLost { count, first } => one(format!(
                "WARNING: {count} pages, the first of them page {first}, are empty or missing, and the flush map \
                 knows that they were written: what they held is lost. Restore the database from a backup."
            )),
            Self::BackupOnSameVolume => one(
                "The backup lies on the volume of the database: it protects against this tool, not \
                 against the disk.",
            ),
            Self::Undoes(operation) => one(format!("Undoes {operation}.")),
            Self::NothingToUndo => one("That operation was rolled back; it changed nothing."),
            Self::MountStore { full_backup_needed: true } => one(
                "Now mount the store and run a full backup at once. Until then an incremental backup \
                 answers -560 (event 206), by design.",
            ),
            Self::MountStore { full_backup_needed: false } => one("Now mount the store."),
            Self::Rebuilt(case) => one(verdict_in_words(*case)),
            Self::AfterRebuild { case, state } => after_rebuild(*case, *state),
            Self::KeepOperationFolder => {
                one("Keep the operation folder until that backup is proven.")
            }
            Self::ToUndo(undo) => with_command("To undo this:", undo),
            Self::HeaderIsBack(undo) => {
                with_command("The header is what it was before. To undo this undo:", undo)
            }
            Self::LogsAreMoved(undo) => logs_are_moved(undo),
            Self::LogsAreBack => one("All files are back where they were."),
            Self::ToUndoTheUndo(undo) => with_command("To undo this undo:", undo),
            Self::NoLogToMove(folder) => one(format!("No log to move in {}.", shown(folder))),
            Self::ReportNotSaved { folder, error } => {
                one(format!("WARNING: the report was not saved in {}: {error}", shown(folder)))
            }
            Self::NothingPending => one("No operation is pending here: no marker was found."),
            Self::EmptyFolder(folder) => one(format!(
                "An operation ended here before it began, as by a power loss. Nothing depends on its folder, which is \
                 empty. While no other edbmend is running, remove it: rmdir {}",
                quoted(folder)
            )),
            Self::Direction(direction) => one(direction_in_words(*direction)),
            Self::WritesHeaderOf(database) => {
                one(format!("writes: both header copies of {}", shown(database)))
            }
            Self::Moves { names, from, to } => moves(names, from, to),
            Self::Closes(folder) => one(format!("closes: the operation in {}", shown(folder))),
            Self::Removes(path) => one(format!("removes: {}", shown(path))),
            Self::NamesElsewhere(names) => one(format!(
                "The file has {names} more names (hard links) in other folders: no interrupted operation was \
                 looked for there."
            )),
            Self::OnlyHeaderPages => one(
                "Only its two header pages were checked: the pages of a streaming file have no checksum \
                 of their own. eseutil /k does not check them either.",
            ),
            Self::PagesMissing(MissingPages { last_page, last_owned_page }) => one(format!(
                "WARNING: the file was cut off: it ends with page {last_page}, and the database owns pages up to \
                 {last_owned_page}. What lies behind is missing. Use the original or a backup."
            )),
            Self::HalfPage(bytes) => one(format!(
                "WARNING: The last {bytes} bytes are no whole page; they were not checked. The file may \
                 have been cut off."
            )),
            Self::UnknownInHeader(problem) => one(format!(
                "WARNING: The header has something that edbmend does not know: {problem}."
            )),
            Self::StreamFileNotRead(path) => {
                let what = format!(
                    "Streaming file {}: not read. Its pages have no checksum of their own, only its two \
                     header pages have one. To check these:",
                    shown(path)
                );
                with_command(what, &CommandLine::new("verify").path(path))
            }
            Self::CopiesNotSound(path) => with_command(
                "The two header copies are not both valid and equal. What that means:",
                &CommandLine::new("check").path(path),
            ),
        }
    }
}

/// `direction: roll back: everything becomes what it was before`, also as a question is asked.
pub fn direction_in_words(direction: Direction) -> String {
    format!("direction: {}", direction.in_words())
}

/// Most files of one folder that are named in words; the JSON of the plan has them all.
const MOST_NAMED: usize = 40;

fn moves(names: &[String], from: &std::path::Path, to: &std::path::Path) -> Vec<Paragraph> {
    let named = names[..names.len().min(MOST_NAMED)].join(", ");
    let more = match names.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    one(format!(
        "moves, as far as it is not there: {named}{more}, from {} to {}",
        shown(from),
        shown(to)
    ))
}

fn one(words: impl Into<Paragraph>) -> Vec<Paragraph> {
    vec![words.into()]
}

fn with_command(words: impl Into<Paragraph>, command: &CommandLine) -> Vec<Paragraph> {
    vec![words.into(), command.clone().into()]
}

fn fields_from(evidence: &std::path::Path, conditions: &[String]) -> Vec<Paragraph> {
    let mut all = one(format!("The fields are those of {}, which meets:", shown(evidence)));
    all.extend(conditions.iter().map(|condition| format!("- {condition}").into()));
    all.push("Not checked: that the backup media of that set still exist.".into());
    all
}

fn verdict_in_words(case: RebuildCase) -> String {
    let says = match case {
        RebuildCase::HeaderProven => {
            "the header is proven to be that of this state of the database"
        }
        RebuildCase::CleanProven => "Clean Shutdown is proven",
        RebuildCase::RecoveryNeeded => "Dirty Shutdown; the engine's recovery does the rest",
        RebuildCase::PagesOnly => {
            "nothing is proven. Dirty Shutdown, for eseutil /p on a copy: what never reached the pages is lost"
        }
    };
    let letter = case.letter();
    format!(
        "Verdict {letter}: {says}. What nothing tells is left empty: backup history, counters, OS version."
    )
}

fn after_rebuild(case: RebuildCase, state: DbState) -> Vec<Paragraph> {
    one(match case {
        RebuildCase::PagesOnly => {
            "The database is in Dirty Shutdown and cannot be mounted. On a COPY of it run eseutil /p, then \
             eseutil /d, then isinteg -fix. What never reached the pages, and what is on pages that /p gives up, \
             is lost. A restored backup is better where there is one."
        }
        _ if state == DbState::CleanShutdown => {
            "Now mount the store, and run a full backup at once. Until then an incremental backup answers -560."
        }
        _ => {
            "Now mount the store with all its logs in place: the engine replays them. Then run a full backup at \
             once."
        }
    })
}

fn store_service(state: StoreService) -> Vec<Paragraph> {
    match state {
        StoreService::Running => one(
            "The Information Store service (MSExchangeIS) runs on this machine. That is normal while \
             single stores are dismounted. See that nobody mounts these now.",
        ),
        StoreService::Changing => one(
            "The Information Store service (MSExchangeIS) of this machine is starting or stopping. See \
             that nobody mounts these stores now.",
        ),
        StoreService::Stopped | StoreService::Absent => Vec::new(),
    }
}

fn logs_are_moved(undo: &CommandLine) -> Vec<Paragraph> {
    let words = [
        "done: all logs and the checkpoint of the stream were moved; the databases were not touched",
        "1. Mount the stores. The engine begins log generation 1 under a new log signature, and clears \
         the backup fields of every database.",
        "2. Run a full backup at once. Until then an incremental backup answers -560 (event 206), and \
         earlier backups cannot be rolled forward past this reset.",
        "3. Keep the moved logs until that backup is proven. After a mount they are good for nothing \
         but the hard recovery of an older backup.",
        "To undo this, before any store is mounted:",
    ];
    words.map(Paragraph::from).into_iter().chain([undo.clone().into()]).collect()
}
