//! Format 7: each rule by which recovery judges the end of the chain of checksum records, and what a
//! backup says of the same log.

use edbmend::ese::LogHeader;
use edbmend::ese::log_body::{
    BodyDamage, BodyFault, BodyReader, BodyVerdict, CHECKSUM_RECORD_BYTES, CHECKSUM_RECORD_TYPE,
    LogRole, ONE_SECTOR, RawChecksumRecord, SEVERAL_SECTORS,
};
use zerocopy::IntoBytes;

use super::mutations::Dice;
use super::rules::{Case, Said, assert_each, compare_each};
use super::{agreement, made};

const SECTOR: usize = 512;

/// The first sector behind the header.
const FIRST: usize = 8;

/// A log of 20 sectors that is built up from nothing but its fill; of noise, not of records.
struct Maker {
    log: Vec<u8>,
    generation: i32,
}

impl Maker {
    fn new() -> Self {
        let mut log = made::current_log();
        made::edit_header(&mut log, |raw| raw.file_sectors = 20.into());
        let generation = LogHeader::parse(&log).unwrap().generation();
        log.truncate(4096);
        let mut maker = Self { log, generation };
        maker.log.resize(20 * SECTOR, 0);
        (FIRST..20).for_each(|sector| maker.unused(sector));
        maker
    }

    fn sector(&mut self, sector: usize) -> &mut [u8] {
        &mut self.log[sector * SECTOR..][..SECTOR]
    }

    /// Puts the fill into a sector.
    fn unused(&mut self, sector: usize) {
        let bytes = self.sector(sector);
        bytes.fill(0xda);
        for (mark, byte) in bytes.iter_mut().step_by(16).enumerate() {
            *byte = 0xda_u8.wrapping_add((mark * 16) as u8);
        }
    }

    /// Puts noise into a sector.
    fn noise(&mut self, sector: usize, seed: usize) {
        let mut dice = Dice::new((sector * 100 + seed) as u64);
        self.sector(sector).fill_with(|| dice.roll(256) as u8);
    }

    /// A flush that begins at a byte of a sector, over all of these sectors, or to that byte of one.
    /// The next one, if there is one, begins at a byte of the sector behind it.
    fn flush(
        &mut self,
        sector: usize,
        inside: usize,
        sectors: usize,
        end: usize,
        next: Option<usize>,
    ) {
        (0..sectors).for_each(|later| self.noise(sector + later, 0));
        let record = self.record(sector, inside, sectors, end, next);
        self.put(sector, inside, &record);
    }

    fn record(
        &self,
        sector: usize,
        inside: usize,
        sectors: usize,
        end: usize,
        next: Option<usize>,
    ) -> RawChecksumRecord {
        let behind = inside + CHECKSUM_RECORD_BYTES;
        let bytes_behind = (sectors - 1) * SECTOR + end - behind;
        let to_next = next.map_or(0, |next| sectors * SECTOR + next - behind);
        let raw = RawChecksumRecord {
            record_type: CHECKSUM_RECORD_TYPE,
            bytes_before: (inside as u32).into(),
            bytes_behind: (bytes_behind as u32).into(),
            next: (to_next as u32).into(),
            checksum: 0.into(),
            short_checksum: 0.into(),
            extent: if sectors > 1 { SEVERAL_SECTORS } else { ONE_SECTOR },
        };
        let start = &self.log[sector * SECTOR..];
        let in_sector = SECTOR.min(behind + bytes_behind);
        let pieces = [&start[behind..in_sector], &start[in_sector..behind + bytes_behind]];
        raw.sealed(self.generation, &start[..inside], &pieces)
    }

    fn put(&mut self, sector: usize, inside: usize, record: &RawChecksumRecord) {
        self.sector(sector)[inside..inside + CHECKSUM_RECORD_BYTES]
            .copy_from_slice(record.as_bytes());
    }

    /// Writes the copy of a sector, as it would be if its flush ended at a byte, into another one.
    fn shadow(&mut self, sector: usize, inside: usize, end: usize, into: usize) {
        let record = self.record(sector, inside, 1, end, None).of_shadow();
        self.log.copy_within(sector * SECTOR..(sector + 1) * SECTOR, into * SECTOR);
        self.put(into, inside, &record);
    }

    /// Two flushes: sector 8, sectors 9 and 10; the next one begins at byte 40 of sector 11.
    fn start() -> Self {
        let mut maker = Self::new();
        maker.flush(8, 0, 1, SECTOR, Some(30));
        maker.flush(9, 30, 2, SECTOR, Some(40));
        maker
    }

    /// And a last one that ends in sector 11, with its copy.
    fn with_end() -> Self {
        let mut maker = Self::start();
        maker.flush(11, 40, 1, 300, None);
        maker.shadow(11, 40, 300, 12);
        maker
    }

