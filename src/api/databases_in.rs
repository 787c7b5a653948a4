//! Which files of a folder are databases.

use std::ffi::OsString;
use std::path::Path;

use crate::ese::{ContentKind, FileType, LogFileName, content};
use crate::guards::unreadable;
use crate::refusal::Refusal;
use crate::storage::canonical;
use crate::survey::{DatabaseFacts, Listing, Listings};

use super::run::Run;

impl Run<'_> {
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
}

/// Whether a path is a link to something in the folder itself, or a folder.
fn leads_into(path: &Path, dir: &Path) -> bool {
    path.is_dir() || (path.is_symlink() && canonical(path).is_ok_and(|to| to.parent() == Some(dir)))
}

/// A file that has no header, and is a database all the same by its name or by what lies beside it: it must not
/// be passed over in silence.
fn taken_for_a_database(facts: DatabaseFacts, listing: &Listing) -> DatabaseFacts {
    let is_candidate = facts.kind == ContentKind::Unknown
        && !content::is_of_another_program(&facts.area.bytes)
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

/// Whether a file that was found in a folder is a database with something in it to lose. Source:
/// `dev/ese/src/ese/io.cxx`, `ErrIOOpenDatabase`: a temporary one is created anew over what is there.
fn is_of_the_group(facts: &DatabaseFacts) -> bool {
    let file_type = facts.pair.as_ref().map(|pair| pair.header.file_type());
    facts.kind == ContentKind::Database && file_type != Some(FileType::TemporaryDatabase)
}

fn is_named_like_a_database(path: &Path) -> bool {
    let endings = ["edb", "dit", "msmessagestore"];
    path.extension().is_some_and(|end| endings.iter().any(|known| end.eq_ignore_ascii_case(known)))
}
