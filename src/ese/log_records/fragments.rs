//! Format 8: records that do not fit into the rest of a segment are cut into fragments.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::lengths::{LARGEST_RECORD_BYTES, Measured, measure};
use super::stop::StopReason;
use super::{LogRecord, RecordKind};
use crate::ese::LgPos;

/// `FragmentBegin`, 7 bytes. Source: `dev/ese/src/inc/logapi.hxx`, `LRFRAGMENTBEGIN`.
#[derive(Clone, Copy, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawFragmentBegin {
    /// Offset 0.
    record_type: u8,
    /// Offset 1: bytes of the whole record.
    whole_bytes: U32,
    /// Offset 5: bytes of it that follow here.
    part_bytes: U16,
}

const _: () = assert!(size_of::<RawFragmentBegin>() == 7);

/// Bytes of the head of `Fragment`, which holds its length only.
const FRAGMENT_HEAD_BYTES: usize = 3;

/// The record whose fragments are being joined.
#[derive(Default)]
pub(super) struct Fragments {
    begun: Option<LgPos>,
    whole_bytes: usize,
    /// At most [`LARGEST_RECORD_BYTES`].
    joined: Vec<u8>,
}

impl Fragments {
    /// Where the record begins that is not finished.
    pub(super) fn unfinished(&self) -> Option<LgPos> {
        self.begun
    }

    /// Gives up the record that is not finished.
    pub(super) fn give_up(&mut self) -> Option<LgPos> {
        self.joined.clear();
        self.begun.take()
    }

    /// The first fragment of a record.
    pub(super) fn begin(&mut self, at: LgPos, fragment: &[u8]) -> Result<(), StopReason> {
        let head = RawFragmentBegin::ref_from_prefix(fragment);
        let (head, part) = head.map_err(|_| StopReason::FragmentLengths)?;
        let kind = part.first().map_or(RecordKind::FRAGMENT_BEGIN, |&first| RecordKind(first));
        if head.whole_bytes.get() > LARGEST_RECORD_BYTES {
            return Err(StopReason::TooLong(kind));
        }
        self.whole_bytes = head.whole_bytes.get() as usize;
        if part.len() >= self.whole_bytes {
            return Err(StopReason::FragmentLengths);
        }
        self.begun = Some(at);
        self.joined.clear();
        self.joined.extend(part);
        Ok(())
    }

    /// One more; the record, if it is the last one.
    pub(super) fn go_on(&mut self, fragment: &[u8]) -> Result<Option<LogRecord<'_>>, StopReason> {
        let at = self.begun.ok_or(StopReason::NoBeginning)?;
        let part = fragment.get(FRAGMENT_HEAD_BYTES..).unwrap_or_default();
        if part.len() > self.whole_bytes - self.joined.len() {
            return Err(StopReason::FragmentLengths);
        }
        self.joined.extend(part);
        if self.joined.len() < self.whole_bytes {
            return Ok(None);
        }
        self.begun = None;
        let record = LogRecord { at, bytes: &self.joined };
        match measure(&self.joined) {
            Measured::Bytes(bytes) if bytes == self.whole_bytes as u64 => Ok(Some(record)),
            Measured::NoSuchType => Err(StopReason::NoSuchType(record.kind())),
            Measured::Unknown => Err(StopReason::UnknownLength(record.kind())),
            Measured::Bytes(_) | Measured::Needs(_) => Err(StopReason::FragmentLengths),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `Trace` of 300 bytes.
    fn trace() -> Vec<u8> {
        let mut record = vec![b'x'; 300];
        record[..5].copy_from_slice(&[22, 0, 0, 39, 1]);
        record
    }

    fn first(record: &[u8], part: usize) -> Vec<u8> {
        let mut fragment = vec![76];
        fragment.extend((record.len() as u32).to_le_bytes());
        fragment.extend((part as u16).to_le_bytes());
        fragment.extend(&record[..part]);
        fragment
    }

    fn later(part: &[u8]) -> Vec<u8> {
        let mut fragment = vec![77];
        fragment.extend((part.len() as u16).to_le_bytes());
        fragment.extend(part);
        fragment
    }

    const AT: LgPos = LgPos { generation: 1, sector: 2, offset: 3 };

    #[test]
    fn three_fragments_make_a_record() {
        let record = trace();
        let mut fragments = Fragments::default();
        fragments.begin(AT, &first(&record, 100)).unwrap();
        assert_eq!(fragments.unfinished(), Some(AT));
        assert!(fragments.go_on(&later(&record[100..299])).unwrap().is_none());
        let last = later(&record[299..]);
        let whole = fragments.go_on(&last).unwrap().unwrap();
        assert_eq!((whole.at, whole.bytes), (AT, record.as_slice()));
        assert_eq!(fragments.unfinished(), None);
    }

    #[test]
    fn lengths_that_do_not_fit() {
        let record = trace();
        let mut fragments = Fragments::default();
        assert_eq!(fragments.go_on(&later(b"x")).err(), Some(StopReason::NoBeginning));
        let whole = first(&record, 300);
        assert_eq!(fragments.begin(AT, &whole), Err(StopReason::FragmentLengths));
        fragments.begin(AT, &first(&record, 100)).unwrap();
        let too_long = fragments.go_on(&later(&record[99..]));
        assert_eq!(too_long.err(), Some(StopReason::FragmentLengths));
        // The record says of itself that it has another length.
        fragments.begin(AT, &first(&record[..299], 100)).unwrap();
        let shorter = fragments.go_on(&later(&record[100..299]));
        assert_eq!(shorter.err(), Some(StopReason::FragmentLengths));
    }

    #[test]
    fn a_record_that_nobody_could_hold() {
        let mut fragment = first(&trace(), 100);
        fragment[1..5].copy_from_slice(&LARGEST_RECORD_BYTES.to_le_bytes());
        assert_eq!(Fragments::default().begin(AT, &fragment), Ok(()));
        fragment[1..5].copy_from_slice(&(LARGEST_RECORD_BYTES + 1).to_le_bytes());
        let refused = Fragments::default().begin(AT, &fragment);
        assert_eq!(refused, Err(StopReason::TooLong(RecordKind::TRACE)));
    }

    #[test]
    fn rubbish_inside() {
        let mut record = trace();
        record[0] = 200;
        let mut fragments = Fragments::default();
        fragments.begin(AT, &first(&record, 100)).unwrap();
        let last = later(&record[100..]);
        assert_eq!(fragments.go_on(&last).err(), Some(StopReason::NoSuchType(RecordKind(200))));
    }
}
