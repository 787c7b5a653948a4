//! `verify` of a database or a streaming file: every page against its checksum.

use crate::diagnose::missing_pages;
use crate::ese::db_header::FORMAT_VERSION;
use crate::ese::{ContentKind, format_problem};
use crate::plan;
use crate::refusal::Refusal;
use crate::report::{DatabaseReport, Entry, Note, Outcome};
use crate::survey::{DatabaseFacts, HEADER_PAGES, PageLayout};

use super::pages::scan;
use super::run::Run;

/// Scans all pages of a database that was surveyed, or the header pages of a streaming file.
pub(super) fn verify_database(
    run: &Run,
    facts: &DatabaseFacts,
    threads: usize,
) -> (Entry, Vec<Refusal>) {
    let layout = match layout(facts) {
        Ok(layout) => layout,
        Err(refusals) => {
            let database = DatabaseReport::surveyed(facts, Vec::new(), Outcome::Failed);
            return (database.into(), refusals);
        }
    };
    let pages = match scan(run, facts, layout, threads) {
        Ok(pages) => pages,
        Err(refusal) => return failed(refusal),
    };
    let is_whole = pages.bad_pages() == 0 && missing_pages(facts).is_none();
    let outcome = if is_whole { Outcome::Ok } else { Outcome::Findings };
    let mut database = Entry::from(DatabaseReport::surveyed(facts, Vec::new(), outcome));
    database.notes(notes(facts, layout));
    database.report.pages = Some(pages);
    (database, Vec::new())
}

/// Nothing can be said of a file that could not be read.
pub(super) fn failed(refusal: Refusal) -> (Entry, Vec<Refusal>) {
    (DatabaseReport::unknown(&refusal.path, Outcome::Failed).into(), vec![refusal])
}

/// Where the pages lie, or why that is not known. Half a page at the end is no page, as `eseutil /k`
/// has it.
pub(super) fn layout(facts: &DatabaseFacts) -> Result<PageLayout, Vec<Refusal>> {
    let has_pages = matches!(facts.kind, ContentKind::Database | ContentKind::Streaming);
    let Some(pair) = facts.pair.as_ref().filter(|_| has_pages) else {
        return Err(plan::content_refusals(facts));
    };
    let (length, page) = (facts.status.length_bytes, pair.page_size_bytes);
    let all = PageLayout::of(length, page);
    let mut refusals = Vec::new();
    if all.pages < HEADER_PAGES {
        refusals.extend(plan::truncated(facts, page));
    }
    // Older versions have other pages, with other checksums.
    if pair.header.raw.version.get() != FORMAT_VERSION {
        refusals.extend(plan::unsupported_format(facts, &pair.header));
    }
    match facts.kind {
        _ if !refusals.is_empty() => Err(refusals),
        ContentKind::Streaming => Ok(PageLayout::of_headers(length, page)),
        _ => Ok(all),
    }
}

fn notes(facts: &DatabaseFacts, layout: PageLayout) -> Vec<Note> {
    if facts.kind == ContentKind::Streaming {
        return vec![Note::OnlyHeaderPages];
    }
    let mut notes = Vec::new();
    let rest = facts.status.length_bytes - layout.end_bytes();
    if rest > 0 {
        notes.push(Note::HalfPage(rest));
    }
    notes.extend(missing_pages(facts).map(Note::PagesMissing));
    let unknown = facts.pair.as_ref().and_then(|pair| format_problem(&pair.header));
    notes.extend(unknown.map(Note::UnknownInHeader));
    if let Some(streaming) = facts.streaming.as_ref().filter(|streaming| streaming.found) {
        notes.push(Note::StreamFileNotRead(streaming.path.clone()));
    }
    if facts.pair.as_ref().is_some_and(|pair| !pair.is_sound()) {
        notes.push(Note::CopiesNotSound(facts.path.clone()));
    }
    notes
}
