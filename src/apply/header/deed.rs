//! The deed that writes both copies of a header: a repair, and its undo.

use std::path::{Path, PathBuf};

use crate::ese::Signature;
use crate::ese::shadow::{HeaderArea, Which, elect, is_valid_header};
use crate::guards::{HeaderQuestion, Held, for_header, reason};
use crate::plan::{HeaderImages, OperationStamp, Plan, Steps, flaw_of_writes};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{CommandLine, quoted, shown};
use crate::storage::{Access, File, Storage, StorageError, read_full};
use crate::survey::{Fingerprint, survey_open_file};

use super::super::context::Context;
use super::super::deed::{Deed, Ready, Terms};
use super::super::operation::files::read_sums;
use super::super::operation::folder::OperationFolder;
use super::super::operation::journal::End;
use super::super::operation::moved_along::is_same;
use super::super::operation::trouble::{journal_contradicted, journal_damaged, of_the_original};
use super::commit::{CopyImage, HeldHeader, Trouble, classify};
use super::preparation;

/// A plan of header writes, and what is needed to carry it out.
pub struct HeaderDeed {
    /// The database where it is now, absolute.
    pub database: PathBuf,
    /// The plan.
    pub plan: Plan,
    /// Its images.
    pub images: HeaderImages,
    /// What the plan rests on; `None` of one that was read back from its folder.
    pub rests_on: Option<Fingerprint>,
}

impl Deed for HeaderDeed {
    fn stamp(&self) -> OperationStamp {
        self.plan.stamp()
    }

    fn subject(&self) -> PathBuf {
        self.database.clone()
    }

    fn header_before(&self) -> Option<String> {
        Some(self.plan.header_before_sha256.clone())
    }

    fn named(&self) -> PathBuf {
        self.database.clone()
    }

    fn flaw(&self) -> Option<String> {
        flaw_of_writes(&self.plan, &self.images)
    }

    fn folders(&self) -> Vec<PathBuf> {
        self.database.parent().map(Path::to_owned).into_iter().collect()
    }

    fn steps(&self) -> Steps {
        self.plan.steps.clone().into()
    }

    fn files(&self, _: &dyn Storage) -> Vec<(PathBuf, Access)> {
        vec![(self.database.clone(), Access::ReadWrite)]
    }

    fn refusals(&self, context: Context, held: &Held, terms: &Terms) -> Vec<Refusal> {
        let facts = match self
            .held_in(held)
            .map(|file| survey_open_file(context.storage, file, &self.database))
        {
            Ok(Ok(facts)) => facts,
            Ok(Err(error)) => return vec![unread(&self.database, &error.to_string())],
            Err(refusal) => return vec![refusal],
        };
        let asked = HeaderQuestion {
            facts: &facts,
            backup_dir: &terms.backup_dir,
            scope: self.plan.backup,
            of_rebuild: self.images.is_of_rebuild(),
            allow_unproven_lock: terms.allow_unproven_lock,
            backup_terms: terms.backup_terms,
            planned: self.rests_on.as_ref(),
        };
        for_header(context.storage, &asked)
    }

