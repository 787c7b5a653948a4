//! `list`: which operations there are, how each ended, and what undid it. It never writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    Fixture, Group, Ran, damaged, files, marker_of, needs, operations, run, sealed, snapshot, text,
};

/// `list --json`, which changes nothing in the folder.
#[track_caller]
fn list(dir: &Path, more: &[&Path]) -> Ran {
    let before = snapshot(dir);
    let ran = run(["list", "--json"].map(Path::new).iter().chain(more).chain(&[dir]));
    assert!(snapshot(dir) == before, "{ran:?}");
    ran
}

fn told(ran: &Ran) -> &[Value] {
    ran.json()["operations"].as_array().expect("operations")
}

/// Command and outcome of each, in the order of the answer.
fn outcomes(ran: &Ran) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    let each = |one: &Value| format!("{} {}", word(&one["command"]), word(&one["outcome"]));
    told(ran).iter().map(each).collect()
}

#[track_caller]
fn restore(dir: &Path) -> PathBuf {
    let ran = run(["restore", "--yes", "--json", text(dir)]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.operation_dir()
}

/// Changes what the journal in an operation folder says, and seals it again.
fn rewrite_journal(dir: &Path, key: &str, value: Value) {
    let journal = fs::read_to_string(dir.join("journal")).unwrap();
    let mut journal: Value = serde_json::from_str(journal.split_once('\n').unwrap().1).unwrap();
    journal[key] = value;
    fs::write(dir.join("journal"), sealed(&journal)).unwrap();
}

fn mark(fixture: &Fixture, operation: &str, dir: &Path) {
    let marker = json!({"operation": operation, "dir": dir, "created_backup_dir": false});
    fs::write(fixture.marker(), sealed(&marker)).unwrap();
}

#[test]
fn the_newest_comes_first_by_its_journal_and_names_what_undid_it() {
    let fixture = Fixture::new(&damaged(4));
    let repair = fixture.repair();
    let undo = restore(&repair);
    let redo = restore(&undo);
    let again = restore(&redo);
    // The names turn the order round.
    let renamed: Vec<PathBuf> = [(&repair, "d"), (&undo, "c"), (&redo, "b"), (&again, "a")]
        .map(|(dir, name)| {
            let new = dir.with_file_name(name);
            fs::rename(dir, &new).unwrap();
            new
        })
        .into();
    let ran = list(fixture.dir(), &[]);
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "ok"), "{ran:?}");
    let dirs: Vec<_> =
        told(&ran).iter().map(|one| PathBuf::from(one["dir"].as_str().unwrap())).collect();
    assert_eq!(dirs, renamed.into_iter().rev().collect::<Vec<_>>());
    let ids: Vec<_> = told(&ran).iter().map(|one| one["id"].clone()).collect();
    let by: Vec<_> = told(&ran).iter().map(|one| one["undone_by"].clone()).collect();
    let undoes: Vec<_> = told(&ran).iter().map(|one| one["undoes"].clone()).collect();
    // The last undo stands; with it the first, which it brought back.
    assert_eq!(by, [Value::Null, ids[0].clone(), Value::Null, ids[2].clone()]);
    assert_eq!(undoes, [ids[1].clone(), ids[2].clone(), ids[3].clone(), Value::Null]);
    let next: Vec<_> = told(&ran).iter().map(|one| one["next"].is_string()).collect();
    assert_eq!(next, [true, false, true, false]);
    for one in told(&ran) {
        assert_eq!((&one["path"], &one["outcome"]), (&json!(fixture.db), &json!("committed")));
    }
}

#[test]
fn a_folder_that_is_no_operation_leads_to_the_newest_in_it() {
    let fixture = Fixture::new(&damaged(4));
    let repair = fixture.repair();
    let undo = restore(&repair);
    fs::rename(&undo, undo.with_file_name("a")).unwrap();
    fs::rename(&repair, repair.with_file_name("z")).unwrap();
    let refused = |dir: &Path| {
        let before = snapshot(fixture.dir());
        let ran = run(["restore", "--yes", "--json", text(dir)]);
        ran.expect_refused(3, &["not-an-operation"]);
        assert!(snapshot(fixture.dir()) == before);
        ran.json()["refusals"][0]["remedy"].as_str().unwrap().to_owned()
    };
    let newest = format!("edbmend restore {}", undo.with_file_name("a").display());
    assert_eq!(refused(fixture.dir()), newest);
    assert_eq!(refused(&fixture.dir().join("edbmend")), newest);
    mark(&fixture, "edbmend-x", Path::new("/no/such/edbmend-x"));
    assert_eq!(refused(fixture.dir()), format!("edbmend recover {}", fixture.db.display()));
}

