//! The text of `eseutil /mh`, label by label, in its order.
//!
//! Source: `dev/ese/src/ese/dbdump.cxx`. The lines of the engine's own process (its version, how
//! long it took) are left out.

use zerocopy::little_endian::I32;

use crate::ese::shadow::{CopyState, HeaderPair, Which};
use crate::ese::{
    BackupField, BackupInfo, DbHeader, FileType, LgPos, LogTime, RawLgPos, Signature, checksum,
};

use super::lines::Lines;

/// One header copy to print.
pub struct CopyDump<'a> {
    /// The header page.
    pub page: &'a [u8],
    /// Which copy it is.
    pub which: Which,
    /// Both copies, where at least one is valid: they decide the warnings at the end.
    pub pair: Option<&'a HeaderPair>,
    /// The last page of the file, where it is the trailer of a streaming backup.
    pub trailer: Option<&'a [u8]>,
}

/// Prints a header copy as `eseutil /mh` does.
pub fn dump_database_header(copy: &CopyDump) -> String {
    let mut out = Lines::default();
    let Some(header) = DbHeader::parse(copy.page) else { return out.text() };
    out.title(copy);
    out.identity(&header);
    out.logs(&header);
    out.history(&header);
    out.backups(&header);
    out.sizes(&header);
    if header.file_type() == FileType::Database {
        out.page_errors(&header);
    }
    if let Some(trailer) = copy.trailer {
        out.trailer(trailer, &header);
    }
    out.signatures(&header);
    out.warnings(copy);
    out.text()
}

impl Lines {
    fn title(&mut self, copy: &CopyDump) {
        let title = match copy.which {
            Which::Primary => "DATABASE HEADER:",
            Which::Shadow => "DATABASE SHADOW HEADER:",
        };
        self.blank();
        self.line(title, "");
        self.line("Checksum Information:", "");
        let stored = checksum::stored(copy.page).unwrap_or_default();
        self.line("Expected Checksum: ", format_args!("0x{stored:08x}"));
        self.line("  Actual Checksum: ", format_args!("0x{:08x}", checksum::xor_short(copy.page)));
        self.blank();
        self.line("Fields:", "");
    }

    fn identity(&mut self, header: &DbHeader) {
        let raw = &header.raw;
        let file_type = match raw.attribute.get() {
            0 => "Database",
            1 => "Streaming File",
            _ => "UNKNOWN",
        };
        self.line("        File Type: ", file_type);
        self.line("         Checksum: ", format_args!("0x{:x}", raw.checksum));
        self.line("   Format ulMagic: ", format_args!("0x{:x}", raw.magic));
        self.line("   Engine ulMagic: ", "0x89abcdef");
        self.line(
            " Format ulVersion: ",
            format_args!(
                "0x{:x},{},{}  (attached by {})",
                raw.version, raw.revision, raw.revision_minor, raw.attached_by_version
            ),
        );
        self.line(
            "Created ulVersion: ",
            format_args!("0x{:x},{}", raw.created_version, raw.created_revision),
        );
        self.line("     DB Signature: ", raw.db_signature);
        self.line("         cbDbPage: ", raw.page_size);
        self.line("           dbtime: ", format_args!("{0} (0x{0:x})", raw.db_time));
        self.line("            State: ", header.state().label());
    }

    fn logs(&mut self, header: &DbHeader) {
        let raw = &header.raw;
        // eseutil prints generations without a sign, as a damaged header shows.
        let unsigned = |generation: I32| generation.get() as u32;
        let (min, max) = (unsigned(raw.gen_min_required), unsigned(raw.gen_max_required));
        self.line(
            "     Log Required: ",
            format_args!(
                "{min}-{max} (0x{min:x}-0x{max:x}) [Min. Req. Pre-Redo: {0} (0x{0:x})]",
                unsigned(raw.gen_pre_redo_min_required)
            ),
        );
        self.line("Gen. Max. Req. Creation Time: ", raw.gen_max_required_time);
        self.line(
            "    Log Committed: ",
            format_args!("0-{0} (0x0-0x{0:x})", unsigned(raw.gen_max_committed)),
        );
        self.line("Gen. Max. Com. Creation Time: ", raw.gen_max_committed_time);
        self.line(
            "   Log Consistent: ",
            format_args!(
                "{0} (0x{0:x}) [Pre-Redo: {1} (0x{1:x})]",
                unsigned(raw.gen_min_consistent),
                unsigned(raw.gen_pre_redo_min_consistent)
            ),
        );
        self.line(
            "   Log Recovering: ",
            format_args!("{0} (0x{0:x})", unsigned(raw.gen_recovering)),
        );
    }

