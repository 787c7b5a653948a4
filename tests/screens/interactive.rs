//! The questions, asked on a real pseudo-terminal.

use std::os::unix::process::ExitStatusExt;

use crate::harness::strace::is_killed_at;
use crate::harness::terminal::Terminal;
use crate::harness::{
    DATABASE, Fixture, damaged, finish, healthy, names, needs, program, run, small_group, snapshot,
    spawn,
};

/// What was written is shown by the name of the file; the cursor is behind it.
const QUESTION: &str = "Write these changes to priv1.edb?";

/// Answers the question of a repair; exit code and screen.
#[track_caller]
fn answer(fixture: &Fixture, keys: &str) -> (Option<i32>, String) {
    let mut terminal = Terminal::start(&["repair"], &fixture.db);
    terminal.expect(QUESTION);
    terminal.press(keys);
    terminal.end()
}

#[test]
fn yes_writes() {
    for keys in ["y\r", "Y\r", "ny\r"] {
        let fixture = Fixture::new(&damaged(8));
        let (code, screen) = answer(&fixture, keys);
        assert_eq!(code, Some(0), "{screen}");
        assert_eq!(fixture.bytes(), healthy(8));
        assert!(screen.contains("done: both header copies"), "{screen}");
    }
}

#[test]
fn everything_else_declines() {
    for keys in ["n\r", "\r", "\u{4}", "yn\r", "q\r", "ja\r"] {
        let fixture = Fixture::new(&damaged(8));
        let before = snapshot(fixture.dir());
        let (code, screen) = answer(&fixture, keys);
        assert_eq!(code, Some(7), "{keys:?}: {screen}");
        assert!(screen.contains("you said no: nothing was written"), "{screen}");
        assert_eq!(snapshot(fixture.dir()), before, "{keys:?}");
    }
}

#[test]
fn an_interrupt_at_the_question() {
    let fixture = Fixture::new(&damaged(8));
    let before = snapshot(fixture.dir());
    let (code, screen) = answer(&fixture, "\u{3}");
    assert_eq!(code, Some(4), "{screen}");
    assert_eq!(snapshot(fixture.dir()), before);
}

#[test]
fn a_terminal_that_is_closed() {
    let fixture = Fixture::new(&damaged(8));
    let before = snapshot(fixture.dir());
    let mut terminal = Terminal::start(&["repair"], &fixture.db);
    terminal.expect(QUESTION);
    let status = terminal.hang_up();
    let hung_up = status.signal() == Some(libc::SIGHUP) || status.code() == Some(7);
    assert!(hung_up, "{status:?}");
    assert_eq!(snapshot(fixture.dir()), before);
}

#[test]
fn the_plan_stands_before_the_question() {
    let fixture = Fixture::new(&damaged(8));
    let (_, screen) = answer(&fixture, "n\r");
    let (shown, _) = screen.split_once(QUESTION).unwrap();
    for part in [
        fixture.db.to_str().unwrap(),
        "Clean Shutdown",
        "Previous Full Backup",
        "offset",
        "152",
        "156",
        "4294967295",
        "0xffffffff",
        "4096 bytes at offset 0",
        "4096 bytes at offset 4096",
    ] {
        assert!(shown.contains(part), "no \"{part}\" before the question: {shown}");
    }
}

