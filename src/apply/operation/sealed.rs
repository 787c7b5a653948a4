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

/// The value again; `None` where a single bit differs.
pub fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (first_line, body) = bytes.split_at_checked(SEAL_BYTES)?;
    let expected = format!("{}\n", hex::encode(Sha256::digest(body)));
    if first_line != expected.as_bytes() {
        return None;
    }
    serde_json::from_slice(body).ok()
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
        let sealed = seal(&vec!["prepared".to_owned(), "x".to_owned()]);
        assert_eq!(unseal::<Vec<String>>(&sealed).unwrap(), ["prepared", "x"]);
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal::<Vec<String>>(&damaged).is_none(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(unseal::<Vec<String>>(&sealed[..length]).is_none(), "length {length}");
        }
    }
}
