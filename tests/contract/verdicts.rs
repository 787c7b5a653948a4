//! The answer in short: one verdict for each database and one for all, and `check --brief`, which prints them.

use std::fs;
use std::path::Path;

use edbmend::ese::shadow::Which;
use edbmend::practice::{corrupt_copy, edit_header};
use serde_json::Value;

use crate::harness::{Group, Ran, edit_database, files, run, text};

/// The lines of `check --brief`, each with its five fields.
fn brief(arguments: &[&str]) -> (Ran, Vec<[String; 5]>) {
    let ran = run([&["check", "--brief"], arguments].concat());
    let fields = |line: &str| -> [String; 5] {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        fields.try_into().unwrap_or_else(|fields| panic!("{fields:?}"))
    };
    let lines = ran.stdout.lines().map(fields).collect();
    (ran, lines)
}

/// State, verdict and worst finding of the database of this name.
#[track_caller]
fn answer(lines: &[[String; 5]], name: &str) -> [String; 3] {
    let line = lines.iter().find(|line| Path::new(&line[0]).ends_with(name));
    let [_, state, verdict, worst, _] = line.unwrap_or_else(|| panic!("{name}: {lines:?}")).clone();
    [state, verdict, worst]
}

/// A database whose logs from `first` to `last` are needed.
fn make_dirty(group: &Group, name: &str, first: i32, last: i32) {
    edit_database(&group.path(name), |raw| {
        raw.state = 2.into();
        (raw.gen_min_required, raw.gen_max_required) = (first.into(), last.into());
    });
}

type Change = fn(&Group);
type Situation = (Change, i32, &'static str, [&'static str; 3], [&'static str; 3]);

/// What is done to a small group; exit code; what is said of all, of `priv1.edb`, of `pub1.edb`.
const SITUATIONS: [Situation; 7] = [
    (
        |_| {},
        1,
        "backups-fail",
        ["clean-shutdown", "backups-fail", "full-backup-gen-invalid"],
        ["clean-shutdown", "group-fails", "-"],
    ),
    (heal, 0, "sound", ["clean-shutdown", "sound", "-"], ["clean-shutdown", "sound", "-"]),
    (
        |group| {
            heal(group);
            edit_database(&group.path("pub1.edb"), |raw| {
                (raw.full_prev.gen_low, raw.full_prev.gen_high) = (0.into(), 0.into());
            });
        },
        0,
        "full-backup-first",
        ["clean-shutdown", "sound", "-"],
        ["clean-shutdown", "full-backup-first", "-"],
    ),
    (
        |group| {
            heal(group);
            make_dirty(group, "pub1.edb", 3, 5);
            fs::remove_file(group.path("E00.chk")).unwrap();
            fs::remove_file(group.path("E0000004.log")).unwrap();
        },
        1,
        "mount-fails",
        ["clean-shutdown", "mount-fails", "log-gap"],
        ["dirty-shutdown", "mount-fails", "required-log-missing"],
    ),
    (
        |group| {
            heal(group);
            group.edit("pub1.edb", |bytes| bytes[..8192].fill(0xff));
        },
        1,
        "do-not-mount",
        ["clean-shutdown", "group-fails", "-"],
        ["header-lost", "do-not-mount", "header-unreadable"],
    ),
    (
        |group| {
            heal(group);
            group.edit("pub1.edb", |bytes| corrupt_copy(bytes, Which::Shadow));
        },
        1,
        "errors-found",
        ["clean-shutdown", "sound", "-"],
        ["clean-shutdown", "errors-found", "shadow-header-damaged"],
    ),
    (
        |group| {
            heal(group);
            fs::write(group.path("pub1.edb.edbmend-pending"), "").unwrap();
        },
        1,
        "do-not-mount",
        ["clean-shutdown", "sound", "-"],
        ["clean-shutdown", "do-not-mount", "operation-pending"],
    ),
];

fn heal(group: &Group) {
    group.edit("priv1.edb", |bytes| edit_header(bytes, |raw| raw.full_prev.gen_high = 2.into()));
}

#[test]
fn each_database_has_a_verdict_and_so_has_the_whole() {
    for (change, code, whole, private, public) in SITUATIONS {
        let group = Group::new();
        change(&group);
        let (ran, lines) = brief(&[text(&group.dir)]);
        let found = (ran.code, answer(&lines, "priv1.edb"), answer(&lines, "pub1.edb"));
        let owned = |words: [&str; 3]| words.map(str::to_owned);
        assert_eq!(found, (Some(code), owned(private), owned(public)), "{whole}");
        let json = run(["check", "--json", text(&group.dir)]);
        assert_eq!(json.json()["verdict"]["id"], whole, "{:#}", json.json()["verdict"]);
        for (name, line) in [("priv1.edb", private), ("pub1.edb", public)] {
            let verdict = &json.database(name)["verdict"];
            assert_eq!((&verdict["state"], &verdict["id"]), (&line[0].into(), &line[1].into()));
        }
        says_the_same(&group, &json, whole);
    }
}

/// The first screen begins with the sentence of the JSON, and its exit code is that of the others.
fn says_the_same(group: &Group, json: &Ran, whole: &str) {
    let screen = run(["check", text(&group.dir)]);
    assert_eq!(screen.code, json.code);
    let sentence = json.json()["verdict"]["words"].as_str().unwrap().to_owned();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&screen.stdout).starts_with(&words(&sentence)), "{whole}: {}", screen.stdout);
    // Where something is to be done, the screen says it, and `--brief` its first command.
    let has_steps = !json.json()["way_out"].as_array().unwrap().is_empty();
    assert_eq!(screen.stdout.contains("What to do"), has_steps, "{}", screen.stdout);
}

