//! `verify`: every page against its checksum.

use std::num::NonZeroUsize;
use std::path::Path;

use crate::api::{all_processors, not_begun, scan};
use crate::ese::ContentKind;
use crate::plan::{self, Refusal, RefusalId};
use crate::report::{DatabaseReport, Outcome, RefusalReport, Report};
use crate::storage::{quoted, shown};
use crate::survey::{DatabaseFacts, PageLayout};

use super::args::VerifyArgs;
use super::session::Session;

/// Why a streaming file is not read to its end.
const STREAM_NOTE: &str = "Only its two header pages were checked: the pages of a streaming file have no checksum of their \
     own. eseutil /k does not check them either.";

pub fn run(session: &Session, args: &VerifyArgs) -> Report {
    session.heed_first_interrupt();
    let mut report = Report::new("verify");
    let mut stopped = false;
    for path in &args.databases {
        if stopped {
            let (database, reasons) = not_begun(path);
            session.push(&mut report, database, &reasons);
        } else if let Err(refusal) = verify(session, path, threads(args), &mut report) {
            stopped = refusal.id == RefusalId::Interrupted;
            let database = DatabaseReport::unknown(&refusal.path, Outcome::Failed);
            session.push(&mut report, database, &[refusal]);
        }
    }
    report.conclude()
}

fn threads(args: &VerifyArgs) -> usize {
    args.threads.map_or_else(all_processors, NonZeroUsize::get)
}

fn verify(
    session: &Session,
    path: &Path,
    threads: usize,
    report: &mut Report,
) -> Result<(), Refusal> {
    let facts = session.run().survey(path)?;
    let length = facts.status.length_bytes;
    let layout = match (&facts.pair, facts.kind) {
        (Some(pair), ContentKind::Database) => PageLayout::of(length, pair.page_size_bytes),
        (Some(pair), ContentKind::Streaming) => {
            PageLayout::of_headers(length, pair.page_size_bytes)
        }
        _ => {
            let database = DatabaseReport::surveyed(&facts, Vec::new(), Outcome::Failed);
            session.push(report, database, &plan::content_refusals(&facts));
            return Ok(());
        }
    };
    let pages = scan(&session.run(), &facts, layout, threads)?;
    let outcome = if pages.bad_pages() > 0 { Outcome::Findings } else { Outcome::Ok };
    let mut database = DatabaseReport::surveyed(&facts, Vec::new(), outcome);
    database.notes = notes(&facts, layout);
    database.pages = Some(pages);
    // A format that edbmend does not know is no bad page, but the reader should hear of it.
    let format = plan::content_refusals(&facts).into_iter().filter(|refusal| {
        matches!(refusal.id, RefusalId::UnsupportedFormat | RefusalId::Truncated)
    });
    report.refusals.extend(format.map(|refusal| RefusalReport::from(&refusal)));
    session.push(report, database, &[]);
    Ok(())
}

fn notes(facts: &DatabaseFacts, layout: PageLayout) -> Vec<String> {
    let mut notes = Vec::new();
    if facts.kind == ContentKind::Streaming {
        return vec![STREAM_NOTE.to_owned()];
    }
    let rest = facts.status.length_bytes - layout.end_bytes();
    if rest > 0 {
        notes.push(format!("The last {rest} bytes are no whole page; they were not checked."));
    }
    if let Some(stream) = facts.stream.as_ref().filter(|stream| stream.found) {
        let path = shown(&stream.path);
        notes.push(format!(
            "Streaming file {path}: not read. Its pages have no checksum of their own, only its two header \
             pages have one. To check these:"
        ));
        notes.push(format!("edbmend verify {}", quoted(&stream.path)));
    }
    if facts.pair.as_ref().is_some_and(|pair| !pair.is_sound()) {
        notes.push("The two header copies are not both valid and equal. What that means:".into());
        notes.push(format!("edbmend check {}", quoted(&facts.path)));
    }
    notes
}
