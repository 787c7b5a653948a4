//! `SIGNATURE`: the identity of a database or of a log stream.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::LogTime;

/// `SIGNATURE` as stored, 28 bytes; equal means equal bytes, as the engine compares them.
/// Source: `dev/ese/src/inc/daedef.hxx`, `SIGNATURE`.
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
pub struct Signature {
    /// Offset 0: random number.
    pub random: U32,
    /// Offset 4: time of creation.
    pub create_time: LogTime,
    /// Offset 12: computer name, zero-terminated; newer engines leave it empty.
    pub computer: [u8; 16],
}

const _: () = assert!(size_of::<Signature>() == 28);

impl Signature {
    /// All 28 bytes zero: no logging, or a database after `eseutil /p`.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }

    /// The computer name up to its terminator, undecodable bytes replaced.
    pub fn computer_name(&self) -> String {
        let length = self.computer.iter().position(|&b| b == 0).unwrap_or(self.computer.len());
        String::from_utf8_lossy(&self.computer[..length]).into_owned()
    }
}

/// `Create time:11/22/2026 22:57:58.774 Rand:3607514411 Computer:`, as `eseutil` prints it.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Create time:{:#} Rand:{} Computer:{}",
            self.create_time,
            self.random,
            self.computer_name()
        )
    }
}

/// `{create_time, random, computer}`.
impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Signature", 3)?;
        out.serialize_field("create_time", &self.create_time)?;
        out.serialize_field("random", &self.random.get())?;
        out.serialize_field("computer", &self.computer_name())?;
        out.end()
    }
}

impl JsonSchema for Signature {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Signature".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Identity of a database or of a log stream; all zero where there is none.",
            "type": "object",
            "properties": {
                "create_time": generator.subschema_for::<LogTime>(),
                "random": generator.subschema_for::<u32>(),
                "computer": { "type": "string" },
            },
            "required": ["create_time", "random", "computer"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_like_the_engine() {
        let mut bytes = [0u8; 28];
        bytes[..12].copy_from_slice(&[
            0x9e, 0xf0, 0xc3, 0x87, 0x20, 0x2e, 0x0b, 0x13, 0x08, 0x7a, 0xf9, 0x08,
        ]);
        let signature = Signature::read_from_bytes(&bytes).unwrap();
        assert_eq!(
            signature.to_string(),
            "Create time:08/19/2022 11:46:32.636 Rand:2277765278 Computer:"
        );
        assert!(!signature.is_unset());
        assert!(Signature::default().is_unset());
    }
}
