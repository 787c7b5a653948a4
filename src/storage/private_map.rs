//! The content of a file to work on, which leaves the file alone.

use std::ops::{Deref, DerefMut};

/// The first bytes of a file. They can be written, and nothing of it reaches the file: a copy-on-write map
/// of it, or a plain copy where a storage has no maps.
pub struct PrivateMap(Box<dyn DerefMut<Target = [u8]>>);

impl PrivateMap {
    /// Of a map, or of a copy.
    pub fn of(bytes: impl DerefMut<Target = [u8]> + 'static) -> Self {
        Self(Box::new(bytes))
    }
}

impl Deref for PrivateMap {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for PrivateMap {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
