//! What the records of one log, or of several of one log stream in their order, tell of its databases:
//! which are attached at the end, whether that end is a clean one, when they were backed up.
//!
//! Source: `dev/ese/src/ese/_log/logredo.cxx`, `ErrLGRIRedoOperations`; `logread.cxx`.

mod backups;
mod databases;

pub use backups::{LastBackups, SeenBackup};
pub use databases::{DatabaseHistory, MOST_DATABASES};

use databases::Databases;

use super::log_records::{
    BackupScope, LogRecord, RecordKind, RecordValue, RecordVisitor, page_references,
};
use super::{LgPos, LogHeader, LogTime};

/// How the records end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamEnd {
    /// No record was seen.
    #[default]
    Unknown,
    /// With the end of an engine or of a recovery.
    Clean {
        /// Position of its record.
        at: LgPos,
        /// When; not in older forms of the record.
        time: Option<LogTime>,
    },
    /// With anything else: the engine was running.
    Open,
}

/// Takes note of all records that it is shown.
#[derive(Clone, Debug, Default)]
pub struct LogHistory {
    records: Noted,
    /// All as it was before what may have to be forgotten.
    before: Option<Box<Noted>>,
}

#[derive(Clone, Debug, Default)]
struct Noted {
    begun: bool,
    databases: Databases,
    end: StreamEnd,
    last: Option<(LgPos, RecordKind)>,
    shut_down_mark: Option<LgPos>,
    last_start: Option<(LgPos, Option<LogTime>)>,
    backups: LastBackups,
    page_references: u64,
    page_changes: u64,
}

impl LogHistory {
    /// The records of this log come next. Of the first one the attach list says what is attached at
    /// its beginning; a damaged list says nothing.
    pub fn begin_log(&mut self, header: &LogHeader) {
        let first = !std::mem::replace(&mut self.records.begun, true);
        for listed in header.attached().unwrap_or_default().iter().filter(|_| first) {
            self.records.databases.listed(listed);
        }
    }

    /// The databases, in the order of their first appearance; at most [`MOST_DATABASES`].
    pub fn databases(&self) -> &[DatabaseHistory] {
        self.records.databases.all()
    }

    /// Whether there were more databases than are kept track of.
    pub fn has_more_databases(&self) -> bool {
        self.records.databases.overflow()
    }

    /// How the records end.
    pub fn end(&self) -> StreamEnd {
        self.records.end
    }

    /// The last record, fill and checksums not counted.
    pub fn last_record(&self) -> Option<(LgPos, RecordKind)> {
        self.records.last
    }

    /// The last start of an engine: position, and time where the record has one.
    pub fn last_start(&self) -> Option<(LgPos, Option<LogTime>)> {
        self.records.last_start
    }

    /// The last backups, of whichever database.
    pub fn backups(&self) -> &LastBackups {
        &self.records.backups
    }

    /// References to database pages, as `eseutil /ml` counts them.
    pub fn page_references(&self) -> u64 {
        self.records.page_references
    }

    /// Records that change a page.
    pub fn page_changes(&self) -> u64 {
        self.records.page_changes
    }
}

impl Noted {
    fn value(&mut self, at: LgPos, kind: RecordKind, value: &RecordValue<'_>) {
        match *value {
            RecordValue::EngineStart { time, .. } => self.last_start = Some((at, time)),
            RecordValue::EngineEnd { time, .. } => {
                self.end = StreamEnd::Clean { at, time };
                if kind != RecordKind::RECOVERY_QUIT_KEEP_ATTACHMENTS {
                    self.databases.all_detached(self.shut_down_mark.take().unwrap_or(at));
                }
            }
            RecordValue::ShutDownMark => self.shut_down_mark = Some(at),
            RecordValue::CreateDb { raw, names } => {
                self.databases.attached(raw.dbid, raw.db_signature, at, Some(names));
            }
            RecordValue::AttachDb { raw, names } => {
                self.databases.attached(raw.dbid, raw.db_signature, at, Some(names));
            }
            RecordValue::ReAttach(raw) => {
                let attached_at = raw.attach_pos.into();
                self.databases.attached(raw.dbid, raw.db_signature, attached_at, None);
            }
            RecordValue::DetachDb { raw, .. } => self.databases.detached(raw.dbid, at),
            RecordValue::OldBackup { full } => {
                let scope = if full { BackupScope::Full } else { BackupScope::Incremental };
                self.backups.note(scope, SeenBackup { at, dbid: None, info: None });
            }
            RecordValue::Backup(raw) => self.backup(backups::of_old_step(at, raw)),
            RecordValue::Backup2(raw) => self.backup(backups::of_update(at, raw)),
            RecordValue::Page(head) => {
                self.page_changes += 1;
                self.databases.changed(head);
            }
            _ => {}
        }
    }

    fn backup(&mut self, seen: Option<(BackupScope, SeenBackup)>) {
        let Some((scope, backup)) = seen else { return };
        self.backups.note(scope, backup);
        if let Some(database) = backup.dbid.and_then(|dbid| self.databases.with_id(dbid)) {
            database.backups.note(scope, backup);
        }
    }
}

impl RecordVisitor for LogHistory {
    fn record(&mut self, record: &LogRecord<'_>) {
        let kind = record.kind();
        if kind.is_filler() {
            return;
        }
        let noted = &mut self.records;
        noted.last = Some((record.at, kind));
        noted.end = StreamEnd::Open;
        noted.page_references += page_references(kind, record.bytes);
        if let Some(value) = record.value() {
            noted.value(record.at, kind, &value);
        }
    }

    fn hidden(&mut self, at: LgPos, kind: RecordKind) {
        self.records.last = Some((at, kind));
        self.records.end = StreamEnd::Open;
    }

    fn tentative(&mut self) {
        self.before = Some(Box::new(self.records.clone()));
    }

    fn settle(&mut self, right: bool) {
        if let Some(before) = self.before.take()
            && !right
        {
            self.records = *before;
        }
    }
}
