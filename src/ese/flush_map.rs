//! The flush map (`.jfm`) of newer engines: which flush state each page of a database has.
//!
//! Pages of 8192 bytes; the header has number -1, data page n (from 0 on) is an ordinary page in
//! the ECC format (`page::check_page`).

use zerocopy::little_endian::{I32, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{FileType, LogTime, RawDbHeader, Signature, checksum};

/// Bytes of every page, the header included.
pub const FLUSH_MAP_PAGE_BYTES: usize = 8192;

/// Flush map flag: cleanly closed.
pub const FLUSH_MAP_FLAG_CLEAN: u32 = 0x1;

/// Bytes at the start of a data page before its states. Source: `dev/ese/src/inc/flushmap.hxx`,
/// `FlushMapDataPageHdr`.
const DATA_HEADER_BYTES: usize = 64;

/// Pages of the database that one data page of the map covers: two bits each.
pub const PAGES_IN_MAP_PAGE: u64 = 4 * (FLUSH_MAP_PAGE_BYTES - DATA_HEADER_BYTES) as u64;

/// Whether a data page of the map, which covers that page of the database, knows of a write to it. Source:
/// `dev/ese/src/ese/flushmap.cxx`, `IGetStateFromBitmap_`.
pub fn is_written(map_page: &[u8], database_page: u64) -> bool {
    let place = (database_page % PAGES_IN_MAP_PAGE) as usize;
    let states = map_page.get(DATA_HEADER_BYTES + place / 4).copied().unwrap_or(0);
    states << (2 * (place % 4)) & 0xc0 != 0
}

/// The header as stored, up to its last known field; zero from there to the end of the page.
/// Source: `dev/ese/src/inc/flushmap.hxx`.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawFlushMapHeader {
    /// Offset 0: XOR checksum of the page (`checksum::xor_short`).
    pub checksum: U32,
    /// Offset 4: version: 3; the engine discards a map of another one.
    pub version_major: U32,
    /// Offset 8: version, second number.
    pub version_minor: U32,
    /// Offset 12: version, third number.
    pub version_update: U32,
    /// Offset 16: zero.
    pub reserved_16: [u8; 20],
    /// Offset 36: [`FLUSH_MAP_FLAG_CLEAN`] and others.
    pub flags: U32,
    /// Offset 40: created.
    pub create_time: LogTime,
    /// Offset 48: last attach.
    pub attach_time: LogTime,
    /// Offset 56: last detach.
    pub detach_time: LogTime,
    /// Offset 64: first log generation that the map needs.
    pub gen_min_required: I32,
    /// Offset 68: target of the same.
    pub gen_min_required_target: I32,
    /// Offset 72: time of `gen_min_required`.
    pub gen_min_required_time: LogTime,
    /// Offset 80: time of the target.
    pub gen_min_required_target_time: LogTime,
    /// Offset 88: copy of the database's `header_flush_signature`.
    pub header_flush_signature: Signature,
    /// Offset 116: drawn anew with each write of this header; the database keeps a copy.
    pub flush_map_flush_signature: Signature,
    /// Offset 144: zero.
    pub reserved_144: [u8; 523],
    /// Offset 667: [`FileType`]; unaligned.
    pub file_type: U32,
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawFlushMapHeader>() == 671);
    assert!(offset_of!(RawFlushMapHeader, version_major) == 4);
    assert!(offset_of!(RawFlushMapHeader, version_minor) == 8);
    assert!(offset_of!(RawFlushMapHeader, version_update) == 12);
    assert!(offset_of!(RawFlushMapHeader, reserved_16) == 16);
    assert!(offset_of!(RawFlushMapHeader, flags) == 36);
    assert!(offset_of!(RawFlushMapHeader, create_time) == 40);
    assert!(offset_of!(RawFlushMapHeader, attach_time) == 48);
    assert!(offset_of!(RawFlushMapHeader, detach_time) == 56);
    assert!(offset_of!(RawFlushMapHeader, gen_min_required) == 64);
    assert!(offset_of!(RawFlushMapHeader, gen_min_required_target) == 68);
    assert!(offset_of!(RawFlushMapHeader, gen_min_required_time) == 72);
    assert!(offset_of!(RawFlushMapHeader, gen_min_required_target_time) == 80);
    assert!(offset_of!(RawFlushMapHeader, header_flush_signature) == 88);
    assert!(offset_of!(RawFlushMapHeader, flush_map_flush_signature) == 116);
    assert!(offset_of!(RawFlushMapHeader, reserved_144) == 144);
    assert!(offset_of!(RawFlushMapHeader, file_type) == FileType::OFFSET);
};

