//! `LOGTIME`: a packed date and time.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `LOGTIME` as stored, 8 bytes. Source: `dev/ese/src/inc/daedef.hxx`, `LOGTIME`.
///
/// The bits that no field claims may hold garbage: the engine compares these structures as raw
/// bytes, and so does `Eq` here.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Unaligned,
)]
#[repr(C)]
pub struct LogTime {
    /// Offset 0: 0-59.
    pub seconds: u8,
    /// Offset 1: 0-59.
    pub minutes: u8,
    /// Offset 2: 0-23.
    pub hours: u8,
    /// Offset 3: day of the month, 1-31.
    pub day: u8,
    /// Offset 4: month, 1-12.
    pub month: u8,
    /// Offset 5: years since 1900.
    pub year: u8,
    /// Offset 6: bit 0 set = UTC; bits 1-7 are the low 7 bits of the milliseconds.
    pub flags_low: u8,
    /// Offset 7: bits 1-3 are the high 3 bits of the milliseconds; the rest is unused.
    pub flags_high: u8,
}

const _: () = assert!(size_of::<LogTime>() == 8);

impl LogTime {
    /// The engine's "not set".
    pub const NONE: Self = Self {
        seconds: 0,
        minutes: 0,
        hours: 0,
        day: 0,
        month: 0,
        year: 0,
        flags_low: 0,
        flags_high: 0,
    };

    /// All eight bytes zero: the engine's "not set".
    pub fn is_unset(self) -> bool {
        self == Self::default()
    }

    /// Whether the time is UTC. Without the flag it is the local time of the server that wrote
    /// it, which nobody else can convert.
    pub fn is_utc(self) -> bool {
        self.flags_low & 1 != 0
    }

    /// Milliseconds, 0-999 (a damaged value may be larger).
    pub fn milliseconds(self) -> u16 {
        u16::from(self.flags_low >> 1) | (u16::from(self.flags_high >> 1) & 0x7) << 7
    }

    /// Whether every field is within its range.
    pub fn is_plausible(self) -> bool {
        self.seconds < 60
            && self.minutes < 60
            && self.hours < 24
            && (1..=31).contains(&self.day)
            && (1..=12).contains(&self.month)
            && self.milliseconds() < 1000
    }
}

/// `11/22/2026 22:57:58.888 UTC`, or `LOC` for local time, as `eseutil` prints it; the alternate
/// form (`{:#}`) leaves the zone out, as `eseutil` does inside signatures.
impl fmt::Display for LogTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = 1900 + u32::from(self.year);
        let milliseconds = self.milliseconds();
        write!(f, "{:02}/{:02}/{year} ", self.month, self.day)?;
        write!(f, "{:02}:{:02}:{:02}.{milliseconds:03}", self.hours, self.minutes, self.seconds)?;
        if f.alternate() {
            return Ok(());
        }
        f.write_str(if self.is_utc() { " UTC" } else { " LOC" })
    }
}

/// The printed form; `null` where the time is not set.
impl Serialize for LogTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_unset() { serializer.serialize_none() } else { serializer.collect_str(self) }
    }
}

/// A damaged time may have more digits than a sound one.
impl JsonSchema for LogTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LogTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Time as eseutil prints it; LOC is the server's local time. null where it is not set.",
            "type": ["string", "null"],
            "pattern": r"^\d{2,3}/\d{2,3}/\d{4} \d{2,3}:\d{2,3}:\d{2,3}\.\d{3,4} (UTC|LOC)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_with_milliseconds() {
        // basic.edb, bytes 28-35: 08/19/2022 11:46:32.636 UTC.
        let time =
            LogTime::read_from_bytes(&[0x20, 0x2e, 0x0b, 0x13, 0x08, 0x7a, 0xf9, 0x08]).unwrap();
        assert_eq!(time.to_string(), "08/19/2022 11:46:32.636 UTC");
        assert!(time.is_plausible());
    }

    #[test]
    fn local_time_of_an_old_server() {
        // A streaming file of 2006: 03/07/2006 15:07:20, flags zero.
        let time = LogTime::read_from_bytes(&[0x14, 0x07, 0x0f, 0x07, 0x03, 0x6a, 0, 0]).unwrap();
        assert_eq!(time.to_string(), "03/07/2006 15:07:20.000 LOC");
    }

    #[test]
    fn unset_prints_like_the_engine_and_garbage_bits_do_not_count_as_time() {
        assert_eq!(LogTime::default().to_string(), "00/00/1900 00:00:00.000 LOC");
        assert!(!LogTime::default().is_plausible());
        let garbage = LogTime { flags_high: 0xf1, ..LogTime::default() };
        assert_eq!(garbage.milliseconds(), 0);
        assert!(!garbage.is_unset());
    }
}
