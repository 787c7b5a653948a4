//! Values that are read in hexadecimal. They are kept as what they are, and are text in JSON.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number that is read in hexadecimal, `0x89abcdef`, with at least so many digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex<T, const DIGITS: usize = 1>(pub T);

impl<T: fmt::LowerHex, const DIGITS: usize> fmt::Display for Hex<T, DIGITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:0DIGITS$x}", self.0)
    }
}

impl<T: fmt::LowerHex, const DIGITS: usize> Serialize for Hex<T, DIGITS> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<T, const DIGITS: usize> JsonSchema for Hex<T, DIGITS> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^0x[0-9a-f]+$" })
    }
}

/// A SHA-256, read as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256Hex(pub [u8; 32]);

impl Sha256Hex {
    /// The digest that 64 hexadecimal digits are; `None` of any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        ::hex::decode_to_slice(text, &mut bytes).ok().map(|()| Self(bytes))
    }
}

impl fmt::Display for Sha256Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&::hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Hex({self})")
    }
}

impl Serialize for Sha256Hex {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::invalid_value(de::Unexpected::Str(&text), &"64 hexadecimal digits")
        })
    }
}

impl JsonSchema for Sha256Hex {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sha256Hex".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[0-9a-f]{64}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_digests_are_the_text_that_people_read() {
        assert_eq!(serde_json::to_string(&Hex::<u32>(0)).unwrap(), "\"0x0\"");
        assert_eq!(Hex::<u64, 16>(0xbeef).to_string(), "0x000000000000beef");
        let text = format!("\"{}\"", "0a".repeat(32));
        let digest: Sha256Hex = serde_json::from_str(&text).unwrap();
        assert_eq!(digest, Sha256Hex([10; 32]));
        assert_eq!(serde_json::to_string(&digest).unwrap(), text);
        assert!(serde_json::from_str::<Sha256Hex>("\"0a\"").is_err());
    }
}
