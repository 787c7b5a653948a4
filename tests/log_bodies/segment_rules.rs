//! Format 8: each rule by which recovery judges the segments, and what a backup says of the same log.

use edbmend::ese::log_body::{
    BackupVerdict, BodyDamage, BodyFault, BodyReader, BodyVerdict, LogRole, SEGMENT_BYTES,
};
use edbmend::ese::log_history::{LogHistory, StreamEnd};
use edbmend::ese::log_records::RecordWalk;
use edbmend::ese::{LgPos, LogHeader};

use super::agreement;
use super::made::{self, GENERATION, log_of, own_segment, segment};
use super::rules::{Case, Said, assert_each, compare_each};

/// Garbage in the place of a segment.
fn garbage() -> Vec<u8> {
    vec![0x5a; SEGMENT_BYTES]
}

fn zero() -> Vec<u8> {
    vec![0; SEGMENT_BYTES]
}

fn flipped(mut segment: Vec<u8>, bit: usize) -> Vec<u8> {
    segment[bit / 8] ^= 1 << (bit % 8);
    segment
}

/// Logs of 7 segments, whose places are segments.
fn cases() -> Vec<Case> {
    let (one, two, three) = (own_segment(1), own_segment(2), own_segment(3));
    let old = |number| segment(GENERATION - 1, number, b"");
    let new = |number| segment(GENERATION + 1, number, b"");
    let case = |name, body: &[Vec<u8>], said, backup| (name, log_of(7, body), said, backup);
    let mut cases = vec![
        case("whole flushes", &[one.clone(), two.clone()], Said::Sound, None),
        case("a copy behind", &[one.clone(), two.clone(), two.clone()], Said::Sound, None),
        case("old content behind", &[one.clone(), old(2), old(3), old(3)], Said::Sound, None),
        case("old content behind a copy", &[one.clone(), one.clone(), old(3)], Said::Sound, None),
        case("only old content", &[old(1), old(2)], Said::Empty, None),
        case("nothing", &[], Said::Empty, None),
        case("a later generation", &[one.clone(), new(2)], Said::Damaged(2, "position"), None),
        case("zero inside", &[one.clone(), zero(), three.clone()], Said::Damaged(2, "hole"), None),
        case("old inside", &[one.clone(), old(2), three.clone()], Said::Damaged(2, "hole"), None),
        case("zero at first", &[zero(), two.clone()], Said::Damaged(1, "hole"), None),
        case(
            "garbage behind zero",
            &[one.clone(), zero(), garbage()],
            Said::Damaged(3, "behind the end"),
            Some(3),
        ),
        case(
            "last one garbage, copy good",
            &[one.clone(), garbage(), two.clone()],
            Said::Torn(2),
            Some(2),
        ),
        case(
            "last one garbage, copy of another",
            &[one.clone(), garbage(), three.clone()],
            Said::Damaged(2, "checksum"),
            Some(2),
        ),
        case(
            "last one garbage, no copy",
            &[one.clone(), garbage()],
            Said::Damaged(2, "checksum"),
            Some(2),
        ),
        case("copy garbage", &[one.clone(), garbage()], Said::Damaged(2, "checksum"), Some(2)),
        case("first one garbage, copy good", &[garbage(), one.clone()], Said::Torn(1), Some(1)),
        case("last one zero, copy good", &[one.clone(), zero(), two.clone()], Said::Sound, None),
        case(
            "a bit of zero",
            &[one.clone(), flipped(zero(), 99)],
            Said::Damaged(2, "checksum"),
            Some(2),
        ),
        case(
            "a bit of zero further on",
            &[one.clone(), zero(), flipped(zero(), 99)],
            Said::Damaged(3, "behind the end"),
            Some(3),
        ),
        case("a bit", &[one.clone(), flipped(two.clone(), 9999)], Said::Corrected, None),
        case("a bit of a copy", &[one.clone(), flipped(one.clone(), 9999)], Said::Corrected, None),
        case(
            "a bit of the copy that saves",
            &[one.clone(), garbage(), flipped(two.clone(), 9999)],
            Said::Torn(2),
            Some(2),
        ),
        case(
            "a stored checksum inside",
            &[flipped(one.clone(), 40), two.clone()],
            Said::Damaged(1, "checksum"),
            Some(1),
        ),
        case(
            "the bit that makes a copy, last",
            &[one.clone(), two.clone(), flipped(three.clone(), 0)],
            Said::Damaged(3, "taken for a copy"),
            None,
        ),
        case(
            "the bit that makes a copy, inside",
            &[one.clone(), two.clone(), flipped(three.clone(), 0), own_segment(4)],
            Said::Damaged(3, "taken for a copy"),
            None,
        ),
        case(
            "all are full",
            &[one.clone(), two.clone(), three, own_segment(4), own_segment(5)],
            Said::Sound,
            None,
        ),
        case(
            "the reserved one is garbage",
            &[one.clone(), two.clone(), zero(), zero(), zero(), garbage()],
            Said::Sound,
            Some(6),
        ),
        case(
            "the one before the reserved one is saved by it",
            &[one, two, own_segment(3), own_segment(4), garbage(), own_segment(5)],
            Said::Torn(5),
            Some(5),
        ),
    ];
    cases.extend(renumbered());
    cases
}

