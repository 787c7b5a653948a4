//! A test: text from files, paths and libraries reaches no terminal as it is, whatever is printed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use zerocopy::FromBytes;

use crate::diagnose::{
    Action, CheckpointState, Finding, FindingId, Forecast, ForecastOutcome, LogRange,
    LogRangeState, MissingPages, WayOutStep,
};
use crate::ese::attach_list::{ATTACH_FLAG_UNICODE, ATTACH_LIST_BYTES};
use crate::ese::checkpoint::CHECKPOINT_FLAG_ATTACH_LIST;
use crate::ese::flush_map::RawFlushMapHeader;
use crate::ese::shadow::Which;
use crate::ese::{Checkpoint, DbHeader, FlushMapHeader, LogBase, LogFileName, LogHeader};
use crate::machine::StoreService;
use crate::plan::{BackupMethod, BackupRecord, Direction, OperationRef, ResetPlan, Step, Steps};
use crate::refusal::{Refusal, RefusalId};
use crate::show::harm::{HARM, assert_harmless};
use crate::show::{CommandLine, Paragraph, Sha256Hex};
use crate::storage::StorageError;
use crate::survey::{BadPage, BadPageKind, LogContent, LogFile, LogStream, PageFacts};

use super::aside::{Aside, DatabaseAside, GroupAside, StreamAside};
use super::dump;
use super::headers::HeaderDump;
use super::html::judge::assert_sound;
use super::model::{
    CommandName, DatabaseReport, DigestReport, FileHeader, FileReport, HeaderReport, LogsReport,
    Outcome, RunReport, StreamReport,
};
use super::note::Note;
use super::text::{Style, render, render_preview, write_record};
use super::whole_report::Report;

fn path() -> PathBuf {
    PathBuf::from(HARM)
}

/// Bytes in which every field that is text is such text, begun at each of its bytes in turn.
fn pages(length: usize) -> impl Iterator<Item = Vec<u8>> {
    let text = HARM.as_bytes();
    (0..text.len())
        .map(move |start| text.iter().copied().cycle().skip(start).take(length).collect())
}

/// A list with one database, whose two names are such text.
fn attach_list(is_unicode: bool) -> [u8; ATTACH_LIST_BYTES] {
    let names = format!("{HARM}\0{HARM}\0");
    let names: Vec<u8> = if is_unicode {
        names.encode_utf16().flat_map(u16::to_le_bytes).collect()
    } else {
        names.into_bytes()
    };
    let mut list = [0; ATTACH_LIST_BYTES];
    (list[0], list[1]) = (1, if is_unicode { ATTACH_FLAG_UNICODE } else { 0 });
    list[2..4].copy_from_slice(&(names.len() as u16).to_le_bytes());
    list[4..64].copy_from_slice(&HARM.as_bytes()[..60]);
    list[64..64 + names.len()].copy_from_slice(&names);
    list
}

#[test]
fn no_dump_of_a_header_prints_foreign_text_as_it_is() {
    for page in pages(8192) {
        let (which, trailer) = (Which::Shadow, Some(&page[4096..]));
        let copy = dump::CopyDump { page: &page, which, pair: None, trailer };
        assert_harmless(&dump::dump_database_header(&copy));
        let (raw, _) = RawFlushMapHeader::read_from_prefix(&page).unwrap();
        assert_harmless(&dump::dump_flush_map(&FlushMapHeader { raw }));
        let mut log = LogHeader::parse(&page).unwrap();
        let mut checkpoint = Checkpoint::parse(&page).unwrap();
        assert_harmless(&dump::dump_log_header(&path(), &log, None));
        checkpoint.raw.flags = CHECKPOINT_FLAG_ATTACH_LIST;
        assert_harmless(&dump::dump_checkpoint(&checkpoint));
        for is_unicode in [false, true] {
            log.raw.attach_list = attach_list(is_unicode);
            checkpoint.raw.attach_list = attach_list(is_unicode);
            for text in [
                dump::dump_log_header(&path(), &log, Some(checkpoint.checkpoint())),
                dump::dump_checkpoint(&checkpoint),
            ] {
                assert!(text.contains("\\u{202e}x\\n!NEW"), "{text}");
                assert_harmless(&text);
            }
        }
    }
}

fn log_file(content: LogContent) -> LogFile {
    let name = LogFileName::parse("E0000005.log").unwrap();
    LogFile {
        number: 0,
        modified_ns: 0,
        path: path(),
        name,
        volume: 0,
        length_bytes: 0,
        content,
        header_sha256: None,
        body: None,
    }
}

#[test]
fn no_list_of_logs_prints_foreign_text_as_it_is() {
    let error = StorageError::new("read", Path::new(HARM), io::Error::other(HARM));
    let contents = [LogContent::Unreadable(Arc::new(error)), LogContent::Blank];
    let mut stream = LogStream::new(LogBase::new("E00").unwrap());
    stream.archives = contents.map(log_file).into();
    assert_harmless(&dump::dump_log_set(&stream));
}

