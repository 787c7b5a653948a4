//! Files that may not be read: they are neither damaged nor missing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::harness::ran::finding;
use crate::harness::{PROGRAM, Ran, edit_database, finish, needs, run, small_group, spawn, text};

/// Runs the program as a user who owns nothing.
fn run_as_nobody(arguments: &[&str]) -> Ran {
    // The folder of the program may be closed to others.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("edbmend");
    fs::copy(PROGRAM, &program).unwrap();
    open_to_all(folder.path());
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
    finish(spawn(command.args(arguments)))
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

fn close_to_others(path: &Path) {
    fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
#[ignore = "needs root"]
fn what_may_not_be_read_is_not_damaged() {
    needs::another_user();
    let (folder, dir) = small_group();
    [folder.path(), &dir].into_iter().for_each(open_to_all);
    // Nothing is wrong with it: the damaged store is made sound.
    edit_database(&dir.join("priv1.edb"), |raw| raw.full_prev.gen_high = 2.into());
    assert_eq!(run(["check", text(&dir)]).code, Some(0));
    for closed in [&["E0000002.log", "E00.chk"][..], &["E00.log"], &["E00.chk"]] {
        let closed: Vec<PathBuf> = closed.iter().map(|name| dir.join(name)).collect();
        closed.iter().for_each(|path| close_to_others(path));
        let nobody = run_as_nobody;
        let ran = nobody(&["check", "--json", text(&dir)]);
        assert_eq!((ran.code, ran.outcome()), (Some(4), "failed".into()), "{ran:?}");
        let report = ran.json();
        let refusals = report["refusals"].as_array().unwrap();
        let mut refused: Vec<_> = refusals.iter().map(|r| r["path"].as_str().unwrap()).collect();
        refused.sort_unstable();
        let mut expected: Vec<_> = closed.iter().map(|path| text(path)).collect();
        expected.sort_unstable();
        assert_eq!(refused, expected, "{ran:?}");
        for refusal in refusals {
            assert_eq!(refusal["id"], "io-error");
            assert!(refusal["remedy"].as_str().unwrap().contains("as a user who may read it"));
        }
        assert_eq!(
            (&report["findings"], &report["databases"][0]["outcome"]),
            (&json!([]), &"ok".into())
        );
        assert_eq!(
            (&report["logs"]["next_mount"]["outcome"], &report["logs"]["damaged"]),
            (&"unknown".into(), &json!([]))
        );
        let words = nobody(&["check", text(&dir)]);
        assert!(words.stdout.contains("not all of the logs could be read"), "{words:?}");
        assert!(
            !words.stdout.contains("checksum") && !words.stdout.contains("damaged"),
            "{words:?}"
        );
        assert!(!nobody(&["check", "--quiet", text(&dir)]).stdout.is_empty());
        // A reset does not move what it could not look at.
        let public = dir.join("pub1.edb");
        let ran = nobody(&["reset-logs", "--dry-run", "--json", "--db", text(&public), text(&dir)]);
        assert_ne!(ran.code, Some(0), "{ran:?}");
        let refusals = ran.json()["refusals"].clone();
        for path in &closed {
            let is_it = |r: &serde_json::Value| r["path"] == text(path) && r["id"] == "io-error";
            assert!(refusals.as_array().unwrap().iter().any(is_it), "{ran:?}");
        }
        // A set of logs that was named by its base name.
        let set = nobody(&["inspect", "--json", text(&dir.join("E00"))]);
        assert_eq!(set.code, Some(4), "{set:?}");
        closed.iter().for_each(|path| open_to_all(path));
    }
}

#[test]
#[ignore = "needs root"]
fn a_streaming_file_that_may_not_be_read_is_not_missing() {
    needs::another_user();
    let (folder, dir) = small_group();
    [folder.path(), &dir].into_iter().for_each(open_to_all);
    let (private, stream) = (dir.join("priv1.edb"), dir.join("priv1.stm"));
    assert_eq!(run(["repair", "--yes", text(&private)]).code, Some(0));
    assert_eq!(run(["check", text(&private)]).code, Some(0));
    close_to_others(&stream);
    open_to_all(&private);
    for path in [&dir, &private] {
        let ran = run_as_nobody(&["check", "--json", text(path)]);
        assert_eq!((ran.code, ran.refusals()), (Some(4), vec!["io-error".to_owned()]), "{ran:?}");
        assert_eq!(ran.json()["refusals"][0]["path"], text(&stream));
        assert!(!ran.stdout.contains("stream-file-"), "{ran:?}");
    }
    let arguments = ["reset-logs", "--dry-run", "--json", text(&dir)];
    let ids = run_as_nobody(&arguments).refusals();
    assert!(ids.contains(&"io-error".to_owned()), "{ids:?}");
    assert!(!ids.contains(&"stream-file-missing".to_owned()), "{ids:?}");
}

#[test]
#[ignore = "needs root"]
fn a_required_log_that_may_not_be_read_is_neither_missing_nor_damaged() {
    needs::another_user();
    let (folder, dir) = small_group();
    [folder.path(), &dir].into_iter().for_each(open_to_all);
    fs::remove_file(dir.join("priv1.edb")).unwrap();
    edit_database(&dir.join("pub1.edb"), |raw| {
        raw.state = 2.into();
        (raw.gen_min_required, raw.gen_max_required) = (4.into(), 5.into());
    });
    for closed in ["E0000004.log", "E00.log"] {
        close_to_others(&dir.join(closed));
        for path in [dir.clone(), dir.join("pub1.edb")] {
            let ran = run_as_nobody(&["check", "--json", text(&path)]);
            assert_eq!(ran.code, Some(4), "{ran:?}");
            assert!(!ran.stdout.contains("required-log"), "{ran:?}");
            let dirty = finding(&ran, "dirty-shutdown")["message"].clone();
            assert!(
                dirty.as_str().unwrap().contains("not all of these logs could be read"),
                "{dirty}"
            );
        }
        open_to_all(&dir.join(closed));
    }
}
