//! What an operation does to a medium, and what of it a crash may leave.

use std::ops::Range;
use std::sync::Arc;

use twox_hash::XxHash3_128 as Hasher;

use super::choices::{Sample, choices};
use super::tree::{Ino, Tree};

const SECTOR_BYTES: usize = 512;
const WORD_BYTES: usize = 4;

/// One effect, or a sync that makes earlier ones durable.
#[derive(Debug)]
pub enum Event {
    /// Bytes of a file, inside its length at that time.
    Data { ino: Ino, offset: usize, before: Vec<u8>, after: Vec<u8> },
    /// The length of a file.
    Length { ino: Ino, from: usize, to: usize },
    /// A name for a new file or folder.
    Link { dir: Ino, name: String, ino: Ino, is_dir: bool },
    /// A name taken away.
    Unlink { dir: Ino, name: String },
    /// A name for another name: atomic.
    Rename { from: (Ino, String), to: (Ino, String), ino: Ino },
    /// Content and length of a file are durable.
    SyncFile(Ino),
    /// The sync of a file failed: what was not durable may or may not have reached the medium, and no
    /// later sync will bring it there.
    SyncFailed(Ino),
    /// The names in a folder are durable.
    SyncDir(Ino),
}

impl Event {
    /// Adds everything that it does.
    pub fn digest_into(&self, hasher: &mut Hasher) {
        match self {
            Self::Data { ino, offset, before, after } => {
                hasher.write(format!("data {ino} {offset} {} ", after.len()).as_bytes());
                hasher.write(before);
                hasher.write(after);
            }
            other => hasher.write(format!("{other:?} ").as_bytes()),
        }
    }

    fn file(&self) -> Option<Ino> {
        match self {
            Self::Data { ino, .. } | Self::Length { ino, .. } => Some(*ino),
            _ => None,
        }
    }

    fn names(&self) -> Vec<(Ino, &str)> {
        match self {
            Self::Link { dir, name, .. } | Self::Unlink { dir, name } => vec![(*dir, name)],
            Self::Rename { from, to, .. } => vec![(from.0, &from.1), (to.0, &to.1)],
            _ => Vec::new(),
        }
    }

    fn range(&self) -> Range<usize> {
        match self {
            Self::Data { offset, after, .. } => *offset..offset + after.len(),
            _ => 0..0,
        }
    }

    /// Makes it so, whole.
    pub fn apply(&self, tree: &mut Tree) {
        match self {
            Self::Data { ino, offset, after, .. } => {
                tree.write(*ino, |bytes| write_within(bytes, *offset, after));
            }
            Self::Length { ino, to, .. } => tree.write(*ino, |bytes| bytes.resize(*to, 0)),
            Self::Link { dir, name, ino, .. } => tree.link(*dir, name, *ino),
            Self::Unlink { dir, name } => tree.unlink(*dir, name),
            Self::Rename { to, ino, .. } => {
                tree.unlink_everywhere(*ino);
                tree.link(to.0, &to.1, *ino);
            }
            Self::SyncFile(_) | Self::SyncFailed(_) | Self::SyncDir(_) => {}
        }
    }

    /// The units of a write that change something.
    fn pieces(&self, unit: usize) -> Vec<Range<usize>> {
        let Self::Data { offset, before, after, .. } = self else { return Vec::new() };
        let (start, end) = (*offset, offset + after.len());
        let units = (start / unit..end.div_ceil(unit)).map(|n| {
            let (from, to) = ((n * unit).max(start), ((n + 1) * unit).min(end));
            from - start..to - start
        });
        units.filter(|piece| before[piece.clone()] != after[piece.clone()]).collect()
    }

    /// The lengths that a file may have while it grows: the old, the new, and whole sectors between.
    fn lengths(&self) -> Vec<usize> {
        let Self::Length { from, to, .. } = self else { return Vec::new() };
        let sectors = (1..).map(|n| n * SECTOR_BYTES).take_while(|length| length < to);
        let between = sectors.filter(|length| length > from);
        [*from, *to].into_iter().chain(between).collect()
    }

    /// How it may be torn.
    fn parts(&self, unit: usize) -> Parts {
        match self {
            Self::Data { .. } => Parts::Pieces(self.pieces(unit)),
            Self::Length { .. } => Parts::Lengths(self.lengths()),
            _ => Parts::Whole,
        }
    }

    /// Makes it so as far as `chosen` says.
    fn apply_chosen(&self, tree: &mut Tree, parts: &Parts, chosen: &[u64]) {
        match (self, parts) {
            (Self::Data { ino, offset, after, .. }, Parts::Pieces(pieces)) => {
                let kept = pieces.iter().zip(chosen).filter(|(_, kept)| **kept == 1);
                tree.write(*ino, |bytes| {
                    for (piece, _) in kept {
                        write_within(bytes, offset + piece.start, &after[piece.clone()]);
                    }
                });
            }
            (Self::Length { ino, .. }, Parts::Lengths(lengths)) => {
                tree.write(*ino, |bytes| bytes.resize(lengths[chosen[0] as usize], 0));
            }
            _ if chosen[0] == 1 => self.apply(tree),
            _ => {}
        }
    }
}

