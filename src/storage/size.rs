//! Sizes as people read them.

/// A number of bytes; from a mebibyte on in the unit that it is thought of in, too.
pub fn size(bytes: u64) -> String {
    const MEBIBYTE: u64 = 1024 * 1024;
    match bytes {
        0..MEBIBYTE => format!("{bytes} bytes"),
        _ => format!("{} ({bytes} bytes)", indicatif::BinaryBytes(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn small_ones_are_exact_and_large_ones_both() {
        assert_eq!(size(40960), "40960 bytes");
        assert_eq!(size(1 << 20), "1.00 MiB (1048576 bytes)");
        assert_eq!(size(64_424_509_440), "60.00 GiB (64424509440 bytes)");
    }
}
