//! What `check` says of a header that is lost: the verdict that a rebuild would come to.

use crate::diagnose::{Finding, FindingId};
use crate::rebuild::RebuildCase;
use crate::refusal::{Refusal, RefusalId};
use crate::report::model::RebuildReport;
use crate::survey::{DatabaseFacts, GroupFolders};

use super::rebuild_header::rebuild;
use super::request::RebuildHeader;
use super::run::Run;

/// Names the case in the finding that a header is unreadable, where there is one. Reads all pages of the database,
/// and the logs in `folders`: nothing less tells what the file is.
///
/// # Errors
///
/// Not all of it could be read, so that nothing is said of the case.
pub(super) fn name_case(
    run: &Run,
    folders: &GroupFolders,
    facts: &DatabaseFacts,
    findings: &mut [Finding],
) -> Result<Option<RebuildReport>, Refusal> {
    let found = findings.iter_mut().find(|finding| finding.id == FindingId::HeaderUnreadable);
    let Some(finding) = found.filter(|_| facts.area.unreadable.is_empty()) else { return Ok(None) };
    let request =
        RebuildHeader::new(&facts.path).log_dir(&folders.log_dir).system_dir(&folders.system_dir);
    let (case, report) = match rebuild(run, &request, facts) {
        Ok((rebuilt, _)) => (in_words(rebuilt.case), Some(RebuildReport::new(&rebuilt))),
        Err(refused) => match refused.iter().find(|refusal| is_unread(refusal)) {
            Some(unread) => return Err(unread.clone()),
            None => (refused_in_words(&refused), None),
        },
    };
    finding.consequence = format!("{case} {}", finding.consequence);
    Ok(report)
}

fn is_unread(refusal: &Refusal) -> bool {
    matches!(refusal.id, RefusalId::Interrupted | RefusalId::IoError)
}

fn in_words(case: RebuildCase) -> String {
    let what = match case {
        RebuildCase::HeaderProven => "an older header is proven to be that of this very state",
        RebuildCase::CleanProven => {
            "a header in Clean Shutdown is proven by its pages and its logs"
        }
        RebuildCase::RecoveryNeeded => {
            "a header in Dirty Shutdown is proven by its pages and its logs, from which the engine recovers it"
        }
        RebuildCase::PagesOnly => "there are nothing but its pages",
    };
    format!("Case {}: {what}.", case.letter())
}

/// Where no log knows the database, its pages are all that is left.
fn refused_in_words(refused: &[Refusal]) -> String {
    if refused.iter().any(|refusal| refusal.id == RefusalId::NothingButPages) {
        return in_words(RebuildCase::PagesOnly);
    }
    let mut ids: Vec<&str> = refused.iter().map(|refusal| refusal.id.name()).collect();
    ids.dedup();
    format!("Case E: no header can be proven ({}).", ids.join(", "))
}
