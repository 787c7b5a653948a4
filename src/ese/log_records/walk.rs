//! The way from record to record.
//!
//! Format 8 begins anew in each segment, format 7 goes on over the borders of sectors. Source:
//! `dev/ese/src/ese/_log/logread.cxx`, `ErrLGIGetRecordAtPbNext`.

use super::fragments::Fragments;
use super::lengths::{LARGEST_RECORD_BYTES, Measured, measure};
use super::stop::{StopReason, WalkStop};
use super::{LogRecord, RecordKind, RecordVisitor};
use crate::ese::LgPos;
use crate::ese::log_body::{BodySink, SEGMENT_HEADER_BYTES};

/// What is said of the records of one log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalkReport {
    /// Records that were seen, padding not counted.
    pub records: u64,
    /// The last of them.
    pub last: Option<(LgPos, RecordKind)>,
    /// A record that breaks off: the last one, or one that a crash cut short.
    pub broken_off: Option<LgPos>,
    /// Format 7: how often records of an unknown length hid those up to the next checksum record.
    pub hidden: u32,
    /// Why the walk did not come to the end.
    pub stop: Option<WalkStop>,
}

/// Shows the records of one log to a visitor.
pub struct RecordWalk<V> {
    visitor: V,
    report: WalkReport,
    fragments: Fragments,
    stream: Stream,
    /// Both as they were before what may have to be forgotten.
    before: Option<(WalkReport, Stream)>,
}

/// Format 7: where the walk stands between two stretches.
#[derive(Clone, Default)]
struct Stream {
    /// The beginning of a record that goes on in the next stretch, and its position.
    begun: Vec<u8>,
    begun_at: LgPos,
    /// The next record is one of the chain of checksum records.
    at_checksum: bool,
    /// Nothing can be read before the next checksum record.
    hidden: bool,
}

impl<V: RecordVisitor> RecordWalk<V> {
    /// A walk that has not begun.
    pub fn new(visitor: V) -> Self {
        Self {
            visitor,
            report: WalkReport::default(),
            fragments: Fragments::default(),
            stream: Stream::default(),
            before: None,
        }
    }

    /// The log is at its end: what is said of its records, and the visitor.
    pub fn finish(mut self) -> (WalkReport, V) {
        let in_stream = (!self.stream.begun.is_empty()).then_some(self.stream.begun_at);
        let broken_off = self.fragments.unfinished().or(in_stream);
        if self.report.stop.is_none() && broken_off.is_some() {
            self.report.broken_off = broken_off;
        }
        (self.report, self.visitor)
    }

    fn stop(&mut self, at: LgPos, reason: StopReason) {
        self.report.stop = Some(WalkStop { at, reason });
    }

    /// One record of a segment; `first` if it is the first one.
    fn segment_record(&mut self, at: LgPos, bytes: &[u8], first: bool) -> Result<(), StopReason> {
        let record = LogRecord { at, bytes };
        match record.kind() {
            RecordKind::FRAGMENT => {
                if let Some(whole) = self.fragments.go_on(bytes)? {
                    show(&mut self.visitor, &mut self.report, &whole);
                }
            }
            RecordKind::FRAGMENT_BEGIN => {
                let inner =
                    bytes.get(7).map_or(RecordKind::FRAGMENT_BEGIN, |&kind| RecordKind(kind));
                self.leave_unfinished(inner, first)?;
                self.fragments.begin(at, bytes)?;
            }
            kind => {
                self.leave_unfinished(kind, first)?;
                show(&mut self.visitor, &mut self.report, &record);
            }
        }
        Ok(())
    }

    /// A crash may leave a record unfinished: then recovery went on in a new segment, with one of
    /// these.
    fn leave_unfinished(&mut self, kind: RecordKind, first: bool) -> Result<(), StopReason> {
        if self.fragments.unfinished().is_none() {
            return Ok(());
        }
        let of_recovery = matches!(
            kind,
            RecordKind::RECOVERY_UNDO | RecordKind::RECOVERY_UNDO_2 | RecordKind::UNDO_INFO
        );
        if !first || !of_recovery {
            return Err(StopReason::InsideUnfinished(kind));
        }
        self.report.broken_off = self.fragments.give_up();
        Ok(())
    }

