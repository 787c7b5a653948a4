//! The last backups that records tell of.

use crate::ese::log_records::{BackupPhase, BackupScope, RawBackup, RawBackup2};
use crate::ese::{BackupInfo, LgPos};

/// A backup that a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenBackup {
    /// Position of the record.
    pub at: LgPos,
    /// Database to which it belongs; `None` in old records, which are for all.
    pub dbid: Option<u8>,
    /// What the header of the database remembers of it; `None` in old records.
    pub info: Option<BackupInfo>,
}

/// The last backup of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastBackups {
    /// Database and logs.
    pub full: Option<SeenBackup>,
    /// Logs, deleted then.
    pub incremental: Option<SeenBackup>,
    /// Database and logs, which stay.
    pub copy: Option<SeenBackup>,
    /// Logs, which stay.
    pub differential: Option<SeenBackup>,
}

impl LastBackups {
    /// Takes note of a backup; the later ones come last.
    pub(super) fn note(&mut self, scope: BackupScope, backup: SeenBackup) {
        let last = match scope {
            BackupScope::Full => &mut self.full,
            BackupScope::Incremental => &mut self.incremental,
            BackupScope::Copy => &mut self.copy,
            BackupScope::Differential => &mut self.differential,
            BackupScope::Unknown(_) => return,
        };
        *last = Some(backup);
    }
}

/// A backup of a record of Exchange 2000 and 2003, written when it begins.
pub(super) fn of_old_step(at: LgPos, raw: &RawBackup) -> Option<(BackupScope, SeenBackup)> {
    let scope = match raw.step {
        0 | 5 => BackupScope::Full,
        1 | 6 => BackupScope::Incremental,
        _ => return None,
    };
    Some((scope, SeenBackup { at, dbid: None, info: None }))
}

/// A backup of a record that changes what the header of a database remembers. No other step says
/// that the backup came to its end.
pub(super) fn of_update(at: LgPos, raw: &RawBackup2) -> Option<(BackupScope, SeenBackup)> {
    let is_update = BackupPhase::from(raw.phase) == BackupPhase::Update;
    let info = Some(BackupInfo::new(&raw.info, raw.backup_type.get()));
    is_update.then_some((raw.scope.into(), SeenBackup { at, dbid: Some(raw.dbid), info }))
}
