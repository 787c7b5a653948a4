//! The last page of a file that a streaming backup wrote, as `eseutil /mh` prints it. Source:
//! `dev/ese/src/inc/cpage.hxx`, `PATCHHDR`.

use zerocopy::little_endian::I32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::ese::{BackupInfo, DbHeader, LogTime, RawBackupInfo};

use super::lines::Lines;

/// The log range of a backup trailer, 28 bytes at offset 120 of its page.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawTrailerLogs {
    gen_min_required: I32,
    gen_max_required: I32,
    gen_max_committed: I32,
    gen_max_required_time: LogTime,
    gen_max_committed_time: LogTime,
}

impl Lines {
    /// The backup that the trailer names, and the logs that it needs.
    pub(super) fn trailer(&mut self, page: &[u8], header: &DbHeader) {
        if !is_trailer_of(page, header) {
            // eseutil ends here with JET_errDatabasePatchFileMismatch.
            self.blank();
            return self.line("WARNING: the trailer page is not of this backup (error -552).", "");
        }
        let info = page.get(40..64).and_then(|bytes| RawBackupInfo::read_from_bytes(bytes).ok());
        let logs = page.get(120..148).and_then(|bytes| RawTrailerLogs::read_from_bytes(bytes).ok());
        let (Some(info), Some(logs)) = (info, logs) else { return };
        self.backup("Patch Current Full Backup", &BackupInfo::new(&info, 0));
        if logs.as_bytes().iter().all(|&byte| byte == 0) {
            return;
        }
        let (min, max) = (logs.gen_min_required.get(), logs.gen_max_required.get());
        self.line("   Log Required: ", format_args!("{min}-{max} (0x{min:x}-0x{max:x})"));
        self.line(
            "   Gen. Max. Req. Creation Time: ",
            format_args!(
                "{}  Log Committed: {1} (0x{1:x})",
                logs.gen_max_required_time, logs.gen_max_committed
            ),
        );
        self.line("  Gen. Max. Com. Creation Time: ", logs.gen_max_committed_time);
    }
}

/// Whether a trailer page names the database, the log stream and the position of the header's
/// current full backup.
fn is_trailer_of(page: &[u8], header: &DbHeader) -> bool {
    let raw = &header.raw;
    let same = |offset: usize, bytes: &[u8]| page.get(offset..offset + bytes.len()) == Some(bytes);
    same(40, raw.full_cur.mark.as_bytes())
        && same(64, raw.db_signature.as_bytes())
        && same(92, raw.log_signature.as_bytes())
}
