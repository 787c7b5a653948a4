//! The two copies of a database header, and which of them the engine believes.
//!
//! The primary copy lies at offset 0, the shadow one page behind it. The rule of choice is that of
//! `dev/ese/src/ese/_osu/fileu.cxx`, `ErrUtilReadShadowedHeader`: of the page sizes at which a
//! checksum holds and the page-size field agrees, the largest; of two valid copies, the primary.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use super::checksum;
use super::db_header::{DbHeader, MAGIC};

/// The page sizes that a header may name, in bytes, ascending.
pub const PAGE_SIZES_BYTES: [usize; 5] = [2048, 4096, 8192, 16384, 32768];

/// As much of a file as can hold both header copies: two pages of the largest size.
pub const HEADER_AREA_BYTES: usize = 2 * 32768;

/// One of the two places of a header copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The copy at offset 0.
    Primary,
    /// The copy one page behind it.
    Shadow,
}

impl Which {
    /// The other place.
    pub fn other(self) -> Self {
        match self {
            Self::Primary => Self::Shadow,
            Self::Shadow => Self::Primary,
        }
    }

    /// `primary` or `shadow`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Shadow => "shadow",
        }
    }

    /// Offset of the copy in the file, in bytes.
    pub fn offset(self, page_size_bytes: usize) -> u64 {
        match self {
            Self::Primary => 0,
            Self::Shadow => page_size_bytes as u64,
        }
    }
}

/// The start of a file: up to [`HEADER_AREA_BYTES`] bytes, and which of them could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderArea {
    /// The bytes; those that could not be read are zero.
    pub bytes: Vec<u8>,
    /// Ranges of `bytes` that the medium refused to give.
    pub unreadable: Vec<Range<usize>>,
}

impl HeaderArea {
    /// An area of which every byte was read.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, unreadable: Vec::new() }
    }

    /// The page-sized block at one of the two places; `None` where the file ends before.
    pub fn block(&self, which: Which, page_size_bytes: usize) -> Option<&[u8]> {
        let start = which.offset(page_size_bytes) as usize;
        self.bytes.get(start..start + page_size_bytes)
    }

    fn is_unreadable(&self, which: Which, page_size_bytes: usize) -> bool {
        let start = which.offset(page_size_bytes) as usize;
        let end = start + page_size_bytes;
        self.unreadable.iter().any(|range| range.start < end && start < range.end)
    }

    /// Whether the block validates as a header of exactly this page size.
    fn validates(&self, which: Which, page_size_bytes: usize) -> bool {
        let Some(block) = self.block(which, page_size_bytes) else { return false };
        !self.is_unreadable(which, page_size_bytes) && is_valid_header(block)
    }
}

/// Whether a page-sized block is a valid database header of that page size: its checksum holds,
/// its magic is the database's, and its page-size field names the size of the block.
pub fn is_valid_header(block: &[u8]) -> bool {
    let Some(header) = DbHeader::parse(block) else { return false };
    header.raw.magic.get() == MAGIC
        && header.page_size_bytes() as usize == block.len()
        && PAGE_SIZES_BYTES.contains(&block.len())
        && checksum::is_valid(block)
}

/// What is known of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CopyState {
    /// Its checksum holds and its page size is the elected one.
    Valid,
    /// Its checksum does not hold, or it is no header of the elected page size.
    BadChecksum,
    /// Valid by itself, but not what the primary says (the shadow only; the primary wins).
    Differs,
    /// The medium returned an error.
    Unreadable,
}

/// Both copies of a header of which at least one is valid.
#[derive(Clone)]
pub struct HeaderPair {
    /// Page size in bytes.
    pub page_size_bytes: usize,
    /// State of the copy at offset 0.
    pub primary: CopyState,
    /// State of the copy one page behind it.
    pub shadow: CopyState,
    /// The copy that the engine uses.
    pub elected: Which,
    /// The header of that copy.
    pub header: DbHeader,
}

impl HeaderPair {
    /// State of one copy.
    pub fn state(&self, which: Which) -> CopyState {
        match which {
            Which::Primary => self.primary,
            Which::Shadow => self.shadow,
        }
    }

    /// Both copies valid and equal.
    pub fn is_sound(&self) -> bool {
        self.primary == CopyState::Valid && self.shadow == CopyState::Valid
    }
}

