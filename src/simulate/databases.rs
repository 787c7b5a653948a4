//! The databases while recovery goes on: which are attached, and what becomes of their headers.

use std::collections::BTreeMap;

use crate::ese::log_records::BackupScope;
use crate::ese::{BackupInfo, DbState, LgPos, Signature};

use super::attach_check::{Expected, Named, Reader, Taken, attached, created};
use super::failure::{Cause, Failure, Stop};
use super::set::{DatabaseContent, DatabaseFile, HeaderState, Set};

/// A database that the logs have attached.
struct Attachment {
    server_path: String,
    /// Its file; `None` where it was left aside.
    file: Option<usize>,
    /// Left aside because it is consistent as of a later position.
    consistent_future: bool,
    /// The last page that it is known to have.
    last_page: u64,
}

/// All databases.
pub(super) struct Databases {
    pub files: Vec<DatabaseFile>,
    set: Set,
    attached: BTreeMap<u8, Attachment>,
}

impl Databases {
    pub fn of(set: &Set) -> Self {
        let names = Set { databases: set.databases.clone(), ..Set::default() };
        Self { files: set.databases.clone(), set: names, attached: BTreeMap::new() }
    }

    /// A database is attached, by a list or by a record.
    pub fn attach(
        &mut self,
        dbid: u8,
        server_path: &str,
        expected: &Expected,
        named: Named,
        reader: Reader,
    ) -> Result<(), Stop> {
        let found = self.set.index_of(server_path);
        let taken = match found {
            Some(index) => attached(&self.files[index], expected, named, reader)?,
            None => Taken::Deferred { consistent_future: false },
        };
        self.take(dbid, server_path, found, taken);
        if taken == Taken::Now
            && let Some(header) = found.and_then(|index| self.header_mut(index))
        {
            if named == Named::InRecord {
                attach_anew(header, reader);
            } else if header.is_clean() {
                dirty(header, reader.generation);
            }
        }
        Ok(())
    }

    /// A database is created.
    pub fn create(
        &mut self,
        dbid: u8,
        server_path: &str,
        db_signature: Signature,
        page_bytes: u32,
        reader: Reader,
    ) -> Result<(), Stop> {
        let found = self.set.index_of(server_path);
        let taken = match found {
            Some(index) => created(&self.files[index], db_signature, reader)?,
            None => Taken::Created,
        };
        let found = match taken {
            Taken::Created => {
                Some(self.made_anew(found, server_path, db_signature, page_bytes, reader))
            }
            _ => found,
        };
        self.take(dbid, server_path, found, taken);
        Ok(())
    }

    fn made_anew(
        &mut self,
        found: Option<usize>,
        server_path: &str,
        db_signature: Signature,
        page_bytes: u32,
        reader: Reader,
    ) -> usize {
        let mut header = HeaderState {
            state: DbState::DirtyShutdown,
            db_signature,
            log_signature: reader.signature.unwrap_or(db_signature),
            last_attach: reader.at,
            last_consistent: LgPos::default(),
            min_required: 0,
            max_required: 0,
            max_committed: 0,
            full: BackupInfo::NONE,
            incremental: BackupInfo::NONE,
            current_full: (0, 0),
            page_bytes,
            is_legacy: false,
        };
        dirty(&mut header, reader.generation);
        let content = DatabaseContent::Header(header);
        match found {
            Some(index) => {
                self.files[index].content = content;
                // It grows with its records.
                self.files[index].length_bytes = u64::MAX;
                index
            }
            None => {
                let path = super::set::last_component(server_path).into();
                self.files.push(DatabaseFile { path, length_bytes: u64::MAX, content });
                self.set.databases = self.files.clone();
                self.files.len() - 1
            }
        }
    }

    fn take(&mut self, dbid: u8, server_path: &str, found: Option<usize>, taken: Taken) {
        let file = found.filter(|_| !matches!(taken, Taken::Deferred { .. }));
        let attachment = Attachment {
            server_path: server_path.to_owned(),
            file,
            consistent_future: taken == Taken::Deferred { consistent_future: true },
            last_page: file.map_or(u64::MAX, |index| self.files[index].pages()),
        };
        self.attached.insert(dbid, attachment);
    }