fn findings() -> Vec<Finding> {
    let remedies = [Paragraph::from(HARM), CommandLine::new("check").path(&path()).into()];
    remedies.map(|remedy| Finding::new(FindingId::LogGap, HARM, HARM, remedy)).into()
}

fn refusal(path: &str) -> Refusal {
    Refusal::new(RefusalId::IoError, Path::new(path), HARM, HARM)
}

/// Every note that there is.
fn notes() -> Vec<Note> {
    let undo = || CommandLine::new("restore").path(&path());
    vec![
        Note::FieldsFrom { evidence: path(), conditions: vec![HARM.into()] },
        Note::StreamFileLeftAlone(path()),
        Note::StoreService(StoreService::Running),
        Note::PagesAreGood { total: 1, empty: 0 },
        Note::PagesAreBad { bad: 1, total: 1, correctable: 0 },
        Note::BackupOnSameVolume,
        Note::Undoes(HARM.into()),
        Note::NothingToUndo,
        Note::MountStore { full_backup_needed: true },
        Note::KeepOperationFolder,
        Note::ToUndo(undo()),
        Note::HeaderIsBack(undo()),
        Note::LogsAreMoved(undo()),
        Note::LogsAreBack,
        Note::ToUndoTheUndo(undo()),
        Note::NoLogToMove(path()),
        Note::ReportNotSaved { folder: path(), error: HARM.into() },
        Note::NothingPending,
        Note::EmptyFolder(path()),
        Note::Direction(Direction::Back),
        Note::OnlyHeaderPages,
        Note::HalfPage(1),
        Note::PagesMissing(MissingPages { last_page: 1, last_owned_page: 2 }),
        Note::UnknownInHeader(HARM.into()),
        Note::StreamFileNotRead(path()),
        Note::CopiesNotSound(path()),
    ]
}

fn header_steps() -> Steps {
    let digest = "0".repeat(64);
    let change = json!({
        "field": HARM, "label": format!("{HARM}, {HARM}"), "offset": 1, "bytes": 4,
        "before": HARM, "after": HARM,
    });
    let steps: Vec<Step> = serde_json::from_value(json!([
        {"kind": "copy", "scope": "full", "bytes": 1, "to": HARM},
        {"kind": "copy", "scope": "header", "bytes": 1, "to": HARM},
        {"kind": "move", "from": HARM, "to": HARM, "bytes": 1, "method": "copy",
         "header_sha256": digest},
        {"kind": "write", "copy": "shadow", "offset": 4096, "bytes": 4096, "rewrites_copy": false,
         "before_sha256": digest, "after_sha256": digest, "changes": [change]},
    ]))
    .unwrap();
    steps.into()
}

fn moves() -> Steps {
    let file = json!({"name": HARM, "bytes": 1, "header_sha256": "0".repeat(64)});
    let batch = |count: usize| {
        let files = vec![file.clone(); count];
        json!({"from": HARM, "to": format!("{HARM}{count}"), "method": "rename", "files": files})
    };
    let plan: ResetPlan = serde_json::from_value(json!({
        "schema": HARM, "version": HARM, "operation": HARM, "created": HARM,
        "command": "reset-logs", "undoes": HARM, "base": "E00", "log_dir": HARM, "away": HARM,
        "databases": [{"path": HARM, "bytes": 1, "header_sha256": HARM}],
        "overrides": [HARM], "batches": [batch(1), batch(9)],
    }))
    .unwrap();
    Steps::of_moves(&Arc::new(plan))
}

fn database(path: &str, steps: Steps) -> DatabaseReport {
    let page = pages(4096).next().unwrap();
    let header = HeaderReport::new(&DbHeader::parse(&page).unwrap());
    let bad = BadPage {
        number: 1,
        offset: 8192,
        kind: BadPageKind::Checksum,
        correctable: false,
        correctable_bit: None,
        expected: Some(HARM.into()),
        actual: Some(HARM.into()),
    };
    DatabaseReport {
        header: Some(FileHeader::Database(Box::new(header))),
        findings: findings(),
        operation: Some(OperationRef { id: HARM.into(), dir: HARM.into() }),
        steps,
        backup: Some(BackupRecord {
            path: HARM.into(),
            sha256: Sha256Hex([0; 32]),
            bytes: 1,
            method: BackupMethod::Copy,
        }),
        pages: Some(PageFacts { bad: vec![bad], bad_checksums: 1, ..PageFacts::default() }),
        ..DatabaseReport::unknown(Path::new(path), Outcome::Findings)
    }
}

