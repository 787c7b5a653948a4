//! Format 7: records follow each other over the borders of sectors.
//!
//! Source: `dev/ese/src/ese/_log/logread_legacy.cxx`.

use super::lengths::{LARGEST_RECORD_BYTES, Measured, measure};
use super::stop::StopReason;
use super::{LogRecord, RecordKind};
use crate::ese::LgPos;

/// Where a walk stands between two stretches.
#[derive(Clone, Default)]
pub(super) struct Stream {
    /// The beginning of a record that goes on in the next stretch; at most
    /// [`LARGEST_RECORD_BYTES`].
    begun: Vec<u8>,
    begun_at: LgPos,
    /// The next record is one of the chain of checksum records.
    at_checksum: bool,
    /// Nothing can be read before the next checksum record.
    hidden: bool,
}

impl Stream {
    /// Where the record begins that is not finished.
    pub(super) fn unfinished(&self) -> Option<LgPos> {
        (!self.begun.is_empty()).then_some(self.begun_at)
    }

    /// Whether nothing can be read before the next checksum record.
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden
    }

    pub(super) fn hide(&mut self) {
        self.hidden = true;
    }

    /// A checksum record comes next: a record that is not finished by then never is.
    pub(super) fn checksum_record(&mut self) -> Option<(LgPos, RecordKind)> {
        self.hidden = false;
        self.at_checksum = true;
        let unfinished = self.unfinished()?;
        let kind = kind_of(&self.begun);
        self.begun.clear();
        Some((unfinished, kind))
    }

    /// Reads one record at most, which begins at `at`; how many bytes it has here.
    pub(super) fn read(
        &mut self,
        at: LgPos,
        bytes: &[u8],
        show: impl FnOnce(&LogRecord<'_>),
    ) -> Result<usize, StopReason> {
        if self.begun.is_empty() { self.record(at, bytes, show) } else { self.rest(bytes, show) }
    }

    fn record(
        &mut self,
        at: LgPos,
        bytes: &[u8],
        show: impl FnOnce(&LogRecord<'_>),
    ) -> Result<usize, StopReason> {
        let kind = kind_of(bytes);
        let at_checksum = std::mem::take(&mut self.at_checksum);
        if kind == RecordKind::NOP {
            return Ok(bytes.iter().take_while(|&&byte| byte == 0).count());
        }
        if kind == RecordKind::CHECKSUM && !at_checksum {
            return Err(StopReason::StrayChecksum);
        }
        let whole = length(bytes)?.and_then(|length| bytes.get(..length));
        if let Some(bytes) = whole {
            show(&LogRecord { at, bytes });
            return Ok(bytes.len());
        }
        self.begun_at = at;
        self.begun.extend(bytes);
        Ok(bytes.len())
    }

    /// The rest of the record that was begun.
    fn rest(
        &mut self,
        bytes: &[u8],
        show: impl FnOnce(&LogRecord<'_>),
    ) -> Result<usize, StopReason> {
        let mut taken = 0;
        loop {
            let needed = match measure(&self.begun) {
                Measured::Needs(head_bytes) => head_bytes,
                _ => length(&self.begun)?.unwrap_or_default(),
            };
            let missing = needed.saturating_sub(self.begun.len());
            if missing == 0 {
                show(&LogRecord { at: self.begun_at, bytes: &self.begun });
                self.begun.clear();
                return Ok(taken);
            }
            if taken == bytes.len() {
                return Ok(taken);
            }
            let piece = &bytes[taken..bytes.len().min(taken + missing)];
            self.begun.extend(piece);
            taken += piece.len();
        }
    }
}

fn kind_of(bytes: &[u8]) -> RecordKind {
    bytes.first().map_or(RecordKind::NOP, |&first| RecordKind(first))
}

/// The length of a record; `None` where more bytes are needed to know it.
fn length(head: &[u8]) -> Result<Option<usize>, StopReason> {
    match measure(head) {
        Measured::Bytes(bytes) if bytes > LARGEST_RECORD_BYTES.into() => {
            Err(StopReason::TooLong(kind_of(head)))
        }
        Measured::Bytes(bytes) => Ok(Some(bytes as usize)),
        Measured::Needs(_) => Ok(None),
        Measured::NoSuchType => Err(StopReason::NoSuchType(kind_of(head))),
        Measured::Unknown => Err(StopReason::UnknownLength(kind_of(head))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::RecordWalk;
    use super::super::walk::tests::{Seen, at, trace, walk};
    use super::*;
    use crate::ese::log_body::BodySink;

    /// A stretch with a checksum record in front.
    fn checksum_then(walk: &mut RecordWalk<Seen>, at: LgPos, behind_gap: bool, records: &[u8]) {
        walk.checksum_record(at, behind_gap);
        walk.stretch(at, &[&[42][..], &[0; 21], records].concat());
    }

    #[test]
    fn a_stream_goes_on_over_sectors_of_any_size() {
        let records = [trace(300), vec![0; 7], trace(9), vec![23]].concat();
        for size in 1..records.len() {
            let (report, seen) = walk(|walk| {
                checksum_then(walk, at(8, 0), false, b"");
                for (number, piece) in records.chunks(size).enumerate() {
                    walk.stretch(at(9 + number as u16, 0), piece);
                }
            });
            assert_eq!(seen.len(), 4, "{size} {seen:?}");
            assert_eq!(seen[1], "(0x1,9,0) Trace 300");
            assert_eq!((report.records, report.broken_off, report.stop), (4, None, None));
        }
    }

    #[test]
    fn a_checksum_record_stands_between_records() {
        let half = &trace(300)[..100];
        let (report, _) = walk(|walk| {
            checksum_then(walk, at(8, 0), false, half);
            checksum_then(walk, at(9, 50), false, &[23]);
        });
        let stop = report.stop.unwrap();
        assert_eq!(stop.at, at(8, 22));
        assert_eq!(stop.reason, StopReason::RunsOverChecksum(RecordKind::TRACE));
        // Bytes in front of it that no checksum covers belong to a write that never came.
        let (report, seen) = walk(|walk| {
            checksum_then(walk, at(8, 0), false, half);
            checksum_then(walk, at(9, 50), true, &[23]);
        });
        assert_eq!(seen.last().unwrap(), "(0x1,9,48) ShutDownMark 1");
        assert_eq!((report.broken_off, report.stop), (Some(at(8, 22)), None));
        let stray = [&[42][..], &[0; 21]].concat();
        let (report, _) = walk(|walk| checksum_then(walk, at(8, 0), false, &stray));
        assert_eq!(report.stop.unwrap().reason, StopReason::StrayChecksum);
    }

    #[test]
    fn a_record_of_unknown_length_hides_the_rest_of_its_flush() {
        let (report, seen) = walk(|walk| {
            checksum_then(walk, at(8, 0), false, &[23, 41, 99, 99, 200]);
            checksum_then(walk, at(9, 50), false, &[23]);
        });
        assert_eq!(seen[2], "(0x1,8,17) SLVSpace hides");
        assert_eq!(seen[4], "(0x1,9,48) ShutDownMark 1");
        assert_eq!((report.hidden, report.stop, report.records), (1, None, 4));
    }

    #[test]
    fn a_record_that_nobody_could_hold() {
        let mut record = vec![67; 5];
        record[1..5].copy_from_slice(&(LARGEST_RECORD_BYTES - 4).to_le_bytes());
        let (report, _) = walk(|walk| checksum_then(walk, at(8, 0), false, &record));
        assert_eq!(report.stop.unwrap().reason, StopReason::TooLong(RecordKind(67)));
        record[1..5].copy_from_slice(&(LARGEST_RECORD_BYTES - 5).to_le_bytes());
        let (report, _) = walk(|walk| checksum_then(walk, at(8, 0), false, &record));
        assert_eq!((report.stop, report.broken_off), (None, Some(at(8, 22))));
    }

    #[test]
    fn what_was_tentative_can_be_forgotten() {
        let steps = |right: bool| {
            walk(|walk| {
                checksum_then(walk, at(8, 0), false, &[&[23][..], &trace(300)[..100]].concat());
                walk.tentative();
                walk.stretch(at(9, 0), &[&trace(300)[100..], &[23, 200]].concat());
                walk.settle(right);
            })
        };
        let (report, seen) = steps(true);
        assert_eq!((report.records, seen.len()), (4, 4));
        assert!(report.stop.is_some());
        let (report, seen) = steps(false);
        assert_eq!((report.records, seen.len(), report.stop), (2, 2, None));
        assert_eq!(report.broken_off, Some(at(8, 23)));
    }
}
