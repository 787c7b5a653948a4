//! The real program, killed for real at every system call by which it changes the disk, and once
//! more while it recovers: the database is always the old one or the new one, and `recover` always
//! gets there.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::files::unpack;
use crate::harness::strace::{CHANGING_CALLS, is_killed_at, run_with_signal};
use crate::harness::{
    DATABASE, Fixture, Ran, damaged, marker_of, names, needs, operations, run, snapshot,
};

/// More calls of one name than any run makes.
const MANY: u32 = 200;

const RENAME: &str = "?rename,renameat,renameat2";

/// A database before and after its repair.
struct Images {
    old: Vec<u8>,
    new: Vec<u8>,
}

impl Images {
    fn get() -> Self {
        let fixture = Fixture::new(&damaged(8));
        fixture.repair();
        Self { old: damaged(8), new: fixture.bytes() }
    }

    #[track_caller]
    fn assert_one_of(&self, bytes: &[u8], when: &str) {
        assert!(bytes == self.old || bytes == self.new, "neither old nor new: {when}");
    }
}

/// Every kill that a command can suffer: calls `one` with the name and the number of a call until
/// it says that the command ran to its end.
fn at_every_call(mut one: impl FnMut(&str, u32) -> bool) {
    for call in CHANGING_CALLS {
        let last = (1..MANY).find(|&nth| !one(call, nth));
        assert!(last.is_some(), "{call}: no run passed unharmed");
    }
}

fn run_on(command: &[&str], path: &Path) -> Ran {
    let words = command.iter().map(OsStr::new).chain(["--json".as_ref()]);
    run(words.chain([path.as_os_str()]))
}

/// What must hold after a kill, and the way out: `recover`.
#[track_caller]
fn recovers(fixture: &Fixture, images: &Images, when: &str) {
    if fixture.marker().exists() {
        pending_is_noticed(fixture, when);
        let ran = fixture.run(&["recover", "--yes"]);
        assert_eq!(ran.code, Some(0), "{when}: {ran:?}");
    } else {
        let ran = fixture.run(&["recover", "--yes"]);
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "nothing-to-do"), "{when}");
    }
    assert!(!fixture.marker().exists(), "{when}");
    images.assert_one_of(&fixture.bytes(), when);
}

/// While the marker is there, everybody says so, and nobody writes.
#[track_caller]
fn pending_is_noticed(fixture: &Fixture, when: &str) {
    let before = snapshot(fixture.dir());
    let check = fixture.run(&["check"]);
    assert_eq!(check.code, Some(1), "{when}: {check:?}");
    assert!(check.stdout.contains("\"operation-pending\""), "{when}: {check:?}");
    for mode in ["--yes", "--dry-run"] {
        let repair = fixture.run(&["repair", mode]);
        assert_eq!(repair.code, Some(3), "{when}: {repair:?}");
        assert!(repair.refusals().contains(&"operation-pending".to_owned()), "{when}: {repair:?}");
    }
    for path in [fixture.db.as_path(), fixture.dir(), &fixture.marker()] {
        let preview = run_on(&["recover", "--dry-run"], path);
        assert_eq!((preview.code, preview.outcome().as_str()), (Some(0), "planned"), "{when}");
    }
    assert_eq!(snapshot(fixture.dir()), before, "{when}");
}

/// The database is as good as any: it can be repaired, and the repair be undone.
#[track_caller]
fn works_again(fixture: &Fixture, images: &Images, when: &str) {
    if fixture.bytes() == images.old {
        let operation = fixture.repair();
        assert_eq!(fixture.bytes(), images.new, "{when}");
        undo(&operation, when);
    } else {
        assert_eq!(fixture.run(&["repair", "--yes"]).outcome(), "nothing-to-do", "{when}");
        undo(&latest_repair(fixture), when);
    }
    assert_eq!(fixture.bytes(), images.old, "{when}");
    assert!(!fixture.marker().exists(), "{when}");
}

fn latest_repair(fixture: &Fixture) -> PathBuf {
    let mut repairs = operations(fixture.dir());
    repairs.retain(|dir| dir.to_str().unwrap().contains("-repair-"));
    repairs.pop().expect("a repair")
}

#[track_caller]
fn undo(operation: &Path, when: &str) {
    let ran = run_on(&["restore", "--yes"], operation);
    assert_eq!(ran.code, Some(0), "{when}: {ran:?}");
}

