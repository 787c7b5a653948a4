//! Operations that were cut off: what they keep others from, and how `recover` ends them where a marker is
//! lost, lies, or is all that is left.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{
    Fixture, PROGRAM, damaged, finish, marker_of, needs, operations, reset, reset_words, run,
    sha256, small_group, snapshot, spawn, text,
};

/// Runs the program and kills it at the `n`th call of `calls`.
fn killed_at(calls: &str, n: u32, arguments: &[impl AsRef<OsStr>]) {
    let inject = format!("inject={calls}:signal=KILL:when={n}");
    let trace = format!("trace={calls}");
    let program = PROGRAM;
    let status = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", &trace, "-e", &inject, program])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success(), "it was killed");
}

#[test]
#[ignore = "needs strace"]
fn while_logs_are_on_the_move_their_databases_wait() {
    needs::strace();
    let (_folder, dir) = small_group();
    let private = dir.join("priv1.edb");
    killed_at("renameat,renameat2", 4, &reset_words(&["--yes"], &dir));
    assert!(dir.join("E00.edbmend-pending").exists());
    let before = sha256(&private);
    run(["repair", "--yes", "--json", text(&private)]).expect_refused(3, &["operation-pending"]);
    assert_eq!(sha256(&private), before);
    let check = run(["check", "--json", text(&private)]);
    assert!(check.stdout.contains("operation-pending"), "{check:?}");
    // The way out that the messages name.
    let recovered = run(["recover", "--yes", "--json", text(&private)]);
    assert_eq!(recovered.code, Some(0), "{recovered:?}");
    assert!(dir.join("E00.log").exists() && !dir.join("E00.edbmend-pending").exists());
    assert_eq!(run(["repair", "--yes", "--json", text(&private)]).code, Some(0));
}

/// A repair that was killed between its two header copies; its operation folder.
fn half_done(fixture: &Fixture) -> PathBuf {
    // The writes of the images, the plan, the copy and the journal come first.
    for n in 4..40 {
        fs::write(&fixture.db, damaged(8)).unwrap();
        let _ = fs::remove_file(fixture.marker());
        let _ = fs::remove_dir_all(fixture.dir().join("edbmend"));
        killed_at("pwrite64", n, &["repair", "--yes", text(&fixture.db)]);
        let bytes = fixture.bytes();
        if bytes[..4096] != bytes[4096..8192] {
            return operations(fixture.dir()).remove(0);
        }
    }
    panic!("no kill fell between the two copies");
}

#[test]
#[ignore = "needs strace"]
fn a_marker_that_lies_is_not_believed_and_its_folder_still_recovers() {
    needs::strace();
    let fixture = Fixture::new(&damaged(8));
    let operation = half_done(&fixture);
    fs::write(fixture.marker(), "").unwrap();
    let before = snapshot(fixture.dir());
    fixture.run(&["recover", "--yes"]).expect_refused(3, &["journal-damaged"]);
    assert_eq!(snapshot(fixture.dir()), before);
    let recovered = run(["recover", "--yes", "--json", text(&operation)]);
    assert_eq!((recovered.code, recovered.outcome().as_str()), (Some(0), "committed"));
    let bytes = fixture.bytes();
    assert_eq!(bytes[..4096], bytes[4096..8192]);
    assert!(!fixture.marker().exists());
}

#[test]
#[ignore = "needs strace"]
fn an_operation_folder_recovers_without_its_marker() {
    needs::strace();
    let fixture = Fixture::new(&damaged(8));
    let operation = half_done(&fixture);
    fs::remove_file(fixture.marker()).unwrap();
    let recovered = run(["recover", "--yes", "--back", "--json", text(&operation)]);
    assert_eq!((recovered.code, recovered.outcome().as_str()), (Some(0), "rolled-back"));
    assert_eq!(fixture.bytes(), damaged(8));
}

#[test]
#[ignore = "needs strace"]
fn a_reset_that_has_only_its_marker_left_is_not_nothing_to_do() {
    needs::strace();
    let (_folder, dir) = small_group();
    // The journal is replaced twice; the second time all files have moved.
    killed_at("renameat", 2, &reset_words(&["--yes"], &dir));
    assert!(!dir.join("E00.log").exists() && dir.join("E00.edbmend-pending").exists());
    for mode in ["--dry-run", "--yes"] {
        reset(&dir, &[mode]).expect_refused(3, &["operation-pending"]);
    }
    assert_eq!(run(["recover", "--yes", text(&dir)]).code, Some(0));
    assert_eq!(reset(&dir, &["--yes"]).outcome(), "nothing-to-do");
}

/// Of a reset, and of its undo, it is the logs that were moved or put back.
#[test]
#[ignore = "needs strace"]
fn what_became_of_a_reset_is_said_of_its_logs() {
    needs::strace();
    let (_folder, dir) = small_group();
    let reset = reset_words(&["--yes"], &dir);
    let recovered = |says: &str| {
        let ran = run(["recover", "--yes", text(&dir)]);
        assert!(ran.code == Some(0) && ran.stdout.contains(says), "{says}: {ran:?}");
        assert!(!ran.stdout.contains("the database is"), "{ran:?}");
    };
    // renameat2 moves a log, rename replaces the journal: at the second, all have moved.
    killed_at("renameat2", 2, &reset);
    recovered("  rolled back: the logs are where they were before\n");
    killed_at("renameat", 2, &reset);
    recovered("  done: the log reset is finished; all its logs are moved\n");
    let reset = operation_with_logs(&dir, "-reset-logs-");
    let undo = ["restore", "--yes", text(&reset)];
    killed_at("renameat2", 2, &undo);
    recovered("  rolled back: the logs are where they were before the undo\n");
    killed_at("renameat", 2, &undo);
    recovered("  done: the undo is finished; all logs are back where they were\n");
    assert!(dir.join("E00.log").exists());
}

/// The operation folder of a command that has come to its end with all logs moved.
fn operation_with_logs(dir: &Path, command: &str) -> PathBuf {
    let mut found = operations(dir);
    found.retain(|operation| {
        let is_of_it = operation.to_str().unwrap().contains(command);
        is_of_it && operation.join("logs/E00.log").exists()
    });
    found.pop().expect("an operation")
}

#[test]
#[ignore = "needs strace"]
fn after_an_operation_that_stays_pending_recover_begins_no_other() {
    needs::strace();
    let (_folder, dir) = small_group();
    fs::copy(dir.join("priv1.edb"), dir.join("a.edb")).unwrap();
    fs::copy(dir.join("priv1.stm"), dir.join("a.stm")).unwrap();
    for name in ["a.edb", "priv1.edb"] {
        // The journal has just said PREPARED.
        killed_at("renameat", 1, &["repair", "--yes", text(&dir.join(name))]);
        assert!(marker_of(&dir.join(name)).exists());
    }
    // Every sync fails.
    let ran = finish(spawn(
        Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO"])
            .arg(PROGRAM)
            .args(["recover", "--yes", "--json", text(&dir)]),
    ));
    let json = ran.json();
    let databases = json["databases"].as_array().unwrap().iter();
    let outcomes: Vec<_> = databases.map(|d| d["outcome"].as_str().unwrap()).collect();
    assert_eq!((ran.code, outcomes), (Some(6), vec!["pending", "failed"]), "{ran:?}");
    assert_eq!(run(["recover", "--yes", "--json", text(&dir)]).code, Some(0));
}
