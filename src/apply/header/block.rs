//! Blocks of a file on their way from thread to thread: the buffers that go round, and the digest over all.

use std::sync::mpsc::{self, Receiver, Sender};

use sha2::{Digest, Sha256};

use crate::storage::{AlignedBuffer, File, PIECE_BYTES, Piece, Result, StorageError};

/// Most buffers of one piece that go round between two threads.
pub(super) const BUFFERS: u64 = 8;

/// Two header pages of the largest size, in bytes.
const LONGEST_HEAD: u64 = 64 * 1024;

/// A block on its way.
pub(super) struct Block {
    pub(super) buffer: AlignedBuffer,
    pub(super) piece: Piece,
}

impl Block {
    /// The bytes of a piece of data.
    pub(super) fn bytes(&self) -> &[u8] {
        let range = self.piece.range();
        &self.buffer.bytes()[..(range.end - range.start) as usize]
    }
}

/// Room for one piece, or a header, of a file of so many bytes.
pub(super) fn new_buffer(length_bytes: u64) -> AlignedBuffer {
    AlignedBuffer::new(length_bytes.clamp(LONGEST_HEAD, PIECE_BYTES) as usize)
}

/// Empty buffers that go round, and the way back for them: no more than the file has pieces.
pub(super) fn buffers(length_bytes: u64) -> (Sender<AlignedBuffer>, Receiver<AlignedBuffer>) {
    let (empty, emptied) = mpsc::channel();
    let count = length_bytes.div_ceil(PIECE_BYTES).clamp(1, BUFFERS);
    // The receiver is there.
    (0..count).for_each(|_| empty.send(new_buffer(length_bytes)).unwrap_or_default());
    (empty, emptied)
}

/// Reads a piece of data in whole aligned blocks, as a direct read wants it.
pub(super) fn fill(file: &dyn File, block: &mut Block) -> Result<()> {
    let Piece::Data(range) = block.piece.clone() else { return Ok(()) };
    let wanted = (range.end - range.start) as usize;
    let mut done = 0;
    while done < wanted {
        let at = range.start + done as u64;
        match file.read_at(&mut block.buffer.bytes_mut()[done..], at)? {
            0 => {
                let error = std::io::Error::other("the file is shorter than it was");
                return Err(StorageError::at("read", file.path(), at, error));
            }
            read => done += read,
        }
    }
    Ok(())
}

/// SHA-256 over blocks; a hole counts as the zeros that it reads as.
pub(super) struct Hasher {
    sha256: Sha256,
    zeros: Vec<u8>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { sha256: Sha256::new(), zeros: vec![0; 64 * 1024] }
    }
}

impl Hasher {
    pub(super) fn update(&mut self, block: &Block) {
        match &block.piece {
            Piece::Data(_) => self.sha256.update(block.bytes()),
            Piece::Hole(range) => {
                let mut left = range.end - range.start;
                while left > 0 {
                    let now = left.min(self.zeros.len() as u64);
                    self.sha256.update(&self.zeros[..now as usize]);
                    left -= now;
                }
            }
        }
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.sha256.finalize().into()
    }
}
