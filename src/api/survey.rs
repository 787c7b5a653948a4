//! From databases and folders that were named to facts, or to the reason why there are none.

use std::path::{Path, PathBuf};

use crate::apply::{at_work, at_work_near, at_work_on_logs};
use crate::diagnose::is_archive;
use crate::guards::{unread, unreadable};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{quoted, shown};
use crate::storage::{FileKind, all_processors};
use crate::survey::{
    Bodies, BodyPass, DatabaseFacts, Digests, GroupFacts, GroupFolders, Listings, LogStream,
    SurveyError, survey_database_among, survey_group_among, survey_own_logs,
};

use super::databases_in::is_temporary;
use super::run::Run;

impl Run<'_> {
    /// Surveys a database that was named.
    pub fn survey(&self, path: &Path) -> Result<DatabaseFacts, Refusal> {
        self.survey_among(&self.listings(), path)
    }

    /// Folders that will be listed once, for one survey.
    pub fn listings(&self) -> Listings<'_> {
        Listings::new(self.storage())
    }

    /// Surveys a database that was named, one of several.
    pub(super) fn survey_among(
        &self,
        listings: &Listings,
        path: &Path,
    ) -> Result<DatabaseFacts, Refusal> {
        let path = self.resolve(path)?;
        if let Some(refusal) = at_work(self.storage(), &path) {
            return Err(refusal);
        }
        self.stage(&format!("looking at {}", shown(&path)));
        let facts = survey_database_among(listings, &path);
        facts.map_err(|error| self.survey_refusal(&path, &error))
    }

    /// The refusal where another edbmend is at work on a database, or on the logs beside it.
    pub fn at_work_near(&self, path: &Path) -> Option<Refusal> {
        at_work_near(self.storage(), &self.resolve(path).ok()?)
    }

    /// Surveys a database that was named, and the logs of its stream that lie beside it.
    pub fn survey_with_logs(&self, path: &Path) -> Result<DatabaseFacts, Refusal> {
        let mut facts = self.survey(path)?;
        let beside = facts.path.parent().unwrap_or(Path::new(".")).to_owned();
        let Some(pair) = &facts.pair else { return Ok(facts) };
        facts.logs = survey_own_logs(self.storage(), &beside, &pair.header.raw.log_signature).ok();
        Ok(facts)
    }

    /// Surveys a storage group whose logs are to move: the databases of a folder and those named, its
    /// logs and checkpoint; with the reasons why a database could not be surveyed.
    pub fn survey_group(
        &self,
        dir: &Path,
        log_dir: Option<&Path>,
        system_dir: Option<&Path>,
        named: &[PathBuf],
    ) -> Result<(GroupFacts, Vec<Refusal>), Refusal> {
        let dir = self.resolve_dir(dir)?;
        let log_dir = log_dir.map_or(Ok(dir.clone()), |dir| self.resolve_dir(dir))?;
        let system_dir = system_dir.map_or(Ok(log_dir.clone()), |dir| self.resolve_dir(dir))?;
        if let Some(refusal) = at_work_on_logs(self.storage(), &log_dir) {
            return Err(refusal);
        }
        let (mut databases, mut unread) = (Vec::new(), Vec::new());
        let listings = self.listings();
        for found in self.databases_in(&listings, &dir)?.databases {
            match found {
                Ok(facts) if databases.iter().any(|known| is_same_file(known, &facts)) => {}
                Ok(facts) => databases.push(facts),
                Err(refusal) => unread.push(refusal),
            }
        }
        for path in named {
            match self.survey_among(&listings, path) {
                // It stays where it is, and nothing is asked of it.
                Ok(facts) if is_temporary(&facts) => {}
                Ok(facts) => add_named(&mut databases, facts),
                Err(refusal) if unread.contains(&refusal) => {}
                Err(refusal) => unread.push(refusal),
            }
        }
        let folders = GroupFolders { log_dir, system_dir };
        let bodies = Some(Bodies::OfNextMount);
        Ok((self.survey_logs(&listings, folders, databases, Digests::Wanted, bodies)?, unread))
    }

    /// Surveys the logs and checkpoints of databases that are surveyed already, with progress; `bodies` says
    /// which log bodies are read.
    pub fn survey_logs(
        &self,
        listings: &Listings,
        folders: GroupFolders,
        databases: Vec<DatabaseFacts>,
        digests: Digests,
        bodies: Option<Bodies>,
    ) -> Result<GroupFacts, Refusal> {
        let log_dir = folders.log_dir.clone();
        self.stage(&format!("reading the logs in {}", shown(&log_dir)));
        let observer = self.context.observer;
        observer.begin_files("reading log headers");
        let advance = |files| observer.advance_files(files);
        let group = survey_group_among(listings, folders, databases, digests, &advance);
        observer.end_files();
        let mut group = group.map_err(|error| unreadable(&error))?;
        if let Some(bodies) = bodies {
            let GroupFacts { streams, databases, .. } = &mut group;
            let is_read = |stream: &&mut LogStream| {
                bodies != Bodies::OfNextMount || !is_archive(stream, databases)
            };
            let streams = streams.iter_mut().filter(is_read);
            self.read_bodies(streams, bodies, all_processors(), &log_dir)?;
        }
        Ok(group)
    }

    /// Reads bodies of logs, with progress.
    pub fn read_bodies<'b>(
        &'b self,
        streams: impl IntoIterator<Item = &'b mut LogStream>,
        bodies: Bodies,
        threads: usize,
        log_dir: &Path,
    ) -> Result<(), Refusal> {
        let observer = self.context.observer;
        let pass = BodyPass::new(self.storage(), streams, bodies);
        if pass.bytes() == 0 {
            return Ok(());
        }
        observer.begin_bytes("reading log bodies", pass.bytes());
        let is_done = pass.read(threads, &mut |bytes| {
            observer.advance_bytes(bytes);
            !self.context.is_interrupted()
        });
        observer.end_bytes();
        if is_done {
            return Ok(());
        }
        let what = "interrupted while the logs were read; nothing was written";
        Err(Refusal::new(RefusalId::Interrupted, log_dir, what, "Run the same command again."))
    }

    fn survey_refusal(&self, path: &Path, error: &SurveyError) -> Refusal {
        match error {
            SurveyError::NotRegular { kind, target } => not_regular(path, *kind, target.as_deref()),
            SurveyError::Storage(error) => unread(self.storage(), path, error),
        }
    }

    /// The refusal where the streaming file of a database could not be read.
    pub fn unread_streaming_file(&self, facts: &DatabaseFacts) -> Option<Refusal> {
        let streaming = facts.streaming.as_ref()?;
        Some(unread(self.storage(), &streaming.path, streaming.read_error.as_deref()?))
    }
}

