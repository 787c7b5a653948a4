//! The log reset as an administrator meets it: its guards, its moves, its undo, on made-up groups,
//! on real sets, and between real volumes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use edbmend::ese::Signature;
use edbmend::practice::{Recipe, damage_full_backup, edit_header, storage_group};

use crate::harness::group::{Group, assert_reset_and_undo, digests, stream_files};
use crate::harness::{at_once, run, snapshot};

#[test]
fn a_reset_moves_the_stream_and_its_undo_brings_it_back() {
    let group = Group::new();
    group.edit("pub1.edb", |bytes| damage_full_backup(bytes));
    assert_reset_and_undo(&group, &[]);
    // Reserve logs and databases never moved.
    assert!(group.path("res1.log").exists() && group.path("priv1.stm").exists());
}

#[test]
fn the_undo_can_be_undone() {
    let group = Group::new();
    let done = group.reset(&[]);
    let after_reset = digests(&group.dir);
    let undone = run(["restore", "--yes", "--json", done.operation_dir().to_str().unwrap()]);
    let redone = run(["restore", "--yes", "--json", undone.operation_dir().to_str().unwrap()]);
    assert_eq!(redone.code, Some(0), "{redone:?}");
    assert_eq!(digests(&group.dir), after_reset);
}

#[test]
fn a_temporary_log_moves_too_whatever_it_holds() {
    for old_header in [false, true] {
        let group = Group::new();
        let old = fs::read(group.path("E0000001.log")).unwrap();
        let content = if old_header { old } else { vec![0; 8192] };
        fs::write(group.path("E00tmp.log"), content).unwrap();
        assert_reset_and_undo(&group, &[]);
    }
}

#[test]
fn a_dry_run_shows_every_move_and_creates_nothing() {
    let group = Group::new();
    let before = snapshot(&group.dir);
    let ran = run(["reset-logs", "--dry-run", "--json", group.dir.to_str().unwrap()]);
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "planned"), "{ran:?}");
    let json = ran.json();
    let moved: Vec<_> = json["steps"].as_array().unwrap().iter().collect();
    assert_eq!(moved.len(), stream_files(&group.dir).len());
    assert!(moved.iter().all(|step| step["kind"] == "move" && step["method"] == "rename"));
    let first = moved[0]["from"].as_str().unwrap();
    assert!(first.ends_with("E00.log"), "the current log goes first: {first}");
    let last = moved.last().unwrap()["from"].as_str().unwrap();
    assert!(last.ends_with("E00.chk"), "the checkpoint goes last: {last}");
    assert_eq!(snapshot(&group.dir), before);
}

