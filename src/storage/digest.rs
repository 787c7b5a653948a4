//! The digest of a file, in one pass that may hand its blocks on.

use sha2::{Digest, Sha256};

use super::aligned::AlignedBuffer;
use super::error::{Result, StorageError};
use super::file::File;
use super::reader::read_full;

/// Bytes read at once.
const BLOCK_BYTES: usize = 1024 * 1024;

/// SHA-256 of the first `length` bytes of a file. Each block goes to `consume` with its offset, in order.
///
/// # Errors
///
/// The file cannot be read, is shorter, or `consume` fails.
pub fn digest_blocks(
    file: &dyn File,
    length: u64,
    mut consume: impl FnMut(&[u8], u64) -> Result<()>,
) -> Result<[u8; 32]> {
    let mut buffer = AlignedBuffer::new(length.min(BLOCK_BYTES as u64) as usize);
    let mut hasher = Sha256::new();
    let mut offset = 0;
    while offset < length {
        let wanted = (length - offset).min(BLOCK_BYTES as u64) as usize;
        let block = &mut buffer.bytes_mut()[..wanted];
        if read_full(file, block, offset)? < wanted {
            let error =
                std::io::Error::other(format!("the file ends, {length} bytes were expected"));
            return Err(StorageError::at("read", file.path(), offset, error));
        }
        hasher.update(&*block);
        consume(block, offset)?;
        offset += wanted as u64;
    }
    Ok(hasher.finalize().into())
}
