//! A damaged log header, a damaged checkpoint: what to say of one file of a log stream.

use std::fmt::Display;
use std::path::Path;

use crate::ese::CheckpointCopies;
use crate::show::{quoted, shown};
use crate::survey::{AttachListFault, AttachListHolder};

use super::{Finding, FindingId, Severity};

/// A log whose header is damaged, or that cannot be read.
pub fn damaged_log(path: &Path, fault: &dyn Display) -> Finding {
    Finding::new(
        FindingId::LogHeaderDamaged,
        format!("{}: {fault}", shown(path)),
        "The engine cannot use this log: error -501 where it has to read it. Recovery and an \
         incremental backup stop here.",
        format!(
            "Bring a good copy of this log back from a backup, then: edbmend inspect {}",
            quoted(path)
        ),
    )
}

/// The list of databases in the current log, or in the checkpoint, though the checksum holds.
pub(super) fn damaged_attach_list(fault: &AttachListFault) -> Finding {
    let id = match fault.holder {
        AttachListHolder::Checkpoint => FindingId::CheckpointDamaged,
        AttachListHolder::Log => FindingId::LogHeaderDamaged,
    };
    Finding::new(
        id,
        format!("{}: {fault}", shown(fault.path)),
        "Which databases were attached cannot be read from it. A log reset is refused \
         (group-incomplete): a database could be left out.",
        attach_list_way_out(fault.holder),
    )
}

/// What brings a good attach list.
pub fn attach_list_way_out(holder: AttachListHolder) -> &'static str {
    match holder {
        AttachListHolder::Checkpoint => {
            "Mount all stores of the group and dismount them: the engine writes the checkpoint anew."
        }
        AttachListHolder::Log => {
            "The engine writes the list anew with each log: mount all stores of the group until the \
             next log has begun, and dismount them. If they do not mount, bring a good copy of this \
             log back from a backup."
        }
    }
}

/// A checkpoint without a valid copy.
pub fn damaged_checkpoint(path: &Path) -> Finding {
    Finding::new(
        FindingId::CheckpointDamaged,
        format!(
            "{}: neither the copy at offset 0 nor the one at offset 4096 has the checksum of its \
             bytes",
            shown(path)
        ),
        "The engine cannot read the checkpoint (error -533). Recovery then begins with the oldest log \
         that is there, and all logs from it on must be sound.",
        "Move the checkpoint away, with the store dismounted, and mount: the engine writes a new one.",
    )
}

/// A checkpoint of which one copy is left.
pub fn half_damaged_checkpoint(path: &Path, copies: CheckpointCopies) -> Finding {
    let offset = if copies == CheckpointCopies::FirstOnly { 4096 } else { 0 };
    Finding::new(
        FindingId::CheckpointDamaged,
        format!("{}: the copy at offset {offset} has not the checksum of its bytes", shown(path)),
        "The engine uses the other copy.",
        "Nothing to do: the next mount writes both copies. If it comes back, check the disk.",
    )
    .with_severity(Severity::Warning)
}
