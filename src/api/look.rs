//! From the paths that were named to facts, or to the reason why there are none.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::apply::{DEFAULT_BACKUP_DIR, at_work, at_work_near, at_work_on_logs};
use crate::ese::{ContentKind, FileType, LogFileName};
use crate::guards::{not_found, reason, unread, unreadable};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{quoted, shown};
use crate::storage::{
    FileKind, StorageError, absolute, absolute_by_own_links, canonical, canonical_by_own_links,
};
use crate::survey::{
    Bodies, DatabaseFacts, Digests, GroupFacts, GroupFolders, Listing, Listings, SurveyError,
    read_bodies, survey_database_among, survey_group_among, survey_own_logs,
};

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

    fn survey_among(&self, listings: &Listings, path: &Path) -> Result<DatabaseFacts, Refusal> {
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

    /// The same together with the logs of its stream that lie beside it.
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
        for found in self.databases_in(&listings, &dir)? {
            match found {
                Ok(facts) if databases.iter().any(|known| is_same_file(known, &facts)) => {}
                Ok(facts) => databases.push(facts),
                Err(refusal) => unread.push(refusal),
            }
        }
        for path in named {
            match self.survey_among(&listings, path) {
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
        let mut group = survey_group_among(listings, folders, databases, digests, &advance);
        observer.end_files();
        if let Ok(group) = &mut group
            && let Some(bodies) = bodies
        {
            observer.begin_files("reading log bodies");
            let streams = group.streams.iter_mut();
            streams.for_each(|stream| read_bodies(self.storage(), stream, bodies, &advance));
            observer.end_files();
        }
        group.map_err(|error| unreadable(&error))
    }

    /// The databases of a folder, by their content; logs are not opened, and a left-over temporary
    /// database is none: the engine overwrites it. A file that cannot be read
    /// but is named like a database comes as the reason: what is not read must not pass for sound.
    pub fn databases_in(
        &self,
        listings: &Listings,
        dir: &Path,
    ) -> Result<Vec<Result<DatabaseFacts, Refusal>>, Refusal> {
        let listing = listings.of(dir).map_err(|error| unreadable(&error))?;
        let is_log =
            |name: &OsString| name.to_str().is_some_and(|n| LogFileName::parse(n).is_some());
        let mut names: Vec<_> =
            listing.iter().map(|(name, _)| name).filter(|name| !is_log(name)).collect();
        names.sort();
        let candidates = names.into_iter().map(|name| dir.join(name));
        let surveyed = candidates.filter_map(|path| match self.survey_among(listings, &path) {
            Ok(facts) => {
                let facts = taken_for_a_database(facts, &listing);
                is_of_the_group(&facts).then_some(Ok(facts))
            }
            // What a link in this folder leads to is in this folder, too.
            Err(_) if leads_into(&path, dir) => None,
            Err(refusal) => is_named_like_a_database(&path).then_some(Err(refusal)),
        });
        Ok(surveyed.collect())
    }

    /// The absolute form of a folder that was named, links resolved.
    pub fn resolve_dir(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let path = self.resolve(path)?;
        let dir = self.real(&path).map_err(|error| self.not_reached(&path, error))?;
        match self.storage().status(&dir).map_err(|error| unreadable(&error))?.kind {
            FileKind::Directory => Ok(dir),
            _ => Err(Refusal::new(
                RefusalId::NotFound,
                &path,
                "this is a file, expected a folder",
                format!("Name its folder: {}", quoted(dir.parent().unwrap_or(Path::new("/")))),
            )),
        }
    }

    /// The absolute form of a path that was named.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let found = if self.writes { absolute_by_own_links(path) } else { absolute(path) };
        found.map_err(|error| {
            let error = StorageError::new("open the folder of", path, error);
            if error.is_foreign_link() {
                return reason(&error);
            }
            let text = format!("its whole path cannot be found out: {}", error.source);
            Refusal::new(RefusalId::NotFound, path, text, "Name it with its whole path.")
        })
    }

    /// Where a folder is, links resolved.
    fn real(&self, dir: &Path) -> io::Result<PathBuf> {
        if self.writes { canonical_by_own_links(dir) } else { canonical(dir) }
    }

    fn not_reached(&self, dir: &Path, error: io::Error) -> Refusal {
        let error = StorageError::new("open the folder", dir, error);
        if error.is_foreign_link() { reason(&error) } else { not_found(self.storage(), dir) }
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

    /// The backup folder that was named, or the default beside the database.
    pub fn backup_dir(&self, named: Option<&Path>, database: &Path) -> Result<PathBuf, Refusal> {
        match named {
            // What is asked about a link must be asked about the folder. One that is not trusted, or leads nowhere,
            // stays, and is refused where it is opened.
            Some(dir) => self.resolve(dir).map(|dir| self.real(&dir).unwrap_or(dir)),
            None => Ok(database.with_file_name(DEFAULT_BACKUP_DIR)),
        }
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

/// Whether a path is a link to something in the folder itself, or a folder.
fn leads_into(path: &Path, dir: &Path) -> bool {
    path.is_dir() || (path.is_symlink() && canonical(path).is_ok_and(|to| to.parent() == Some(dir)))
}

/// A file that has no header, and is a database all the same by its name or by what lies beside it: it must not
/// be passed over in silence.
fn taken_for_a_database(facts: DatabaseFacts, listing: &Listing) -> DatabaseFacts {
    let is_candidate = facts.kind == ContentKind::Unknown
        && !is_of_another_format(&facts.area.bytes)
        && (is_named_like_a_database(&facts.path)
            || has_streaming_file(&facts.path, listing)
            || is_blank(&facts) && may_be_a_database(&facts.path) && has_logs(listing));
    if is_candidate { DatabaseFacts { kind: ContentKind::Database, ..facts } } else { facts }
}

/// Formats of other programs whose files have such names.
fn is_of_another_format(start: &[u8]) -> bool {
    start.starts_with(b"SQLite format 3\0")
        || start.starts_with(b"regf")
        || start.get(4..).is_some_and(|rest| {
            rest.starts_with(b"Standard Jet DB") || rest.starts_with(b"Standard ACE DB")
        })
}

/// Whether a streaming file is there, of which nothing else is the database by its name.
fn has_streaming_file(path: &Path, listing: &Listing) -> bool {
    let is_there = |ending: &str| {
        let wanted = path.with_extension(ending);
        let wanted = wanted.file_name().unwrap_or_default();
        listing.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    !path.extension().is_some_and(|end| end.eq_ignore_ascii_case("stm"))
        && is_there("stm")
        && !is_there("edb")
}

/// An empty file, or one that begins with zeros.
fn is_blank(facts: &DatabaseFacts) -> bool {
    facts.area.bytes.iter().take(4096).all(|&byte| byte == 0)
}

/// Endings that databases of the engine have among others.
fn may_be_a_database(path: &Path) -> bool {
    let endings = ["sdb", "mdb", "dat", "vol"];
    path.extension().is_some_and(|end| endings.iter().any(|known| end.eq_ignore_ascii_case(known)))
}

fn has_logs(listing: &Listing) -> bool {
    let names = listing.iter().filter_map(|(name, _)| name.to_str());
    names.filter_map(LogFileName::parse).any(|name| name.base().is_some())
}

/// Whether a file that was found in a folder is a database with something in it to lose. Source:
/// `dev/ese/src/ese/io.cxx`, `ErrIOOpenDatabase`: a temporary one is created anew over what is there.
fn is_of_the_group(facts: &DatabaseFacts) -> bool {
    let file_type = facts.pair.as_ref().map(|pair| pair.header.file_type());
    facts.kind == ContentKind::Database && file_type != Some(FileType::TemporaryDatabase)
}

fn is_same_file(one: &DatabaseFacts, other: &DatabaseFacts) -> bool {
    one.status.identity == other.status.identity
}

fn is_named_like_a_database(path: &Path) -> bool {
    let endings = ["edb", "dit", "msmessagestore"];
    path.extension().is_some_and(|end| endings.iter().any(|known| end.eq_ignore_ascii_case(known)))
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
