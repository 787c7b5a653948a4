//! `DBFILEHDR`: the database header, 748 bytes at the start of each of the two header pages.
//!
//! Field order and offsets are frozen: they are the same in every revision of format 0x620. A
//! field that an old revision does not know reads as zero there. Source:
//! `dev/ese/src/inc/daedef.hxx`, `DBFILEHDR`.

use std::mem::offset_of;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use zerocopy::little_endian::{I32, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{BackupInfo, FileType, LgPos, LogTime, RawBackupInfo, RawLgPos, Signature};

/// The database header as stored.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawDbHeader {
    /// Offset 0: XOR checksum of the page (`checksum::xor_short`).
    pub checksum: U32,
    /// Offset 4: [`MAGIC`].
    pub magic: U32,
    /// Offset 8: format version, [`FORMAT_VERSION`].
    pub version: U32,
    /// Offset 12: 0 = database, 1 = streaming file.
    pub attribute: U32,
    /// Offset 16: highest page time stamp (a counter).
    pub db_time: U64,
    /// Offset 24: identity of the database.
    pub db_signature: Signature,
    /// Offset 52: [`DbState`].
    pub state: U32,
    /// Offset 56: position of the last clean detach.
    pub last_consistent_pos: RawLgPos,
    /// Offset 64: its time.
    pub last_consistent_time: LogTime,
    /// Offset 72: time of the last attach (stored before its position).
    pub last_attach_time: LogTime,
    /// Offset 80: position of the last attach.
    pub last_attach_pos: RawLgPos,
    /// Offset 88: time of the last detach; zeroed by attach.
    pub last_detach_time: LogTime,
    /// Offset 96: position of the last detach; zeroed by attach.
    pub last_detach_pos: RawLgPos,
    /// Offset 104: 0 temporary, 1-6 user databases.
    pub dbid: U32,
    /// Offset 108: log stream of the last attach.
    pub log_signature: Signature,
    /// Offset 136: previous full backup, the KB946799 field.
    pub full_prev: RawBackupInfo,
    /// Offset 160: previous incremental backup.
    pub inc_prev: RawBackupInfo,
    /// Offset 184: streaming full backup under way, or the file it produced.
    pub full_cur: RawBackupInfo,
    /// Offset 208: byte 0: [`FLAG_SHADOWING_DISABLED`] and others; byte 3: kind of build that attached last.
    pub flags: [u8; 4],
    /// Offset 212: last object id.
    pub last_objid: U32,
    /// Offset 216: operating system of the last attach: major version.
    pub os_major: U32,
    /// Offset 220: minor version.
    pub os_minor: U32,
    /// Offset 224: build.
    pub os_build: U32,
    /// Offset 228: service pack.
    pub os_service_pack: I32,
    /// Offset 232: format revision.
    pub revision: U32,
    /// Offset 236: page size in bytes; 0 = 4096.
    pub page_size: U32,
    /// Offset 240: how often the database was repaired.
    pub repair_count: U32,
    /// Offset 244: time of the last repair.
    pub repair_time: LogTime,
    /// Offset 252: identity of the streaming file; reserved since Exchange 2007.
    pub slv_signature: Signature,
    /// Offset 280: `db_time` of the last scrub.
    pub scrub_db_time: U64,
    /// Offset 288: time of the last scrub.
    pub scrub_time: LogTime,
    /// Offset 296: first log generation that recovery needs; 0 when clean.
    pub gen_min_required: I32,
    /// Offset 300: last log generation that recovery needs; 0 when clean.
    pub gen_max_required: I32,
    /// Offset 304: pages of the 5.5 upgrade.
    pub upgrade_55_format_pages: I32,
    /// Offset 308: the same, free pages.
    pub upgrade_free_pages: I32,
    /// Offset 312: the same, space map pages.
    pub upgrade_space_map_pages: I32,
    /// Offset 316: shadow copy backup under way.
    pub shadow_copy_cur: RawBackupInfo,
    /// Offset 340: format version at creation.
    pub created_version: U32,
    /// Offset 344: format revision at creation.
    pub created_revision: U32,
    /// Offset 348: creation time of the last committed log.
    pub gen_max_committed_time: LogTime,
    /// Offset 356: type of `full_prev`.
    pub full_prev_type: U32,
    /// Offset 360: type of `inc_prev`.
    pub inc_prev_type: U32,
    /// Offset 364: repair count before the last defragmentation.
    pub repair_count_old: U32,
    /// Offset 368: ECC corrections that succeeded.
    pub ecc_fix_success: U32,
    /// Offset 372: time of the last one.
    pub ecc_fix_success_time: LogTime,
    /// Offset 380: the same before the last repair.
    pub ecc_fix_success_old: U32,
    /// Offset 384: ECC corrections that failed.
    pub ecc_fix_fail: U32,
    /// Offset 388: time of the last one.
    pub ecc_fix_fail_time: LogTime,
    /// Offset 396: the same before the last repair.
    pub ecc_fix_fail_old: U32,
    /// Offset 400: checksum errors that could not be corrected.
    pub bad_checksum: U32,
    /// Offset 404: time of the last one.
    pub bad_checksum_time: LogTime,
    /// Offset 412: the same before the last repair.
    pub bad_checksum_old: U32,
    /// Offset 416: last committed log generation; 0 when clean.
    pub gen_max_committed: I32,
    /// Offset 420: previous copy backup (Exchange 2007 and later).
    pub copy_prev: RawBackupInfo,
    /// Offset 444: previous differential backup (Exchange 2007 and later).
    pub diff_prev: RawBackupInfo,
    /// Offset 468: type of `copy_prev`.
    pub copy_prev_type: U32,
    /// Offset 472: type of `diff_prev`.
    pub diff_prev_type: U32,
    /// Offset 476: incremental reseeds.
    pub reseed_count: U32,
    /// Offset 480: time of the last one.
    pub reseed_time: LogTime,
    /// Offset 488: the same before the last defragmentation.
    pub reseed_count_old: U32,
    /// Offset 492: pages patched.
    pub patch_count: U32,
    /// Offset 496: time of the last patch.
    pub patch_time: LogTime,
    /// Offset 504: the same before the last defragmentation.
    pub patch_count_old: U32,
    /// Offset 508: sort version (NLS); all ones in new databases.
    pub sort_version: U64,
    /// Offset 516: last maintenance scan finished.
    pub scan_finish_time: LogTime,
    /// Offset 524: current maintenance scan started.
    pub scan_start_time: LogTime,
    /// Offset 532: highest page scanned without a gap.
    pub scan_highest_continuous_page: U32,
    /// Offset 536: log generation being recovered.
    pub gen_recovering: I32,
    /// Offset 540: file extensions.
    pub extend_count: U32,
    /// Offset 544: time of the last one.
    pub extend_time: LogTime,
    /// Offset 552: file shrinks.
    pub shrink_count: U32,
    /// Offset 556: time of the last one.
    pub shrink_time: LogTime,
    /// Offset 564: time of the last re-attach.
    pub last_reattach_time: LogTime,
    /// Offset 572: its position.
    pub last_reattach_pos: RawLgPos,
    /// Offset 580: trims.
    pub trim_count: U32,
    /// Offset 584: pairs the header with its flush map.
    pub header_flush_signature: Signature,
    /// Offset 612: pairs the flush map with its header.
    pub flush_map_flush_signature: Signature,
    /// Offset 640: first log generation for a clean state; 0 when clean.
    pub gen_min_consistent: I32,
    /// Offset 644: minor format revision.
    pub revision_minor: U32,
    /// Offset 648: highest engine format version that attached the file.
    pub attached_by_version: U32,
    /// Offset 652: highest page scanned.
    pub scan_highest_page: U32,
    /// Offset 656: position of the last resize.
    pub last_resize_pos: RawLgPos,
    /// Offset 664: reserved.
    pub reserved_664: [u8; 3],
    /// Offset 667: [`super::FileType`]; unaligned; 0 in old files.
    pub file_type: U32,
    /// Offset 671: reserved.
    pub reserved_671: u8,
    /// Offset 672: creation time of the last required log.
    pub gen_max_required_time: LogTime,
    /// Offset 680: value of `gen_min_consistent` before redo.
    pub gen_pre_redo_min_consistent: I32,
    /// Offset 684: value of `gen_min_required` before redo.
    pub gen_pre_redo_min_required: I32,
    /// Offset 688: pairs the header with its revert snapshot.
    pub rbs_flush_signature: Signature,
    /// Offset 716: reverts.
    pub revert_count: U32,
    /// Offset 720: reverted from.
    pub revert_from_time: LogTime,
    /// Offset 728: reverted to.
    pub revert_to_time: LogTime,
    /// Offset 736: pages reverted.
    pub revert_page_count: U32,
    /// Offset 740: last commit before the revert.
    pub revert_last_commit_pos: RawLgPos,
}

