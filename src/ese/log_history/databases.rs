//! The databases of a log stream, as the attach lists and the records name them.

use super::LastBackups;
use crate::ese::log_records::{RawPageHead, RecordNames};
use crate::ese::{AttachedDatabase, LgPos, Signature};

/// Most databases of which a history keeps track. An engine has room for 255 at a time.
pub const MOST_DATABASES: usize = 256;

/// Most characters of a path that are kept; an engine takes 260.
const PATH_CHARS: usize = 520;

/// A time stamp that no engine reaches.
const NO_DB_TIME: u64 = 1 << 62;

/// One database of a log stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseHistory {
    /// Database id in its last attachment. Other databases may have had it before.
    pub dbid: u8,
    /// Its identity; `None` where pages were changed of which no attachment is known.
    pub signature: Option<Signature>,
    /// Path on the server; empty where it is not known.
    pub path: String,
    /// Path of the streaming file on the server (Exchange 2000 and 2003).
    pub streaming_path: Option<String>,
    /// Whether it is attached at the end.
    pub attached: bool,
    /// Position of its last attach.
    pub attached_at: Option<LgPos>,
    /// Position of its last detach; after a shutdown that of the mark of it.
    pub detached_at: Option<LgPos>,
    /// Records that change a page of it.
    pub page_changes: u64,
    /// Lowest and highest time stamp after such a change.
    pub db_times: Option<(u64, u64)>,
    /// Its last backups.
    pub backups: LastBackups,
}

impl DatabaseHistory {
    fn new(dbid: u8, signature: Option<Signature>) -> Self {
        Self {
            dbid,
            signature,
            path: String::new(),
            streaming_path: None,
            attached: false,
            attached_at: None,
            detached_at: None,
            page_changes: 0,
            db_times: None,
            backups: LastBackups::default(),
        }
    }

    fn note_change(&mut self, head: &RawPageHead) {
        self.page_changes += 1;
        let db_time = head.db_time.get();
        if (1..NO_DB_TIME).contains(&db_time) {
            let (low, high) = self.db_times.unwrap_or((db_time, db_time));
            self.db_times = Some((low.min(db_time), high.max(db_time)));
        }
    }
}

/// All of them, and which ids are in use.
#[derive(Clone, Debug)]
pub(super) struct Databases {
    /// In the order of their first appearance.
    all: Vec<DatabaseHistory>,
    /// For each id the index of the database that has it now, plus 1.
    by_id: [u16; 256],
    /// Whether there were more than [`MOST_DATABASES`].
    overflow: bool,
}

impl Default for Databases {
    fn default() -> Self {
        Self { all: Vec::new(), by_id: [0; 256], overflow: false }
    }
}

impl Databases {
    pub(super) fn all(&self) -> &[DatabaseHistory] {
        &self.all
    }

    pub(super) fn overflow(&self) -> bool {
        self.overflow
    }

    /// The database that has an id now.
    pub(super) fn with_id(&mut self, dbid: u8) -> Option<&mut DatabaseHistory> {
        let index = usize::from(self.by_id[usize::from(dbid)]).checked_sub(1)?;
        self.all.get_mut(index)
    }

    /// A database of the attach list of the first log.
    pub(super) fn listed(&mut self, listed: &AttachedDatabase) {
        let Some(database) = self.attach(listed.dbid, listed.db_signature, None) else { return };
        database.path = shortened(listed.database_path.clone());
        database.streaming_path = listed.streaming_path.clone().map(shortened);
        database.attached_at = (!listed.last_attach.is_unset()).then_some(listed.last_attach);
    }

    /// A database is created or attached.
    pub(super) fn attached(
        &mut self,
        dbid: u8,
        signature: Signature,
        at: LgPos,
        names: Option<RecordNames>,
    ) {
        let Some(database) = self.attach(dbid, signature, Some(at)) else { return };
        if let Some(names) = names {
            database.path = shortened(names.first());
            database.streaming_path = names.second().map(shortened);
        }
    }

    fn attach(
        &mut self,
        dbid: u8,
        signature: Signature,
        at: Option<LgPos>,
    ) -> Option<&mut DatabaseHistory> {
        self.release(dbid, None);
        let known = self.all.iter().position(|database| database.signature == Some(signature));
        let index = known.or_else(|| self.add(dbid, Some(signature)))?;
        let database = self.all.get_mut(index)?;
        if database.attached {
            self.by_id[usize::from(database.dbid)] = 0;
        }
        self.by_id[usize::from(dbid)] = number_of(index);
        database.dbid = dbid;
        database.attached = true;
        database.attached_at = at.or(database.attached_at);
        Some(database)
    }

    fn add(&mut self, dbid: u8, signature: Option<Signature>) -> Option<usize> {
        if self.all.len() == MOST_DATABASES {
            self.overflow = true;
            return None;
        }
        self.all.push(DatabaseHistory::new(dbid, signature));
        Some(self.all.len() - 1)
    }

    /// A database is detached.
    pub(super) fn detached(&mut self, dbid: u8, at: LgPos) {
        self.release(dbid, Some(at));
    }

    /// Nobody has the id any more.
    fn release(&mut self, dbid: u8, at: Option<LgPos>) {
        if let Some(database) = self.with_id(dbid) {
            database.attached = false;
            database.detached_at = at.or(database.detached_at);
        }
        self.by_id[usize::from(dbid)] = 0;
    }

    /// A shutdown detaches all.
    pub(super) fn all_detached(&mut self, at: LgPos) {
        self.by_id = [0; 256];
        for database in self.all.iter_mut().filter(|database| database.attached) {
            database.attached = false;
            database.detached_at = Some(at);
        }
    }

    /// A page is changed; of a database whose attachment is not known, too.
    pub(super) fn changed(&mut self, head: &RawPageHead) {
        if self.with_id(head.dbid).is_none()
            && let Some(index) = self.add(head.dbid, None)
        {
            self.by_id[usize::from(head.dbid)] = number_of(index);
            self.all[index].attached = true;
        }
        if let Some(database) = self.with_id(head.dbid) {
            database.note_change(head);
        }
    }
}

/// An index, plus 1.
fn number_of(index: usize) -> u16 {
    u16::try_from(index + 1).unwrap_or(0)
}

fn shortened(path: String) -> String {
    match path.char_indices().nth(PATH_CHARS) {
        Some((end, _)) => path[..end].to_owned(),
        None => path,
    }
}
