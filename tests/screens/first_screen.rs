//! The first screen of `check` where it is read in need: on the smallest terminal.

use std::fs;
use std::path::Path;

use crate::harness::{Group, edit_database, files, run, text};
use edbmend::practice::Recipe;

/// Lines of the smallest terminal, less the one where the next command is typed.
const LINES: usize = 23;

fn group() -> Group {
    Group::of(&Recipe::of_samples())
}

/// The screen of a check, which must fit, and in which these stand in this order.
#[track_caller]
fn fits(dir: &Path, parts: &[&str]) {
    let ran = run(["check", text(dir)]);
    assert!(ran.stdout.lines().count() <= LINES, "{}", ran.stdout);
    let screen = words(&ran.stdout);
    let mut rest = screen.as_str();
    for part in parts {
        let (_, behind) = rest.split_once(&words(part)).unwrap_or_else(|| panic!("{part}: {rest}"));
        rest = behind;
    }
    // Behind the way out stands only what was read.
    let (_, end) = ran.stdout.split_once("What to do\n").expect("a way out");
    assert!(end.lines().next_back().is_some_and(|line| line.starts_with("  Read: ")), "{end}");
    assert!(!end.contains("\n\n"), "{end}");
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_damage_of_kb946799_fits_a_small_terminal() {
    let group = group();
    let repair = format!("edbmend repair {}", text(&group.path("priv1.edb")));
    fits(
        &group.dir,
        &[
            "The next backups will fail: priv1.edb names an impossible log (-569, event 459).",
            "priv1.edb  Clean Shutdown  backups fail",
            "pub1.edb   Clean Shutdown  sound itself",
            "Logs E00",
            "1-4294967295, impossible",
            "error: full-backup-gen-invalid (priv1.edb)",
            "Run no full backup of the group before the repair",
            "What to do",
            &repair,
            "Mount the stores.",
        ],
    );
}

#[test]
fn a_dirty_store_without_a_required_log_fits_a_small_terminal() {
    let set = files::unpack("engine/killed_p16384");
    edit_database(&set.path().join("db1.edb"), |raw| raw.gen_min_required = 2.into());
    fs::remove_file(set.path().join("E0100002.log")).unwrap();
    fs::remove_file(set.path().join("E01.chk")).unwrap();
    fits(
        set.path(),
        &[
            "db1.edb will not mount: E0100002.log is missing",
            "db1.edb Dirty Shutdown will not mount; needs logs 2-4",
            "Logs E01",
            "to mount",
            "2 missing",
            "error: required-log-missing (db1.edb)",
            "What to do",
            "1. Bring the logs back.",
            "E0100002.log",
            "eseutil /p",
            "Check again: edbmend check",
        ],
    );
}

#[test]
fn a_lost_header_beside_a_healthy_store_fits_a_small_terminal() {
    let group = group();
    group.edit("priv1.edb", |bytes| bytes[..8192].fill(0));
    fits(
        &group.dir,
        &[
            "Do not mount priv1.edb: ",
            "header lost",
            "pub1.edb   Clean Shutdown  sound itself; its group will not mount",
            "Logs E00",
            "error: header-unreadable (priv1.edb)",
            "Case E: no header can be proven",
            "What to do",
            "1. Copy everything aside",
            "2. Bring the database back.",
            "Mount the stores.",
        ],
    );
}

#[test]
fn many_databases_and_findings_are_cut_and_counted() {
    let top = tempfile::tempdir().unwrap();
    for index in 0..20 {
        let dir = top.path().join(format!("group{index:02}"));
        fs::create_dir(&dir).unwrap();
        let group = Group::at(&dir);
        if index != 19 {
            edit_database(&group.path("priv1.edb"), |raw| raw.full_prev.gen_high = 4.into());
        }
    }
    let screen = run(["check", "--recursive", text(top.path())]).stdout;
    let (table, rest) = screen.split_once("\n\n  Logs ").unwrap();
    // The worst come first, however late they were found.
    let first = table.lines().find(|line| line.contains(".edb  ")).unwrap();
    assert!(first.contains("group19/priv1.edb") && first.contains("backups fail"), "{table}");
    assert!(table.contains("  and 28 more that are no worse (--brief lists all)"), "{table}");
    assert!(rest.starts_with(&format!("E00 in {}/group19\n", text(top.path()))), "{rest}");
    assert!(rest.contains("  and the logs of 17 more groups (--verbose shows all)"), "{rest}");
    assert!(screen.lines().count() < 60, "{screen}");
}

/// A drawing that is beyond ASCII is for terminals that say they take it.
#[test]
fn drawings_are_ascii_where_the_terminal_is() {
    use crate::harness::terminal::Terminal;
    let group = group();
    let words = ["check", text(&group.dir)];
    for (locale, expected) in [("C", '#'), ("de_DE.UTF-8", '\u{25a0}'), ("POSIX", '#')] {
        let screen = Terminal::in_locale(locale, 80, words).end().1;
        let bar = screen.lines().find(|line| line.contains("on disk")).unwrap().to_owned();
        assert!(bar.contains(expected), "{locale}: {bar}");
        assert_eq!(bar.is_ascii(), expected == '#', "{bar}");
    }
    assert!(run(words).stdout.is_ascii());
}