const _: () = {
    assert!(size_of::<RawDbHeader>() == DB_HEADER_BYTES);
    assert!(offset_of!(RawDbHeader, checksum) == 0);
    assert!(offset_of!(RawDbHeader, magic) == 4);
    assert!(offset_of!(RawDbHeader, version) == 8);
    assert!(offset_of!(RawDbHeader, attribute) == 12);
    assert!(offset_of!(RawDbHeader, db_time) == 16);
    assert!(offset_of!(RawDbHeader, db_signature) == 24);
    assert!(offset_of!(RawDbHeader, state) == 52);
    assert!(offset_of!(RawDbHeader, last_consistent_pos) == 56);
    assert!(offset_of!(RawDbHeader, last_consistent_time) == 64);
    assert!(offset_of!(RawDbHeader, last_attach_time) == 72);
    assert!(offset_of!(RawDbHeader, last_attach_pos) == 80);
    assert!(offset_of!(RawDbHeader, last_detach_time) == 88);
    assert!(offset_of!(RawDbHeader, last_detach_pos) == 96);
    assert!(offset_of!(RawDbHeader, dbid) == 104);
    assert!(offset_of!(RawDbHeader, log_signature) == 108);
    assert!(offset_of!(RawDbHeader, full_prev) == 136);
    assert!(offset_of!(RawDbHeader, inc_prev) == 160);
    assert!(offset_of!(RawDbHeader, full_cur) == 184);
    assert!(offset_of!(RawDbHeader, flags) == 208);
    assert!(offset_of!(RawDbHeader, last_objid) == 212);
    assert!(offset_of!(RawDbHeader, os_major) == 216);
    assert!(offset_of!(RawDbHeader, os_minor) == 220);
    assert!(offset_of!(RawDbHeader, os_build) == 224);
    assert!(offset_of!(RawDbHeader, os_service_pack) == 228);
    assert!(offset_of!(RawDbHeader, revision) == 232);
    assert!(offset_of!(RawDbHeader, page_size) == 236);
    assert!(offset_of!(RawDbHeader, repair_count) == 240);
    assert!(offset_of!(RawDbHeader, repair_time) == 244);
    assert!(offset_of!(RawDbHeader, slv_signature) == 252);
    assert!(offset_of!(RawDbHeader, scrub_db_time) == 280);
    assert!(offset_of!(RawDbHeader, scrub_time) == 288);
    assert!(offset_of!(RawDbHeader, gen_min_required) == 296);
    assert!(offset_of!(RawDbHeader, gen_max_required) == 300);
    assert!(offset_of!(RawDbHeader, upgrade_55_format_pages) == 304);
    assert!(offset_of!(RawDbHeader, upgrade_free_pages) == 308);
    assert!(offset_of!(RawDbHeader, upgrade_space_map_pages) == 312);
    assert!(offset_of!(RawDbHeader, shadow_copy_cur) == 316);
    assert!(offset_of!(RawDbHeader, created_version) == 340);
    assert!(offset_of!(RawDbHeader, created_revision) == 344);
    assert!(offset_of!(RawDbHeader, gen_max_committed_time) == 348);
    assert!(offset_of!(RawDbHeader, full_prev_type) == 356);
    assert!(offset_of!(RawDbHeader, inc_prev_type) == 360);
    assert!(offset_of!(RawDbHeader, repair_count_old) == 364);
    assert!(offset_of!(RawDbHeader, ecc_fix_success) == 368);
    assert!(offset_of!(RawDbHeader, ecc_fix_success_time) == 372);
    assert!(offset_of!(RawDbHeader, ecc_fix_success_old) == 380);
    assert!(offset_of!(RawDbHeader, ecc_fix_fail) == 384);
    assert!(offset_of!(RawDbHeader, ecc_fix_fail_time) == 388);
    assert!(offset_of!(RawDbHeader, ecc_fix_fail_old) == 396);
    assert!(offset_of!(RawDbHeader, bad_checksum) == 400);
    assert!(offset_of!(RawDbHeader, bad_checksum_time) == 404);
    assert!(offset_of!(RawDbHeader, bad_checksum_old) == 412);
    assert!(offset_of!(RawDbHeader, gen_max_committed) == 416);
    assert!(offset_of!(RawDbHeader, copy_prev) == 420);
    assert!(offset_of!(RawDbHeader, diff_prev) == 444);
    assert!(offset_of!(RawDbHeader, copy_prev_type) == 468);
    assert!(offset_of!(RawDbHeader, diff_prev_type) == 472);
    assert!(offset_of!(RawDbHeader, reseed_count) == 476);
    assert!(offset_of!(RawDbHeader, reseed_time) == 480);
    assert!(offset_of!(RawDbHeader, reseed_count_old) == 488);
    assert!(offset_of!(RawDbHeader, patch_count) == 492);
    assert!(offset_of!(RawDbHeader, patch_time) == 496);
    assert!(offset_of!(RawDbHeader, patch_count_old) == 504);
    assert!(offset_of!(RawDbHeader, sort_version) == 508);
    assert!(offset_of!(RawDbHeader, scan_finish_time) == 516);
    assert!(offset_of!(RawDbHeader, scan_start_time) == 524);
    assert!(offset_of!(RawDbHeader, scan_highest_continuous_page) == 532);
    assert!(offset_of!(RawDbHeader, gen_recovering) == 536);
    assert!(offset_of!(RawDbHeader, extend_count) == 540);
    assert!(offset_of!(RawDbHeader, extend_time) == 544);
    assert!(offset_of!(RawDbHeader, shrink_count) == 552);
    assert!(offset_of!(RawDbHeader, shrink_time) == 556);
    assert!(offset_of!(RawDbHeader, last_reattach_time) == 564);
    assert!(offset_of!(RawDbHeader, last_reattach_pos) == 572);
    assert!(offset_of!(RawDbHeader, trim_count) == 580);
    assert!(offset_of!(RawDbHeader, header_flush_signature) == 584);
    assert!(offset_of!(RawDbHeader, flush_map_flush_signature) == 612);
    assert!(offset_of!(RawDbHeader, gen_min_consistent) == 640);
    assert!(offset_of!(RawDbHeader, revision_minor) == 644);
    assert!(offset_of!(RawDbHeader, attached_by_version) == 648);
    assert!(offset_of!(RawDbHeader, scan_highest_page) == 652);
    assert!(offset_of!(RawDbHeader, last_resize_pos) == 656);
    assert!(offset_of!(RawDbHeader, reserved_664) == 664);
    assert!(offset_of!(RawDbHeader, file_type) == 667);
    assert!(offset_of!(RawDbHeader, reserved_671) == 671);
    assert!(offset_of!(RawDbHeader, gen_max_required_time) == 672);
    assert!(offset_of!(RawDbHeader, gen_pre_redo_min_consistent) == 680);
    assert!(offset_of!(RawDbHeader, gen_pre_redo_min_required) == 684);
    assert!(offset_of!(RawDbHeader, rbs_flush_signature) == 688);
    assert!(offset_of!(RawDbHeader, revert_count) == 716);
    assert!(offset_of!(RawDbHeader, revert_from_time) == 720);
    assert!(offset_of!(RawDbHeader, revert_to_time) == 728);
    assert!(offset_of!(RawDbHeader, revert_page_count) == 736);
    assert!(offset_of!(RawDbHeader, revert_last_commit_pos) == 740);
};

