//! `inspect`: dumps headers.

use std::path::Path;

use crate::diagnose::{Finding, FindingId, diagnose_database};
use crate::ese::ContentKind;
use crate::ese::page::is_backup_trailer;
use crate::ese::shadow::{CopyState, Which};
use crate::plan::{self, Refusal};
use crate::report::{
    CopyDump, DatabaseReport, FileReport, Outcome, RefusalReport, Report, dump_database_header,
};
use crate::storage::{Access, read_full, shown};
use crate::survey::DatabaseFacts;

use super::args::{CopyArg, InspectArgs};
use super::inspect_stream;
use super::session::Session;

pub fn run(session: &Session, args: &InspectArgs) -> Report {
    let mut report = Report::new("inspect");
    for path in &args.files {
        if let Some(set) = inspect_stream::inspect_set(session, path) {
            report.files.push(set);
            continue;
        }
        match session.survey(path) {
            Ok(facts) => inspect(session, &facts, args.copy, &mut report),
            Err(refusal) => fail(&mut report, path, &refusal),
        }
    }
    report.conclude()
}

fn fail(report: &mut Report, path: &Path, refusal: &Refusal) {
    report.refusals.push(RefusalReport::from(refusal));
    let file = DatabaseReport::unknown(path, Outcome::Failed);
    report.files.push(FileReport { file, dump: String::new() });
}

fn inspect(session: &Session, facts: &DatabaseFacts, copy: Option<CopyArg>, report: &mut Report) {
    if let Some(file) = inspect_stream::inspect(session.storage(), facts) {
        return report.files.push(file);
    }
    let readable = matches!(facts.kind, ContentKind::Database | ContentKind::Streaming);
    let shown_copies = copies_to_show(facts, copy);
    if !readable || shown_copies.is_empty() {
        let refusals = plan::content_refusals(facts);
        report.refusals.extend(refusals.iter().map(RefusalReport::from));
        let file = DatabaseReport::surveyed(facts, diagnose_database(facts), Outcome::Failed);
        return report.files.push(FileReport { file, dump: String::new() });
    }
    let trailer = backup_trailer(session, facts);
    let mut dump = format!("         Database: {}\n\n", shown(&facts.path));
    for (which, page) in shown_copies {
        let pair = facts.pair.as_ref();
        dump += &dump_database_header(&CopyDump { page, which, pair, trailer: trailer.as_deref() });
    }
    let sound = facts.pair.as_ref().is_some_and(|pair| pair.is_sound());
    let outcome = if sound { Outcome::Ok } else { Outcome::Findings };
    let file = DatabaseReport::surveyed(facts, copy_findings(facts), outcome);
    report.files.push(FileReport { file, dump });
}

/// What is wrong with the copies themselves: the rest is for `check`.
fn copy_findings(facts: &DatabaseFacts) -> Vec<Finding> {
    use FindingId::{HeaderCopiesDiffer, PrimaryHeaderDamaged, ShadowHeaderDamaged};
    let of_copies = [PrimaryHeaderDamaged, ShadowHeaderDamaged, HeaderCopiesDiffer];
    diagnose_database(facts).into_iter().filter(|found| of_copies.contains(&found.id)).collect()
}

/// The elected copy; or the one that was asked for, whatever its state.
fn copies_to_show(facts: &DatabaseFacts, copy: Option<CopyArg>) -> Vec<(Which, &[u8])> {
    let which = match (copy, &facts.pair) {
        (Some(CopyArg::Primary), _) => Which::Primary,
        (Some(CopyArg::Shadow), _) => Which::Shadow,
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
fn backup_trailer(session: &Session, facts: &DatabaseFacts) -> Option<Vec<u8>> {
    let pair = facts.pair.as_ref()?;
    let info = pair.header.current_full_backup();
    if info.gen_low == 0 || info.gen_high != 0 {
        return None;
    }
    let file = session.storage().open(&facts.path, Access::Read).ok()?;
    let mut page = vec![0; pair.page_size_bytes];
    let last = facts.status.length_bytes.checked_sub(page.len() as u64)?;
    let read = read_full(file.as_ref(), &mut page, last).ok()?;
    (read == page.len() && is_backup_trailer(&page)).then_some(page)
}
