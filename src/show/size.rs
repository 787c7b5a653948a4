//! Sizes as people read them.

/// A number of bytes; from a mebibyte on in the unit that it is thought of in, too.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["MiB", "GiB", "TiB", "PiB", "EiB"];
    let in_unit = |unit: usize| bytes as f64 / 1024f64.powi(unit as i32 + 2);
    // The largest unit that makes at least one of it.
    match (0..UNITS.len()).rev().find(|&unit| in_unit(unit) >= 1.0) {
        None => format!("{bytes} bytes"),
        Some(unit) => format!("{:.2} {} ({bytes} bytes)", in_unit(unit), UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn small_ones_are_exact_and_large_ones_both() {
        assert_eq!(size(40960), "40960 bytes");
        assert_eq!(size(1 << 20), "1.00 MiB (1048576 bytes)");
        assert_eq!(size((1 << 20) - 1), "1048575 bytes");
        assert_eq!(size(u64::MAX), "16.00 EiB (18446744073709551615 bytes)");
        assert_eq!(size(64_424_509_440), "60.00 GiB (64424509440 bytes)");
    }
}
