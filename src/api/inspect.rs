//! `inspect`: the headers of files.

use std::path::Path;

use crate::diagnose::{Finding, Subject, diagnose_database};
use crate::ese::ContentKind;
use crate::ese::page::is_backup_trailer;
use crate::ese::shadow::{CopyState, Which};
use crate::plan;
use crate::refusal::Refusal;
use crate::report::{
    CommandName, CopyDump, DatabaseReport, Inspected, Outcome, Report, dump_database_header,
};
use crate::show::shown;
use crate::storage::{Access, read_full};
use crate::survey::DatabaseFacts;

use super::error::{Result, ended_well};
use super::file_kind::kind_of;
use super::inspect_log::Records;
use super::inspect_stream::{self, inspect_set};
use super::run::{Run, Watch};

/// What the header of one file says: of a database, a streaming file, a log, a checkpoint or a flush
/// map, known by its content; of a log also what all of it says. A path whose last part is the base name of logs
/// (`logs/E00`) stands for all of these. Of a database it is the copy that the engine uses. Writes nothing.
///
/// The outcome is `ok`, or `findings` where the header is damaged but can be read. `dump` is the text
/// that `eseutil /mh`, `/ml` or `/mk` prints.
///
/// # Errors
///
/// The file could not be read, or is none of these.
#[cfg(feature = "disk")]
pub fn inspect(path: impl AsRef<Path>) -> Result<Inspected> {
    let run = Run::of_embedder(&Watch::default());
    let (file, refusals) = inspect_file(&run, path.as_ref(), None, Records::None);
    let report = report_of(file.clone(), &refusals);
    ended_well(report.run_by(run.report())).map(|_| file)
}

/// The header of one file, in a run that began already, as a report; of the header copy that was asked
/// for, whatever its state; with records of a log.
pub fn inspect_in(run: &Run, path: &Path, copy: Option<Which>, records: Records) -> Report {
    let (file, refusals) = inspect_file(run, path, copy, records);
    report_of(file, &refusals)
}

fn report_of(file: Inspected, refusals: &[Refusal]) -> Report {
    let mut report = Report::new(CommandName::Inspect);
    report.push_file(file, refusals);
    report.conclude()
}

fn inspect_file(
    run: &Run,
    path: &Path,
    copy: Option<Which>,
    records: Records,
) -> (Inspected, Vec<Refusal>) {
    if let Some(set) = inspect_set(run, path) {
        return set;
    }
    match run.survey(path) {
        Ok(facts) => inspect_facts(run, &facts, copy, records),
        Err(refusal) => {
            let file = DatabaseReport::unknown(path, Outcome::Failed);
            (Inspected::new(file, String::new()), vec![refusal])
        }
    }
}

fn inspect_facts(
    run: &Run,
    facts: &DatabaseFacts,
    copy: Option<Which>,
    records: Records,
) -> (Inspected, Vec<Refusal>) {
    if let Some(file) = inspect_stream::inspect(run, facts, records) {
        return (file, Vec::new());
    }
    let readable = matches!(facts.kind, ContentKind::Database | ContentKind::Streaming);
    let shown_copies = copies_to_show(facts, copy);
    if !readable || shown_copies.is_empty() {
        let file = DatabaseReport::surveyed(facts, diagnose_database(facts), Outcome::Failed);
        let file = DatabaseReport { kind: kind_of(facts), ..file };
        return (Inspected::new(file, String::new()), plan::content_refusals(facts));
    }
    let trailer = backup_trailer(run, facts);
    let mut dump = format!("         Database: {}\n\n", shown(&facts.path));
    for (which, page) in shown_copies {
        let pair = facts.pair.as_ref();
        dump += &dump_database_header(&CopyDump { page, which, pair, trailer: trailer.as_deref() });
    }
    let sound = facts.pair.as_ref().is_some_and(|pair| pair.is_sound());
    let outcome = if sound { Outcome::Ok } else { Outcome::Findings };
    let file = DatabaseReport::surveyed(facts, copy_findings(facts), outcome);
    let file = DatabaseReport { kind: kind_of(facts), ..file };
    (Inspected::new(file, dump), Vec::new())
}

/// What is wrong with the copies themselves, where one is valid: the rest is for `check`.
fn copy_findings(facts: &DatabaseFacts) -> Vec<Finding> {
    if facts.pair.is_none() {
        return Vec::new();
    }
    let of_copies = |finding: &Finding| finding.id.subject() == Subject::HeaderCopies;
    diagnose_database(facts).into_iter().filter(of_copies).collect()
}

/// The elected copy; or the one that was asked for, whatever its state.
fn copies_to_show(facts: &DatabaseFacts, copy: Option<Which>) -> Vec<(Which, &[u8])> {
    let which = match (copy, &facts.pair) {
        (Some(which), _) => which,
        (None, Some(pair)) => pair.elected,
        (None, None) => return Vec::new(),
    };
    let page = match &facts.pair {
        Some(pair) if pair.state(which) == CopyState::Unreadable => None,
        Some(_) => facts.copy(which),
        // Neither copy is valid: what stands at the most common page size is better than nothing.
        None => facts.area.block(which, 4096),
    };
    page.map(|page| (which, page)).into_iter().collect()
}

/// The last page, where the header says that a streaming backup wrote the file.
fn backup_trailer(run: &Run, facts: &DatabaseFacts) -> Option<Vec<u8>> {
    let pair = facts.pair.as_ref()?;
    let info = pair.header.current_full_backup();
    if info.gen_low == 0 || info.gen_high != 0 {
        return None;
    }
    let file = run.storage().open(&facts.path, Access::Read).ok()?;
    let mut page = vec![0; pair.page_size_bytes];
    let last = facts.status.length_bytes.checked_sub(page.len() as u64)?;
    let read = read_full(file.as_ref(), &mut page, last).ok()?;
    (read == page.len() && is_backup_trailer(&page)).then_some(page)
}