/// Headers that say something else than the segments.
fn renumbered() -> Vec<Case> {
    let edited = |edit: fn(&mut edbmend::ese::RawLogHeader)| {
        let mut log = log_of(7, &[own_segment(1), own_segment(2)]);
        made::edit_header(&mut log, edit);
        log
    };
    let higher = edited(|raw| raw.generation = (GENERATION + 1).into());
    let lower = edited(|raw| raw.generation = (GENERATION - 1).into());
    let before_zero = edited(|raw| raw.version_update_major = 1.into());
    vec![
        ("a higher generation", higher, Said::Empty, None),
        ("a lower generation", lower, Said::Damaged(1, "position"), None),
        ("zero before it meant empty", before_zero, Said::Damaged(3, "checksum"), None),
    ]
}

#[test]
fn each_rule() {
    assert_each(cases(), SEGMENT_BYTES as u64);
}

#[test]
#[ignore = "needs the real files and python3"]
fn the_other_checker_says_the_same_of_each() {
    compare_each(cases(), agreement::compare);
}

fn reader(log: &[u8], role: LogRole) -> BodyReader<()> {
    let header = LogHeader::parse(log).expect("a header");
    BodyReader::new(&header, role, ()).expect("a sound one")
}

#[test]
fn a_closed_log_without_data_has_lost_its_body() {
    let log = log_of(7, &[]);
    let verdict = |role| {
        let mut reader = reader(&log, role);
        reader.feed(&log[4096..]);
        reader.finish().0.verdict
    };
    assert_eq!(verdict(LogRole::Closed), BodyVerdict::Lost);
    assert_eq!(verdict(LogRole::Current), BodyVerdict::Empty);
}

#[test]
fn a_write_that_was_lost_is_told_though_the_engine_is_silent() {
    let said = |body: &[Vec<u8>]| agreement::read(&log_of(7, body), 4096).unwrap().body.lost_write;
    let two = own_segment(2);
    assert_eq!(said(&[own_segment(1), vec![0; 4096], two.clone()]), Some(2));
    assert_eq!(said(&[vec![0; 4096], own_segment(1)]), Some(1));
    assert_eq!(said(&[own_segment(1), two.clone(), two]), None);
}

#[test]
fn what_cannot_be_read() {
    let log = log_of(7, &[own_segment(1), own_segment(2), own_segment(2)]);
    // Segment by segment; `true` where it can be read.
    let verdict = |readable: [bool; 6]| {
        let mut reader = reader(&log, LogRole::Closed);
        for (segment, readable) in log[4096..].chunks(SEGMENT_BYTES).zip(readable) {
            if readable { reader.feed(segment) } else { reader.unreadable(segment.len() as u64) }
        }
        reader.finish().0
    };
    let damaged = |segment: u64| {
        let damage = BodyDamage { offset: segment * 4096, fault: BodyFault::Unreadable };
        BodyVerdict::Damaged(damage)
    };
    let first = verdict([false, true, true, true, true, true]);
    assert_eq!(first.verdict, damaged(1));
    assert_eq!(first.backup, BackupVerdict::Unreadable { offset: 4096 });
    // The copy saves it.
    let last = verdict([true, false, true, true, true, true]).verdict;
    assert_eq!(last, BodyVerdict::Torn { offset: 2 * 4096, mended: true });
    assert_eq!(verdict([true, true, false, true, true, true]).verdict, damaged(3));
    assert_eq!(verdict([true, true, true, true, false, true]).verdict, damaged(5));
    // Recovery does not look at the last one.
    let reserved = verdict([true, true, true, true, true, false]);
    assert_eq!(reserved.verdict, BodyVerdict::Sound);
    assert_eq!(reserved.backup, BackupVerdict::Unreadable { offset: 6 * 4096 });
}

#[test]
fn a_file_that_ends_early_or_late() {
    let log = log_of(7, &[own_segment(1), own_segment(2)]);
    let verdict = |bytes: &[u8]| {
        let mut reader = reader(&log, LogRole::Closed);
        reader.feed(bytes);
        reader.finish().0
    };
    let early = verdict(&log[4096..3 * 4096 + 17]);
    let missing = BodyDamage { offset: 3 * 4096, fault: BodyFault::FileEnds };
    assert_eq!(early.verdict, BodyVerdict::Damaged(missing));
    assert_eq!(early.backup, BackupVerdict::Refused { offset: 3 * 4096 });
    let late = [&log[4096..], b"surplus"].concat();
    assert_eq!(verdict(&late).verdict, BodyVerdict::Sound);
}

#[test]
fn the_records_of_a_torn_segment_come_from_its_copy() {
    let last = segment(GENERATION, 2, &made::term());
    let log = log_of(7, &[own_segment(1), garbage(), last]);
    let header = LogHeader::parse(&log).unwrap();
    let walk = RecordWalk::new(LogHistory::default());
    let mut reader = BodyReader::new(&header, LogRole::Closed, walk).expect("a sound one");
    log[4096..].chunks(777).for_each(|chunk| reader.feed(chunk));
    let (report, walk) = reader.finish();
    let (walk, history) = walk.finish();
    assert_eq!((walk.records, walk.stop), (2, None));
    let at = LgPos { generation: GENERATION, sector: 2, offset: 0 };
    assert_eq!(history.end(), StreamEnd::Clean { at, time: Some(Default::default()) });
    assert_eq!(report.end, LgPos { sector: 3, ..at });
}
