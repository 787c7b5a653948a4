//! `inspect` of one log: its header, what all of it says, and its records.

use std::path::Path;

use crate::diagnose::{damaged_body, damaged_log};
use crate::ese::log_body::BodyReport;
use crate::ese::log_records::{LogRecord, RecordKind, RecordVisitor, WalkReport, page_references};
use crate::ese::{Checkpoint, ContentKind, LgPos, LogFileName, LogHeader};
use crate::report::model::{
    FileHeader, LogBodyReport, LogHeaderReport, MOST_LISTED_RECORDS, RecordReport,
};
use crate::report::{
    DatabaseReport, Inspected, Outcome, Report, dump_log_body, dump_log_check, dump_log_header,
    dump_records,
};
use crate::storage::{Access, Storage, StorageError, read_full};
use crate::survey::{DatabaseFacts, read_body};

use super::file_kind::{log_file_name, role_of};

/// Which records of a log are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Records {
    /// None.
    #[default]
    None,
    /// Those that tell of databases as a whole, of the engine and of backups.
    Notable,
    /// All.
    All,
}

/// How much of a log is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    /// What `eseutil /ml` prints.
    Dump,
    /// What `eseutil /k` prints.
    Check,
}

/// The report of a log, with the dump of `eseutil /ml`.
pub(super) fn inspect_log(
    storage: &dyn Storage,
    facts: &DatabaseFacts,
    records: Records,
) -> Inspected {
    log(storage, facts, records, Text::Dump)
}

/// The report of a log, with what `eseutil /k` prints.
pub(super) fn check_log(storage: &dyn Storage, facts: &DatabaseFacts) -> Inspected {
    log(storage, facts, Records::None, Text::Check)
}

fn log(storage: &dyn Storage, facts: &DatabaseFacts, records: Records, text: Text) -> Inspected {
    let header = LogHeader::parse(&facts.area.bytes);
    let fault = LogHeader::validate(&facts.area.bytes, facts.status.length_bytes).err();
    let mut dump = match &header {
        Some(header) if text == Text::Dump => {
            dump_log_header(&facts.path, header, checkpoint_beside(storage, &facts.path))
        }
        _ => String::new(),
    };
    let report =
        header.as_ref().map(|header| FileHeader::Log(Box::new(LogHeaderReport::new(header))));
    let mut file = DatabaseReport::of_kind(&facts.path, ContentKind::Log, report, Outcome::Ok);
    file.findings.extend(fault.as_ref().map(|fault| damaged_log(&facts.path, fault)));
    let body = match header.filter(|_| fault.is_none()) {
        Some(header) => read(storage, facts, &header, records),
        None => Ok(None),
    };
    let (mut body_report, mut listed) = (None, None);
    match body {
        Err(error) => file.findings.push(damaged_log(&facts.path, &error)),
        Ok(None) => {}
        Ok(Some((body, walk, seen))) => {
            file.findings.extend(damaged_body(&facts.path, &body, &walk));
            dump += &match text {
                Text::Dump => dump_log_body(&facts.path, &body, &walk, seen.page_references),
                Text::Check => dump_log_check(&facts.path, &body, &walk),
            };
            if records != Records::None {
                dump += &dump_records(&seen.listed, walk.stop);
                listed = Some(seen.listed);
            }
            body_report = Some(LogBodyReport::new(&body, &walk, Some(seen.page_references)));
        }
    }
    if Report::has_errors(&file.findings) {
        file.outcome = Outcome::Findings;
    }
    let mut log = Inspected::new(file, dump);
    (log.report.body, log.report.records) = (body_report, listed);
    log
}

type Body = (BodyReport, WalkReport, Seen);

fn read(
    storage: &dyn Storage,
    facts: &DatabaseFacts,
    header: &LogHeader,
    wanted: Records,
) -> Result<Option<Body>, StorageError> {
    let file = storage.open(&facts.path, Access::Read)?;
    let seen = Seen { wanted, ..Seen::default() };
    Ok(read_body(file.as_ref(), header, role_of(&facts.path), seen))
}

/// What is kept of the records of a log.
#[derive(Default)]
struct Seen {
    wanted: Records,
    page_references: u64,
    listed: Vec<RecordReport>,
    /// Both as they were before what may have to be forgotten.
    before: Option<(u64, usize)>,
}

impl Seen {
    fn is_wanted(&self, kind: RecordKind) -> bool {
        let is_listed = match self.wanted {
            Records::None => false,
            Records::Notable => kind.is_notable(),
            Records::All => true,
        };
        is_listed && self.listed.len() < MOST_LISTED_RECORDS
    }
}

impl RecordVisitor for Seen {
    fn record(&mut self, record: &LogRecord<'_>) {
        self.page_references += page_references(record.kind(), record.bytes);
        if self.is_wanted(record.kind()) {
            self.listed.push(RecordReport::new(record));
        }
    }

    fn tentative(&mut self) {
        self.before = Some((self.page_references, self.listed.len()));
    }

    fn settle(&mut self, right: bool) {
        if let Some((page_references, listed)) = self.before.take()
            && !right
        {
            self.page_references = page_references;
            self.listed.truncate(listed);
        }
    }
}

/// The position in the checkpoint file of the same base name, in the same folder.
fn checkpoint_beside(storage: &dyn Storage, log: &Path) -> Option<LgPos> {
    let (name, dir) = (log_file_name(log)?, log.parent()?);
    let is_ours = |found: &LogFileName| {
        matches!(found, LogFileName::Checkpoint { .. }) && found.base() == name.base()
    };
    let names = storage.list(dir).ok()?;
    let found =
        names.iter().find(|found| log_file_name(Path::new(found)).is_some_and(|n| is_ours(&n)))?;
    let mut bytes = vec![0; 8192];
    let file = storage.open(&dir.join(found), Access::Read).ok()?;
    let read = read_full(file.as_ref(), &mut bytes, 0).ok()?;
    Checkpoint::elect(&bytes[..read]).map(|(checkpoint, _)| checkpoint.checkpoint())
}
