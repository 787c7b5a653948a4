//! Filler bytes.

/// Fills with bits 16-23 of a linear congruential generator that starts at `seed`.
pub(super) fn fill_with_noise(bytes: &mut [u8], seed: u32) {
    let mut x = seed;
    for byte in bytes {
        x = x.wrapping_mul(1_103_515_245).wrapping_add(12345);
        [_, _, *byte, _] = x.to_le_bytes();
    }
}

/// Fills with what engines up to Windows 7 write where a log has no records yet. The pattern
/// repeats every 256 bytes and begins with the file. Seen in reserve logs of Windows 2003.
pub(super) fn fill_like_an_unused_log(bytes: &mut [u8]) {
    const FILLER: u8 = 0xda;
    bytes.fill(FILLER);
    let mut mark = FILLER;
    for byte in bytes.iter_mut().step_by(16) {
        *byte = mark;
        mark = mark.wrapping_add(0x10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_that_of_the_checksum_vectors() {
        let mut bytes = [0; 4];
        fill_with_noise(&mut bytes, 1);
        let mut x: u64 = 1;
        for byte in bytes {
            x = (x * 1_103_515_245 + 12345) % (1 << 32);
            assert_eq!(u64::from(byte), (x >> 16) % 256);
        }
    }

    #[test]
    fn an_unused_log() {
        let mut bytes = [0; 512];
        fill_like_an_unused_log(&mut bytes);
        assert_eq!(
            bytes[..18],
            *b"\xda\xda\xda\xda\xda\xda\xda\xda\xda\xda\xda\xda\xda\xda\xda\xda\xea\xda"
        );
        assert_eq!([bytes[32], bytes[48], bytes[240]], [0xfa, 0x0a, 0xca]);
        assert_eq!(bytes[..256], bytes[256..]);
    }
}
