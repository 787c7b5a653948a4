//! Where the records of a body go while it is checked.

use crate::ese::LgPos;

/// Takes what is stored in a body, in the order of the log, as far as recovery would read it. Each
/// method does nothing unless it is written: `()` is the sink of a check that wants no records.
pub trait BodySink {
    /// Format 8: everything behind the header of a segment whose checksum is right, flipped bits
    /// corrected. Records begin and end inside of it.
    fn segment(&mut self, at: LgPos, records: &[u8]) {
        let _ = (at, records);
    }

    /// Format 7: a checksum record stands at this position; its bytes are the next that come. With
    /// `behind_gap` the bytes in front of it, in its sector, are covered by no checksum and left out.
    fn checksum_record(&mut self, at: LgPos, behind_gap: bool) {
        let _ = (at, behind_gap);
    }

    /// Format 7: the next bytes of the stream of records, all in one sector.
    fn stretch(&mut self, at: LgPos, bytes: &[u8]) {
        let _ = (at, bytes);
    }

    /// Format 7: what comes from now on is covered by a checksum that is known at its end only.
    fn tentative(&mut self) {}

    /// Format 7: that checksum is right, or nothing that came since counts.
    fn settle(&mut self, right: bool) {
        let _ = right;
    }
}

impl BodySink for () {}

impl<S: BodySink> BodySink for &mut S {
    fn segment(&mut self, at: LgPos, records: &[u8]) {
        (**self).segment(at, records);
    }

    fn checksum_record(&mut self, at: LgPos, behind_gap: bool) {
        (**self).checksum_record(at, behind_gap);
    }

    fn stretch(&mut self, at: LgPos, bytes: &[u8]) {
        (**self).stretch(at, bytes);
    }

    fn tentative(&mut self) {
        (**self).tentative();
    }

    fn settle(&mut self, right: bool) {
        (**self).settle(right);
    }
}
