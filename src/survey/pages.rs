//! A scan of all pages of a database against their checksums, as `eseutil /k` does.

use serde::Serialize;

use crate::ese::page::{PageFault, PageFaultKind, PageVerdict, check_page, is_backup_trailer};
use crate::storage::{AlignedBuffer, File, Result, read_full};

/// Bytes read at once; a whole number of pages of every size.
const BLOCK_BYTES: usize = 1024 * 1024;

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PageFacts {
    /// Pages seen, both header copies included.
    pub total: u64,
    /// Pages whose checksum holds.
    pub ok: u64,
    /// Pages of zeros.
    pub empty: u64,
    /// Bad pages in which a single flipped bit could be corrected. Nothing is corrected.
    pub correctable: u64,
    /// The bad pages.
    pub bad: Vec<BadPage>,
}

/// A bad page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadPage {
    /// The engine's page number: offset / page size - 1.
    pub number: i64,
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub kind: BadPageKind,
    /// Whether the engine could correct it.
    pub correctable: bool,
    /// The value that was computed.
    pub expected: String,
    /// The value that is stored.
    pub actual: String,
}

/// What is wrong with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadPageKind {
    /// Its checksum does not hold.
    Checksum,
    /// It is another page.
    PageNumber,
    /// The medium cannot read it.
    Unreadable,
}

impl BadPage {
    fn of(number: i64, offset: u64, fault: &PageFault) -> Self {
        let kind = match fault.kind {
            PageFaultKind::Checksum => BadPageKind::Checksum,
            PageFaultKind::PageNumber => BadPageKind::PageNumber,
        };
        Self {
            number,
            offset,
            kind,
            correctable: fault.correctable_bit.is_some(),
            expected: format!("0x{:016x}", fault.expected),
            actual: format!("0x{:016x}", fault.actual),
        }
    }

    fn unreadable(number: i64, offset: u64) -> Self {
        let (expected, actual) = ("readable".into(), "read error".into());
        Self { number, offset, kind: BadPageKind::Unreadable, correctable: false, expected, actual }
    }
}

/// Scans every data page. The header pages are counted as good: whoever asks for a scan has judged
/// them already. `advance` is told the bytes done and says whether to go on.
pub fn scan_pages(
    file: &dyn File,
    page_size_bytes: usize,
    mut advance: impl FnMut(u64) -> bool,
) -> Result<Option<PageFacts>> {
    let length = file.status()?.length_bytes;
    let pages = length / page_size_bytes as u64;
    let mut facts = PageFacts { total: pages, ok: pages.min(2), ..PageFacts::default() };
    let mut buffer = AlignedBuffer::new(BLOCK_BYTES);
    let mut offset = 2 * page_size_bytes as u64;
    while offset < pages * page_size_bytes as u64 {
        let wanted = BLOCK_BYTES.min((pages * page_size_bytes as u64 - offset) as usize);
        let block = &mut buffer.bytes_mut()[..wanted];
        match read_full(file, block, offset) {
            Ok(read) => judge_block(&mut facts, &block[..read], offset, page_size_bytes, pages),
            Err(_) => page_by_page(&mut facts, file, block, offset, page_size_bytes, pages),
        }
        offset += wanted as u64;
        if !advance(wanted as u64) {
            return Ok(None);
        }
    }
    Ok(Some(facts))
}

/// After a read error: each page by itself, so that only the bad ones are given up.
fn page_by_page(
    facts: &mut PageFacts,
    file: &dyn File,
    block: &mut [u8],
    offset: u64,
    page_size_bytes: usize,
    pages: u64,
) {
    for (index, page) in block.chunks_exact_mut(page_size_bytes).enumerate() {
        let at = offset + (index * page_size_bytes) as u64;
        match read_full(file, page, at) {
            Ok(_) => judge_block(facts, page, at, page_size_bytes, pages),
            Err(_) => {
                facts.bad.push(BadPage::unreadable((at / page_size_bytes as u64) as i64 - 1, at))
            }
        }
    }
}

fn judge_block(
    facts: &mut PageFacts,
    block: &[u8],
    offset: u64,
    page_size_bytes: usize,
    pages: u64,
) {
    for (index, page) in block.chunks_exact(page_size_bytes).enumerate() {
        let at = offset + (index * page_size_bytes) as u64;
        let physical = at / page_size_bytes as u64;
        match check_page(page, (physical - 1) as u32) {
            PageVerdict::Ok => facts.ok += 1,
            PageVerdict::Empty => facts.empty += 1,
            PageVerdict::Bad(_) if physical + 1 == pages && is_backup_trailer(page) => {
                facts.ok += 1
            }
            PageVerdict::Bad(fault) => {
                facts.correctable += u64::from(fault.correctable_bit.is_some());
                facts.bad.push(BadPage::of(physical as i64 - 1, at, &fault));
            }
        }
    }
}