#[test]
fn one_operation_and_one_database_stand_for_themselves() {
    let group = Group::new();
    let repair = run(["repair", "--yes", "--json", text(&group.path("priv1.edb"))]);
    let repair = repair.operation_dir();
    let undo = restore(&repair);
    assert_eq!(group.reset(&[]).code, Some(0));
    assert_eq!(outcomes(&list(&group.dir, &[])).len(), 3);
    let of_database = run(["list", "--json", text(&group.path("priv1.edb"))]);
    assert_eq!(outcomes(&of_database), ["restore committed", "repair committed"]);
    let one = list(&repair, &[]);
    assert_eq!(outcomes(&one), ["repair committed"]);
    let by = PathBuf::from(told(&one)[0]["undone_by"].as_str().unwrap());
    assert_eq!(Some(by.as_os_str()), undo.file_name());
    // However often it is named, it is told of once.
    assert_eq!(outcomes(&list(&group.dir, &[&repair, &group.dir.join("edbmend")])).len(), 3);
}

#[test]
fn how_each_ended() {
    let fixture = Fixture::new(&damaged(4));
    let operation = fixture.repair();
    let list = || list(fixture.dir(), &[]);
    for (state, outcome, code) in [
        ("committed", "committed", 0),
        ("rolled-back", "rolled-back", 0),
        ("overtaken", "overtaken", 0),
        ("prepared", "pending", 6),
    ] {
        rewrite_journal(&operation, "state", json!(state));
        let ran = list();
        assert_eq!(
            (ran.code, outcomes(&ran)),
            (Some(code), vec![format!("repair {outcome}")]),
            "{ran:?}"
        );
    }
    let recover = format!("edbmend recover {}", operation.display());
    assert_eq!(told(&list())[0]["next"], json!(recover));
    // All is done but the marker.
    rewrite_journal(&operation, "state", json!("committed"));
    mark(&fixture, operation.file_name().unwrap().to_str().unwrap(), &operation);
    let ran = list();
    assert_eq!((ran.code, outcomes(&ran)), (Some(6), vec!["repair pending".to_owned()]), "{ran:?}");
    let recover = format!("edbmend recover {}", fixture.db.display());
    assert_eq!(told(&ran)[0]["next"], json!(recover));
}

#[test]
fn what_an_earlier_release_left_interrupted() {
    for (left, of) in [("repair-interrupted", "priv1.edb"), ("reset-interrupted", "E00")] {
        let folder = files::unpack(&format!("operations-0.1.0/{left}"));
        let dir = folder.path().canonicalize().unwrap();
        let ran = list(&dir, &[]);
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(6), "pending"), "{ran:?}");
        let [one] = told(&ran) else { panic!("{ran:?}") };
        assert_eq!(one["path"], json!(dir.join(of)), "where the folder is now");
        assert_eq!(one["next"], json!(format!("edbmend recover {}", dir.join(of).display())));
        assert_eq!(one["dir"], json!(operations(&dir)[0]));
    }
}

#[test]
fn a_database_is_told_of_whatever_recover_finds_there() {
    let folder = files::unpack("operations-0.1.0/reset-interrupted");
    let dir = folder.path().canonicalize().unwrap();
    for named in ["priv1.edb", "pub1.edb", "E00.edbmend-pending"] {
        let named = dir.join(named);
        assert!(named.exists(), "{}", named.display());
        let found = run(["recover", "--dry-run", "--json", text(&named)]);
        assert!(found.json()["databases"][0]["direction"].is_string(), "{found:?}");
        let ran = run(["list", "--json", text(&named)]);
        assert_eq!(outcomes(&ran), ["reset-logs pending"], "{named:?}: {ran:?}");
        assert_eq!(ran.code, Some(6), "{ran:?}");
    }

    let fixture = Fixture::new(&damaged(4));
    let operation = fixture.repair();
    let second = fixture.dir().join("second.edb");
    fs::hard_link(&fixture.db, &second).unwrap();
    assert_eq!(outcomes(&run(["list", "--json", text(&second)])), ["repair committed"]);
    rewrite_journal(&operation, "state", json!("prepared"));
    mark(&fixture, operation.file_name().unwrap().to_str().unwrap(), &operation);
    for named in [&fixture.db, &second, &fixture.marker()] {
        let ran = run(["list", "--json", text(named)]);
        assert_eq!((ran.code, outcomes(&ran)), (Some(6), vec!["repair pending".to_owned()]));
    }
    // Another database beside it has none.
    fs::write(fixture.dir().join("other.edb"), damaged(4)).unwrap();
    let ran = run(["list", "--json", text(&fixture.dir().join("other.edb"))]);
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "nothing-to-do"), "{ran:?}");
}

