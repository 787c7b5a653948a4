//! A backup that the header says is under way.

use crate::ese::{BackupInfo, DbHeader, DbState};

/// The backup that is recorded as running.
pub struct CurrentBackup {
    /// The name of its field, as `eseutil /mh` prints it.
    pub label: &'static str,
    /// JSON key of its field.
    pub key: &'static str,
    /// What the field says.
    pub info: BackupInfo,
    /// Whether the database is the copy that this backup made, which waits for its restore; else it is
    /// the database itself, and closed.
    pub is_of_the_copy: bool,
}

/// `None` where the header records no backup that runs.
pub fn current_backup(header: &DbHeader) -> Option<CurrentBackup> {
    let full = ("Current Full Backup", "current_full_backup", header.current_full_backup());
    let shadow_copy = (
        "Current Shadow copy backup",
        "current_shadow_copy_backup",
        header.current_shadow_copy_backup(),
    );
    let running = [full, shadow_copy].into_iter().find(|(_, _, info)| info.gen_low != 0);
    let is_of_the_copy = header.state() != DbState::CleanShutdown;
    running.map(|(label, key, info)| CurrentBackup { label, key, info, is_of_the_copy })
}

impl CurrentBackup {
    /// What to do.
    pub fn way_out(&self) -> &'static str {
        if self.is_of_the_copy {
            "Restore it properly (with the program that made the backup, or eseutil /cc)."
        } else {
            "Mount the store and dismount it once: the engine clears the field."
        }
    }
}
