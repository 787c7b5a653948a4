//! `LGPOS`: a position in the transaction log stream.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zerocopy::little_endian::{I32, U16};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `LGPOS` as stored, 8 bytes. Source: `dev/ese/src/inc/daedef.hxx`, `LE_LGPOS`.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawLgPos {
    /// Offset 0: byte inside the sector.
    pub offset: U16,
    /// Offset 2: sector inside the log file.
    pub sector: U16,
    /// Offset 4: log generation.
    pub generation: I32,
}

const _: () = assert!(size_of::<RawLgPos>() == 8);

/// A position in the log stream. The order of the fields is the engine's order of comparison.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct LgPos {
    /// Log generation; 0 where the position is not set.
    pub generation: i32,
    /// Sector inside the log file.
    pub sector: u16,
    /// Byte inside the sector.
    pub offset: u16,
}

impl LgPos {
    /// All three numbers zero: the engine's "not set".
    pub fn is_unset(self) -> bool {
        self == Self::default()
    }
}

impl From<RawLgPos> for LgPos {
    fn from(raw: RawLgPos) -> Self {
        Self {
            generation: raw.generation.get(),
            sector: raw.sector.get(),
            offset: raw.offset.get(),
        }
    }
}

impl From<LgPos> for RawLgPos {
    fn from(pos: LgPos) -> Self {
        Self {
            offset: pos.offset.into(),
            sector: pos.sector.into(),
            generation: pos.generation.into(),
        }
    }
}

/// `(0x4,5,80C)`: generation, sector, byte, upper-case hexadecimal, as `eseutil` prints it.
impl fmt::Display for LgPos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(0x{:X},{:X},{:X})", self.generation, self.sector, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_prints_and_encodes() {
        // s4_1_bug_state, bytes 136-143: the mark printed by the engine as (0x4,5,80C).
        let bytes = [0x0c, 0x08, 0x05, 0x00, 0x04, 0x00, 0x00, 0x00];
        let pos = LgPos::from(RawLgPos::read_from_bytes(&bytes).unwrap());
        assert_eq!(pos.to_string(), "(0x4,5,80C)");
        assert_eq!(RawLgPos::from(pos).as_bytes(), bytes);
    }

    #[test]
    fn order_is_generation_then_sector_then_offset() {
        let at = |generation, sector, offset| LgPos { generation, sector, offset };
        assert!(at(1, 9, 9) < at(2, 0, 0));
        assert!(at(2, 1, 9) < at(2, 2, 0));
        assert!(at(2, 2, 1) < at(2, 2, 2));
        assert!(LgPos::default().is_unset());
    }
}