/// The header of a flush map that was read.
#[derive(Clone, Copy)]
pub struct FlushMapHeader {
    /// Every field as stored.
    pub raw: RawFlushMapHeader,
}

impl FlushMapHeader {
    /// Reads the header at the start of a file; `None` where the file is shorter than a page or
    /// the checksum is wrong.
    pub fn parse(file_start: &[u8]) -> Option<Self> {
        let page = file_start.get(..FLUSH_MAP_PAGE_BYTES)?;
        let (raw, _) = RawFlushMapHeader::read_from_prefix(page).ok()?;
        checksum::is_valid(page).then_some(Self { raw })
    }

    /// Kind of file that the header claims to belong to.
    pub fn file_type(&self) -> FileType {
        self.raw.file_type.get().into()
    }

    /// Whether the map was closed cleanly.
    pub fn is_clean(&self) -> bool {
        self.raw.flags.get() & FLUSH_MAP_FLAG_CLEAN != 0
    }

    /// Whether the engine would take the map for that of this database: one of the two signatures
    /// that each copies from the other is set and equal. Source: `dev/ese/src/ese/flushmap.cxx`.
    pub fn belongs_to(&self, database: &RawDbHeader) -> bool {
        let agree = |a: &Signature, b: &Signature| a == b && !a.is_unset();
        let (map, db) = (&self.raw, database);
        agree(&map.header_flush_signature, &db.header_flush_signature)
            || agree(&map.flush_map_flush_signature, &db.flush_map_flush_signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(random: u32) -> Signature {
        Signature { random: random.into(), ..Signature::default() }
    }

    fn map(header: u32, flush_map: u32) -> FlushMapHeader {
        let mut page = vec![0; FLUSH_MAP_PAGE_BYTES];
        let (raw, _) = RawFlushMapHeader::mut_from_prefix(&mut page).unwrap();
        raw.header_flush_signature = signature(header);
        raw.flush_map_flush_signature = signature(flush_map);
        raw.file_type = 7.into();
        checksum::seal(&mut page);
        FlushMapHeader::parse(&page).unwrap()
    }

    fn database(header: u32, flush_map: u32) -> RawDbHeader {
        let mut raw = RawDbHeader::read_from_bytes(&[0; 748]).unwrap();
        raw.header_flush_signature = signature(header);
        raw.flush_map_flush_signature = signature(flush_map);
        raw
    }

    #[test]
    fn one_equal_signature_is_enough() {
        assert!(map(1, 2).belongs_to(&database(1, 2)));
        assert!(map(1, 2).belongs_to(&database(1, 9)));
        assert!(map(1, 2).belongs_to(&database(9, 2)));
        assert!(!map(1, 2).belongs_to(&database(2, 1)));
    }

    #[test]
    fn states_stand_in_order_from_the_highest_bits_on() {
        let mut page = vec![0; FLUSH_MAP_PAGE_BYTES];
        (page[64], page[65]) = (0b0100_0011, 0b0010_0000);
        let written =
            |from: u64| (from..from + 8).map(|n| is_written(&page, n)).collect::<Vec<_>>();
        let expected = [true, false, false, true, false, true, false, false];
        assert_eq!(written(0), expected);
        assert_eq!(written(PAGES_IN_MAP_PAGE), expected);
        assert!(!is_written(&[], 1));
    }

    #[test]
    fn unset_signatures_pair_nothing() {
        assert!(!map(0, 0).belongs_to(&database(0, 0)));
        assert!(map(0, 2).belongs_to(&database(0, 2)));
    }

    #[test]
    fn only_a_whole_valid_page_is_a_header() {
        let mut page = vec![0; FLUSH_MAP_PAGE_BYTES];
        assert!(FlushMapHeader::parse(&page).is_none());
        page[36] = 1;
        page[667] = 7;
        checksum::seal(&mut page);
        let header = FlushMapHeader::parse(&page).unwrap();
        assert!(header.is_clean());
        assert_eq!(header.file_type(), FileType::FlushMap);
        assert!(FlushMapHeader::parse(&page[..8191]).is_none());
    }
}
