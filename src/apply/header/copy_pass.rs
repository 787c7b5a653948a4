//! One pass over a file: read once, hashed, its pages judged, copied, and the copy read back.
//!
//! ```text
//! source --> read, hash, judge --> write --> sync --> read back --> hash
//! ```
//!
//! Each arrow between the last four crosses threads, so that both digests grow side by side, and the
//! medium writes one stretch of the copy while it reads the one before. A stretch is read back only
//! after a sync that began when it was written. Memory: the buffers that go round, at most
//! [`BUFFERS`] of one piece on each side.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::guards::reason;
use crate::refusal::Refusal;
use crate::storage::{
    AlignedBuffer, DirectFile, File, PIECE_BYTES, Piece, Pieces, Result, StorageError,
};
use crate::survey::{PageFacts, PageLayout};

use super::super::context::Context;
use super::super::outcome::interrupted;

/// Buffers of one piece that go round between two threads.
const BUFFERS: usize = 8;

/// How much of a copy must be written before it is synced and read back.
const SYNC_EVERY_BYTES: u64 = 64 * PIECE_BYTES;

/// How often progress is told, and how long a thread waits before it looks whether to stop.
const TICK: Duration = Duration::from_millis(50);

/// What to do.
pub struct Pass<'a> {
    /// What is read.
    pub source: &'a dyn File,
    /// How much of it.
    pub length_bytes: u64,
    /// Bytes that are hashed in place of the first ones of the file.
    pub head: Option<&'a [u8]>,
    /// Whether its pages are judged, too.
    pub pages: Option<PageLayout>,
    /// Where the copy goes, and how it is read back.
    pub copy: Option<Copy<'a>>,
}

/// A copy that is made, or that was made by the file system.
pub struct Copy<'a> {
    /// The copy. It has its length already.
    pub file: &'a dyn File,
    /// The same past the system's cache; `None` where that cannot be had.
    pub direct: Option<&'a DirectFile>,
    /// Whether it must be written. A clone has its content already.
    pub write: bool,
    /// Whether blocks of zeros are left out.
    pub sparse: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Passed {
    /// SHA-256 of the source.
    pub sha256: [u8; 32],
    /// SHA-256 of the copy as it was read back.
    pub copy_sha256: Option<[u8; 32]>,
    /// Its pages.
    pub pages: Option<PageFacts>,
}

