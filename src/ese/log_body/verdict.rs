//! What recovery and a backup say of a body.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ese::LgPos;

/// Where a log stands in its log stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRole {
    /// The log that the engine writes, `E00.log`.
    Current,
    /// Any other.
    Closed,
}

/// What recovery says of a body. Offsets are bytes from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyVerdict {
    /// Every checksum is right, and the unused rest is as it should be.
    Sound,
    /// Format 8: sound, but for flipped bits that the engine corrects in memory at each reading.
    Corrected,
    /// The last write did not come to its end.
    Torn {
        /// Segment, or checksum record, that the write broke off at.
        offset: u64,
        /// Whether recovery mends it: in format 7 in the current log only.
        mended: bool,
    },
    /// The current log has no data yet.
    Empty,
    /// A closed log without data: an engine never leaves one, so its body is lost. No check of the
    /// engine finds it, but the accumulated checksum in the header of the next log.
    Lost,
    /// Recovery ends here with -501.
    Damaged(BodyDamage),
}

impl BodyVerdict {
    /// Whether recovery reads the body without loss.
    pub fn is_sound(self) -> bool {
        matches!(self, Self::Sound | Self::Corrected | Self::Empty)
    }
}

/// What recovery says of a body, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogVerdict {
    /// Every checksum is right.
    Sound,
    /// But for flipped bits, which the engine corrects at each reading.
    Corrected,
    /// The last write did not come to its end.
    Torn,
    /// A current log without data.
    Empty,
    /// A closed log without data: what it held is gone.
    Lost,
    /// Recovery ends in it.
    Damaged,
}

impl LogVerdict {
    /// Whether nothing is wrong with it: what `verify` ends with 0 for.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Sound | Self::Corrected | Self::Empty)
    }

    /// The word in JSON: `sound`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Corrected => "corrected",
            Self::Torn => "torn",
            Self::Empty => "empty",
            Self::Lost => "lost",
            Self::Damaged => "damaged",
        }
    }
}

impl From<BodyVerdict> for LogVerdict {
    fn from(verdict: BodyVerdict) -> Self {
        match verdict {
            BodyVerdict::Sound => Self::Sound,
            BodyVerdict::Corrected => Self::Corrected,
            BodyVerdict::Torn { .. } => Self::Torn,
            BodyVerdict::Empty => Self::Empty,
            BodyVerdict::Lost => Self::Lost,
            BodyVerdict::Damaged(_) => Self::Damaged,
        }
    }
}

/// The first place that recovery does not get past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyDamage {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Which rule is broken there.
    pub fault: BodyFault,
}

/// Why recovery does not accept a body. Source: `dev/ese/src/ese/_log/logread.cxx` and
/// `logread_legacy.cxx`, `ErrLGCheckReadLastLogRecordFF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// Format 8: the checksum of the segment is wrong, and no shadow copy stands behind it.
    SegmentChecksum {
        /// Computed from the bytes.
        expected: u64,
        /// As stored.
        actual: u64,
    },
    /// Format 8: likewise, in a segment behind the end of the data.
    BehindEnd {
        /// Computed from the bytes.
        expected: u64,
        /// As stored.
        actual: u64,
    },
    /// Format 8: the segment says that it belongs to a later place.
    SegmentPosition {
        /// As stored.
        found: LgPos,
    },
    /// Format 8: the segment is empty, but not all behind it are: a write was lost.
    Hole {
        /// The first valid segment behind it.
        next_valid: u32,
    },
    /// Format 8: one bit of the stored checksum is flipped, so that the segment passes for the shadow
    /// of the one before. The engine takes it for the end of the data, if it is the last one without
    /// a word.
    TakenForShadow,
    /// Format 7: no checksum record stands where the one before says.
    ChecksumRecord,
    /// Format 7: the checksum of a range is wrong.
    RangeChecksum {
        /// Computed from the bytes.
        expected: u32,
        /// As stored.
        actual: u32,
    },
    /// Format 7: something stands behind the end of the data.
    DataBehindEnd,
    /// The bytes could not be read.
    Unreadable,
    /// The file ends before the length that its header states.
    FileEnds,
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SegmentChecksum { expected, actual } => write!(
                f,
                "segment checksum: found 0x{actual:016x}, expected 0x{expected:016x} from the bytes; no \
                 copy behind it"
            ),
            Self::BehindEnd { expected, actual } => write!(
                f,
                "segment behind the end of the data: checksum found 0x{actual:016x}, expected \
                 0x{expected:016x} from the bytes"
            ),
            Self::SegmentPosition { found } => {
                write!(f, "position of the segment: found {found}, a later place")
            }
            Self::Hole { next_valid } => {
                write!(f, "the segment is empty, but segment {next_valid} has data: a lost write")
            }
            Self::TakenForShadow => f.write_str(
                "one bit of the stored checksum: the segment passes for a copy of the one before",
            ),
            Self::ChecksumRecord => f.write_str("no valid checksum record"),
            Self::RangeChecksum { expected, actual } => write!(
                f,
                "range checksum: found 0x{actual:08x}, expected 0x{expected:08x} from the bytes"
            ),
            Self::DataBehindEnd => f.write_str("data behind the end of the log"),
            Self::Unreadable => f.write_str("it cannot be read"),
            Self::FileEnds => {
                f.write_str("the file ends here, before the length that its header states")
            }
        }
    }
}

