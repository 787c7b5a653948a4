//! The copy of a pass: the threads that write it, sync it, read it back from the medium, and hash it.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use crate::storage::{AlignedBuffer, DirectFile, File, PIECE_BYTES, Piece, Pieces, Result};

use super::block::{Block, Hasher, buffers, fill};
use super::pass_state::{Done, Shared, stopping};

/// How much of a copy must be written before it is synced and read back.
const SYNC_EVERY_BYTES: u64 = 64 * PIECE_BYTES;

/// A copy that is made, or that was made by the file system.
pub struct Copy<'a> {
    /// The copy. It has its length already.
    pub file: &'a dyn File,
    /// The copy, opened past the system's cache; `None` where that cannot be had.
    pub direct: Option<&'a DirectFile>,
    /// Whether it must be written. A clone has its content already.
    pub write: bool,
    /// Whether blocks of zeros are left out.
    pub sparse: bool,
}

/// The thread that writes the copy, and what it is handed: full blocks, for empty buffers.
pub(super) struct Writer<'scope> {
    pub(super) thread: ScopedJoinHandle<'scope, Done<()>>,
    pub(super) blocks: (Sender<Block>, Receiver<AlignedBuffer>),
}

impl<'scope> Writer<'scope> {
    pub(super) fn start(
        scope: &'scope Scope<'scope, '_>,
        length: u64,
        copy: &'scope Copy,
        shared: &'scope Shared,
    ) -> std::io::Result<Self> {
        let (full, filled) = mpsc::channel();
        let (empty, emptied) = buffers(length);
        let write = move || stopping(shared, || write_all(length, copy, shared, &filled, &empty));
        let thread = Builder::new().spawn_scoped(scope, write)?;
        Ok(Self { thread, blocks: (full, emptied) })
    }
}

/// Writes what the source thread hands over; holes stay holes.
fn write_all(
    length: u64,
    copy: &Copy,
    shared: &Shared,
    filled: &Receiver<Block>,
    empty: &Sender<AlignedBuffer>,
) -> Done<()> {
    let mut up_to = 0;
    for block in filled {
        copy.put(&block)?;
        up_to = block.piece.range().end;
        shared.written.set(up_to);
        // The source thread may have read all it needs.
        let _ = empty.send(block.buffer);
    }
    Ok((up_to == length).then_some(()))
}

impl Copy<'_> {
    /// Writes a block, unless it stays a hole.
    pub(super) fn put(&self, block: &Block) -> Result<()> {
        let Piece::Data(range) = &block.piece else { return Ok(()) };
        if self.sparse && block.bytes().iter().all(|&byte| byte == 0) {
            return Ok(());
        }
        self.written_by(block).write_at(block.bytes(), range.start)
    }

    /// Past the cache if it can be: the medium is busy at once, and the sync has little left to do. Not
    /// the end of a file that is no whole block.
    fn written_by(&self, block: &Block) -> &dyn File {
        let is_whole = AlignedBuffer::holds_whole_blocks(block.bytes().len());
        let direct = self.direct.filter(|direct| direct.is_writable && is_whole);
        direct.map_or(self.file, |direct| direct.file.as_ref())
    }

    /// The copy as it is read from the medium: past the cache, or after the cache was told to forget it.
    pub(super) fn to_read_back(&self) -> &dyn File {
        if let Some(direct) = self.direct {
            return direct.file.as_ref();
        }
        self.file.drop_cache();
        self.file
    }
}

/// The threads that sync the copy stretch by stretch, read it back from the medium, and hash it.
pub(super) struct ReadBack<'scope> {
    syncing: ScopedJoinHandle<'scope, Done<()>>,
    hashing: ScopedJoinHandle<'scope, [u8; 32]>,
    reading: ScopedJoinHandle<'scope, Done<()>>,
}

impl<'scope> ReadBack<'scope> {
    pub(super) fn start(
        scope: &'scope Scope<'scope, '_>,
        length: u64,
        copy: &'scope Copy,
        shared: &'scope Shared,
    ) -> std::io::Result<Self> {
        let (full, filled) = mpsc::channel();
        let (empty, emptied) = buffers(length);
        let sync = move || stopping(shared, || sync_written(length, copy, shared));
        let hash = move || hash_all(shared, &filled, &empty);
        let read = move || stopping(shared, || read_synced(length, copy, shared, &full, &emptied));
        Ok(Self {
            syncing: Builder::new().spawn_scoped(scope, sync)?,
            hashing: Builder::new().spawn_scoped(scope, hash)?,
            reading: Builder::new().spawn_scoped(scope, read)?,
        })
    }

    pub(super) fn join(self) -> Done<[u8; 32]> {
        let read = self.reading.join().unwrap_or(Ok(None));
        let sha256 = self.hashing.join().unwrap_or_default();
        let synced = self.syncing.join().unwrap_or(Ok(None))?;
        Ok(read?.and(synced).map(|()| sha256))
    }
}

fn hash_all(shared: &Shared, filled: &Receiver<Block>, empty: &Sender<AlignedBuffer>) -> [u8; 32] {
    let mut hasher = Hasher::default();
    for block in filled {
        hasher.update(&block);
        shared.watched.note_done(&block);
        // The reader may have read all it needs.
        let _ = empty.send(block.buffer);
    }
    hasher.finish()
}

fn sync_written(length: u64, copy: &Copy, shared: &Shared) -> Done<()> {
    let mut at = 0;
    loop {
        let wanted = length.min(at + SYNC_EVERY_BYTES);
        let Some(up_to) = shared.written.wait(wanted, shared) else { return Ok(None) };
        copy.file.sync()?;
        shared.synced.set(up_to);
        at = up_to;
        if at >= length {
            return Ok(Some(()));
        }
    }
}

fn read_synced(
    length: u64,
    copy: &Copy,
    shared: &Shared,
    full: &Sender<Block>,
    emptied: &Receiver<AlignedBuffer>,
) -> Done<()> {
    let mut at = 0;
    loop {
        let wanted = length.min(at + 1);
        let Some(up_to) = shared.synced.wait(wanted, shared) else { return Ok(None) };
        let file = copy.to_read_back();
        let mut pieces = Pieces::of(file, up_to)?.from(at);
        while let Some(piece) = pieces.next(file)? {
            let Some(buffer) = emptied.recv().ok().filter(|_| !shared.is_stopped()) else {
                return Ok(None);
            };
            let mut block = Block { buffer, piece };
            fill(file, &mut block)?;
            if full.send(block).is_err() {
                return Ok(None);
            }
        }
        at = up_to;
        if at >= length {
            return Ok(Some(()));
        }
    }
}
