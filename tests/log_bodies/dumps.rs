//! What the engine's own `eseutil` said of logs, and what its databases remember of them.

use edbmend::ese::log_body::{BackupVerdict, BodyVerdict};
use edbmend::ese::log_history::{DatabaseHistory, LogHistory, StreamEnd};
use edbmend::ese::{BackupField, DbHeader, LogHeader};

use super::{agreement, harness};

/// Sets of which there are both files and dumps; the dumps of some were made after a log was taken
/// away.
const SETS: [(&str, &str); 15] = [
    ("p4096/a_full", "p4096/a_full"),
    ("p4096/b_full_inc", "p4096/b_full_inc"),
    ("p4096/c_dirty", "p4096/c_dirty"),
    ("p4096/a_full", "p4096/d_gap_clean"),
    ("p4096/c_dirty", "p4096/d_gap_dirty"),
    ("p32768/a_full", "p32768/a_full"),
    ("p32768/b_full_inc", "p32768/b_full_inc"),
    ("p32768/c_dirty", "p32768/c_dirty"),
    ("p32768/a_full", "p32768/d_gap_clean"),
    ("p32768/c_dirty", "p32768/d_gap_dirty"),
    ("p4096_efv8020/a_full", "p4096_efv8020/a_full"),
    ("p4096_efv8020/b_full_inc", "p4096_efv8020/b_full_inc"),
    ("p4096_efv8020/c_dirty", "p4096_efv8020/c_dirty"),
    ("p4096_efv8020/a_full", "p4096_efv8020/d_gap_clean"),
    ("p4096_efv8020/c_dirty", "p4096_efv8020/d_gap_dirty"),
];

/// What follows a label in a dump.
fn after<'a>(dump: &'a str, label: &str) -> &'a str {
    let line = dump.lines().find_map(|line| line.trim_start().strip_prefix(label));
    line.unwrap_or_else(|| panic!("{label}: {dump}")).trim()
}

#[test]
#[ignore = "needs the real files"]
fn the_engine_says_the_same_of_the_current_log() {
    for (files, dumps) in SETS {
        let dump = harness::files::text(&format!("engine/{dumps}/ml-E00.txt"));
        let log = harness::files::read(&format!("engine/{files}/E00.log"));
        let said = agreement::read(&log, 65536).expect("a log");
        let end = said.body.end.to_string();
        assert!(after(&dump, "Last Lgpos:").eq_ignore_ascii_case(&end), "{dumps}: {end}");
        let checksum = format!("{:#018x}", said.body.segment_checksum.unwrap());
        assert_eq!(after(&dump, "Accumulated segment checksum:"), checksum, "{dumps}");
        let references = said.history.page_references().to_string();
        assert_eq!(after(&dump, "Number of database page references:"), references, "{dumps}");
        assert_eq!(after(&dump, "Integrity check passed for log file:"), "E00.log");
        assert_eq!((said.body.verdict, said.walk.stop), (BodyVerdict::Sound, None), "{dumps}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn the_engine_calls_every_log_of_a_set_ok() {
    let mut logs = 0;
    for (files, dumps) in SETS {
        let dump = harness::files::text(&format!("engine/{dumps}/ml.txt"));
        for line in dump.lines().filter(|line| line.ends_with(" - OK")) {
            let path = after(line, "Log file:").trim_end_matches(" - OK");
            let name = path.rsplit('\\').next().unwrap();
            let log = harness::files::read(&format!("engine/{files}/{name}"));
            let said = agreement::read(&log, 65536).expect("a log");
            assert_eq!(said.body.verdict, BodyVerdict::Sound, "{dumps} {name}");
            assert_eq!(said.body.backup, BackupVerdict::Copied, "{dumps} {name}");
            logs += 1;
        }
    }
    assert_eq!(logs, 100);
}

/// The logs of a set in their order, the current one last.
fn logs_of(folder: &str, current: &str) -> Vec<Vec<u8>> {
    let present =
        std::fs::read_dir(harness::files::shared_folder().join("data").join(folder)).unwrap();
    let mut names: Vec<String> = present
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".gz").map(str::to_owned))
        .filter(|name| name.ends_with(".log") && !name.starts_with("res"))
        .collect();
    names.sort_by_key(|name| (name == current, name.clone()));
    names.iter().map(|name| harness::files::read(&format!("{folder}/{name}"))).collect()
}

