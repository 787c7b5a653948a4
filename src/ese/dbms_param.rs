//! `DBMS_PARAM`: the environment of an engine, as logs and checkpoints remember it.

use schemars::JsonSchema;
use serde::Serialize;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of a path in [`RawDbmsParam`], terminator included.
pub const PATH_BYTES: usize = 261;

/// `DBMS_PARAM` as stored, 567 bytes. Source: `dev/ese/src/inc/daedef.hxx`, `DBMS_PARAM`.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawDbmsParam {
    /// Offset 0: folder of the checkpoint, zero-terminated, in the server's code page.
    pub system_path: [u8; PATH_BYTES],
    /// Offset 261: folder of the logs, zero-terminated, in the server's code page.
    pub log_path: [u8; PATH_BYTES],
    /// Offset 522: bit 0: circular logging.
    pub flags: u8,
    /// Offset 523: sessions.
    pub sessions: U32,
    /// Offset 527: open tables.
    pub open_tables: U32,
    /// Offset 531: version pages.
    pub version_pages: U32,
    /// Offset 535: cursors.
    pub cursors: U32,
    /// Offset 539: log buffers.
    pub log_buffers: U32,
    /// Offset 543: size of a log file, sectors.
    pub log_file_sectors: U32,
    /// Offset 547: cache size.
    pub cache_size: U32,
    /// Offset 551: reserved.
    pub reserved_551: [u8; 16],
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawDbmsParam>() == 567);
    assert!(offset_of!(RawDbmsParam, log_path) == 261);
    assert!(offset_of!(RawDbmsParam, flags) == 522);
    assert!(offset_of!(RawDbmsParam, sessions) == 523);
    assert!(offset_of!(RawDbmsParam, open_tables) == 527);
    assert!(offset_of!(RawDbmsParam, version_pages) == 531);
    assert!(offset_of!(RawDbmsParam, cursors) == 535);
    assert!(offset_of!(RawDbmsParam, log_buffers) == 539);
    assert!(offset_of!(RawDbmsParam, log_file_sectors) == 543);
    assert!(offset_of!(RawDbmsParam, cache_size) == 547);
    assert!(offset_of!(RawDbmsParam, reserved_551) == 551);
};

/// The environment of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DbmsParam {
    /// Folder of the checkpoint on the server; undecodable bytes replaced.
    pub system_path: String,
    /// Folder of the logs on the server; undecodable bytes replaced.
    pub log_path: String,
    /// Whether old logs are deleted without a backup.
    pub circular_logging: bool,
    /// Sessions.
    pub sessions: u32,
    /// Open tables.
    pub open_tables: u32,
    /// Version pages.
    pub version_pages: u32,
    /// Cursors.
    pub cursors: u32,
    /// Log buffers.
    pub log_buffers: u32,
    /// Size of a log file, sectors.
    pub log_file_sectors: u32,
    /// Cache size, pages.
    pub cache_size: u32,
}

impl From<&RawDbmsParam> for DbmsParam {
    fn from(raw: &RawDbmsParam) -> Self {
        Self {
            system_path: ansi_text(&raw.system_path),
            log_path: ansi_text(&raw.log_path),
            circular_logging: raw.flags & 1 != 0,
            sessions: raw.sessions.get(),
            open_tables: raw.open_tables.get(),
            version_pages: raw.version_pages.get(),
            cursors: raw.cursors.get(),
            log_buffers: raw.log_buffers.get(),
            log_file_sectors: raw.log_file_sectors.get(),
            cache_size: raw.cache_size.get(),
        }
    }
}

/// Text up to its terminator. The code page is not stored, so whatever is neither ASCII nor valid
/// UTF-8 is replaced.
pub(super) fn ansi_text(bytes: &[u8]) -> String {
    let length = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_its_terminator() {
        assert_eq!(ansi_text(b"C:\\logs\\\0rest"), "C:\\logs\\");
        assert_eq!(ansi_text(b"no end"), "no end");
        assert_eq!(ansi_text(b"M\xfcll\0"), "M\u{fffd}ll");
        assert_eq!(ansi_text(b""), "");
    }
}
