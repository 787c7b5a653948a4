//! `LRCHECKSUM`: the record of format 7 that covers the bytes of one flush.
//!
//! Source: `dev/ese/src/inc/logapi.hxx`; `dev/ese/src/ese/_log/logread_legacy.cxx`,
//! `FValidLRCKRecord`, `UlComputeChecksum`.

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::bytes::DwordXor;
use super::sector_layout::Layout;
use super::sink::BodySink;

/// Record type of a checksum record.
pub const CHECKSUM_RECORD_TYPE: u8 = 42;

/// The short checksum is used: the flush has several sectors.
pub const SEVERAL_SECTORS: u8 = 0x9a;

/// The short checksum is not used: the flush has one sector.
pub const ONE_SECTOR: u8 = 0xd1;

/// Seed of the checksum of a range.
const RANGE_SEED: u32 = 0xfeed_beaf;

/// Seed of the checksum of the first sector of a flush of several.
const SHORT_SEED: u32 = 0xdead_c0de;

/// What the checksum of a range is XORed with in a shadow copy.
pub(super) const SHADOW_MASK: u32 = 0x5ad0_5ec7;

/// The record as stored, 22 bytes.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawChecksumRecord {
    /// Offset 0: [`CHECKSUM_RECORD_TYPE`].
    pub record_type: u8,
    /// Offset 1: covered bytes in front of the record: all of its sector, or none.
    pub bytes_before: U32,
    /// Offset 5: covered bytes behind it.
    pub bytes_behind: U32,
    /// Offset 9: from its end to the next checksum record; 0 in the last one.
    pub next: U32,
    /// Offset 13: checksum of the range.
    pub checksum: U32,
    /// Offset 17: checksum of the sector of this record, with [`SEVERAL_SECTORS`]; else 0.
    pub short_checksum: U32,
    /// Offset 21: [`SEVERAL_SECTORS`] or [`ONE_SECTOR`].
    pub extent: u8,
}

/// Bytes of the record.
pub const CHECKSUM_RECORD_BYTES: usize = size_of::<RawChecksumRecord>();

const _: () = {
    use std::mem::offset_of;
    assert!(CHECKSUM_RECORD_BYTES == 22);
    assert!(offset_of!(RawChecksumRecord, next) == 9);
    assert!(offset_of!(RawChecksumRecord, short_checksum) == 17);
    assert!(offset_of!(RawChecksumRecord, extent) == 21);
};

impl RawChecksumRecord {
    /// What the fields and the generation of the log add to both checksums.
    fn of_fields(&self, generation: i32) -> u32 {
        self.bytes_before.get()
            ^ self.bytes_behind.get()
            ^ self.next.get()
            ^ u32::from(self.extent)
            ^ generation.cast_unsigned()
    }

    /// Both checksums, of the bytes of the range that stand in the sector of the record; that
    /// sector begins with `before`, and `behind` follows the record. For a range of one sector.
    #[must_use]
    pub fn sealed(mut self, generation: i32, before: &[u8], behind: &[&[u8]]) -> Self {
        let mut of_behind = DwordXor::default();
        behind.iter().for_each(|piece| of_behind.add(piece));
        let of_fields = self.of_fields(generation) ^ DwordXor::of(before);
        self.checksum = (RANGE_SEED ^ of_fields ^ of_behind.sum()).into();
        if self.extent == SEVERAL_SECTORS {
            let in_sector = behind.first().copied().unwrap_or_default();
            self.short_checksum = (SHORT_SEED ^ of_fields ^ DwordXor::of(in_sector)).into();
        }
        self
    }

    /// The record of a shadow copy.
    #[must_use]
    pub fn of_shadow(mut self) -> Self {
        self.checksum = (self.checksum.get() ^ SHADOW_MASK).into();
        self
    }
}

/// A checksum record, and the sector in which it was found.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) raw: RawChecksumRecord,
    pub(super) sector: &'a [u8],
    /// Offset of the record inside of the sector.
    inside: usize,
    generation: i32,
}

/// Whether the record of a shadow copy may name another one that follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    MustBeNone,
    Ignored,
}

impl<'a> Found<'a> {
    /// What stands in a sector at the place that `at`, an offset in the file, has in its own; `None` where
    /// it does not fit in.
    pub(super) fn read(layout: Layout, sector: &'a [u8], at: u64) -> Option<Self> {
        let (inside, generation) = (layout.inside(at), layout.generation);
        let bytes = sector.get(inside..)?;
        let (raw, _) = RawChecksumRecord::read_from_prefix(bytes).ok()?;
        Some(Self { raw, sector, inside, generation })
    }

