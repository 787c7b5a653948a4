//! Every page of a database against its checksum, with progress.

use crate::refusal::{Refusal, RefusalId};
use crate::report::Note;
use crate::storage::{Access, StorageError};
use crate::survey::{DatabaseFacts, PageFacts, PageLayout, scan_pages};

use super::run::Run;

/// Scans the pages of a database.
pub(super) fn scan(
    run: &Run,
    facts: &DatabaseFacts,
    layout: PageLayout,
    threads: usize,
) -> Result<PageFacts, Refusal> {
    let context = run.context;
    let failed = |error: StorageError| {
        let remedy = "Check the disk, and that nobody else writes to the file. Then try again.";
        Refusal::new(RefusalId::IoError, &facts.path, error.to_string(), remedy)
    };
    let file = context.storage.open(&facts.path, Access::Read).map_err(failed)?;
    context.observer.begin_bytes("checking all pages", layout.end_bytes());
    let scanned = scan_pages(file.as_ref(), layout, threads, |bytes| {
        context.observer.advance_bytes(bytes);
        !context.is_interrupted()
    });
    context.observer.end_bytes();
    scanned.map_err(failed)?.ok_or_else(|| {
        let text = "interrupted while the pages were checked; nothing was written";
        Refusal::new(RefusalId::Interrupted, &facts.path, text, "Run the same command again.")
    })
}

/// What a scan found.
pub(super) fn pages_note(pages: &PageFacts) -> Note {
    let PageFacts { total, empty, correctable, .. } = *pages;
    match pages.bad_data_pages() {
        0 => Note::PagesAreGood { total, empty },
        bad => Note::PagesAreBad { bad, total, correctable },
    }
}
