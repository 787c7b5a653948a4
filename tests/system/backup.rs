//! The backup of a repair: holes stay holes, the medium is asked and not the cache, and a full
//! verification reads the file in the same pass.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::harness::{
    Fixture, PROGRAM, Ran, damaged, finish, names, needs, program, sha256, spawn,
};

#[test]
fn holes_stay_holes() {
    let fixture = Fixture::new(&damaged(600));
    let file = fs::OpenOptions::new().write(true).open(&fixture.db).unwrap();
    file.set_len(300 << 20).unwrap();
    drop(file);
    let before = sha256(&fixture.db);
    let ran = fixture.run(&["repair", "--yes", "--verify", "full"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.json();
    let copy = ran.operation_dir().join("priv1.edb");
    assert_eq!(
        (sha256(&copy), report["backup"]["sha256"].as_str().unwrap()),
        (before.clone(), &*before)
    );
    assert!(fs::metadata(&copy).unwrap().blocks() * 512 < 8 << 20);
    let pages = &report["pages"];
    assert_eq!((&pages["total"], &pages["ok"]), (&76800.into(), &452.into()));
    assert_eq!(pages["bad"].as_array().unwrap().len(), 0);
}

#[test]
fn bad_pages_are_reported_with_either_backup() {
    for backup in ["full", "header"] {
        let mut bytes = damaged(40);
        bytes[9 * 4096 + 77] ^= 4;
        let fixture = Fixture::new(&bytes);
        let ran = fixture.run(&["repair", "--yes", "--backup", backup, "--verify", "full"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let report = ran.json();
        assert_eq!(report["pages"]["bad"][0]["number"], 8);
        assert_eq!(fixture.bytes()[8192..], bytes[8192..]);
        let notes = fs::read_to_string(ran.operation_dir().join("report.txt")).unwrap();
        assert!(notes.contains("WARNING: 1 of 42 pages are bad"), "{notes}");
    }
}

#[test]
#[ignore = "needs strace"]
fn the_copy_is_read_back_from_the_medium() {
    needs::strace();
    let fixture = Fixture::new(&damaged(2000));
    let trace = fixture.dir().join("trace");
    let mut command = Command::new("strace");
    let calls = "trace=?open,openat,pread64,fsync,fadvise64,pwrite64";
    command.args(["-f", "-y", "-qq", "-e", calls, "-o"]);
    command.arg(&trace).arg(PROGRAM).args(["repair", "--yes"]).arg(&fixture.db);
    let ran = finish(spawn(&mut command));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let trace = fs::read_to_string(&trace).unwrap();
    let of_copy = |line: &&str| line.contains("-repair-") && line.contains("/priv1.edb");
    let lines: Vec<&str> = trace.lines().filter(of_copy).collect();
    let at = |what: &str| lines.iter().rposition(|line| line.contains(what));
    let opened = lines.iter().find(|line| line.contains("O_DIRECT"));
    let opened = opened.unwrap_or_else(|| panic!("no direct open: {lines:#?}"));
    if !opened.contains("EINVAL") {
        assert!(opened.contains("O_RDWR"), "written past the cache, too: {lines:#?}");
    } else {
        assert!(at("fadvise64") > at("fsync"), "the cache is dropped: {lines:#?}");
    }
    assert!(at("fsync") > at("pwrite64"), "written, then synced: {lines:#?}");
    assert!(at("pread64") > at("fsync"), "then read back: {lines:#?}");
}

/// A scan on one thread, and how many reads of the database that thread made. From its read `failing`
/// on two of them are answered by an I/O error: the numbers count for each thread by itself.
fn verify_with_failing_reads(fixture: &Fixture, failing: Option<usize>) -> (Ran, usize) {
    let trace = fixture.dir().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=pread64", "-o"]).arg(&trace);
    command.arg("-P").arg(&fixture.db);
    if let Some(first) = failing {
        command.arg("-e");
        command.arg(format!("inject=pread64:error=EIO:when={first}..{}", first + 1));
    }
    command.arg(PROGRAM);
    command.args(["verify", "--json", "--threads", "1"]).arg(&fixture.db);
    let ran = finish(spawn(&mut command));
    let text = fs::read_to_string(&trace).unwrap();
    let threads: Vec<_> = text.lines().filter_map(|line| line.split_once(" pread64(")).collect();
    let scanning =
        threads.iter().filter(|(thread, _)| threads.last().is_some_and(|l| l.0 == *thread));
    (ran, scanning.count())
}

#[test]
#[ignore = "needs strace"]
fn a_sector_that_the_system_cannot_read_is_one_bad_page() {
    needs::strace();
    let fixture = Fixture::new(&damaged(2000));
    let (sound, reads) = verify_with_failing_reads(&fixture, None);
    assert_eq!(sound.code, Some(0), "{sound:?}");
    // The last block fails, and then, read page by page, its first page.
    let (ran, _) = verify_with_failing_reads(&fixture, Some(reads));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let (sound, pages) = (&sound.json()["pages"], &ran.json()["pages"]);
    let [bad] = pages["bad"].as_array().unwrap().as_slice() else { panic!("{pages:#}") };
    assert_eq!((&bad["kind"], &pages["total"]), (&"unreadable".into(), &sound["total"]));
    assert_eq!(bad["offset"].as_u64().unwrap() % (128 << 10), 0);
    assert_eq!(bad["number"].as_u64().unwrap() + 1, bad["offset"].as_u64().unwrap() / 4096);
}

#[test]
#[ignore = "needs strace"]
fn one_read_of_the_database_hashes_checks_and_copies_it() {
    needs::strace();
    let bytes = damaged(4000);
    let fixture = Fixture::new(&bytes);
    let traces = tempfile::tempdir().unwrap();
    let mut command = Command::new("strace");
    // A file for each thread, so that no call is torn in two lines.
    command.args(["-ff", "-y", "-qq", "-e", "trace=pread64", "-o"]).arg(traces.path().join("t"));
    command.arg(PROGRAM);
    command.args(["repair", "--yes", "--verify", "full"]).arg(&fixture.db);
    let ran = finish(spawn(&mut command));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let database = format!("<{}>", fixture.db.display());
    let mut total = 0;
    for trace in fs::read_dir(traces.path()).unwrap() {
        let text = fs::read_to_string(trace.unwrap().path()).unwrap();
        let reads = text.lines().filter(|line| line.contains(&database));
        let given = reads.filter_map(|line| line.rsplit("= ").next()?.trim().parse::<usize>().ok());
        total += given.sum::<usize>();
    }
    // Once for hash, check and copy; once more afterwards, to prove that nothing else changed; and
    // the headers a few times.
    let whole = 2 * bytes.len();
    assert!((whole..whole + (2 << 20)).contains(&total), "{total} of {whole}");
}

#[test]
#[ignore = "needs strace"]
fn an_interrupt_during_the_copy_leaves_nothing() {
    needs::strace();
    let bytes = damaged(4000);
    let fixture = Fixture::new(&bytes);
    let mut command = Command::new("strace");
    // The 8th write is one of the copy; each is slow, so that the signal is seen in time.
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64"]);
    command.args(["-e", "inject=pwrite64:delay_exit=100000"]);
    command.args(["-e", "inject=pwrite64:signal=INT:when=8"]);
    command.arg(PROGRAM).args(["repair", "--yes", "--json"]).arg(&fixture.db);
    let ran = finish(spawn(&mut command));
    assert_eq!((ran.code, ran.refusals()), (Some(4), vec!["interrupted".to_owned()]), "{ran:?}");
    assert_eq!(names(fixture.dir()), ["priv1.edb"]);
    assert!(fixture.bytes() == bytes);
}

#[test]
fn progress_is_quiet_when_asked() {
    let fixture = Fixture::new(&damaged(40));
    let ran = finish(spawn(program(["repair", "--yes", "--quiet"]).arg(&fixture.db)));
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
}
