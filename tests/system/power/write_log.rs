//! The log of a block device: every write and every flush, in their order.
//!
//! The format is that of the kernel's dm-log-writes (`Documentation/admin-guide/device-mapper/
//! log-writes.rst`), which QEMU writes too: a super block in the first sector, then for each entry a
//! sector that describes it, and its data in whole sectors.

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const FUA: u64 = 2;
const DISCARD: u64 = 4;

/// Bytes of a sector of the device, and of the log.
pub const SECTOR_BYTES: usize = 512;

/// What the device was asked for.
pub enum Entry {
    /// Bytes at an offset of the device.
    Write { offset: usize, bytes: Vec<u8> },
    /// Everything that was written before is durable.
    Flush,
}

/// How many entries a log has.
pub fn count(log: &[u8]) -> usize {
    if log.len() < SECTOR_BYTES {
        return 0;
    }
    assert_eq!(number(log, 0), MAGIC, "no log of writes");
    number(log, 16) as usize
}

/// Reads a whole log.
pub fn read(log: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut at = SECTOR_BYTES;
    for _ in 0..count(log) {
        let [sector, sectors, flags] = [0, 8, 16].map(|field| number(log, at + field));
        let (offset, length) = (sector as usize * SECTOR_BYTES, sectors as usize * SECTOR_BYTES);
        at += SECTOR_BYTES;
        assert_eq!(flags & DISCARD, 0, "nothing is discarded: what it reads as is not known");
        if flags & FLUSH != 0 {
            entries.push(Entry::Flush);
        }
        if length > 0 {
            entries.push(Entry::Write { offset, bytes: log[at..at + length].to_vec() });
            at += length;
        }
        if flags & FUA != 0 {
            entries.push(Entry::Flush);
        }
    }
    entries
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The logs of some devices as one log, each entry with the number of its device, and where the first of
/// `moments` lies in it. A moment says how many entries each log had; behind the last nothing is taken.
/// In what order two devices were written between two moments is not known: the first goes first.
pub fn merge(logs: Vec<Vec<Entry>>, moments: &[Vec<usize>]) -> (Vec<(usize, Entry)>, usize) {
    let mut rest: Vec<_> = logs.into_iter().map(|log| log.into_iter()).collect();
    let mut merged = Vec::new();
    let mut taken = vec![0; rest.len()];
    let mut begun = 0;
    for (number, moment) in moments.iter().enumerate() {
        for (device, &until) in moment.iter().enumerate() {
            let entries = rest[device].by_ref().take(until - taken[device]);
            merged.extend(entries.map(|entry| (device, entry)));
            taken[device] = until;
        }
        if number == 0 {
            begun = merged.len();
        }
    }
    (merged, begun)
}
