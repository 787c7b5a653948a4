//! The dumps of logs, checkpoints and whole log sets against those that the engine's own `eseutil`
//! made of the same files, line by line.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{PROGRAM, files, needs};

/// Sets of which there are both files and dumps.
const SETS: [&str; 9] = [
    "p4096/a_full",
    "p4096/b_full_inc",
    "p4096/c_dirty",
    "p32768/a_full",
    "p32768/b_full_inc",
    "p32768/c_dirty",
    "p4096_efv8020/a_full",
    "p4096_efv8020/b_full_inc",
    "p4096_efv8020/c_dirty",
];

/// Lines of `eseutil` that a reader of headers cannot print, or should not.
const LEFT_OUT: [(&str, &str); 5] = [
    ("      Engine LGVersion: ", "the version of the engine that prints, not of the log"),
    ("      Last Lgpos: ", "found by reading the records"),
    ("      Accumulated segment checksum: ", "found by reading the records"),
    ("Number of database page references:  ", "found by reading the records"),
    ("Integrity check passed for log file: ", "the records were not checked"),
];

/// The frame of `eseutil`: who prints, and how long it took.
const FRAME: [&str; 6] = [
    "Extensible Storage Engine Utilities for Microsoft(R) Windows(R)",
    "Version 10.0",
    "Copyright (c) Microsoft Corporation.",
    "Licensed under the MIT License.",
    "Initiating FILE DUMP mode...",
    "Operation ",
];

fn inspect(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.current_dir(dir).arg("inspect").args(arguments);
    command.output().expect("edbmend starts")
}

/// The lines that both must have; blank lines are layout.
fn lines(text: &str) -> Vec<String> {
    let left_out = |line: &str| {
        FRAME.iter().any(|start| line.starts_with(start))
            || LEFT_OUT.iter().any(|(start, _)| line.starts_with(start))
    };
    let kept = text.lines().filter(|line| !line.trim().is_empty() && !left_out(line));
    kept.map(without_folder).collect()
}

/// `Log file: D:\sets\...\E00.log` and `Log file: /tmp/.../E00.log` name the same file: the dumps
/// were made in another folder.
fn without_folder(line: &str) -> String {
    let is_path = ["      Log file: ", "      Checkpoint file: "];
    match is_path.iter().find(|label| line.starts_with(*label)) {
        Some(label) => {
            let name = line[label.len()..].rsplit(['/', '\\']).next().unwrap_or_default();
            format!("{label}{name}")
        }
        None => line.to_owned(),
    }
}

fn compare(set: &str, dump: &str, argument: &str) {
    let dir = files::unpack(&format!("engine/{set}"));
    let output = inspect(dir.path(), &[argument]);
    let ours = String::from_utf8(output.stdout).unwrap();
    let theirs = files::text(&format!("engine/{set}/{dump}"));
    assert!(lines(&theirs).len() > 6, "{set}/{dump} has all its lines");
    assert_eq!(lines(&ours), lines(&theirs), "{set}/{dump}");
    assert_eq!(output.status.code(), Some(0), "{set}/{dump}");
}

#[test]
#[ignore = "needs the real files"]
fn single_logs() {
    needs::real_files();
    SETS.iter().for_each(|set| compare(set, "ml-E00.txt", "E00.log"));
}

#[test]
#[ignore = "needs the real files"]
fn whole_streams() {
    needs::real_files();
    SETS.iter().for_each(|set| compare(set, "ml.txt", "E00"));
}

#[test]
#[ignore = "needs the real files"]
fn streams_with_a_gap() {
    needs::real_files();
    for format in ["p4096", "p32768", "p4096_efv8020"] {
        for (from, lost, dump) in
            [("a_full", "E0000003.log", "d_gap_clean"), ("c_dirty", "E0000004.log", "d_gap_dirty")]
        {
            let dir = files::unpack(&format!("engine/{format}/{from}"));
            std::fs::remove_file(dir.path().join(lost)).unwrap();
            let output = inspect(dir.path(), &["E00"]);
            let text = String::from_utf8(output.stdout).unwrap();
            // Behind the dump stand the findings, which eseutil does not have.
            let (ours, _) = text.split_once("\n  error: log-gap").expect("the gap is a finding");
            let theirs = files::text(&format!("engine/{format}/{dump}/ml.txt"));
            assert_eq!(lines(ours), lines(&theirs), "{format}/{dump}");
            assert_eq!(output.status.code(), Some(1));
        }
    }
}

#[test]
#[ignore = "needs the real files"]
fn checkpoints() {
    needs::real_files();
    SETS.iter().for_each(|set| compare(set, "mk.txt", "E00.chk"));
}

