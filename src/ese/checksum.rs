//! The plain XOR checksum of headers, checkpoints, backup trailers and old data pages.

use super::db_header::MAGIC;

/// Seed XOR every little-endian dword but the first, which is where the checksum is stored.
///
/// `block` is a whole header page (2-32 KiB), the 4096 bytes of a log header or checkpoint copy,
/// or an old-format data page; bytes behind the last whole dword do not count. Source:
/// `dev/ese/src/checksum/checksum.cxx`.
pub fn xor_short(block: &[u8]) -> u32 {
    dwords(block).skip(1).fold(MAGIC, |sum, dword| sum ^ dword)
}

/// The checksum stored in the first dword; `None` where `block` is shorter than that.
pub fn stored(block: &[u8]) -> Option<u32> {
    dwords(block).next()
}

/// Whether the stored checksum is the right one. An all-zero block never is.
pub fn is_valid(block: &[u8]) -> bool {
    stored(block) == Some(xor_short(block))
}

/// Writes the right checksum into the first dword.
///
/// # Panics
/// If `block` has less than four bytes; callers pass whole header pages.
pub fn seal(block: &mut [u8]) {
    let sum = xor_short(block);
    block[..4].copy_from_slice(&sum.to_le_bytes());
}

/// The little-endian dwords of a block.
pub(super) fn dwords(block: &[u8]) -> impl Iterator<Item = u32> {
    block.as_chunks().0.iter().map(|dword| u32::from_le_bytes(*dword))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_magic_and_version_only() {
        let mut block = [0u8; 4096];
        block[4..8].copy_from_slice(&MAGIC.to_le_bytes());
        block[8..12].copy_from_slice(&0x620u32.to_le_bytes());
        assert_eq!(xor_short(&block), 0x620);
        assert!(!is_valid(&block));
        seal(&mut block);
        assert!(is_valid(&block));
    }

    #[test]
    fn an_all_zero_or_empty_block_is_never_valid() {
        assert_eq!(xor_short(&[0; 4096]), MAGIC);
        assert!(!is_valid(&[0; 4096]));
        assert!(!is_valid(&[]));
        assert!(!is_valid(&[1, 2, 3]));
    }
}
