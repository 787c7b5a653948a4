//! How the last full backups were taken: an incremental one must be of the same type, for every database.
//!
//! Source: microsoft/Extensible-Storage-Engine, `dev/ese/src/ese/backup.cxx`, the test before an incremental backup.

use crate::ese::BackupType;
use crate::show::shown;
use crate::simulate::{DatabaseFile, HeaderState};

use super::Forecast;

/// The failure where no type is that of all databases, so that every incremental backup misses a full one.
pub(super) fn differ(attached: &[(&DatabaseFile, HeaderState)]) -> Option<Forecast> {
    let mut typed = attached.iter().filter(|(_, header)| !header.is_legacy);
    let (one, header) = typed.next()?;
    let first = header.full.backup_type;
    let (other, header) = typed.find(|(_, header)| header.full.backup_type != first)?;
    let second = header.full.backup_type;
    let message = format!(
        "The last full backup of {} was {}, that of {} {}: an incremental backup of either type misses the full one \
         of the other database. Run a full backup of both, in one way.",
        shown(&one.path),
        in_words(first),
        shown(&other.path),
        in_words(second)
    );
    let in_short = "the last full backups were taken in different ways";
    Some(Forecast::fails(-560, Some(206), message).in_short(in_short))
}

/// What an incremental backup of another type meets; nothing where the engine keeps no types.
pub(super) fn of_another_type(attached: &[(&DatabaseFile, HeaderState)]) -> Option<String> {
    let (_, header) = attached.iter().find(|(_, header)| !header.is_legacy)?;
    let own = in_words(header.full.backup_type);
    Some(format!(
        "The last full backup was {own}; an incremental one of another type fails (-560, event 206)."
    ))
}

fn in_words(backup_type: BackupType) -> String {
    match backup_type {
        BackupType::Normal => "streamed".to_owned(),
        BackupType::OsSnapshot => "a shadow copy (VSS)".to_owned(),
        BackupType::Snapshot => "an engine snapshot".to_owned(),
        BackupType::Unknown(value) => format!("of the unknown type {value}"),
    }
}
