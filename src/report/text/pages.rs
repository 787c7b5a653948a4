//! The result of a page scan in the words of `eseutil /k`, and the bad pages one by one.

use crate::survey::{BadPage, BadPageKind, MOST_LISTED_PAGES, PageFacts};

use super::page::Page;

/// How many bad pages the text lists that was not asked for all of them.
const MOST_SHOWN_PAGES: usize = 10;

impl Page {
    /// The counts, in the order of `eseutil /k`, and the bad pages.
    pub(super) fn pages(&mut self, pages: &PageFacts) {
        self.counts(pages);
        if !pages.bad.is_empty() {
            self.blank();
            self.line("  Bad pages, as eseutil numbers them (expected: computed from the page):");
        }
        let most = if self.style.verbose { pages.bad.len() } else { MOST_SHOWN_PAGES };
        for page in pages.bad.iter().take(most) {
            self.bad_page(page);
        }
        let listed = pages.bad.len().min(most) as u64;
        let more = pages.bad_pages().saturating_sub(listed);
        if more > 0 {
            self.line(format!("    and {more} more (--verbose lists up to {MOST_LISTED_PAGES})"));
        }
        self.blank();
    }

    fn counts(&mut self, pages: &PageFacts) {
        let counts = [
            (pages.total, "pages seen"),
            (pages.bad_checksums, "bad checksums"),
            (pages.correctable, "correctable checksums"),
            (pages.empty, "uninitialized pages"),
            (pages.wrong_page_numbers, "wrong page numbers"),
        ];
        for (count, what) in counts {
            self.line(format!("  {count} {what}"));
        }
        if pages.unreadable > 0 {
            self.line(format!("  {} unreadable pages", pages.unreadable));
        }
        let (db_time, page) =
            pages.highest_db_time.map_or((0, 0), |seen| (seen.db_time, seen.page));
        self.line(format!("  0x{db_time:x} highest dbtime (pgno 0x{page:x})"));
    }

    fn bad_page(&mut self, page: &BadPage) {
        let header = if page.number < 1 { " (header)" } else { "" };
        let kind = match (page.kind, page.correctable_bit) {
            (BadPageKind::Checksum, Some(bit)) => format!("checksum, correctable (bit {bit})"),
            (BadPageKind::Checksum, None) => "checksum".to_owned(),
            (BadPageKind::PageNumber, _) => "wrong page number".to_owned(),
            (BadPageKind::Unreadable, _) => "unreadable".to_owned(),
        };
        let (number, offset) = (page.number, page.offset);
        self.line(format!("    page {number}{header} at offset {offset} (0x{offset:x}): {kind}"));
        if let (Some(expected), Some(actual)) = (&page.expected, &page.actual) {
            self.line(format!("      expected {expected}, actual {actual}"));
        }
    }
}
