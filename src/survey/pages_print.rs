//! What a file of pages is known by, taken in one pass over it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ese::log_records::is_stamp;
use crate::show::Sha256Hex;

use super::page_facts::{HEADER_PAGES, PageLayout};

/// Bytes of the checksum at the start of each page.
const CHECKSUM_BYTES: usize = 8;

/// Where a page has its stamp, and its object.
const STAMP_AT: usize = 8;
const OBJECT_AT: usize = 24;

/// The state of all data pages: as long as none is written, it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PagesPrint {
    /// Length of the file in bytes.
    pub length_bytes: u64,
    /// Size of a page in bytes.
    pub page_size_bytes: usize,
    /// The newest stamp on a page; 0 where there is none.
    pub newest_stamp: u64,
    /// The page that has it.
    pub newest_page: u32,
    /// The highest object id on a page.
    pub highest_object_id: u32,
    /// SHA-256 of the first 8 bytes of each data page, which are its checksum.
    pub checksums_sha256: Sha256Hex,
}

/// A print as it is taken. It is shown all blocks of a file in their order.
pub struct PagesPrinting {
    layout: PageLayout,
    hasher: Sha256,
    print: PagesPrint,
}

impl PagesPrinting {
    /// Of a file whose pages lie like this.
    pub fn new(layout: PageLayout, length_bytes: u64) -> Self {
        let print = PagesPrint {
            length_bytes,
            page_size_bytes: layout.page_size_bytes,
            newest_stamp: 0,
            newest_page: 0,
            highest_object_id: 0,
            checksums_sha256: Sha256Hex([0; 32]),
        };
        Self { layout, hasher: Sha256::new(), print }
    }

    /// The next block, of whole pages but for the end of the file.
    pub fn block(&mut self, block: &[u8], offset: u64) {
        let size = self.layout.page_size_bytes;
        for (index, page) in (offset / size as u64..).zip(block.chunks_exact(size)) {
            if (HEADER_PAGES..self.layout.pages).contains(&index) {
                self.page(page, u32::try_from(index - 1).unwrap_or(u32::MAX));
            }
        }
    }

    /// A hole, which reads as zeros.
    pub fn hole(&mut self, from: u64, to: u64) {
        let size = self.layout.page_size_bytes as u64;
        for _ in (from / size).max(HEADER_PAGES)..(to / size).min(self.layout.pages) {
            self.hasher.update([0; CHECKSUM_BYTES]);
        }
    }

    fn page(&mut self, page: &[u8], number: u32) {
        self.hasher.update(&page[..CHECKSUM_BYTES]);
        let stamp = wide(page, STAMP_AT);
        if is_stamp(stamp) && stamp > self.print.newest_stamp {
            (self.print.newest_stamp, self.print.newest_page) = (stamp, number);
        }
        let object = wide(page, OBJECT_AT) as u32;
        self.print.highest_object_id = self.print.highest_object_id.max(object);
    }

    /// The print of all that was shown.
    pub fn finish(self) -> PagesPrint {
        PagesPrint { checksums_sha256: Sha256Hex(self.hasher.finalize().into()), ..self.print }
    }
}

fn wide(page: &[u8], at: usize) -> u64 {
    let bytes = page.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_counts_as_the_zeros_that_it_reads_as() {
        let layout = PageLayout::of(6 * 4096, 4096);
        let mut file = vec![0; 6 * 4096];
        file[2 * 4096 + STAMP_AT] = 7;
        file[2 * 4096 + OBJECT_AT] = 3;
        let whole = |holes: bool| {
            let mut printing = PagesPrinting::new(layout, 6 * 4096);
            printing.block(&file[..4 * 4096], 0);
            match holes {
                true => printing.hole(4 * 4096, 6 * 4096),
                false => printing.block(&file[4 * 4096..], 4 * 4096),
            }
            printing.finish()
        };
        assert_eq!(whole(true), whole(false));
        let print = whole(true);
        assert_eq!((print.newest_stamp, print.newest_page, print.highest_object_id), (7, 1, 3));
    }
}