    /// The next record of a stretch that begins with one; how many bytes it has here.
    fn stream_record(&mut self, at: LgPos, bytes: &[u8]) -> Result<usize, StopReason> {
        let kind = bytes.first().map_or(RecordKind::NOP, |&first| RecordKind(first));
        let at_checksum = std::mem::take(&mut self.stream.at_checksum);
        if kind == RecordKind::NOP {
            return Ok(bytes.iter().take_while(|&&byte| byte == 0).count());
        }
        if kind == RecordKind::CHECKSUM && !at_checksum {
            return Err(StopReason::StrayChecksum);
        }
        match stream_length(bytes)? {
            Some(length) if length <= bytes.len() => {
                let record = LogRecord { at, bytes: &bytes[..length] };
                show(&mut self.visitor, &mut self.report, &record);
                Ok(length)
            }
            _ => {
                self.stream.begun_at = at;
                self.stream.begun.extend(bytes);
                Ok(bytes.len())
            }
        }
    }

    /// The rest of the record that was begun; how many bytes of it are here.
    fn rest_of_record(&mut self, bytes: &[u8]) -> Result<usize, StopReason> {
        let begun = &mut self.stream.begun;
        let mut taken = 0;
        loop {
            let needed = match measure(begun) {
                Measured::Needs(length) => length,
                _ => stream_length(begun)?.unwrap_or_default(),
            };
            let missing = needed.saturating_sub(begun.len());
            if missing == 0 {
                let record = LogRecord { at: self.stream.begun_at, bytes: begun };
                show(&mut self.visitor, &mut self.report, &record);
                begun.clear();
                return Ok(taken);
            }
            if taken == bytes.len() {
                return Ok(taken);
            }
            let piece = &bytes[taken..bytes.len().min(taken + missing)];
            begun.extend(piece);
            taken += piece.len();
        }
    }

    /// Nothing can be read before the next checksum record.
    fn hide(&mut self, at: LgPos, kind: RecordKind) {
        self.stream.hidden = true;
        self.report.hidden += 1;
        self.report.last = Some((at, kind));
        self.visitor.hidden(at, kind);
    }
}

/// The length of a record of format 7; `None` where more bytes are needed to know it.
fn stream_length(head: &[u8]) -> Result<Option<usize>, StopReason> {
    let kind = head.first().map_or(RecordKind::NOP, |&first| RecordKind(first));
    match measure(head) {
        Measured::Bytes(bytes) if bytes > LARGEST_RECORD_BYTES.into() => {
            Err(StopReason::TooLong(kind))
        }
        Measured::Bytes(bytes) => Ok(Some(bytes as usize)),
        Measured::Needs(_) => Ok(None),
        Measured::NoSuchType => Err(StopReason::NoSuchType(kind)),
        Measured::Unknown => Err(StopReason::UnknownLength(kind)),
    }
}

fn show(visitor: &mut impl RecordVisitor, report: &mut WalkReport, record: &LogRecord<'_>) {
    report.records += 1;
    report.last = Some((record.at, record.kind()));
    visitor.record(record);
}

/// The length of the record at the start of these bytes of a segment, which must hold it.
fn segment_length(bytes: &[u8]) -> Result<usize, StopReason> {
    let kind = bytes.first().map_or(RecordKind::NOP, |&first| RecordKind(first));
    match measure(bytes) {
        Measured::Bytes(length) if length <= bytes.len() as u64 => Ok(length as usize),
        Measured::Bytes(_) | Measured::Needs(_) => Err(StopReason::LeavesSegment(kind)),
        Measured::NoSuchType => Err(StopReason::NoSuchType(kind)),
        Measured::Unknown => Err(StopReason::UnknownLength(kind)),
    }
}

