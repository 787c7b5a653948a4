//! What a scan of all pages found, and the judgement of single pages, as `eseutil /k` does it.
//! Source: `dev/ese/src/_esefile/checksum.cxx`.

use schemars::JsonSchema;
use serde::Serialize;

use super::flush_map_file::Written;
use crate::ese::checksum;
use crate::ese::flush_map::FLUSH_MAP_PAGE_BYTES;
use crate::ese::page::{PageFault, PageFaultKind, PageVerdict, check_page, is_backup_trailer};

/// Pages at the start of a file that hold the two header copies: pages -1 and 0 of the engine.
pub const HEADER_PAGES: u64 = 2;

/// Size of one copy of a checkpoint, in bytes.
const CHECKPOINT_COPY_BYTES: usize = 4096;

/// How many bad pages are listed one by one; of a file that is bad throughout the rest is only
/// counted, so that memory stays flat.
pub const MOST_LISTED_PAGES: usize = 10_000;

/// Where the pages of a file lie. Bytes behind the last whole page are no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLayout {
    /// Size of a page: 2, 4, 8, 16 or 32 KiB.
    pub page_size_bytes: usize,
    /// Pages, the header pages included.
    pub pages: u64,
    /// How many of them, at the start, are header pages: they have the plain checksum.
    pub header_pages: u64,
}

impl PageLayout {
    /// The pages of a database of `length_bytes`.
    pub fn of(length_bytes: u64, page_size_bytes: usize) -> Self {
        let pages = length_bytes / page_size_bytes as u64;
        Self { page_size_bytes, pages, header_pages: HEADER_PAGES }
    }

    /// The pages of a flush map of `length_bytes`, which has one header page.
    pub fn of_flush_map(length_bytes: u64) -> Self {
        Self { header_pages: 1, ..Self::of(length_bytes, FLUSH_MAP_PAGE_BYTES) }
    }

    /// Both copies of a checkpoint, as far as a file of `length_bytes` has them.
    pub fn of_checkpoint(length_bytes: u64) -> Self {
        Self::of_headers(length_bytes, CHECKPOINT_COPY_BYTES)
    }

    /// The two header copies alone, as far as the file has them.
    pub fn of_headers(length_bytes: u64, page_size_bytes: usize) -> Self {
        let all = Self::of(length_bytes, page_size_bytes);
        Self { pages: all.pages.min(HEADER_PAGES), ..all }
    }

    /// Where the last page ends.
    pub fn end_bytes(&self) -> u64 {
        self.pages * self.page_size_bytes as u64
    }
}

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PageFacts {
    /// Pages seen, both header copies included.
    pub total: u64,
    /// Pages whose checksum and number hold.
    pub ok: u64,
    /// Pages of zeros.
    pub empty: u64,
    /// Bad pages in which a single flipped bit could be corrected. Nothing is corrected.
    pub correctable: u64,
    /// Pages whose checksum does not hold and that cannot be corrected.
    pub bad_checksums: u64,
    /// Pages whose checksum holds, but which belong to another place.
    pub wrong_page_numbers: u64,
    /// Pages that the medium cannot read.
    pub unreadable: u64,
    /// Pages without content of which the flush map knows that they were written, those behind the end of the file
    /// among them; absent where no flush map was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<LostPages>,
    /// The highest time stamp of a data page whose checksum holds.
    pub highest_db_time: Option<HighestDbTime>,
    /// The bad pages in their order, correctable ones too; at most [`MOST_LISTED_PAGES`].
    pub bad: Vec<BadPage>,
}

/// Pages that were written, and are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LostPages {
    /// How many there are.
    pub count: u64,
    /// The first of them, as the engine numbers it.
    pub first: i64,
}

/// The page that was changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HighestDbTime {
    /// Its time stamp.
    pub db_time: u64,
    /// Its number.
    pub page: i64,
}

/// A bad page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BadPage {
    /// The engine's page number: offset / page size - 1.
    pub number: i64,
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub kind: BadPageKind,
    /// Whether the engine could correct it.
    pub correctable: bool,
    /// The flipped bit, counted from the start of the page, where it can be corrected.
    pub correctable_bit: Option<u32>,
    /// The value that was computed; `null` of a page that cannot be read.
    #[schemars(regex(pattern = r"^0x[0-9a-f]+$"))]
    pub expected: Option<String>,
    /// The value that is stored; `null` of a page that cannot be read.
    #[schemars(regex(pattern = r"^0x[0-9a-f]+$"))]
    pub actual: Option<String>,
}

