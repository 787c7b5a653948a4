//! Sums and comparisons of plain bytes, at the speed of the memory.

/// What engines up to Windows 7 write where a log has no records yet; it begins with the file. Seen
/// in logs and reserve logs of Windows 2003.
const FILL: [u8; 256] = {
    let mut fill = [0xda; 256];
    let mut mark = 0;
    while mark < 16 {
        fill[mark * 16] = 0xda_u8.wrapping_add(mark as u8 * 16);
        mark += 1;
    }
    fill
};

/// Whether every byte is zero.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let all_zero = |block: &[u8; 64]| block.iter().fold(0, |seen, &byte| seen | byte) == 0;
    blocks.iter().all(all_zero) && rest.iter().all(|&byte| byte == 0)
}

/// Whether the bytes of a sector are the fill of an unused log.
pub(super) fn is_fill(sector: &[u8]) -> bool {
    let (blocks, rest) = sector.as_chunks::<256>();
    blocks.iter().all(|block| *block == FILL) && rest.is_empty() && !blocks.is_empty()
}

/// XOR of the little-endian dwords of a range that comes in pieces. Dwords are counted from the first
/// byte of the range; the last one is padded with zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DwordXor {
    sum: u32,
    /// Bytes of the dword that the next piece goes on with.
    begun: u32,
}

impl DwordXor {
    /// Of a range in one piece.
    pub(super) fn of(range: &[u8]) -> u32 {
        let mut xor = Self::default();
        xor.add(range);
        xor.sum()
    }

    /// The next piece of the range.
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.sum ^= xor_dwords(piece).rotate_left(8 * self.begun);
        self.begun = (self.begun + (piece.len() % 4) as u32) % 4;
    }

    pub(super) fn sum(self) -> u32 {
        self.sum
    }
}

fn xor_dwords(bytes: &[u8]) -> u32 {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut wide = [0_u64; 8];
    for block in blocks {
        for (sum, word) in wide.iter_mut().zip(block.as_chunks().0) {
            *sum ^= u64::from_le_bytes(*word);
        }
    }
    let (words, rest) = rest.as_chunks();
    let of_words = words.iter().fold(0, |sum, word| sum ^ u64::from_le_bytes(*word));
    let folded = wide.iter().fold(of_words, |sum, word| sum ^ word);
    let (dword, rest) = rest.split_at(rest.len() & 4);
    (folded >> 32) as u32 ^ folded as u32 ^ padded(dword) ^ padded(rest)
}

/// A dword of which the last bytes may be missing.
fn padded(start: &[u8]) -> u32 {
    start.iter().rev().fold(0, |dword, &byte| dword << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_zero_in_every_byte() {
        for length in [0, 1, 63, 64, 65, 4096] {
            let mut bytes = vec![0; length];
            assert!(is_zero(&bytes));
            for at in 0..length {
                bytes[at] = 0x80;
                assert!(!is_zero(&bytes), "{at} of {length}");
                bytes[at] = 0;
            }
        }
    }

    #[test]
    fn the_fill_is_that_of_reserve_logs() {
        assert_eq!(
            [FILL[0], FILL[1], FILL[16], FILL[32], FILL[48], FILL[240]],
            [0xda, 0xda, 0xea, 0xfa, 0x0a, 0xca]
        );
        let mut sector = [FILL, FILL].concat();
        assert!(is_fill(&sector));
        for at in 0..512 {
            sector[at] ^= 1;
            assert!(!is_fill(&sector));
            sector[at] ^= 1;
        }
        assert!(!is_fill(&sector[..511]) && !is_fill(&[]));
    }

    #[test]
    fn the_sum_does_not_depend_on_the_pieces() {
        let range: Vec<u8> = (0..1003_u32).map(|n| (n * 7 + n / 256) as u8).collect();
        let padded_range = [range.as_slice(), &[0]].concat();
        let dwords = padded_range.as_chunks::<4>().0;
        let expected = dwords.iter().fold(0, |sum, dword| sum ^ u32::from_le_bytes(*dword));
        assert_eq!(DwordXor::of(&range), expected);
        for piece_bytes in 1..70 {
            let mut xor = DwordXor::default();
            range.chunks(piece_bytes).for_each(|piece| xor.add(piece));
            assert_eq!(xor.sum(), expected, "{piece_bytes}");
        }
    }
}
