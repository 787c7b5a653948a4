//! All pages of a database whose header is lost: what they say for certain, and whether they are those that
//! logs tell of.

use crate::ese::PageStamps;
use crate::ese::PageVerdict;
use crate::ese::log_records::is_stamp;
use crate::ese::page::{FLAG_NEW_CHECKSUM, check_page, is_backup_trailer};
use crate::ese::shadow::PAGE_SIZES_BYTES;
use crate::storage::{AlignedBuffer, File, Piece, Pieces, Result, StorageError, read_full};

use super::page_facts::{HEADER_PAGES, HighestDbTime, PageLayout};
use super::pages_print::{PagesPrint, PagesPrinting};

/// Bytes read at once: a whole number of pages of every size.
const READ_BYTES: usize = 1024 * 1024;

/// Where a page has its stamp, its object and its flags.
const STAMP_AT: usize = 8;
const OBJECT_AT: usize = 24;
const FLAGS_AT: usize = 36;

/// The root of the space of a database, and of its catalogue: page, and the object that it belongs to.
const ROOTS: [(u32, u32); 2] = [(1, 1), (4, 2)];

/// Pages of which one at least must be good at the page size that is sought.
const TRIED_PAGES: u32 = 16;

/// The page sizes at which pages near the start of a file are good, in bytes.
pub fn page_sizes(file: &dyn File) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    for size in PAGE_SIZES_BYTES {
        let mut tried = 1..=TRIED_PAGES;
        if tried.try_fold(false, |good, page| Ok(good || is_good(file, size, page)?))? {
            found.push(size);
        }
    }
    Ok(found)
}

/// A sector that cannot be read says nothing of a page size.
fn is_good(file: &dyn File, size: usize, number: u32) -> Result<bool> {
    let mut page = vec![0; size];
    let read = read_full(file, &mut page, (u64::from(number) + 1) * size as u64);
    Ok(read.is_ok_and(|read| read == size) && check_page(&page, number) == PageVerdict::Ok)
}

/// The stamps of the pages against those that the logs of one database tell of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Named pages that are there.
    pub compared: u64,
    /// Those of them that have the stamp of their last change.
    pub equal: u64,
    /// Those that have an older stamp; the first of them.
    pub behind: u64,
    /// The first page that is behind.
    pub first_behind: Option<Difference>,
    /// Those of the pages behind that have exactly the stamp before their first change.
    pub at_start: u64,
    /// Pages with a stamp before that of the first change that is known.
    pub older: u64,
    /// The first page that is older.
    pub first_older: Option<Difference>,
    /// Pages with a stamp between the two that the logs never gave them.
    pub foreign: u64,
    /// The first page that is foreign.
    pub first_foreign: Option<Difference>,
    /// Pages behind whose stamp nothing in the logs explains, and nothing contradicts.
    pub unexplained: u64,
    /// Pages with a newer stamp than the logs give them.
    pub ahead: u64,
    /// The first page that is ahead.
    pub first_ahead: Option<Difference>,
    /// Named pages that are empty, or behind the end of the file.
    pub missing: u64,
}

/// A page with another stamp than the logs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its number.
    pub page: u32,
    /// Its stamp.
    pub found: u64,
    /// That of the logs.
    pub expected: u64,
}

/// What all pages say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageProof {
    /// Where they lie.
    pub layout: PageLayout,
    /// Good data pages.
    pub good: u64,
    /// Empty ones.
    pub empty: u64,
    /// Bad ones, correctable ones among them, and those that cannot be read.
    pub bad: u64,
    /// The number of the first bad one.
    pub first_bad: Option<u32>,
    /// The newest stamp; `None` where no page is good.
    pub newest: Option<HighestDbTime>,
    /// The highest object id.
    pub highest_object: u32,
    /// Whether a page has an ECC checksum.
    pub has_ecc: bool,
    /// Whether the last page is the trailer of a streaming backup.
    pub has_trailer: bool,
    /// Roots that are not what they must be.
    pub lost_roots: Vec<u32>,
    /// For each that was asked for: the comparison with its logs.
    pub comparisons: Vec<Comparison>,
    /// What they are known by; `None` where one could not be read.
    pub print: Option<PagesPrint>,
}

/// Reads all pages. `advance` is told the bytes done and says whether to go on; `None` where it said no.
///
/// # Errors
///
/// The file became shorter. A page that cannot be read is bad.
pub fn prove_pages(
    file: &dyn File,
    layout: PageLayout,
    named: &[&PageStamps],
    mut advance: impl FnMut(u64) -> bool,
) -> Result<Option<PageProof>> {
    let mut proving = Proving::new(layout, file.status()?.length_bytes, named);
    let mut pieces = Pieces::of(file, layout.end_bytes())?;
    let mut buffer = AlignedBuffer::new(READ_BYTES);
    while let Some(piece) = pieces.next(file)? {
        let range = piece.range();
        match piece {
            Piece::Data(_) => {
                let block = &mut buffer.bytes_mut()[..(range.end - range.start) as usize];
                proving.read(file, block, range.start)?;
            }
            Piece::Hole(_) => proving.hole(range.start, range.end),
        }
        if !advance(range.end - range.start) {
            return Ok(None);
        }
    }
    Ok(Some(proving.finish()))
}

struct Proving<'a> {
    named: &'a [&'a PageStamps],
    printing: Option<PagesPrinting>,
    seen_roots: Vec<u32>,
    proof: PageProof,
}

