//! What the records that matter say.

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::RecordKind;
use super::attachment_records::{
    RawAttachDb, RawCreateDb, RawDatabaseSize, RawDetachDb, RawReAttach, RawSetDbVersion,
    RecordNames,
};
use super::backup_records::{RawBackup, RawBackup2};
use super::engine_records::{RawEngineEnd, RawInit, WithTime};
use super::page_records::RawPageHead;
use crate::ese::{LogTime, RawDbmsParam};

/// A record that matters, read. Positions, times and signatures are as stored.
#[derive(Clone, Copy)]
pub enum RecordValue<'a> {
    /// `Init`, `Init2`: an engine starts; a new run begins.
    EngineStart {
        /// Its environment.
        environment: &'a RawDbmsParam,
        /// When; not in `Init`.
        time: Option<LogTime>,
    },
    /// `Term`, `Term2`, `RecoveryQuit`, `RecoveryQuit2`, `RecoveryQuitKeepAttachments`: an engine or a
    /// recovery has come to a clean end.
    EngineEnd {
        /// The record.
        raw: &'a RawEngineEnd,
        /// When; not in the older forms.
        time: Option<LogTime>,
    },
    /// `RecoveryUndo`, `RecoveryUndo2`: recovery from a crash begins to undo here.
    UndoBegins {
        /// When; not in the older form.
        time: Option<LogTime>,
    },
    /// `ShutDownMark`: the last consistent point of the databases that a shutdown detaches.
    ShutDownMark,
    /// `CreateDB`.
    CreateDb {
        /// The record.
        raw: &'a RawCreateDb,
        /// Its names.
        names: RecordNames<'a>,
    },
    /// `CreateDBFinish`.
    CreateDbFinish {
        /// Database id.
        dbid: u8,
    },
    /// `AttachDB`.
    AttachDb {
        /// The record.
        raw: &'a RawAttachDb,
        /// Its names.
        names: RecordNames<'a>,
    },
    /// `SignalAttachDb`.
    SignalAttachDb {
        /// Database id.
        dbid: u8,
    },
    /// `ReAttach`.
    ReAttach(&'a RawReAttach),
    /// `DetachDB`.
    DetachDb {
        /// The record.
        raw: &'a RawDetachDb,
        /// Its names.
        names: RecordNames<'a>,
    },
    /// `SetDbVersion`.
    SetDbVersion(&'a RawSetDbVersion),
    /// `ExtendDB`: a hint.
    Extend(&'a RawDatabaseSize),
    /// `ShrinkDB`, `ShrinkDB2`, `ShrinkDB3`.
    Shrink(&'a RawDatabaseSize),
    /// `TrimDB`.
    Trim(&'a RawDatabaseSize),
    /// `ExtRestore`, `ExtRestore2`: target of a restore from a backup.
    ExtRestore {
        /// Name of the instance, and folder of the logs.
        names: RecordNames<'a>,
    },
    /// `FullBackup`, `IncBackup`, of the oldest engines.
    OldBackup {
        /// Whether it is a full one.
        full: bool,
    },
    /// `Backup`.
    Backup(&'a RawBackup),
    /// `Backup2`.
    Backup2(&'a RawBackup2),
    /// `Trace`: a note for people, in the server's code page.
    Trace(&'a [u8]),
    /// Any record that changes a page.
    Page(&'a RawPageHead),
}

impl<'a> RecordValue<'a> {
    /// Reads a record; `None` where its type does not matter, or it is too short.
    pub(super) fn read(kind: RecordKind, bytes: &'a [u8]) -> Option<Self> {
        if kind.is_page_change() {
            return Some(Self::Page(head(bytes)?.0));
        }
        Some(match kind {
            RecordKind::INIT | RecordKind::INIT_2 => engine_start(kind, bytes)?,
            RecordKind::TERM
            | RecordKind::RECOVERY_QUIT
            | RecordKind::TERM_2
            | RecordKind::RECOVERY_QUIT_2
            | RecordKind::RECOVERY_QUIT_KEEP_ATTACHMENTS => engine_end(kind, bytes)?,
            RecordKind::RECOVERY_UNDO => Self::UndoBegins { time: None },
            RecordKind::RECOVERY_UNDO_2 => {
                Self::UndoBegins { time: Some(*head(bytes.get(1..)?)?.0) }
            }
            RecordKind::SHUT_DOWN_MARK => Self::ShutDownMark,
            RecordKind::FULL_BACKUP => Self::OldBackup { full: true },
            RecordKind::INC_BACKUP => Self::OldBackup { full: false },
            RecordKind::BACKUP => Self::Backup(head(bytes)?.0),
            RecordKind::BACKUP_2 => Self::Backup2(head(bytes)?.0),
            RecordKind::TRACE => Self::Trace(bytes.get(5..)?),
            RecordKind::EXT_RESTORE => Self::ExtRestore { names: restore_names(bytes, false)? },
            RecordKind::EXT_RESTORE_2 => Self::ExtRestore { names: restore_names(bytes, true)? },
            _ => return Self::read_database(kind, bytes),
        })
    }

    /// Records of one database.
    fn read_database(kind: RecordKind, bytes: &'a [u8]) -> Option<Self> {
        Some(match kind {
            RecordKind::CREATE_DB => {
                let (raw, behind): (&RawCreateDb, _) = head(bytes)?;
                let version_bytes = if raw.flags & 4 != 0 { 4 } else { 0 };
                let behind = behind.get(version_bytes..)?;
                let names = RecordNames::behind(behind, raw.names_bytes, raw.flags & 8 != 0);
                Self::CreateDb { raw, names }
            }
            RecordKind::ATTACH_DB => {
                let (raw, behind): (&RawAttachDb, _) = head(bytes)?;
                let names = RecordNames::behind(behind, raw.names_bytes, raw.flags & 8 != 0);
                Self::AttachDb { raw, names }
            }
            RecordKind::DETACH_DB => {
                let (raw, behind): (&RawDetachDb, _) = head(bytes)?;
                let names = RecordNames::behind(behind, raw.names_bytes, raw.flags & 0x10 != 0);
                Self::DetachDb { raw, names }
            }
            RecordKind::RE_ATTACH => Self::ReAttach(head(bytes)?.0),
            RecordKind::SET_DB_VERSION => Self::SetDbVersion(head(bytes)?.0),
            RecordKind::CREATE_DB_FINISH => Self::CreateDbFinish { dbid: *bytes.get(3)? },
            RecordKind::SIGNAL_ATTACH_DB => Self::SignalAttachDb { dbid: *bytes.get(1)? },
            RecordKind::EXTEND_DB => Self::Extend(head(bytes.get(5..)?)?.0),
            RecordKind::SHRINK_DB | RecordKind::SHRINK_DB_2 | RecordKind::SHRINK_DB_3 => {
                Self::Shrink(head(bytes.get(1..)?)?.0)
            }
            RecordKind::TRIM_DB => Self::Trim(head(bytes.get(1..)?)?.0),
            _ => return None,
        })
    }
}

fn head<T: FromBytes + KnownLayout + Immutable + Unaligned>(bytes: &[u8]) -> Option<(&T, &[u8])> {
    T::ref_from_prefix(bytes).ok()
}

fn engine_start(kind: RecordKind, bytes: &[u8]) -> Option<RecordValue<'_>> {
    let (raw, _): (&RawInit, _) = head(bytes)?;
    let time = if kind == RecordKind::INIT_2 { Some(time_behind::<RawInit>(bytes)?) } else { None };
    Some(RecordValue::EngineStart { environment: &raw.environment, time })
}

fn engine_end(kind: RecordKind, bytes: &[u8]) -> Option<RecordValue<'_>> {
    let (raw, _): (&RawEngineEnd, _) = head(bytes)?;
    let old = matches!(kind, RecordKind::TERM | RecordKind::RECOVERY_QUIT);
    let time = if old { None } else { Some(time_behind::<RawEngineEnd>(bytes)?) };
    Some(RecordValue::EngineEnd { raw, time })
}

fn time_behind<T: FromBytes + KnownLayout + Immutable + Unaligned>(
    bytes: &[u8],
) -> Option<LogTime> {
    WithTime::<T>::ref_from_prefix(bytes).ok().map(|(whole, _)| whole.time)
}

fn restore_names(bytes: &[u8], unicode: bool) -> Option<RecordNames<'_>> {
    Some(RecordNames { bytes: bytes.get(3..)?, unicode })
}