/// Adds a database that was named. One file with two names (a hard link) is one database, under the
/// name that was given.
fn add_named(databases: &mut Vec<DatabaseFacts>, facts: DatabaseFacts) {
    match databases.iter_mut().find(|known| is_same_file(known, &facts)) {
        Some(known) => *known = facts,
        None => databases.push(facts),
    }
}

fn is_same_file(one: &DatabaseFacts, other: &DatabaseFacts) -> bool {
    one.status.identity == other.status.identity
}

/// What a path is that is no regular file, and what to name instead.
fn not_regular(path: &Path, kind: FileKind, target: Option<&Path>) -> Refusal {
    let (what, remedy) = match (kind, target) {
        (FileKind::Directory, _) => (
            "this is a folder, expected a database file".to_owned(),
            format!(
                "Name the database in it. To look at all of them: edbmend check {}",
                quoted(path)
            ),
        ),
        (FileKind::Symlink, Some(target)) => {
            let whole = path.parent().unwrap_or(Path::new("/")).join(target);
            (
                format!("this is a symbolic link to {}", shown(target)),
                format!("Name the file itself: {}", quoted(&whole)),
            )
        }
        _ => (
            "this is a link, a FIFO, a socket or a device, expected a database file".to_owned(),
            "Name the database file itself. Copy a database from a device into a file first."
                .to_owned(),
        ),
    };
    Refusal::new(RefusalId::NotARegularFile, path, what, remedy)
}
