//! Files beside databases and logs that are no databases of the group: named as what they are.

use std::path::Path;

use crate::ese::{ForeignFormat, Signature};
use crate::show::shown;
use crate::survey::{GroupFacts, PatchFile};

use super::{Finding, FindingId};

/// The engine's temporary database.
pub(super) fn temporary_database() -> Finding {
    Finding::new(
        FindingId::TemporaryDatabase,
        "this is the left-over temporary database of an engine that was not stopped properly",
        "It holds nothing that is not elsewhere: the engine makes it anew at each start. It is in no backup and in no log \
         reset, and stays where it is.",
        "Nothing to do. While no engine runs it may be deleted.",
    )
}

/// A file of another program.
pub fn other_format(path: &Path, format: ForeignFormat) -> Finding {
    Finding::new(
        FindingId::OtherFormat,
        format!("{} is {}", shown(path), format.in_words()),
        "It is no database of this engine, and is left alone.",
        "Nothing to do.",
    )
}

/// What streaming backups left beside the stores of a group. A file that fits none is nobody's business.
pub(super) fn patch_files(group: &GroupFacts) -> impl Iterator<Item = Finding> {
    let known: Vec<Signature> = group
        .databases
        .iter()
        .filter_map(|facts| Some(facts.pair.as_ref()?.header.raw.db_signature))
        .collect();
    group
        .patch_files
        .iter()
        .filter(move |file| known.contains(&file.header.db_signature))
        .map(patch_file)
}

fn patch_file(file: &PatchFile) -> Finding {
    let backup = &file.header.backup;
    Finding::new(
        FindingId::PatchFile,
        format!(
            "{} was left by a streaming backup of the generations {}-{}",
            shown(&file.path),
            backup.gen_low,
            backup.gen_high
        ),
        "It is no sign of a restore. It stays where it is, and is in no log reset.",
        "Nothing to do.",
    )
}