    /// Covered bytes in front of the record.
    pub(super) fn before(&self) -> Option<&'a [u8]> {
        let start = self.inside.checked_sub(to_usize(self.raw.bytes_before.get()))?;
        self.sector.get(start..self.inside)
    }

    /// Everything behind the record, to the end of its sector.
    fn rest_of_sector(&self) -> &'a [u8] {
        self.sector.get(self.inside + CHECKSUM_RECORD_BYTES..).unwrap_or_default()
    }

    /// Covered bytes behind the record, as far as they stand in its sector.
    pub(super) fn behind(&self) -> &'a [u8] {
        let rest = self.rest_of_sector();
        &rest[..rest.len().min(to_usize(self.raw.bytes_behind.get()))]
    }

    /// The record with what its range has in its sector.
    fn with_behind(&self) -> &'a [u8] {
        let end = self.inside + CHECKSUM_RECORD_BYTES + self.behind().len();
        self.sector.get(self.inside..end).unwrap_or_default()
    }

    /// Covered bytes that follow in later sectors.
    pub(super) fn beyond(&self) -> u64 {
        u64::from(self.raw.bytes_behind.get()) - self.behind().len() as u64
    }

    /// The checksum of the range, but for the bytes behind the record.
    pub(super) fn start_of_sum(&self) -> u32 {
        let of_before = DwordXor::of(self.before().unwrap_or_default());
        RANGE_SEED ^ self.raw.of_fields(self.generation) ^ of_before
    }

    fn sum(&self) -> u32 {
        self.start_of_sum() ^ DwordXor::of(self.behind())
    }

    fn short_sum(&self) -> u32 {
        let of_before = DwordXor::of(self.before().unwrap_or_default());
        let of_fields = self.raw.of_fields(self.generation);
        SHORT_SEED ^ of_fields ^ of_before ^ DwordXor::of(self.rest_of_sector())
    }

    /// Whether it can be a checksum record that stands at `at`, bytes from the start of the file. Of the
    /// range only the first sector is looked at, and only if it has several.
    pub(super) fn is_plausible(&self, at: u64, layout: Layout) -> bool {
        let before = to_usize(self.raw.bytes_before.get());
        let end = behind_record(at) + u64::from(self.raw.bytes_behind.get());
        self.raw.record_type == CHECKSUM_RECORD_TYPE
            && (before == 0 || before == self.inside)
            && end <= layout.file_bytes()
            && self.has_right_extent(layout)
            && self.has_right_next(at, layout)
    }

    /// From the start of the sector to the end of the range.
    fn extent_bytes(&self) -> u64 {
        behind_record(self.inside as u64) + u64::from(self.raw.bytes_behind.get())
    }

    fn has_right_extent(&self, layout: Layout) -> bool {
        let extent = self.extent_bytes();
        match self.raw.extent {
            SEVERAL_SECTORS => {
                extent > layout.start_of(1)
                    && layout.inside(extent) == 0
                    && self.short_sum() == self.raw.short_checksum.get()
            }
            ONE_SECTOR => extent <= layout.start_of(1) && self.raw.short_checksum == 0,
            _ => false,
        }
    }

    /// The next record stands in the sector behind the range, which ends with a sector.
    fn has_right_next(&self, at: u64, layout: Layout) -> bool {
        let extent = self.extent_bytes();
        let next = layout.sector_of(behind_record(at) + u64::from(self.raw.next.get()));
        let behind_range = layout.sector_of(at) + layout.sector_of(extent);
        self.raw.next == 0 || layout.inside(extent) == 0 && next == behind_range
    }

    /// Hands on what it covers in its sector, and the record itself, which stands at `at`.
    pub(super) fn hand_on(&self, layout: Layout, at: u64, sink: &mut impl BodySink) {
        let before = self.before().unwrap_or_default();
        let behind_gap = before.is_empty() && self.inside > 0;
        if !before.is_empty() {
            sink.stretch(layout.place(at - before.len() as u64), before);
        }
        sink.checksum_record(layout.place(at), behind_gap);
        sink.stretch(layout.place(at), self.with_behind());
    }

    /// Whether it is the shadow copy of what belongs at `at`.
    pub(super) fn is_shadow_of(&self, at: u64, layout: Layout, next: Next) -> bool {
        self.is_plausible(at, layout)
            && self.raw.extent == ONE_SECTOR
            && (next == Next::Ignored || self.raw.next == 0)
            && self.sum() ^ SHADOW_MASK == self.raw.checksum.get()
    }
}

