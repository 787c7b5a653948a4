//! What happens to databases as a whole in one log: attached, detached, an engine that starts or ends.
//! Recovery decides by these which files it needs.

use std::collections::BTreeMap;

use super::log_records::{
    BackupPhase, BackupScope, LogRecord, RecordKind, RecordValue, RecordVisitor,
};
use super::{BackupInfo, LgPos, Signature};

/// Most events that are kept of one log. A log holds a few; more are an attack on memory.
pub const MOST_EVENTS: usize = 4096;

/// Something that happens to a database as a whole, or to all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// It is created.
    Create {
        /// Database id.
        dbid: u8,
        /// Identity of the new database.
        db_signature: Signature,
        /// Path on the server.
        path: String,
    },
    /// It is attached.
    Attach {
        /// Database id.
        dbid: u8,
        /// Position of the clean detach before.
        last_consistent: LgPos,
        /// Identity of the database.
        db_signature: Signature,
        /// Identity of the log stream that it was of before.
        log_signature: Signature,
        /// Path on the server.
        path: String,
    },
    /// It is detached.
    Detach {
        /// Database id.
        dbid: u8,
    },
    /// The engine ends, or a recovery does: all databases are detached, unless they are kept attached.
    End {
        /// Recovery that keeps the databases attached.
        keeps_attached: bool,
    },
    /// The last point of consistency before a clean end: what is attached is detached as of here.
    ShutDownMark,
    /// An engine starts.
    Start,
    /// Recovery begins to undo.
    UndoBegins,
    /// A backup came to its end: what the header of a database remembers of it.
    BackedUp {
        /// Database id.
        dbid: u8,
        /// What was backed up.
        scope: BackupScope,
        /// What the header remembers.
        info: BackupInfo,
    },
}

/// The events of one log, in their order.
#[derive(Clone, Debug, Default)]
pub struct LogEvents {
    kept: Kept,
    before: Option<Box<Kept>>,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    events: Vec<(LgPos, LogEvent)>,
    highest_pages: BTreeMap<u8, u32>,
    grown_to: BTreeMap<u8, u32>,
    last: Option<(LgPos, RecordKind)>,
    overflow: bool,
}

impl LogEvents {
    /// Each event with the position of its record.
    pub fn all(&self) -> &[(LgPos, LogEvent)] {
        &self.kept.events
    }

    /// The highest page that a record of a database changes, by database id.
    pub fn highest_pages(&self) -> &BTreeMap<u8, u32> {
        &self.kept.highest_pages
    }

    /// The last page that a database has after it has grown, by database id.
    pub fn grown_to(&self) -> &BTreeMap<u8, u32> {
        &self.kept.grown_to
    }

    /// The last record, padding and checksum records not counted.
    pub fn last_record(&self) -> Option<(LgPos, RecordKind)> {
        self.kept.last
    }

    /// Whether the last record is the end of an engine or of a recovery: its position.
    pub fn clean_end(&self) -> Option<LgPos> {
        match (self.kept.last, self.kept.events.last()) {
            (Some((at, _)), Some((of_event, LogEvent::End { .. }))) if at == *of_event => Some(at),
            _ => None,
        }
    }

    /// Whether there were more events than are kept.
    pub fn is_incomplete(&self) -> bool {
        self.kept.overflow
    }
}

impl Kept {
    fn note(&mut self, at: LgPos, event: LogEvent) {
        if self.events.len() < MOST_EVENTS {
            self.events.push((at, event));
        } else {
            self.overflow = true;
        }
    }

    fn value(&mut self, at: LgPos, kind: RecordKind, value: &RecordValue<'_>) {
        let event = match *value {
            RecordValue::CreateDb { raw, names } => LogEvent::Create {
                dbid: raw.dbid,
                db_signature: raw.db_signature,
                path: names.first(),
            },
            RecordValue::AttachDb { raw, names } => LogEvent::Attach {
                dbid: raw.dbid,
                last_consistent: raw.consistent_pos.into(),
                db_signature: raw.db_signature,
                log_signature: raw.log_signature,
                path: names.first(),
            },
            RecordValue::DetachDb { raw, .. } => LogEvent::Detach { dbid: raw.dbid },
            RecordValue::EngineEnd { .. } => {
                LogEvent::End { keeps_attached: kind == RecordKind::RECOVERY_QUIT_KEEP_ATTACHMENTS }
            }
            RecordValue::ShutDownMark => LogEvent::ShutDownMark,
            RecordValue::EngineStart { .. } => LogEvent::Start,
            RecordValue::UndoBegins { .. } => LogEvent::UndoBegins,
            RecordValue::Backup2(raw) if BackupPhase::from(raw.phase) == BackupPhase::Update => {
                LogEvent::BackedUp {
                    dbid: raw.dbid,
                    scope: raw.scope.into(),
                    info: BackupInfo::new(&raw.info, raw.backup_type.get()),
                }
            }
            RecordValue::Page(head) => {
                return raise(&mut self.highest_pages, head.dbid, head.page.get());
            }
            RecordValue::Extend(raw) => return raise(&mut self.grown_to, raw.dbid, raw.page.get()),
            _ => return,
        };
        self.note(at, event);
    }
}

fn raise(pages: &mut BTreeMap<u8, u32>, dbid: u8, page: u32) {
    let highest = pages.entry(dbid).or_default();
    *highest = (*highest).max(page);
}

impl RecordVisitor for LogEvents {
    fn record(&mut self, record: &LogRecord<'_>) {
        let kind = record.kind();
        if kind.is_filler() {
            return;
        }
        self.kept.last = Some((record.at, kind));
        if let Some(value) = record.value() {
            self.kept.value(record.at, kind, &value);
        }
    }

    fn tentative(&mut self) {
        self.before = Some(Box::new(self.kept.clone()));
    }

    fn settle(&mut self, right: bool) {
        if let Some(before) = self.before.take()
            && !right
        {
            self.kept = *before;
        }
    }
}