/// Bytes of the header page that the structure uses; the rest of the page is zero.
pub const DB_HEADER_BYTES: usize = 748;

/// `ulMagic`, also the seed of the XOR checksum.
pub const MAGIC: u32 = 0x89ab_cdef;

/// `ulVersion` of every database since Exchange 5.5.
pub const FORMAT_VERSION: u32 = 0x620;

/// Header flag, byte 0: the second page may be no header copy.
pub const FLAG_SHADOWING_DISABLED: u8 = 0x01;

/// Header flag, byte 0: the database has a streaming file (Exchange 2000 and 2003).
pub const FLAG_STREAMING_FILE: u8 = 0x04;

/// First format revision that knows the copy and differential backup fields (bytes 420-475).
/// The long-key revision of 2004 is the last one before Exchange 2007, whose files have them.
pub const FIRST_REVISION_WITH_COPY_BACKUP: u32 = 0xc;

/// State of a database (u32 at offset 52). Source: `dev/ese/published/inc/jethdr.w`,
/// `JET_dbstate...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbState {
    /// 1
    JustCreated,
    /// 2: logs are needed to make it consistent.
    DirtyShutdown,
    /// 3: the only state in which a header may be edited.
    CleanShutdown,
    /// 4
    BeingConverted,
    /// 5
    ForceDetach,
    /// 6
    IncrementalReseedInProgress,
    /// 7
    DirtyAndPatchedShutdown,
    /// 8
    RevertInProgress,
    /// Anything else.
    Illegal(u32),
}