    /// And a last one of three sectors, from 11 to 13.
    fn with_long_end() -> Self {
        let mut maker = Self::start();
        maker.flush(11, 40, 3, SECTOR, None);
        maker
    }

    fn edited(mut self, edit: impl FnOnce(&mut Self)) -> Vec<u8> {
        edit(&mut self);
        self.log
    }
}

/// Where the third flush begins.
const THIRD: u64 = 11 * 512 + 40;

fn sound_cases() -> Vec<Case> {
    let behind_copy = Maker::with_end().edited(|maker| maker.sector(13)[5] ^= 1);
    let in_copy = Maker::with_end().edited(|maker| maker.sector(12)[5] ^= 1);
    let in_rest = Maker::with_end().edited(|maker| maker.sector(11)[301] ^= 1);
    let at_file_end = Maker::start().edited(|maker| {
        maker.flush(11, 40, 8, SECTOR, None);
        maker.noise(19, 5);
    });
    vec![
        ("nothing", Maker::new().log, Said::Empty, Some(4096)),
        ("an end inside of a sector", Maker::with_end().log, Said::Sound, None),
        ("an end with a sector", Maker::with_long_end().log, Said::Sound, None),
        ("a full log", at_file_end, Said::Sound, None),
        ("not covered: the copy", in_copy, Said::Sound, None),
        ("not covered: behind the end", in_rest, Said::Sound, None),
        ("something behind the copy", behind_copy, Said::Damaged(13 * 512, "data"), None),
    ]
}

/// Flushes of several sectors that did not arrive as a whole.
fn broken_flushes() -> Vec<Case> {
    let torn = Maker::with_long_end().edited(|maker| maker.unused(12));
    let rubbish = Maker::with_long_end().edited(|maker| maker.sector(12)[9] ^= 1);
    let with_data = Maker::with_long_end().edited(|maker| {
        maker.unused(12);
        maker.noise(16, 0);
    });
    let first_sector = Maker::with_long_end().edited(|maker| maker.sector(11)[9] ^= 1);
    let of_two = |second: fn(&mut Maker)| {
        Maker::start().edited(|maker| {
            maker.flush(11, 40, 2, SECTOR, None);
            second(maker);
        })
    };
    let old_copy = of_two(|maker| {
        let first = maker.sector(11).to_vec();
        maker.noise(11, 0);
        maker.shadow(11, 40, 300, 12);
        maker.sector(11).copy_from_slice(&first);
    });
    let damaged = |offset, name| Said::Damaged(offset, name);
    vec![
        ("a sector of a flush is missing", torn, Said::Torn(THIRD), Some(THIRD)),
        ("a sector of a flush is damaged", rubbish, damaged(11 * 512, "range"), Some(THIRD)),
        ("something behind a torn flush", with_data, damaged(11 * 512, "range"), Some(THIRD)),
        ("the first sector of a flush", first_sector, damaged(THIRD, "record"), Some(THIRD)),
        (
            "the second of two is missing",
            of_two(|maker| maker.unused(12)),
            Said::Torn(THIRD),
            Some(THIRD),
        ),
        (
            "the second of two is damaged",
            of_two(|maker| maker.sector(12)[9] ^= 1),
            damaged(11 * 512, "range"),
            Some(THIRD),
        ),
        ("the second of two is the old copy", old_copy, Said::Torn(THIRD), Some(THIRD)),
    ]
}

/// Places where no right checksum record stands.
fn broken_sectors() -> Vec<Case> {
    let saved = Maker::with_end().edited(|maker| maker.noise(11, 3));
    let saved_range = Maker::with_end().edited(|maker| maker.sector(11)[200] ^= 1);
    let without_copy = Maker::with_end().edited(|maker| {
        maker.sector(11)[200] ^= 1;
        maker.unused(12);
    });
    let never_came = Maker::start().log;
    let never_came_but = Maker::start().edited(|maker| maker.noise(17, 0));
    let first_garbage = Maker::new().edited(|maker| maker.noise(8, 0));
    let type_byte = Maker::with_end().edited(|maker| {
        maker.sector(11)[40] ^= 1;
        maker.unused(12);
    });
    let short_sum = Maker::start().edited(|maker| maker.sector(9)[30 + 17] ^= 1);
    let damaged = |offset, name| Said::Damaged(offset, name);
    vec![
        ("a sector that its copy saves", saved, Said::Torn(THIRD), Some(THIRD)),
        ("a range that its copy saves", saved_range, Said::Torn(THIRD), Some(THIRD)),
        ("a range without a copy", without_copy, damaged(THIRD, "range"), Some(THIRD)),
        ("a flush that never came", never_came, Said::Torn(THIRD), Some(THIRD)),
        ("something behind it", never_came_but, damaged(THIRD, "record"), Some(THIRD)),
        ("garbage at first", first_garbage, damaged(4096, "record"), Some(4096)),
        ("the type of a record", type_byte, damaged(THIRD, "record"), Some(THIRD)),
        // A backup goes on to the place where the third flush is missing.
        ("a short checksum", short_sum, damaged(9 * 512 + 30, "record"), Some(THIRD)),
    ]
}

