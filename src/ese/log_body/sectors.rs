//! Format 7: the chain of checksum records of a log, one sector at a time.
//!
//! Recovery and a backup walk the same chain as long as it holds. A backup looks at the checksums of
//! the ranges only; a record that names covered bytes in front of its sector, which no engine
//! writes, it is taken to refuse. Source: `dev/ese/src/ese/_log/logread_legacy.cxx`,
//! `ErrLGCheckReadLastLogRecordFF_Legacy`, `ErrVerifyLRCKStart`.

use std::mem;

use super::bytes::DwordXor;
use super::checksum_record::{CHECKSUM_RECORD_TYPE, Found, RawChecksumRecord, behind_record};
use super::sector_layout::Layout;
use super::sector_recovery::{Leftovers, SectorRecovery};
use super::sink::BodySink;
use super::verdict::{BackupVerdict, BodyFault, BodyVerdict};
use crate::ese::{LgPos, LogHeader};

/// Reads the sectors of one log in their order.
pub(super) struct Sectors {
    layout: Layout,
    chain: Chain,
    recovery: SectorRecovery,
    backup: BackupVerdict,
}

/// Where the walk along the checksum records stands.
enum Chain {
    /// The next one is expected at this offset.
    Record(u64),
    /// Inside of the range of one.
    Range(Range),
    Over,
}

/// The range of a checksum record, as far as it was read.
struct Range {
    record: RawChecksumRecord,
    /// Offset of the record.
    at: u64,
    /// Whether recovery has come to it.
    in_recovery: bool,
    /// The checksum but for the bytes behind the record.
    start_of_sum: u32,
    behind: DwordXor,
    /// Bytes that are still to come.
    missing: u64,
    leftovers: Leftovers,
}

impl Sectors {
    pub(super) fn new(header: &LogHeader) -> Self {
        let layout = Layout::of(header);
        let first = Chain::Record(layout.start_of(layout.first));
        Self {
            layout,
            chain: if layout.count > layout.first { first } else { Chain::Over },
            recovery: SectorRecovery::new(layout),
            backup: BackupVerdict::Copied,
        }
    }

    /// The next sector; `None` where it could not be read.
    pub(super) fn sector(&mut self, number: u32, bytes: Option<&[u8]>, sink: &mut impl BodySink) {
        self.recovery.sector(number, bytes, sink);
        if let Chain::Range(range) = &mut self.chain
            && let Some(bytes) = bytes
            && range.missing > bytes.len() as u64
        {
            return range.go_on(self.layout, number, bytes, sink);
        }
        let chain = mem::replace(&mut self.chain, Chain::Over);
        self.chain = match bytes {
            Some(bytes) => self.follow(chain, number, bytes, sink),
            None => self.break_off(chain, number, sink),
        };
    }

    fn follow(
        &mut self,
        chain: Chain,
        number: u32,
        bytes: &[u8],
        sink: &mut impl BodySink,
    ) -> Chain {
        let mut chain = match chain {
            Chain::Range(range) => self.end_of_several(range, number, bytes, sink),
            other => other,
        };
        while let Chain::Record(at) = chain
            && self.layout.sector_of(at) <= number
        {
            chain = self.record(at, number, bytes, sink);
        }
        chain
    }

    /// The checksum record that should stand at `at`, in this sector.
    fn record(&mut self, at: u64, number: u32, bytes: &[u8], sink: &mut impl BodySink) -> Chain {
        let here = self.layout.sector_of(at) == number;
        let found = Found::read(self.layout, bytes, at).filter(|_| here);
        let plausible = found.filter(|found| found.is_plausible(at, self.layout));
        if plausible.is_none() {
            self.recovery.no_record(at, bytes);
        }
        let Some(found) = found.filter(|found| self.backup_reads(found, at)) else {
            return self.refuse(at);
        };
        let mut range = Range {
            record: found.raw,
            at,
            in_recovery: plausible.is_some() && self.recovery.is_walking(),
            start_of_sum: found.start_of_sum(),
            behind: DwordXor::default(),
            missing: found.beyond(),
            leftovers: Leftovers::default(),
        };
        range.behind.add(found.behind());
        if range.missing == 0 {
            return self.end_of_one_sector(&range, &found, sink);
        }
        if range.in_recovery {
            found.hand_on(self.layout, at, sink);
            sink.tentative();
        }
        Chain::Range(range)
    }

