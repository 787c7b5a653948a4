//! What a block device holds, and what a power loss may leave of writes that were not flushed.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use sha2::{Digest, Sha256};

use super::choices::{Sample, choices};
use super::write_log::Entry;

/// What the file systems take for written whole: their own blocks have this size, too.
pub const BLOCK_BYTES: usize = 4096;

/// The content of a device; a block that is not listed is zero.
#[derive(Clone)]
pub struct Medium {
    length: usize,
    blocks: BTreeMap<usize, Arc<Vec<u8>>>,
}

impl Medium {
    /// The content of an image.
    pub fn read(image: &Path) -> io::Result<Self> {
        let file = fs::File::open(image)?;
        let length = file.metadata()?.len() as usize;
        let mut medium = Self { length, blocks: BTreeMap::new() };
        let mut block = vec![0; BLOCK_BYTES];
        for number in 0..length / BLOCK_BYTES {
            file.read_exact_at(&mut block, (number * BLOCK_BYTES) as u64)?;
            medium.put(number, &block);
        }
        Ok(medium)
    }

    /// Writes it as a sparse image.
    pub fn write(&self, image: &Path) -> io::Result<()> {
        let file = fs::File::create(image)?;
        file.set_len(self.length as u64)?;
        let each = |(number, block): (&usize, &Arc<Vec<u8>>)| {
            file.write_all_at(block, (number * BLOCK_BYTES) as u64)
        };
        self.blocks.iter().try_for_each(each)
    }

    fn get(&self, number: usize) -> Vec<u8> {
        self.blocks.get(&number).map_or_else(|| vec![0; BLOCK_BYTES], |block| block.to_vec())
    }

    fn put(&mut self, number: usize, block: &[u8]) {
        if block.iter().all(|&byte| byte == 0) {
            self.blocks.remove(&number);
        } else {
            self.blocks.insert(number, Arc::new(block.to_vec()));
        }
    }

    /// Writes a stretch that lies within one block.
    fn apply(&mut self, stretch: &Stretch) {
        let mut block = self.get(stretch.number);
        block[stretch.start..stretch.start + stretch.bytes.len()].copy_from_slice(&stretch.bytes);
        self.put(stretch.number, &block);
    }

    fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for (number, block) in &self.blocks {
            hasher.update(number.to_le_bytes());
            hasher.update(block.as_slice());
        }
        hasher.finalize().into()
    }
}

/// A part of a write, within one block.
struct Stretch {
    number: usize,
    start: usize,
    bytes: Vec<u8>,
}

fn stretches(offset: usize, bytes: &[u8]) -> Vec<Stretch> {
    let mut found = Vec::new();
    let (mut at, end) = (offset, offset + bytes.len());
    while at < end {
        let (number, start) = (at / BLOCK_BYTES, at % BLOCK_BYTES);
        let next = end.min((number + 1) * BLOCK_BYTES);
        let bytes = bytes[at - offset..next - offset].to_vec();
        found.push(Stretch { number, start, bytes });
        at = next;
    }
    found
}

/// A state that a power loss may leave.
pub struct State {
    /// What each device holds.
    pub media: Vec<Medium>,
    /// Where in the log it happened, in words.
    pub history: String,
    /// Whether everything that the program waited for was durable.
    pub program_is_done: bool,
}

/// How many states there are, and of how many stretches between two flushes.
#[derive(Default)]
pub struct Counts {
    pub intervals: usize,
    pub sampled: usize,
}

/// A part of a write that may have reached its device.
struct Unflushed {
    device: usize,
    stretch: Stretch,
}

/// The search for every state that a log allows.
pub struct Search {
    sample: Sample,
    durable: Vec<Medium>,
    unflushed: Vec<Unflushed>,
    seen: HashSet<[u8; 32]>,
    /// What was found.
    pub states: Vec<State>,
    pub counts: Counts,
}

/// Every state of some devices behind the entry `begun` of their common log. Between two flushes of a
/// device any of the blocks that were written to it may have reached it, or none.
pub fn states(start: Vec<Medium>, log: &[(usize, Entry)], begun: usize, sample: Sample) -> Search {
    let mut search = Search {
        sample,
        durable: start,
        unflushed: Vec::new(),
        seen: HashSet::new(),
        states: Vec::new(),
        counts: Counts::default(),
    };
    for (index, (device, entry)) in log.iter().enumerate() {
        match entry {
            Entry::Write { offset, bytes } => {
                let device = *device;
                let parts = stretches(*offset, bytes).into_iter();
                search.unflushed.extend(parts.map(|stretch| Unflushed { device, stretch }));
            }
            Entry::Flush => {
                if index >= begun {
                    search.lose_power(index);
                }
                search.flush(*device);
            }
        }
    }
    let history = format!("after the last flush before {}", log.len());
    let media = search.durable.clone();
    search.states.push(State { media, history, program_is_done: true });
    search
}

impl Search {
    fn flush(&mut self, device: usize) {
        let (flushed, left) =
            std::mem::take(&mut self.unflushed).into_iter().partition(|u| u.device == device);
        self.unflushed = left;
        let flushed: Vec<Unflushed> = flushed;
        flushed.iter().for_each(|u| self.durable[device].apply(&u.stretch));
    }

    fn lose_power(&mut self, index: usize) {
        let (mut number, count) = (0, self.unflushed.len());
        let drawn = choices(&vec![2; count], self.sample, |chosen| {
            let mut media = self.durable.clone();
            let kept = self.unflushed.iter().zip(chosen).filter(|(_, kept)| **kept == 1);
            kept.for_each(|(u, _)| media[u.device].apply(&u.stretch));
            if self.seen.insert(digest(&media)) {
                let history = format!("before flush {index}, {count} blocks, choice {number}");
                self.states.push(State { media, history, program_is_done: false });
            }
            number += 1;
        });
        self.counts.intervals += 1;
        self.counts.sampled += usize::from(drawn > 0);
    }
}

fn digest(media: &[Medium]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    media.iter().for_each(|medium| hasher.update(medium.digest()));
    hasher.finalize().into()
}