#[test]
fn a_left_over_temporary_database_is_in_nobodys_way() {
    let group = Group::new();
    let mut bytes = fs::read(group.path("pub1.edb")).unwrap();
    edit_header(&mut bytes, |raw| {
        (raw.file_type, raw.state) = (5.into(), 2.into());
    });
    fs::write(group.path("tmp.edb"), &bytes).unwrap();
    let check = run(["check", "--json", group.dir.to_str().unwrap()]).json().clone();
    let databases = check["databases"].as_array().unwrap();
    assert_eq!(databases.len(), 3, "{check:#}");
    let temporary =
        databases.iter().find(|one| one["path"].as_str().unwrap().ends_with("tmp.edb")).unwrap();
    assert_eq!(
        (&temporary["outcome"], &temporary["findings"][0]["id"]),
        (&"ok".into(), &"temporary-database".into())
    );
    let ran = group.reset(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(fs::read(group.path("tmp.edb")).unwrap(), bytes);
    let named = run(["check", "--json", group.path("tmp.edb").to_str().unwrap()]);
    assert_eq!(
        (named.exit_code(), named.of_database("tmp.edb")),
        (0, vec!["temporary-database".into()])
    );
}

#[test]
fn a_file_instead_of_a_folder_is_answered_with_the_folder() {
    let group = Group::new();
    let ran = run(["reset-logs", "--dry-run", "--json", group.path("priv1.edb").to_str().unwrap()]);
    ran.expect_refused(4, &["not-found"]);
    let remedy = ran.json()["refusals"][0]["remedy"].as_str().unwrap().to_owned();
    assert!(remedy.ends_with(group.dir.to_str().unwrap()), "{remedy}");
}

#[test]
fn with_yes_every_database_must_be_named() {
    let group = Group::new();
    let before = snapshot(&group.dir);
    let private = group.path("priv1.edb");
    let ran = run([
        "reset-logs",
        "--yes",
        "--json",
        group.dir.to_str().unwrap(),
        "--db",
        private.to_str().unwrap(),
    ]);
    ran.expect_refused(3, &["group-incomplete"]);
    assert_eq!(snapshot(&group.dir), before);
}

#[test]
fn a_database_that_only_the_logs_know_is_asked_for_by_its_signature() {
    let group = Group::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let random = random_of(&group.path("pub1.edb"));
    fs::rename(group.path("pub1.edb"), elsewhere.path().join("pub1.edb")).unwrap();
    let private = group.path("priv1.edb");
    let arguments = [
        "reset-logs",
        "--yes",
        "--json",
        group.dir.to_str().unwrap(),
        "--db",
        private.to_str().unwrap(),
    ];
    run(arguments).expect_refused(3, &["group-incomplete"]);
    let allowed = ["--allow-group-incomplete", &random.to_string()];
    let ran = run(arguments.iter().copied().chain(allowed));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let plan = fs::read_to_string(ran.operation_dir().join("plan.json")).unwrap();
    assert!(plan.contains("--allow-group-incomplete"), "the override is on record");
}

fn random_of(database: &Path) -> u32 {
    let bytes = fs::read(database).unwrap();
    u32::from_le_bytes(bytes[24..28].try_into().unwrap())
}

#[test]
fn signatures_decide() {
    // Zero, as after a hard repair: accepted, because it is named.
    let group = Group::new();
    group.edit("pub1.edb", |bytes| {
        edit_header(bytes, |raw| raw.log_signature = Signature::default());
    });
    assert_reset_and_undo(&group, &[]);
    // Zero, and nobody said that it belongs here.
    let ran = run(["reset-logs", "--dry-run", "--json", group.dir.to_str().unwrap()]);
    ran.expect_refused(3, &["log-signature-mismatch"]);
    // Foreign.
    let group = Group::new();
    group
        .edit("pub1.edb", |bytes| edit_header(bytes, |raw| raw.log_signature.random = 4711.into()));
    group.expect_refused(&[], &["log-signature-mismatch"]);
}

/// A guard, and what makes it refuse.
type Case = (&'static str, fn(&Group));

#[test]
fn every_other_guard() {
    let cases: [Case; 8] = [
        ("dirty-shutdown", |group| {
            group.edit("priv1.edb", |bytes| edit_header(bytes, |raw| raw.state = 2.into()));
        }),
        ("header-damaged", |group| group.edit("priv1.edb", |bytes| bytes[100] ^= 1)),
        ("backup-in-progress", |group| {
            group.edit("priv1.edb", |bytes| {
                edit_header(bytes, |raw| raw.full_cur.gen_low = 1.into());
            });
        }),
        ("restore-pending", |group| fs::write(group.path("restore.env"), "").unwrap()),
        ("stream-file-missing", |group| fs::remove_file(group.path("priv1.stm")).unwrap()),
        ("operation-pending", |group| fs::write(group.path("E00.edbmend-pending"), "").unwrap()),
        ("not-a-regular-file", |group| {
            fs::remove_file(group.path("E0000002.log")).unwrap();
            fs::create_dir(group.path("E0000002.log")).unwrap();
        }),
        ("not-a-regular-file", |group| {
            fs::rename(group.path("E0000002.log"), group.path("kept")).unwrap();
            symlink(group.path("kept"), group.path("E0000002.log")).unwrap();
        }),
    ];
    at_once(cases, |(guard, provoke)| {
        let group = Group::new();
        provoke(&group);
        group.expect_refused(&[], &[guard]);
    });
}

#[test]
fn a_folder_that_nobody_may_write_to() {
    let group = Group::new();
    fs::set_permissions(&group.dir, fs::Permissions::from_mode(0o555)).unwrap();
    let ran = group.reset(&[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.refusals().contains(&"read-only".to_owned()), "{ran:?}");
    fs::set_permissions(&group.dir, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_database_or_a_log_that_is_open_is_in_use() {
    at_once(["priv1.edb", "priv1.stm", "E00.log", "E00.chk"], |name| {
        let group = Group::new();
        let _held = fs::File::open(group.path(name)).unwrap();
        group.expect_refused(&[], &["in-use"]);
    });
}

#[test]
fn of_several_streams_one_must_be_named() {
    let group = Group::new();
    let other = Recipe { log_file_sectors: 16, pages: 4, log_random: 99, ..Recipe::default() };
    for file in storage_group(&other).iter().filter(|file| file.name.starts_with("E00")) {
        fs::write(group.path(&file.name.replacen("E00", "E01", 1)), &file.bytes).unwrap();
    }
    group.expect_refused(&[], &["mixed-prefixes"]);
    let ran = group.reset(&["--prefix", "e00"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(group.path("E01.log").exists() && !group.path("E00.log").exists());
}

#[test]
fn damaged_odd_and_read_only_logs_move_as_they_are() {
    let group = Group::new();
    group.edit("E0000001.log", |bytes| bytes.truncate(100));
    group.edit("E0000002.log", |bytes| bytes.fill(0));
    group.edit("E0000003.log", |bytes| bytes[44] ^= 1);
    fs::set_permissions(group.path("E0000004.log"), fs::Permissions::from_mode(0o444)).unwrap();
    let ran = group.reset(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let moved = ran.operation_dir().join("logs").join("E0000004.log");
    assert_eq!(fs::metadata(moved).unwrap().permissions().mode() & 0o777, 0o444);
}

#[test]
fn nothing_to_move_is_nothing_to_do() {
    let group = Group::new();
    for name in stream_files(&group.dir) {
        fs::remove_file(group.path(&name)).unwrap();
    }
    let ran = group.reset(&[]);
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "nothing-to-do"), "{ran:?}");
}

#[test]
fn after_a_mount_the_undo_is_refused() {
    let group = Group::new();
    let done = group.reset(&[]);
    let mounted = Recipe { log_random: 4711, log_file_sectors: 16, ..Recipe::default() };
    for file in storage_group(&mounted) {
        if ["E00.log", "E00.chk"].contains(&file.name.as_str()) {
            fs::write(group.path(&file.name), &file.bytes).unwrap();
        }
    }
    let before = snapshot(&group.dir);
    let undo = run(["restore", "--yes", "--json", done.operation_dir().to_str().unwrap()]);
    assert_eq!(undo.code, Some(3), "{undo:?}");
    assert!(undo.refusals().contains(&"new-log-stream".to_owned()), "{undo:?}");
    assert_eq!(snapshot(&group.dir), before);
}

#[test]
fn a_second_undo_says_that_there_has_been_one() {
    let group = Group::new();
    let done = group.reset(&[]).operation_dir();
    let undo = ["restore", "--yes", "--json", done.to_str().unwrap()];
    assert_eq!(run(undo).code, Some(0));
    let before = snapshot(&group.dir);
    let again = run(undo);
    again.expect_refused(3, &["new-log-stream"]);
    let message = again.json()["refusals"][0]["message"].to_string();
    assert!(message.contains("it has been undone"), "{again:?}");
    assert_eq!(snapshot(&group.dir), before);
}

#[test]
fn logs_databases_and_checkpoint_in_folders_of_their_own() {
    let group = Group::new();
    let (logs, system) = (group.path("logs"), group.path("system"));
    fs::create_dir(&logs).unwrap();
    fs::create_dir(&system).unwrap();
    for name in stream_files(&group.dir) {
        let to = if name.ends_with(".chk") { &system } else { &logs };
        fs::rename(group.path(&name), to.join(&name)).unwrap();
    }
    let before = (digests(&logs), digests(&system));
    let folders = ["--log-dir", logs.to_str().unwrap(), "--system-dir", system.to_str().unwrap()];
    let done = group.reset(&folders);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!((stream_files(&logs), stream_files(&system)), (vec![], vec![]));
    let undone = run(["restore", "--yes", "--json", done.operation_dir().to_str().unwrap()]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!((digests(&logs), digests(&system)), before);
}
