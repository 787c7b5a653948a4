//! Records of backups.
//!
//! Source: `dev/ese/src/inc/logapi.hxx`, `LRLOGBACKUP`, `LRLOGBACKUP2`.

use std::fmt;

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::ese::RawBackupInfo;

/// `Backup`, until 7.3704.9: a backup begins, or is at one of its steps. A path follows.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawBackup {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: 0 full, 1 incremental, 4 logs are deleted, 5 shadow copy, 6 incremental shadow copy.
    pub step: u8,
    /// Offset 2.
    pub reserved_2: u8,
    /// Offset 3: bytes of the path.
    pub path_bytes: U16,
}

/// `Backup2`: a step of a backup. A path follows.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawBackup2 {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: [`BackupPhase`].
    pub phase: u8,
    /// Offset 2: [`BackupType`](crate::ese::BackupType).
    pub backup_type: U32,
    /// Offset 6: [`BackupScope`].
    pub scope: u8,
    /// Offset 7: database id, where the step belongs to one.
    pub dbid: u8,
    /// Offset 8: what the header of the database remembers.
    pub info: RawBackupInfo,
    /// Offset 32.
    pub reserved_32: u8,
    /// Offset 33: bytes of the path.
    pub path_bytes: U16,
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawBackup>() == 5);
    assert!(size_of::<RawBackup2>() == 35);
    assert!(offset_of!(RawBackup2, backup_type) == 2);
    assert!(offset_of!(RawBackup2, info) == 8);
    assert!(offset_of!(RawBackup2, path_bytes) == 33);
};

/// Step of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupPhase {
    /// 1: it begins.
    Begin,
    /// 2: the logs are about to be read.
    PrepareLogs,
    /// 3: logs are deleted, those of the generations that the record names.
    Truncate,
    /// 4: the header of a database remembers it; written once for each, and replayed.
    Update,
    /// 5: it failed.
    Abort,
    /// 6: it is at its end.
    Stop,
    /// Any other number.
    Unknown(u8),
}

impl From<u8> for BackupPhase {
    fn from(value: u8) -> Self {
        match value {
            1 => Self::Begin,
            2 => Self::PrepareLogs,
            3 => Self::Truncate,
            4 => Self::Update,
            5 => Self::Abort,
            6 => Self::Stop,
            other => Self::Unknown(other),
        }
    }
}

/// `prepare-logs`
impl fmt::Display for BackupPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin => f.write_str("begin"),
            Self::PrepareLogs => f.write_str("prepare-logs"),
            Self::Truncate => f.write_str("truncate"),
            Self::Update => f.write_str("update"),
            Self::Abort => f.write_str("abort"),
            Self::Stop => f.write_str("stop"),
            Self::Unknown(number) => write!(f, "{number}"),
        }
    }
}

/// What a backup takes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupScope {
    /// 1: database and logs, which are deleted then.
    Full,
    /// 2: logs, which are deleted then.
    Incremental,
    /// 5: database and logs, which stay.
    Copy,
    /// 6: logs, which stay.
    Differential,
    /// Any other number.
    Unknown(u8),
}

impl From<u8> for BackupScope {
    fn from(value: u8) -> Self {
        match value {
            1 => Self::Full,
            2 => Self::Incremental,
            5 => Self::Copy,
            6 => Self::Differential,
            other => Self::Unknown(other),
        }
    }
}
