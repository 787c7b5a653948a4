//! Format 8: what recovery and a backup make of the segments of a log.
//!
//! A flush that ends inside a segment is written twice: at its place and, bytes identical, in the
//! segment behind it, its shadow copy. Source: `dev/ese/src/ese/_log/logread.cxx`,
//! `ErrLGCheckReadLastLogRecordFF`, and `logwrite.cxx`.

use super::segment::{Fit, SEGMENT_BYTES, Segment};
use super::sink::BodySink;
use super::verdict::{BackupVerdict, BodyDamage, BodyFault, BodyVerdict, CorrectedBits};
use crate::ese::{LgPos, LogHeader, LogVersion};

/// The first version whose new logs are filled with zero. Source: `dev/ese/src/ese/_log/log.cxx`.
const FIRST_ZERO_FILLED: LogVersion =
    LogVersion { major: 8, minor: 4000, update_major: 2, update_minor: 0 };

/// Reads the segments of one log in their order.
pub(super) struct Segments {
    generation: i32,
    first: u32,
    /// Segments of the file, header included. The last one only ever holds a copy.
    count: u32,
    /// Whether zero means empty, and not damaged.
    zero_is_empty: bool,
    recovery: Recovery,
    backup: BackupVerdict,
}

/// What recovery has found so far.
#[derive(Default)]
struct Recovery {
    damage: Option<BodyDamage>,
    /// A segment that only its copy, in the next one, can save.
    doubtful: Option<Doubtful>,
    first_empty: Option<u32>,
    last_valid: Option<u32>,
    /// Offset of the segment that was saved by its copy.
    torn: Option<u64>,
    checksum: u64,
    corrected: CorrectedBits,
    lost_write: Option<u32>,
}

#[derive(Clone, Copy)]
struct Doubtful {
    number: u32,
    fault: BodyFault,
}

/// What a segment is to recovery. Numbers are those of flipped bits.
enum Role {
    Valid(Option<u32>),
    /// Old content, or a copy of the segment before.
    Empty(Option<u32>),
    Broken(BodyFault),
    Doubtful(BodyFault),
}

impl Segments {
    pub(super) fn new(header: &LogHeader) -> Self {
        Self {
            generation: header.generation(),
            first: header.raw.header_sectors.get().into(),
            count: header.raw.file_sectors.get().into(),
            zero_is_empty: header.version() >= FIRST_ZERO_FILLED,
            recovery: Recovery::default(),
            backup: BackupVerdict::Copied,
        }
    }

    /// The next segment; `None` where it could not be read.
    pub(super) fn segment(&mut self, number: u32, bytes: Option<&[u8]>, sink: &mut impl BodySink) {
        let segment = bytes.map(Segment::new);
        if self.backup == BackupVerdict::Copied {
            self.backup = backup_verdict(number, segment.as_ref());
        }
        if self.recovery.damage.is_none() {
            self.recover(number, segment.as_ref(), sink);
        }
    }

    fn recover(&mut self, number: u32, segment: Option<&Segment>, sink: &mut impl BodySink) {
        if let Some(doubtful) = self.recovery.doubtful.take() {
            match segment.and_then(|segment| self.copy_of_previous(number, segment)) {
                Some(flipped) => self.mend(doubtful.number, segment, flipped, sink),
                None => return self.damage(doubtful.number, doubtful.fault),
            }
        }
        self.look_for_a_lost_write(number, segment);
        if number + 1 == self.count {
            return;
        }
        match self.role(number, segment) {
            Role::Valid(flipped) => {
                self.recovery.corrected.note(number, flipped);
                self.accept(number, segment, flipped, sink);
            }
            Role::Empty(flipped) => {
                self.recovery.corrected.note(number, flipped);
                self.recovery.first_empty.get_or_insert(number);
            }
            Role::Broken(fault) => self.damage(number, fault),
            Role::Doubtful(fault) => self.recovery.doubtful = Some(Doubtful { number, fault }),
        }
    }

    /// Whether a segment is the copy, of this generation, of the one before; the bit flipped in it.
    fn copy_of_previous(&self, number: u32, segment: &Segment) -> Option<Option<u32>> {
        let flipped = match segment.fit(number - 1) {
            Fit::Exact => None,
            Fit::Corrected(bit) => Some(bit),
            Fit::None => return None,
        };
        (segment.position(flipped) == self.place(number - 1)).then_some(flipped)
    }

    fn mend(
        &mut self,
        number: u32,
        copy: Option<&Segment>,
        flipped: Option<u32>,
        sink: &mut impl BodySink,
    ) {
        self.recovery.torn.get_or_insert(offset(number));
        self.accept(number, copy, flipped, sink);
    }

    /// A copy whose segment is empty.
    fn look_for_a_lost_write(&mut self, number: u32, segment: Option<&Segment>) {
        let written = self.recovery.last_valid.is_some_and(|valid| valid + 1 >= number);
        let Some(segment) = segment.filter(|_| !written && number > self.first) else { return };
        if self.copy_of_previous(number, segment).is_some() {
            self.recovery.lost_write.get_or_insert(number - 1);
        }
    }