/// Chooses the header as the engine does; `None` where no copy is valid at any page size.
pub fn elect(area: &HeaderArea) -> Option<HeaderPair> {
    let size_of =
        |which| PAGE_SIZES_BYTES.iter().rev().copied().find(|&size| area.validates(which, size));
    let (elected, page_size_bytes) = match (size_of(Which::Primary), size_of(Which::Shadow)) {
        (Some(size), _) => (Which::Primary, size),
        (None, Some(size)) => (Which::Shadow, size),
        (None, None) => return None,
    };
    let block = area.block(elected, page_size_bytes)?;
    Some(HeaderPair {
        page_size_bytes,
        primary: copy_state(area, Which::Primary, page_size_bytes),
        shadow: copy_state(area, Which::Shadow, page_size_bytes),
        elected,
        header: DbHeader::parse(block)?,
    })
}

fn copy_state(area: &HeaderArea, which: Which, page_size_bytes: usize) -> CopyState {
    if area.is_unreadable(which, page_size_bytes) {
        return CopyState::Unreadable;
    }
    if !area.validates(which, page_size_bytes) {
        return CopyState::BadChecksum;
    }
    let primary_is_valid = area.validates(Which::Primary, page_size_bytes);
    let equal =
        area.block(Which::Primary, page_size_bytes) == area.block(Which::Shadow, page_size_bytes);
    if which == Which::Shadow && primary_is_valid && !equal {
        return CopyState::Differs;
    }
    CopyState::Valid
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    fn header_page(page_size_bytes: usize, db_time: u64) -> Vec<u8> {
        let mut page = vec![0; page_size_bytes];
        let mut header = DbHeader::parse(&[0; 748]).unwrap().raw;
        header.magic = MAGIC.into();
        header.version = 0x620.into();
        header.page_size = (page_size_bytes as u32).into();
        header.db_time = db_time.into();
        page[..748].copy_from_slice(header.as_bytes());
        checksum::seal(&mut page);
        page
    }

    fn area(pages: &[Vec<u8>]) -> HeaderArea {
        HeaderArea::of(pages.concat())
    }

    #[test]
    fn two_equal_copies_of_every_page_size() {
        for size in PAGE_SIZES_BYTES {
            let page = header_page(size, 7);
            let pair = elect(&area(&[page.clone(), page])).unwrap();
            assert_eq!(pair.page_size_bytes, size);
            assert!(pair.is_sound());
            assert_eq!(pair.elected, Which::Primary);
        }
    }

    #[test]
    fn a_page_size_of_zero_means_4096() {
        let mut page = header_page(4096, 7);
        page[236..240].fill(0);
        checksum::seal(&mut page);
        assert_eq!(elect(&area(&[page.clone(), page])).unwrap().page_size_bytes, 4096);
    }

    #[test]
    fn the_primary_wins_over_a_shadow_that_differs() {
        let pair = elect(&area(&[header_page(4096, 1), header_page(4096, 2)])).unwrap();
        assert_eq!((pair.elected, pair.shadow), (Which::Primary, CopyState::Differs));
        assert_eq!(pair.primary, CopyState::Valid);
        assert_eq!(pair.header.raw.db_time.get(), 1);
    }

    #[test]
    fn one_bad_copy_leaves_the_other() {
        let good = header_page(8192, 1);
        let mut bad = good.clone();
        bad[100] ^= 1;
        let pair = elect(&area(&[bad.clone(), good.clone()])).unwrap();
        assert_eq!((pair.elected, pair.primary), (Which::Shadow, CopyState::BadChecksum));
        let pair = elect(&area(&[good, bad.clone()])).unwrap();
        assert_eq!((pair.elected, pair.shadow), (Which::Primary, CopyState::BadChecksum));
        assert!(elect(&area(&[bad.clone(), bad])).is_none());
    }

    #[test]
    fn an_unreadable_copy_is_said_to_be_so() {
        let page = header_page(4096, 1);
        let mut area = area(&[page.clone(), page]);
        area.unreadable.push(512..1024);
        let pair = elect(&area).unwrap();
        assert_eq!((pair.elected, pair.primary), (Which::Shadow, CopyState::Unreadable));
        area.unreadable.push(4096..4097);
        assert!(elect(&area).is_none());
    }

    #[test]
    fn a_lying_page_size_or_a_foreign_magic_is_no_header() {
        let mut page = header_page(4096, 1);
        page[236..240].copy_from_slice(&8192u32.to_le_bytes());
        checksum::seal(&mut page);
        assert!(elect(&area(&[page.clone(), page])).is_none());
        let mut page = header_page(4096, 1);
        page[4] ^= 1;
        checksum::seal(&mut page);
        assert!(elect(&area(&[page.clone(), page])).is_none());
        assert!(elect(&HeaderArea::default()).is_none());
    }
}
