//! Writing a [`File`] piece by piece.

use std::io::{self, BufWriter, Write};

use super::error::{Result, StorageError};
use super::file::File;

/// Bytes written at once.
const PIECE_BYTES: usize = 1024 * 1024;

/// Writes to a file from its start on, in large pieces; nothing is synced.
pub fn write_stream(
    file: &dyn File,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let mut out = BufWriter::with_capacity(PIECE_BYTES, FileWriter { file, offset: 0 });
    let written = write(&mut out).and_then(|()| out.flush());
    written.map_err(|error| {
        // What is left in the buffer would be written when it is dropped.
        let _ = out.into_parts();
        StorageError::new("write", file.path(), error)
    })
}

struct FileWriter<'a> {
    file: &'a dyn File,
    offset: u64,
}

impl Write for FileWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(bytes, self.offset).map_err(|error| error.source)?;
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