#[test]
fn a_change_during_the_question_is_noticed() {
    let fixture = Fixture::new(&damaged(8));
    let mut terminal = Terminal::start(&["repair"], &fixture.db);
    terminal.expect(QUESTION);
    let mut bytes = damaged(8);
    edbmend::practice::edit_header(&mut bytes, |raw| raw.repair_count = 1.into());
    std::fs::write(&fixture.db, &bytes).unwrap();
    terminal.press("y\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(3), "{screen}");
    assert!(screen.contains("changed-since-survey"), "{screen}");
    assert_eq!(fixture.bytes(), bytes);
    assert_eq!(names(fixture.dir()), [DATABASE]);
}

#[test]
fn a_log_that_goes_away_during_the_question_is_missed() {
    let (_folder, dir) = small_group();
    let mut terminal = Terminal::start(&["reset-logs"], &dir);
    terminal.expect("Are these all databases");
    let [log, aside] = ["E0000002.log", "E0000002.old"].map(|name| dir.join(name));
    std::fs::rename(&log, &aside).unwrap();
    let before = snapshot(&dir);
    terminal.press("y\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(3), "{screen}");
    assert!(screen.contains("changed-since-survey") && screen.contains("E0000002.log"), "{screen}");
    assert!(snapshot(&dir) == before, "{screen}");
}

#[test]
fn several_databases_are_asked_for_one_by_one() {
    let [first, second] = [Fixture::new(&damaged(8)), Fixture::new(&damaged(8))];
    let mut terminal = Terminal::start(&["repair", first.db.to_str().unwrap()], &second.db);
    terminal.expect(QUESTION);
    terminal.press("n\r");
    terminal.screen.clear();
    terminal.expect(QUESTION);
    terminal.press("y\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(7), "{screen}");
    assert_eq!((first.bytes(), second.bytes()), (damaged(8), healthy(8)));
}

#[test]
fn a_dry_run_and_yes_do_not_ask() {
    let fixture = Fixture::new(&damaged(8));
    for (flag, bytes) in [("--dry-run", damaged(8)), ("--yes", healthy(8))] {
        let (code, screen) = Terminal::start(&["repair", flag], &fixture.db).end();
        assert_eq!(code, Some(0), "{screen}");
        assert!(!screen.contains(QUESTION), "{screen}");
        assert_eq!(fixture.bytes(), bytes);
    }
}

#[test]
fn restore_asks() {
    let fixture = Fixture::new(&damaged(8));
    let operation = fixture.repair();
    for (keys, code, bytes) in [("n\r", 7, healthy(8)), ("y\r", 0, damaged(8))] {
        let mut terminal = Terminal::start(&["restore"], &operation);
        terminal.expect(QUESTION);
        assert!(terminal.screen.contains("4294967295"), "{}", terminal.screen);
        terminal.press(keys);
        let (found, screen) = terminal.end();
        assert_eq!(found, Some(code), "{screen}");
        assert_eq!(fixture.bytes(), bytes);
    }
}

#[test]
#[ignore = "needs strace"]
fn recover_asks() {
    needs::strace();
    let fixture = Fixture::new(&damaged(8));
    assert!(is_killed_at(&["repair", "--yes"], &fixture.db, "?rename,renameat,renameat2", 1));
    let before = snapshot(fixture.dir());
    for (keys, code) in [("n\r", 7), ("\u{3}", 4), ("y\r", 0)] {
        assert_eq!(snapshot(fixture.dir()), before);
        let mut terminal = Terminal::start(&["recover"], &fixture.db);
        terminal.expect("Do it?");
        assert!(terminal.screen.contains("direction: discard"), "{}", terminal.screen);
        terminal.press(keys);
        let (found, screen) = terminal.end();
        assert_eq!(found, Some(code), "{screen}");
    }
    assert_eq!(names(fixture.dir()), [DATABASE]);
}

#[test]
fn nobody_to_ask() {
    let fixture = Fixture::new(&damaged(8));
    let before = snapshot(fixture.dir());
    fixture.run(&["repair"]).expect_refused(3, &["confirmation-needed"]);
    assert_eq!(snapshot(fixture.dir()), before);
    let operation = fixture.repair();
    let before = snapshot(fixture.dir());
    let restore = run(["restore", "--json", operation.to_str().unwrap()]);
    restore.expect_refused(3, &["confirmation-needed"]);
    assert_eq!(snapshot(fixture.dir()), before);
}

/// Before anybody could have said yes nothing is opened for writing.
#[test]
#[ignore = "needs strace"]
fn nobody_to_ask_and_nothing_opened_for_writing() {
    needs::strace();
    let fixture = Fixture::new(&damaged(8));
    let log = tempfile::NamedTempFile::new().unwrap();
    for mode in [&["repair"][..], &["repair", "--dry-run"], &["check"], &["inspect"]] {
        let mut traced = std::process::Command::new("strace");
        traced.args(["-f", "-qq", "-e", "trace=%file", "-o"]).arg(log.path());
        traced.arg(program(mode).get_program()).args(mode).arg(&fixture.db);
        finish(spawn(&mut traced));
        let calls = std::fs::read_to_string(log.path()).unwrap();
        let ours = fixture.dir().to_str().unwrap();
        assert!(calls.lines().any(|call| call.contains(ours)), "{mode:?}: {calls}");
        let writing = ["O_RDWR", "O_WRONLY", "O_CREAT", "mkdir", "unlink", "rename"];
        let bad = |call: &&str| call.contains(ours) && writing.iter().any(|w| call.contains(w));
        assert_eq!(calls.lines().find(bad), None, "{mode:?}");
    }
}
