//! One segment of format 8: 4096 bytes with a checksum of their own.
//!
//! The checksum is that of a database page of that size, with the number of the segment in the place
//! of the page number. Source: `dev/ese/src/inc/_logstream.hxx`, `LGSEGHDR`;
//! `dev/ese/src/ese/_osu/checksumu.cxx`.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::bytes::is_zero;
use crate::ese::ecc::{FORMAT_FLAG_BIT, ecc_checksum, join};
use crate::ese::page::FLAG_NEW_CHECKSUM;
use crate::ese::{LgPos, LogTime, RawLgPos, checksum};

/// Bytes of a segment.
pub const SEGMENT_BYTES: usize = 4096;

/// Bits of the stored checksum, which no checksum corrects.
const CHECKSUM_BITS: u32 = 64;

/// The largest bit index of a segment.
const LAST_BIT: u32 = 8 * SEGMENT_BYTES as u32 - 1;

/// The head of a segment as stored, 40 bytes. Source: `dev/ese/src/inc/_logstream.hxx`, `LGSEGHDR`.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawSegmentHeader {
    /// Offset 0: checksum.
    pub checksum: U64,
    /// Offset 8: place of the segment in the log stream; the byte is 0.
    pub pos: RawLgPos,
    /// Offset 16: when the first record was put into it; may be zero.
    pub time: LogTime,
    /// Offset 24: zero.
    pub reserved_24: [u8; 12],
    /// Offset 36: flags, those of a database page: 0x2000.
    pub flags: U32,
}

/// Bytes of the head; the first record is behind it.
pub const SEGMENT_HEADER_BYTES: usize = size_of::<RawSegmentHeader>();

const _: () = {
    use std::mem::offset_of;
    assert!(SEGMENT_HEADER_BYTES == 40);
    assert!(offset_of!(RawSegmentHeader, pos) == 8);
    assert!(offset_of!(RawSegmentHeader, time) == 16);
    assert!(offset_of!(RawSegmentHeader, flags) == 36);
};

/// How the stored checksum fits a number of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Exact,
    /// With this one bit flipped back.
    Corrected(u32),
    None,
}

/// A segment, summed once.
#[derive(Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) bytes: &'a [u8],
    header: RawSegmentHeader,
    sum: Sum,
}

#[derive(Clone, Copy)]
enum Sum {
    /// All bytes zero.
    Zero,
    /// Computed as if the number were 0. The number itself is XORed into it.
    Ecc(u64),
    /// The old form without ECC, which no engine writes into a log: XOR, and a number beside it.
    Xor(u32),
}

impl<'a> Segment<'a> {
    /// `bytes` has [`SEGMENT_BYTES`].
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let header = RawSegmentHeader::read_from_prefix(bytes);
        let header = header.map_or(RawSegmentHeader::new_zeroed(), |(header, _)| header);
        let sum = if header.checksum == 0 && is_zero(bytes) {
            Sum::Zero
        } else if header.flags.get() & FLAG_NEW_CHECKSUM != 0 {
            Sum::Ecc(ecc_checksum(bytes, 0, true))
        } else {
            Sum::Xor(checksum::xor_short(bytes))
        };
        Self { bytes, header, sum }
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self.sum, Sum::Zero)
    }

    pub(super) fn stored(&self) -> u64 {
        self.header.checksum.get()
    }

    /// The checksum that the bytes should have as the segment of a number.
    pub(super) fn computed(&self, number: u32) -> u64 {
        match self.sum {
            Sum::Zero => 0,
            Sum::Ecc(sum) => sum ^ u64::from(number),
            Sum::Xor(sum) => join(number, sum),
        }
    }

    /// Whether these are the bytes of the segment of a number. All zero never are.
    pub(super) fn fit(&self, number: u32) -> Fit {
        let difference = self.stored() ^ self.computed(number);
        match self.sum {
            Sum::Zero => Fit::None,
            _ if difference == 0 => Fit::Exact,
            Sum::Ecc(_) => correction(difference).map_or(Fit::None, Fit::Corrected),
            Sum::Xor(_) => Fit::None,
        }
    }

    /// Where the segment says that it belongs, read with this bit flipped back.
    pub(super) fn position(&self, flipped: Option<u32>) -> LgPos {
        let mut header = self.header;
        flip(header.as_mut_bytes(), flipped);
        header.pos.into()
    }

    /// Hands on the records, with this bit flipped back.
    pub(super) fn records(&self, flipped: Option<u32>, take: impl FnOnce(&[u8])) {
        let records = self.bytes.get(SEGMENT_HEADER_BYTES..).unwrap_or_default();
        match flipped.and_then(|bit| bit.checked_sub(8 * SEGMENT_HEADER_BYTES as u32)) {
            None => take(records),
            inside => {
                let mut corrected = records.to_vec();
                flip(&mut corrected, inside);
                take(&corrected);
            }
        }
    }
}

