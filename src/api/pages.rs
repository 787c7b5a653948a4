//! Every page of a database against its checksum, with progress.

use crate::refusal::{Refusal, RefusalId};
use crate::report::Note;
use crate::storage::{Access, StorageError};
use crate::survey::{DatabaseFacts, FlushMapFile, PageFacts, PageLayout, scan_pages_against};

use super::run::Run;

/// Scans the pages of a database.
pub(super) fn scan(
    run: &Run,
    facts: &DatabaseFacts,
    layout: PageLayout,
    threads: usize,
) -> Result<PageFacts, Refusal> {
    scan_against(run, facts, None, layout, threads)
}

/// Scans the pages of a database, the empty ones against its flush map.
pub(super) fn scan_against(
    run: &Run,
    facts: &DatabaseFacts,
    map: Option<&FlushMapFile>,
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
    let scanned = scan_pages_against(file.as_ref(), map, layout, threads, |bytes| {
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

/// What a scan found, where a check was asked to read all pages. Bad pages are listed by themselves.
pub(super) fn pages_note_of_check(pages: &PageFacts) -> Option<Note> {
    let PageFacts { total, empty, lost, .. } = *pages;
    match (pages.bad_data_pages(), lost) {
        (_, Some(lost)) => Some(Note::PagesLost { count: lost.count, first: lost.first }),
        (0, None) => Some(Note::PagesAreGood { total, empty }),
        _ => None,
    }
}
