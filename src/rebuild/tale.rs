//! What the logs of one stream tell of its databases: attached, detached, when, and with which stamps on which
//! pages.
//!
//! Source: `dev/ese/src/ese/_log/logredo.cxx`, `ErrLGRIRedoOperations`. Measured: the position of an attach
//! record is the last attach of the header, that of a detach, or of the mark of a shutdown, its last detach.

use crate::ese::log_records::{
    LogRecord, RecordKind, RecordValue, RecordVisitor, changed_object, stamped_pages,
};
use crate::ese::{
    AttachListError, DbRevision, LgPos, LogHeader, LogTime, LogVersion, PageStamps, Signature,
};

/// Most databases that are followed. An engine has room for 255 at a time.
const MOST_DATABASES: usize = 256;

/// An attach or a detach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Position of its record.
    pub at: LgPos,
    /// The last time that the logs tell before it: of a start, of an end, or of the creation of a log.
    pub about: LogTime,
}

/// The engine that wrote a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEngine {
    /// Version of the log.
    pub version: LogVersion,
    /// Engine format version; 0 in old logs.
    pub engine: u32,
}

/// One database of a stream.
#[derive(Clone, Debug)]
pub struct DatabaseTale {
    /// Its identity.
    pub signature: Signature,
    /// Its id in its last attachment.
    pub dbid: u8,
    /// Every path that it had on the server, the last one last.
    pub paths: Vec<String>,
    /// Its last attach; `None` where no record and no list tells of it.
    pub attached: Option<Moment>,
    /// Its last consistent point at that attach.
    pub consistent: LgPos,
    /// The engine that attached it, as far as that log is there.
    pub engine: LogEngine,
    /// Its last detach.
    pub detached: Option<Moment>,
    /// Whether it is attached at the end.
    pub is_attached: bool,
    /// The format that a record raised it to.
    pub revision: Option<DbRevision>,
    /// Whether a streaming file was attached with it.
    pub has_streaming_file: bool,
    /// Whether its file was made shorter, or pages of it trimmed.
    pub lost_pages: bool,
    /// The stamps of its pages.
    pub stamps: PageStamps,
    /// The newest stamp in the attach lists.
    pub listed_stamp: u64,
    /// The highest object id in attach lists and records.
    pub highest_object: u32,
}

impl DatabaseTale {
    /// The newest stamp that the logs tell of, in records or lists; 0 where there is none.
    pub fn newest_stamp(&self) -> u64 {
        self.stamps.newest().max(self.listed_stamp)
    }

    /// Its path on the server, the last one.
    pub fn path(&self) -> &str {
        self.paths.last().map_or("", String::as_str)
    }
}

/// The tale so far. Shown the logs of a stream in their order, it follows each database.
#[derive(Clone, Debug, Default)]
pub struct StreamTale {
    databases: Vec<DatabaseTale>,
    /// For each id the index of the database that has it now.
    by_id: Vec<(u8, usize)>,
    has_begun: bool,
    engine: Option<LogEngine>,
    clock: LogTime,
    mark: Option<LgPos>,
    /// Records that may have to be forgotten.
    tentative: Option<Vec<(LgPos, Vec<u8>)>>,
    contradiction: Option<String>,
    checkpoint: Option<LgPos>,
}

impl StreamTale {
    /// A tale that has not begun. Every change before the checkpoint is on the medium: whoever replays from there on
    /// needs each page as it was there.
    pub fn with_checkpoint(checkpoint: Option<LgPos>) -> Self {
        Self { checkpoint, ..Self::default() }
    }

    /// The databases, in the order of their first appearance.
    pub fn databases(&self) -> &[DatabaseTale] {
        &self.databases
    }

    /// Where an attach list says something else than the records before it.
    pub fn contradiction(&self) -> Option<&str> {
        self.contradiction.as_deref()
    }

    /// The records of this log come next.
    ///
    /// # Errors
    ///
    /// Its attach list cannot be read.
    pub fn begin_log(&mut self, header: &LogHeader) -> Result<(), AttachListError> {
        self.clock = header.raw.create_time;
        let engine =
            LogEngine { version: header.version(), engine: header.raw.engine_version.get() };
        self.engine = Some(engine);
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        for listed in header.attached()? {
            if is_first {
                self.attach(listed.dbid, listed.db_signature, listed.database_path.clone(), engine);
            }
            let Some(index) = self.known(listed.db_signature) else { continue };
            let database = &mut self.databases[index];
            if is_first {
                database.attached = (!listed.last_attach.is_unset())
                    .then_some(Moment { at: listed.last_attach, about: LogTime::NONE });
                database.consistent = listed.last_consistent;
                database.has_streaming_file = listed.streaming_path.is_some();
            } else if !database.is_attached {
                let generation = header.generation();
                self.contradiction.get_or_insert(format!(
                    "the attach list of log generation {generation} names {}, which the records before it \
                     detach",
                    listed.database_path
                ));
            }
            database.listed_stamp = database.listed_stamp.max(listed.db_time);
            database.highest_object = database.highest_object.max(listed.last_objid);
        }
        Ok(())
    }

    fn known(&self, signature: Signature) -> Option<usize> {
        self.databases.iter().position(|database| database.signature == signature)
    }

