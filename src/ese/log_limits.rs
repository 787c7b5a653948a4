//! How many log generations an engine has, and from which on it warns.
//!
//! Source: `dev/ese/src/inc/daeconst.hxx`, with the legacy values in its comments.

use super::LogVersion;
use super::backup_info::{LAST_GENERATION, LAST_LEGACY_GENERATION};

/// The limits of one family of engines. Numbers are log generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerationLimits {
    /// Event 514 is raised for generations above this one.
    pub warned_above: u32,
    /// The last generation that can be written; then updates fail with -519.
    pub last: u32,
}

impl GenerationLimits {
    /// Engines with five-digit names (Exchange 2000 and 2003, Windows of that time).
    pub const LEGACY: Self = Self { warned_above: 0xe_0000, last: LAST_LEGACY_GENERATION };

    /// All later engines.
    pub const NOW: Self = Self { warned_above: 0x4000_0000, last: LAST_GENERATION };

    /// The limits of the engine that wrote a log; `eight_digits` says whether any name of its
    /// stream has eight digits.
    pub fn of(version: LogVersion, eight_digits: bool) -> Self {
        if version.major == 7 && !eight_digits { Self::LEGACY } else { Self::NOW }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_digits_belong_to_the_old_format() {
        let new = LogVersion { major: 8, minor: 4000, update_major: 4, update_minor: 0 };
        assert_eq!(GenerationLimits::of(LogVersion::EXCHANGE_2003, false).last, 1_048_559);
        assert_eq!(GenerationLimits::of(LogVersion::EXCHANGE_2003, true).last, 0x7fff_f800);
        assert_eq!(GenerationLimits::of(new, false), GenerationLimits::NOW);
    }
}