impl From<u32> for DbState {
    fn from(value: u32) -> Self {
        match value {
            1 => Self::JustCreated,
            2 => Self::DirtyShutdown,
            3 => Self::CleanShutdown,
            4 => Self::BeingConverted,
            5 => Self::ForceDetach,
            6 => Self::IncrementalReseedInProgress,
            7 => Self::DirtyAndPatchedShutdown,
            8 => Self::RevertInProgress,
            other => Self::Illegal(other),
        }
    }
}

impl DbState {
    /// The words of `eseutil /mh`, which has none for state 5.
    pub fn label(self) -> &'static str {
        match self {
            Self::JustCreated => "Just Created",
            Self::DirtyShutdown => "Dirty Shutdown",
            Self::CleanShutdown => "Clean Shutdown",
            Self::BeingConverted => "Being Converted",
            Self::ForceDetach | Self::Illegal(_) => "Illegal",
            Self::IncrementalReseedInProgress => "Incremental Reseed In Progress",
            Self::DirtyAndPatchedShutdown => "Dirty and Patched Shutdown",
            Self::RevertInProgress => "Database Revert in Progress",
        }
    }

    /// The stable name used in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::JustCreated => "just-created",
            Self::DirtyShutdown => "dirty-shutdown",
            Self::CleanShutdown => "clean-shutdown",
            Self::BeingConverted => "being-converted",
            Self::ForceDetach => "force-detach",
            Self::IncrementalReseedInProgress => "incremental-reseed-in-progress",
            Self::DirtyAndPatchedShutdown => "dirty-and-patched-shutdown",
            Self::RevertInProgress => "revert-in-progress",
            Self::Illegal(_) => "illegal",
        }
    }
}

