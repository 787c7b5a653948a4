//! Promises that only show where two things meet: a pending reset and a repair, a lost marker and a
//! prepared operation, evidence and the logs that it rests on.

mod common;
mod shared;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use edbmend::ese::LogTime;
use edbmend::practice::{Recipe, edit_header, storage_group};

use common::{
    Fixture, Ran, damaged, finish, healthy, reset_words, run, sha256, small_group, snapshot, spawn,
    strace,
};
use serde_json::json;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs the program and kills it at the `n`th call of `calls`.
fn killed_at(calls: &str, n: u32, arguments: &[impl AsRef<OsStr>]) {
    let inject = format!("inject={calls}:signal=KILL:when={n}");
    let trace = format!("trace={calls}");
    let program = env!("CARGO_BIN_EXE_edbmend");
    let status = std::process::Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", &trace, "-e", &inject, program])
        .args(arguments)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success(), "it was killed");
}

#[test]
fn while_logs_are_on_the_move_their_databases_wait() {
    let test = "while_logs_are_on_the_move_their_databases_wait";
    if !strace::can_trace(test) {
        return;
    }
    let (_folder, dir) = small_group();
    let private = dir.join("priv1.edb");
    killed_at("rename,renameat2", 4, &reset_words(&["--yes"], &dir));
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
            return common::operations(fixture.dir()).remove(0);
        }
    }
    panic!("no kill fell between the two copies");
}

#[test]
fn a_marker_that_lies_is_not_believed_and_its_folder_still_recovers() {
    let test = "a_marker_that_lies_is_not_believed_and_its_folder_still_recovers";
    if !strace::can_trace(test) {
        return;
    }
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
fn an_operation_folder_recovers_without_its_marker() {
    let test = "an_operation_folder_recovers_without_its_marker";
    if !strace::can_trace(test) {
        return;
    }
    let fixture = Fixture::new(&damaged(8));
    let operation = half_done(&fixture);
    fs::remove_file(fixture.marker()).unwrap();
    let recovered = run(["recover", "--yes", "--back", "--json", text(&operation)]);
    assert_eq!((recovered.code, recovered.outcome().as_str()), (Some(0), "rolled-back"));
    assert_eq!(fixture.bytes(), damaged(8));
}

/// A group in which `priv1.edb` has the damage, and the header of its last full backup as evidence.
fn with_evidence() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (folder, dir) = small_group();
    let mut evidence = fs::read(dir.join("priv1.edb")).unwrap();
    edit_header(&mut evidence, |raw| raw.full_prev.gen_high = 2.into());
    let path = dir.join("older.bak");
    fs::write(&path, evidence).unwrap();
    (folder, dir, path)
}

fn from(dir: &Path, evidence: &Path) -> Ran {
    let database = dir.join("priv1.edb");
    run(["repair", "--dry-run", "--json", "--from", text(evidence), text(&database)])
}

/// What the refusals of a run found, a line each.
fn says(ran: &Ran) -> String {
    let report = ran.json();
    let refusals = report["refusals"].as_array().unwrap();
    refusals.iter().map(|refusal| refusal["message"].as_str().unwrap().to_owned() + "\n").collect()
}