/// Carries a pass out, and tells how far it is.
pub fn run(context: Context, what: &str, pass: &Pass) -> std::result::Result<Passed, Refusal> {
    context.observer.begin_bytes(what, pass.length_bytes);
    let shared = Shared::default();
    let done = thread::scope(|scope| {
        let (tell, hear) = mpsc::channel();
        scope.spawn(|| {
            // The listener outlives this thread.
            let _ = tell.send(all_threads(pass, &shared));
            drop(tell);
        });
        loop {
            let heard = hear.recv_timeout(TICK);
            context.observer.advance_bytes(shared.done_bytes.swap(0, Ordering::Relaxed));
            match heard {
                Ok(done) => break done,
                Err(RecvTimeoutError::Disconnected) => break Ok(None),
                Err(RecvTimeoutError::Timeout) if context.is_interrupted() => shared.stop(),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    });
    context.observer.end_bytes();
    match done {
        Ok(Some(passed)) if !context.is_interrupted() => Ok(passed),
        Ok(_) => Err(interrupted(pass.source.path())),
        Err(error) => Err(reason(&error)),
    }
}

/// What the threads of a pass share.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    done_bytes: AtomicU64,
    /// How far the copy is written.
    written: Mark,
    /// How far it is synced.
    synced: Mark,
}

impl Shared {
    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// How far one thread is, for another that follows it.
#[derive(Default)]
struct Mark {
    bytes: Mutex<u64>,
    moved: Condvar,
}

impl Mark {
    fn bytes(&self) -> MutexGuard<'_, u64> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, up_to: u64) {
        *self.bytes() = up_to;
        self.moved.notify_one();
    }

    /// Waits until it is that far; `None` where the pass was stopped before.
    fn wait(&self, at_least: u64, shared: &Shared) -> Option<u64> {
        let mut bytes = self.bytes();
        while *bytes < at_least {
            if shared.is_stopped() {
                return None;
            }
            let waited = self.moved.wait_timeout(bytes, TICK);
            bytes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(*bytes)
    }
}

/// A thread's end: `None` where it was stopped.
type Done<T> = Result<Option<T>>;

fn all_threads(pass: &Pass, shared: &Shared) -> Done<Passed> {
    thread::scope(|scope| {
        let written = pass.copy.as_ref().filter(|copy| copy.write);
        let channels = written.map(|_| (mpsc::channel(), mpsc::channel()));
        let (to_writer, from_source) = match channels {
            Some(((full, filled), (empty, emptied))) => {
                (0..BUFFERS).for_each(|_| empty.send(new_buffer()).unwrap_or_default());
                (Some((full, emptied)), Some((filled, empty)))
            }
            None => (None, None),
        };
        let writer = written.zip(from_source).map(|(copy, (filled, empty))| {
            scope.spawn(move || stopping(shared, || write_all(pass, copy, shared, &filled, &empty)))
        });
        if written.is_none() {
            shared.written.set(pass.length_bytes);
        }
        let back = pass.copy.as_ref().map(|copy| {
            scope.spawn(move || stopping(shared, || read_back(pass.length_bytes, copy, shared)))
        });
        let source = stopping(shared, || read_source(pass, shared, to_writer));
        let written = writer.map(|thread| thread.join().unwrap_or(Ok(None)));
        let back = back.map(|thread| thread.join().unwrap_or(Ok(None)));
        let (source, written, back) = (source?, written.transpose()?, back.transpose()?);
        if written == Some(None) || back == Some(None) {
            return Ok(None);
        }
        let copy_sha256 = back.flatten();
        Ok(source.map(|(sha256, pages)| Passed { sha256, copy_sha256, pages }))
    })
}

/// An error of one thread stops the others.
fn stopping<T>(shared: &Shared, work: impl FnOnce() -> Done<T>) -> Done<T> {
    let done = work();
    if !matches!(done, Ok(Some(_))) {
        shared.stop();
    }
    done
}

/// A block on its way.
struct Block {
    buffer: AlignedBuffer,
    piece: Piece,
}

impl Block {
    /// The bytes of a piece of data.
    fn bytes(&self) -> &[u8] {
        let range = self.piece.range();
        &self.buffer.bytes()[..(range.end - range.start) as usize]
    }
}

fn new_buffer() -> AlignedBuffer {
    AlignedBuffer::new(PIECE_BYTES as usize)
}

/// Reads the source; every block is hashed and judged, and handed to the writer.
fn read_source(
    pass: &Pass,
    shared: &Shared,
    writer: Option<(Sender<Block>, Receiver<AlignedBuffer>)>,
) -> Done<([u8; 32], Option<PageFacts>)> {
    let mut hasher = Hasher::default();
    let mut facts = pass.pages.map(|_| PageFacts::default());
    let mut pieces = Pieces::of(pass.source, pass.length_bytes)?;
    let mut kept = writer.is_none().then(new_buffer);
    while let Some(piece) = pieces.next(pass.source)? {
        let next = kept.take().or_else(|| writer.as_ref().and_then(|(_, empty)| empty.recv().ok()));
        let Some(buffer) = next.filter(|_| !shared.is_stopped()) else { return Ok(None) };
        let mut block = Block { buffer, piece };
        fill(pass.source, &mut block)?;
        if let (0, Some(head)) = (block.piece.range().start, pass.head) {
            block.buffer.bytes_mut()[..head.len()].copy_from_slice(head);
        }
        hasher.update(&block);
        judge(&mut facts, pass.pages, &block);
        if pass.copy.is_none() {
            shared.note_done(&block);
        }
        let Some((full, _)) = &writer else {
            kept = Some(block.buffer);
            continue;
        };
        if full.send(block).is_err() {
            return Ok(None);
        }
    }
    Ok(Some((hasher.finish(), facts)))
}

impl Shared {
    fn note_done(&self, block: &Block) {
        let range = block.piece.range();
        self.done_bytes.fetch_add(range.end - range.start, Ordering::Relaxed);
    }
}

fn judge(facts: &mut Option<PageFacts>, layout: Option<PageLayout>, block: &Block) {
    let (Some(facts), Some(layout)) = (facts, layout) else { return };
    match &block.piece {
        Piece::Data(range) => facts.judge(layout, block.bytes(), range.start),
        Piece::Hole(range) => facts.judge_hole(layout, range.start, range.end),
    }
}

/// Reads a piece of data in whole aligned blocks, as a direct read wants it.
fn fill(file: &dyn File, block: &mut Block) -> Result<()> {
    let Piece::Data(range) = block.piece.clone() else { return Ok(()) };
    let wanted = (range.end - range.start) as usize;
    let mut done = 0;
    while done < wanted {
        let at = range.start + done as u64;
        match file.read_at(&mut block.buffer.bytes_mut()[done..], at)? {
            0 => {
                let error = std::io::Error::other("the file is shorter than it was");
                return Err(StorageError::at("read", file.path(), at, error));
            }
            read => done += read,
        }
    }
    Ok(())
}

/// Writes what the source thread hands over; holes stay holes.
fn write_all(
    pass: &Pass,
    copy: &Copy,
    shared: &Shared,
    filled: &Receiver<Block>,
    empty: &Sender<AlignedBuffer>,
) -> Done<()> {
    let mut up_to = 0;
    for block in filled {
        let range = block.piece.range();
        let is_data = matches!(block.piece, Piece::Data(_));
        let skipped = copy.sparse && block.bytes_if_data().iter().all(|&byte| byte == 0);
        if is_data && !skipped {
            copy.written_by(&block).write_at(block.bytes(), range.start)?;
        }
        up_to = range.end;
        shared.written.set(up_to);
        // The source thread may have read all it needs.
        let _ = empty.send(block.buffer);
    }
    Ok((up_to == pass.length_bytes).then_some(()))
}

impl Copy<'_> {
    /// Past the cache if it can be: the medium is busy at once, and the sync has little left to do. Not
    /// the end of a file that is no whole block.
    fn written_by(&self, block: &Block) -> &dyn File {
        let is_whole = AlignedBuffer::holds_whole_blocks(block.bytes().len());
        let direct = self.direct.filter(|direct| direct.is_writable && is_whole);
        direct.map_or(self.file, |direct| direct.file.as_ref())
    }
}

impl Block {
    fn bytes_if_data(&self) -> &[u8] {
        match self.piece {
            Piece::Data(_) => self.bytes(),
            Piece::Hole(_) => &[],
        }
    }
}

/// Syncs the copy stretch by stretch, reads it back from the medium and hashes it, each in a thread
/// of its own.
fn read_back(length: u64, copy: &Copy, shared: &Shared) -> Done<[u8; 32]> {
    let (full, filled) = mpsc::channel::<Block>();
    let (empty, emptied) = mpsc::channel();
    (0..BUFFERS).for_each(|_| empty.send(new_buffer()).unwrap_or_default());
    thread::scope(|scope| {
        let syncing = scope.spawn(|| stopping(shared, || sync_written(length, copy, shared)));
        let hashing = scope.spawn(move || {
            let mut hasher = Hasher::default();
            for block in filled {
                hasher.update(&block);
                shared.note_done(&block);
                // The reader may have read all it needs.
                let _ = empty.send(block.buffer);
            }
            hasher.finish()
        });
        let read = stopping(shared, || read_synced(length, copy, shared, &full, &emptied));
        drop(full);
        let sha256 = hashing.join().unwrap_or_default();
        let synced = syncing.join().unwrap_or(Ok(None))?;
        Ok(read?.and(synced).map(|()| sha256))
    })
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
    let file = copy.direct.map_or(copy.file, |direct| direct.file.as_ref());
    let mut at = 0;
    loop {
        let wanted = length.min(at + 1);
        let Some(up_to) = shared.synced.wait(wanted, shared) else { return Ok(None) };
        if copy.direct.is_none() {
            copy.file.drop_cache();
        }
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

/// SHA-256 over blocks; a hole counts as the zeros that it reads as.
struct Hasher {
    sha256: Sha256,
    zeros: Vec<u8>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { sha256: Sha256::new(), zeros: vec![0; 64 * 1024] }
    }
}

impl Hasher {
    fn update(&mut self, block: &Block) {
        match &block.piece {
            Piece::Data(_) => self.sha256.update(block.bytes()),
            Piece::Hole(range) => {
                let mut left = range.end - range.start;
                while left > 0 {
                    let now = left.min(self.zeros.len() as u64);
                    self.sha256.update(&self.zeros[..now as usize]);
                    left -= now;
                }
            }
        }
    }

    fn finish(self) -> [u8; 32] {
        self.sha256.finalize().into()
    }
}
