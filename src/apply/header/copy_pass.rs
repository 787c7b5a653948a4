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
//!
//! Where the system does not start all of these threads, one does everything, in the order of the arrows.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::guards::reason;
use crate::refusal::Refusal;
use crate::storage::{
    AlignedBuffer, DirectFile, File, PIECE_BYTES, Piece, Pieces, Result, StorageError,
    start_threads,
};
use crate::survey::{PageFacts, PageLayout, PagesPrint, PagesPrinting};

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
    /// Whether it is told what its pages are known by.
    pub print: Option<PageLayout>,
    /// Where the copy goes, and how it is read back.
    pub copy: Option<Copy<'a>>,
}

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

/// What came of it.
#[derive(Debug)]
pub struct Passed {
    /// SHA-256 of the source.
    pub sha256: [u8; 32],
    /// SHA-256 of the copy as it was read back.
    pub copy_sha256: Option<[u8; 32]>,
    /// Its pages.
    pub pages: Option<PageFacts>,
    /// What they are known by.
    pub print: Option<PagesPrint>,
}

/// Carries a pass out, and tells how far it is.
pub fn run(context: Context, what: &str, pass: &Pass) -> std::result::Result<Passed, Refusal> {
    context.observer.begin_bytes(what, pass.length_bytes);
    let watched = Watched::default();
    let done = thread::scope(|scope| {
        let (tell, hear) = mpsc::channel();
        let watched = &watched;
        let work = move || {
            // The listener outlives this thread.
            let _ = tell.send(carry_out(pass, watched));
        };
        if start_threads(scope, 1, work) == 0 {
            return in_turn(pass, watched, &|| watched.tell(context));
        }
        loop {
            let heard = hear.recv_timeout(TICK);
            watched.tell(context);
            match heard {
                Ok(done) => break done,
                Err(RecvTimeoutError::Disconnected) => break Ok(None),
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

/// What a pass and whoever watches it know of each other.
#[derive(Default)]
struct Watched {
    stop: AtomicBool,
    done_bytes: AtomicU64,
}

impl Watched {
    /// Tells the watcher how far it is, and hears whether to go on.
    fn tell(&self, context: Context) {
        context.observer.advance_bytes(self.done_bytes.swap(0, Ordering::Relaxed));
        if context.is_interrupted() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn note_done(&self, block: &Block) {
        let range = block.piece.range();
        self.done_bytes.fetch_add(range.end - range.start, Ordering::Relaxed);
    }
}

/// What the threads of a pass share.
struct Shared<'a> {
    watched: &'a Watched,
    /// One of them cannot go on.
    stop: AtomicBool,
    /// How far the copy is written.
    written: Mark,
    /// How far it is synced.
    synced: Mark,
}

impl<'a> Shared<'a> {
    fn new(watched: &'a Watched) -> Self {
        let (written, synced) = (Mark::default(), Mark::default());
        Self { watched, stop: AtomicBool::new(false), written, synced }
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.watched.is_stopped()
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

fn carry_out(pass: &Pass, watched: &Watched) -> Done<Passed> {
    in_threads(pass, watched).unwrap_or_else(|| in_turn(pass, watched, &|| ()))
}

/// Everything side by side; `None` where a thread could not be started. Nothing was read or written then:
/// all of it begins in the thread that is started already.
fn in_threads(pass: &Pass, watched: &Watched) -> Option<Done<Passed>> {
    let shared = &Shared::new(watched);
    thread::scope(|scope| {
        let written = pass.copy.as_ref().filter(|copy| copy.write);
        let writer = written.map(|copy| Writer::start(scope, pass, copy, shared)).transpose();
        let back = pass.copy.as_ref();
        let back = back.map(|copy| ReadBack::start(scope, pass.length_bytes, copy, shared));
        let (Ok(writer), Ok(back)) = (writer, back.transpose()) else {
            shared.stop();
            return None;
        };
        if writer.is_none() {
            shared.written.set(pass.length_bytes);
        }
        let (thread, blocks) = writer.map(|writer| (writer.thread, writer.blocks)).unzip();
        let source = stopping(shared, || read_source(pass, shared, blocks));
        let written = thread.map(|thread| thread.join().unwrap_or(Ok(None)));
        let back = back.map(ReadBack::join);
        Some(result_of(source, written, back))
    })
}

/// The result of all threads: an error of one, or that one was stopped, before anything else.
fn result_of(
    source: Done<Passed>,
    written: Option<Done<()>>,
    back: Option<Done<[u8; 32]>>,
) -> Done<Passed> {
    let (source, written, back) = (source?, written.transpose()?, back.transpose()?);
    if written == Some(None) || back == Some(None) {
        return Ok(None);
    }
    let copy_sha256 = back.flatten();
    Ok(source.map(|judged| Passed { copy_sha256, ..judged }))
}

/// Everything by this thread, one after the other; `after_each` is called behind each piece.
fn in_turn(pass: &Pass, watched: &Watched, after_each: &dyn Fn()) -> Done<Passed> {
    let mut source = Source::new(pass)?;
    let mut buffer = new_buffer();
    while let Some(piece) = source.next()? {
        let mut block = Block { buffer, piece };
        source.take(&mut block, watched)?;
        if let Some(copy) = pass.copy.as_ref().filter(|copy| copy.write) {
            copy.put(&block)?;
        }
        buffer = block.buffer;
        after_each();
        if watched.is_stopped() {
            return Ok(None);
        }
    }
    let mut passed = source.finish();
    let Some(copy) = &pass.copy else { return Ok(Some(passed)) };
    copy.file.sync()?;
    let (file, mut hasher) = (copy.to_read_back(), Hasher::default());
    let mut pieces = Pieces::of(file, pass.length_bytes)?;
    while let Some(piece) = pieces.next(file)? {
        let mut block = Block { buffer, piece };
        fill(file, &mut block)?;
        hasher.update(&block);
        watched.note_done(&block);
        buffer = block.buffer;
        after_each();
        if watched.is_stopped() {
            return Ok(None);
        }
    }
    passed.copy_sha256 = Some(hasher.finish());
    Ok(Some(passed))
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

/// The source as it is read: every block of it is hashed and judged.
struct Source<'a> {
    pass: &'a Pass<'a>,
    pieces: Pieces,
    hasher: Hasher,
    facts: Option<PageFacts>,
    printing: Option<PagesPrinting>,
}

impl<'a> Source<'a> {
    fn new(pass: &'a Pass) -> Result<Self> {
        let pieces = Pieces::of(pass.source, pass.length_bytes)?;
        let facts = pass.pages.map(|_| PageFacts::default());
        let printing = pass.print.map(|layout| PagesPrinting::new(layout, pass.length_bytes));
        Ok(Self { pass, pieces, hasher: Hasher::default(), facts, printing })
    }

    fn next(&mut self) -> Result<Option<Piece>> {
        self.pieces.next(self.pass.source)
    }

    /// Reads a block. Where nothing is copied, it is done with that.
    fn take(&mut self, block: &mut Block, watched: &Watched) -> Result<()> {
        fill(self.pass.source, block)?;
        if let (0, Some(head)) = (block.piece.range().start, self.pass.head) {
            block.buffer.bytes_mut()[..head.len()].copy_from_slice(head);
        }
        self.hasher.update(block);
        judge(&mut self.facts, self.pass.pages, block);
        if let Some(printing) = &mut self.printing {
            match &block.piece {
                Piece::Data(range) => printing.block(block.bytes(), range.start),
                Piece::Hole(range) => printing.hole(range.start, range.end),
            }
        }
        if self.pass.copy.is_none() {
            watched.note_done(block);
        }
        Ok(())
    }

    fn finish(self) -> Passed {
        let print = self.printing.map(PagesPrinting::finish);
        Passed { sha256: self.hasher.finish(), copy_sha256: None, pages: self.facts, print }
    }
}

/// Reads the source, and hands every block to the writer.
fn read_source(
    pass: &Pass,
    shared: &Shared,
    writer: Option<(Sender<Block>, Receiver<AlignedBuffer>)>,
) -> Done<Passed> {
    let mut source = Source::new(pass)?;
    let mut kept = writer.is_none().then(new_buffer);
    while let Some(piece) = source.next()? {
        let next = kept.take().or_else(|| writer.as_ref().and_then(|(_, empty)| empty.recv().ok()));
        let Some(buffer) = next.filter(|_| !shared.is_stopped()) else { return Ok(None) };
        let mut block = Block { buffer, piece };
        source.take(&mut block, shared.watched)?;
        let Some((full, _)) = &writer else {
            kept = Some(block.buffer);
            continue;
        };
        if full.send(block).is_err() {
            return Ok(None);
        }
    }
    Ok(Some(source.finish()))
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

/// The thread that writes the copy, and what it is handed: full blocks, for empty buffers.
struct Writer<'scope> {
    thread: ScopedJoinHandle<'scope, Done<()>>,
    blocks: (Sender<Block>, Receiver<AlignedBuffer>),
}

impl<'scope> Writer<'scope> {
    fn start(
        scope: &'scope Scope<'scope, '_>,
        pass: &'scope Pass,
        copy: &'scope Copy,
        shared: &'scope Shared,
    ) -> std::io::Result<Self> {
        let (full, filled) = mpsc::channel();
        let (empty, emptied) = buffers();
        let write = move || {
            stopping(shared, || write_all(pass.length_bytes, copy, shared, &filled, &empty))
        };
        let thread = Builder::new().spawn_scoped(scope, write)?;
        Ok(Self { thread, blocks: (full, emptied) })
    }
}

/// Empty buffers that go round, and the way back for them.
fn buffers() -> (Sender<AlignedBuffer>, Receiver<AlignedBuffer>) {
    let (empty, emptied) = mpsc::channel();
    // The receiver is there.
    (0..BUFFERS).for_each(|_| empty.send(new_buffer()).unwrap_or_default());
    (empty, emptied)
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
    fn put(&self, block: &Block) -> Result<()> {
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
    fn to_read_back(&self) -> &dyn File {
        if let Some(direct) = self.direct {
            return direct.file.as_ref();
        }
        self.file.drop_cache();
        self.file
    }
}

/// The threads that sync the copy stretch by stretch, read it back from the medium, and hash it.
struct ReadBack<'scope> {
    syncing: ScopedJoinHandle<'scope, Done<()>>,
    hashing: ScopedJoinHandle<'scope, [u8; 32]>,
    reading: ScopedJoinHandle<'scope, Done<()>>,
}

impl<'scope> ReadBack<'scope> {
    fn start(
        scope: &'scope Scope<'scope, '_>,
        length: u64,
        copy: &'scope Copy,
        shared: &'scope Shared,
    ) -> std::io::Result<Self> {
        let (full, filled) = mpsc::channel();
        let (empty, emptied) = buffers();
        let sync = move || stopping(shared, || sync_written(length, copy, shared));
        let hash = move || hash_all(shared, &filled, &empty);
        let read = move || stopping(shared, || read_synced(length, copy, shared, &full, &emptied));
        Ok(Self {
            syncing: Builder::new().spawn_scoped(scope, sync)?,
            hashing: Builder::new().spawn_scoped(scope, hash)?,
            reading: Builder::new().spawn_scoped(scope, read)?,
        })
    }

    fn join(self) -> Done<[u8; 32]> {
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

#[cfg(test)]
mod tests {
    use crate::storage::{Access, Disk, Storage};

    use super::*;

    /// A source of three pieces and a bit with a hole in the middle, and an empty file for its copy.
    fn files(folder: &std::path::Path) -> (Box<dyn File>, Box<dyn File>, u64) {
        let (source, copy) = (folder.join("source"), folder.join("copy"));
        let made = Disk.create(&source).unwrap();
        let length = 3 * PIECE_BYTES + 8192;
        made.set_length(length).unwrap();
        made.write_at(&[7; 4096], 0).unwrap();
        made.write_at(&[9; 8192], 3 * PIECE_BYTES).unwrap();
        let copy = Disk.create(&copy).unwrap();
        copy.set_length(length).unwrap();
        (Disk.open(&source, Access::Read).unwrap(), copy, length)
    }

    #[test]
    fn one_thread_alone_comes_to_what_all_of_them_do() {
        type Way = fn(&Pass, &Watched) -> Done<Passed>;
        let ways: [Way; 2] = [
            |pass, watched| in_threads(pass, watched).expect("threads"),
            |pass, watched| in_turn(pass, watched, &|| ()),
        ];
        let pages = Some(PageLayout::of(3 * PIECE_BYTES + 8192, 4096));
        let came_to = ways.map(|way| {
            let folder = tempfile::tempdir().unwrap();
            let (source, copy, length_bytes) = files(folder.path());
            let copied = Copy { file: copy.as_ref(), direct: None, write: true, sparse: true };
            let copied = Some(copied);
            let pass = Pass {
                source: source.as_ref(),
                length_bytes,
                head: None,
                pages,
                print: None,
                copy: copied,
            };
            let watched = Watched::default();
            let passed = way(&pass, &watched).unwrap().unwrap();
            let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
            assert!(read("source") == read("copy"));
            assert_eq!(passed.copy_sha256, Some(passed.sha256));
            (passed.sha256, passed.pages.unwrap().total, watched.done_bytes.into_inner())
        });
        assert_eq!(came_to[0], came_to[1]);
        assert_eq!(came_to[0].2, 3 * PIECE_BYTES + 8192);
    }

    #[test]
    fn one_thread_alone_stops_when_it_is_asked_to() {
        let folder = tempfile::tempdir().unwrap();
        let (source, _, length_bytes) = files(folder.path());
        let pass = Pass {
            source: source.as_ref(),
            length_bytes,
            head: None,
            pages: None,
            print: None,
            copy: None,
        };
        let watched = Watched::default();
        let ask = || watched.stop.store(true, Ordering::Relaxed);
        assert!(in_turn(&pass, &watched, &ask).unwrap().is_none());
    }
}
