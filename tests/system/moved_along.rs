//! Operations whose files were copied, moved or renamed, and whose journal is gone: what is done is done to
//! the files that were named, or nothing is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::strace::{is_killed_at, run_with_kill};
use crate::harness::{
    DATABASE, Fixture, Ran, damaged, healthy, marker_of, names, needs, operations, reset_words,
    run, small_group, snapshot,
};
use tempfile::TempDir;

const RENAME: &str = "?rename,renameat,renameat2";

/// A repair that was killed when one header copy was new and the other one old.
fn half_repaired() -> Fixture {
    for nth in 1.. {
        let fixture = Fixture::new(&damaged(8));
        assert!(
            is_killed_at(&["repair", "--yes"], &fixture.db, "fsync", nth),
            "none is in between"
        );
        if is_half_repaired(&fixture) {
            return fixture;
        }
    }
    unreachable!()
}

fn is_half_repaired(fixture: &Fixture) -> bool {
    ![damaged(8), healthy(8)].contains(&fixture.bytes())
}

/// A reset that was killed when some logs had moved.
fn half_reset() -> (TempDir, PathBuf, BTreeMap<OsString, Vec<u8>>) {
    let (folder, dir) = small_group();
    let before = files(&dir);
    kill_half_way(&dir);
    assert!(files(&dir).len() < before.len());
    (folder, dir, before)
}

fn kill_half_way(dir: &Path) {
    assert!(run_with_kill(&reset_words(&["--yes"], dir), RENAME, 4).is_some());
}

/// The files of a folder, but for the marker.
fn files(dir: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let names = names(dir).into_iter().filter(|name| dir.join(name).is_file());
    let ours = |name: &OsString| !name.to_string_lossy().ends_with(".edbmend-pending");
    names.filter(ours).map(|name| (name.clone(), fs::read(dir.join(name)).unwrap())).collect()
}

/// Runs a command with `--yes --json`.
fn yes(command: &str, path: &Path) -> Ran {
    let words = [command, "--yes", "--json"].map(OsString::from);
    run(words.into_iter().chain([path.into()]))
}

/// A copy of a folder with everything in it, somewhere else.
fn copy_of(dir: &Path) -> (TempDir, PathBuf) {
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().canonicalize().unwrap().join("copy");
    let copied = Command::new("cp").arg("-a").arg(dir).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()));
    (elsewhere, copy)
}

#[track_caller]
fn expect_untouched(command: &str, path: &Path, ids: &[&str], folders: &[&Path]) -> Ran {
    let before: Vec<_> = folders.iter().map(|dir| snapshot(dir)).collect();
    let ran = yes(command, path);
    ran.expect_refused(3, ids);
    let after: Vec<_> = folders.iter().map(|dir| snapshot(dir)).collect();
    assert!(before == after, "{ran:?}");
    ran
}

#[test]
#[ignore = "needs strace"]
fn the_copy_of_a_half_repaired_database_is_recovered_by_itself() {
    needs::strace();
    for by_its_operation in [false, true] {
        let original = half_repaired();
        let (_elsewhere, copy) = copy_of(original.dir());
        let before = snapshot(original.dir());
        let named = if by_its_operation { operations(&copy).remove(0) } else { copy.clone() };
        let ran = yes("recover", &named);
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "committed"), "{ran:?}");
        assert_eq!(fs::read(copy.join(DATABASE)).unwrap(), healthy(8));
        assert!(snapshot(original.dir()) == before, "{ran:?}");
        assert_eq!(original.run(&["recover", "--yes"]).code, Some(0));
        assert_eq!(original.bytes(), healthy(8));
        // The undo of the copy is its own, too.
        let before = snapshot(original.dir());
        assert_eq!(yes("restore", &operations(&copy).remove(0)).code, Some(0));
        assert_eq!(fs::read(copy.join(DATABASE)).unwrap(), damaged(8));
        assert!(snapshot(original.dir()) == before);
    }
}