    fn history(&mut self, header: &DbHeader) {
        let raw = &header.raw;
        if header.has_streaming_file() {
            self.line("   Streaming File: ", "Yes");
        }
        self.line("         Shadowed: ", if header.shadowing_disabled() { "No" } else { "Yes" });
        self.line("       Last Objid: ", raw.last_objid);
        self.line("     Scrub Dbtime: ", format_args!("{0} (0x{0:x})", raw.scrub_db_time));
        self.line("       Scrub Date: ", raw.scrub_time);
        self.line("     Repair Count: ", raw.repair_count);
        self.line("      Repair Date: ", raw.repair_time);
        self.line(" Old Repair Count: ", raw.repair_count_old);
        self.position("  Last Consistent: ", raw.last_consistent_pos, raw.last_consistent_time);
        self.position("      Last Attach: ", raw.last_attach_pos, raw.last_attach_time);
        self.position("      Last Detach: ", raw.last_detach_pos, raw.last_detach_time);
        self.position("    Last ReAttach: ", raw.last_reattach_pos, raw.last_reattach_time);
        self.line("             Dbid: ", raw.dbid.get() as i16);
        self.line("    Log Signature: ", raw.log_signature);
        let sort_version = raw.sort_version.get();
        self.line(
            "       OS Version: ",
            format_args!(
                "({}.{}.{} SP {} NLS {:x}.{:x})",
                raw.os_major,
                raw.os_minor,
                raw.os_build,
                raw.os_service_pack,
                sort_version >> 32,
                sort_version as u32
            ),
        );
        self.reseeds_and_patches(header);
    }

    fn position(&mut self, label: &str, position: RawLgPos, time: LogTime) {
        self.line(label, format_args!("{}  {time}", LgPos::from(position)));
    }

    fn backups(&mut self, header: &DbHeader) {
        for field in BackupField::ALL {
            self.backup(field.label(), &header.backup(field));
        }
        self.backup("Current Full Backup", &header.current_full_backup());
        self.backup("Current Shadow copy backup", &header.current_shadow_copy_backup());
    }

    pub(super) fn backup(&mut self, title: &str, info: &BackupInfo) {
        let (low, high) = (info.gen_low, info.gen_high);
        let suffix = info.backup_type.eseutil_suffix();
        self.blank();
        self.line(title, ":");
        self.line("        Log Gen: ", format_args!("{low}-{high} (0x{low:x}-0x{high:x}){suffix}"));
        self.line("           Mark: ", info.mark);
        self.line("           Mark: ", info.time);
    }

    fn signatures(&mut self, header: &DbHeader) {
        let raw = &header.raw;
        self.blank();
        let signature = |out: &mut Self, label, value: Signature| out.line(label, value);
        signature(self, "  Database Header Flush Signature: ", raw.header_flush_signature);
        signature(self, " Flush Map Header Flush Signature: ", raw.flush_map_flush_signature);
        signature(self, "       RBS Header Flush Signature: ", raw.rbs_flush_signature);
        if raw.revert_count.get() == 0 && raw.revert_page_count.get() == 0 {
            return;
        }
        self.blank();
        self.line("     Revert Count: ", raw.revert_count);
        self.line(" Revert From Date: ", raw.revert_from_time);
        self.line("   Revert To Date: ", raw.revert_to_time);
        self.line("Revert Page Count: ", raw.revert_page_count);
        let last_commit = LgPos::from(raw.revert_last_commit_pos);
        self.line("Last Commit Before Revert: ", format_args!("{last_commit}  "));
    }

    fn warnings(&mut self, copy: &CopyDump) {
        self.blank();
        let Some(pair) = copy.pair else {
            self.line("WARNING: primary header has a checksum error.", "");
            self.line("WARNING: shadow header has a checksum error.", "");
            return;
        };
        for (name, state) in [("primary", pair.primary), ("shadow", pair.shadow)] {
            match state {
                CopyState::BadChecksum => {
                    self.line(&format!("WARNING: {name} header has a checksum error."), "");
                }
                CopyState::Unreadable => {
                    self.line(&format!("WARNING: {name} header cannot be read from the disk."), "");
                }
                CopyState::Valid | CopyState::Differs => {}
            }
        }
        if !pair.is_sound() {
            self.line("WARNING: primary header and shadow header are not identical.", "");
        }
    }
}
