//! Blocks of a file on their way from thread to thread: the buffers that go round, and the digest over all.

use std::sync::mpsc::{self, Receiver, Sender};

use sha2::{Digest, Sha256};

use crate::storage::{AlignedBuffer, File, PIECE_BYTES, Piece, Result, StorageError};

/// Buffers of one piece that go round between two threads.
pub(super) const BUFFERS: usize = 8;

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

pub(super) fn new_buffer() -> AlignedBuffer {
    AlignedBuffer::new(PIECE_BYTES as usize)
}

/// Empty buffers that go round, and the way back for them.
pub(super) fn buffers() -> (Sender<AlignedBuffer>, Receiver<AlignedBuffer>) {
    let (empty, emptied) = mpsc::channel();
    // The receiver is there.
    (0..BUFFERS).for_each(|_| empty.send(new_buffer()).unwrap_or_default());
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