/// What is wrong with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BadPageKind {
    /// Its checksum does not hold.
    Checksum,
    /// It is another page.
    PageNumber,
    /// The medium cannot read it.
    Unreadable,
}

impl PageFacts {
    /// Bad pages, listed or not.
    pub fn bad_pages(&self) -> u64 {
        self.correctable + self.bad_checksums + self.wrong_page_numbers + self.unreadable
    }

    /// Bad data pages, of which a repair of the header mends none.
    pub fn bad_data_pages(&self) -> u64 {
        let headers = self.bad.iter().take_while(|page| page.number < 1).count();
        self.bad_pages() - headers as u64
    }

    /// Whether a data page is bad, or lost. Of the header copies there are findings.
    pub fn has_bad_data(&self) -> bool {
        self.bad_data_pages() > 0 || self.lost.is_some()
    }

    /// Judges all pages of a block that begins with a page at `offset`.
    #[doc(hidden)]
    pub fn judge(&mut self, layout: PageLayout, block: &[u8], offset: u64) {
        self.judge_against(layout, block, offset, &mut Written::new(None));
    }

    /// Judges all pages of a block, the empty ones against a flush map.
    pub(super) fn judge_against(
        &mut self,
        layout: PageLayout,
        block: &[u8],
        offset: u64,
        written: &mut Written,
    ) {
        let first = offset / layout.page_size_bytes as u64;
        for (index, page) in (first..layout.pages).zip(block.chunks_exact(layout.page_size_bytes)) {
            self.total += 1;
            match index {
                index if index < layout.header_pages => self.judge_header(page, index),
                index => self.judge_data_page(page, index, layout, written),
            }
        }
    }

    /// Counts the pages of a hole: they read as zeros.
    #[doc(hidden)]
    pub fn judge_hole(&mut self, layout: PageLayout, from: u64, to: u64) {
        self.judge_hole_against(layout, from, to, &mut Written::new(None));
    }

    /// Counts the pages of a hole, and asks a flush map about them.
    pub(super) fn judge_hole_against(
        &mut self,
        layout: PageLayout,
        from: u64,
        to: u64,
        written: &mut Written,
    ) {
        let to = to.min(layout.end_bytes());
        let page_bytes = layout.page_size_bytes as u64;
        let pages = to.saturating_sub(from) / page_bytes;
        self.total += pages;
        self.empty += pages;
        if written.is_known() {
            let first = from / page_bytes;
            (first..first + pages).for_each(|index| self.judge_empty(index, written));
        }
    }

    /// Notes those pages behind the end of the file that were written once.
    pub(super) fn judge_beyond(&mut self, layout: PageLayout, written: &mut Written) {
        let first = layout.pages.max(HEADER_PAGES) - 1;
        written.beyond(first).for_each(|page| self.note_lost(page as i64));
    }

    fn judge_empty(&mut self, index: u64, written: &mut Written) {
        if index >= HEADER_PAGES && written.has(index - 1) {
            self.note_lost(number_of(index));
        }
    }

    fn note_lost(&mut self, page: i64) {
        let lost = self.lost.get_or_insert(LostPages { count: 0, first: page });
        lost.count += 1;
        lost.first = lost.first.min(page);
    }

    /// Notes a page that cannot be read.
    #[doc(hidden)]
    pub fn note_unreadable(&mut self, layout: PageLayout, offset: u64) {
        let index = offset / layout.page_size_bytes as u64;
        self.total += 1;
        self.unreadable += 1;
        let (expected, actual) = (None, None);
        let kind = BadPageKind::Unreadable;
        let (number, correctable, correctable_bit) = (number_of(index), false, None);
        self.list(BadPage { number, offset, kind, correctable, correctable_bit, expected, actual });
    }