#[test]
#[ignore = "needs strace"]
fn a_copy_without_its_operation_folder_is_not_recovered_by_that_of_the_original() {
    needs::strace();
    let original = half_repaired();
    let (_elsewhere, copy) = copy_of(original.dir());
    fs::remove_dir_all(copy.join("edbmend")).unwrap();
    let ran = expect_untouched("recover", &copy, &["journal-damaged"], &[original.dir(), &copy]);
    assert!(ran.stdout.contains("of which this seems to be a copy"), "{ran:?}");
}

#[test]
#[ignore = "needs strace"]
fn a_copy_is_recovered_by_a_copy_of_the_folder_beside_it_wherever_that_was() {
    needs::strace();
    let (ours, _theirs, backups) = half_repaired_from_elsewhere();
    let (_elsewhere, copy) = copy_of(ours.dir());
    expect_untouched("recover", &copy, &["journal-damaged"], &[ours.dir(), &copy, &backups]);
    assert!(Command::new("cp").arg("-a").arg(&backups).arg(&copy).status().unwrap().success());
    let before = snapshot(ours.dir());
    assert_eq!(yes("recover", &copy).outcome(), "committed");
    assert_eq!(fs::read(copy.join(DATABASE)).unwrap(), healthy(8));
    assert!(snapshot(ours.dir()) == before);
}

#[test]
#[ignore = "needs strace"]
fn the_copy_of_a_half_reset_group_is_recovered_by_itself() {
    needs::strace();
    for by_its_operation in [false, true] {
        let (_folder, original, complete) = half_reset();
        let (_elsewhere, copy) = copy_of(&original);
        let before = snapshot(&original);
        let named = if by_its_operation { operations(&copy).remove(0) } else { copy.clone() };
        let ran = yes("recover", &named);
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "rolled-back"), "{ran:?}");
        assert!(files(&copy) == complete);
        assert!(snapshot(&original) == before, "{ran:?}");
        assert_eq!(yes("recover", &original).code, Some(0));
        assert!(files(&original) == complete);
    }
}

#[test]
#[ignore = "needs strace"]
fn a_group_that_was_moved_is_recovered_and_undone_where_it_is() {
    needs::strace();
    let (_folder, old, complete) = half_reset();
    let moved = old.with_file_name("edbmend-moved-group");
    fs::rename(&old, &moved).unwrap();
    assert_eq!(yes("recover", &moved).code, Some(0));
    assert!(files(&moved) == complete);
    fs::rename(&moved, &old).unwrap();

    let reset = run(reset_words(&["--yes", "--json"], &old));
    assert_eq!(reset.code, Some(0), "{reset:?}");
    fs::rename(&old, &moved).unwrap();
    let operation = moved.join(reset.operation_dir().strip_prefix(&old).unwrap());
    assert_eq!(yes("restore", &operation).code, Some(0));
    assert!(files(&moved) == complete);
    fs::rename(&moved, &old).unwrap();
}

#[test]
fn a_database_that_was_moved_with_its_operation_is_undone_where_it_is() {
    let fixture = Fixture::new(&damaged(8));
    let operation = fixture.repair();
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(fixture.dir(), &moved).unwrap();
    let operation = moved.join(operation.strip_prefix(fixture.dir()).unwrap());
    let ran = yes("restore", &operation);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(fs::read(moved.join(DATABASE)).unwrap(), damaged(8));
    // The undo of the undo knows where it is.
    assert_eq!(yes("restore", &ran.operation_dir()).code, Some(0));
    assert_eq!(fs::read(moved.join(DATABASE)).unwrap(), healthy(8));
}

