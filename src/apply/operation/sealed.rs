//! Small JSON files that notice when any of their bits changed.
//!
//! The first line is the SHA-256 of everything behind it, in hexadecimal.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// Length of the first line, in bytes.
pub const SEAL_BYTES: usize = 65;

/// The stored form of a value.
pub fn seal<T: Serialize>(value: &T) -> Vec<u8> {
    let body = serde_json::to_string_pretty(value).expect("plain data serialises") + "\n";
    format!("{}\n{body}", hex::encode(Sha256::digest(body.as_bytes()))).into_bytes()
}

/// What is found where a sealed value should be.
#[derive(Debug, PartialEq, Eq)]
pub enum Unsealed<T> {
    /// The value again.
    Whole(T),
    /// What was sealed is of another version of the program: its schema.
    OtherVersion(String),
    /// At least one bit is another.
    Broken,
}

/// Of a sealed value of another version, what says so.
#[derive(serde::Deserialize)]
struct Frame {
    schema: Option<String>,
}

/// The value again, where it is whole and of the given schema; a value that names none is older than those.
pub fn unseal<T: DeserializeOwned>(bytes: &[u8], schema: &str) -> Unsealed<T> {
    let Some((first_line, body)) = bytes.split_at_checked(SEAL_BYTES) else {
        return Unsealed::Broken;
    };
    if first_line != format!("{}\n", hex::encode(Sha256::digest(body))).as_bytes() {
        return Unsealed::Broken;
    }
    let Ok(frame) = serde_json::from_slice::<Frame>(body) else { return Unsealed::Broken };
    let found = frame.schema.unwrap_or_else(|| schema.to_owned());
    match serde_json::from_slice(body) {
        Ok(value) if found == schema => Unsealed::Whole(value),
        _ => Unsealed::OtherVersion(found),
    }
}

/// Everything behind the first line, whether or not the seal is right.
pub fn body(bytes: &[u8]) -> &[u8] {
    bytes.get(SEAL_BYTES..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_noticed() {
        type Words = std::collections::BTreeMap<String, String>;
        let words = Words::from([("state".to_owned(), "prepared".to_owned())]);
        let sealed = seal(&words);
        assert_eq!(unseal::<Words>(&sealed, "words/1"), Unsealed::Whole(words));
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal::<Words>(&damaged, "words/1"), Unsealed::Broken, "bit {bit}");
        }
        for length in 0..sealed.len() {
            let cut = unseal::<Words>(&sealed[..length], "words/1");
            assert_eq!(cut, Unsealed::Broken, "length {length}");
        }
    }

    #[test]
    fn a_value_of_another_version_is_told_from_a_damaged_one() {
        #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
        struct Known {
            schema: String,
            state: String,
        }
        let value = |schema: &str| Known { schema: schema.into(), state: "x".into() };
        let read = |bytes: &[u8]| unseal::<Known>(bytes, "known/1");
        assert_eq!(read(&seal(&value("known/1"))), Unsealed::Whole(value("known/1")));
        let newer = Unsealed::OtherVersion("known/2".to_owned());
        assert_eq!(read(&seal(&value("known/2"))), newer);
        let without_state = std::collections::BTreeMap::from([("schema", "known/2")]);
        assert_eq!(read(&seal(&without_state)), newer);
    }
}