    fn role(&self, number: u32, segment: Option<&Segment>) -> Role {
        let Some(segment) = segment else { return self.broken(BodyFault::Unreadable) };
        match segment.fit(number) {
            Fit::Exact => self.role_of_place(number, segment, None),
            Fit::Corrected(bit) => self.role_of_place(number, segment, Some(bit)),
            Fit::None => self.role_of_misfit(number, segment),
        }
    }

    /// What a segment with the right checksum is, after the place that it names.
    fn role_of_place(&self, number: u32, segment: &Segment, flipped: Option<u32>) -> Role {
        let (found, place) = (segment.position(flipped), self.place(number));
        if found < place {
            Role::Empty(flipped)
        } else if found > place {
            Role::Broken(BodyFault::SegmentPosition { found })
        } else {
            Role::Valid(flipped)
        }
    }

    fn role_of_misfit(&self, number: u32, segment: &Segment) -> Role {
        let as_copy = if number > self.first { segment.fit(number - 1) } else { Fit::None };
        let flipped = match as_copy {
            Fit::None if segment.is_zero() && self.zero_is_empty => return Role::Empty(None),
            Fit::None => return self.broken(self.checksum_fault(number, segment)),
            Fit::Exact => None,
            Fit::Corrected(bit) => Some(bit),
        };
        let found = segment.position(flipped);
        if (found.generation, u32::from(found.sector)) == (self.generation, number) {
            Role::Broken(BodyFault::TakenForShadow)
        } else {
            Role::Empty(flipped)
        }
    }

    /// Behind the end of the data there is nothing that a copy could save.
    fn broken(&self, fault: BodyFault) -> Role {
        if self.recovery.first_empty.is_some() {
            Role::Broken(fault)
        } else {
            Role::Doubtful(fault)
        }
    }

    fn checksum_fault(&self, number: u32, segment: &Segment) -> BodyFault {
        let (expected, actual) = (segment.computed(number), segment.stored());
        if self.recovery.first_empty.is_some() {
            BodyFault::BehindEnd { expected, actual }
        } else {
            BodyFault::SegmentChecksum { expected, actual }
        }
    }

    fn accept(
        &mut self,
        number: u32,
        segment: Option<&Segment>,
        flipped: Option<u32>,
        sink: &mut impl BodySink,
    ) {
        let Some(segment) = segment else { return };
        if let Some(hole) = self.recovery.first_empty {
            return self.damage(hole, BodyFault::Hole { next_valid: number });
        }
        self.recovery.checksum ^= segment.stored();
        self.recovery.last_valid = Some(number);
        segment.records(flipped, |records| sink.segment(self.place(number), records));
    }

    fn damage(&mut self, number: u32, fault: BodyFault) {
        self.recovery.damage = Some(BodyDamage { offset: offset(number), fault });
    }

    /// What every record of a segment says of its place.
    fn place(&self, number: u32) -> LgPos {
        let sector = u16::try_from(number).unwrap_or(u16::MAX);
        LgPos { generation: self.generation, sector, offset: 0 }
    }

    /// The verdict after the last segment; in a closed log or not, nothing else is known of the role.
    pub(super) fn verdict(&self) -> BodyVerdict {
        let recovery = &self.recovery;
        let doubt = recovery
            .doubtful
            .map(|Doubtful { number, fault }| BodyDamage { offset: offset(number), fault });
        if let Some(damage) = recovery.damage.or(doubt) {
            BodyVerdict::Damaged(damage)
        } else if let Some(offset) = recovery.torn {
            BodyVerdict::Torn { offset, mended: true }
        } else if recovery.last_valid.is_none() {
            BodyVerdict::Empty
        } else if recovery.corrected.segments > 0 {
            BodyVerdict::Corrected
        } else {
            BodyVerdict::Sound
        }
    }

    pub(super) fn backup(&self) -> BackupVerdict {
        self.backup
    }

    /// Number of the segment behind the last valid one.
    pub(super) fn end(&self) -> u32 {
        self.recovery.last_valid.map_or(self.first, |valid| valid + 1)
    }

    /// Segments with data.
    pub(super) fn used(&self) -> u32 {
        self.end().saturating_sub(self.first)
    }

    pub(super) fn checksum(&self) -> u64 {
        self.recovery.checksum
    }

    pub(super) fn corrected(&self) -> CorrectedBits {
        self.recovery.corrected
    }

    pub(super) fn lost_write(&self) -> Option<u32> {
        self.recovery.lost_write.filter(|_| self.recovery.damage.is_none())
    }
}

/// A backup takes every segment that is zero, right, or a copy of the one before.
fn backup_verdict(number: u32, segment: Option<&Segment>) -> BackupVerdict {
    let Some(segment) = segment else {
        return BackupVerdict::Unreadable { offset: offset(number) };
    };
    let fits = |number| segment.fit(number) != Fit::None;
    if segment.is_zero() || fits(number) || fits(number.wrapping_sub(1)) {
        BackupVerdict::Copied
    } else {
        BackupVerdict::Refused { offset: offset(number) }
    }
}

/// Where a segment stands, bytes from the start of the file.
fn offset(number: u32) -> u64 {
    u64::from(number) * SEGMENT_BYTES as u64
}