    /// The header remembers another backup.
    pub fn backed_up(&mut self, dbid: u8, scope: BackupScope, info: BackupInfo) {
        let file = self.attached.get(&dbid).and_then(|attachment| attachment.file);
        let Some(header) = file.and_then(|index| self.header_mut(index)) else { return };
        match scope {
            // A full backup begins a chain of its own.
            BackupScope::Full => (header.full, header.incremental) = (info, BackupInfo::NONE),
            BackupScope::Incremental => header.incremental = info,
            BackupScope::Copy | BackupScope::Differential | BackupScope::Unknown(_) => {}
        }
    }

    /// A database is detached, clean as of a position.
    pub fn detach(&mut self, dbid: u8, at: LgPos) {
        if let Some(index) = self.attached.remove(&dbid).and_then(|gone| gone.file)
            && let Some(header) = self.header_mut(index)
        {
            clean(header, at);
        }
    }

    /// All databases are detached, clean as of a position.
    pub fn detach_all(&mut self, at: LgPos) {
        let all: Vec<u8> = self.attached.keys().copied().collect();
        all.into_iter().for_each(|dbid| self.detach(dbid, at));
    }

    /// The records of a log reach up to these pages; before that the file may have grown to others.
    pub fn touch(
        &mut self,
        highest: &BTreeMap<u8, u32>,
        grown_to: &BTreeMap<u8, u32>,
    ) -> Result<(), Stop> {
        for (dbid, attachment) in &mut self.attached {
            let grown = grown_to.get(dbid).copied().unwrap_or_default();
            attachment.last_page = attachment.last_page.max(grown.into());
            let (Some(index), Some(&page)) = (attachment.file, highest.get(dbid)) else { continue };
            if u64::from(page) > attachment.last_page {
                let cause = Cause::FileCutOff { path: self.files[index].path.clone(), page };
                return Err(Failure::stop(-4001, 555, cause));
            }
        }
        Ok(())
    }

    /// What the attached databases need of logs behind `last`.
    pub fn need_behind(&self, last: i32) -> Need {
        let attached = self.attached.values().filter_map(|attachment| attachment.file);
        let mut need = Need::Nothing;
        for file in attached.map(|index| &self.files[index]) {
            let Some(header) = file.header() else { continue };
            if header.max_required > last {
                return Need::Required(file.path.clone(), header.max_required);
            }
            if header.max_committed > last && matches!(need, Need::Nothing) {
                need = Need::Committed(file.path.clone(), header.max_committed);
            }
        }
        need
    }

    /// The first database that is attached at the end of the logs and was left aside.
    pub fn left_aside(&self, last_is_shutdown: bool) -> Option<Cause> {
        let is_left = |attachment: &&Attachment| {
            attachment.file.is_none() && !(last_is_shutdown && attachment.consistent_future)
        };
        let left = self.attached.values().find(is_left)?;
        Some(match self.set.index_of(&left.server_path) {
            Some(index) => Cause::DatabaseReplaced { path: self.files[index].path.clone() },
            None => Cause::DatabaseMissing { server_path: left.server_path.clone() },
        })
    }

    fn header_mut(&mut self, index: usize) -> Option<&mut HeaderState> {
        match &mut self.files.get_mut(index)?.content {
            DatabaseContent::Header(header) => Some(header),
            DatabaseContent::Destroyed => None,
        }
    }
}

/// What attached databases need of logs that are not there.
pub(super) enum Need {
    Nothing,
    /// A database, and the last generation that was committed.
    Committed(std::path::PathBuf, i32),
    /// A database, and the last generation without which recovery is impossible.
    Required(std::path::PathBuf, i32),
}

/// The engine clears the backup fields where a database comes from another log stream.
fn attach_anew(header: &mut HeaderState, reader: Reader) {
    if let Some(signature) = reader.signature.filter(|own| *own != header.log_signature) {
        header.log_signature = signature;
        (header.full, header.incremental) = (BackupInfo::NONE, BackupInfo::NONE);
    }
    header.last_attach = reader.at;
    if header.is_clean() {
        dirty(header, reader.generation);
    }
}

fn dirty(header: &mut HeaderState, generation: i32) {
    header.state = DbState::DirtyShutdown;
    (header.min_required, header.max_required) = (generation, generation);
    header.max_committed = generation;
}

fn clean(header: &mut HeaderState, at: LgPos) {
    header.state = DbState::CleanShutdown;
    header.last_consistent = at;
    (header.min_required, header.max_required, header.max_committed) = (0, 0, 0);
}