/// Old copies in the place where a flush should be.
fn old_copies() -> Vec<Case> {
    // The second flush begins in sector 9, at the byte of the first one.
    let same_place = |copy: fn(&mut Maker)| {
        let mut maker = Maker::new();
        maker.flush(8, 0, 1, SECTOR, Some(30));
        maker.flush(9, 30, 1, SECTOR, Some(30));
        copy(&mut maker);
        maker.log
    };
    let second = 10 * 512 + 30;
    // And at another one: what stands there is no checksum record.
    let other_place = |copy: fn(&mut Maker)| {
        let mut maker = Maker::new();
        maker.flush(8, 0, 1, SECTOR, Some(30));
        maker.flush(9, 30, 1, SECTOR, Some(99));
        copy(&mut maker);
        maker.log
    };
    let copy = |maker: &mut Maker| maker.shadow(9, 30, 300, 10);
    let with_data = |maker: &mut Maker| {
        maker.shadow(9, 30, 300, 10);
        maker.noise(15, 0);
    };
    let other = 10 * 512 + 99;
    vec![
        ("an old copy at its place", same_place(copy), Said::Torn(second), Some(second)),
        (
            "an old copy at its place, data behind",
            same_place(with_data),
            Said::Torn(second),
            Some(second),
        ),
        ("an old copy elsewhere", other_place(copy), Said::Torn(other), Some(other)),
        (
            "an old copy elsewhere, data behind",
            other_place(with_data),
            Said::Damaged(15 * 512, "data"),
            Some(other),
        ),
    ]
}

fn cases() -> Vec<Case> {
    let groups = [sound_cases(), broken_flushes(), broken_sectors(), old_copies()];
    groups.into_iter().flatten().collect()
}

#[test]
fn each_rule() {
    assert_each(cases(), 1);
}

#[test]
#[ignore = "needs the real files and python3"]
fn the_other_checker_says_the_same_of_each() {
    compare_each(cases(), agreement::compare_bodies_of);
}

fn read_as(log: &[u8], role: LogRole, unreadable: Option<usize>) -> BodyVerdict {
    let header = LogHeader::parse(log).unwrap();
    let mut reader = BodyReader::new(&header, role, ()).expect("a sound one");
    for (number, sector) in (FIRST..).zip(log[4096..].chunks(SECTOR)) {
        if unreadable == Some(number) {
            reader.unreadable(sector.len() as u64);
        } else {
            reader.feed(sector);
        }
    }
    reader.finish().0.verdict
}

#[test]
fn only_the_current_log_is_mended_and_only_a_closed_one_can_be_lost() {
    let torn = Maker::start().log;
    let verdict = |role| read_as(&torn, role, None);
    assert_eq!(verdict(LogRole::Current), BodyVerdict::Torn { offset: THIRD, mended: true });
    assert_eq!(verdict(LogRole::Closed), BodyVerdict::Torn { offset: THIRD, mended: false });
    let empty = Maker::new().log;
    assert_eq!(read_as(&empty, LogRole::Current, None), BodyVerdict::Empty);
    assert_eq!(read_as(&empty, LogRole::Closed, None), BodyVerdict::Lost);
}

#[test]
fn what_cannot_be_read() {
    let log = Maker::with_end().log;
    for sector in [8, 9, 10, 11, 13, 19] {
        let offset = sector as u64 * 512;
        let damage = BodyDamage { offset, fault: BodyFault::Unreadable };
        let verdict = read_as(&log, LogRole::Closed, Some(sector));
        assert_eq!(verdict, BodyVerdict::Damaged(damage), "{sector}");
    }
    assert_eq!(read_as(&log, LogRole::Closed, Some(12)), BodyVerdict::Sound, "a copy");
}

#[test]
fn a_file_that_ends_early() {
    let log = Maker::with_end().log;
    let header = LogHeader::parse(&log).unwrap();
    for (bytes, sector) in [(0, 8), (700, 9), (1600, 11), (2048, 12), (5000, 17)] {
        let mut reader = BodyReader::new(&header, LogRole::Closed, ()).expect("a sound one");
        reader.feed(&log[4096..4096 + bytes]);
        let damage = BodyDamage { offset: sector * 512, fault: BodyFault::FileEnds };
        assert_eq!(reader.finish().0.verdict, BodyVerdict::Damaged(damage), "{bytes}");
    }
}
