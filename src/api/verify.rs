//! `verify`: every page against its checksum.

use std::num::NonZeroUsize;
use std::path::Path;

use crate::ese::db_header::FORMAT_VERSION;
use crate::ese::{ContentKind, format_problem};
use crate::plan;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, DatabaseReport, Entry, Note, Outcome, Report};
use crate::storage::all_processors;
use crate::survey::{DatabaseFacts, HEADER_PAGES, PageLayout};

use super::error::{Result as ApiResult, ended_well};
use super::pages::scan;
use super::recover::not_begun;
use super::request::Verify;
use super::run::{Run, Watch};

/// Reads every page of databases and compares it with its checksum, as `eseutil /k` does. Writes nothing.
///
/// The outcome of the report is `ok`, or `findings` where a page is bad, also where the engine could correct
/// it. `pages` of each database has the numbers and the bad pages.
///
/// # Errors
///
/// A file could not be read to its end, is no database, or of a format that is not known; or the watch asked
/// to stop. The report in the error has what was found in the others.
pub fn verify(request: &Verify, watch: &Watch) -> ApiResult<Report> {
    let run = Run::of_embedder(watch);
    let report = verify_in(&run, request, &|_| {});
    ended_well(report.run_by(run.report()))
}

/// Verifies in a run that began already. `told` hears of the report as it grows.
pub(crate) fn verify_in(run: &Run, request: &Verify, told: &dyn Fn(&Report)) -> Report {
    let mut report = Report::new(CommandName::Verify);
    let mut stopped = false;
    for path in &request.databases {
        let (database, reasons) = if stopped {
            let (database, reasons) = not_begun(path);
            (database.into(), reasons)
        } else {
            verify_one(run, path, request.threads)
        };
        stopped |= reasons.iter().any(|reason| reason.id == RefusalId::Interrupted);
        report.push(database, &reasons);
        told(&report);
    }
    report.conclude()
}

fn verify_one(run: &Run, path: &Path, threads: Option<NonZeroUsize>) -> (Entry, Vec<Refusal>) {
    let facts = match run.survey(path) {
        Ok(facts) => facts,
        Err(refusal) => return failed(refusal),
    };
    let layout = match layout(&facts) {
        Ok(layout) => layout,
        Err(refusals) => {
            let database = DatabaseReport::surveyed(&facts, Vec::new(), Outcome::Failed);
            return (database.into(), refusals);
        }
    };
    let threads = threads.map_or_else(all_processors, NonZeroUsize::get);
    let pages = match scan(run, &facts, layout, threads) {
        Ok(pages) => pages,
        Err(refusal) => return failed(refusal),
    };
    let outcome = if pages.bad_pages() > 0 { Outcome::Findings } else { Outcome::Ok };
    let mut database = Entry::from(DatabaseReport::surveyed(&facts, Vec::new(), outcome));
    database.notes(notes(&facts, layout));
    database.report.pages = Some(pages);
    (database, Vec::new())
}

/// Nothing can be said of a file that could not be read.
fn failed(refusal: Refusal) -> (Entry, Vec<Refusal>) {
    (DatabaseReport::unknown(&refusal.path, Outcome::Failed).into(), vec![refusal])
}

/// Where the pages lie, or why that is not known. Half a page at the end is no page, as `eseutil /k`
/// has it.
fn layout(facts: &DatabaseFacts) -> Result<PageLayout, Vec<Refusal>> {
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
