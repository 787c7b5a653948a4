//! Format 7: what recovery makes of a log whose chain of checksum records has come to its end, or to
//! a place where it does not go on.
//!
//! A flush that ends inside a sector writes that sector once more, as a shadow copy, into the next
//! one; the next flush writes over it. What a log does not use holds its fill. Source:
//! `dev/ese/src/ese/_log/logread_legacy.cxx`, `ErrLGCheckReadLastLogRecordFF_Legacy`.

use super::bytes::is_fill;
use super::checksum_record::{Found, Next, RawChecksumRecord, behind_record};
use super::sector_layout::Layout;
use super::sink::BodySink;
use super::verdict::{BodyDamage, BodyFault, BodyVerdict};

/// Recovery's way through the sectors of one log.
pub(super) struct SectorRecovery {
    layout: Layout,
    state: State,
    /// Offset of the last checksum record that is right.
    last: Option<u64>,
    /// Offset behind the last valid byte.
    end: u64,
}

enum State {
    /// The chain holds.
    Walking,
    /// It does not go on; the next sector may hold the copy of the one that broke it.
    Doubt(Doubt),
    /// Nothing more may follow.
    Tail(Tail),
    Done(BodyVerdict),
}

/// A place where no right checksum record stands.
struct Doubt {
    at: u64,
    fault: BodyFault,
    /// The sector is the old copy of the one before.
    is_old_shadow: bool,
    /// The sector holds the fill.
    is_fill: bool,
}

struct Tail {
    /// The first sector that must hold the fill.
    from: u32,
    if_fill: BodyVerdict,
    /// What else it is; without it the first other sector is the damage.
    else_damage: Option<BodyDamage>,
}

/// What stands in the later sectors of a flush whose checksum is wrong: old content, where they were
/// not written.
#[derive(Clone, Copy, Default)]
pub(super) struct Leftovers {
    sectors: u32,
    has_fill: bool,
    /// The first of them is the old copy of the sector before.
    has_old_shadow: bool,
}

impl Leftovers {
    /// The next sector of the flush whose checksum record is at `at`.
    pub(super) fn look(&mut self, layout: Layout, at: u64, number: u32, bytes: &[u8]) {
        self.sectors += 1;
        self.has_fill |= is_fill(bytes);
        if number == layout.sector_of(at) + 1 {
            self.has_old_shadow = is_shadow_of(layout, bytes, at, Next::Ignored);
        }
    }

    fn are_those_of_a_torn_write(self) -> bool {
        self.has_fill || self.sectors == 1 && self.has_old_shadow
    }
}

impl SectorRecovery {
    pub(super) fn new(layout: Layout) -> Self {
        let end = layout.start_of(layout.first);
        Self { layout, state: State::Walking, last: None, end }
    }

    /// Whether the chain of checksum records has held so far.
    pub(super) fn is_walking(&self) -> bool {
        matches!(self.state, State::Walking)
    }

    /// A checksum record and its range are right.
    pub(super) fn right_range(&mut self, at: u64, record: &RawChecksumRecord) {
        self.last = Some(at);
        if record.next == 0 {
            self.end = behind_record(at) + u64::from(record.bytes_behind.get());
            // A shadow copy may follow.
            let from = self.layout.sector_from(self.end) + 1;
            self.state = State::Tail(Tail { from, if_fill: BodyVerdict::Sound, else_damage: None });
        }
    }

    /// In this sector stands no checksum record at `at`.
    pub(super) fn no_record(&mut self, at: u64, sector: &[u8]) {
        let old_shadow_of = self.last_in_sector_before(at).filter(|&last| {
            // Its own place in the sector, which need not be that of the missing record.
            is_shadow_of(self.layout, sector, last, Next::Ignored)
        });
        self.doubt(at, sector, BodyFault::ChecksumRecord, old_shadow_of.is_some());
    }

    /// The checksum of a range of one sector is wrong.
    pub(super) fn wrong_sector(&mut self, at: u64, found: &Found, fault: BodyFault) {
        let inside = self.layout.inside(at);
        let after_shadow =
            self.last_in_sector_before(at).is_some_and(|last| self.layout.inside(last) == inside);
        if after_shadow && found.is_shadow_of(at, self.layout, Next::MustBeNone) {
            // The flush that should have written over the copy never came.
            self.end = self.layout.start_of(self.layout.sector_of(at));
            self.state = State::Done(torn(at));
        } else {
            self.doubt(at, found.sector, fault, false);
        }
    }