fn stream() -> StreamReport {
    let page = pages(4096).next().unwrap();
    let forecast = Forecast {
        engine: HARM,
        outcome: ForecastOutcome::Fails,
        error: Some(-1),
        event: Some(1),
        message: HARM.into(),
        in_short: HARM.into(),
        file: Some(HARM.into()),
        rests_on: Vec::new(),
    };
    StreamReport {
        base: Some(HARM.into()),
        dir: HARM.into(),
        signature: Some(LogHeader::parse(&page).unwrap().raw.log_signature),
        first_generation: Some(1),
        last_generation: Some(2),
        count: 2,
        current: Some(HARM.into()),
        missing: Vec::new(),
        damaged: vec![HARM.into()],
        databases: vec![HARM.into()],
        generations_left: Some(1),
        per_cent_used: Some(1.0),
        runs_out: None,
        ranges: vec![LogRange {
            from: 1,
            to: 2,
            state: LogRangeState::Closed,
            needed_to_mount: true,
            in_backup: false,
            next_full_deletes: false,
            held_by: vec![HARM.into()],
        }],
        next_mount: forecast.clone(),
        next_full: forecast.clone(),
        next_incremental: forecast,
    }
}

fn header_dump() -> String {
    let page = pages(4096).next().unwrap();
    let copy = dump::CopyDump { page: &page, which: Which::Primary, pair: None, trailer: None };
    dump::dump_database_header(&copy)
}

fn aside_of_stream() -> StreamAside {
    StreamAside { checkpoint: CheckpointState::Damaged, group: 0 }
}

/// A report with such text wherever there is text; of one database, or of several.
fn report(command: CommandName, outcome: Outcome, steps: Steps, databases: usize) -> Report {
    let mut report = Report::new(command);
    let document = &mut report.document;
    document.outcome = outcome;
    document.exit_code = outcome.exit_code();
    document.run = Some(RunReport {
        host: HARM.into(),
        user: HARM.into(),
        login: Some(HARM.into()),
        directory: Some(HARM.into()),
        arguments: vec![HARM.into()],
        started: HARM.into(),
        finished: HARM.into(),
    });
    document.refusals = vec![refusal(HARM), refusal("elsewhere")];
    document.findings = findings();
    document.databases = vec![database(HARM, header_steps()); databases];
    document.files = vec![FileReport::new(database(HARM, header_steps()))];
    document.operation = Some(OperationRef { id: HARM.into(), dir: HARM.into() });
    document.steps = steps;
    document.logs = LogsReport::of(vec![stream()]);
    document.way_out = vec![WayOutStep {
        step: 1,
        action: Action::CheckAgain,
        command: Some(HARM.into()),
        why: HARM.into(),
        loses: Some(HARM.into()),
        group: HARM.into(),
    }];
    document.digests = vec![DigestReport { name: HARM.into(), sha256: Sha256Hex([0; 32]) }];
    let aside = DatabaseAside {
        header: header_dump(),
        header_before: Some(header_dump()),
        notes: notes(),
        found_before: Some(findings()),
        checked_with: Some(0),
        ..DatabaseAside::default()
    };
    report.aside = Aside {
        databases: vec![aside; databases],
        dumps: vec![String::new()],
        headers: vec![HeaderDump { path: path(), text: header_dump() }],
        streams: vec![aside_of_stream()],
        beside: vec![(stream(), aside_of_stream())],
        findings: vec![0; 2],
        steps: vec![0],
        group: None,
        no_logs_in: vec![path()],
        unread: vec![path()],
        is_dry_run: false,
    };
    report
}

/// A text without the codes of [`Colour`](crate::show::Colour), which are ours.
fn without_colours(text: &str) -> String {
    let codes = [0, 1, 2, 31, 32, 33].map(|code| format!("\u{1b}[{code}m"));
    codes.iter().fold(text.to_owned(), |text, code| text.replace(code, ""))
}

/// Prints a report in every way that there is.
fn assert_printed_harmless(report: &Report) {
    let styles = [
        (false, false, false, 80),
        (false, true, false, 80),
        (true, false, true, 40),
        (true, false, false, 40),
    ];
    for (coloured, quiet, verbose, width) in styles {
        let style = Style { coloured, quiet, verbose, width, columns: width, unicode: coloured };
        for text in [render(report, style), render_preview(report, style)] {
            assert_harmless(&without_colours(&text));
        }
    }
    let mut record = Vec::new();
    write_record(report, &mut record).unwrap();
    assert_harmless(&String::from_utf8(record).unwrap());
    assert_sound(&report.to_html());
}

#[test]
fn no_report_prints_foreign_text_as_it_is() {
    use CommandName::{Check, Inspect, NotUnderstood, Recover, Repair, ResetLogs, Verify};
    let outcomes = [Outcome::Findings, Outcome::Committed, Outcome::Refused, Outcome::Pending];
    for command in [Check, Inspect, Repair, Verify, Recover, ResetLogs, NotUnderstood(HARM.into())]
    {
        for outcome in outcomes {
            for databases in [1, 2] {
                let of_files = report(command.clone(), outcome, Steps::default(), databases);
                assert_printed_harmless(&of_files);
                let mut of_group = report(command.clone(), outcome, moves(), databases);
                of_group.aside.group = Some(GroupAside { notes: notes(), ..GroupAside::default() });
                assert_printed_harmless(&of_group);
            }
        }
    }
    let verbose = Style { verbose: true, ..Style::default() };
    let shown = render(&report(Check, Outcome::Findings, Steps::default(), 1), verbose);
    assert!(shown.matches("\\u{202e}x\\n!NEW").count() > 40, "{shown}");
}
