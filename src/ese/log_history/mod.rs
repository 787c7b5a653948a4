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

#[cfg(test)]
mod tests {
    use zerocopy::{FromZeros, IntoBytes};

    use super::super::log_records::{
        BackupPhase, RawAttachDb, RawBackup, RawBackup2, RawDetachDb, RawEngineEnd, RawPageHead,
        WithTime,
    };
    use super::*;
    use crate::ese::Signature;

    fn at(offset: u16) -> LgPos {
        LgPos { generation: 3, sector: 8, offset }
    }

    /// Shows records, each at the next position.
    fn show(history: &mut LogHistory, records: &[Vec<u8>]) {
        for bytes in records {
            let next = history.last_record().map_or(1, |(at, _)| at.offset + 1);
            history.record(&LogRecord { at: at(next), bytes });
        }
    }

    fn history(records: &[Vec<u8>]) -> LogHistory {
        let mut history = LogHistory::default();
        show(&mut history, records);
        history
    }

    fn signature(random: u32) -> Signature {
        Signature { random: random.into(), ..Signature::default() }
    }

    fn attach(dbid: u8, random: u32, path: &str) -> Vec<u8> {
        let mut raw = RawAttachDb::new_zeroed();
        raw.record_type = RecordKind::ATTACH_DB.0;
        raw.dbid = dbid;
        raw.db_signature = signature(random);
        raw.names_bytes = u16::try_from(path.len()).unwrap().into();
        [raw.as_bytes(), path.as_bytes()].concat()
    }

    fn detach(dbid: u8) -> Vec<u8> {
        let mut raw = RawDetachDb::new_zeroed();
        raw.record_type = RecordKind::DETACH_DB.0;
        raw.dbid = dbid;
        raw.as_bytes().to_vec()
    }

    fn change(dbid: u8, db_time: u64) -> Vec<u8> {
        let mut head = RawPageHead::new_zeroed();
        head.record_type = RecordKind::DELETE.0;
        head.dbid = dbid;
        head.db_time = db_time.into();
        head.as_bytes().to_vec()
    }

    fn end(kind: RecordKind) -> Vec<u8> {
        let mut raw = RawEngineEnd::new_zeroed();
        raw.record_type = kind.0;
        WithTime { record: raw, time: LogTime::default() }.as_bytes().to_vec()
    }

    fn mark() -> Vec<u8> {
        vec![RecordKind::SHUT_DOWN_MARK.0]
    }

    fn states(history: &LogHistory) -> Vec<(u8, &str, bool)> {
        let all = history.databases().iter();
        all.map(|one| (one.dbid, one.path.as_str(), one.attached)).collect()
    }

    #[test]
    fn a_shutdown_detaches_all_at_its_mark() {
        let history = history(&[
            attach(1, 7, "a"),
            attach(2, 8, "b"),
            detach(1),
            mark(),
            end(RecordKind::TERM_2),
        ]);
        assert_eq!(states(&history), [(1, "a", false), (2, "b", false)]);
        let detached: Vec<_> = history.databases().iter().map(|one| one.detached_at).collect();
        assert_eq!(detached, [Some(at(3)), Some(at(4))]);
        assert_eq!(history.end(), StreamEnd::Clean { at: at(5), time: Some(LogTime::default()) });
    }

    #[test]
    fn a_recovery_may_keep_its_attachments() {
        let keeps = end(RecordKind::RECOVERY_QUIT_KEEP_ATTACHMENTS);
        let kept = history(&[attach(1, 7, "a"), keeps]);
        assert_eq!(states(&kept), [(1, "a", true)]);
        assert!(matches!(kept.end(), StreamEnd::Clean { .. }));
        let quit = history(&[attach(1, 7, "a"), end(RecordKind::RECOVERY_QUIT_2)]);
        assert_eq!(states(&quit), [(1, "a", false)]);
    }

