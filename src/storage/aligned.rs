//! A buffer that a direct read, past the system's cache, accepts.

use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// Alignment that every common medium accepts, in bytes.
const ALIGNMENT_BYTES: usize = 4096;

#[derive(Clone, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(4096))]
struct Block([u8; ALIGNMENT_BYTES]);

/// Bytes in whole, aligned blocks of 4096.
pub struct AlignedBuffer(Vec<Block>);

impl AlignedBuffer {
    /// Whether so many bytes are whole blocks.
    pub fn holds_whole_blocks(length_bytes: usize) -> bool {
        length_bytes.is_multiple_of(ALIGNMENT_BYTES)
    }

    /// A zeroed buffer of at least `length_bytes`, rounded up to a whole block.
    pub fn new(length_bytes: usize) -> Self {
        Self(vec![Block::new_zeroed(); length_bytes.div_ceil(ALIGNMENT_BYTES)])
    }

    /// All of it.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.as_mut_bytes()
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
