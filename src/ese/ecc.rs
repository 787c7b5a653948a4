//! The checksum with error correction of one block of a data page.
//!
//! Its ECC half is the XOR of the indices of all set bits. That is asked of whole rows of bits: bit n
//! of the result is the parity of all bits whose index has bit n set. Source:
//! `dev/ese/src/checksum/checksum.cxx`.

use std::array;

use wide::u64x2;

/// Bit index of [`FLAG_NEW_CHECKSUM`](super::page::FLAG_NEW_CHECKSUM) inside a page. The engine never
/// corrects it: with the bit flipped the page is read in the other format.
pub(super) const FORMAT_FLAG_BIT: u32 = 36 * 8 + 13;

/// The checksum of one block of 2, 4 or 8 KiB: ECC in the high half, XOR of everything and of the
/// page number in the low half. In a header block the first 8 bytes, where the checksum itself is
/// stored, count as zero.
pub(super) fn ecc_checksum(block: &[u8], page_number: u32, header_block: bool) -> u64 {
    let parities = Parities::of(block);
    let [mut even, odd] = parities.sum.to_array();
    if header_block {
        // These bytes lie in row 0, of which the row numbers show nothing.
        even ^= block.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    }
    let low = parities.row_numbers << ROW_BITS | parity(odd) << 6 | index_xor(even ^ odd);
    let mask = ecc_mask(block.len());
    let high = low ^ mask & parity(even ^ odd).wrapping_neg();
    let (left, right) = split(even ^ odd);
    join(high << 16 | low, left ^ right ^ page_number)
}

/// The bit of the block whose flip explains the difference, if one does.
pub(super) fn flipped_bit(
    stored: u64,
    computed: u64,
    block_bytes: usize,
    header_block: bool,
) -> Option<u32> {
    let (stored_ecc, stored_xor) = split(stored);
    let (computed_ecc, computed_xor) = split(computed);
    let difference = stored_ecc ^ computed_ecc;
    let mask = ecc_mask(block_bytes);
    let bit = difference & 0xffff;
    let complementary = ((difference >> 16) ^ difference) & mask == mask;
    let one_column = (stored_xor ^ computed_xor).count_ones() == 1;
    let correctable = bit <= mask && !(header_block && bit == FORMAT_FLAG_BIT);
    (complementary && one_column && correctable).then_some(bit)
}

/// The largest bit index of a block.
fn ecc_mask(block_bytes: usize) -> u32 {
    u32::try_from(block_bytes * 8).unwrap_or(u32::MAX).wrapping_sub(1)
}

/// What is folded at once: a vector that every 64-bit processor has. A `u128` is folded in two halves: the
/// checksum takes twice as long then, and the check of a file in the cache 13 to 16 % longer.
type Row = u64x2;

/// Bits of the index of a bit inside its row.
const ROW_BITS: u32 = 7;

/// Bytes of a row.
const ROW_BYTES: usize = 16;

/// Bytes of eight rows.
const TILE_BYTES: usize = 8 * ROW_BYTES;

/// Bytes of eight tiles. Every block is a multiple of it, and at most eight of them.
const STRIP_BYTES: usize = 8 * TILE_BYTES;

/// The parities of the rows of a block.
struct Parities {
    /// XOR of all rows.
    sum: Row,
    /// XOR of the numbers of all rows of odd parity.
    row_numbers: u32,
}

impl Parities {
    /// Eight rows are folded into one, eight of those again, and what is left once more: each time
    /// three more bits of the row number are known. Bytes behind the last whole strip, and behind
    /// the eighth, do not count.
    fn of(block: &[u8]) -> Self {
        let [mut of_row, mut of_tile, mut of_strip] = [[Row::ZERO; 3]; 3];
        let mut strips = [Row::ZERO; 8];
        for (sum, strip) in strips.iter_mut().zip(block.as_chunks::<STRIP_BYTES>().0) {
            let mut tiles = [Row::ZERO; 8];
            for (sum, tile) in tiles.iter_mut().zip(strip.as_chunks::<TILE_BYTES>().0) {
                *sum = fold(rows_of(tile), &mut of_row);
            }
            *sum = fold(tiles, &mut of_tile);
        }
        let sum = fold(strips, &mut of_strip);
        let bits = of_row.iter().chain(&of_tile).chain(&of_strip);
        let row_numbers = (0u32..).zip(bits).fold(0, |numbers, (bit, folded)| {
            let [even, odd] = folded.to_array();
            numbers | parity(even ^ odd) << bit
        });
        Self { sum, row_numbers }
    }
}

