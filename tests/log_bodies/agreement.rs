//! Log by log: what is said here, and what the independent checker says.

use std::collections::BTreeMap;
use std::path::Path;

use edbmend::ese::log_body::{
    BackupVerdict, BodyReader, BodyReport, BodyVerdict, LogRole, SEGMENT_HEADER_BYTES,
};
use edbmend::ese::log_history::{LogHistory, StreamEnd};
use edbmend::ese::log_records::{
    LogRecord, RecordValue, RecordVisitor, RecordWalk, WalkReport, WalkStop,
};
use edbmend::ese::{LgPos, LogHeader};
use serde_json::{Value, json};

use super::{harness, oracle};

/// All that is said of a log.
pub struct Said {
    pub body: BodyReport,
    pub walk: WalkReport,
    pub history: LogHistory,
    pages: Pages,
    sector_bytes: u64,
}

/// For each database id the changed pages, and their lowest and highest time stamp.
#[derive(Clone, Default, PartialEq, Debug)]
struct Pages(BTreeMap<u8, (u64, Option<u64>, Option<u64>)>);

/// Both at once.
#[derive(Default)]
struct Eyes {
    history: LogHistory,
    pages: Pages,
    pages_before: Option<Pages>,
}

impl RecordVisitor for Eyes {
    fn record(&mut self, record: &LogRecord<'_>) {
        self.history.record(record);
        if let Some(RecordValue::Page(head)) = record.value() {
            let entry = self.pages.0.entry(head.dbid).or_default();
            entry.0 += 1;
            let db_time = head.db_time.get();
            if 0 < db_time && db_time < 1 << 62 {
                entry.1 = Some(entry.1.map_or(db_time, |low| low.min(db_time)));
                entry.2 = Some(entry.2.map_or(db_time, |high| high.max(db_time)));
            }
        }
    }

    fn hidden(&mut self, at: LgPos, kind: edbmend::ese::log_records::RecordKind) {
        self.history.hidden(at, kind);
    }

    fn tentative(&mut self) {
        self.history.tentative();
        self.pages_before = Some(self.pages.clone());
    }

    fn settle(&mut self, right: bool) {
        self.history.settle(right);
        if let Some(before) = self.pages_before.take().filter(|_| !right) {
            self.pages = before;
        }
    }
}

/// Reads a whole file, fed in chunks of that size; `None` where the header has a fault.
pub fn read(log: &[u8], chunk_bytes: usize) -> Option<Said> {
    let header = LogHeader::validate(log, log.len() as u64).ok()?;
    let mut eyes = Eyes::default();
    eyes.history.begin_log(&header);
    let (body, walk) = show(log, chunk_bytes, &header, &mut eyes);
    let sector_bytes = header.raw.sector_bytes.get().into();
    Some(Said { body, walk, history: eyes.history, pages: eyes.pages, sector_bytes })
}

/// Shows the records of a whole file.
pub fn show(
    log: &[u8],
    chunk_bytes: usize,
    header: &LogHeader,
    visitor: &mut impl RecordVisitor,
) -> (BodyReport, WalkReport) {
    let walk = RecordWalk::new(visitor);
    let mut reader = BodyReader::new(header, LogRole::Current, walk).expect("it has no fault");
    log[4096..].chunks(chunk_bytes).for_each(|chunk| reader.feed(chunk));
    let (body, walk) = reader.finish();
    (body, walk.finish().0)
}

/// The body, in the words of the other checker.
pub fn body_in_words(report: &BodyReport) -> Value {
    let (verdict, offset) = match report.verdict {
        BodyVerdict::Sound => ("sound", None),
        BodyVerdict::Corrected => ("sound/ecc", None),
        BodyVerdict::Torn { offset, .. } => ("torn tail", Some(offset)),
        BodyVerdict::Empty | BodyVerdict::Lost => ("empty", None),
        BodyVerdict::Damaged(damage) => ("damaged", Some(damage.offset)),
    };
    let backup = match report.backup {
        BackupVerdict::Copied => "ok".to_owned(),
        BackupVerdict::Refused { offset } => format!("-612 at offset {offset}"),
        BackupVerdict::Unreadable { offset } => format!("unreadable at {offset}"),
    };
    json!({
        "verdict": verdict,
        "offset": offset,
        "used": report.used,
        "last": triple(report.end),
        "checksum": report.segment_checksum,
        "backup": backup,
        "corrected": report.corrected.segments,
        "lost_write": report.lost_write.is_some(),
    })
}

