//! The counts of `eseutil /k` for a file that consists of pages with checksums, and the bad ones.

use std::path::Path;

use crate::show::shown;
use crate::survey::PageFacts;

use super::lines::Lines;

/// How many bad pages are named.
const MOST_NAMED: usize = 10;

/// Prints what was found in the pages of a checkpoint or of a flush map.
pub fn dump_page_counts(title: &str, path: &Path, pages: &PageFacts) -> String {
    let mut out = Lines::default();
    out.line(&format!("{title}: "), shown(path));
    out.blank();
    for (count, what) in [
        (pages.total, "pages seen"),
        (pages.bad_checksums, "bad checksums"),
        (pages.correctable, "correctable checksums"),
        (pages.empty, "uninitialized pages"),
        (pages.wrong_page_numbers, "wrong page numbers"),
        (pages.unreadable, "unreadable pages"),
    ] {
        let is_shown = count > 0 || matches!(what, "pages seen" | "bad checksums");
        if is_shown {
            out.line("  ", format_args!("{count} {what}"));
        }
    }
    for page in pages.bad.iter().take(MOST_NAMED) {
        out.line(
            "    bad: ",
            format_args!("page {} at offset {1} (0x{1:x})", page.number, page.offset),
        );
    }
    out.blank();
    out.text()
}
