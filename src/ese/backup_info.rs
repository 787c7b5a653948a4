//! `BKINFO`: what a database header remembers of one backup, and when it cannot be true.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{LgPos, LogTime, RawLgPos};

/// `BKINFO` as stored, 24 bytes. Source: `dev/ese/src/inc/daedef.hxx`, `BKINFO`.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawBackupInfo {
    /// Offset 0: log position at which the backup was taken.
    pub mark: RawLgPos,
    /// Offset 8: time of the mark.
    pub time: LogTime,
    /// Offset 16: lowest log generation of the backup set; 0 = no such backup.
    pub gen_low: U32,
    /// Offset 20: highest log generation of the backup set.
    pub gen_high: U32,
}

const _: () = assert!(size_of::<RawBackupInfo>() == 24);

/// The value that KB946799 describes: "no log copied yet", 0, less one.
pub const BOGUS_GENERATION: u32 = 0xffff_ffff;

/// The last log generation that any engine can write (0x7FFFF800; the legacy limit is 0xFFFEF).
/// Source: `dev/ese/src/inc/daeconst.hxx`.
pub const LAST_GENERATION: u32 = 0x7fff_f800;

/// The last log generation of engines with five-digit log names (Exchange 2000 and 2003).
pub const LAST_LEGACY_GENERATION: u32 = 0xf_ffef;

/// How a backup was taken (`bkinfoType...`, u32). Source: `DBFILEHDR::BKINFOTYPE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupType {
    /// 0: streamed through the backup interface.
    Normal,
    /// 1: a shadow copy (VSS).
    OsSnapshot,
    /// 2: an engine snapshot.
    Snapshot,
    /// Anything else; no engine writes it into a header.
    Unknown(u32),
}

impl From<u32> for BackupType {
    fn from(value: u32) -> Self {
        match value {
            0 => Self::Normal,
            1 => Self::OsSnapshot,
            2 => Self::Snapshot,
            other => Self::Unknown(other),
        }
    }
}

impl BackupType {
    /// The stored number.
    pub fn value(self) -> u32 {
        match self {
            Self::Normal => 0,
            Self::OsSnapshot => 1,
            Self::Snapshot => 2,
            Self::Unknown(other) => other,
        }
    }

    /// What `eseutil` prints behind `Log Gen:`.
    pub fn eseutil_suffix(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::OsSnapshot => " - OSSnapshot",
            Self::Snapshot => " - Snapshot",
            Self::Unknown(_) => " - UNKNOWN",
        }
    }
}

/// `normal`, `os-snapshot`, `snapshot`, `unknown-7`.
impl Serialize for BackupType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Normal => serializer.serialize_str("normal"),
            Self::OsSnapshot => serializer.serialize_str("os-snapshot"),
            Self::Snapshot => serializer.serialize_str("snapshot"),
            Self::Unknown(value) => serializer.collect_str(&format_args!("unknown-{value}")),
        }
    }
}

impl JsonSchema for BackupType {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BackupType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^(normal|os-snapshot|snapshot|unknown-\d+)$" })
    }
}

/// One backup as the header remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BackupInfo {
    /// Lowest log generation of the set; 0 = no such backup.
    pub gen_low: u32,
    /// Highest log generation of the set.
    pub gen_high: u32,
    /// Log position of the backup.
    pub mark: LgPos,
    /// Time of the mark.
    pub time: LogTime,
    /// How it was taken. The two "current" fields have no stored type and are always normal.
    #[serde(rename = "type")]
    pub backup_type: BackupType,
}

impl BackupInfo {
    /// No such backup, as the engine writes it.
    pub const NONE: Self = Self {
        gen_low: 0,
        gen_high: 0,
        mark: LgPos { generation: 0, sector: 0, offset: 0 },
        time: LogTime::NONE,
        backup_type: BackupType::Normal,
    };
}

/// What is wrong with a backup field, worst first. Numbers are log generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupFault {
    /// `gen_low` or `gen_high` lies beyond the last generation that any engine has.
    Impossible,
    /// Only one of the two generations is zero.
    HalfSet,
    /// `gen_low` is greater than `gen_high`.
    Inverted,
    /// Later than any generation this database has seen.
    BeyondLog,
}

impl BackupInfo {
    /// Joins the stored structure with its type.
    pub(crate) fn new(raw: &RawBackupInfo, backup_type: u32) -> Self {
        Self {
            gen_low: raw.gen_low.get(),
            gen_high: raw.gen_high.get(),
            mark: raw.mark.into(),
            time: raw.time,
            backup_type: backup_type.into(),
        }
    }

    /// No such backup: both generations zero.
    pub fn is_none(&self) -> bool {
        self.gen_low == 0 && self.gen_high == 0
    }

    /// The first fault, or `None`. `last_seen` is the latest log generation the database is
    /// known to have reached; 0 = unknown, which skips that comparison.
    pub(crate) fn fault(&self, last_seen: u32) -> Option<BackupFault> {
        let beyond = |limit: u32| self.gen_low > limit || self.gen_high > limit;
        if beyond(LAST_GENERATION) {
            Some(BackupFault::Impossible)
        } else if (self.gen_low == 0) != (self.gen_high == 0) {
            Some(BackupFault::HalfSet)
        } else if self.gen_low > self.gen_high {
            Some(BackupFault::Inverted)
        } else if last_seen != 0 && beyond(last_seen) {
            Some(BackupFault::BeyondLog)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(gen_low: u32, gen_high: u32) -> BackupInfo {
        BackupInfo {
            gen_low,
            gen_high,
            mark: LgPos::default(),
            time: LogTime::default(),
            backup_type: BackupType::Normal,
        }
    }

    #[test]
    fn faults() {
        assert_eq!(info(0, 0).fault(9), None);
        assert_eq!(info(1, 4).fault(4), None);
        assert_eq!(info(1, 4).fault(0), None);
        assert_eq!(info(1, BOGUS_GENERATION).fault(9), Some(BackupFault::Impossible));
        assert_eq!(info(1, 0x7fff_ffff).fault(9), Some(BackupFault::Impossible));
        assert_eq!(info(1, LAST_GENERATION).fault(0), None);
        assert_eq!(info(1, LAST_GENERATION + 1).fault(0), Some(BackupFault::Impossible));
        assert_eq!(info(1, 0).fault(9), Some(BackupFault::HalfSet));
        assert_eq!(info(0, 4).fault(9), Some(BackupFault::HalfSet));
        assert_eq!(info(5, 4).fault(9), Some(BackupFault::Inverted));
        assert_eq!(info(1, 10).fault(9), Some(BackupFault::BeyondLog));
    }

    #[test]
    fn types_keep_their_number() {
        for value in [0, 1, 2, 3, u32::MAX] {
            assert_eq!(BackupType::from(value).value(), value);
        }
    }
}
