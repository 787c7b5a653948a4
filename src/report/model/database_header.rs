//! The database header as JSON: every field under its standard name in snake case.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::{BackupField, BackupInfo, DbHeader, DbState, LgPos, LogTime, Signature};
use crate::show::Hex;

use super::{CountReport, PositionReport};

/// All fields of a header. Times are printed as `eseutil` does, `LOC` where they are the server's
/// local time, and are `null` where they are not set.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct HeaderReport {
    /// Stored checksum.
    pub checksum: Hex<u32>,
    /// `ulMagic`.
    pub magic: Hex<u32>,
    /// Format version.
    pub version: Hex<u32>,
    /// Format revision.
    pub revision: Hex<u32>,
    /// Minor format revision.
    pub revision_minor: u32,
    /// Format version at creation.
    pub created_version: Hex<u32>,
    /// Format revision at creation.
    pub created_revision: Hex<u32>,
    /// Highest engine format version that attached the file.
    pub attached_by_version: u32,
    /// 0 = database, 1 = streaming file.
    pub attribute: u32,
    /// Type of file, 0 in old files.
    pub file_type: u32,
    /// Page size in bytes, a stored 0 given as 4096.
    pub page_size: u32,
    /// State.
    pub state: DbState,
    /// Highest page time stamp.
    pub db_time: u64,
    /// Identity of the database.
    pub db_signature: Signature,
    /// Identity of its log stream.
    pub log_signature: Signature,
    /// Identity of its streaming file.
    pub slv_signature: Signature,
    /// Whether it has a streaming file.
    pub streaming_file: bool,
    /// Whether the second page is a header copy.
    pub shadowed: bool,
    /// Flags as stored.
    pub flags: [u8; 4],
    /// Database id.
    pub dbid: u32,
    /// Last object id.
    pub last_objid: u32,
    /// First and last log generation that recovery needs.
    pub log_required: [i32; 2],
    /// The first one before redo.
    pub log_required_pre_redo: i32,
    /// Creation time of the last one.
    pub log_required_time: LogTime,
    /// Last committed log generation.
    pub log_committed: i32,
    /// Its creation time.
    pub log_committed_time: LogTime,
    /// First log generation for a clean state.
    pub log_consistent: i32,
    /// First log generation for a clean state, before redo.
    pub log_consistent_pre_redo: i32,
    /// Log generation being recovered.
    pub log_recovering: i32,
    /// Last clean detach.
    pub last_consistent: PositionReport,
    /// Last attach.
    pub last_attach: PositionReport,
    /// Last detach.
    pub last_detach: PositionReport,
    /// Last re-attach.
    pub last_reattach: PositionReport,
    /// Last resize.
    pub last_resize: LgPos,
    /// Previous full backup.
    pub previous_full_backup: BackupInfo,
    /// Previous incremental backup.
    pub previous_incremental_backup: BackupInfo,
    /// Previous copy backup.
    pub previous_copy_backup: BackupInfo,
    /// Previous differential backup.
    pub previous_differential_backup: BackupInfo,
    /// Current full backup.
    pub current_full_backup: BackupInfo,
    /// Current shadow copy backup.
    pub current_shadow_copy_backup: BackupInfo,
    /// Operating system of the last attach: major, minor, build.
    pub os_version: [u32; 3],
    /// Its service pack.
    pub os_service_pack: i32,
    /// Sort version.
    pub sort_version: Hex<u64>,
    /// Repairs.
    pub repair: CountReport,
    /// ECC corrections that succeeded.
    pub ecc_fix_success: CountReport,
    /// ECC corrections that failed.
    pub ecc_fix_fail: CountReport,
    /// Checksum errors that could not be corrected.
    pub bad_checksum: CountReport,
    /// Incremental reseeds.
    pub reseed: CountReport,
    /// Pages patched.
    pub patch: CountReport,
    /// File extensions.
    pub extend: CountReport,
    /// File shrinks.
    pub shrink: CountReport,
    /// Trims.
    pub trim_count: u32,
    /// `db_time` of the last scrub.
    pub scrub_db_time: u64,
    /// Time of the last scrub.
    pub scrub_time: LogTime,
    /// Last maintenance scan finished.
    pub scan_finish_time: LogTime,
    /// Current maintenance scan started.
    pub scan_start_time: LogTime,
    /// Highest page scanned without a gap.
    pub scan_highest_continuous_page: u32,
    /// Highest page scanned.
    pub scan_highest_page: u32,
    /// Pages of the 5.5 upgrade: 55Format, FreePages, SpaceMapPages.
    pub upgrade_pages: [i32; 3],
    /// Pairs the header with its flush map.
    pub header_flush_signature: Signature,
    /// Pairs the flush map with its header.
    pub flush_map_flush_signature: Signature,
    /// Pairs the header with its revert snapshot.
    pub rbs_flush_signature: Signature,
    /// Reverts.
    pub revert_count: u32,
    /// Reverted from.
    pub revert_from_time: LogTime,
    /// Reverted to.
    pub revert_to_time: LogTime,
    /// Pages reverted.
    pub revert_page_count: u32,
    /// Last commit before the revert.
    pub revert_last_commit: LgPos,
}

