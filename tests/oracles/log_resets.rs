//! The log reset and its undo on sets of real engines.

use std::path::{Path, PathBuf};

use crate::harness::group::digests;
use crate::harness::{Ran, files, needs, run, snapshot};

/// Resets a real set whose databases are named; gives back the run.
fn reset_real(dir: &Path, databases: &[&str], more: &[&str]) -> Ran {
    let named: Vec<String> = databases
        .iter()
        .flat_map(|name| ["--db".to_owned(), dir.join(name).to_str().unwrap().to_owned()])
        .collect();
    let arguments = ["reset-logs", "--yes", "--json", dir.to_str().unwrap()];
    run(arguments
        .iter()
        .copied()
        .chain(named.iter().map(String::as_str))
        .chain(more.iter().copied()))
}

#[test]
fn sets_of_every_clone_are_reset_and_come_back_byte_for_byte() {
    reset_and_bring_back(&[
        ("engine/stage4_p4096/s4_1_bug_state", &["test.edb"]),
        ("engine/stage4_p4096/s4_2b_cleared_after_full_inc", &["test.edb"]),
        ("engine/stage4_multi_p4096", &["one.edb", "two.edb"]),
    ]);
}

#[test]
#[ignore = "needs the real files"]
fn real_clean_sets_are_reset_and_come_back_byte_for_byte() {
    needs::real_files();
    reset_and_bring_back(&[
        ("engine/p4096/a_full", &["test.edb"]),
        ("engine/p4096/b_full_inc", &["test.edb"]),
        ("engine/p32768/a_full", &["test.edb"]),
        ("engine/p4096_names_1", &["test.edb"]),
        ("engine/p4096_names_2", &["test.edb"]),
        ("real/srum-win10-rathbun-after", &["SRUDB.dat"]),
    ]);
}

fn reset_and_bring_back(sets: &[(&str, &[&str])]) {
    for (set, databases) in sets {
        let folder = files::unpack(set);
        let dir = folder.path().canonicalize().unwrap();
        let before = digests(&dir);
        let done = reset_real(&dir, databases, &[]);
        assert_eq!(done.code, Some(0), "{set}: {done:?}");
        let left: Vec<_> = digests(&dir).into_keys().collect();
        let is_log = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap().to_lowercase();
            let stays = name.contains("res0") || name.ends_with(".jfm");
            !stays && [".log", ".jtx", ".chk", ".jcp"].iter().any(|end| name.ends_with(end))
        };
        assert!(!left.iter().any(is_log), "{set}: {left:?}");
        let undone = run(["restore", "--yes", "--json", done.operation_dir().to_str().unwrap()]);
        assert_eq!(undone.code, Some(0), "{set}: {undone:?}");
        assert_eq!(digests(&dir), before, "{set}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn a_real_set_after_a_hard_repair_is_accepted_when_it_is_named() {
    needs::real_files();
    // Its log signature is zero now, and the attach list of the current log is empty.
    let folder = files::unpack("real/srum-win10-belkasoft-repaired");
    let dir = folder.path().canonicalize().unwrap();
    let unnamed = run(["reset-logs", "--dry-run", "--json", dir.to_str().unwrap()]);
    unnamed.expect_refused(3, &["log-signature-mismatch"]);
    let before = digests(&dir);
    let done = reset_real(&dir, &["SRUDB.dat"], &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let undone = run(["restore", "--yes", "--json", done.operation_dir().to_str().unwrap()]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(digests(&dir), before);
}

#[test]
#[ignore = "needs the real files"]
fn real_dirty_sets_are_refused_and_untouched() {
    needs::real_files();
    let sets = [
        ("engine/p4096/c_dirty", "test.edb"),
        ("real/srum-win10-belkasoft-dirty", "SRUDB.dat"),
        ("real/srum-win11-rathbun-dirty", "SRUDB.dat"),
    ];
    sets.into_iter().for_each(is_refused);
}

#[test]
fn a_dirty_set_of_every_clone_is_refused_and_untouched() {
    is_refused(("engine/killed_p16384", "db1.edb"));
}

fn is_refused((set, database): (&str, &str)) {
    let folder = files::unpack(set);
    let dir = folder.path().canonicalize().unwrap();
    let before = snapshot(&dir);
    let ran = reset_real(&dir, &[database], &[]);
    assert_eq!(ran.code, Some(3), "{set}: {ran:?}");
    assert!(ran.refusals().contains(&"dirty-shutdown".to_owned()), "{set}: {ran:?}");
    assert_eq!(snapshot(&dir), before, "{set}");
}