/// The records, likewise.
fn records_in_words(said: &Said) -> Value {
    let offset_of = |stop: WalkStop| {
        let inside = match u64::from(stop.at.offset) {
            0 if said.body.segment_checksum.is_some() => SEGMENT_HEADER_BYTES as u64,
            inside => inside,
        };
        u64::from(stop.at.sector) * said.sector_bytes + inside
    };
    let databases: Vec<Value> =
        said.pages.0.iter().map(|(dbid, (n, low, high))| json!([dbid, n, low, high])).collect();
    json!({
        "count": said.walk.records,
        "references": said.history.page_references(),
        "clean": matches!(said.history.end(), StreamEnd::Clean { .. }),
        "last_at": said.walk.last.map(|(at, _)| triple(at)),
        "last_type": said.walk.last.map(|(_, kind)| kind.0),
        "error": said.walk.stop.map(offset_of),
        "torn": said.walk.broken_off.map(triple),
        "skipped": said.walk.hidden,
        "databases": databases,
    })
}

fn triple(at: LgPos) -> Value {
    json!([at.generation, at.sector, at.offset])
}

/// Whether both say the same of a log.
pub fn compare(name: &str, log: &[u8], theirs: &Value) {
    let Some(said) = read(log, log.len()) else {
        let damaged = theirs["verdict"] == "damaged" && theirs["last"].is_null();
        assert!(damaged || theirs["verdict"] == "not a log", "{name}: {theirs}");
        return;
    };
    compare_bodies(name, &said, theirs);
    // It reads the records of a sector that is mended from its copy where they were.
    let reason = theirs["reason"].as_str().unwrap_or_default();
    if !reason.ends_with("its shadow sector is good") {
        compare_records(name, &said, &theirs["records"]);
    }
    let again = read(log, 1000).expect("it was read before");
    assert_eq!((again.body, again.walk, again.pages), (said.body, said.walk, said.pages), "{name}");
}

/// The bodies alone: where they hold noise, not records.
pub fn compare_bodies_of(name: &str, log: &[u8], theirs: &Value) {
    compare_bodies(name, &read(log, log.len()).expect("a log"), theirs);
}

/// The other one takes records that cannot be read for a damage of the body.
fn compare_bodies(name: &str, said: &Said, theirs: &Value) {
    let mut ours = body_in_words(&said.body);
    if theirs["reason"].as_str().unwrap_or_default().starts_with("records: ") {
        assert!(
            said.body.verdict.is_sound() && said.walk.stop.is_some(),
            "{name}: {:?}",
            said.body
        );
        ours["verdict"] = theirs["verdict"].clone();
        ours["offset"] = theirs["offset"].clone();
    }
    for (key, ours) in ours.as_object().expect("an object") {
        assert_eq!(ours, &theirs[key], "{name}: {key}: {theirs}");
    }
}

fn compare_records(name: &str, said: &Said, theirs: &Value) {
    let ours = records_in_words(said);
    let stopped = &theirs["error"][0];
    for (key, ours) in ours.as_object().expect("an object") {
        let expected = if key == "error" { stopped } else { &theirs[key] };
        assert_eq!(ours, expected, "{name}: {key}: {:?} {theirs}", said.walk);
    }
    for state in theirs["state"].as_array().expect("a list") {
        let attached = said.history.databases().iter().any(|database| {
            database.attached && Some(u64::from(database.dbid)) == state[0].as_u64()
        });
        assert_eq!(
            attached,
            state[1] == "attached",
            "{name}: {state} {:?}",
            said.history.databases()
        );
    }
}

#[test]
#[ignore = "needs the real files and python3"]
fn every_log_of_an_engine() {
    let files = oracle::packed_logs(&["engine", "real", "trials", "crash", "cases"]);
    assert!(files.len() > 500, "{}", files.len());
    let mut verdicts = BTreeMap::<String, u32>::new();
    for (path, theirs) in files.iter().zip(oracle::ask(&files)) {
        compare(&path.display().to_string(), &unpacked(path), &theirs);
        *verdicts.entry(theirs["verdict"].to_string()).or_default() += 1;
    }
    println!("{} logs: {verdicts:?}", files.len());
}

fn unpacked(packed: &Path) -> Vec<u8> {
    let folder = harness::files::shared_folder().join("data");
    let name = packed.strip_prefix(folder).expect("below the folder").to_str().expect("plain");
    harness::files::read(name.strip_suffix(".gz").expect("it is packed"))
}
