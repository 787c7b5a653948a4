//! Format 7: how the sectors of a log lie in its file.

use crate::ese::{LgPos, LogHeader};

/// What the header says of a log of format 7.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) generation: i32,
    /// Bytes of a sector, as a power of two.
    sector_shift: u32,
    pub(super) first: u32,
    pub(super) count: u32,
}

impl Layout {
    /// `sector_bytes` is a power of two.
    pub(super) const fn new(generation: i32, sector_bytes: u16, first: u32, count: u32) -> Self {
        Self { generation, sector_shift: sector_bytes.trailing_zeros(), first, count }
    }

    pub(super) fn of(header: &LogHeader) -> Self {
        let raw = &header.raw;
        let first = raw.header_sectors.get().into();
        Self::new(header.generation(), raw.sector_bytes.get(), first, raw.file_sectors.get().into())
    }

    pub(super) fn file_bytes(self) -> u64 {
        self.start_of(self.count)
    }

    pub(super) fn start_of(self, sector: u32) -> u64 {
        u64::from(sector) << self.sector_shift
    }

    pub(super) fn sector_of(self, offset: u64) -> u32 {
        u32::try_from(offset >> self.sector_shift).unwrap_or(u32::MAX)
    }

    /// The first sector that begins at or behind an offset.
    pub(super) fn sector_from(self, offset: u64) -> u32 {
        self.sector_of(offset + (1 << self.sector_shift) - 1)
    }

    /// Offset inside of its sector.
    pub(super) fn inside(self, offset: u64) -> usize {
        (offset & ((1 << self.sector_shift) - 1)) as usize
    }

    /// A place of the file as the engine names it.
    pub(super) fn place(self, offset: u64) -> LgPos {
        LgPos {
            generation: self.generation,
            sector: u16::try_from(self.sector_of(offset)).unwrap_or(u16::MAX),
            offset: u16::try_from(self.inside(offset)).unwrap_or(u16::MAX),
        }
    }
}