impl<'a> Proving<'a> {
    fn new(layout: PageLayout, length_bytes: u64, named: &'a [&'a PageStamps]) -> Self {
        let proof = PageProof {
            layout,
            good: 0,
            empty: 0,
            bad: 0,
            first_bad: None,
            newest: None,
            highest_object: 0,
            has_ecc: false,
            has_trailer: false,
            lost_roots: Vec::new(),
            comparisons: vec![Comparison::default(); named.len()],
            print: None,
        };
        let printing = Some(PagesPrinting::new(layout, length_bytes));
        Self { named, printing, seen_roots: Vec::new(), proof }
    }

    fn read(&mut self, file: &dyn File, block: &mut [u8], offset: u64) -> Result<()> {
        match read_full(file, block, offset) {
            Ok(read) if read == block.len() => self.block(block, offset),
            Ok(read) => {
                let error = std::io::Error::other("the file became shorter while it was read");
                return Err(StorageError::at("read", file.path(), offset + read as u64, error));
            }
            Err(_) => self.page_by_page(file, block, offset),
        }
        Ok(())
    }

    /// After a read error only the pages are given up that the medium does not give.
    fn page_by_page(&mut self, file: &dyn File, block: &mut [u8], offset: u64) {
        let size = self.proof.layout.page_size_bytes;
        for (page, at) in block.chunks_exact_mut(size).zip((offset..).step_by(size)) {
            match read_full(file, page, at) {
                Ok(read) if read == page.len() => self.block(page, at),
                _ => {
                    self.printing = None;
                    self.note_bad(at / size as u64);
                }
            }
        }
    }

    fn block(&mut self, block: &[u8], offset: u64) {
        let size = self.proof.layout.page_size_bytes;
        if let Some(printing) = &mut self.printing {
            printing.block(block, offset);
        }
        for (index, page) in (offset / size as u64..).zip(block.chunks_exact(size)) {
            if index >= HEADER_PAGES {
                self.page(page, index);
            }
        }
    }

    fn hole(&mut self, from: u64, to: u64) {
        let size = self.proof.layout.page_size_bytes as u64;
        if let Some(printing) = &mut self.printing {
            printing.hole(from, to);
        }
        for index in (from / size).max(HEADER_PAGES)..to / size {
            self.note_empty(number_of(index));
        }
    }

    fn page(&mut self, page: &[u8], index: u64) {
        let number = number_of(index);
        match check_page(page, number) {
            PageVerdict::Ok => self.note_good(page, number),
            PageVerdict::Empty => self.note_empty(number),
            PageVerdict::Bad(_)
                if index + 1 == self.proof.layout.pages && is_backup_trailer(page) =>
            {
                self.proof.has_trailer = true;
            }
            PageVerdict::Bad(_) => self.note_bad(index),
        }
    }

    fn note_bad(&mut self, index: u64) {
        self.proof.bad += 1;
        self.proof.first_bad.get_or_insert(number_of(index));
    }

    fn note_empty(&mut self, number: u32) {
        self.proof.empty += 1;
        for (named, comparison) in self.named.iter().zip(&mut self.proof.comparisons) {
            comparison.missing += u64::from(named.of(number).is_some());
        }
    }

    fn note_good(&mut self, page: &[u8], number: u32) {
        let (stamp, object) = (stamp_of(page), long(page, OBJECT_AT));
        let proof = &mut self.proof;
        proof.good += 1;
        proof.has_ecc |= long(page, FLAGS_AT) & FLAG_NEW_CHECKSUM != 0;
        proof.highest_object = proof.highest_object.max(object);
        if is_stamp(stamp) && proof.newest.is_none_or(|newest| stamp > newest.db_time) {
            proof.newest = Some(HighestDbTime { db_time: stamp, page: number.into() });
        }
        if ROOTS.contains(&(number, object)) {
            self.seen_roots.push(number);
        }
        for (named, comparison) in self.named.iter().zip(&mut proof.comparisons) {
            comparison.note(named, number, stamp);
        }
    }

    fn finish(self) -> PageProof {
        let Self { named, printing, seen_roots, mut proof } = self;
        let roots = ROOTS.iter().map(|&(page, _)| page);
        proof.lost_roots = roots.filter(|page| !seen_roots.contains(page)).collect();
        proof.print = printing.map(PagesPrinting::finish);
        let last = proof.layout.pages.saturating_sub(HEADER_PAGES);
        for (named, comparison) in named.iter().zip(&mut proof.comparisons) {
            let beyond = named.numbers().filter(|&page| u64::from(page) > last);
            comparison.missing += beyond.count() as u64;
        }
        proof
    }
}

impl Comparison {
    fn note(&mut self, named: &PageStamps, page: u32, found: u64) {
        let Some(stamps) = named.of(page) else { return };
        self.compared += 1;
        let against = |expected| Some(Difference { page, found, expected });
        let before = stamps.before.unwrap_or(0);
        if found == stamps.after {
            self.equal += 1;
        } else if found > stamps.after {
            self.ahead += 1;
            self.first_ahead = self.first_ahead.or(against(stamps.after));
        } else if found < before {
            self.older += 1;
            self.first_older = self.first_older.or(against(before));
        } else if before != 0 && found != before && !stamps.may_have_had(found) {
            self.foreign += 1;
            self.first_foreign = self.first_foreign.or(against(stamps.after));
        } else {
            self.behind += 1;
            self.at_start += u64::from(found == before);
            self.unexplained += u64::from(before == 0 && !stamps.may_have_had(found));
            self.first_behind = self.first_behind.or(against(stamps.after));
        }
    }
}

/// The engine's number of the page at an index of the file, which is not that of a header copy.
fn number_of(index: u64) -> u32 {
    u32::try_from(index - 1).unwrap_or(u32::MAX)
}

fn stamp_of(page: &[u8]) -> u64 {
    let bytes = page.get(STAMP_AT..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn long(page: &[u8], at: usize) -> u32 {
    let bytes = page.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}
