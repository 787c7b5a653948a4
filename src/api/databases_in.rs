//! Which files of a folder are databases.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::ese::{ContentKind, ForeignFormat, LogFileName};
use crate::guards::unreadable;
use crate::refusal::Refusal;
use crate::storage::{FileKind, Storage};
use crate::survey::{DatabaseFacts, Listing, Listings};

use super::run::Run;

/// The files of a folder that are databases, or could be taken for some.
#[derive(Default)]
pub struct InFolder {
    /// The databases of groups, or why one could not be read.
    pub databases: Vec<Result<DatabaseFacts, Refusal>>,
    /// Left-over temporary databases.
    pub temporary: Vec<DatabaseFacts>,
    /// Files of other programs under such names.
    pub foreign: Vec<(PathBuf, ForeignFormat)>,
}

impl InFolder {
    fn sort_in(&mut self, facts: DatabaseFacts) {
        let has_its_name = is_named_like_a_database(&facts.path) || may_be_a_database(&facts.path);
        if facts.kind == ContentKind::Database {
            if is_temporary(&facts) {
                self.temporary.push(facts);
            } else {
                self.databases.push(Ok(facts));
            }
        } else if let Some(format) = ForeignFormat::of(&facts.area.bytes).filter(|_| has_its_name) {
            self.foreign.push((facts.path, format));
        }
    }
}

impl Run<'_> {
    /// The databases of a folder with its links resolved, by their content; logs are not opened. A file that cannot be read
    /// but is named like a database comes as the reason: what is not read must not pass for sound.
    pub fn databases_in(&self, listings: &Listings, dir: &Path) -> Result<InFolder, Refusal> {
        let listing = listings.of(dir).map_err(|error| unreadable(&error))?;
        let is_log =
            |name: &OsString| name.to_str().is_some_and(|n| LogFileName::parse(n).is_some());
        let is_file = |kind: &Option<FileKind>| *kind != Some(FileKind::Directory);
        let files = listing.iter().filter(|(name, kind)| is_file(kind) && !is_log(name));
        let mut names: Vec<_> = files.map(|(name, _)| name).collect();
        names.sort();
        let mut found = InFolder::default();
        for path in names.into_iter().map(|name| dir.join(name)) {
            match self.survey_found(listings, &path) {
                Ok(facts) => found.sort_in(taken_for_a_database(facts, &listing)),
                // What a link in this folder leads to is in this folder, too.
                Err(_) if leads_into(self.storage(), &path, dir) => {}
                Err(refusal) if is_named_like_a_database(&path) => {
                    found.databases.push(Err(refusal));
                }
                Err(_) => {}
            }
        }
        Ok(found)
    }
}

/// Whether a file is the engine's temporary database, which is created anew over what is there.
pub fn is_temporary(facts: &DatabaseFacts) -> bool {
    facts.pair.as_ref().is_some_and(|pair| pair.header.is_temporary())
}

/// Whether a path is a link to something in the folder itself, or a folder.
fn leads_into(storage: &dyn Storage, path: &Path, dir: &Path) -> bool {
    let Ok(to) = storage.canonical(path) else { return false };
    let is_link = storage.link_target(path).is_some();
    let is_folder = storage.status(&to).is_ok_and(|status| status.kind == FileKind::Directory);
    is_folder || (is_link && to.parent() == Some(dir))
}

/// A file that has no header, and is a database all the same by its name or by what lies beside it: it must not
/// be passed over in silence.
fn taken_for_a_database(facts: DatabaseFacts, listing: &Listing) -> DatabaseFacts {
    let is_candidate = facts.kind == ContentKind::Unknown
        && ForeignFormat::of(&facts.area.bytes).is_none()
        && (is_named_like_a_database(&facts.path)
            || has_streaming_file(&facts.path, listing)
            || is_blank(&facts) && may_be_a_database(&facts.path) && has_logs(listing));
    if is_candidate { DatabaseFacts { kind: ContentKind::Database, ..facts } } else { facts }
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

fn is_named_like_a_database(path: &Path) -> bool {
    let endings = ["edb", "dit", "msmessagestore"];
    path.extension().is_some_and(|end| endings.iter().any(|known| end.eq_ignore_ascii_case(known)))
}
