//! How many log generations an engine has, and from which on it warns.
//!
//! Source: `dev/ese/src/inc/daeconst.hxx`, with the legacy values in its comments.

use super::LogVersion;
use super::backup_info::{LAST_GENERATION, LAST_LEGACY_GENERATION};

/// The last major update of version 7.3704 with the limits of old: 10 came with Exchange 2007 and Vista.
const LAST_LEGACY_UPDATE: u32 = 9;

/// The limits of one family of engines. Numbers are log generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerationLimits {
    /// Event 514 is raised for generations above this one.
    pub warned_above: u32,
    /// The last generation that can be written; then updates fail with -519.
    pub last: u32,
}

impl GenerationLimits {
    /// Exchange 2000 and 2003, and Windows of that time: up to version 7.3704.9.
    pub const LEGACY: Self = Self { warned_above: 0xe_0000, last: LAST_LEGACY_GENERATION };

    /// All later engines.
    pub const NOW: Self = Self { warned_above: 0x4000_0000, last: LAST_GENERATION };

    /// The limits of the engine that wrote a log, whatever the width of its names.
    pub fn of(version: LogVersion) -> Self {
        let is_legacy = version.major == 7 && version.update_major <= LAST_LEGACY_UPDATE;
        if is_legacy { Self::LEGACY } else { Self::NOW }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_went_up_with_7_3704_10() {
        let vista = LogVersion { update_major: 10, ..LogVersion::EXCHANGE_2003 };
        let new = LogVersion { major: 8, minor: 4000, update_major: 4, update_minor: 0 };
        assert_eq!(GenerationLimits::of(LogVersion::EXCHANGE_2003).last, 1_048_559);
        assert_eq!(GenerationLimits::of(vista).last, 0x7fff_f800);
        assert_eq!(GenerationLimits::of(new), GenerationLimits::NOW);
    }
}