fn header_of(log: &[u8]) -> LogHeader {
    LogHeader::validate(log, log.len() as u64).unwrap_or_else(|fault| panic!("{fault}"))
}

/// The history of a whole stream, whose sums are those that the next headers repeat.
fn history_of(logs: &[Vec<u8>]) -> LogHistory {
    let mut history = LogHistory::default();
    let mut sum_before = None;
    for log in logs {
        let header = header_of(log);
        if let Some(sum) = sum_before {
            assert_eq!(header.raw.previous_segment_checksum.get(), sum);
        }
        history.begin_log(&header);
        let (body, walk) = agreement::show(log, 65536, &header, &mut history);
        assert_eq!((body.verdict, walk.stop), (BodyVerdict::Sound, None));
        sum_before = body.segment_checksum;
    }
    history
}

fn database(history: &LogHistory, path: &str) -> (DbHeader, DatabaseHistory) {
    let header = DbHeader::parse(&harness::files::read(path)).expect("a database");
    let signature = Some(header.raw.db_signature);
    let found = history.databases().iter().find(|database| database.signature == signature);
    (header, found.expect("the logs know it").clone())
}

#[test]
#[ignore = "needs the real files"]
fn a_clean_database_remembers_what_the_logs_say() {
    for set in ["p4096/a_full", "p32768/a_full", "p4096_efv8020/a_full"] {
        let history = history_of(&logs_of(&format!("engine/{set}"), "E00.log"));
        assert!(matches!(history.end(), StreamEnd::Clean { .. }), "{set}");
        let (header, found) = database(&history, &format!("engine/{set}/test.edb"));
        assert!(!found.attached, "{set}");
        assert_eq!(found.attached_at, Some(header.last_attach()), "{set}");
        assert_eq!(found.detached_at, Some(header.last_detach()), "{set}");
        assert!(found.path.ends_with(r"\test.edb") && found.page_changes > 0, "{found:?}");
        let full = found.backups.full.expect("there was one");
        assert_eq!(full.info, Some(header.backup(BackupField::Full)), "{set}");
        assert_eq!(history.backups().full, Some(full), "{set}");
        assert_eq!(found.backups.incremental, None, "{set}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn a_dirty_database_is_attached_at_the_end() {
    for set in ["p4096/c_dirty", "p32768/c_dirty", "p4096_efv8020/c_dirty"] {
        let history = history_of(&logs_of(&format!("engine/{set}"), "E00.log"));
        assert_eq!(history.end(), StreamEnd::Open, "{set}");
        let (header, found) = database(&history, &format!("engine/{set}/test.edb"));
        assert!(found.attached, "{set}");
        assert_eq!(found.attached_at, Some(header.last_attach()), "{set}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn two_databases_of_windows_2003() {
    let folder = "real/catroot2-ws2003-xp64";
    let history = history_of(&logs_of(folder, "edb.log"));
    assert!(matches!(history.end(), StreamEnd::Clean { .. }));
    assert_eq!(history.databases().len(), 2);
    for guid in ["{F750E6C3-38EE-11D1-85E5-00C04FC295EE}", "{127D0A1D-4EF2-11D1-8608-00C04FC295EE}"]
    {
        let (header, found) = database(&history, &format!("{folder}/{guid}/catdb"));
        assert!(found.path.contains(guid) && !found.attached, "{found:?}");
        assert_eq!(found.attached_at, Some(header.last_attach()), "{guid}");
        assert_eq!(found.detached_at, Some(header.last_consistent()), "{guid}");
    }
    assert_eq!(history.last_record().unwrap().0.to_string(), "(0x83,2F,CD)");
}

#[test]
#[ignore = "needs the real files"]
fn a_full_and_an_incremental_backup() {
    // The older logs were deleted: the first one that is left says what is attached.
    let folder = "engine/p4096/b_full_inc";
    let history = history_of(&logs_of(folder, "E00.log"));
    let (header, found) = database(&history, &format!("{folder}/test.edb"));
    let incremental = found.backups.incremental.expect("there was one");
    assert_eq!(incremental.info, Some(header.backup(BackupField::Incremental)));
    assert!(!found.attached && found.path.ends_with(r"\test.edb"));
}