#[test]
fn moved_logs_whose_places_are_gone_are_left_where_they_are() {
    let (folder, dir) = small_group();
    let [log_dir, backups] = ["logs", "backups"].map(|name| dir.join(name));
    [&log_dir, &backups].iter().for_each(|dir| fs::create_dir(dir).unwrap());
    for name in names(&dir).iter().filter(|name| name.to_string_lossy().ends_with("log")) {
        fs::rename(dir.join(name), log_dir.join(name)).unwrap();
    }
    fs::rename(dir.join("E00.chk"), log_dir.join("E00.chk")).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let db = |name: &str| text(&dir.join(name));
    let reset = run([
        "reset-logs",
        "--yes",
        "--json",
        "--log-dir",
        &text(&log_dir),
        "--system-dir",
        &text(&log_dir),
        "--db",
        &db("priv1.edb"),
        "--db",
        &db("pub1.edb"),
        "--backup-dir",
        &text(&backups),
        &text(&dir),
    ]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
    let elsewhere = dir.join("elsewhere");
    fs::rename(&backups, &elsewhere).unwrap();
    let operation = elsewhere.join(reset.operation_dir().strip_prefix(&backups).unwrap());
    let ran = expect_untouched("restore", &operation, &["journal-damaged"], &[folder.path()]);
    assert!(ran.stdout.contains(backups.to_str().unwrap()), "{ran:?}");
}

#[test]
#[ignore = "needs strace"]
fn without_its_journal_what_had_begun_is_not_given_up() {
    needs::strace();
    let fixture = half_repaired();
    fs::remove_file(operations(fixture.dir())[0].join("journal")).unwrap();
    expect_untouched("recover", &fixture.db, &["journal-damaged"], &[fixture.dir()]);

    let (_folder, dir, _) = half_reset();
    let operation = operations(&dir).remove(0);
    fs::remove_file(operation.join("journal")).unwrap();
    expect_untouched("recover", &dir, &["journal-damaged"], &[&dir]);
    fs::remove_file(operation.join("plan.json")).unwrap();
    expect_untouched("recover", &dir, &["journal-damaged"], &[&dir]);
}

#[test]
#[ignore = "needs strace"]
fn a_journal_that_says_more_than_was_done_is_not_believed() {
    needs::strace();
    let fixture = half_repaired();
    let (_elsewhere, copy) = copy_of(fixture.dir());
    assert_eq!(yes("recover", &copy).code, Some(0));
    let [ours, finished] = [fixture.dir(), &copy].map(|dir| operations(dir)[0].join("journal"));
    fs::copy(finished, ours).unwrap();
    expect_untouched("recover", &fixture.db, &["journal-damaged"], &[fixture.dir()]);

    let (_folder, dir, _) = half_reset();
    let (_elsewhere, copy) = copy_of(&dir);
    assert_eq!(yes("recover", &copy).code, Some(0));
    let [ours, finished] = [&dir, &copy].map(|dir| operations(dir)[0].join("journal"));
    fs::copy(finished, ours).unwrap();
    expect_untouched("recover", &dir, &["journal-damaged"], &[&dir]);
}

#[test]
fn a_finished_operation_without_its_journal_is_not_called_unused() {
    let fixture = Fixture::new(&damaged(8));
    let operation = fixture.repair();
    fs::remove_file(operation.join("journal")).unwrap();
    expect_untouched("restore", &operation, &["journal-damaged"], &[fixture.dir()]);
}

#[test]
#[ignore = "needs strace"]
fn a_database_that_was_renamed_in_between_is_asked_for() {
    needs::strace();
    let fixture = half_repaired();
    let other = fixture.dir().join("old.edb");
    fs::rename(&fixture.db, &other).unwrap();
    let ran = expect_untouched("recover", &fixture.db, &["journal-damaged"], &[fixture.dir()]);
    assert!(ran.stdout.contains("give it this name again"), "{ran:?}");
    fs::rename(&other, &fixture.db).unwrap();
    assert_eq!(yes("recover", &fixture.db).code, Some(0));
    assert_eq!(fixture.bytes(), healthy(8));
}

#[test]
fn what_is_no_file_under_a_markers_name_stays() {
    let fixture = Fixture::new(&damaged(8));
    let marker = marker_of(&fixture.db);
    symlink("nowhere", &marker).unwrap();
    expect_untouched("recover", &fixture.db, &["journal-damaged"], &[fixture.dir()]);
    fs::remove_file(&marker).unwrap();
    fs::create_dir(&marker).unwrap();
    expect_untouched("recover", &fixture.db, &["journal-damaged"], &[fixture.dir()]);
    fs::remove_dir(&marker).unwrap();
    assert!(Command::new("mkfifo").arg(&marker).status().is_ok_and(|status| status.success()));
    expect_untouched("recover", &fixture.db, &["journal-damaged"], &[fixture.dir()]);
}

#[test]
fn a_folder_named_like_a_part_of_an_operation_makes_none() {
    let fixture = Fixture::new(&damaged(8));
    fs::create_dir(fixture.dir().join("journal")).unwrap();
    let log = fixture.dir().join("edbmend.log");
    let checked = fixture.run(&["check", "--log-file", log.to_str().unwrap()]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(log.exists());
    let dir = fixture.dir().to_str().unwrap();
    assert_eq!(run(["check", dir]).code, Some(1));
    assert_eq!(run(["recover", "--yes", dir]).code, Some(0));
}

/// Runs the repair of `fixture` with a backup folder that is named like the default one, but lies beside
/// another database of the same name; both, and that folder.
fn repaired_from_elsewhere(killed_at_fsync: Option<u32>) -> (Fixture, Fixture, PathBuf) {
    let [ours, theirs] = [(), ()].map(|()| Fixture::new(&damaged(8)));
    let backups = theirs.dir().join("edbmend");
    let words = ["repair", "--yes", "--json", "--backup-dir", backups.to_str().unwrap()];
    match killed_at_fsync {
        Some(nth) => assert!(is_killed_at(&words, &ours.db, "fsync", nth)),
        None => assert_eq!(
            run(words.iter().map(OsString::from).chain([ours.db.clone().into()])).code,
            Some(0)
        ),
    }
    (ours, theirs, backups)
}

fn half_repaired_from_elsewhere() -> (Fixture, Fixture, PathBuf) {
    let mut killed = (5..).map(|nth| repaired_from_elsewhere(Some(nth)));
    killed.find(|(ours, ..)| is_half_repaired(ours)).unwrap()
}

#[test]
#[ignore = "needs strace"]
fn a_database_that_happens_to_lie_beside_the_backups_is_another_one() {
    let (ours, theirs, _) = repaired_from_elsewhere(None);
    assert_eq!(yes("restore", &operations(theirs.dir())[0]).code, Some(0));
    assert_eq!((ours.bytes(), theirs.bytes()), (damaged(8), damaged(8)));

    needs::strace();
    for by_its_operation in [false, true] {
        let (ours, theirs, _) = half_repaired_from_elsewhere();
        let named =
            if by_its_operation { operations(theirs.dir()).remove(0) } else { ours.db.clone() };
        let ran = yes("recover", &named);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!((ours.bytes(), theirs.bytes()), (healthy(8), damaged(8)));
    }
}

#[test]
#[ignore = "needs strace"]
fn a_default_folder_that_is_a_link_stays_the_folder_of_its_group() {
    needs::strace();
    for by_its_operation in [false, true] {
        let (_folder, dir) = small_group();
        let elsewhere = tempfile::tempdir().unwrap();
        let backups = elsewhere.path().canonicalize().unwrap();
        fs::create_dir(backups.join("edbmend")).unwrap();
        symlink(backups.join("edbmend"), dir.join("edbmend")).unwrap();
        let before = files(&dir);
        // The same files lie there, too.
        before.iter().for_each(|(name, bytes)| fs::write(backups.join(name), bytes).unwrap());
        kill_half_way(&dir);
        let operation = operations(&dir).remove(0);
        let ran = yes("recover", if by_its_operation { &operation } else { &dir });
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(files(&dir) == before && files(&backups) == before);

        let reset = run(reset_words(&["--yes", "--json"], &dir));
        assert_eq!(reset.code, Some(0), "{reset:?}");
        assert_eq!(yes("restore", &reset.operation_dir()).code, Some(0));
        assert!(files(&dir) == before && files(&backups) == before);
    }
}

#[test]
#[ignore = "needs strace"]
fn a_log_with_the_header_of_a_moved_one_is_not_taken_for_it() {
    needs::strace();
    let (_folder, dir, _) = half_reset();
    let moved = operations(&dir)[0].join("logs/E00.log");
    let mut bytes = fs::read(moved).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(dir.join("E00.log"), &bytes).unwrap();
    expect_untouched("recover", &dir, &["new-log-stream"], &[&dir]);
}

#[test]
#[ignore = "needs strace"]
fn the_copy_of_what_never_was_prepared_leaves_the_folder_of_the_original() {
    needs::strace();
    for nth in [4, 6, 8, 10] {
        let fixture = Fixture::new(&damaged(8));
        assert!(is_killed_at(&["repair", "--yes"], &fixture.db, "fsync", nth));
        let (_elsewhere, copy) = copy_of(fixture.dir());
        fs::remove_dir_all(copy.join("edbmend")).unwrap();
        expect_untouched("recover", &copy, &["journal-damaged"], &[fixture.dir(), &copy]);
        assert_eq!(yes("recover", &fixture.db).code, Some(0));
    }
}

#[test]
#[ignore = "needs strace"]
fn a_link_to_a_folder_stands_for_it() {
    needs::strace();
    let fixture = half_repaired();
    let link = tempfile::tempdir().unwrap();
    let link = link.path().join("link");
    symlink(fixture.dir(), &link).unwrap();
    assert_eq!(yes("recover", &link).outcome(), "committed");
    assert_eq!(fixture.bytes(), healthy(8));
}

#[test]
#[ignore = "needs strace"]
fn an_operation_folder_that_lies_elsewhere_now_is_enough() {
    needs::strace();
    let fixture = half_repaired();
    let other = fixture.dir().join("other");
    fs::rename(fixture.dir().join("edbmend"), &other).unwrap();
    expect_untouched("recover", &fixture.db, &["journal-damaged"], &[fixture.dir()]);
    let operation = other.join(&names(&other)[0]);
    assert_eq!(yes("recover", &operation).outcome(), "committed");
    assert_eq!(fixture.bytes(), healthy(8));
    assert!(!fixture.marker().exists());
}

#[test]
#[ignore = "needs strace"]
fn an_operation_folder_that_is_still_empty_leads_to_its_marker() {
    needs::strace();
    let is_pending = |nth: &u32| {
        let fixture = Fixture::new(&damaged(8));
        assert!(is_killed_at(&["repair", "--yes"], &fixture.db, "fsync", *nth));
        if !fixture.marker().exists() {
            return false;
        }
        let operation = operations(fixture.dir()).remove(0);
        assert_eq!(names(&operation), Vec::<OsString>::new(), "it is not empty any more");
        assert_eq!(yes("recover", &operation).outcome(), "rolled-back");
        assert!(!fixture.marker().exists());
        true
    };
    assert!((1..).any(|nth| is_pending(&nth)));
}

#[test]
fn the_undo_in_a_copy_without_its_database_leaves_the_original_alone() {
    let fixture = Fixture::new(&damaged(8));
    fixture.repair();
    let (_elsewhere, copy) = copy_of(fixture.dir());
    fs::remove_file(copy.join(DATABASE)).unwrap();
    let before = snapshot(fixture.dir());
    let ran = yes("restore", &operations(&copy)[0]);
    ran.expect_refused(4, &["not-found"]);
    assert!(snapshot(fixture.dir()) == before);
}