#[test]
fn a_folder_full_of_empty_markers_and_operations_is_soon_told() {
    let fixture = Fixture::new(&damaged(4));
    let (dir, backup_dir) = (fixture.dir(), fixture.dir().join("edbmend"));
    fs::create_dir(&backup_dir).unwrap();
    (0..255).for_each(|n| fs::write(dir.join(format!("{n}.edb.edbmend-pending")), "").unwrap());
    for n in 1000..2500 {
        fs::create_dir(backup_dir.join(format!("edbmend-20261126T12{n}Z-repair-0001"))).unwrap();
    }
    let begun = Instant::now();
    for command in ["list", "restore"] {
        run([command, "--json", text(dir)]);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(60), "{command}: {took:?}");
    }
}

#[test]
fn the_folder_that_a_marker_names_is_looked_into() {
    let fixture = Fixture::new(&damaged(4));
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().canonicalize().unwrap().join("kept");
    let ran = fixture.run(&["repair", "--yes", "--backup-dir", text(&elsewhere)]);
    let operation = ran.operation_dir();
    assert_eq!(
        (list(fixture.dir(), &[]).outcome(), outcomes(&list(&elsewhere, &[])).len()),
        ("nothing-to-do".to_owned(), 1)
    );
    rewrite_journal(&operation, "state", json!("prepared"));
    mark(&fixture, operation.file_name().unwrap().to_str().unwrap(), &operation);
    for named in [fixture.dir(), &elsewhere] {
        let ran = list(named, &[]);
        assert_eq!(
            (ran.code, outcomes(&ran)),
            (Some(6), vec!["repair pending".to_owned()]),
            "{ran:?}"
        );
        assert_eq!(told(&ran)[0]["dir"], json!(operation));
    }
    // The disk that has it is not there.
    fs::rename(&elsewhere, elsewhere.with_file_name("away")).unwrap();
    let ran = list(fixture.dir(), &[]);
    assert_eq!(
        (ran.code, ran.refusals()),
        (Some(6), vec!["journal-damaged".to_owned()]),
        "{ran:?}"
    );
    let one = &told(&ran)[0];
    assert_eq!((&one["dir"], &one["outcome"]), (&json!(operation), &json!("pending")));
}

#[test]
fn a_group_that_was_copied_has_its_own() {
    let group = Group::new();
    assert_eq!(group.reset(&[]).code, Some(0));
    let copy = tempfile::tempdir().unwrap();
    let copied =
        std::process::Command::new("cp").arg("-R").arg(&group.dir).arg(copy.path()).status();
    assert!(copied.unwrap().success());
    let dir = copy.path().canonicalize().unwrap().join(group.dir.file_name().unwrap());
    let ran = list(&dir, &[]);
    let [one] = told(&ran) else { panic!("{ran:?}") };
    assert_eq!((&one["path"], &one["dir"]), (&json!(dir.join("E00")), &json!(operations(&dir)[0])));
}