/// So many bytes further on.
fn further(at: LgPos, bytes: usize) -> LgPos {
    LgPos { offset: at.offset.saturating_add(u16::try_from(bytes).unwrap_or(u16::MAX)), ..at }
}

impl<V: RecordVisitor> BodySink for RecordWalk<V> {
    fn segment(&mut self, at: LgPos, records: &[u8]) {
        let mut done = 0;
        while self.report.stop.is_none() && done < records.len() {
            let rest = &records[done..];
            let here = if done == 0 { at } else { further(at, SEGMENT_HEADER_BYTES + done) };
            if let Some(behind) = end_of_padding(rest) {
                let behind = further(at, SEGMENT_HEADER_BYTES + done + behind);
                return self.stop(behind, StopReason::BehindPadding);
            }
            if rest.first() == Some(&0) {
                return;
            }
            let read = segment_length(rest).and_then(|length| {
                Ok((length, self.segment_record(here, &rest[..length], done == 0)?))
            });
            match read {
                Ok((length, ())) => done += length,
                Err(reason) => self.stop(here, reason),
            }
        }
    }

    fn checksum_record(&mut self, at: LgPos, behind_gap: bool) {
        let _ = at;
        self.stream.hidden = false;
        self.stream.at_checksum = true;
        if self.report.stop.is_some() || self.stream.begun.is_empty() {
            return;
        }
        let begun_at = self.stream.begun_at;
        if behind_gap {
            self.stream.begun.clear();
            self.report.broken_off = Some(begun_at);
        } else {
            let kind =
                self.stream.begun.first().map_or(RecordKind::NOP, |&first| RecordKind(first));
            self.stop(begun_at, StopReason::RunsOverChecksum(kind));
        }
    }

    fn stretch(&mut self, at: LgPos, bytes: &[u8]) {
        let mut done = 0;
        while self.report.stop.is_none() && !self.stream.hidden && done < bytes.len() {
            let here = further(at, done);
            let begun = !self.stream.begun.is_empty();
            let read = if begun {
                self.rest_of_record(&bytes[done..])
            } else {
                self.stream_record(here, &bytes[done..])
            };
            match read {
                Ok(length) => done += length,
                Err(StopReason::UnknownLength(kind)) => self.hide(here, kind),
                Err(reason) if begun => self.stop(self.stream.begun_at, reason),
                Err(reason) => self.stop(here, reason),
            }
        }
    }

    fn tentative(&mut self) {
        self.before = Some((self.report, self.stream.clone()));
        self.visitor.tentative();
    }

    fn settle(&mut self, right: bool) {
        if let Some((report, stream)) = self.before.take()
            && !right
        {
            self.report = report;
            self.stream = stream;
        }
        self.visitor.settle(right);
    }
}

