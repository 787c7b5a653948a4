//! Real and engine-made logs, damaged in every way that can be thought of, against the independent
//! checker.

use edbmend::ese::LogHeader;
use edbmend::ese::checksum;

use super::{agreement, harness, oracle};

/// Logs of both formats: full ones, current ones, one whose last flush is a whole one.
pub const LOGS: [&str; 8] = [
    "engine/p4096/a_full/E0000003.log",
    "engine/p4096/a_full/E00.log",
    "engine/p32768/c_dirty/E00.log",
    "real/srum-win10-belkasoft-dirty/SRU00051.log",
    "real/srum-server2022-a/SRU.log",
    "real/catroot2-ws2003-xp64/edb0007F.log",
    "real/catroot2-ws2003-xp64/edb00082.log",
    "real/catroot2-ws2003-xp64/edb.log",
];

/// Numbers that look like chance, the same ones each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Less than `limit`.
    pub fn roll(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn block_bytes(log: &[u8]) -> usize {
    LogHeader::parse(log).expect("it is long enough").raw.sector_bytes.get().into()
}

/// Blocks of the body with data, and all of them.
fn blocks(log: &[u8]) -> (usize, usize) {
    let used = agreement::read(log, log.len()).expect("a log").body.used as usize;
    (used, (log.len() - 4096) / block_bytes(log))
}

/// What a log that was never written to has in its body.
fn unused(log: &[u8]) -> Vec<u8> {
    if block_bytes(log) == 4096 {
        return vec![0; 4096];
    }
    let mut fill = vec![0xda_u8; 512];
    for (mark, byte) in fill.iter_mut().step_by(16).enumerate() {
        *byte = 0xda_u8.wrapping_add((mark * 16) as u8);
    }
    fill
}

fn compare_all(name: &str, logs: &[Vec<u8>]) {
    for (number, (log, theirs)) in logs.iter().zip(oracle::ask_about(logs)).enumerate() {
        agreement::compare(&format!("{name} {number}"), log, &theirs);
    }
}

/// Makes so many damaged logs of each, and compares what is said of them.
fn damaged(name: &str, count: usize, damage: impl Fn(&mut Vec<u8>, &mut Dice)) {
    for (seed, source) in (1..).zip(LOGS) {
        let log = harness::files::read(source);
        let mut dice = Dice::new(seed);
        let damaged = (0..count).map(|_| {
            let mut log = log.clone();
            damage(&mut log, &mut dice);
            log
        });
        compare_all(&format!("{name} {source}"), &damaged.collect::<Vec<_>>());
    }
}

/// The bytes of a block of the body.
fn block(log: &mut [u8], number: usize) -> &mut [u8] {
    let bytes = block_bytes(log);
    &mut log[4096 + number * bytes..][..bytes]
}

#[test]
#[ignore = "needs the real files and python3"]
fn flipped_bits() {
    damaged("flip in use", 25, |log, dice| {
        let (used, _) = blocks(log);
        let bit = 4096 * 8 + dice.roll(used * block_bytes(log) * 8);
        log[bit / 8] ^= 1 << (bit % 8);
    });
    damaged("flip anywhere", 25, |log, dice| {
        let bit = 4096 * 8 + dice.roll((log.len() - 4096) * 8);
        log[bit / 8] ^= 1 << (bit % 8);
    });
    damaged("two flips", 10, |log, dice| {
        let (used, _) = blocks(log);
        for _ in 0..2 {
            let bit = 4096 * 8 + dice.roll(used * block_bytes(log) * 8);
            log[bit / 8] ^= 1 << (bit % 8);
        }
    });
}

#[test]
#[ignore = "needs the real files and python3"]
fn holes() {
    damaged("zeroed block", 15, |log, dice| {
        let (used, _) = blocks(log);
        block(log, dice.roll(used)).fill(0);
    });
    damaged("unused block", 15, |log, dice| {
        let (used, _) = blocks(log);
        let unused = unused(log);
        block(log, dice.roll(used)).copy_from_slice(&unused);
    });
    damaged("zeroed bytes", 15, |log, dice| {
        let start = 4096 + dice.roll(log.len() - 4096);
        let end = log.len().min(start + 1 + dice.roll(5000));
        log[start..end].fill(0);
    });
}

#[test]
#[ignore = "needs the real files and python3"]
fn ends_that_never_arrived() {
    damaged("cut", 25, |log, dice| {
        let (used, all) = blocks(log);
        let unused = unused(log);
        for number in dice.roll(used + 2)..all {
            block(log, number).copy_from_slice(&unused);
        }
    });
    damaged("cut near the end", 25, |log, dice| {
        let (used, all) = blocks(log);
        let unused = unused(log);
        let last = (used + 1).min(all - 1);
        for number in last - dice.roll(12.min(last))..=last {
            if dice.roll(2) == 0 {
                block(log, number).copy_from_slice(&unused);
            }
        }
    });
    damaged("rubbish near the end", 25, |log, dice| {
        let (used, all) = blocks(log);
        let number = (used + 2 - dice.roll(4.min(used + 2))).min(all - 1);
        let start = dice.roll(block_bytes(log));
        for byte in &mut block(log, number)[start..] {
            *byte = dice.roll(256) as u8;
        }
    });
}

#[test]
#[ignore = "needs the real files and python3"]
fn blocks_in_wrong_places() {
    damaged("copied block", 25, |log, dice| {
        let (used, all) = blocks(log);
        let copy = block(log, dice.roll(used)).to_vec();
        block(log, dice.roll((used + 3).min(all))).copy_from_slice(&copy);
    });
    damaged("copied to the next", 15, |log, dice| {
        let (used, all) = blocks(log);
        let from = dice.roll(used);
        let copy = block(log, from).to_vec();
        block(log, (from + 1).min(all - 1)).copy_from_slice(&copy);
        if dice.roll(2) == 0 {
            block(log, from).fill(0x55);
        }
    });
    damaged("moved on", 5, |log, dice| {
        let (from, by) = (4096 + dice.roll(log.len() - 4096), 1 + dice.roll(600));
        let end = log.len();
        log.splice(from..from, vec![0x77; by]);
        log.truncate(end);
    });
}

#[test]
#[ignore = "needs the real files and python3"]
fn wrong_headers() {
    damaged("renumbered", 6, |log, dice| {
        log[4] = log[4].wrapping_add(1 + dice.roll(255) as u8);
        checksum::seal(&mut log[..4096]);
    });
    damaged("an old version", 3, |log, dice| {
        log[40] = dice.roll(4) as u8;
        checksum::seal(&mut log[..4096]);
        let (used, _) = blocks(log);
        block(log, dice.roll(used + 1)).fill(0);
    });
    damaged("flip in the header", 5, |log, dice| {
        log[dice.roll(4096)] ^= 1 << dice.roll(8);
    });
    damaged("shortened", 3, |log, dice| log.truncate(dice.roll(log.len())));
}

/// Places of the header and of two segments, or sectors with checksum records, bit by bit.
#[test]
#[ignore = "needs the real files and python3"]
fn every_bit_of_heads() {
    for source in ["real/srum-server2022-a/SRU.log", "real/catroot2-ws2003-xp64/edb.log"] {
        let log = harness::files::read(source);
        let (used, _) = blocks(&log);
        let places = if block_bytes(&log) == 4096 {
            vec![(4096, 40), (4096 * used, 40)]
        } else {
            // A record of a flush of several sectors, one of a single one, the last one, its copy.
            vec![
                (4096, 22),
                (0x12 * 512 + 0x9f, 22),
                (0x2f * 512 + 0x65, 22),
                (0x30 * 512 + 0x65, 22),
            ]
        };
        let flip = |bit: usize| {
            let mut log = log.clone();
            log[bit / 8] ^= 1 << (bit % 8);
            log
        };
        for (start, length) in places {
            let logs: Vec<_> = (start * 8..(start + length) * 8).map(flip).collect();
            compare_all(&format!("{source} at {start}"), &logs);
        }
    }
}
