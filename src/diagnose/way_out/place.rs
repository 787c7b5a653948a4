//! What a way out begins at: a log stream with its databases, or databases alone.

use std::path::{Path, PathBuf};

use crate::ese::log_limits::GenerationLimits;
use crate::ese::{DbHeader, LogBase};
use crate::show::shown;
use crate::simulate::{DatabaseContent, HeaderState, Set, Started, Stop, start};
use crate::survey::{DatabaseFacts, GroupFacts, GroupFolders};

use super::super::chain::Chain;
use super::super::exchanged::{Exchanged, exchanged};
use super::super::instance::Instance;
use super::super::{Finding, Severity, Subject, absent_databases};

/// A group, with what was judged of it.
#[derive(Clone)]
pub(in crate::diagnose) struct Place<'a> {
    pub folders: &'a GroupFolders,
    /// `None` where no log and no checkpoint was found.
    pub chain: Option<&'a Chain<'a>>,
    /// The databases that a start attaches.
    pub databases: Vec<&'a DatabaseFacts>,
    /// What was found of them and of the logs.
    pub findings: Vec<&'a Finding>,
    /// Markers of interrupted operations.
    pub pending: Vec<&'a Path>,
    /// What a start meets, and how it ends.
    pub set: Set,
    pub start: Result<Started, Stop>,
    /// Whether closed logs alone are there, and nothing to mount.
    pub is_archive: bool,
    /// Databases that the logs name and that were not found, by their paths on the server.
    pub absent: Vec<String>,
    /// Databases that lie under each other's names.
    pub exchanged: Vec<String>,
}

impl<'a> Place<'a> {
    /// Of a log stream.
    pub fn of_instance(
        instance: &'a Instance<'a>,
        group: &'a GroupFacts,
        of_logs: &'a [Finding],
        of_databases: &'a [Vec<Finding>],
    ) -> Self {
        let attached = |(facts, _): &(&DatabaseFacts, &Vec<Finding>)| {
            instance.set.databases.iter().any(|file| file.path == facts.path)
        };
        let absent = absent_databases(group, instance.chain.stream);
        let pairs = group.databases.iter().zip(of_databases).filter(attached);
        let (databases, found): (Vec<_>, Vec<_>) = pairs.unzip();
        Self {
            folders: &group.folders,
            chain: Some(instance.chain),
            databases,
            findings: of_logs.iter().chain(found.into_iter().flatten()).collect(),
            pending: pending(group),
            set: instance.set.clone(),
            start: instance.start.clone(),
            is_archive: instance.is_archive(),
            absent: absent.iter().map(|one| shown(&one.path).to_string()).collect(),
            exchanged: exchanged(instance, group).iter().map(Exchanged::in_words).collect(),
        }
    }

    /// Of databases of which no log was found.
    pub fn of_databases(group: &'a GroupFacts, of_databases: &'a [Vec<Finding>]) -> Self {
        let set = Set::of_databases(&group.databases);
        Self {
            folders: &group.folders,
            chain: None,
            databases: group.databases.iter().collect(),
            findings: of_databases.iter().flatten().collect(),
            pending: pending(group),
            start: start(&set),
            set,
            is_archive: false,
            absent: Vec::new(),
            exchanged: Vec::new(),
        }
    }

    /// The place behind the rebuild of every header that is lost and proven.
    pub fn with_proven_headers(&self) -> Self {
        let mut place = self.clone();
        let mut is_changed = false;
        for facts in &self.databases {
            let Some(header) = proven_header(facts) else { continue };
            let files = place.set.databases.iter_mut();
            for file in files.filter(|file| file.path == facts.path) {
                file.content = DatabaseContent::Header(HeaderState::of(header));
                is_changed = true;
            }
        }
        if is_changed {
            place.start = start(&place.set);
        }
        place
    }

    /// Base name of the logs.
    pub fn base(&self) -> Option<LogBase> {
        self.chain.map(|chain| chain.stream.base)
    }

    /// The folder of the logs with their base name, or the folder alone.
    pub fn name(&self) -> PathBuf {
        match self.base() {
            Some(base) => self.folders.log_dir.join(base.as_str()),
            None => self.folders.log_dir.clone(),
        }
    }

    /// Whether its engine is that of Exchange 2000 or 2003, which knows no committed logs.
    pub fn is_legacy(&self) -> bool {
        match self.chain.and_then(Chain::limits) {
            Some(limits) => limits == GenerationLimits::LEGACY,
            None => {
                self.set.databases.iter().any(|file| file.header().is_some_and(|h| h.is_legacy))
            }
        }
    }

    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Whether one of the errors is of the logs or of the backups, which a full backup sets right.
    pub fn has_errors_of_logs(&self) -> bool {
        let is_of_logs = |finding: &&&Finding| {
            let subject = finding.id.subject();
            finding.severity == Severity::Error
                && matches!(subject, Subject::Logs | Subject::BackupFields)
        };
        self.findings.iter().any(|finding| is_of_logs(&finding))
    }

    /// What was surveyed of a database.
    pub fn facts(&self, path: &Path) -> Option<&'a DatabaseFacts> {
        self.databases.iter().copied().find(|facts| facts.path == path)
    }
}

/// The header of a database that is lost and proven.
pub(super) fn proven_header(facts: &DatabaseFacts) -> Option<&DbHeader> {
    facts.lost_header.as_ref()?.header()
}

fn pending(group: &GroupFacts) -> Vec<&Path> {
    let of_databases = group.databases.iter();
    let of_databases =
        of_databases.flat_map(|facts| [&facts.group_pending, &facts.pending].into_iter().flatten());
    let mut all: Vec<&Path> =
        group.pending.iter().chain(of_databases).map(|path| &**path).collect();
    all.sort_unstable();
    all.dedup();
    all
}
