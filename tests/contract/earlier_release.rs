//! Operations that release 0.1.0 left, finished and interrupted: this version undoes and ends them, byte for
//! byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::{Ran, files, operations, run, sha256, text};

/// The folder of an operation, with what was beside it; and its path.
fn left_by_0_1_0(operation: &str) -> (TempDir, PathBuf) {
    let folder = files::unpack(&format!("operations-0.1.0/{operation}"));
    let dir = folder.path().canonicalize().unwrap();
    (folder, dir)
}

fn operation_in(dir: &Path) -> PathBuf {
    let [operation] = operations(dir).try_into().expect("one operation");
    operation
}

#[track_caller]
fn expect(ran: &Ran, outcome: &str) {
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), outcome), "{ran:?}");
}

fn restore(operation: &Path) -> Ran {
    run(["restore", "--yes", "--json", text(operation)])
}

fn recover(more: &[&str], path: &Path) -> Ran {
    run(["recover", "--yes", "--json"].iter().chain(more).chain(&[text(path)]))
}

/// The databases that a repair of the practice group begins and ends with.
fn before_and_after_the_repair() -> [Vec<u8>; 2] {
    let (_folder, dir) = left_by_0_1_0("repair-finished");
    let copy = operation_in(&dir).join("priv1.edb");
    [copy, dir.join("priv1.edb")].map(|path| fs::read(path).unwrap())
}

#[test]
fn a_repair_is_undone_and_the_undo_too() {
    let [before, after] = before_and_after_the_repair();
    let (_folder, dir) = left_by_0_1_0("repair-finished");
    let database = dir.join("priv1.edb");
    let undone = restore(&operation_in(&dir));
    expect(&undone, "committed");
    assert!(fs::read(&database).unwrap() == before);
    expect(&restore(&undone.operation_dir()), "committed");
    assert!(fs::read(&database).unwrap() == after);
}

#[test]
fn a_repair_that_was_killed_is_ended_either_way() {
    let [before, after] = before_and_after_the_repair();
    for (more, direction, outcome, expected) in [
        ([].as_slice(), "forward", "committed", after),
        (&["--back"], "back", "rolled-back", before),
    ] {
        let (_folder, dir) = left_by_0_1_0("repair-interrupted");
        let database = dir.join("priv1.edb");
        let check = run(["check", "--json", text(&database)]);
        assert!(check.stdout.contains("\"operation-pending\""), "{check:?}");
        let ran = recover(more, &dir);
        expect(&ran, outcome);
        assert_eq!(ran.json()["databases"][0]["direction"], direction, "{ran:?}");
        assert!(fs::read(&database).unwrap() == expected, "{direction}");
        assert!(!dir.join("priv1.edb.edbmend-pending").exists(), "{direction}");
        expect(&recover(&[], &dir), "nothing-to-do");
    }
}

/// Name and SHA-256 of the files of a group's stream in a folder.
fn stream_in(dir: &Path) -> BTreeMap<String, String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let of_stream = names.filter(|name| name.starts_with("E00") && !name.ends_with("-pending"));
    of_stream.map(|name| (name.clone(), sha256(&dir.join(name)))).collect()
}

#[test]
fn a_reset_is_undone_and_the_undo_too() {
    let (_folder, dir) = left_by_0_1_0("reset-finished");
    let operation = operation_in(&dir);
    let moved = stream_in(&operation.join("logs"));
    assert_eq!((moved.len(), stream_in(&dir).len()), (5, 0));
    let undone = restore(&operation);
    expect(&undone, "committed");
    assert_eq!(stream_in(&dir), moved);
    expect(&restore(&undone.operation_dir()), "committed");
    assert_eq!(stream_in(&dir).len(), 0);
}

#[test]
fn a_reset_that_was_killed_is_rolled_back() {
    let (_finished, dir) = left_by_0_1_0("reset-finished");
    let all = stream_in(&operation_in(&dir).join("logs"));
    let (_folder, dir) = left_by_0_1_0("reset-interrupted");
    let logs = operation_in(&dir).join("logs");
    assert_eq!((stream_in(&logs).len(), stream_in(&dir).len()), (1, 4));
    let ran = recover(&[], &dir);
    expect(&ran, "rolled-back");
    assert_eq!(ran.json()["databases"][0]["direction"], "back", "{ran:?}");
    assert_eq!(stream_in(&dir), all);
    assert!(!dir.join("E00.edbmend-pending").exists());
    expect(&recover(&[], &dir), "nothing-to-do");
}

/// What would be changed and cannot be is known before: the dry run says it, and changes nothing.
#[cfg(unix)]
#[test]
fn a_dry_run_knows_what_is_read_only() {
    use std::os::unix::fs::PermissionsExt;
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let (_folder, dir) = left_by_0_1_0("repair-interrupted");
    for forbidden in [dir.clone(), operation_in(&dir)] {
        set(&forbidden, 0o500).unwrap();
        let planned = run(["recover", "--dry-run", "--json", text(&dir.join("priv1.edb"))]);
        let done = recover(&[], &dir.join("priv1.edb"));
        set(&forbidden, 0o700).unwrap();
        planned.expect_refused(3, &["read-only"]);
        done.expect_refused(3, &["read-only"]);
    }
    expect(&recover(&[], &dir), "committed");
}
