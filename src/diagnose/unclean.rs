//! What each state but Clean Shutdown means, and the way out of it.
//!
//! Source of the answers: `dev/ese/src/ese/db.cxx` (attach without recovery) and
//! `dev/ese/src/ese/_log/logredo.cxx` (`ErrLGRICheckRedoCreateDb`, `ErrLGRICheckAttachedDb`).

use crate::ese::{DbHeader, DbState};

/// A state in which the engine does not attach a database as it is.
pub struct Unclean {
    /// The engine's error where it attaches without recovery.
    pub error: i32,
    /// Whether soft recovery makes the database clean, with the logs that it needs.
    pub recovers: bool,
    /// What the state says.
    pub meaning: &'static str,
    /// What to do.
    pub way_out: &'static str,
}

/// `None` of a database in Clean Shutdown.
pub fn unclean(header: &DbHeader) -> Option<Unclean> {
    let (error, meaning, way_out) = match header.state() {
        DbState::CleanShutdown => return None,
        DbState::BeingConverted => {
            (-563, "An upgrade of the database was begun and not finished.", BY_BACKUP)
        }
        DbState::IncrementalReseedInProgress => (
            -1226,
            "An incremental reseed of the database was begun and not finished.",
            "Finish the reseed, or seed the database anew from a good copy. Recovery does not help.",
        ),
        DbState::RevertInProgress => (
            -1935,
            "A revert of the database to an earlier time was begun and not finished.",
            "Finish the revert, or restore the database from a backup. Recovery does not help.",
        ),
        _ if header.current_full_backup().gen_low != 0 => {
            (-544, "It is the copy that a backup made (see backup-in-progress).", BY_RESTORE)
        }
        DbState::DirtyShutdown | DbState::DirtyAndPatchedShutdown => return Some(dirty(header)),
        DbState::JustCreated => (
            -550,
            "The engine stopped while it created the database.",
            "Mount the store with all of its logs: recovery creates the database anew from them. \
             Without these logs restore it from a backup.",
        ),
        DbState::ForceDetach | DbState::Illegal(_) => {
            (-550, "No engine leaves a database that it can attach in this state.", BY_BACKUP)
        }
    };
    Some(Unclean { error, recovers: false, meaning, way_out })
}

fn dirty(header: &DbHeader) -> Unclean {
    let (meaning, way_out) = if header.current_shadow_copy_backup().gen_low != 0 {
        ("It is the copy that a shadow copy backup made (see backup-in-progress).", BY_RESTORE)
    } else if header.raw.log_signature.is_unset() {
        return Unclean {
            error: -550,
            recovers: false,
            meaning: "The database was not closed, and belongs to no log stream.",
            way_out: WITHOUT_LOGS,
        };
    } else if required(header).is_some() {
        ("The database is not consistent without these logs.", BY_RECOVERY)
    } else {
        ("The database was not closed, though its header names no log that it needs.", BY_RECOVERY)
    };
    Unclean { error: -550, recovers: true, meaning, way_out }
}

/// The first and the last log generation that recovery needs, where the header names any.
pub fn required(header: &DbHeader) -> Option<(i32, i32)> {
    let (min, max) = (header.raw.gen_min_required.get(), header.raw.gen_max_required.get());
    (min > 0 && max >= min).then_some((min, max))
}

/// What is said instead where the next start fails.
pub const NOT_BY_A_MOUNT: &str =
    "Not by a mount as it is: that fails. `edbmend check` has the way out.";

/// What makes a database clean, where the next start succeeds.
pub(super) const BY_RECOVERY: &str =
    "Mount the store and dismount it again, or run soft recovery (eseutil /r).";

const WITHOUT_LOGS: &str = "No log can make it consistent. Restore a copy of it, or let its program make it anew; where there is neither, \
     run eseutil /p on a copy, which may lose data.";

const BY_RESTORE: &str = "Restore it properly: with the program that made the backup, or by hard recovery (eseutil /cc).";

/// Recovery takes such a file for none where the logs hold the record of its creation.
const BY_BACKUP: &str = "Restore the database from a backup. Copy this file aside before you mount anything: recovery may \
     create the database anew over it.";