#[test]
#[ignore = "needs strace"]
fn a_repair_that_is_killed() {
    needs::strace();
    let images = Images::get();
    let mut seen = BTreeSet::new();
    at_every_call(|call, nth| {
        let when = format!("repair, {call} {nth}");
        let fixture = Fixture::new(&images.old);
        let killed = is_killed_at(&["repair", "--yes"], &fixture.db, call, nth);
        if killed {
            seen.insert(fixture.marker().exists());
            recovers(&fixture, &images, &when);
        }
        works_again(&fixture, &images, &when);
        killed
    });
    assert_eq!(seen.len(), 2, "kills with and without a marker");
}

#[test]
#[ignore = "needs strace"]
fn a_restore_that_is_killed() {
    needs::strace();
    let images = Images::get();
    at_every_call(|call, nth| {
        let when = format!("restore, {call} {nth}");
        let fixture = Fixture::new(&images.old);
        let operation = fixture.repair();
        let killed = is_killed_at(&["restore", "--yes"], &operation, call, nth);
        if killed {
            recovers(&fixture, &images, &when);
        }
        works_again(&fixture, &images, &when);
        killed
    });
}

/// The ways that `recover` can go, each with a kill of `repair` that leads there.
fn kills_by_direction(images: &Images) -> Vec<(String, (&'static str, u32))> {
    let mut ways = Vec::new();
    for call in ["pwrite64", "?unlink,unlinkat", RENAME] {
        for nth in 1..MANY {
            let fixture = Fixture::new(&images.old);
            if !is_killed_at(&["repair", "--yes"], &fixture.db, call, nth) {
                break;
            }
            if !fixture.marker().exists() {
                continue;
            }
            let preview = fixture.run(&["recover", "--dry-run"]).json().clone();
            let direction = &preview["databases"][0]["direction"];
            let direction = direction.as_str().expect("a direction").to_owned();
            if ways.iter().all(|(known, _)| *known != direction) {
                ways.push((direction, (call, nth)));
            }
        }
    }
    ways
}

#[test]
#[ignore = "needs strace"]
fn a_recover_that_is_killed() {
    needs::strace();
    let images = Images::get();
    let ways = kills_by_direction(&images);
    let mut directions: Vec<&str> = ways.iter().map(|(direction, _)| direction.as_str()).collect();
    directions.sort_unstable();
    assert_eq!(directions, ["back", "discard", "finish", "forward"]);
    for (direction, (call, nth)) in &ways {
        recover_is_killed(&images, direction, &["recover", "--yes"], call, *nth);
    }
    let (_, (call, nth)) = ways.iter().find(|(way, _)| way == "forward").unwrap();
    recover_is_killed(&images, "forward --back", &["recover", "--yes", "--back"], call, *nth);
}

/// Kills `recover` at every call, after a repair that was killed at one.
fn recover_is_killed(images: &Images, way: &str, recover: &[&str], call: &str, nth: u32) {
    at_every_call(|then, then_nth| {
        let when = format!("{way}, {then} {then_nth}");
        let fixture = Fixture::new(&images.old);
        assert!(is_killed_at(&["repair", "--yes"], &fixture.db, call, nth), "{when}");
        let killed = is_killed_at(recover, &fixture.db, then, then_nth);
        if killed {
            recovers(&fixture, images, &when);
        }
        works_again(&fixture, images, &when);
        killed
    });
}

#[test]
#[ignore = "needs strace"]
fn nothing_is_left_of_a_repair_that_was_not_ready() {
    needs::strace();
    let images = Images::get();
    // The first rename is that of the journal: until then nothing was ready.
    let fixture = Fixture::new(&images.old);
    assert!(is_killed_at(&["repair", "--yes"], &fixture.db, RENAME, 1));
    recovers(&fixture, &images, "rename 1");
    assert_eq!(names(fixture.dir()), [DATABASE]);
    assert_eq!(fixture.bytes(), images.old);
}

/// Ctrl-C and a polite kill, at every call: what was begun is finished, or nothing is left of it.
#[test]
#[ignore = "needs strace"]
fn an_interrupt_ends_in_an_orderly_way() {
    needs::strace();
    let images = Images::get();
    for (signal, call) in
        [("INT", "pwrite64"), ("INT", "fsync"), ("TERM", "pwrite64"), ("TERM", "?mkdir,mkdirat")]
    {
        let mut codes = BTreeSet::new();
        for nth in 1..=30 {
            let when = format!("{signal} at {call} {nth}");
            let fixture = Fixture::new(&images.old);
            let ran =
                run_with_signal(&["repair", "--yes", "--json"], &fixture.db, call, signal, nth);
            assert!(!fixture.marker().exists(), "{when}: {ran:?}");
            codes.insert(ran.code);
            if ran.code == Some(0) {
                assert_eq!(fixture.bytes(), images.new, "{when}");
                continue;
            }
            assert_eq!((ran.code, ran.refusals()), (Some(4), vec!["interrupted".into()]), "{when}");
            assert_eq!(names(fixture.dir()), [DATABASE], "{when}");
            assert_eq!(fixture.bytes(), images.old, "{when}");
        }
        assert_eq!(codes, BTreeSet::from([Some(0), Some(4)]), "{signal} at {call}");
    }
}

#[test]
#[ignore = "needs strace"]
fn what_writes_nothing_ends_at_once() {
    needs::strace();
    let fixture = Fixture::new(&damaged(8));
    let operation = fixture.repair();
    assert!(is_killed_at(&["restore", "--yes"], &operation, "pwrite64", 9));
    for (command, path) in [
        (&["list"][..], fixture.dir()),
        (&["recover", "--dry-run"], fixture.dir()),
        (&["restore", "--dry-run"], &operation),
        (&["repair", "--dry-run"], &fixture.db),
    ] {
        for signal in ["TERM", "INT"] {
            let ran = run_with_signal(command, path, "getdents64", signal, 1);
            let number = if signal == "TERM" { libc::SIGTERM } else { libc::SIGINT };
            let ended = ran.signal == Some(number) || ran.code == Some(128 + number);
            assert!(ended, "{command:?} {signal}: {ran:?}");
        }
    }
}

/// A backup folder elsewhere is found through the marker.
#[test]
#[ignore = "needs strace"]
fn the_operation_lies_elsewhere() {
    needs::strace();
    let images = Images::get();
    let elsewhere = tempfile::tempdir().unwrap();
    let dir = elsewhere.path().to_str().unwrap();
    for nth in 1..MANY {
        let when = format!("elsewhere, pwrite64 {nth}");
        let fixture = Fixture::new(&images.old);
        let repair = ["repair", "--yes", "--backup-dir", dir];
        if !is_killed_at(&repair, &fixture.db, "pwrite64", nth) {
            break;
        }
        recovers(&fixture, &images, &when);
        assert_eq!(names(fixture.dir()), [DATABASE], "{when}");
        fs::write(&fixture.db, &images.old).unwrap();
    }
}

/// Both header copies of a database of the engine are destroyed, and it is rebuilt from its logs: each kill leaves
/// the destroyed pages, the rebuilt ones, or an operation that `recover` ends.
#[test]
#[ignore = "needs strace"]
fn a_rebuild_that_is_killed() {
    needs::strace();
    let set = unpack("engine/stage4_p4096/s4_2b_cleared_after_full_inc");
    let database = set.path().canonicalize().unwrap().join("test.edb");
    let mut destroyed = fs::read(&database).unwrap();
    destroyed[..8192].fill(0xff);
    let begin = || {
        let _ = fs::remove_dir_all(set.path().join("edbmend"));
        fs::write(&database, &destroyed).unwrap();
    };
    begin();
    let ran = run_on(&["rebuild-header", "--yes"], &database);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let images = Images { old: destroyed.clone(), new: fs::read(&database).unwrap() };
    at_every_call(|call, nth| {
        let when = format!("rebuild-header, {call} {nth}");
        begin();
        let killed = is_killed_at(&["rebuild-header", "--yes"], &database, call, nth);
        let ran = run_on(&["recover", "--yes"], &database);
        assert_eq!(ran.code, Some(0), "{when}: {ran:?}");
        let bytes = fs::read(&database).unwrap();
        images.assert_one_of(&bytes, &when);
        assert!(killed || bytes == images.new, "{when}");
        assert!(!marker_of(&database).exists(), "{when}");
        killed
    });
}
