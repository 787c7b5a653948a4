//! The guards of a deed that writes a header.

use std::path::Path;

use crate::plan::{BackupScope, content_refusals, rebuild_refusals, write_refusals};
use crate::refusal::Refusal;
use crate::storage::Storage;
use crate::survey::{DatabaseFacts, Fingerprint};

use super::backup_folder::{self, BackupTerms};
use super::exclusive::Held;
use super::in_use::written_meanwhile;

/// What the guards are asked about.
pub struct HeaderQuestion<'a> {
    /// The database as it is now.
    pub facts: &'a DatabaseFacts,
    /// Where the operation folder goes, absolute.
    pub backup_dir: &'a Path,
    /// How much is backed up.
    pub scope: BackupScope,
    /// Whether the header is rebuilt, or given up again: then none has to be there.
    pub of_rebuild: bool,
    /// Whether to go on where exclusive access cannot be proven.
    pub allow_unproven_lock: bool,
    /// What was agreed about the backup folder.
    pub backup_terms: BackupTerms,
    /// Under exclusive access: what the plan rests on. `None` before the question.
    pub planned: Option<&'a Fingerprint>,
}

/// Every reason not to write the header. All guards are asked.
pub fn for_header(storage: &dyn Storage, asked: &HeaderQuestion) -> Vec<Refusal> {
    let facts = asked.facts;
    let mut refusals =
        if asked.of_rebuild { rebuild_refusals(facts) } else { content_refusals(facts) };
    refusals.extend(write_refusals(facts));
    refusals.extend(of_backup_folder(storage, asked));
    refusals.extend(in_use(storage, asked));
    refusals.extend(changed(asked));
    refusals
}

fn of_backup_folder(storage: &dyn Storage, asked: &HeaderQuestion) -> Vec<Refusal> {
    let HeaderQuestion { facts, backup_dir, scope, backup_terms, .. } = *asked;
    backup_folder::refusals_for(storage, facts, backup_dir, scope, backup_terms)
}

/// The database, unless it is held already: to open it again would dispute that. And the streaming file,
/// which is neither changed nor copied, but must not be in anybody's hands.
fn in_use(storage: &dyn Storage, asked: &HeaderQuestion) -> Vec<Refusal> {
    let facts = asked.facts;
    let database = asked.planned.is_none().then_some(facts.path.as_path());
    let streaming = facts.streaming.as_ref().filter(|streaming| streaming.found);
    let streaming = streaming.map(|streaming| streaming.path.as_path());
    Held::probe(storage, database.into_iter().chain(streaming), asked.allow_unproven_lock)
}

fn changed(asked: &HeaderQuestion) -> Option<Refusal> {
    let what = "the file changed between the survey and the moment of writing";
    let changed = asked.planned.is_some_and(|planned| asked.facts.fingerprint() != *planned);
    changed.then(|| written_meanwhile(&asked.facts.path, what))
}