/// A set of which the engine was killed while it wrote.
#[test]
fn a_dirty_store_that_mounts_needs_recovery() {
    let dir = files::unpack("engine/killed_p16384");
    let (ran, lines) = brief(&[text(dir.path())]);
    let expected = ["dirty-shutdown", "needs-recovery", "dirty-shutdown"].map(str::to_owned);
    assert_eq!((ran.code, answer(&lines, "db1.edb")), (Some(1), expected));
    let screen = run(["check", text(dir.path())]).stdout;
    assert!(screen.starts_with("db1.edb will mount: recovery makes it clean first.\n"), "{screen}");
    fs::remove_file(dir.path().join("E01.log")).unwrap();
    fs::remove_file(dir.path().join("E01tmp.log")).unwrap();
    let (_, lines) = brief(&[text(dir.path())]);
    assert_eq!(answer(&lines, "db1.edb")[1], "mount-fails");
}

#[test]
fn the_first_command_is_that_of_the_database() {
    let group = Group::new();
    edit_database(&group.path("pub1.edb"), |raw| raw.full_prev.gen_high = u32::MAX.into());
    let (_, lines) = brief(&[text(&group.dir)]);
    for name in ["priv1.edb", "pub1.edb"] {
        let line = lines.iter().find(|line| line[0].ends_with(name)).unwrap();
        assert_eq!(line[4], format!("edbmend repair {}", text(&group.path(name))));
    }
}

#[test]
fn what_has_no_database_or_is_none_has_a_line_too() {
    let group = Group::new();
    for name in ["priv1.edb", "priv1.stm", "pub1.edb", "E00.log", "E00.chk"] {
        fs::remove_file(group.path(name)).unwrap();
    }
    let (ran, lines) = brief(&[text(&group.dir)]);
    assert_eq!((ran.code, answer(&lines, "E00")[1].as_str()), (Some(0), "no-database"), "{ran:?}");
    let empty = tempfile::tempdir().unwrap();
    let log = group.path("E0000001.log");
    let (ran, lines) = brief(&[text(empty.path()), text(&group.path("none.edb")), text(&log)]);
    assert_eq!((ran.code, lines.len()), (Some(4), 3), "{ran:?}");
    let worst: Vec<_> = lines.iter().map(|line| (&*line[2], &*line[3])).collect();
    let unknown = |id| ("unknown", id);
    for id in ["not-a-database", "not-found"] {
        assert!(worst.contains(&unknown(id)), "{worst:?}");
    }
    assert!(lines.iter().all(|line| line[2] == "unknown"), "{lines:?}");
}

#[test]
fn many_groups_are_one_line_a_database() {
    let top = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::create_dir(top.path().join(name)).unwrap();
        let group = Group::at(&top.path().join(name));
        if name == "b" {
            heal(&group);
        }
    }
    let (ran, lines) = brief(&["--recursive", text(top.path())]);
    assert_eq!((ran.code, lines.len()), (Some(1), 6), "{ran:?}");
    let of_b: Vec<_> = lines.iter().filter(|line| line[0].contains("/b/")).collect();
    assert!(of_b.iter().all(|line| line[2] == "sound" && line[4] == "-"), "{of_b:?}");
    let bad: Vec<_> = lines.iter().filter(|line| line[2] == "backups-fail").collect();
    assert!(bad.iter().all(|line| line[4].contains(&line[0])) && bad.len() == 2, "{bad:?}");
}

/// Tabs and line breaks would make other lines, control characters would play with a terminal.
#[test]
fn no_name_breaks_a_line() {
    let group = Group::new();
    let name = "pri\tv1\n\u{1b}[2J\u{202e}.edb";
    fs::rename(group.path("priv1.edb"), group.path(name)).unwrap();
    fs::rename(group.path("priv1.stm"), group.path(&name.replace(".edb", ".stm"))).unwrap();
    let (ran, lines) = brief(&[text(&group.dir)]);
    assert_eq!((ran.code, lines.len()), (Some(1), 2), "{ran:?}");
    let line = lines.iter().find(|line| line[2] == "backups-fail").unwrap();
    assert!(line[0].ends_with("pri\\tv1\\n\\u{1b}[2J\\u{202e}.edb"), "{line:?}");
    // The command is typed into a shell, and names the file itself.
    assert!(line[4].ends_with("pri\\x09v1\\x0a\\x1b[2J\\xe2\\x80\\xae.edb'"), "{line:?}");
}

#[test]
fn brief_is_a_form_of_its_own() {
    let group = Group::new();
    for other in ["--json", "--quiet", "--verbose"] {
        assert_eq!(run(["check", "--brief", other, text(&group.dir)]).code, Some(2), "{other}");
    }
    // Of other commands there is no verdict.
    let repair = run(["repair", "--dry-run", "--json", text(&group.path("priv1.edb"))]);
    let report = repair.json();
    assert_eq!((report.get("verdict"), report["databases"][0].get("verdict")), (None, None));
}

/// A file alone: the others of its folder are not judged, and what they do to it is said.
#[test]
fn a_file_is_judged_for_itself_and_told_what_its_group_meets() {
    let group = Group::new();
    let ran = run(["check", "--json", text(&group.path("pub1.edb"))]);
    let verdict = &ran.json()["verdict"];
    assert_eq!((ran.code, &verdict["id"]), (Some(0), &Value::from("group-fails")));
    let words = verdict["words"].as_str().unwrap();
    assert!(words.starts_with("pub1.edb is sound, but the next backups"), "{words}");
    assert!(words.contains("priv1.edb"), "{words}");
}
