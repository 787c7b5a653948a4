//! Every single bit of a body, flipped: what notices it, and what nothing notices.

use std::ops::Range;

use edbmend::ese::log_body::{
    BackupVerdict, BodyReader, BodyReport, BodyVerdict, LogRole, SEGMENT_BYTES,
};
use edbmend::ese::{LogHeader, page::FLAG_NEW_CHECKSUM};

use super::{harness, made};

fn report(log: &[u8]) -> BodyReport {
    let header = LogHeader::parse(log).expect("a header");
    let mut reader = BodyReader::new(&header, LogRole::Current, ()).expect("a sound one");
    reader.feed(&log[4096..]);
    reader.finish().0
}

fn is_noticed(report: &BodyReport) -> bool {
    report.verdict != BodyVerdict::Sound || report.backup != BackupVerdict::Copied
}

/// The bits of the body that can be flipped without a word: none, or one range of them.
fn unnoticed(log: Vec<u8>) -> Option<Range<usize>> {
    let body = 4096 * 8..log.len() * 8;
    unnoticed_among(log, body)
}

fn unnoticed_among(mut log: Vec<u8>, bits: impl Iterator<Item = usize>) -> Option<Range<usize>> {
    assert!(!is_noticed(&report(&log)));
    let mut found: Option<Range<usize>> = None;
    for bit in bits {
        log[bit / 8] ^= 1 << (bit % 8);
        if !is_noticed(&report(&log)) {
            let range = found.get_or_insert(bit..bit);
            assert_eq!(range.end, bit, "it is one range");
            range.end += 1;
        }
        log[bit / 8] ^= 1 << (bit % 8);
    }
    found
}

fn bits(bytes: Range<usize>) -> Range<usize> {
    bytes.start * 8..bytes.end * 8
}

#[test]
fn of_a_current_log_of_sectors_the_unused_rest_of_the_last_one_and_its_copy() {
    let log = made::current_log();
    // It ends in sector 12, at byte 0xe7.
    assert_eq!(unnoticed(log), Some(bits(12 * 512 + 0xe7..14 * 512)));
}

#[test]
fn of_a_closed_log_of_sectors_the_last_one_which_is_kept_for_a_copy() {
    let log = made::practice_logs().swap_remove(1);
    assert_eq!(unnoticed(log), Some(bits(15 * 512..16 * 512)));
}

/// With it the copy has the right checksum of its own place, and names the one before.
const UNNOTICED: Range<usize> = 3 * 4096 * 8..3 * 4096 * 8 + 1;

#[test]
fn of_a_log_of_segments_one_bit_of_a_copy_among_some() {
    let log = made::segmented();
    let some = (4096 * 8..log.len() * 8).filter(|bit| bit % 13 == 0 || UNNOTICED.contains(bit));
    assert_eq!(unnoticed_among(log, some), Some(UNNOTICED));
}

#[test]
#[ignore = "slow: half a minute; some of the bits are flipped always"]
fn of_a_log_of_segments_one_bit_of_a_copy() {
    assert_eq!(unnoticed(made::segmented()), Some(UNNOTICED));
}

#[test]
fn some_flipped_bits_of_segments_are_named() {
    check_segments(made::segmented(), 2, 7);
}

#[test]
#[ignore = "slow: seconds; some of the bits are flipped always"]
fn flipped_bits_of_segments_are_named() {
    check_segments(made::segmented(), 2, 1);
}

/// Flips every so many of the bits of the segments with data.
fn check_segments(mut log: Vec<u8>, used: usize, every: usize) {
    let original = report(&log);
    assert_eq!(original.used as usize, used);
    for bit in (4096 * 8..(used + 1) * SEGMENT_BYTES * 8).step_by(every) {
        let (segment, inside) = (bit / (SEGMENT_BYTES * 8), bit % (SEGMENT_BYTES * 8));
        log[bit / 8] ^= 1 << (bit % 8);
        let report = report(&log);
        let is_format = inside == 36 * 8 + FLAG_NEW_CHECKSUM.trailing_zeros() as usize;
        if inside >= 64 && !is_format {
            assert_eq!(report.verdict, BodyVerdict::Corrected, "{bit}");
            assert_eq!(report.corrected.first, Some((segment as u32, inside as u32)), "{bit}");
            assert_eq!(report.segment_checksum, original.segment_checksum, "{bit}");
            assert_eq!(report.end, original.end, "{bit}");
        } else {
            let saved_by_copy = segment == used;
            let torn = matches!(report.verdict, BodyVerdict::Torn { mended: true, .. });
            let damaged = matches!(report.verdict, BodyVerdict::Damaged(_));
            assert!(damaged || torn && saved_by_copy, "{bit}: {report:?}");
        }
        log[bit / 8] ^= 1 << (bit % 8);
    }
}

/// The log with less unused space: fewer bits to flip.
fn shortened(mut log: Vec<u8>, sectors: u16) -> Vec<u8> {
    made::edit_header(&mut log, |raw| raw.file_sectors = sectors.into());
    let header = LogHeader::parse(&log).expect("a header");
    log.truncate(header.stated_file_bytes() as usize);
    log
}

#[test]
#[ignore = "needs the real files"]
fn of_a_real_current_log_of_sectors() {
    let log = shortened(harness::files::read("real/catroot2-ws2003-xp64/edb.log"), 60);
    assert_eq!(unnoticed(log), Some(bits(0x2f * 512 + 0xe7..0x31 * 512)));
}

#[test]
#[ignore = "needs the real files"]
fn of_a_real_current_log_of_segments() {
    let log = harness::files::read("real/srum-server2022-a/SRU.log");
    let report = report(&log);
    let log = shortened(log, u16::try_from(report.used).unwrap() + 5);
    let copy = (report.used as usize + 1) * SEGMENT_BYTES * 8;
    let number = report.used as usize + 1;
    let bit = copy + (number ^ (number - 1)).trailing_ones() as usize - 1;
    let expected = (number % 2 == 1).then(|| bit..bit + 1);
    assert_eq!(unnoticed(log.clone()), expected);
    check_segments(log, report.used as usize, 1);
}