#[inline(always)]
fn rows_of(tile: &[u8; TILE_BYTES]) -> [Row; 8] {
    let (words, _) = tile.as_chunks();
    let word = |index: usize| u64::from_le_bytes(words[index]);
    array::from_fn(|row| Row::new([word(2 * row), word(2 * row + 1)]))
}

/// XOR of eight rows; into `bits` go those whose number has the bit 0, 1 and 2.
#[inline(always)]
fn fold([a, b, c, d, e, f, g, h]: [Row; 8], bits: &mut [Row; 3]) -> Row {
    let [bit_0, bit_1, bit_2] = bits;
    let [ab, cd] = [pair(a, b, bit_0), pair(c, d, bit_0)];
    let [ef, gh] = [pair(e, f, bit_0), pair(g, h, bit_0)];
    let [abcd, efgh] = [pair(ab, cd, bit_1), pair(ef, gh, bit_1)];
    pair(abcd, efgh, bit_2)
}

#[inline(always)]
fn pair(first: Row, second: Row, seconds: &mut Row) -> Row {
    *seconds ^= second;
    first ^ second
}

/// XOR of the indices of all set bits but for bit 6 of those: a row of two words folded into one.
fn index_xor(word: u64) -> u32 {
    /// Those bits of a word whose index has bit 0, 1, ... 5.
    const WITH_BIT: [u64; 6] = [
        0xaaaa_aaaa_aaaa_aaaa,
        0xcccc_cccc_cccc_cccc,
        0xf0f0_f0f0_f0f0_f0f0,
        0xff00_ff00_ff00_ff00,
        0xffff_0000_ffff_0000,
        0xffff_ffff_0000_0000,
    ];
    (0u32..).zip(WITH_BIT).fold(0, |sum, (bit, mask)| sum | parity(word & mask) << bit)
}

/// 1 where an odd number of bits is set.
fn parity(word: u64) -> u32 {
    word.count_ones() % 2
}

/// A checksum of its two halves.
pub(super) fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn split(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of the ECC, bit by bit, without any of the shortcuts above.
    fn slow_checksum(block: &[u8], page_number: u32, header_block: bool) -> u64 {
        let mask = block.len() * 8 - 1;
        let (mut low, mut high, mut folded) = (0, 0, page_number);
        let first = if header_block { 64 } else { 0 };
        for bit in first..block.len() * 8 {
            if block[bit / 8] >> (bit % 8) & 1 == 1 {
                low ^= bit;
                high ^= bit ^ mask;
                folded ^= 1 << (bit % 32);
            }
        }
        join((high << 16 | low) as u32, folded)
    }

    /// Bits 16-23 of a generator.
    fn noise(bytes: usize, seed: u32) -> Vec<u8> {
        let mut x = seed;
        let next = || {
            x = x.wrapping_mul(1_103_515_245).wrapping_add(12345);
            (x >> 16) as u8
        };
        std::iter::repeat_with(next).take(bytes).collect()
    }

    #[test]
    fn agrees_with_the_definition() {
        for (seed, bytes) in (1..).zip([2048, 4096, 8192].into_iter().cycle().take(12)) {
            let block = noise(bytes, seed);
            let page_number = 0x0123_4567u32.wrapping_mul(seed);
            for header_block in [true, false] {
                assert_eq!(
                    ecc_checksum(&block, page_number, header_block),
                    slow_checksum(&block, page_number, header_block)
                );
            }
        }
    }

    #[test]
    fn every_single_bit_has_the_checksum_of_its_definition() {
        for bytes in [2048, 4096, 8192] {
            let mask = bytes * 8 - 1;
            let mut block = vec![0; bytes];
            for bit in 0..bytes * 8 {
                block[bit / 8] = 1 << (bit % 8);
                let sum = join(((bit ^ mask) << 16 | bit) as u32, 1 << (bit % 32));
                assert_eq!(ecc_checksum(&block, 0, false), sum, "bit {bit} of {bytes} bytes");
                block[bit / 8] = 0;
            }
        }
    }
}