    fn with_id(&mut self, dbid: u8) -> Option<&mut DatabaseTale> {
        let &(_, index) = self.by_id.iter().find(|(id, _)| *id == dbid)?;
        self.databases.get_mut(index)
    }

    fn attach(
        &mut self,
        dbid: u8,
        signature: Signature,
        path: String,
        engine: LogEngine,
    ) -> Option<&mut DatabaseTale> {
        let index = match self.known(signature) {
            Some(index) => index,
            None if self.databases.len() == MOST_DATABASES => return None,
            None => {
                self.databases.push(new_database(signature, engine));
                self.databases.len() - 1
            }
        };
        self.by_id.retain(|&(id, other)| id != dbid && other != index);
        self.by_id.push((dbid, index));
        let database = &mut self.databases[index];
        (database.dbid, database.is_attached, database.engine) = (dbid, true, engine);
        database.paths.retain(|known| !known.eq_ignore_ascii_case(&path));
        database.paths.push(path);
        Some(database)
    }

    fn detach(&mut self, dbid: u8, at: LgPos) {
        let moment = Moment { at, about: self.clock };
        if let Some(database) = self.with_id(dbid) {
            (database.is_attached, database.detached) = (false, Some(moment));
        }
        self.by_id.retain(|&(id, _)| id != dbid);
    }

    fn detach_all(&mut self, at: LgPos) {
        let moment = Moment { at, about: self.clock };
        for database in self.databases.iter_mut().filter(|database| database.is_attached) {
            (database.is_attached, database.detached) = (false, Some(moment));
        }
        self.by_id.clear();
    }

    fn value(&mut self, at: LgPos, kind: RecordKind, value: &RecordValue<'_>) {
        let moment = Moment { at, about: self.clock };
        let Some(engine) = self.engine else { return };
        match *value {
            RecordValue::EngineStart { time, .. } => {
                (self.clock, self.mark) = (time.unwrap_or(self.clock), None);
            }
            RecordValue::UndoBegins { time } => self.clock = time.unwrap_or(self.clock),
            RecordValue::EngineEnd { time, .. } => {
                self.clock = time.unwrap_or(self.clock);
                let mark = self.mark.take().unwrap_or(at);
                if kind != RecordKind::RECOVERY_QUIT_KEEP_ATTACHMENTS {
                    self.detach_all(mark);
                }
            }
            RecordValue::ShutDownMark => self.mark = Some(at),
            RecordValue::CreateDb { raw, names } => {
                let created = self.attach(raw.dbid, raw.db_signature, names.first(), engine);
                let Some(database) = created else { return };
                (database.attached, database.consistent) = (Some(moment), LgPos::default());
                database.has_streaming_file |= names.second().is_some();
            }
            RecordValue::AttachDb { raw, names } => {
                let attached = self.attach(raw.dbid, raw.db_signature, names.first(), engine);
                let Some(database) = attached else { return };
                database.attached = Some(moment);
                database.consistent = raw.consistent_pos.into();
                database.has_streaming_file |= names.second().is_some();
            }
            RecordValue::DetachDb { raw, .. } => self.detach(raw.dbid, at),
            RecordValue::SetDbVersion(raw) => {
                let revision =
                    DbRevision { major: raw.update_major.get(), minor: raw.update_minor.get() };
                if let Some(database) = self.with_id(raw.dbid) {
                    database.revision = Some(revision);
                }
            }
            RecordValue::Shrink(raw) | RecordValue::Trim(raw) => {
                if let Some(database) = self.with_id(raw.dbid) {
                    database.lost_pages = true;
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, record: &LogRecord<'_>) {
        let kind = record.kind();
        if self.checkpoint.take_if(|checkpoint| record.at >= *checkpoint).is_some() {
            self.databases.iter_mut().for_each(|database| database.stamps.settle());
        }
        if let Some(stamped) = stamped_pages(kind, record.bytes) {
            let object = changed_object(kind, record.bytes);
            if let Some(database) = self.with_id(stamped.dbid) {
                database.stamps.note(&stamped);
                database.highest_object = database.highest_object.max(object);
            }
        }
        if let Some(value) = record.value() {
            self.value(record.at, kind, &value);
        }
    }
}

fn new_database(signature: Signature, engine: LogEngine) -> DatabaseTale {
    DatabaseTale {
        signature,
        dbid: 0,
        paths: Vec::new(),
        attached: None,
        consistent: LgPos::default(),
        engine,
        detached: None,
        is_attached: false,
        revision: None,
        has_streaming_file: false,
        lost_pages: false,
        stamps: PageStamps::default(),
        listed_stamp: 0,
        highest_object: 0,
    }
}

impl RecordVisitor for StreamTale {
    fn record(&mut self, record: &LogRecord<'_>) {
        match &mut self.tentative {
            Some(kept) => kept.push((record.at, record.bytes.to_vec())),
            None => self.count(record),
        }
    }

    fn tentative(&mut self) {
        self.tentative = Some(Vec::new());
    }

    fn settle(&mut self, right: bool) {
        for (at, bytes) in self.tentative.take().into_iter().flatten().filter(|_| right) {
            self.count(&LogRecord { at, bytes: &bytes });
        }
    }
}
