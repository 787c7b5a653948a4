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