/// Flips a bit, where it lies inside of the bytes.
fn flip(bytes: &mut [u8], bit: Option<u32>) {
    let Some(bit) = bit else { return };
    if let Some(byte) = bytes.get_mut(bit as usize / 8) {
        *byte ^= 1 << (bit % 8);
    }
}

/// The bit outside of the stored checksum whose flip explains a difference, if one does. The engine
/// never corrects the one that chooses the form of the checksum.
fn correction(difference: u64) -> Option<u32> {
    let bit = (difference >> 32) as u32 & 0xffff;
    let of_bit = join((bit ^ LAST_BIT) << 16 | bit, 1 << (bit % 32));
    let possible = (CHECKSUM_BITS..=LAST_BIT).contains(&bit) && bit != FORMAT_FLAG_BIT;
    (possible && difference == of_bit).then_some(bit)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ese::page::seal_page;

    /// A segment with these records, or parts of them.
    pub(in crate::ese::log_body) fn sealed(
        number: u16,
        generation: i32,
        records: &[u8],
    ) -> Vec<u8> {
        let mut header = RawSegmentHeader::new_zeroed();
        header.pos = LgPos { generation, sector: number, offset: 0 }.into();
        header.flags = FLAG_NEW_CHECKSUM.into();
        let mut bytes = [header.as_bytes(), records].concat();
        bytes.resize(SEGMENT_BYTES, 0);
        seal_page(&mut bytes, number.into());
        bytes
    }

    #[test]
    fn a_segment_fits_its_own_number_only() {
        let bytes = sealed(7, 0x12, b"records");
        let segment = Segment::new(&bytes);
        assert_eq!(segment.fit(7), Fit::Exact);
        assert_eq!((segment.fit(6), segment.fit(8)), (Fit::None, Fit::None));
        assert_eq!(segment.stored(), segment.computed(7));
        assert_eq!(segment.position(None).to_string(), "(0x12,7,0)");
    }

    #[test]
    fn every_flipped_bit_is_corrected_but_for_checksum_and_format() {
        let original = sealed(9, 3, b"records");
        let mut bytes = original.clone();
        for bit in 0..=LAST_BIT {
            flip(&mut bytes, Some(bit));
            let segment = Segment::new(&bytes);
            let corrected = bit >= 64 && bit != FORMAT_FLAG_BIT;
            assert_eq!(segment.fit(9), if corrected { Fit::Corrected(bit) } else { Fit::None });
            if corrected {
                assert_eq!(segment.position(Some(bit)).to_string(), "(0x3,9,0)", "{bit}");
                segment.records(Some(bit), |records| {
                    assert!(records == &original[SEGMENT_HEADER_BYTES..], "{bit}");
                });
            }
            flip(&mut bytes, Some(bit));
        }
    }

    #[test]
    fn a_bit_of_the_stored_checksum_makes_it_a_copy_of_the_one_before() {
        let mut bytes = sealed(9, 3, b"records");
        flip(&mut bytes, Some(0));
        assert_eq!(
            (Segment::new(&bytes).fit(9), Segment::new(&bytes).fit(8)),
            (Fit::None, Fit::Exact)
        );
    }

    #[test]
    fn two_flipped_bits_are_not_corrected() {
        let mut bytes = sealed(9, 3, b"records");
        bytes[100] ^= 3;
        assert_eq!(Segment::new(&bytes).fit(9), Fit::None);
    }

    #[test]
    fn zero_fits_nothing_and_the_old_form_its_number() {
        let zero = [0; SEGMENT_BYTES];
        assert!(Segment::new(&zero).is_zero());
        assert_eq!(Segment::new(&zero).fit(0), Fit::None);
        let mut old = sealed(5, 3, b"records");
        old[37] = 0;
        seal_page(&mut old, 5);
        assert_eq!((Segment::new(&old).fit(5), Segment::new(&old).fit(4)), (Fit::Exact, Fit::None));
        old[100] ^= 1;
        assert_eq!(Segment::new(&old).fit(5), Fit::None);
    }
}