impl HeaderReport {
    /// The report of a header.
    pub(crate) fn new(header: &DbHeader) -> Self {
        let raw = &header.raw;
        Self {
            checksum: Hex(raw.checksum.get()),
            magic: Hex(raw.magic.get()),
            version: Hex(raw.version.get()),
            revision: Hex(raw.revision.get()),
            revision_minor: raw.revision_minor.get(),
            created_version: Hex(raw.created_version.get()),
            created_revision: Hex(raw.created_revision.get()),
            attached_by_version: raw.attached_by_version.get(),
            attribute: raw.attribute.get(),
            file_type: raw.file_type.get(),
            page_size: header.page_size_bytes(),
            state: header.state(),
            db_time: raw.db_time.get(),
            db_signature: raw.db_signature,
            log_signature: raw.log_signature,
            slv_signature: raw.slv_signature,
            streaming_file: header.has_streaming_file(),
            shadowed: !header.shadowing_disabled(),
            flags: raw.flags,
            dbid: raw.dbid.get(),
            last_objid: raw.last_objid.get(),
            log_required: [raw.gen_min_required.get(), raw.gen_max_required.get()],
            log_required_pre_redo: raw.gen_pre_redo_min_required.get(),
            log_required_time: raw.gen_max_required_time,
            log_committed: raw.gen_max_committed.get(),
            log_committed_time: raw.gen_max_committed_time,
            log_consistent: raw.gen_min_consistent.get(),
            log_consistent_pre_redo: raw.gen_pre_redo_min_consistent.get(),
            log_recovering: raw.gen_recovering.get(),
            last_consistent: PositionReport::new(raw.last_consistent_pos, raw.last_consistent_time),
            last_attach: PositionReport::new(raw.last_attach_pos, raw.last_attach_time),
            last_detach: PositionReport::new(raw.last_detach_pos, raw.last_detach_time),
            last_reattach: PositionReport::new(raw.last_reattach_pos, raw.last_reattach_time),
            last_resize: raw.last_resize_pos.into(),
            previous_full_backup: header.backup(BackupField::Full),
            previous_incremental_backup: header.backup(BackupField::Incremental),
            previous_copy_backup: header.backup(BackupField::Copy),
            previous_differential_backup: header.backup(BackupField::Differential),
            current_full_backup: header.current_full_backup(),
            current_shadow_copy_backup: header.current_shadow_copy_backup(),
            os_version: [raw.os_major.get(), raw.os_minor.get(), raw.os_build.get()],
            os_service_pack: raw.os_service_pack.get(),
            sort_version: Hex(raw.sort_version.get()),
            repair: CountReport::new(raw.repair_count, raw.repair_time, Some(raw.repair_count_old)),
            ecc_fix_success: CountReport::new(
                raw.ecc_fix_success,
                raw.ecc_fix_success_time,
                Some(raw.ecc_fix_success_old),
            ),
            ecc_fix_fail: CountReport::new(
                raw.ecc_fix_fail,
                raw.ecc_fix_fail_time,
                Some(raw.ecc_fix_fail_old),
            ),
            bad_checksum: CountReport::new(
                raw.bad_checksum,
                raw.bad_checksum_time,
                Some(raw.bad_checksum_old),
            ),
            reseed: CountReport::new(raw.reseed_count, raw.reseed_time, Some(raw.reseed_count_old)),
            patch: CountReport::new(raw.patch_count, raw.patch_time, Some(raw.patch_count_old)),
            extend: CountReport::new(raw.extend_count, raw.extend_time, None),
            shrink: CountReport::new(raw.shrink_count, raw.shrink_time, None),
            trim_count: raw.trim_count.get(),
            scrub_db_time: raw.scrub_db_time.get(),
            scrub_time: raw.scrub_time,
            scan_finish_time: raw.scan_finish_time,
            scan_start_time: raw.scan_start_time,
            scan_highest_continuous_page: raw.scan_highest_continuous_page.get(),
            scan_highest_page: raw.scan_highest_page.get(),
            upgrade_pages: [
                raw.upgrade_55_format_pages,
                raw.upgrade_free_pages,
                raw.upgrade_space_map_pages,
            ]
            .map(|n| n.get()),
            header_flush_signature: raw.header_flush_signature,
            flush_map_flush_signature: raw.flush_map_flush_signature,
            rbs_flush_signature: raw.rbs_flush_signature,
            revert_count: raw.revert_count.get(),
            revert_from_time: raw.revert_from_time,
            revert_to_time: raw.revert_to_time,
            revert_page_count: raw.revert_page_count.get(),
            revert_last_commit: raw.revert_last_commit_pos.into(),
        }
    }
}