#[test]
#[ignore = "needs the real files"]
fn a_log_without_its_checkpoint() {
    needs::real_files();
    let dir = files::unpack("engine/p4096/a_full");
    std::fs::remove_file(dir.path().join("E00.chk")).unwrap();
    let output = inspect(dir.path(), &["E0000001.log"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("      Checkpoint: NOT AVAILABLE\n"), "{text}");
    assert!(text.contains("      prev gen time: 00/00/1900 00:00:00.000 LOC\n"), "{text}");
}

#[test]
#[ignore = "needs the real files"]
fn legacy_logs_of_windows_2003() {
    needs::real_files();
    let dir = files::unpack("real/catroot2-ws2003-xp64");
    let output = inspect(dir.path(), &["edb.log"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "      Base name: edb",
        "      lGeneration: 131 (0x83)",
        "      Checkpoint: (0x83,2F,CC)",
        "      Format LGVersion: (7.3704.6.0) (generated by 0)",
        "      Env Log Sec size: 512 (legacy, unknown actual)",
        "      Circular Logging Flag (current file): on",
        r"      1 C:\WINDOWS\system32\CatRoot2\{127D0A1D-4EF2-11D1-8608-00C04FC295EE}\catdb",
        "\t\t Last Attach: (0x18,C4,1C)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

fn json(dir: &Path, arguments: &[&str]) -> (serde_json::Value, Option<i32>) {
    let output = inspect(dir, &[&["--json"], arguments].concat());
    (serde_json::from_slice(&output.stdout).expect("JSON"), output.status.code())
}

#[test]
#[ignore = "needs the real files"]
fn headers_as_json() {
    needs::real_files();
    let dir = files::unpack("engine/p4096_efv8020/c_dirty");
    let (report, code) = json(dir.path(), &["E00.log", "E00.chk"]);
    assert_eq!(code, Some(0));
    let (log, checkpoint) = (&report["files"][0], &report["files"][1]);
    assert_eq!((&log["kind"], &checkpoint["kind"]), (&"log".into(), &"checkpoint".into()));
    let header = &log["header"];
    assert_eq!(header["generation"], 8);
    assert_eq!(header["version"], "8.4000.4.3");
    assert_eq!(header["sector_bytes"], 4096);
    assert_eq!(header["file_sectors"], 32);
    assert_eq!(header["environment"]["sessions"], 16);
    assert_eq!(header["environment"]["cache_size"], 2_000_000_000);
    assert_eq!(header["flags"]["circular_logging"], false);
    assert_eq!(header["attached"][0]["database_path"], r"D:\exchsrvr\mdbdata\c\test.edb");
    let header = &checkpoint["header"];
    assert_eq!(header["checkpoint"]["generation"], 2);
    assert_eq!(header["full_backup"]["generation"], 5);
    assert_eq!(header["incremental_backup_time"], serde_json::Value::Null);
    assert_eq!(header["signature"]["random"], 1_409_768_562);
    assert_eq!(header["attached"][0]["db_time"], 1971);
    assert_eq!(header["copies"], "equal");
}

#[test]
#[ignore = "needs the real files"]
fn a_flush_map() {
    needs::real_files();
    let dir = files::unpack("engine/p4096/a_full");
    let (report, code) = json(dir.path(), &["test.jfm"]);
    assert_eq!((code, &report["files"][0]["kind"]), (Some(0), &"flush-map".into()));
    let header = &report["files"][0]["header"];
    assert_eq!((&header["version"][0], &header["clean"]), (&3.into(), &true.into()));
    let text = String::from_utf8(inspect(dir.path(), &["test.jfm"]).stdout).unwrap();
    assert!(text.contains("          Version: 3.0.0\n"), "{text}");
}

#[test]
#[ignore = "needs the real files"]
fn damaged_headers_end_with_1_and_say_what_is_wrong() {
    needs::real_files();
    let dir = files::unpack("engine/p4096/a_full");
    let edit = |name: &str, edit: fn(&mut Vec<u8>)| {
        let path = dir.path().join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        edit(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let (report, code) = json(dir.path(), &[name]);
        let finding = &report["files"][0]["findings"][0];
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        (code, text("id"), text("message"))
    };
    let (code, id, message) = edit("E0000001.log", |bytes| bytes[100] ^= 1);
    assert_eq!((code, id.as_str()), (Some(1), "log-header-damaged"));
    assert!(message.contains("checksum at offset 0: found 0x"), "{message}");
    let (code, _, message) = edit("E0000002.log", |bytes| bytes.truncate(8192));
    assert_eq!(code, Some(1));
    assert!(message.contains("found 8192 bytes, expected 131072"), "{message}");
    let (code, _, message) = edit("E0000003.log", |bytes| bytes.fill(0));
    assert_eq!(code, Some(1));
    assert!(message.contains("found 0x00000000, expected 0x89abcdef"), "{message}");
    let (code, id, _) = edit("E00.chk", |bytes| bytes[100] ^= 1);
    assert_eq!((code, id.as_str()), (Some(1), "checkpoint-damaged"));
    let (code, _, message) = edit("E00.chk", |bytes| bytes[4196] ^= 1);
    assert_eq!(code, Some(1));
    assert!(message.contains("neither"), "{message}");
}

#[test]
fn unknown_content_ends_with_4() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("letter.txt"), [b'a'; 9000]).unwrap();
    let (report, code) = json(dir.path(), &["letter.txt"]);
    assert_eq!((code, &report["refusals"][0]["id"]), (Some(4), &"not-ese".into()));
}
