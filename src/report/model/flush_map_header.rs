//! The header of a flush map as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::{FlushMapHeader, LogTime, Signature};
use crate::show::Hex;

/// The header of a flush map.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FlushMapHeaderReport {
    /// Stored checksum.
    pub checksum: Hex<u32>,
    /// Version: major, minor, update.
    pub version: [u32; 3],
    /// Flags as stored.
    pub flags: u32,
    /// Whether it was closed cleanly.
    pub clean: bool,
    /// Created.
    pub created: LogTime,
    /// Last attach.
    pub attached: LogTime,
    /// Last detach.
    pub detached: LogTime,
    /// First log generation that the map needs.
    pub log_required: i32,
    /// Its creation time.
    pub log_required_time: LogTime,
    /// Target of `log_required`.
    pub log_required_target: i32,
    /// Its creation time.
    pub log_required_target_time: LogTime,
    /// Pairs the database's header with the map.
    pub header_flush_signature: Signature,
    /// Pairs the map with the database's header.
    pub flush_map_flush_signature: Signature,
}

impl FlushMapHeaderReport {
    /// The report of a header.
    pub(crate) fn new(header: &FlushMapHeader) -> Self {
        let raw = &header.raw;
        Self {
            checksum: Hex(raw.checksum.get()),
            version: [raw.version_major, raw.version_minor, raw.version_update].map(|n| n.get()),
            flags: raw.flags.get(),
            clean: header.is_clean(),
            created: raw.create_time,
            attached: raw.attach_time,
            detached: raw.detach_time,
            log_required: raw.gen_min_required.get(),
            log_required_time: raw.gen_min_required_time,
            log_required_target: raw.gen_min_required_target.get(),
            log_required_target_time: raw.gen_min_required_target_time,
            header_flush_signature: raw.header_flush_signature,
            flush_map_flush_signature: raw.flush_map_flush_signature,
        }
    }
}
