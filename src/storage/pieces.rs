//! A file from its start to its end, in pieces: data to be read, and holes, which are zeros.

use std::ops::Range;

use super::error::Result;
use super::file::File;

/// The grid on which pieces begin and end; a whole number of pages of every size.
pub const PIECE_BYTES: u64 = 1024 * 1024;

/// The longest hole that is handed out at once, so that whoever hashes it hears of Ctrl-C.
const HOLE_BYTES: u64 = 64 * PIECE_BYTES;

/// A stretch of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// At most [`PIECE_BYTES`] that must be read.
    Data(Range<u64>),
    /// Nothing is stored here: it reads as zeros.
    Hole(Range<u64>),
}

impl Piece {
    /// Where it lies in the file.
    pub fn range(&self) -> Range<u64> {
        let (Self::Data(range) | Self::Hole(range)) = self;
        range.clone()
    }
}

/// Walks over a file. Every piece begins on the grid; only the last may end elsewhere.
pub struct Pieces {
    at: u64,
    length: u64,
    /// The stretch of data that `at` lies in, or that comes next.
    data: Range<u64>,
}

impl Pieces {
    /// A walk over the first `length` bytes.
    pub fn of(file: &dyn File, length: u64) -> Result<Self> {
        let sparse = file.status()?.allocated_bytes < length;
        Ok(Self { at: 0, length, data: if sparse { 0..0 } else { 0..length } })
    }

    /// The walk over what lies behind a place, which must be on the grid.
    pub fn from(self, at: u64) -> Self {
        Self { at, ..self }
    }

    /// The next piece; `None` at the end.
    pub fn next(&mut self, file: &dyn File) -> Result<Option<Piece>> {
        if self.at >= self.length {
            return Ok(None);
        }
        if self.at >= self.data.end {
            self.data = self.next_data(file)?;
        }
        let start = self.at;
        if start < self.data.start {
            self.at = self.data.start.min(start + HOLE_BYTES);
            return Ok(Some(Piece::Hole(start..self.at)));
        }
        self.at = (start + PIECE_BYTES).min(self.length);
        Ok(Some(Piece::Data(start..self.at)))
    }

    /// The next data, widened to the grid; what follows the last is a hole up to the end.
    fn next_data(&self, file: &dyn File) -> Result<Range<u64>> {
        let Some(data) = file.next_data(self.at)? else { return Ok(self.length..self.length) };
        let start = data.start.min(self.length) / PIECE_BYTES * PIECE_BYTES;
        let end = data.end.min(self.length).next_multiple_of(PIECE_BYTES).min(self.length);
        Ok(start.max(self.at)..end.max(start))
    }
}