#[test]
fn what_is_damaged_is_said_to_be_and_hides_nothing_else() {
    let fixture = Fixture::new(&damaged(4));
    let repair = fixture.repair();
    let undo = restore(&repair);
    let whole = fs::read(repair.join("journal")).unwrap();
    let damages: [(&str, &dyn Fn()); 4] = [
        ("a flipped bit", &|| {
            let mut bytes = whole.clone();
            bytes[80] ^= 1;
            fs::write(repair.join("journal"), bytes).unwrap();
        }),
        ("another plan", &|| fs::write(repair.join("plan.json"), "{}").unwrap()),
        ("no journal", &|| fs::remove_file(repair.join("journal")).unwrap()),
        ("a folder in its place", &|| {
            let _ = fs::remove_file(repair.join("journal"));
            fs::create_dir(repair.join("journal")).unwrap();
        }),
    ];
    for (what, damage) in damages {
        damage();
        let ran = list(fixture.dir(), &[]);
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(4), "failed"), "{what}: {ran:?}");
        assert_eq!(outcomes(&ran), ["restore committed", "unknown failed"], "{what}");
        assert_eq!(ran.json()["refusals"].as_array().map(Vec::len), Some(1), "{what}: {ran:?}");
        assert_eq!(told(&ran)[0]["dir"], json!(undo), "{what}");
        assert_eq!(told(&ran)[1]["dir"], json!(repair), "{what}");
        let screen = run(["list", text(fixture.dir())]).stdout;
        assert!(screen.contains("cannot be told"), "{what}: {screen}");
    }
}

#[test]
fn a_journal_of_a_newer_version_is_called_that() {
    let fixture = Fixture::new(&damaged(4));
    let operation = fixture.repair();
    rewrite_journal(&operation, "schema", json!("edbmend-journal/2"));
    let ran = list(fixture.dir(), &[]);
    assert_eq!((ran.code, ran.refusals()), (Some(4), vec!["journal-damaged".to_owned()]));
    assert!(ran.stdout.contains("edbmend-journal/2"), "{ran:?}");
}

#[test]
fn nothing_begun_and_nothing_there() {
    let fixture = Fixture::new(&damaged(4));
    let ran = list(fixture.dir(), &[]);
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "nothing-to-do"), "{ran:?}");
    assert!(told(&ran).is_empty());
    // The program itself may lie there, and other folders of its name.
    fs::write(fixture.dir().join("edbmend"), "ELF").unwrap();
    fs::create_dir(fixture.dir().join("edbmend-practice")).unwrap();
    fs::write(fixture.dir().join("edbmend-practice/note"), "").unwrap();
    assert_eq!(list(fixture.dir(), &[]).outcome(), "nothing-to-do");
    fs::create_dir(fixture.dir().join("edbmend-20261126T000000Z-repair-0000")).unwrap();
    let ran = list(fixture.dir(), &[]);
    assert_eq!((ran.code, outcomes(&ran)), (Some(0), vec!["unknown nothing-to-do".to_owned()]));
    let missing = run(["list", "--json", text(&fixture.dir().join("nowhere"))]);
    missing.expect_refused(4, &["not-found"]);
    assert_eq!(missing.json()["operations"], json!([]));
}

#[test]
fn what_is_only_named_like_a_marker() {
    let fixture = Fixture::new(&damaged(4));
    fs::write(fixture.marker(), "do not mount!").unwrap();
    let ran = list(fixture.dir(), &[]);
    assert_eq!(
        (ran.code, ran.refusals()),
        (Some(6), vec!["journal-damaged".to_owned()]),
        "{ran:?}"
    );
    assert_eq!(marker_of(&fixture.db), fixture.marker());
    (0..300)
        .for_each(|n| fs::write(fixture.dir().join(format!("{n}.edbmend-pending")), "").unwrap());
    list(fixture.dir(), &[]).expect_refused(4, &["journal-damaged"]);
}

#[test]
#[ignore = "needs root"]
fn what_another_user_made_is_shown_as_his() {
    needs::root();
    let fixture = Fixture::new(&damaged(4));
    let operation = fixture.repair();
    std::os::unix::fs::chown(&operation, Some(65534), None).unwrap();
    let ran = list(fixture.dir(), &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let who = told(&ran)[0]["shared_with"].as_str().unwrap().to_owned();
    assert!(who.contains("another user owns it (uid 65534)"), "{who}");
    let screen = run(["list", text(fixture.dir())]).stdout;
    assert!(screen.contains("what its folder says proves nothing"), "{screen}");
    // His link to it is not followed.
    let link = fixture.dir().join("link");
    std::os::unix::fs::symlink(fixture.dir(), &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(65534), None).unwrap();
    let ran = run(["list", "--json", text(&link)]);
    ran.expect_refused(4, &["not-a-regular-file"]);
}
