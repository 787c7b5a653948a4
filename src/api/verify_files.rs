//! `verify` of what is no database: logs, checkpoints, flush maps.

use crate::ese::ContentKind;
use crate::ese::log_body::LogVerdict;
use crate::refusal::Refusal;
use crate::report::{DatabaseReport, Inspected, Outcome, dump_page_counts};
use crate::survey::{DatabaseFacts, GroupFacts, PageFacts, PageLayout};

use super::inspect_stream::{inspect_checkpoint, read_set};
use super::pages::scan;
use super::run::Run;

/// All logs of the one log stream of a group. Its checkpoint is another file.
pub(super) fn verify_set(
    run: &Run,
    mut group: GroupFacts,
    threads: usize,
) -> (Inspected, Vec<Refusal>) {
    group.streams.iter_mut().for_each(|stream| stream.checkpoint = None);
    let (mut set, reasons) = read_set(run, group, threads);
    let is_good = set.report.logs.as_ref().is_none_or(|logs| logs.is_good());
    if set.report.file.outcome == Outcome::Ok && !is_good {
        set.report.file.outcome = Outcome::Findings;
    }
    (set, reasons)
}

/// A log whose end is torn is not what `verify` calls good, though the engine mends it.
pub(super) fn with_torn_end(mut log: Inspected) -> Inspected {
    let is_torn = log.report.body.as_ref().is_some_and(|body| body.verdict == LogVerdict::Torn);
    if is_torn {
        log.report.file.outcome = Outcome::Findings;
    }
    log
}

/// Both copies of a checkpoint.
pub(super) fn verify_checkpoint(facts: &DatabaseFacts) -> Inspected {
    let bytes = &facts.area.bytes;
    let layout = PageLayout::of_checkpoint((bytes.len() as u64).min(facts.status.length_bytes));
    let mut pages = PageFacts::default();
    pages.judge(layout, bytes, 0);
    let file = inspect_checkpoint(facts).report.file;
    counted("Checkpoint File", file, pages)
}

/// All pages of a flush map.
pub(super) fn verify_flush_map(
    run: &Run,
    facts: &DatabaseFacts,
    threads: usize,
) -> (Inspected, Vec<Refusal>) {
    let layout = PageLayout::of_flush_map(facts.status.length_bytes);
    match scan(run, facts, layout, threads) {
        Ok(pages) => {
            // What stands there in a database is something else here.
            let pages = PageFacts { highest_db_time: None, ..pages };
            let kind = ContentKind::FlushMap;
            let file = DatabaseReport::of_kind(&facts.path, kind, None, Outcome::Ok);
            (counted("Flush Map File", file, pages), Vec::new())
        }
        Err(refusal) => {
            let file = DatabaseReport::unread(&facts.path, Outcome::Failed);
            (Inspected::new(file, String::new()), vec![refusal])
        }
    }
}

/// A file that is judged by its pages alone.
fn counted(title: &str, file: DatabaseReport, pages: PageFacts) -> Inspected {
    let is_bad = pages.bad_pages() > 0 || file.outcome == Outcome::Findings;
    let outcome = if is_bad { Outcome::Findings } else { Outcome::Ok };
    let dump = dump_page_counts(title, &file.path, &pages);
    Inspected::new(DatabaseReport { outcome, pages: Some(pages), ..file }, dump)
}