    /// The checksum of a range of several sectors is wrong; `behind` is the first one behind it. The
    /// first of them is right.
    pub(super) fn wrong_flush(
        &mut self,
        at: u64,
        behind: u32,
        leftovers: Leftovers,
        fault: BodyFault,
    ) {
        let first = self.layout.sector_of(at);
        self.end = self.layout.start_of(first + 1);
        let damage = BodyDamage { offset: self.layout.start_of(first), fault };
        self.state = if leftovers.are_those_of_a_torn_write() {
            State::Tail(Tail { from: behind, if_fill: torn(at), else_damage: Some(damage) })
        } else {
            State::Done(BodyVerdict::Damaged(damage))
        };
    }

    /// A sector that recovery needs could not be read.
    pub(super) fn unreadable(&mut self, number: u32) {
        if !matches!(self.state, State::Done(_)) {
            let offset = self.layout.start_of(number);
            self.state = damaged(offset, BodyFault::Unreadable);
        }
    }

    fn doubt(&mut self, at: u64, sector: &[u8], fault: BodyFault, is_old_shadow: bool) {
        if self.is_walking() {
            self.end = self.layout.start_of(self.layout.sector_of(at));
            let is_fill = is_fill(sector);
            self.state = State::Doubt(Doubt { at, fault, is_old_shadow, is_fill });
        }
    }

    /// The last right checksum record, if it stands in the sector before.
    fn last_in_sector_before(&self, at: u64) -> Option<u64> {
        let sector = self.layout.sector_of(at);
        self.last.filter(|&last| self.layout.sector_of(last) + 1 == sector)
    }

    /// Any sector, before the chain is followed into it.
    pub(super) fn sector(&mut self, number: u32, bytes: Option<&[u8]>, sink: &mut impl BodySink) {
        if let State::Doubt(doubt) = &self.state {
            let at = doubt.at;
            match bytes.filter(|bytes| is_shadow_of(self.layout, bytes, at, Next::MustBeNone)) {
                Some(copy) => self.mend(at, copy, sink),
                None => self.state = self.without_copy(),
            }
        }
        if let State::Tail(tail) = &self.state
            && number >= tail.from
        {
            match bytes {
                None => self.unreadable(number),
                Some(bytes) if is_fill(bytes) => {}
                Some(_) => self.state = self.not_fill(number),
            }
        }
    }

    /// The copy takes the place of the sector.
    fn mend(&mut self, at: u64, copy: &[u8], sink: &mut impl BodySink) {
        if let Some(found) = Found::read(self.layout, copy, at) {
            found.hand_on(self.layout, at, sink);
            self.end = behind_record(at) + u64::from(found.raw.bytes_behind.get());
            self.last = Some(at);
        }
        self.state = State::Done(torn(at));
    }

    fn without_copy(&self) -> State {
        let State::Doubt(doubt) = &self.state else { return State::Walking };
        let from = self.layout.sector_of(doubt.at) + 1;
        let damage = BodyDamage { offset: doubt.at, fault: doubt.fault };
        if doubt.is_old_shadow {
            State::Tail(Tail { from, if_fill: torn(doubt.at), else_damage: None })
        } else if doubt.is_fill {
            let if_fill = self.last.map_or(BodyVerdict::Empty, |_| torn(doubt.at));
            State::Tail(Tail { from, if_fill, else_damage: Some(damage) })
        } else {
            State::Done(BodyVerdict::Damaged(damage))
        }
    }

    fn not_fill(&self, number: u32) -> State {
        let else_damage = match &self.state {
            State::Tail(tail) => tail.else_damage,
            _ => None,
        };
        match else_damage {
            Some(damage) => State::Done(BodyVerdict::Damaged(damage)),
            None => damaged(self.layout.start_of(number), BodyFault::DataBehindEnd),
        }
    }

    /// No more sectors come.
    pub(super) fn finish(&mut self) {
        if matches!(self.state, State::Doubt(_)) {
            self.state = self.without_copy();
        }
    }

    /// The verdict after the last sector.
    pub(super) fn verdict(&self) -> BodyVerdict {
        match &self.state {
            State::Done(verdict) => *verdict,
            State::Tail(tail) => tail.if_fill,
            State::Walking | State::Doubt(_) => BodyVerdict::Empty,
        }
    }

    /// Offset behind the last valid byte.
    pub(super) fn end(&self) -> u64 {
        self.end
    }
}

/// Whether a sector is the shadow copy of the one whose checksum record is at `at`.
fn is_shadow_of(layout: Layout, sector: &[u8], at: u64, next: Next) -> bool {
    let found = Found::read(layout, sector, at);
    found.is_some_and(|found| found.is_shadow_of(at, layout, next))
}

/// Whether it is mended is not known here: that depends on the role of the log.
fn torn(offset: u64) -> BodyVerdict {
    BodyVerdict::Torn { offset, mended: false }
}

fn damaged(offset: u64, fault: BodyFault) -> State {
    State::Done(BodyVerdict::Damaged(BodyDamage { offset, fault }))
}