/// Where the padding ends that begins here, if something follows it.
fn end_of_padding(bytes: &[u8]) -> Option<usize> {
    let begins = bytes.first() == Some(&0);
    bytes.iter().position(|&byte| byte != 0).filter(|_| begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positions and types of all records, and what the walk said.
    #[derive(Clone, Default)]
    struct Seen {
        records: Vec<String>,
        before: Vec<String>,
    }

    impl RecordVisitor for Seen {
        fn record(&mut self, record: &LogRecord<'_>) {
            self.records.push(format!("{} {} {}", record.at, record.kind(), record.bytes.len()));
        }

        fn hidden(&mut self, at: LgPos, kind: RecordKind) {
            self.records.push(format!("{at} {kind} hides"));
        }

        fn tentative(&mut self) {
            self.before = self.records.clone();
        }

        fn settle(&mut self, right: bool) {
            if !right {
                self.records = self.before.clone();
            }
        }
    }

    fn at(sector: u16, offset: u16) -> LgPos {
        LgPos { generation: 1, sector, offset }
    }

    fn walk(steps: impl FnOnce(&mut RecordWalk<Seen>)) -> (WalkReport, Vec<String>) {
        let mut walk = RecordWalk::new(Seen::default());
        steps(&mut walk);
        let (report, seen) = walk.finish();
        (report, seen.records)
    }

    fn trace(length: usize) -> Vec<u8> {
        let mut record = vec![b'x'; length];
        record[..5].copy_from_slice(&[22, 0, 0, (length - 5) as u8, ((length - 5) >> 8) as u8]);
        record
    }

    fn fragments(record: &[u8], first: usize) -> [Vec<u8>; 2] {
        let (whole, part) = (record.len() as u32, first as u16);
        let mut begin = [&[76], &whole.to_le_bytes()[..], &part.to_le_bytes()].concat();
        begin.extend(&record[..first]);
        let rest = (record.len() - first) as u16;
        let mut end = [&[77], &rest.to_le_bytes()[..]].concat();
        end.extend(&record[first..]);
        [begin, end]
    }

    #[test]
    fn a_segment_ends_with_padding() {
        let records = [trace(20), vec![5, 0, 0, 0], vec![0; 30]].concat();
        let (report, seen) = walk(|walk| walk.segment(at(3, 0), &records));
        assert_eq!(seen, ["(0x1,3,0) Trace 20", "(0x1,3,3C) Begin 4"]);
        assert_eq!((report.records, report.stop), (2, None));
        assert_eq!(report.last, Some((at(3, 60), RecordKind(5))));
    }

    #[test]
    fn what_a_segment_cannot_hold() {
        let stop = |records: &[u8]| {
            let (report, _) = walk(|walk| walk.segment(at(3, 0), records));
            let stop = report.stop.unwrap();
            (stop.at.offset, stop.reason)
        };
        let cut = &trace(20)[..19];
        assert_eq!(stop(cut), (0, StopReason::LeavesSegment(RecordKind::TRACE)));
        assert_eq!(stop(&trace(20)[..4]), (0, StopReason::LeavesSegment(RecordKind::TRACE)));
        assert_eq!(stop(&[23, 200]), (41, StopReason::NoSuchType(RecordKind(200))));
        assert_eq!(stop(&[23, 40]), (41, StopReason::UnknownLength(RecordKind(40))));
        assert_eq!(stop(&[23, 0, 0, 23]), (43, StopReason::BehindPadding));
        assert_eq!(stop(&[77, 0, 0]), (0, StopReason::NoBeginning));
        let [begin, _] = fragments(&trace(300), 100);
        let inside = [begin, vec![23]].concat();
        assert_eq!(stop(&inside).1, StopReason::InsideUnfinished(RecordKind::SHUT_DOWN_MARK));
    }

    #[test]
    fn fragments_of_two_segments() {
        let [begin, end] = fragments(&trace(300), 100);
        let (report, seen) = walk(|walk| {
            walk.segment(at(3, 0), &[vec![23], begin.clone()].concat());
            walk.segment(at(4, 0), &[end, vec![23]].concat());
        });
        let all = ["(0x1,3,0) ShutDownMark 1", "(0x1,3,29) Trace 300", "(0x1,4,F3) ShutDownMark 1"];
        assert_eq!(seen, all);
        assert_eq!((report.broken_off, report.stop), (None, None));
        let (report, _) = walk(|walk| walk.segment(at(3, 0), &begin));
        assert_eq!((report.broken_off, report.records), (Some(at(3, 0)), 0));
    }

    #[test]
    fn recovery_goes_on_behind_a_record_that_a_crash_cut_short() {
        let [begin, end] = fragments(&trace(300), 100);
        let undo = [&[51][..], &[0; 8]].concat();
        let (report, seen) = walk(|walk| {
            walk.segment(at(3, 0), &begin);
            walk.segment(at(4, 0), &undo);
        });
        assert_eq!(seen, ["(0x1,4,0) RecoveryUndo2 9"]);
        assert_eq!((report.broken_off, report.stop), (Some(at(3, 0)), None));
        let (report, _) = walk(|walk| {
            walk.segment(at(3, 0), &begin);
            walk.segment(at(4, 0), &undo);
            walk.segment(at(5, 0), &end);
        });
        assert_eq!(report.stop.unwrap().reason, StopReason::NoBeginning);
    }

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