/// How an effect may be torn.
enum Parts {
    /// Any of these ranges of its bytes.
    Pieces(Vec<Range<usize>>),
    /// One of these lengths; the first is the one before.
    Lengths(Vec<usize>),
    /// Not at all.
    Whole,
}

impl Parts {
    /// In how many ways each part may have reached the medium; 0 is always "not at all".
    fn radices(&self) -> Vec<u64> {
        match self {
            Self::Pieces(pieces) => vec![2; pieces.len()],
            Self::Lengths(lengths) => vec![lengths.len() as u64],
            Self::Whole => vec![2],
        }
    }
}

/// Bytes behind the end of a file are not there.
fn write_within(bytes: &mut [u8], offset: usize, after: &[u8]) {
    let end = bytes.len().min(offset + after.len());
    if offset < end {
        bytes[offset..end].copy_from_slice(&after[..end - offset]);
    }
}

#[derive(Clone)]
struct Unsynced {
    event: Arc<Event>,
    /// Its sync failed: no later one makes it durable.
    abandoned: bool,
}

/// What the medium holds for certain, and what may or may not have reached it.
#[derive(Clone)]
pub struct Snapshot {
    medium: Tree,
    unsynced: Vec<Unsynced>,
}

impl Snapshot {
    pub fn durable(medium: Tree) -> Self {
        Self { medium, unsynced: Vec::new() }
    }

    /// This state, numbered by its names where everything is on the medium.
    pub fn renumbered(self) -> Self {
        if self.is_durable() { Self::durable(self.medium.renumbered()) } else { self }
    }

    /// Whether everything is on the medium.
    pub fn is_durable(&self) -> bool {
        self.unsynced.is_empty()
    }

    /// What a running process sees.
    pub fn now(&self) -> Tree {
        let mut tree = self.medium.clone();
        self.unsynced.iter().for_each(|unsynced| unsynced.event.apply(&mut tree));
        tree
    }

    pub fn digest(&self) -> u128 {
        let mut hasher = Hasher::new();
        self.medium.digest_into(&mut hasher);
        hasher.write(&self.unsynced_digest().to_le_bytes());
        hasher.finish_128()
    }

    /// Of what may or may not be on the medium.
    pub fn unsynced_digest(&self) -> u128 {
        let mut hasher = Hasher::new();
        for unsynced in &self.unsynced {
            unsynced.event.digest_into(&mut hasher);
            hasher.write(&[u8::from(unsynced.abandoned)]);
        }
        hasher.finish_128()
    }

    /// The next event of a log.
    pub fn push(&mut self, event: &Arc<Event>) {
        match event.as_ref() {
            Event::SyncFile(ino) => {
                self.promote(|u| u.event.file() == Some(*ino) && !u.abandoned);
            }
            Event::SyncDir(dir) => {
                self.promote(|u| u.event.names().iter().any(|(at, _)| at == dir));
            }
            Event::SyncFailed(ino) => {
                let of_file = |u: &&mut Unsynced| u.event.file() == Some(*ino);
                self.unsynced.iter_mut().filter(of_file).for_each(|u| u.abandoned = true);
            }
            other => {
                if let Event::Link { ino, is_dir, .. } = other {
                    self.medium.ensure(*ino, *is_dir);
                }
                self.unsynced.push(Unsynced { event: Arc::clone(event), abandoned: false });
            }
        }
    }

    /// Makes effects durable, in their order. What they overrule is forgotten.
    fn promote(&mut self, is_durable: impl Fn(&Unsynced) -> bool) {
        let mut left: Vec<Unsynced> = Vec::new();
        for unsynced in std::mem::take(&mut self.unsynced) {
            if !is_durable(&unsynced) {
                left.push(unsynced);
                continue;
            }
            let event = unsynced.event;
            event.apply(&mut self.medium);
            left.retain(|earlier| !overrules(&event, &earlier.event));
        }
        self.unsynced = left;
    }

    /// Calls `each` with every state that a power loss may leave now. The size of the sample where there
    /// are too many, else 0.
    pub fn power_losses(&self, sample: Sample, mut each: impl FnMut(Tree)) -> usize {
        let mut drawn = 0;
        for unit in [SECTOR_BYTES, WORD_BYTES] {
            let parts: Vec<Parts> = self.unsynced.iter().map(|u| u.event.parts(unit)).collect();
            let radices: Vec<Vec<u64>> = parts.iter().map(Parts::radices).collect();
            drawn += choices(&radices.concat(), sample, |chosen| {
                let mut tree = self.medium.clone();
                let mut rest = chosen;
                for ((unsynced, parts), radices) in self.unsynced.iter().zip(&parts).zip(&radices) {
                    let (mine, others) = rest.split_at(radices.len());
                    unsynced.event.apply_chosen(&mut tree, parts, mine);
                    rest = others;
                }
                each(tree);
            });
        }
        drawn
    }
}

fn overrules(later: &Event, earlier: &Event) -> bool {
    let (range, covered) = (later.range(), earlier.range());
    let same_bytes = later.file().is_some()
        && later.file() == earlier.file()
        && !covered.is_empty()
        && range.start <= covered.start
        && covered.end <= range.end;
    same_bytes || later.names().iter().any(|name| earlier.names().contains(name))
}