/// What a backup that reads the log says. It looks at other things than recovery: neither verdict
/// follows from the other. Source: `dev/ese/src/ese/_log/logread.cxx`, `LOG_VERIFY_STATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupVerdict {
    /// It copies the log.
    Copied,
    /// It ends with -612, for every database of the instance.
    Refused {
        /// Segment or checksum record, bytes from the start of the file.
        offset: u64,
    },
    /// It ends with a read error.
    Unreadable {
        /// Segment or sector, bytes from the start of the file.
        offset: u64,
    },
}

/// Flipped bits that the checksums of segments correct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CorrectedBits {
    /// Segments with such a bit.
    pub segments: u32,
    /// The first of them, and the bit in it: 8 times the byte plus the bit, least significant first.
    pub first: Option<(u32, u32)>,
}

impl CorrectedBits {
    pub(super) fn note(&mut self, segment: u32, bit: Option<u32>) {
        if let Some(bit) = bit {
            self.segments += 1;
            self.first = self.first.or(Some((segment, bit)));
        }
    }
}

/// All that a body says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyReport {
    /// What recovery says.
    pub verdict: BodyVerdict,
    /// What a backup says.
    pub backup: BackupVerdict,
    /// Behind the last valid byte; what `eseutil /ml` prints as "Last Lgpos".
    pub end: LgPos,
    /// Segments or sectors with data, header not counted.
    pub used: u32,
    /// Format 8: XOR of the checksums of all valid segments, which the header of the next log repeats.
    pub segment_checksum: Option<u64>,
    /// Format 8: flipped bits, all corrected.
    pub corrected: CorrectedBits,
    /// Format 8: a segment of which only the shadow copy was written. The engine ends the log before
    /// it and says nothing.
    pub lost_write: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_was_found_and_what_else_was_expected() {
        let segment = BodyFault::SegmentChecksum { expected: 0x1f, actual: 2 };
        assert_eq!(
            segment.to_string(),
            "segment checksum: found 0x0000000000000002, expected 0x000000000000001f from the bytes; no \
             copy behind it"
        );
        let range = BodyFault::RangeChecksum { expected: 0x1f, actual: 2 };
        assert_eq!(
            range.to_string(),
            "range checksum: found 0x00000002, expected 0x0000001f from the bytes"
        );
        let hole = BodyFault::Hole { next_valid: 7 };
        assert_eq!(hole.to_string(), "the segment is empty, but segment 7 has data: a lost write");
    }

    #[test]
    fn the_first_corrected_bit_is_kept() {
        let mut corrected = CorrectedBits::default();
        corrected.note(1, None);
        corrected.note(2, Some(99));
        corrected.note(3, Some(100));
        assert_eq!(corrected, CorrectedBits { segments: 2, first: Some((2, 99)) });
    }
}