    fn prepare<'a>(
        &'a self,
        context: Context,
        held: &'a Held,
        folder: &mut OperationFolder,
    ) -> Result<Box<dyn Ready + 'a>, Refusal> {
        let header = self.held_header(held)?;
        Ok(Box::new(preparation::prepare(context, header, &self.plan, folder)?))
    }

    fn tidy(&self, _: &dyn Storage) -> Result<(), StorageError> {
        Ok(())
    }

    fn files_to_recover(
        &self,
        storage: &dyn Storage,
        end: Option<End>,
    ) -> Result<Vec<(PathBuf, Access)>, Refusal> {
        let is_gone = storage.status(&self.database).is_err_and(|error| error.is_not_found());
        match end {
            None if is_gone => Err(database_gone(&self.database)),
            Some(_) if is_gone => Ok(Vec::new()),
            _ => Ok(self.files(storage)),
        }
    }

    fn expect_own(
        &self,
        storage: &dyn Storage,
        subject: &Path,
        dir: &Path,
        is_beside: bool,
    ) -> Result<(), Refusal> {
        // Its images say what belongs into a database, wherever that is now.
        let is_own = is_beside
            || storage.status(&self.database).is_err()
            || is_same(storage, subject, &self.database);
        if is_own { Ok(()) } else { Err(of_the_original(subject, dir, &self.database)) }
    }

    fn look(
        &self,
        storage: &dyn Storage,
        held: &Held,
        dir: &Path,
        back: bool,
    ) -> Result<End, Vec<Refusal>> {
        let found = self.read_copies(held).map_err(|refusal| vec![refusal])?;
        let known = self.expect_known(&found);
        known
            .and_then(|()| self.expect_length(storage, held, dir))
            .map_err(|refusal| vec![refusal])?;
        let images = self.classify(&found);
        let begun = images.iter().any(|image| matches!(image, CopyImage::After | CopyImage::Torn));
        Ok(if begun && !back { End::Committed } else { End::RolledBack })
    }

    fn expect_overtaken(&self, _: &dyn Storage, held: &Held) -> Result<(), Refusal> {
        let found = self.read_copies(held)?;
        let [primary, shadow] = &found;
        if !is_valid_header(primary) || primary != shadow {
            return Err(not_whole(&self.database));
        }
        if self.signatures().contains(&signature_of(&found.concat())) {
            return self.expect_not_cut(held);
        }
        Err(of_another_database(&self.database))
    }

    /// In the plan's order or its reverse. A copy that looks right already is written, too: what was read may
    /// be in the cache alone, from a write that was never synced or whose sync failed. If it were left out, the
    /// other copy would be written while this one is not durable.
    fn bring_to(&self, _: &dyn Storage, held: &Held, end: End) -> Result<(), Refusal> {
        let header = self.held_header(held)?;
        let mut writes: Vec<_> = self.plan.writes().collect();
        if end == End::RolledBack {
            writes.reverse();
        }
        let mut writes = writes.into_iter();
        writes.try_for_each(|write| header.write_copy(write, end).map_err(Trouble::refusal))
    }

    /// A header that is neither the old nor the new one has been written since, as by a mount.
    fn expect_ended(
        &self,
        storage: &dyn Storage,
        held: &Held,
        dir: &Path,
        end: End,
    ) -> Result<(), Refusal> {
        // It may have been moved or deleted since.
        if held.file(&self.database).is_none() {
            return Ok(());
        }
        let wrong = match end {
            End::RolledBack => CopyImage::After,
            End::Committed => CopyImage::Before,
            End::Overtaken => return Ok(()),
        };
        let found = self.read_copies(held)?;
        let images = self.classify(&found);
        if images.iter().any(|copy| *copy == wrong || *copy == CopyImage::Torn) {
            return Err(journal_contradicted(dir, end, "the header does"));
        }
        // After a roll-back it is said that the header is as before. A finished operation may be mounted since,
        // and the file have grown.
        let is_mounted = images.contains(&CopyImage::Foreign);
        match end {
            End::Committed if is_mounted => self.expect_not_cut(held),
            _ => self.expect_known(&found).and_then(|()| self.expect_length(storage, held, dir)),
        }
    }

    fn expect_untouched(
        &self,
        storage: &dyn Storage,
        held: &Held,
        dir: &Path,
    ) -> Result<(), Refusal> {
        if held.file(&self.database).is_none() {
            return Ok(());
        }
        let found = self.read_copies(held)?;
        let images = self.classify(&found);
        if images.iter().any(|copy| matches!(copy, CopyImage::After | CopyImage::Torn)) {
            return Err(journal_damaged(
                dir,
                "its journal is missing, though the header was written",
            ));
        }
        self.expect_known(&found)?;
        self.expect_length(storage, held, dir)
    }
}

impl HeaderDeed {
    fn held_in<'a>(&self, held: &'a Held) -> Result<&'a dyn File, Refusal> {
        held.file(&self.database).ok_or_else(|| database_gone(&self.database))
    }

    /// Refuses a header that somebody else wrote.
    fn expect_known(&self, found: &[Vec<u8>; 2]) -> Result<(), Refusal> {
        let images = self.classify(found);
        if !images.contains(&CopyImage::Foreign) {
            return Ok(());
        }
        let both_whole = found.iter().all(|copy| is_valid_header(copy));
        let database = &self.database;
        Err(if both_whole { overtaken(database) } else { foreign(database, images) })
    }

    /// Refuses a file that is longer or shorter than the one that the operation began with. `dir` is the operation
    /// folder: a full copy in it is named.
    fn expect_length(&self, storage: &dyn Storage, held: &Held, dir: &Path) -> Result<(), Refusal> {
        let found = self.length(held)?;
        let expected = self.plan.length_bytes;
        if found == expected {
            return Ok(());
        }
        // One that is listed was whole, and compared.
        let whole = read_sums(storage, dir, |name| self.plan.full_copy() == Some(name));
        let copy = whole.keys().next().map(|name| dir.join(name));
        let copy = copy.filter(|copy| storage.status(copy).is_ok());
        Err(of_another_length(&self.database, [found, expected], copy.as_deref()))
    }

    /// Refuses a file that is shorter than it was: no mount makes it that.
    fn expect_not_cut(&self, held: &Held) -> Result<(), Refusal> {
        let (found, expected) = (self.length(held)?, self.plan.length_bytes);
        if found < expected {
            return Err(of_another_length(&self.database, [found, expected], None));
        }
        Ok(())
    }

    fn length(&self, held: &Held) -> Result<u64, Refusal> {
        let status = self.held_in(held)?.status().map_err(|error| reason(&error))?;
        Ok(status.length_bytes)
    }

    /// The signatures of the database in the images; of a header that was destroyed there is none.
    fn signatures(&self) -> Vec<Option<Signature>> {
        let images = [&self.images.before, &self.images.after];
        images.into_iter().map(|image| signature_of(image)).filter(Option::is_some).collect()
    }

    fn held_header<'a>(&'a self, held: &'a Held<'a>) -> Result<HeldHeader<'a>, Refusal> {
        Ok(HeldHeader { held, file: self.held_in(held)?, images: &self.images })
    }

    fn classify(&self, [primary, shadow]: &[Vec<u8>; 2]) -> [CopyImage; 2] {
        [
            classify(primary, &self.images, Which::Primary),
            classify(shadow, &self.images, Which::Shadow),
        ]
    }

    /// Both copies as they are, cut off where the file ends.
    fn read_copies(&self, held: &Held) -> Result<[Vec<u8>; 2], Refusal> {
        let page = self.plan.page_size_bytes;
        let mut found = vec![0; 2 * page];
        let read = read_full(self.held_in(held)?, &mut found, 0).map_err(|error| reason(&error))?;
        found.truncate(read);
        Ok([Which::Primary, Which::Shadow].map(|which| {
            let start = (which.offset(page) as usize).min(found.len());
            found[start..(start + page).min(found.len())].to_vec()
        }))
    }
}

