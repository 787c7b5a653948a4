//! The refusals of a rebuild, in words.

use std::path::Path;

use crate::refusal::{
    ALLOW_NEWEST_LOG_DOUBTFUL, DIRTY_FOR_REPAIR, NAME_IN_LOGS, Refusal, RefusalId,
};
use crate::show::{CommandLine, shown};
use crate::survey::{Difference, PageProof};

use super::names::NameInLogs;
use super::tail::{Doubt, TailFault};

/// What everybody should do first who is refused a header.
const COPY_FIRST: &str = "Do not start the store: the engine may delete such a file and make it anew. Keep a copy \
                          of the file and of all logs.";

/// No page size, or more than one, fits the pages.
pub fn page_size_unknown(path: &Path, sizes: &[usize]) -> Refusal {
    let what = match sizes {
        [] => "no page near the start of the file is good at any page size from 2048 to 32768: the pages are \
               lost as well, or encrypted, or this is no database"
            .to_owned(),
        sizes => format!("its pages are good at several page sizes: {sizes:?}"),
    };
    Refusal::new(
        RefusalId::PageSizeUnknown,
        path,
        what,
        "A header alone does not help here: restore the database from a backup.",
    )
}

/// A root of the database is not what it must be.
pub(super) fn lost_roots(path: &Path, roots: &[u32]) -> Refusal {
    let each = roots.iter().map(|page| format!("page {page} is not the root that must be there"));
    Refusal::new(
        RefusalId::RootPageLost,
        path,
        format!(
            "{} (page 1: object 1, the space; page 4: object 2, the catalogue)",
            each.collect::<Vec<_>>().join(", ")
        ),
        "More than the header is lost: restore the database from a backup.",
    )
}

pub(super) fn backup_copy(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::BackupInProgress,
        path,
        "its last page is the trailer of a streaming backup: this is a backup copy that waits for its restore",
        "Restore the backup set as a whole (eseutil /cc), from the media if this copy is damaged.",
    )
}

pub(super) fn bad_pages(path: &Path, proof: &PageProof) -> Refusal {
    let first = proof.first_bad.unwrap_or(0);
    let offset = (u64::from(first) + 1) * proof.layout.page_size_bytes as u64;
    Refusal::new(
        RefusalId::BadPages,
        path,
        format!(
            "{} of {} data pages are bad, the first is page {first} at offset {offset}: what is lost with them \
             cannot be told from the logs",
            proof.bad,
            proof.good + proof.empty + proof.bad
        ),
        "Restore the database from a backup.",
    )
}

pub(super) fn logs_not_whole(fault: &TailFault) -> Refusal {
    Refusal::new(
        RefusalId::LogsNotWhole,
        &fault.path,
        fault.what.clone(),
        "Put the sound log back, from a backup if need be: without every log from the checkpoint to the current \
         one nothing can be proven.",
    )
}

pub(super) fn newest_log_doubtful(doubt: &Doubt) -> Refusal {
    Refusal::new(
        RefusalId::NewestLogDoubtful,
        &doubt.path,
        doubt.what.clone(),
        format!(
            "Find the true current log. With a log too few, the engine accepts the database and its last \
             transactions are lost in silence. Where these are certainly all logs: {ALLOW_NEWEST_LOG_DOUBTFUL}"
        ),
    )
}

pub(super) fn not_named(path: &Path, name: &NameInLogs, others: &[&str]) -> Refusal {
    let first = Path::new(others.first().copied().unwrap_or_default());
    let named = CommandLine::new(&format!("rebuild-header {NAME_IN_LOGS}")).path(first).path(path);
    let others: Vec<String> = others.iter().map(|path| shown(*path).to_string()).collect();
    Refusal::new(
        RefusalId::DatabaseNotInLogs,
        path,
        format!(
            "the logs know no database {}, but its pages are those of {}",
            shown(name.as_str()),
            others.join(" and of ")
        ),
        named,
    )
}

/// What a person decided is no proof, and stands among the evidence as what it is.
pub(super) fn decided_by_name(name: &NameInLogs) -> String {
    let name = shown(name.as_str());
    format!(
        "Named by {NAME_IN_LOGS}: it is {name} of the logs; the name of the file does not show it."
    )
}

pub(super) fn twins(path: &Path, paths: &[&str]) -> Refusal {
    let paths: Vec<String> = paths.iter().map(|path| shown(*path).to_string()).collect();
    Refusal::new(
        RefusalId::TwinDatabase,
        path,
        format!("its pages fit several databases of the logs: {}", paths.join(", ")),
        format!(
            "Which of them this file is cannot be proven: restore it from a backup. If only one of them was ever \
             this file, name it with {NAME_IN_LOGS} and its whole path."
        ),
    )
}

pub(super) fn pages_contradict(path: &Path, what: impl Into<String>) -> Refusal {
    Refusal::new(
        RefusalId::PagesContradictLogs,
        path,
        what,
        format!(
            "These logs are not those of this state of the database. Find the logs that are. {COPY_FIRST}"
        ),
    )
}

/// `page 7: found stamp 90, expected 80`.
pub(super) fn difference(found: &Difference) -> String {
    format!("page {}: found stamp {}, expected {}", found.page, found.found, found.expected)
}

pub(super) fn flush_map(path: &Path, map: &Path, is_clean: bool) -> Refusal {
    let (found, logs) = if is_clean {
        ("was closed cleanly", "the logs end while the database is attached")
    } else {
        ("was not closed cleanly", "the logs end with a clean detach")
    };
    Refusal::new(
        RefusalId::FlushMapContradicts,
        path,
        format!("its flush map {} {found}, but {logs}", shown(map)),
        format!("One of the two is not of this state of the database. {COPY_FIRST}"),
    )
}

pub(super) fn streaming_file(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::StreamingFileUnproven,
        path,
        format!(
            "{what}: a header without the identity of its streaming file would lose what is in that"
        ),
        "Give an older header of this database with --from, or restore .edb and .stm from one backup.",
    )
}

pub(super) fn only_pages(path: &Path, name: &NameInLogs) -> Refusal {
    Refusal::new(
        RefusalId::NothingButPages,
        path,
        format!(
            "no log tells of {}: whether it was shut down cleanly cannot be proven from its pages",
            shown(name.as_str())
        ),
        format!(
            "Name the folder of its logs with --log-dir, or an older header with --from. Where there is neither: \
             {DIRTY_FOR_REPAIR} writes a header in Dirty Shutdown, with which eseutil /p works on a copy again; \
             what never reached the pages is lost then."
        ),
    )
}

pub(super) fn unsuitable(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::EvidenceUnsuitable,
        path,
        format!("the header given by --from is not that of this state of the database: {what}"),
        "Take the newest header of this database that there is, or leave --from out.",
    )
}

pub(super) fn not_a_header(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::EvidenceUnsuitable,
        path,
        format!("the header that was rebuilt is not valid: {what}"),
        "Nothing was written. Please report it.",
    )
}