    #[test]
    fn only_fill_may_follow_a_clean_end() {
        let mut history = history(&[end(RecordKind::TERM_2)]);
        let nop2 = [71, 0, 0, 0, 0];
        history.record(&LogRecord { at: at(9), bytes: &nop2 });
        assert!(matches!(history.end(), StreamEnd::Clean { .. }));
        history.record(&LogRecord { at: at(9), bytes: &[23] });
        assert_eq!(history.end(), StreamEnd::Open);
        assert_eq!(LogHistory::default().end(), StreamEnd::Unknown);
    }

    #[test]
    fn an_id_is_used_again_by_another_database() {
        let history = history(&[
            attach(1, 7, "a"),
            change(1, 20),
            detach(1),
            attach(1, 8, "b"),
            change(1, 90),
            change(1, 80),
            detach(1),
            attach(2, 7, "a"),
            change(2, 30),
        ]);
        assert_eq!(states(&history), [(2, "a", true), (1, "b", false)]);
        let changes = history.databases().iter().map(|one| (one.page_changes, one.db_times));
        assert_eq!(changes.collect::<Vec<_>>(), [(2, Some((20, 30))), (2, Some((80, 90)))]);
        assert_eq!((history.page_changes(), history.page_references()), (4, 4));
        assert_eq!(history.databases()[0].attached_at, Some(at(8)));
    }

    #[test]
    fn changes_of_a_database_of_which_nothing_is_known() {
        let mut history = history(&[change(5, 20), change(5, u64::MAX)]);
        assert_eq!(states(&history), [(5, "", true)]);
        assert_eq!(history.databases()[0].db_times, Some((20, 20)));
        assert_eq!(history.databases()[0].signature, None);
        show(&mut history, &[attach(5, 7, "a")]);
        assert_eq!(states(&history), [(5, "", false), (5, "a", true)]);
    }

    #[test]
    fn backups() {
        let step = |scope: u8, phase: BackupPhase, dbid: u8, gen_high: u32| {
            let mut raw = RawBackup2::new_zeroed();
            raw.record_type = RecordKind::BACKUP_2.0;
            raw.phase = if phase == BackupPhase::Update { 4 } else { 1 };
            (raw.scope, raw.dbid) = (scope, dbid);
            raw.info.gen_high = gen_high.into();
            raw.as_bytes().to_vec()
        };
        let history = history(&[
            attach(1, 7, "a"),
            step(1, BackupPhase::Begin, 0, 0),
            step(1, BackupPhase::Update, 1, 5),
            step(2, BackupPhase::Update, 1, 6),
            step(1, BackupPhase::Begin, 0, 0),
        ]);
        let full = history.backups().full.unwrap();
        assert_eq!((full.at, full.dbid, full.info.unwrap().gen_high), (at(3), Some(1), 5));
        assert_eq!(history.databases()[0].backups, *history.backups());
        assert_eq!(history.backups().incremental.unwrap().at, at(4));
        assert_eq!(history.backups().copy, None);
    }

    #[test]
    fn backups_of_old_engines() {
        let step = |step: u8| {
            let mut raw = RawBackup::new_zeroed();
            (raw.record_type, raw.step) = (RecordKind::BACKUP.0, step);
            raw.as_bytes().to_vec()
        };
        let history = history(&[step(0), step(1), step(4), vec![19, 0, 0]]);
        assert_eq!(history.backups().full.unwrap().at, at(4));
        assert_eq!(history.backups().incremental.unwrap().at, at(2));
    }

    #[test]
    fn more_databases_than_are_kept() {
        let attaches: Vec<_> = (0..300).map(|number| attach(1, number, "a")).collect();
        let history = history(&attaches);
        assert_eq!(history.databases().len(), MOST_DATABASES);
        assert!(history.has_more_databases());
    }

    #[test]
    fn what_was_tentative_can_be_forgotten() {
        let mut history = history(&[attach(1, 7, "a")]);
        for right in [false, true] {
            history.tentative();
            show(&mut history, &[detach(1)]);
            history.settle(right);
            assert_eq!(states(&history), [(1, "a", !right)]);
        }
    }
}