impl Serialize for DbState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl JsonSchema for DbState {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DbState".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // 0 is none of the states, 8 is the last.
        let names: Vec<_> = (0..=8).map(|value| Self::from(value).id()).collect();
        json_schema!({ "description": "State of the database.", "enum": names })
    }
}

/// The backup fields that a later backup depends on. Each has 24 bytes of [`RawBackupInfo`] and
/// a type of its own elsewhere in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BackupField {
    /// `bkinfoFullPrev`.
    Full,
    /// `bkinfoIncPrev`.
    Incremental,
    /// `bkinfoCopyPrev`.
    Copy,
    /// `bkinfoDiffPrev`.
    Differential,
}

impl BackupField {
    /// All four, in the order of `eseutil /mh`.
    pub const ALL: [Self; 4] = [Self::Full, Self::Incremental, Self::Copy, Self::Differential];

    /// Offset of the 24 bytes of [`RawBackupInfo`].
    pub fn info_offset(self) -> usize {
        match self {
            Self::Full => offset_of!(RawDbHeader, full_prev),
            Self::Incremental => offset_of!(RawDbHeader, inc_prev),
            Self::Copy => offset_of!(RawDbHeader, copy_prev),
            Self::Differential => offset_of!(RawDbHeader, diff_prev),
        }
    }

    /// Offset of the 4 bytes of its type.
    pub fn type_offset(self) -> usize {
        match self {
            Self::Full => offset_of!(RawDbHeader, full_prev_type),
            Self::Incremental => offset_of!(RawDbHeader, inc_prev_type),
            Self::Copy => offset_of!(RawDbHeader, copy_prev_type),
            Self::Differential => offset_of!(RawDbHeader, diff_prev_type),
        }
    }

    /// The label of `eseutil /mh`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Full => "Previous Full Backup",
            Self::Incremental => "Previous Incremental Backup",
            Self::Copy => "Previous Copy Backup",
            Self::Differential => "Previous Differential Backup",
        }
    }

    /// The key in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Full => "previous_full_backup",
            Self::Incremental => "previous_incremental_backup",
            Self::Copy => "previous_copy_backup",
            Self::Differential => "previous_differential_backup",
        }
    }

    /// The name used in finding ids: `full`, `incremental`, `copy`, `differential`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Incremental => "incremental",
            Self::Copy => "copy",
            Self::Differential => "differential",
        }
    }
}