#[test]
fn good_evidence_is_taken_and_can_be_undone() {
    let (_folder, dir, evidence) = with_evidence();
    let database = dir.join("priv1.edb");
    let before = sha256(&database);
    let done = run(["repair", "--yes", "--json", "--from", text(&evidence), text(&database)]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let full = &done.json()["databases"][0]["header"]["previous_full_backup"];
    assert_eq!((full["gen_low"].as_u64(), full["gen_high"].as_u64()), (Some(1), Some(2)));
    let undone = run(["restore", "--yes", "--json", text(&done.operation_dir())]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(sha256(&database), before);
}

#[test]
fn evidence_with_one_thing_wrong_is_refused() {
    type Edit = fn(&mut edbmend::ese::RawDbHeader);
    let edits: [(&str, Edit); 9] = [
        ("; it has Create time:", |raw| raw.db_signature.random = 1.into()),
        ("Rand:1 Computer:", |raw| raw.log_signature.random = 1.into()),
        ("; it has the generation 0 at offset 152", |raw| raw.full_prev.gen_low = 0.into()),
        ("Backup (offset 152) has Log Gen: 0-2 (0x0-0x2), and one of the two is zero", |raw| {
            raw.full_prev.gen_low = 0.into()
        }),
        ("Backup (offset 176) has Log Gen: 4-3 (0x4-0x3), and the first is later", |raw| {
            (raw.inc_prev.gen_low, raw.inc_prev.gen_high) = (4.into(), 3.into())
        }),
        ("Backup (offset 356) has the type 3, and no type is over 2", |raw| {
            raw.full_prev_type = 3.into()
        }),
        ("Backup (offset 136) has the mark (0x0,", |raw| raw.full_prev.mark.generation = 0.into()),
        ("and the time 00/00/1900 00:00:00", |raw| raw.full_prev.time = LogTime::default()),
        ("; Previous Full Backup (offset 136) has the mark (0x63,", |raw| {
            raw.full_prev.mark.generation = 99.into()
        }),
    ];
    for (found, edit) in edits {
        let (_folder, dir, evidence) = with_evidence();
        let mut bytes = fs::read(&evidence).unwrap();
        edit_header(&mut bytes, edit);
        fs::write(&evidence, bytes).unwrap();
        let ran = from(&dir, &evidence);
        assert_eq!(ran.code, Some(3), "{found}: {ran:?}");
        assert!(ran.refusals().iter().all(|id| id == "evidence-unsuitable"), "{found}: {ran:?}");
        assert!(says(&ran).contains(found), "{found}: {ran:?}");
    }
    for (missing, found) in [
        ("E0000003.log", "; generation 3 (0x3) is missing: E0000003.log\n"),
        ("E0000004.log", "; generation 4 (0x4) is missing: E0000004.log\n"),
        ("E00.log", "; generation 5 (0x5) is missing: E0000005.log, or the current log\n"),
    ] {
        let (_folder, dir, evidence) = with_evidence();
        fs::remove_file(dir.join(missing)).unwrap();
        let ran = from(&dir, &evidence);
        ran.expect_refused(3, &["evidence-unsuitable"]);
        assert!(says(&ran).contains(found), "{missing}: {ran:?}");
    }
}

#[test]
fn the_outcome_does_not_depend_on_the_order() {
    for first in ["priv1.edb", "pub1.edb"] {
        let (_folder, dir) = small_group();
        let second = if first == "priv1.edb" { "pub1.edb" } else { "priv1.edb" };
        let (first, second) = (dir.join(first), dir.join(second));
        let planned = run(["repair", "--dry-run", "--json", text(&first), text(&second)]);
        assert_eq!(planned.outcome(), "planned");
        let done = run(["repair", "--yes", "--json", text(&first), text(&second)]);
        assert_eq!((done.code, done.outcome().as_str()), (Some(0), "committed"));
    }
}

#[test]
fn a_healthy_file_that_was_cut_off_is_not_called_sound() {
    let bytes = healthy(8);
    let fixture = Fixture::new(&bytes[..bytes.len() - 100]);
    let ran = fixture.run(&["check"]);
    ran.expect_refused(4, &["truncated"]);
}

#[test]
fn a_remedy_can_be_pasted_whatever_the_name() {
    let fixture = Fixture::named(&damaged(8), "a$(touch pwned)'\n.edb".as_ref());
    let json = fixture.run(&["check"]).json();
    let findings = json["databases"][0]["findings"].as_array().unwrap();
    let remedy = findings[0]["remedy"].as_str().unwrap().replacen("edbmend", "printf %s", 1);
    let remedy = remedy.replacen("printf %s repair", "printf %s", 1);
    let pasted = std::process::Command::new("bash").args(["-c", &remedy]).output().unwrap();
    assert_eq!(String::from_utf8(pasted.stdout).unwrap(), text(&fixture.db));
}

/// `reset-logs` with `--json` on a group, both databases named.
fn reset(dir: &Path, more: &[&str]) -> Ran {
    run(reset_words(&[more, &["--json"]].concat(), dir))
}

fn edit(path: &Path, change: impl FnMut(&mut edbmend::ese::RawDbHeader)) {
    let mut bytes = fs::read(path).unwrap();
    edit_header(&mut bytes, change);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_reset_that_has_only_its_marker_left_is_not_nothing_to_do() {
    let test = "a_reset_that_has_only_its_marker_left_is_not_nothing_to_do";
    if !strace::can_trace(test) {
        return;
    }
    let (_folder, dir) = small_group();
    // The journal is replaced twice; the second time all files have moved.
    killed_at("rename", 2, &reset_words(&["--yes"], &dir));
    assert!(!dir.join("E00.log").exists() && dir.join("E00.edbmend-pending").exists());
    for mode in ["--dry-run", "--yes"] {
        reset(&dir, &[mode]).expect_refused(3, &["operation-pending"]);
    }
    assert_eq!(run(["recover", "--yes", text(&dir)]).code, Some(0));
    assert_eq!(reset(&dir, &["--yes"]).outcome(), "nothing-to-do");
}

/// Of a reset, and of its undo, it is the logs that were moved or put back.
#[test]
fn what_became_of_a_reset_is_said_of_its_logs() {
    let test = "what_became_of_a_reset_is_said_of_its_logs";
    if !strace::can_trace(test) {
        return;
    }
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
    killed_at("rename", 2, &reset);
    recovered("  done: the log reset is finished; all its logs are moved\n");
    let reset = operation_with_logs(&dir, "-reset-logs-");
    let undo = ["restore", "--yes", text(&reset)];
    killed_at("renameat2", 2, &undo);
    recovered("  rolled back: the logs are where they were before the undo\n");
    killed_at("rename", 2, &undo);
    recovered("  done: the undo is finished; all logs are back where they were\n");
    assert!(dir.join("E00.log").exists());
}

/// The operation folder of a command that has come to its end with all logs moved.
fn operation_with_logs(dir: &Path, command: &str) -> PathBuf {
    let mut found = common::operations(dir);
    found.retain(|operation| {
        let is_of_it = operation.to_str().unwrap().contains(command);
        is_of_it && operation.join("logs/E00.log").exists()
    });
    found.pop().expect("an operation")
}

#[test]
fn every_reason_against_a_reset_is_listed_with_a_guards_exit_code() {
    let (_folder, dir) = small_group();
    edit(&dir.join("pub1.edb"), |raw| raw.state = 2.into());
    std::os::unix::fs::symlink(dir.join("pub1.edb"), dir.join("link.edb")).unwrap();
    fs::write(dir.join("restore.env"), "").unwrap();
    fs::write(dir.join("priv1.pat"), "").unwrap();
    let (gone, link) = (dir.join("gone.edb"), dir.join("link.edb"));
    let more = ["--dry-run", "--backup-dir", "/nowhere/at/all", "--db", text(&gone)];
    let ran = reset(&dir, &[more.as_slice(), &["--db", text(&link)]].concat());
    let expected = [
        "backup-dir-unusable",
        "dirty-shutdown",
        "not-a-regular-file",
        "not-found",
        "restore-pending",
        "restore-pending",
    ];
    ran.expect_refused(3, &expected);
}

#[test]
fn what_is_named_like_the_checkpoint_and_is_no_file() {
    let (_folder, dir) = small_group();
    fs::rename(dir.join("E00.chk"), dir.join("kept")).unwrap();
    std::os::unix::fs::symlink(dir.join("kept"), dir.join("E00.chk")).unwrap();
    reset(&dir, &["--yes"]).expect_refused(3, &["not-a-regular-file"]);
    fs::remove_file(dir.join("E00.chk")).unwrap();
    fs::create_dir(dir.join("E00.chk")).unwrap();
    reset(&dir, &["--yes"]).expect_refused(3, &["not-a-regular-file"]);
    assert!(dir.join("E00.log").exists());
}

/// Runs the program as a user who owns nothing; `None` where this process cannot become one.
fn run_as_nobody(test: &str, arguments: &[&str]) -> Option<Ran> {
    // The folder of the program may be closed to others.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("edbmend");
    fs::copy(env!("CARGO_BIN_EXE_edbmend"), &program).unwrap();
    open_to_all(folder.path());
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root || !command.arg("true").output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED {test}: only root with setpriv can become another user");
        return None;
    }
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
    Some(finish(spawn(command.args(arguments))))
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

fn close_to_others(path: &Path) {
    fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn what_may_not_be_read_is_not_damaged() {
    let test = "what_may_not_be_read_is_not_damaged";
    let (folder, dir) = small_group();
    [folder.path(), &dir].into_iter().for_each(open_to_all);
    // Nothing is wrong with it: the damaged store is taken away.
    fs::remove_file(dir.join("priv1.edb")).unwrap();
    assert_eq!(run(["check", text(&dir)]).code, Some(0));
    for closed in [&["E0000002.log", "E00.chk"][..], &["E00.log"], &["E00.chk"]] {
        let closed: Vec<PathBuf> = closed.iter().map(|name| dir.join(name)).collect();
        closed.iter().for_each(|path| close_to_others(path));
        let nobody = |arguments: &[&str]| run_as_nobody(test, arguments);
        let Some(ran) = nobody(&["check", "--json", text(&dir)]) else { return };
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
        let words = nobody(&["check", text(&dir)]).unwrap();
        assert!(words.stdout.contains("not all of the logs could be read"), "{words:?}");
        assert!(
            !words.stdout.contains("checksum") && !words.stdout.contains("damaged"),
            "{words:?}"
        );
        assert!(!nobody(&["check", "--quiet", text(&dir)]).unwrap().stdout.is_empty());
        // A reset does not move what it could not look at.
        let public = dir.join("pub1.edb");
        let ran = nobody(&["reset-logs", "--dry-run", "--json", "--db", text(&public), text(&dir)]);
        let ran = ran.unwrap();
        assert_ne!(ran.code, Some(0), "{ran:?}");
        let refusals = ran.json()["refusals"].clone();
        for path in &closed {
            let is_it = |r: &serde_json::Value| r["path"] == text(path) && r["id"] == "io-error";
            assert!(refusals.as_array().unwrap().iter().any(is_it), "{ran:?}");
        }
        // A set of logs that was named by its base name.
        let set = nobody(&["inspect", "--json", text(&dir.join("E00"))]).unwrap();
        assert_eq!(set.code, Some(4), "{set:?}");
        closed.iter().for_each(|path| open_to_all(path));
    }
}

#[test]
fn a_streaming_file_that_may_not_be_read_is_not_missing() {
    let test = "a_streaming_file_that_may_not_be_read_is_not_missing";
    let (folder, dir) = small_group();
    [folder.path(), &dir].into_iter().for_each(open_to_all);
    let (private, stream) = (dir.join("priv1.edb"), dir.join("priv1.stm"));
    assert_eq!(run(["repair", "--yes", text(&private)]).code, Some(0));
    assert_eq!(run(["check", text(&private)]).code, Some(0));
    close_to_others(&stream);
    open_to_all(&private);
    for path in [&dir, &private] {
        let Some(ran) = run_as_nobody(test, &["check", "--json", text(path)]) else { return };
        assert_eq!((ran.code, ran.refusals()), (Some(4), vec!["io-error".to_owned()]), "{ran:?}");
        assert_eq!(ran.json()["refusals"][0]["path"], text(&stream));
        assert!(!ran.stdout.contains("stream-file-"), "{ran:?}");
    }
    let arguments = ["reset-logs", "--dry-run", "--json", text(&dir)];
    let ids = run_as_nobody(test, &arguments).unwrap().refusals();
    assert!(ids.contains(&"io-error".to_owned()), "{ids:?}");
    assert!(!ids.contains(&"stream-file-missing".to_owned()), "{ids:?}");
}

#[test]
fn a_required_log_that_may_not_be_read_is_neither_missing_nor_damaged() {
    let test = "a_required_log_that_may_not_be_read_is_neither_missing_nor_damaged";
    let (folder, dir) = small_group();
    [folder.path(), &dir].into_iter().for_each(open_to_all);
    fs::remove_file(dir.join("priv1.edb")).unwrap();
    edit(&dir.join("pub1.edb"), |raw| {
        raw.state = 2.into();
        (raw.gen_min_required, raw.gen_max_required) = (4.into(), 5.into());
    });
    for closed in ["E0000004.log", "E00.log"] {
        close_to_others(&dir.join(closed));
        for path in [dir.clone(), dir.join("pub1.edb")] {
            let Some(ran) = run_as_nobody(test, &["check", "--json", text(&path)]) else { return };
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

/// Fills the attach list of a log (4096 bytes of header) or of both copies of a checkpoint.
fn break_attach_list(path: &Path, list_offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    let copies = if list_offset == 671 { 1 } else { 2 };
    for copy in bytes.chunks_exact_mut(4096).take(copies) {
        copy[list_offset..list_offset + 2048].fill(0xff);
        edbmend::ese::checksum::seal(copy);
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_attach_list_that_cannot_be_read_is_no_empty_one() {
    for (name, other, offset, id) in [
        ("E00.log", "E00.chk", 671, "log-header-damaged"),
        ("E00.chk", "E00.log", 679, "checkpoint-damaged"),
    ] {
        let (_folder, dir) = small_group();
        fs::remove_file(dir.join("pub1.edb")).unwrap();
        if name == "E00.log" {
            fs::remove_file(dir.join(other)).unwrap();
        }
        break_attach_list(&dir.join(name), offset);
        let private = dir.join("priv1.edb");
        for mode in ["--dry-run", "--yes"] {
            let ran = run(["reset-logs", mode, "--json", "--db", text(&private), text(&dir)]);
            assert_eq!(ran.code, Some(3), "{ran:?}");
            let refusals = ran.json()["refusals"].clone();
            let of_list =
                refusals.as_array().unwrap().iter().find(|r| r["path"] == text(&dir.join(name)));
            let of_list = of_list.unwrap_or_else(|| panic!("{ran:?}"));
            assert_eq!(of_list["id"], "group-incomplete");
            let message = of_list["message"].as_str().unwrap();
            let (found, end) = (format!("at offset {offset}"), format!("offset {}", offset + 2048));
            assert!(message.contains(&found) && message.contains(&end), "{message}");
        }
        let ran = run(["check", "--json", text(&dir)]);
        let found = ran.json()["findings"].clone();
        let ids: Vec<_> = found.as_array().unwrap().iter().map(|f| f["id"].clone()).collect();
        assert_eq!((ran.code, ids), (Some(1), vec![id.into()]), "{found:#}");
        assert!(found[0]["message"].as_str().unwrap().contains("attach list"), "{found:#}");
    }
}

#[test]
fn a_clean_database_that_still_requires_logs_stops_a_reset() {
    for which in 0..3 {
        let (_folder, dir) = small_group();
        edit(&dir.join("pub1.edb"), |raw| match which {
            0 => raw.gen_min_required = 3.into(),
            1 => raw.gen_max_required = 3.into(),
            _ => raw.gen_max_committed = 3.into(),
        });
        reset(&dir, &["--dry-run"]).expect_refused(3, &["dirty-shutdown"]);
    }
}

#[test]
fn a_database_without_a_log_signature_is_taken_with_a_warning() {
    let (_folder, dir) = small_group();
    edit(&dir.join("pub1.edb"), |raw| raw.log_signature = Default::default());
    let ran = reset(&dir, &["--yes"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let json = ran.json();
    let public = &json["databases"].as_array().unwrap()[1]["findings"][0];
    assert_eq!((&public["id"], &public["severity"]), (&"no-logging".into(), &"warning".into()));
}

/// The logs of a second storage group, E01, beside the first, with a database of its own.
fn second_group(dir: &Path) {
    let random = 99;
    let other = Recipe { log_file_sectors: 16, pages: 4, log_random: random, ..Recipe::default() };
    for file in storage_group(&other) {
        match file.name.strip_prefix("E00") {
            Some(rest) => fs::write(dir.join(format!("E01{rest}")), &file.bytes).unwrap(),
            None if file.name == "pub1.edb" => {
                fs::write(dir.join("pub2.edb"), &file.bytes).unwrap();
                edit(&dir.join("pub2.edb"), |raw| raw.db_signature.random = 4711.into());
            }
            None => {}
        }
    }
}

#[test]
fn two_storage_groups_in_one_folder_are_reset_one_by_one() {
    let (_folder, dir) = small_group();
    second_group(&dir);
    fs::write(dir.join("restore.env"), "").unwrap();
    reset(&dir, &["--dry-run"]).expect_refused(3, &["mixed-prefixes", "restore-pending"]);
    fs::remove_file(dir.join("restore.env")).unwrap();
    let ran = reset(&dir, &["--yes", "--prefix", "E00"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["databases"].as_array().unwrap().len(), 2);
    // The other group's store may be open.
    let _open = fs::File::open(dir.join("pub2.edb")).unwrap();
    let undone = run(["restore", "--yes", "--json", text(&ran.operation_dir())]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    // One that is named belongs to the reset, and is not of these logs.
    let named = ["--prefix", "E00", "--db", text(&dir.join("pub2.edb"))].map(str::to_owned);
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let ran = reset(&dir, &[&["--dry-run"], named.as_slice()].concat());
    ran.expect_refused(3, &["in-use", "log-signature-mismatch"]);
}

#[test]
fn one_file_with_two_names_is_one_database() {
    let (_folder, dir) = small_group();
    fs::hard_link(dir.join("pub1.edb"), dir.join("again.edb")).unwrap();
    let again = dir.join("again.edb");
    let ran = reset(&dir, &["--yes", "--db", text(&again)]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["databases"].as_array().unwrap().len(), 2);
}

#[test]
fn the_dry_run_of_an_undo_sees_what_the_undo_would_meet() {
    let (_folder, dir) = small_group();
    let operation = reset(&dir, &["--yes"]).operation_dir();
    fs::write(dir.join("E00.edbmend-pending"), "").unwrap();
    let undo = run(["restore", "--dry-run", "--json", text(&operation)]);
    undo.expect_refused(3, &["operation-pending"]);
    fs::remove_file(dir.join("E00.edbmend-pending")).unwrap();
    fs::rename(dir.join("pub1.edb"), dir.join("elsewhere")).unwrap();
    let undo = run(["restore", "--dry-run", "--json", text(&operation)]);
    undo.expect_refused(3, &["database-changed", "not-found"]);
}

#[test]
fn a_log_that_somebody_reads_is_in_use_whichever_it_is() {
    for name in ["E0000001.log", "E0000003.log", "E00tmp.log"] {
        let (_folder, dir) = small_group();
        fs::copy(dir.join("E00.log"), dir.join("E00tmp.log")).unwrap();
        let _open = fs::File::open(dir.join(name)).unwrap();
        reset(&dir, &["--dry-run"]).expect_refused(3, &["in-use"]);
    }
}

#[test]
fn evidence_does_not_hide_other_reasons_and_they_do_not_hide_it() {
    let (_folder, dir, evidence) = with_evidence();
    let database = dir.join("priv1.edb");
    edit(&evidence, |raw| raw.db_signature.random = 1.into());
    let repair = |more: &[&str]| {
        let from = ["--json", "--from", text(&evidence), text(&database)];
        run(["repair", "--dry-run"].iter().chain(more).chain(&from))
    };
    let ran = repair(&["--backup-dir", "/nowhere/at/all"]);
    ran.expect_refused(3, &["backup-dir-unusable", "evidence-unsuitable"]);
    edit(&database, |raw| raw.state = 2.into());
    repair(&[]).expect_refused(3, &["dirty-shutdown", "evidence-unsuitable"]);
}

#[test]
fn evidence_must_fit_the_layout_and_the_logs_their_names() {
    // Fields that the database's own revision does not have.
    let (_folder, dir, evidence) = with_evidence();
    edit(&evidence, |raw| raw.diff_prev = raw.full_prev);
    from(&dir, &evidence).expect_refused(3, &["evidence-unsuitable"]);
    // The engine looks for a log by its name.
    let (_folder, dir, evidence) = with_evidence();
    fs::rename(dir.join("E0000003.log"), dir.join("E0000009.log")).unwrap();
    from(&dir, &evidence).expect_refused(3, &["evidence-unsuitable"]);
}

#[test]
fn the_header_of_something_that_the_engine_does_not_attach() {
    for (attribute, file_type) in [(0, 3), (0, 9), (2, 1)] {
        let mut bytes = damaged(8);
        edit_header(&mut bytes, |raw| {
            raw.attribute = attribute.into();
            raw.file_type = file_type.into();
        });
        let fixture = Fixture::new(&bytes);
        fixture.run(&["repair", "--yes"]).expect_refused(3, &["not-a-database"]);
        assert_eq!(fixture.bytes(), bytes);
    }
    for file_type in [0, 1, 5] {
        let mut bytes = damaged(8);
        edit_header(&mut bytes, |raw| raw.file_type = file_type.into());
        assert_eq!(Fixture::new(&bytes).run(&["repair", "--dry-run"]).code, Some(0));
    }
}

/// The finding of this id of the first database, as JSON.
fn finding(ran: &Ran, id: &str) -> serde_json::Value {
    let json = ran.json();
    let findings = json["databases"][0]["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("{ran:?}")).clone()
}

/// What `check` says of a database that is not closed, and what the refusal of `repair` adds.
fn way_out(bytes: &[u8]) -> (String, String) {
    let fixture = Fixture::new(bytes);
    let found = finding(&fixture.run(&["check"]), "dirty-shutdown");
    let refused = fixture.run(&["repair", "--dry-run"]).json()["refusals"][0].clone();
    assert_eq!(refused["id"], "dirty-shutdown");
    let text = |json: &serde_json::Value, key: &str| json[key].as_str().unwrap().to_owned();
    let remedy = text(&found, "remedy");
    // Both give the same advice, up to what is to be done behind it.
    let advice = remedy.split(" Then: ").next().unwrap();
    assert!(text(&refused, "remedy").starts_with(advice), "{refused} {advice}");
    (text(&found, "message") + " " + &text(&found, "consequence"), remedy)
}

#[test]
fn each_state_has_the_answer_of_the_engine_and_a_way_out_of_its_own() {
    let in_state = |state: u32, change: &dyn Fn(&mut edbmend::ese::RawDbHeader)| {
        let mut bytes = damaged(8);
        edit_header(&mut bytes, |raw| {
            raw.state = state.into();
            change(raw);
        });
        way_out(&bytes)
    };
    for (state, error, way) in [
        (1, "-550", "with all of its logs"),
        (4, "-563", "from a backup"),
        (5, "-550", "from a backup"),
        (6, "-1226", "reseed"),
        (8, "-1935", "revert"),
        (9, "-550", "from a backup"),
    ] {
        let (said, remedy) = in_state(state, &|_| ());
        assert!(said.contains(error) && remedy.contains(way), "{state}: {said} {remedy}");
        assert!(!said.contains("these logs") && !said.contains("Log Required"), "{state}: {said}");
        assert!(!remedy.contains("eseutil /r"), "{state}: {remedy}");
    }
    for state in [2, 7] {
        let (said, remedy) = in_state(state, &|_| ());
        assert!(said.contains("names no log") && remedy.contains("eseutil /r"), "{said} {remedy}");
        let (said, remedy) = in_state(state, &|raw| {
            (raw.gen_min_required, raw.gen_max_required) = (4.into(), 5.into());
        });
        assert!(
            said.contains("Log Required: 4-5 (0x4-0x5)") && said.contains("without these logs")
        );
        assert!(remedy.contains("eseutil /r"), "{remedy}");
        // Soft recovery answers -544 on what a backup wrote.
        let (said, remedy) = in_state(state, &|raw| {
            (raw.gen_min_required, raw.gen_max_required) = (4.into(), 5.into());
            raw.full_cur.gen_low = 4.into();
        });
        assert!(said.contains("-544") && said.contains("backup-in-progress"), "{said}");
        assert!(remedy.contains("eseutil /cc") && !remedy.contains("eseutil /r"), "{remedy}");
    }
}

#[test]
fn a_real_backup_copy_is_to_be_restored() {
    if !shared::present("a_real_backup_copy_is_to_be_restored") {
        return;
    }
    let (said, remedy) = way_out(&shared::read("engine/p4096/a_full_backupset/test.edb"));
    assert!(said.contains("Log Required: 1-4") && said.contains("-544"), "{said}");
    assert!(remedy.contains("eseutil /cc") && !remedy.contains("eseutil /r"), "{remedy}");
}

#[test]
fn a_folder_without_logs_says_what_that_may_mean() {
    let (_folder, dir) = small_group();
    assert_eq!(reset(&dir, &["--yes"]).code, Some(0));
    let ran = run(["check", "--json", text(&dir)]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let fails = finding(&ran, "next-incremental-fails");
    let consequence = fails["consequence"].as_str().unwrap();
    assert!(consequence.contains("--log-dir") && consequence.contains("log reset"), "{fails}");
    let words = run(["check", text(&dir)]).stdout;
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("none found in {}", text(&dir))), "{words}");
    assert!(words.contains("name it with --log-dir") && words.contains("generation 1"), "{words}");
    // With logs the engine's answer is certain.
    let (_folder, dir) = small_group();
    let fails = finding(&run(["check", "--json", text(&dir)]), "next-incremental-fails");
    assert!(!fails["consequence"].as_str().unwrap().contains("log reset"), "{fails}");
}

#[test]
fn a_database_of_other_logs_is_not_bitten_and_the_message_says_so() {
    let message = |dir: &Path| {
        let ran = run(["check", "--json", text(dir)]);
        assert!(!ran.stdout.contains("next-incremental-fails"), "{ran:?}");
        finding(&ran, "full-backup-gen-invalid")["message"].as_str().unwrap().to_owned()
    };
    let (_folder, dir) = small_group();
    edit(&dir.join("priv1.edb"), |raw| raw.log_signature = Default::default());
    assert!(message(&dir).contains("signature is zero"));
    // Its old logs are still there, but the current log has begun a new stream.
    let (_folder, dir) = small_group();
    let mounted = Recipe { log_random: 4711, log_file_sectors: 16, ..Recipe::default() };
    let new = storage_group(&mounted).into_iter().find(|file| file.name == "E00.log").unwrap();
    fs::write(dir.join("E00.log"), new.bytes).unwrap();
    assert!(message(&dir).contains("not that of the logs"));
}

#[test]
fn a_missing_log_is_named_as_its_stream_names_its_logs() {
    type Name = fn(u32) -> String;
    let styles: [(Name, &str, &str); 3] = [
        (|n| format!("E00{n:05X}.log"), "E00.log", "E0000003.log"),
        (|n| format!("E00{n:05X}.jtx"), "E00.jtx", "E0000003.jtx"),
        (|n| format!("E00{n:08X}.jtx"), "E00.jtx", "E0000000003.jtx"),
    ];
    for (closed, current, missing) in styles {
        let (_folder, dir) = small_group();
        for n in 1..5 {
            fs::rename(dir.join(format!("E00{n:05X}.log")), dir.join(closed(n))).unwrap();
        }
        if current != "E00.log" {
            fs::rename(dir.join("E00.log"), dir.join(current)).unwrap();
        }
        // The public store was backed up to generation 2; the damaged one is taken away.
        fs::remove_file(dir.join("priv1.edb")).unwrap();
        (1..4).for_each(|n| fs::remove_file(dir.join(closed(n))).unwrap());
        let ran = run(["check", "--json", text(&dir)]);
        let consequence = finding(&ran, "next-incremental-fails")["consequence"].clone();
        assert!(consequence.as_str().unwrap().contains(missing), "{consequence}");
        let forecast = &ran.json()["logs"]["next_incremental"]["message"];
        assert!(forecast.as_str().unwrap().contains(missing), "{forecast}");
    }
}

#[test]
fn after_an_operation_that_stays_pending_recover_begins_no_other() {
    let test = "after_an_operation_that_stays_pending_recover_begins_no_other";
    if !strace::can_trace(test) {
        return;
    }
    let (_folder, dir) = small_group();
    fs::copy(dir.join("priv1.edb"), dir.join("a.edb")).unwrap();
    fs::copy(dir.join("priv1.stm"), dir.join("a.stm")).unwrap();
    for name in ["a.edb", "priv1.edb"] {
        // The journal has just said PREPARED.
        killed_at("rename", 1, &["repair", "--yes", text(&dir.join(name))]);
        assert!(common::marker_of(&dir.join(name)).exists());
    }
    // Every sync fails.
    let ran = common::finish(common::spawn(
        std::process::Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO"])
            .arg(env!("CARGO_BIN_EXE_edbmend"))
            .args(["recover", "--yes", "--json", text(&dir)]),
    ));
    let json = ran.json();
    let databases = json["databases"].as_array().unwrap().iter();
    let outcomes: Vec<_> = databases.map(|d| d["outcome"].as_str().unwrap()).collect();
    assert_eq!((ran.code, outcomes), (Some(6), vec!["pending", "failed"]), "{ran:?}");
    assert_eq!(run(["recover", "--yes", "--json", text(&dir)]).code, Some(0));
}

#[test]
fn looking_leaves_no_access_time_behind() {
    use std::os::unix::fs::MetadataExt;
    let (_folder, dir) = small_group();
    let times = |path: &Path| {
        let status = fs::metadata(path).unwrap();
        (status.atime(), status.atime_nsec(), status.mtime(), status.ctime(), status.ctime_nsec())
    };
    let long_ago =
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::open(&dir).unwrap().set_times(fs::FileTimes::new().set_accessed(long_ago)).unwrap();
    let before = times(&dir);
    run(["check", text(&dir)]);
    run(["repair", "--dry-run", text(&dir.join("priv1.edb"))]);
    reset(&dir, &["--dry-run"]);
    assert_eq!(times(&dir), before);
}

#[test]
fn the_way_to_undo_can_be_pasted_where_the_name_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join(std::ffi::OsStr::from_bytes(b"mdb\xff\xc3\xa4 data"));
    fs::create_dir(&dir).unwrap();
    let database = dir.join("priv1.edb");
    fs::write(&database, damaged(8)).unwrap();
    let arguments = ["repair".as_ref(), "--yes".as_ref(), database.as_os_str()];
    let said = run(arguments).stdout;
    let undo = said.lines().find_map(|line| line.trim().strip_prefix("edbmend restore ")).unwrap();
    let paste = format!("{} restore --yes {undo}", env!("CARGO_BIN_EXE_edbmend"));
    let pasted = std::process::Command::new("bash").args(["-c", &paste]).output().unwrap();
    assert_eq!(pasted.status.code(), Some(0), "{pasted:?}");
    assert_eq!(fs::read(&database).unwrap(), damaged(8));
}

#[test]
fn a_copy_on_the_same_volume_is_called_what_it_is() {
    let fixture = Fixture::new(&damaged(8));
    let said = run(["repair", "--yes", text(&fixture.db)]).stdout;
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("not against the disk"), "{said}");
}