/// Offset of the first byte behind a checksum record.
pub(super) fn behind_record(at: u64) -> u64 {
    at + CHECKSUM_RECORD_BYTES as u64
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of 16 sectors.
    const LAYOUT: Layout = Layout::new(5, 512, 8, 16);

    /// Offset of the record, at byte 40 of the first sector behind the header.
    const AT: u64 = 4096 + 40;

    /// A sector of noise with a sealed record, the last one, at byte 40.
    fn sector(edit: impl FnOnce(&mut RawChecksumRecord)) -> Vec<u8> {
        let mut sector: Vec<u8> = (0..512_u32).map(|n| (n * 11 + 5) as u8).collect();
        let mut raw = RawChecksumRecord {
            record_type: CHECKSUM_RECORD_TYPE,
            bytes_before: 40.into(),
            bytes_behind: 300.into(),
            next: 0.into(),
            checksum: 0.into(),
            short_checksum: 0.into(),
            extent: ONE_SECTOR,
        };
        edit(&mut raw);
        let behind = &sector[62..512.min(62 + to_usize(raw.bytes_behind.get()))];
        let sealed = raw.sealed(5, &sector[..40], &[behind]);
        sector[40..62].copy_from_slice(sealed.as_bytes());
        sector
    }

    fn read(sector: &[u8]) -> Found<'_> {
        Found::read(LAYOUT, sector, AT).unwrap()
    }

    fn plausible(sector: &[u8]) -> bool {
        read(sector).is_plausible(AT, LAYOUT)
    }

    #[test]
    fn a_range_of_one_sector() {
        let bytes = sector(|_| ());
        let found = read(&bytes);
        assert!(plausible(&bytes));
        assert_eq!(found.sum(), found.raw.checksum.get());
        assert_eq!((found.before().unwrap().len(), found.behind().len()), (40, 300));
        assert_eq!(found.beyond(), 0);
        let other = Found::read(Layout::new(6, 512, 8, 16), &bytes, AT).unwrap();
        assert_ne!(other.sum(), found.raw.checksum.get());
    }

    #[test]
    fn what_is_not_plausible() {
        let no = |edit: fn(&mut RawChecksumRecord)| !plausible(&sector(edit));
        assert!(no(|raw| raw.record_type = 43));
        assert!(no(|raw| raw.bytes_before = 39.into()));
        assert!(no(|raw| raw.bytes_behind = 451.into()));
        assert!(no(|raw| raw.bytes_behind = u32::MAX.into()));
        assert!(no(|raw| raw.extent = 0));
        assert!(no(|raw| raw.short_checksum = 1.into()));
        assert!(no(|raw| raw.extent = SEVERAL_SECTORS));
        assert!(no(|raw| raw.next = 600.into()));
        assert!(plausible(&sector(|raw| raw.bytes_before = 0.into())));
        assert!(plausible(&sector(|raw| raw.bytes_behind = 450.into())));
    }

    #[test]
    fn the_next_one_stands_in_the_sector_behind() {
        let with_next = |next: u32| {
            plausible(&sector(|raw| {
                raw.bytes_behind = 450.into();
                raw.next = next.into();
            }))
        };
        assert!(!with_next(449) && with_next(450) && with_next(961) && !with_next(962));
        assert!(!with_next(u32::MAX));
    }

    #[test]
    fn several_sectors_end_with_a_sector() {
        let of = |bytes: u32| {
            sector(|raw| {
                raw.bytes_behind = bytes.into();
                raw.extent = SEVERAL_SECTORS;
            })
        };
        assert!(plausible(&of(450 + 512)) && !plausible(&of(450 + 511)) && !plausible(&of(450)));
        assert!(plausible(&of(450 + 7 * 512)) && !plausible(&of(450 + 8 * 512)));
        let mut damaged = of(450 + 512);
        damaged[511] ^= 1;
        assert!(!plausible(&damaged));
        assert_eq!(read(&of(450 + 512)).beyond(), 512);
    }

    #[test]
    fn a_shadow_copy() {
        let mut bytes = sector(|_| ());
        let is_shadow = |bytes: &[u8], next| read(bytes).is_shadow_of(AT, LAYOUT, next);
        assert!(!is_shadow(&bytes, Next::MustBeNone));
        let record = read(&bytes).raw.of_shadow();
        bytes[40..62].copy_from_slice(record.as_bytes());
        assert!(is_shadow(&bytes, Next::MustBeNone) && is_shadow(&bytes, Next::Ignored));
        bytes[200] ^= 1;
        assert!(!is_shadow(&bytes, Next::MustBeNone));
    }

    #[test]
    fn a_record_does_not_run_over_the_end_of_its_sector() {
        let bytes = [42; 512];
        let is_there = |bytes: &[u8], at| Found::read(LAYOUT, bytes, at).is_some();
        assert!(is_there(&bytes, 4096 + 490) && !is_there(&bytes, 4096 + 491));
        assert!(!is_there(&bytes[..100], 4096 + 200));
    }
}
