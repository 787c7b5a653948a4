//! The questions, asked on a real pseudo-terminal.

use std::os::unix::process::ExitStatusExt;

use crate::harness::strace::is_killed_at;
use crate::harness::terminal::Terminal;
use crate::harness::{
    DATABASE, Fixture, PROGRAM, damaged, finish, healthy, names, needs, program, run, small_group,
    snapshot, spawn, text,
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
    assert!(screen.contains("stopped, nothing was changed"), "{screen}");
    assert!(!screen.contains("failed"), "{screen}");
    assert_eq!(snapshot(fixture.dir()), before);
}

#[test]
fn an_interrupt_at_the_question_about_a_group() {
    let (_folder, dir) = small_group();
    let before = snapshot(&dir);
    let mut terminal = Terminal::start(&["reset-logs"], &dir);
    terminal.expect("Are these all databases");
    terminal.press("\u{3}");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(4), "{screen}");
    assert!(screen.contains("stopped, nothing was changed"), "{screen}");
    assert!(snapshot(&dir) == before);
}

/// Of a terminal that can only print lines nothing else is asked.
#[test]
fn a_question_on_a_dumb_terminal() {
    let fixture = Fixture::new(&damaged(8));
    let mut terminal = Terminal::of_kind("dumb", &["repair"], &fixture.db);
    terminal.expect(QUESTION);
    terminal.press("yny\r");
    let (code, screen) = terminal.end();
    assert_eq!((code, fixture.bytes()), (Some(0), healthy(8)), "{screen}");
    assert!(!screen.contains('\u{1b}'), "{screen:?}");
}

const PAUSE: &str = "Press Enter to go on";

#[test]
fn the_demonstration_waits_for_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("practice");
    let is_repaired = || dir.join("edbmend").exists();
    let mut terminal = Terminal::start(&["demo"], &dir);
    for (shown, repaired) in
        [("backups fail", false), ("done: both header copies", true), ("", true)]
    {
        terminal.expect(PAUSE);
        assert!(terminal.screen.contains(shown) || !repaired, "{}", terminal.screen);
        assert_eq!(is_repaired(), repaired, "{}", terminal.screen);
        terminal.screen.clear();
        terminal.press("\r");
    }
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("To go on practising:"), "{screen}");
}

#[test]
fn who_presses_ctrl_c_sees_the_rest_of_the_demonstration_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(&["demo"], &folder.path().join("practice"));
    terminal.expect(PAUSE);
    terminal.press("\u{3}");
    let (code, screen) = terminal.end();
    assert_eq!((code, screen.matches(PAUSE).count()), (Some(0), 1), "{screen}");
    assert!(screen.contains("To go on practising:"), "{screen}");
}

/// Off a terminal nobody is waited for; and what is printed runs as it stands there.
#[test]
fn the_commands_of_the_demonstration_run_as_typed() {
    let folder = tempfile::tempdir().unwrap();
    for on_path in [false, true] {
        let dir = folder.path().join(if on_path { "known" } else { "unknown" });
        let beside = std::path::Path::new(PROGRAM).parent().unwrap();
        let path = if on_path {
            format!("{}:/usr/bin:/bin", text(beside))
        } else {
            "/usr/bin:/bin".into()
        };
        let demo = finish(spawn(program(["demo", text(&dir)]).env("PATH", &path)));
        assert_eq!(demo.code, Some(0), "{demo:?}");
        let name = if on_path { "edbmend" } else { PROGRAM };
        assert_eq!(demo.stdout.contains("is not on the PATH"), !on_path, "{demo:?}");
        let (_, commands) = demo.stdout.split_once("To go on practising:").unwrap();
        let commands: Vec<_> =
            commands.lines().filter_map(|line| line.strip_prefix("    ")).collect();
        assert_eq!(commands.iter().filter(|line| line.starts_with(&format!("{name} "))).count(), 5);
        for command in commands {
            let mut shell = std::process::Command::new("sh");
            let ran = finish(spawn(shell.args(["-c", command]).env("PATH", &path)));
            // Nobody is there to be asked.
            let expected = if command.contains(" restore ") { 3 } else { 0 };
            assert_eq!(ran.code, Some(expected), "{command}: {ran:?}");
        }
    }
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
    let flags =
        [("--dry-run", damaged(8)), ("-n", damaged(8)), ("--yes", healthy(8)), ("-y", healthy(8))];
    for (flag, bytes) in flags {
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
