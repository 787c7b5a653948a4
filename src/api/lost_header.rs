//! What `check` says of a header that is lost: the verdict that a rebuild would come to.

use std::path::Path;

use crate::ese::{ContentKind, DbHeader};
use crate::rebuild::{RebuildCase, Rebuilt};
use crate::refusal::{DIRTY_FOR_REPAIR, Refusal, RefusalId};
use crate::report::model::RebuildReport;
use crate::show::{CommandLine, Paragraph};
use crate::survey::{DatabaseFacts, GroupFolders, LostCase, LostHeader};

use super::rebuild_header::rebuild;
use super::request::RebuildHeader;
use super::run::Run;

/// What of a header is proven, where it is lost, and the disk is not. Reads all pages of the database, and the logs
/// in `folders`: nothing less tells what the file is.
///
/// # Errors
///
/// Not all of it could be read, so that nothing is said of the case.
pub(super) fn lost_header(
    run: &Run,
    folders: &GroupFolders,
    facts: &DatabaseFacts,
) -> Result<Option<(LostHeader, Option<RebuildReport>)>, Refusal> {
    let is_lost = facts.pair.is_none() && facts.kind == ContentKind::Database;
    if !is_lost || !facts.area.unreadable.is_empty() {
        return Ok(None);
    }
    let request =
        RebuildHeader::new(&facts.path).log_dir(&folders.log_dir).system_dir(&folders.system_dir);
    match rebuild(run, &request, facts) {
        Ok((rebuilt, _)) => {
            let report = RebuildReport::new(&rebuilt);
            Ok(Some((proven(&rebuilt, dry_run(folders, &facts.path, "")), Some(report))))
        }
        Err(refused) => match refused.iter().find(|refusal| is_unread(refusal)) {
            Some(unread) => Err(unread.clone()),
            None => Ok(Some((unproven(&refused, folders, &facts.path), None))),
        },
    }
}

fn is_unread(refusal: &Refusal) -> bool {
    matches!(refusal.id, RefusalId::Interrupted | RefusalId::IoError)
}

fn proven(rebuilt: &Rebuilt, remedy: Paragraph) -> LostHeader {
    let header = DbHeader::parse(&rebuilt.page);
    let case = header.map_or(LostCase::Unproven, |header| LostCase::Proven(Box::new(header)));
    LostHeader { case, in_words: in_words(rebuilt.case), remedy }
}

/// Where no log knows the database, its pages are all that is left.
fn unproven(refused: &[Refusal], folders: &GroupFolders, path: &Path) -> LostHeader {
    if refused.iter().any(|refusal| refusal.id == RefusalId::NothingButPages) {
        let remedy = dry_run(folders, path, DIRTY_FOR_REPAIR);
        let in_words = in_words(RebuildCase::PagesOnly);
        return LostHeader { case: LostCase::PagesOnly, in_words, remedy };
    }
    let mut ids: Vec<&str> = refused.iter().map(|refusal| refusal.id.name()).collect();
    ids.dedup();
    let in_words = format!("Case E: no header can be proven ({}).", ids.join(", "));
    // What no other log and no older header would change is not tried a second time.
    let for_good = refused.iter().find(|refusal| is_for_good(refusal.id));
    let remedy =
        for_good.map_or_else(|| dry_run(folders, path, ""), |refusal| refusal.remedy.clone());
    LostHeader { case: LostCase::Unproven, in_words, remedy }
}

fn is_for_good(id: RefusalId) -> bool {
    use RefusalId::{BackupInProgress, BadPages, NotEse, PageSizeUnknown, RootPageLost, Truncated};
    matches!(id, BackupInProgress | BadPages | NotEse | PageSizeUnknown | RootPageLost | Truncated)
}

/// The rebuild that tells all of it and writes nothing, with a further flag.
fn dry_run(folders: &GroupFolders, path: &Path, flag: &str) -> Paragraph {
    let mut command = format!("rebuild-header --dry-run {flag}").trim_end().to_owned();
    let beside = path.parent().unwrap_or(path);
    for (dir, name) in [(&folders.log_dir, "--log-dir"), (&folders.system_dir, "--system-dir")] {
        if dir != beside {
            command += &format!(" {name} {}", crate::show::quoted(dir));
        }
    }
    CommandLine::new(&command).path(path).into()
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
