//! The body of a log of format 7: records, and the checksum records between them.

use zerocopy::IntoBytes;

use super::log_records::{change_page, note};
use crate::ese::log_body::{
    CHECKSUM_RECORD_BYTES, CHECKSUM_RECORD_TYPE, ONE_SECTOR, RawChecksumRecord, SEVERAL_SECTORS,
};
use crate::ese::log_records::RecordKind;

/// Sector size of Exchange 2003.
pub(super) const SECTOR_BYTES: usize = 512;

/// Sectors of the flushes, in turn.
const FLUSHES: [usize; 4] = [1, 2, 1, 3];

/// What stands between the records that matter.
#[derive(Clone, Copy)]
pub(super) enum Filling {
    /// Notes for people: no database is attached.
    Notes,
    /// Changes of pages of these databases, in turn.
    Changes(&'static [u8]),
}

/// Writes into a log that holds nothing but its fill, from behind the header on.
pub(super) struct BodyWriter {
    file: Vec<u8>,
    generation: u32,
    at: usize,
    filling: Filling,
    /// Offsets of the checksum records; each flush has one.
    checksums: Vec<usize>,
    /// Sectors in which the later flushes begin, the next one last.
    flushes: Vec<usize>,
    /// Records of filling so far.
    filled: u32,
}

impl BodyWriter {
    /// The last flush begins in `last_sector`, and may have more sectors in a log that is full.
    pub(super) fn new(
        file: Vec<u8>,
        generation: u32,
        first_sector: usize,
        last_sector: usize,
        filling: Filling,
    ) -> Self {
        let mut writer = Self {
            file,
            generation,
            at: first_sector * SECTOR_BYTES,
            filling,
            checksums: Vec::new(),
            flushes: flushes(first_sector, last_sector),
            filled: 0,
        };
        writer.begin_flush();
        writer
    }

    fn begin_flush(&mut self) {
        self.flushes.pop();
        self.checksums.push(self.at);
        self.at += CHECKSUM_RECORD_BYTES;
    }

    /// Where the next flush begins, if there is one.
    fn next_flush(&self) -> Option<usize> {
        self.flushes.last().map(|sector| sector * SECTOR_BYTES)
    }

    /// The next record. A flush that it runs into, or up to, begins behind it.
    pub(super) fn put(&mut self, record: &[u8]) {
        self.file[self.at..self.at + record.len()].copy_from_slice(record);
        self.at += record.len();
        if self.next_flush().is_some_and(|flush| self.at >= flush) {
            self.begin_flush();
        }
    }

    /// What fills the log from now on.
    pub(super) fn fill_with(&mut self, filling: Filling) {
        self.filling = filling;
    }

    /// Fills the log up to this byte, so that the next record stands there.
    pub(super) fn fill_to(&mut self, target: usize) {
        while let Some(flush) = self.next_flush().filter(|&flush| flush < target) {
            // The record that runs into the flush ends so far in it that the target is met.
            const INTO_THE_FLUSH: usize = 40;
            self.fill_straight(
                target.saturating_sub(CHECKSUM_RECORD_BYTES).min(flush + INTO_THE_FLUSH),
            );
        }
        self.fill_straight(target);
    }

    /// Fills up to a byte; only the last record may run into the next flush.
    fn fill_straight(&mut self, target: usize) {
        const LARGEST_LAST: usize = 250;
        while target - self.at > LARGEST_LAST {
            let varied = 60 + (self.filled as usize * 37 + self.generation as usize * 11) % 121;
            self.put_filling(varied);
        }
        match target - self.at {
            0 => {}
            length if length < note(0).len() => self.put(&vec![RecordKind::NOP.0; length]),
            length => self.put_filling(length),
        }
    }

    /// One record of filling.
    fn put_filling(&mut self, length: usize) {
        self.filled += 1;
        let record = match self.filling {
            Filling::Changes(dbids) => {
                let dbid = dbids[self.filled as usize % dbids.len()];
                change_page(dbid, self.generation, self.filled, length)
            }
            Filling::Notes => None,
        };
        self.put(&record.unwrap_or_else(|| note(length)));
    }

    /// The log, with every checksum right. What is left of the last sector is zero, and its copy stands
    /// behind it.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let end = self.at.next_multiple_of(SECTOR_BYTES);
        self.file[self.at..end].fill(0);
        for (index, &at) in self.checksums.iter().enumerate() {
            let record = self.checksum_record(at, self.checksums.get(index + 1).copied());
            self.file[at..at + CHECKSUM_RECORD_BYTES].copy_from_slice(record.as_bytes());
        }
        if end > self.at {
            self.write_shadow(end);
        }
        self.file
    }

    fn checksum_record(&self, at: usize, next: Option<usize>) -> RawChecksumRecord {
        let start = at / SECTOR_BYTES * SECTOR_BYTES;
        let behind = at + CHECKSUM_RECORD_BYTES;
        let end = next.map_or(self.at, |next| next / SECTOR_BYTES * SECTOR_BYTES);
        let first_end = end.min(start + SECTOR_BYTES);
        let several = end > first_end;
        let raw = RawChecksumRecord {
            record_type: CHECKSUM_RECORD_TYPE,
            bytes_before: small(at - start).into(),
            bytes_behind: small(end - behind).into(),
            next: next.map_or(0, |next| small(next - behind)).into(),
            checksum: 0.into(),
            short_checksum: 0.into(),
            extent: if several { SEVERAL_SECTORS } else { ONE_SECTOR },
        };
        let pieces = [&self.file[behind..first_end], &self.file[first_end..end]];
        raw.sealed(self.generation.cast_signed(), &self.file[start..at], &pieces)
    }

    /// Copies the sector in front of `end` behind it.
    fn write_shadow(&mut self, end: usize) {
        self.file.copy_within(end - SECTOR_BYTES..end, end);
        let Some(&at) = self.checksums.last() else { return };
        let record = self.checksum_record(at, None).of_shadow();
        let at = at + SECTOR_BYTES;
        self.file[at..at + CHECKSUM_RECORD_BYTES].copy_from_slice(record.as_bytes());
    }
}

/// The sectors in which flushes begin, the first one last.
fn flushes(first_sector: usize, last_sector: usize) -> Vec<usize> {
    let mut begin = first_sector;
    let mut sectors = Vec::new();
    for length in FLUSHES.iter().cycle() {
        if begin >= last_sector {
            break;
        }
        sectors.push(begin);
        begin += length;
    }
    sectors.push(last_sector);
    sectors.reverse();
    sectors
}

/// A length or distance inside of a log.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flushes_end_with_the_last_one() {
        assert_eq!(flushes(8, 14), [14, 12, 11, 9, 8]);
        assert_eq!(flushes(8, 12), [12, 11, 9, 8]);
        assert_eq!(flushes(8, 8), [8]);
    }

    #[test]
    fn every_target_is_met() {
        for target in (8 * SECTOR_BYTES + 22..8 * SECTOR_BYTES + 300).chain(4700..4710) {
            let file = vec![0xda; 16 * SECTOR_BYTES];
            let mut writer = BodyWriter::new(file, 1, 8, 12, Filling::Changes(&[1, 2]));
            writer.fill_to(target);
            assert_eq!(writer.at, target);
        }
    }
}
