//! Reading a [`File`] in larger pieces.

use std::io;

use super::error::{Result, StorageError};
use super::file::File;

/// Fills `buffer` from `offset` on; returns less than its length only at the end of the file.
pub fn read_full(file: &dyn File, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], offset + done as u64)? {
            0 => break,
            read => done += read,
        }
    }
    Ok(done)
}

/// [`io::Read`] over a [`File`], from its start.
pub struct FileReader<'a> {
    file: &'a dyn File,
    offset: u64,
}

impl<'a> FileReader<'a> {
    /// A reader at offset 0.
    pub fn new(file: &'a dyn File) -> Self {
        Self { file, offset: 0 }
    }
}

impl io::Read for FileReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset).map_err(|e: StorageError| e.source)?;
        self.offset += read as u64;
        Ok(read)
    }
}