    /// A range of one sector.
    fn end_of_one_sector(
        &mut self,
        range: &Range,
        found: &Found,
        sink: &mut impl BodySink,
    ) -> Chain {
        let fault = range.fault();
        if range.in_recovery {
            match fault {
                None => found.hand_on(self.layout, range.at, sink),
                Some(fault) => self.recovery.wrong_sector(range.at, found, fault),
            }
        }
        self.end(range, fault)
    }

    /// The last sector of a range of several.
    fn end_of_several(
        &mut self,
        mut range: Range,
        number: u32,
        bytes: &[u8],
        sink: &mut impl BodySink,
    ) -> Chain {
        range.go_on(self.layout, number, bytes, sink);
        let fault = range.fault();
        if range.in_recovery {
            sink.settle(fault.is_none());
            if let Some(fault) = fault {
                self.recovery.wrong_flush(range.at, number + 1, range.leftovers, fault);
            }
        }
        self.end(&range, fault)
    }

    /// What follows the end of a range.
    fn end(&mut self, range: &Range, fault: Option<BodyFault>) -> Chain {
        let next = range.record.next.get();
        if fault.is_some() {
            return self.refuse(range.at);
        }
        if range.in_recovery {
            self.recovery.right_range(range.at, &range.record);
        }
        match next {
            0 => Chain::Over,
            next => Chain::Record(behind_record(range.at) + u64::from(next)),
        }
    }

    /// Whether a backup takes it for a checksum record.
    fn backup_reads(&self, found: &Found, at: u64) -> bool {
        let end = behind_record(at) + u64::from(found.raw.bytes_behind.get());
        found.raw.record_type == CHECKSUM_RECORD_TYPE
            && found.before().is_some()
            && end <= self.layout.file_bytes()
    }

    fn refuse(&mut self, at: u64) -> Chain {
        self.backup = BackupVerdict::Refused { offset: at };
        Chain::Over
    }

    /// A sector could not be read. It matters if the chain leads into it.
    fn break_off(&mut self, chain: Chain, number: u32, sink: &mut impl BodySink) -> Chain {
        match chain {
            Chain::Over => return chain,
            Chain::Record(at) if self.layout.sector_of(at) > number => return chain,
            Chain::Range(range) if range.in_recovery => sink.settle(false),
            Chain::Record(_) | Chain::Range(_) => {}
        }
        self.recovery.unreadable(number);
        self.backup = BackupVerdict::Unreadable { offset: self.layout.start_of(number) };
        Chain::Over
    }

    /// No more sectors come; `complete` if there was each that the header states.
    pub(super) fn finish(&mut self, complete: bool, sink: &mut impl BodySink) {
        match mem::replace(&mut self.chain, Chain::Over) {
            Chain::Range(range) if range.in_recovery => sink.settle(false),
            Chain::Record(at) if complete => {
                self.recovery.no_record(at, &[]);
                self.refuse(at);
            }
            Chain::Record(_) | Chain::Range(_) | Chain::Over => {}
        }
        self.recovery.finish();
    }

    pub(super) fn verdict(&self) -> BodyVerdict {
        self.recovery.verdict()
    }

    pub(super) fn backup(&self) -> BackupVerdict {
        self.backup
    }

    /// Behind the last valid byte.
    pub(super) fn end_of_data(&self) -> LgPos {
        self.layout.place(self.recovery.end())
    }

    /// Sectors with data.
    pub(super) fn used(&self) -> u32 {
        self.layout.sector_from(self.recovery.end()).saturating_sub(self.layout.first)
    }
}

impl Range {
    /// The next sector, as far as it belongs to the range.
    fn go_on(&mut self, layout: Layout, number: u32, bytes: &[u8], sink: &mut impl BodySink) {
        let length = usize::try_from(self.missing).unwrap_or(usize::MAX).min(bytes.len());
        let piece = &bytes[..length];
        self.behind.add(piece);
        self.missing -= length as u64;
        if self.in_recovery {
            self.leftovers.look(layout, self.at, number, bytes);
            sink.stretch(layout.place(layout.start_of(number)), piece);
        }
    }

    /// What is wrong with the checksum, once the whole range was read.
    fn fault(&self) -> Option<BodyFault> {
        let expected = self.start_of_sum ^ self.behind.sum();
        let actual = self.record.checksum.get();
        (expected != actual).then_some(BodyFault::RangeChecksum { expected, actual })
    }
}
