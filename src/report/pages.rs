//! The result of a page scan in the words of `eseutil /k`, and the bad pages one by one.

use std::fmt::Write;

use crate::survey::{BadPage, BadPageKind, PageFacts};

/// How many bad pages the text lists that was not asked for all of them.
const MOST_SHOWN_PAGES: usize = 10;

/// The counts, in the order of `eseutil /k`, and the bad pages.
pub fn render_pages(pages: &PageFacts, verbose: bool) -> String {
    let mut text = counts(pages);
    if !pages.bad.is_empty() {
        text.push_str(
            "\n  Bad pages, as eseutil numbers them (expected: computed from the page):\n",
        );
    }
    let shown = if verbose { pages.bad.len() } else { MOST_SHOWN_PAGES };
    for page in pages.bad.iter().take(shown) {
        text.push_str(&bad_page(page));
    }
    let listed = pages.bad.len().min(shown) as u64;
    let more = pages.bad_pages().saturating_sub(listed);
    if more > 0 {
        let _ = writeln!(
            text,
            "    and {more} more (--verbose lists up to {})",
            crate::survey::MOST_LISTED_PAGES
        );
    }
    text.push('\n');
    text
}

fn counts(pages: &PageFacts) -> String {
    let mut text = String::new();
    let lines = [
        (pages.total, "pages seen"),
        (pages.bad_checksums, "bad checksums"),
        (pages.correctable, "correctable checksums"),
        (pages.empty, "uninitialized pages"),
        (pages.wrong_page_numbers, "wrong page numbers"),
    ];
    for (count, what) in lines {
        let _ = writeln!(text, "  {count} {what}");
    }
    if pages.unreadable > 0 {
        let _ = writeln!(text, "  {} unreadable pages", pages.unreadable);
    }
    let (db_time, page) = pages.highest_db_time.map_or((0, 0), |seen| (seen.db_time, seen.page));
    let _ = writeln!(text, "  0x{db_time:x} highest dbtime (pgno 0x{page:x})");
    text
}

fn bad_page(page: &BadPage) -> String {
    let header = if page.number < 1 { " (header)" } else { "" };
    let kind = match (page.kind, page.correctable_bit) {
        (BadPageKind::Checksum, Some(bit)) => format!("checksum, correctable (bit {bit})"),
        (BadPageKind::Checksum, None) => "checksum".to_owned(),
        (BadPageKind::PageNumber, _) => "wrong page number".to_owned(),
        (BadPageKind::Unreadable, _) => "unreadable".to_owned(),
    };
    let (number, offset) = (page.number, page.offset);
    let mut text = format!("    page {number}{header} at offset {offset} (0x{offset:x}): {kind}\n");
    if let (Some(expected), Some(actual)) = (&page.expected, &page.actual) {
        let _ = writeln!(text, "      expected {expected}, actual {actual}");
    }
    text
}
