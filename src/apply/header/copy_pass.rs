//! One pass over a file: read once, hashed, its pages judged, copied, and the copy read back.
//!
//! ```text
//! source --> read, hash, judge --> write --> sync --> read back --> hash
//! ```
//!
//! Each arrow between the last four crosses threads, so that both digests grow side by side, and the
//! medium writes one stretch of the copy while it reads the one before. A stretch is read back only
//! after a sync that began when it was written. Memory: the buffers that go round, at most
//! [`BUFFERS`](super::block::BUFFERS) of one piece on each side.
//!
//! Where the system does not start all of these threads, one does everything, in the order of the arrows.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;

use crate::guards::reason;
use crate::refusal::Refusal;
use crate::storage::{AlignedBuffer, File, Piece, Pieces, Result, start_threads};
use crate::survey::{PageFacts, PageLayout, PagesPrint, PagesPrinting};

use super::super::context::Context;
use super::super::outcome::interrupted;
use super::block::{Block, Hasher, fill, new_buffer};
use super::copying::{Copy, ReadBack, Writer};
use super::pass_state::{Done, Shared, TICK, Watched, stopping};

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

fn carry_out(pass: &Pass, watched: &Watched) -> Done<Passed> {
    in_threads(pass, watched).unwrap_or_else(|| in_turn(pass, watched, &|| ()))
}

/// Everything side by side; `None` where a thread could not be started. Nothing was read or written then:
/// all of it begins in the thread that is started already.
fn in_threads(pass: &Pass, watched: &Watched) -> Option<Done<Passed>> {
    let shared = &Shared::new(watched);
    thread::scope(|scope| {
        let written = pass.copy.as_ref().filter(|copy| copy.write);
        let writer =
            written.map(|copy| Writer::start(scope, pass.length_bytes, copy, shared)).transpose();
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
    let mut buffer = new_buffer(pass.length_bytes);
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
    let mut kept = writer.is_none().then(|| new_buffer(pass.length_bytes));
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use crate::storage::{Access, Disk, PIECE_BYTES, Storage};

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
