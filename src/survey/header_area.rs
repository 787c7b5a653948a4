//! Reading the start of a file, also from a medium with bad sectors.

use crate::ese::shadow::{HEADER_AREA_BYTES, HeaderArea};
use crate::storage::{File, Result, read_full};

/// Smallest piece that a medium can refuse by itself, in bytes.
const SECTOR_BYTES: usize = 512;

/// Reads both places of a header. A sector that cannot be read is noted, not an error.
pub fn read_header_area(file: &dyn File) -> Result<HeaderArea> {
    let length = file.status()?.length_bytes.min(HEADER_AREA_BYTES as u64) as usize;
    let mut bytes = vec![0; length];
    match read_full(file, &mut bytes, 0) {
        Ok(read) => {
            bytes.truncate(read);
            Ok(HeaderArea::of(bytes))
        }
        Err(_) => Ok(read_sector_by_sector(file, length)),
    }
}

fn read_sector_by_sector(file: &dyn File, length: usize) -> HeaderArea {
    let mut area = HeaderArea::of(vec![0; length]);
    for start in (0..length).step_by(SECTOR_BYTES) {
        let end = (start + SECTOR_BYTES).min(length);
        if read_full(file, &mut area.bytes[start..end], start as u64).is_err() {
            area.bytes[start..end].fill(0);
            area.unreadable.push(start..end);
        }
    }
    area
}
