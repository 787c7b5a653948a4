//! Each rule by which recovery judges a body, as a list of made-up logs: what it says of each, and what a
//! backup says.

use edbmend::ese::log_body::{BackupVerdict, BodyDamage, BodyFault, BodyVerdict};
use serde_json::Value;

use super::{agreement, oracle};

/// What recovery should say. Places are counted in the unit of the format.
#[derive(Debug, PartialEq)]
pub enum Said {
    Sound,
    Corrected,
    Torn(u64),
    Empty,
    /// There, for a fault of that name.
    Damaged(u64, &'static str),
}

impl Said {
    /// What was said of the current log, which is mended wherever it is torn.
    fn of(verdict: BodyVerdict, unit_bytes: u64) -> Self {
        match verdict {
            BodyVerdict::Sound => Self::Sound,
            BodyVerdict::Corrected => Self::Corrected,
            BodyVerdict::Torn { offset, mended } => {
                assert!(mended, "{offset}");
                Self::Torn(offset / unit_bytes)
            }
            BodyVerdict::Empty | BodyVerdict::Lost => Self::Empty,
            BodyVerdict::Damaged(BodyDamage { offset, fault }) => {
                Self::Damaged(offset / unit_bytes, name_of(fault))
            }
        }
    }
}

fn name_of(fault: BodyFault) -> &'static str {
    match fault {
        BodyFault::ChecksumRecord => "record",
        BodyFault::RangeChecksum { .. } => "range",
        BodyFault::DataBehindEnd => "data",
        BodyFault::SegmentChecksum { .. } => "checksum",
        BodyFault::BehindEnd { .. } => "behind the end",
        BodyFault::SegmentPosition { .. } => "position",
        BodyFault::Hole { .. } => "hole",
        BodyFault::TakenForShadow => "taken for a copy",
        other => panic!("{other}"),
    }
}

/// Name, log, what recovery says, the place at which a backup ends.
pub type Case = (&'static str, Vec<u8>, Said, Option<u64>);

/// Judges each log as the current one. Places are counted in units of so many bytes.
pub fn assert_each(cases: Vec<Case>, unit_bytes: u64) {
    for (name, log, expected, backup) in cases {
        let report = agreement::read(&log, 4096).expect("a log").body;
        assert_eq!(Said::of(report.verdict, unit_bytes), expected, "{name}: {report:?}");
        let expected = backup.map_or(BackupVerdict::Copied, |place| BackupVerdict::Refused {
            offset: place * unit_bytes,
        });
        assert_eq!(report.backup, expected, "{name}");
    }
}

/// Compares each log with what the independent checker says of it.
pub fn compare_each(cases: Vec<Case>, compare: impl Fn(&str, &[u8], &Value)) {
    let (names, logs): (Vec<_>, Vec<_>) =
        cases.into_iter().map(|(name, log, ..)| (name, log)).unzip();
    for ((name, log), theirs) in names.iter().zip(&logs).zip(oracle::ask_about(&logs)) {
        compare(name, log, &theirs);
    }
}
