//! `verify`: every page against its checksum.

use std::num::NonZeroUsize;
use std::path::Path;

use crate::ese::db_header::FORMAT_VERSION;
use crate::ese::{ContentKind, format_problem};
use crate::plan;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{DatabaseReport, Outcome, Report};
use crate::show::{quoted, shown};
use crate::storage::all_processors;
use crate::survey::{DatabaseFacts, HEADER_PAGES, PageLayout};

use super::error::{Result as ApiResult, ended_well};
use super::pages::scan;
use super::recover::not_begun;
use super::request::Verify;
use super::run::{Run, Watch};

/// Why a streaming file is not read to its end.
const STREAM_NOTE: &str = "Only its two header pages were checked: the pages of a streaming file have no checksum of their \
     own. eseutil /k does not check them either.";

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
    ended_well(Report { run: Some(run.report()), ..report })
}

/// Verifies in a run that began already. `told` hears of the report as it grows.
pub(crate) fn verify_in(run: &Run, request: &Verify, told: &dyn Fn(&Report)) -> Report {
    let mut report = Report::new("verify");
    let mut stopped = false;
    for path in &request.databases {
        let (database, reasons) =
            if stopped { not_begun(path) } else { verify_one(run, path, request.threads) };
        stopped |= reasons.iter().any(|reason| reason.id == RefusalId::Interrupted);
        report.push(database, &reasons);
        told(&report);
    }
    report.conclude()
}

fn verify_one(
    run: &Run,
    path: &Path,
    threads: Option<NonZeroUsize>,
) -> (DatabaseReport, Vec<Refusal>) {
    let facts = match run.survey(path) {
        Ok(facts) => facts,
        Err(refusal) => return failed(refusal),
    };
    let layout = match layout(&facts) {
        Ok(layout) => layout,
        Err(refusals) => {
            return (DatabaseReport::surveyed(&facts, Vec::new(), Outcome::Failed), refusals);
        }
    };
    let threads = threads.map_or_else(all_processors, NonZeroUsize::get);
    let pages = match scan(run, &facts, layout, threads) {
        Ok(pages) => pages,
        Err(refusal) => return failed(refusal),
    };
    let outcome = if pages.bad_pages() > 0 { Outcome::Findings } else { Outcome::Ok };
    let mut database = DatabaseReport::surveyed(&facts, Vec::new(), outcome);
    database.notes = notes(&facts, layout);
    database.pages = Some(pages);
    (database, Vec::new())
}

/// Nothing can be said of a file that could not be read.
fn failed(refusal: Refusal) -> (DatabaseReport, Vec<Refusal>) {
    (DatabaseReport::unknown(&refusal.path, Outcome::Failed), vec![refusal])
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

fn notes(facts: &DatabaseFacts, layout: PageLayout) -> Vec<String> {
    let mut notes = Vec::new();
    if facts.kind == ContentKind::Streaming {
        return vec![STREAM_NOTE.to_owned()];
    }
    let rest = facts.status.length_bytes - layout.end_bytes();
    if rest > 0 {
        notes.push(format!(
            "WARNING: The last {rest} bytes are no whole page; they were not checked. The file may have \
             been cut off."
        ));
    }
    let unknown = facts.pair.as_ref().and_then(|pair| format_problem(&pair.header));
    notes.extend(unknown.map(|problem| {
        format!("WARNING: The header has something that edbmend does not know: {problem}.")
    }));
    if let Some(streaming) = facts.streaming.as_ref().filter(|streaming| streaming.found) {
        let path = shown(&streaming.path);
        notes.push(format!(
            "Streaming file {path}: not read. Its pages have no checksum of their own, only its two header \
             pages have one. To check these:"
        ));
        notes.push(format!("edbmend verify {}", quoted(&streaming.path)));
    }
    if facts.pair.as_ref().is_some_and(|pair| !pair.is_sound()) {
        notes.push("The two header copies are not both valid and equal. What that means:".into());
        notes.push(format!("edbmend check {}", quoted(&facts.path)));
    }
    notes
}
