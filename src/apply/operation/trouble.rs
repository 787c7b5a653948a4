//! What is said where an operation folder cannot be trusted, or is that of something else.

use std::path::Path;

use crate::refusal::{Refusal, RefusalId};
use crate::show::{quoted, shown};

use super::journal::End;

/// The refusal where what an operation left cannot be trusted.
pub fn journal_damaged(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        path,
        format!("the operation cannot be trusted: {what}"),
        "Nothing was touched. Put the undamaged operation folder back, and run the same command again. If there \
         is none: docs/recover.md, section \"lost for good\".",
    )
}

/// The refusal where another version of edbmend wrote a part of an operation.
pub fn of_another_version(path: &Path, schema: &str) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        path,
        format!(
            "it was made by a newer edbmend: its schema is {schema}, and this version does not know all that it says"
        ),
        "Nothing was touched. Run the same command with the version that made it, or a newer one.",
    )
}

/// The refusal where nothing proves that everything is as it was before an operation began.
pub fn unproven(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        path,
        format!("nothing shows how far the operation was: {what}"),
        "Nothing was touched. If its operation folder lies elsewhere (--backup-dir), name that: edbmend recover \
         FOLDER. If there is none: docs/recover.md, section \"lost for good\".",
    )
}

/// The refusal where a finished journal says what the disk does not: `"the header does"`.
pub fn journal_contradicted(dir: &Path, end: End, what_does: &str) -> Refusal {
    let word = match end {
        End::RolledBack => "rolled back",
        End::Committed => "committed",
        End::Overtaken => "overtaken",
    };
    journal_damaged(dir, &format!("its journal says {word}, and {what_does} not"))
}

/// The refusal where files were moved, though no journal says that they may have been.
pub fn moved_without_journal(dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        dir,
        "its journal is missing, though files were moved",
        "Nothing was touched. Put the journal back from a copy of this folder, and run the same command again. \
         Without it: plan.json names each file, where it was and where it went; move back by hand what was \
         moved, then remove the marker.",
    )
}

/// The refusal where a file of an operation folder is damaged.
pub fn damaged(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        path,
        format!("the operation cannot be trusted: {what}"),
        "Nothing was touched. Put an undamaged copy of this operation folder back and try again; \
         header-before.bin holds both header pages as they were.",
    )
}

/// The refusal where a copy was named, and its operation folder is that of the original.
pub fn of_the_original(subject: &Path, dir: &Path, original: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        subject,
        format!(
            "the operation in {} is that of {}, of which this seems to be a copy",
            shown(dir),
            shown(original)
        ),
        format!(
            "Nothing was touched. Recover the original: edbmend recover {}. To recover the copy by itself, put \
             a copy of the operation folder beside it, in a folder named edbmend.",
            quoted(original)
        ),
    )
}
