//! Why the records of a log cannot be read to their end.

use std::fmt;

use super::RecordKind;
use crate::ese::LgPos;

/// A place behind which no record can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkStop {
    /// Where the record, or the fragment of one, begins.
    pub at: LgPos,
    /// What is wrong with it.
    pub reason: StopReason,
}

/// What is wrong with a record. Source: `dev/ese/src/ese/_log/logread.cxx`,
/// `ErrLGIGetRecordAtPbNext`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// No engine has this type.
    NoSuchType(RecordKind),
    /// Engines up to Exchange 2003 write it; its length is not known.
    UnknownLength(RecordKind),
    /// It claims more than [`super::LARGEST_RECORD_BYTES`].
    TooLong(RecordKind),
    /// Format 8: it runs over the end of its segment.
    LeavesSegment(RecordKind),
    /// Format 8: it stands behind padding.
    BehindPadding,
    /// Format 8: the record in fragments in front of it is not finished.
    InsideUnfinished(RecordKind),
    /// Format 8: a fragment of a record that has no beginning.
    NoBeginning,
    /// Format 8: the fragments and the record that they make have not the lengths that they state.
    FragmentLengths,
    /// Format 7: it runs over a checksum record, which stands between two records.
    RunsOverChecksum(RecordKind),
    /// Format 7: a checksum record to which none before it leads.
    StrayChecksum,
}

impl StopReason {
    /// Whether an engine stops there, too, and it is not only this program that cannot read on.
    pub fn is_damage(self) -> bool {
        !matches!(self, Self::UnknownLength(_))
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchType(kind) => write!(f, "no record has {kind}"),
            Self::UnknownLength(kind) => {
                write!(f, "the length of a record {kind} of an old engine is not known")
            }
            Self::TooLong(kind) => write!(f, "the record {kind} claims more bytes than any has"),
            Self::LeavesSegment(kind) => {
                write!(f, "the record {kind} runs over the end of its segment")
            }
            Self::BehindPadding => f.write_str("a record stands behind padding"),
            Self::InsideUnfinished(kind) => {
                write!(f, "the record {kind} stands inside of an unfinished one")
            }
            Self::NoBeginning => f.write_str("a fragment of a record that has no beginning"),
            Self::FragmentLengths => {
                f.write_str("the fragments of a record have not the lengths that they state")
            }
            Self::RunsOverChecksum(kind) => {
                write!(f, "the record {kind} runs over a checksum record")
            }
            Self::StrayChecksum => f.write_str("a checksum record that is in no chain"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_the_record() {
        let reason = |reason: StopReason| reason.to_string();
        assert_eq!(reason(StopReason::NoSuchType(RecordKind(200))), "no record has type 200");
        assert_eq!(
            reason(StopReason::UnknownLength(RecordKind(40))),
            "the length of a record SLVPageAppend of an old engine is not known"
        );
        assert_eq!(
            reason(StopReason::RunsOverChecksum(RecordKind::INSERT)),
            "the record Insert runs over a checksum record"
        );
    }
}