/// A database header that was read: the stored structure, and getters that give its fields their
/// meaning.
#[derive(Clone, Copy)]
pub struct DbHeader {
    /// Every field as stored.
    pub raw: RawDbHeader,
}

impl DbHeader {
    /// Reads the header at the start of a page; `None` where `page` has less than
    /// [`DB_HEADER_BYTES`] bytes. Nothing is validated: [`super::shadow`] does that.
    pub fn parse(page: &[u8]) -> Option<Self> {
        RawDbHeader::read_from_prefix(page).ok().map(|(raw, _)| Self { raw })
    }

    /// Page size in bytes, the stored 0 read as 4096.
    pub fn page_size_bytes(&self) -> u32 {
        match self.raw.page_size.get() {
            0 => 4096,
            size => size,
        }
    }

    /// State of the database.
    pub fn state(&self) -> DbState {
        self.raw.state.get().into()
    }

    /// Whether it is the engine's temporary database, which it makes anew at each start. All real ones have the
    /// database id 0; the file type that exists for them was seen in none. Source:
    /// `dev/ese/src/ese/io.cxx`, `ErrIOOpenDatabase`; `dev/ese/src/inc/daedef.hxx`, `dbidTemp`.
    pub fn is_temporary(&self) -> bool {
        self.raw.dbid.get() == 0 || self.file_type() == FileType::TemporaryDatabase
    }

    /// Kind of file that the header claims to belong to.
    pub fn file_type(&self) -> FileType {
        self.raw.file_type.get().into()
    }

    /// A backup field together with its type.
    pub fn backup(&self, field: BackupField) -> BackupInfo {
        let raw = &self.raw;
        match field {
            BackupField::Full => BackupInfo::new(&raw.full_prev, raw.full_prev_type.get()),
            BackupField::Incremental => BackupInfo::new(&raw.inc_prev, raw.inc_prev_type.get()),
            BackupField::Copy => BackupInfo::new(&raw.copy_prev, raw.copy_prev_type.get()),
            BackupField::Differential => BackupInfo::new(&raw.diff_prev, raw.diff_prev_type.get()),
        }
    }

    /// `bkinfoFullCur`: set during a streaming full backup and in the file it produced.
    pub fn current_full_backup(&self) -> BackupInfo {
        BackupInfo::new(&self.raw.full_cur, 0)
    }

    /// `bkinfoSnapshotCur`: set during a shadow copy backup.
    pub fn current_shadow_copy_backup(&self) -> BackupInfo {
        BackupInfo::new(&self.raw.shadow_copy_cur, 0)
    }

    /// Position of the last clean detach.
    pub fn last_consistent(&self) -> LgPos {
        self.raw.last_consistent_pos.into()
    }

    /// Position of the last attach.
    pub fn last_attach(&self) -> LgPos {
        self.raw.last_attach_pos.into()
    }

    /// Position of the last detach.
    pub fn last_detach(&self) -> LgPos {
        self.raw.last_detach_pos.into()
    }

    /// The latest log generation that this database is known to have reached; 0 = none is known
    /// (no logging, or after `eseutil /p`).
    pub fn last_seen_generation(&self) -> u32 {
        let raw = &self.raw;
        let positions = [
            raw.last_consistent_pos.generation,
            raw.last_attach_pos.generation,
            raw.last_detach_pos.generation,
            raw.last_reattach_pos.generation,
            raw.gen_max_required,
            raw.gen_max_committed,
        ];
        positions.iter().map(|g| u32::try_from(g.get()).unwrap_or(0)).max().unwrap_or(0)
    }

    /// Whether the header says that the second page may be no header copy.
    pub fn shadowing_disabled(&self) -> bool {
        self.raw.flags[0] & FLAG_SHADOWING_DISABLED != 0
    }

    /// Whether the database has a streaming file beside it (Exchange 2000 and 2003).
    pub fn has_streaming_file(&self) -> bool {
        self.raw.flags[0] & FLAG_STREAMING_FILE != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_short_a_page_is_no_header() {
        assert!(DbHeader::parse(&[0; DB_HEADER_BYTES - 1]).is_none());
        assert!(DbHeader::parse(&[0; DB_HEADER_BYTES]).is_some());
    }

    #[test]
    fn backup_fields_lie_where_the_format_says() {
        let offsets = BackupField::ALL.map(|f| (f.info_offset(), f.type_offset()));
        assert_eq!(offsets, [(136, 356), (160, 360), (420, 468), (444, 472)]);
    }
}
