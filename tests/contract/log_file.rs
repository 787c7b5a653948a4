//! `--log-file`: what stands in it, and where it is refused.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::harness::{Fixture, Ran, damaged, healthy, names, operations, run, snapshot};
use chrono::DateTime;
use edbmend::practice::{Recipe, storage_group};

/// The lines of a log without their stamps; each has one, and they are in order.
#[track_caller]
fn lines(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    let mut last = String::new();
    let split = |line: &str| {
        let (time, rest) = line.split_once(" edbmend[").expect(line);
        assert!(time.ends_with('Z') && DateTime::parse_from_rfc3339(time).is_ok(), "{line}");
        assert!(*time >= *last, "{line}");
        last = time.to_owned();
        let (pid, event) = rest.split_once("] ").expect(line);
        assert!(pid.parse::<u32>().is_ok(), "{line}");
        event.to_owned()
    };
    text.lines().map(split).collect()
}

fn logged(log: &Path, words: &[&str]) -> Ran {
    run(words.iter().copied().chain(["--log-file", log.to_str().unwrap()]))
}

#[test]
fn a_line_for_each_event_of_one_run_after_the_other() {
    let fixture = Fixture::new(&damaged(8));
    let log = fixture.dir().join("nightly.txt");
    let db = fixture.db.to_str().unwrap();
    assert_eq!(logged(&log, &["check", db]).code, Some(1));
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    let first = lines(&log);
    assert!(first[0].starts_with("begin: edbmend ") && first[0].contains(" check "), "{first:?}");
    assert!(first[0].contains(db), "{first:?}");
    let found = format!("error: full-backup-gen-invalid: {db}: Previous Full Backup");
    assert!(first.iter().any(|line| line.starts_with(&found)), "{first:?}");
    assert!(first.iter().any(|line| line.starts_with("stage: looking at ")), "{first:?}");
    assert!(first.contains(&format!("outcome: findings: {db}")), "{first:?}");
    assert_eq!(first.last().unwrap(), "end: findings, exit code 1");

    let ran = logged(&log, &["repair", "--yes", "--quiet", db]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
    let second = &lines(&log)[first.len()..];
    for stage in ["taking exclusive access", "journal: prepared", "journal: committed"] {
        assert!(second.contains(&format!("stage: {stage}")), "{second:?}");
    }
    let outcome = second.iter().find(|line| line.starts_with("outcome: ")).unwrap();
    let operation = operations(fixture.dir()).pop().unwrap();
    assert_eq!(*outcome, format!("outcome: committed: {db} ({})", operation.display()));
    assert_eq!(second.last().unwrap(), "end: committed, exit code 0");
    assert_eq!(lines(&log)[..first.len()], first, "what stood there stands there");

    let gone = fixture.dir().join("gone.edb");
    assert_eq!(logged(&log, &["verify", gone.to_str().unwrap()]).code, Some(4));
    let all = lines(&log);
    let stopped = all.iter().find(|line| line.starts_with("stopped: not-found: ")).unwrap();
    assert!(stopped.contains(gone.to_str().unwrap()) && stopped.contains(" Do: "), "{stopped}");
}

#[test]
fn a_dry_run_writes_its_log_and_nothing_else() {
    let fixture = Fixture::new(&damaged(8));
    let before = snapshot(fixture.dir());
    let elsewhere = tempfile::tempdir().unwrap();
    let log = elsewhere.path().join("log.txt");
    let ran = logged(&log, &["repair", "--dry-run", fixture.db.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(snapshot(fixture.dir()), before);
    assert_eq!(names(elsewhere.path()), ["log.txt"]);
    assert_eq!(lines(&log).last().unwrap(), "end: planned, exit code 0");
}

#[test]
fn every_guarded_command_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().canonicalize().unwrap();
    for file in storage_group(&Recipe { log_file_sectors: 16, pages: 4, ..Recipe::default() }) {
        fs::write(dir.join(&file.name), &file.bytes).unwrap();
    }
    let log = dir.join("log.txt");
    let [private, public] = ["priv1.edb", "pub1.edb"].map(|n| dir.join(n).display().to_string());
    let at = dir.to_str().unwrap();
    let reset = ["reset-logs", "--yes", "--db", &private, "--db", &public, at];
    assert_eq!(logged(&log, &reset).code, Some(0));
    let operation = operations(&dir).pop().unwrap();
    let of_reset = lines(&log);
    assert!(of_reset.contains(&format!("operation: {}", operation.display())), "{of_reset:?}");
    assert!(of_reset.contains(&"stage: moving the logs".to_owned()), "{of_reset:?}");
    assert_eq!(logged(&log, &["restore", "--yes", operation.to_str().unwrap()]).code, Some(0));
    assert_eq!(logged(&log, &["recover", "--yes", at]).code, Some(0));
    let ends: Vec<_> = lines(&log).into_iter().filter(|line| line.starts_with("end: ")).collect();
    let codes = ["committed", "committed", "nothing-to-do"];
    assert_eq!(ends, codes.map(|outcome| format!("end: {outcome}, exit code 0")));
}

/// Refused before anything else, and what is there is left alone.
#[track_caller]
fn refused(fixture: &Fixture, log: &Path) {
    let before = snapshot(fixture.dir());
    for command in [&["repair", "--yes"][..], &["repair", "--dry-run"], &["check"], &["verify"]] {
        let db = fixture.db.to_str().unwrap();
        let words: Vec<&str> = command.iter().copied().chain([db, "--json"]).collect();
        let ran = logged(log, &words);
        ran.expect_refused(3, &["log-file-unusable"]);
        let json = ran.json();
        assert_eq!(json["refusals"][0]["path"], log.to_str().unwrap());
        assert!(json["databases"].as_array().unwrap().is_empty());
        assert_eq!(json["outcome"], "refused");
        assert!(!json["refusals"][0]["remedy"].as_str().unwrap().is_empty());
    }
    assert_eq!(snapshot(fixture.dir()), before);
}

#[test]
fn where_it_is_refused() {
    let fixture = Fixture::new(&damaged(8));
    let dir = fixture.dir().canonicalize().unwrap();
    fs::write(dir.join("notes.txt"), "to do: run a backup\n").unwrap();
    fs::write(dir.join("data.bin"), healthy(2)).unwrap();
    symlink(dir.join("elsewhere.txt"), dir.join("link.txt")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.join("fifo"), rustix::fs::Mode::RWXU).unwrap();
    // The database itself, what would be taken for a part of the group, what somebody else wrote,
    // and what is no file.
    let inside = [
        "priv1.edb",
        "new.edb",
        "E00.log",
        "E0000001.log",
        "E00.chk",
        "priv1.stm",
        "notes.txt",
        "data.bin",
        "link.txt",
        "fifo",
        "no/such/folder.txt",
        "x.edbmend-pending",
    ];
    for name in inside {
        refused(&fixture, &dir.join(name));
    }
    refused(&fixture, &dir);
    refused(&fixture, Path::new("/dev/null"));
}

#[test]
fn never_in_an_operation_folder() {
    let fixture = Fixture::new(&damaged(8));
    let operation = fixture.repair().canonicalize().unwrap();
    for name in ["log.txt", "report.txt", "journal", "priv1.txt"] {
        refused(&fixture, &operation.join(name));
    }
}

/// A log that somebody else can change, or that has another name elsewhere, is not appended to.
#[test]
fn never_to_a_file_that_is_not_ones_own_alone() {
    let fixture = Fixture::new(&damaged(8));
    let dir = fixture.dir().canonicalize().unwrap();
    for mode in [0o602, 0o666] {
        let log = dir.join("open.txt");
        fs::write(&log, "").unwrap();
        fs::set_permissions(&log, fs::Permissions::from_mode(mode)).unwrap();
        refused(&fixture, &log);
    }
    let (log, other) = (dir.join("log.txt"), dir.join("other.txt"));
    let db = fixture.db.to_str().unwrap();
    assert_eq!(logged(&log, &["check", db]).code, Some(1));
    fs::hard_link(&log, &other).unwrap();
    refused(&fixture, &log);
    fs::remove_file(&other).unwrap();
    // Who may read it is for its owner to say; links of one's own lead to it.
    fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
    let link = dir.join("link");
    symlink(&dir, &link).unwrap();
    assert_eq!(logged(&link.join("log.txt"), &["check", db]).code, Some(1));
    assert_eq!(lines(&log).iter().filter(|line| line.starts_with("end: ")).count(), 2);
}