/// The refusal where a database that was just surveyed cannot be read any more.
fn unread(database: &Path, error: &str) -> Refusal {
    let text = format!("it cannot be read any more: {error}");
    let remedy = "Nothing was changed. Look into the system's log for what the disk said.";
    Refusal::new(RefusalId::IoError, database, text, remedy)
}

/// The refusal where the database of an operation is not beside its marker.
fn database_gone(database: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        database,
        "the operation on it is not finished, and it is not there",
        "Nothing was touched. If it was renamed or moved, give it this name again, then run the same command \
         again.",
    )
}

/// The refusal where a mount, or another program, has written a whole header since.
fn overtaken(database: &Path) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        database,
        "the header was written by somebody else since the operation began, as by a mount of the store; \
         both of its copies are whole",
        format!(
            "Nothing was touched. The operation was overtaken. Dismount the store, then: edbmend check {0}. \
             Where that finds both header copies sound, close the operation: edbmend recover --accept-changed {0}. \
             Keep the operation folder until you know what the header says.",
            quoted(database)
        ),
    )
}

/// The refusal where an operation cannot be closed, because of the header that somebody else wrote.
fn not_whole(database: &Path) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        database,
        "the header was written by somebody else since the operation began, and its two copies are not both valid \
         and equal: it cannot be accepted as it is",
        format!(
            "Nothing was touched. Look at both copies: edbmend inspect --copy primary {0}, and --copy shadow. A \
             store that is mounted, and dismounted again, writes both. Keep the marker and the operation folder.",
            quoted(database)
        ),
    )
}

/// The DB signature in header pages of which one is valid.
fn signature_of(pages: &[u8]) -> Option<Signature> {
    Some(elect(&HeaderArea::of(pages.to_vec()))?.header.raw.db_signature)
}

/// The refusal where the file was cut off, or grew, since the operation began: found and expected length in bytes.
fn of_another_length(database: &Path, [found, expected]: [u64; 2], copy: Option<&Path>) -> Refusal {
    let remedy = match copy {
        Some(copy) => format!(
            "The full copy is {}. If the file was damaged or cut off: put it aside, and the copy in its place; then \
             run the same command again.",
            shown(copy)
        ),
        None => "If it was cut off, its other pages are lost there: put a copy of that length back, then run the \
                 same command again."
            .to_owned(),
    };
    Refusal::new(
        RefusalId::DatabaseChanged,
        database,
        format!("the file has {found} bytes, and had {expected} when the operation began"),
        format!(
            "Nothing was touched. {remedy} Keep the marker and the operation folder. If nothing of that is to be had: \
             docs/recover.md, section \"Lost for good\"."
        ),
    )
}

/// The refusal where a file with another DB signature has the name of the database.
fn of_another_database(database: &Path) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        database,
        "this is another database: its DB Signature is not that of the one that the operation was begun on",
        format!(
            "Nothing was touched. Put the database of the operation back under this name, then: {}. If eseutil /p or \
             /d made this one out of it: docs/recover.md, section \"Lost for good\".",
            CommandLine::new("recover").path(database)
        ),
    )
}

/// The refusal where a copy is damaged, and not by this operation.
fn foreign(database: &Path, found: [CopyImage; 2]) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        database,
        format!(
            "the header is neither what it was before the operation nor what was planned (primary: {:?}, \
             shadow: {:?})",
            found[0], found[1]
        )
        .to_lowercase(),
        format!(
            "Nothing was touched. Look at both copies: edbmend inspect --copy primary {0}, and --copy shadow. \
             Keep the marker and the operation folder: header-before.bin in it holds both pages as they were.",
            quoted(database)
        ),
    )
}
