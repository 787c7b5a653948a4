//! The way from record to record.
//!
//! Format 8 begins anew in each segment, format 7 goes on over the borders of sectors. Source:
//! `dev/ese/src/ese/_log/logread.cxx`, `ErrLGIGetRecordAtPbNext`.

use super::fragments::Fragments;
use super::lengths::{Measured, measure};
use super::stop::{StopReason, WalkStop};
use super::stream::Stream;
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

impl WalkReport {
    /// Whether every record was seen.
    pub fn is_whole(&self) -> bool {
        self.stop.is_none() && self.hidden == 0
    }
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
        let broken_off = self.fragments.unfinished().or(self.stream.unfinished());
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

    /// Nothing can be read before the next checksum record.
    fn hide(&mut self, at: LgPos, kind: RecordKind) {
        self.stream.hide();
        self.report.hidden += 1;
        self.report.last = Some((at, kind));
        self.visitor.hidden(at, kind);
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
        let Some((begun_at, kind)) = self.stream.checksum_record() else { return };
        if self.report.stop.is_some() {
            return;
        }
        if behind_gap {
            self.report.broken_off = Some(begun_at);
        } else {
            self.stop(begun_at, StopReason::RunsOverChecksum(kind));
        }
    }

    fn stretch(&mut self, at: LgPos, bytes: &[u8]) {
        let mut done = 0;
        while self.report.stop.is_none() && !self.stream.is_hidden() && done < bytes.len() {
            let here = self.stream.unfinished().unwrap_or(further(at, done));
            let (visitor, report) = (&mut self.visitor, &mut self.report);
            let read =
                self.stream.read(here, &bytes[done..], |record| show(visitor, report, record));
            match read {
                Ok(length) => done += length,
                Err(StopReason::UnknownLength(kind)) => self.hide(here, kind),
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
pub(super) mod tests {
    use super::*;

    /// Positions and types of all records, and what the walk said.
    #[derive(Clone, Default)]
    pub(in super::super) struct Seen {
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

    pub(in super::super) fn at(sector: u16, offset: u16) -> LgPos {
        LgPos { generation: 1, sector, offset }
    }

    pub(in super::super) fn walk(
        steps: impl FnOnce(&mut RecordWalk<Seen>),
    ) -> (WalkReport, Vec<String>) {
        let mut walk = RecordWalk::new(Seen::default());
        steps(&mut walk);
        let (report, seen) = walk.finish();
        (report, seen.records)
    }

    pub(in super::super) fn trace(length: usize) -> Vec<u8> {
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
}