    /// Adds what another scan found in other pages of the same file.
    pub fn merge(&mut self, other: Self) {
        self.total += other.total;
        self.ok += other.ok;
        self.empty += other.empty;
        self.correctable += other.correctable;
        self.bad_checksums += other.bad_checksums;
        self.wrong_page_numbers += other.wrong_page_numbers;
        self.unreadable += other.unreadable;
        if let Some(lost) = other.lost {
            self.note_lost(lost.first);
            let known = self.lost.get_or_insert(lost);
            known.count += lost.count - 1;
        }
        other.highest_db_time.into_iter().for_each(|seen| self.note_db_time(seen));
        self.bad.extend(other.bad);
        self.bad.sort_by_key(|page| page.offset);
        self.bad.truncate(MOST_LISTED_PAGES);
    }

    /// The header copies have the plain checksum in every version.
    fn judge_header(&mut self, page: &[u8], index: u64) {
        if checksum::is_valid(page) {
            self.ok += 1;
        } else if page.iter().all(|&byte| byte == 0) {
            self.empty += 1;
        } else {
            let stored = checksum::stored(page).unwrap_or_default();
            self.bad_checksums += 1;
            self.list(BadPage {
                number: number_of(index),
                offset: index * page.len() as u64,
                kind: BadPageKind::Checksum,
                correctable: false,
                correctable_bit: None,
                expected: Some(format!("0x{:08x}", checksum::xor_short(page))),
                actual: Some(format!("0x{stored:08x}")),
            });
        }
    }

    fn judge_data_page(
        &mut self,
        page: &[u8],
        index: u64,
        layout: PageLayout,
        written: &mut Written,
    ) {
        let is_last = index + 1 == layout.pages;
        match check_page(page, (index - 1) as u32) {
            PageVerdict::Ok => {
                self.ok += 1;
                self.note_db_time(HighestDbTime { db_time: db_time(page), page: number_of(index) });
            }
            PageVerdict::Empty => {
                self.empty += 1;
                self.judge_empty(index, written);
            }
            PageVerdict::Bad(_) if is_last && is_backup_trailer(page) => self.ok += 1,
            PageVerdict::Bad(fault) => self.judge_fault(page, index, &fault),
        }
    }

    fn judge_fault(&mut self, page: &[u8], index: u64, fault: &PageFault) {
        let kind = match fault.kind {
            PageFaultKind::Checksum => BadPageKind::Checksum,
            PageFaultKind::PageNumber => BadPageKind::PageNumber,
        };
        match (fault.correctable_bit, kind) {
            (Some(bit), _) => {
                self.correctable += 1;
                let db_time = corrected_db_time(page, bit);
                self.note_db_time(HighestDbTime { db_time, page: number_of(index) });
            }
            (None, BadPageKind::PageNumber) => self.wrong_page_numbers += 1,
            (None, _) => self.bad_checksums += 1,
        }
        self.list(BadPage {
            number: number_of(index),
            offset: index * page.len() as u64,
            kind,
            correctable: fault.correctable_bit.is_some(),
            correctable_bit: fault.correctable_bit,
            expected: Some(format!("0x{:016x}", fault.expected)),
            actual: Some(format!("0x{:016x}", fault.actual)),
        });
    }

    /// Of several pages with the same time the first counts.
    fn note_db_time(&mut self, seen: HighestDbTime) {
        let known = self.highest_db_time;
        let higher =
            known.is_none_or(|known| (seen.db_time, -seen.page) > (known.db_time, -known.page));
        if higher && seen.db_time > 0 {
            self.highest_db_time = Some(seen);
        }
    }

    /// Each thread judges pages in their order, so that the first ones of all are among its own.
    fn list(&mut self, page: BadPage) {
        if self.bad.len() < MOST_LISTED_PAGES {
            self.bad.push(page);
        }
    }
}

/// The engine's number of the page at an index of the file.
fn number_of(index: u64) -> i64 {
    index as i64 - 1
}

/// Time of the last change (u64 at offset 8).
fn db_time(page: &[u8]) -> u64 {
    let bytes = page.get(8..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Time of the last change of a page of which one bit is flipped, with that bit flipped back.
fn corrected_db_time(page: &[u8], bit: u32) -> u64 {
    let inside = bit.checked_sub(64).filter(|&inside| inside < 64);
    db_time(page) ^ inside.map_or(0, |inside| 1 << inside)
}
