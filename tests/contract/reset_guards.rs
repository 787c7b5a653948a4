//! What stops a log reset, and what does not: databases, logs and checkpoints that are not as they must
//! be, groups that share a folder, files that somebody uses.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use edbmend::ese::checksum;
use edbmend::practice::{Recipe, storage_group};

use crate::harness::{at_once, edit_database, reset, run, small_group, text};

#[test]
fn every_reason_against_a_reset_is_listed_with_a_guards_exit_code() {
    let (_folder, dir) = small_group();
    edit_database(&dir.join("pub1.edb"), |raw| raw.state = 2.into());
    symlink(dir.join("pub1.edb"), dir.join("link.edb")).unwrap();
    fs::write(dir.join("restore.env"), "").unwrap();
    // What a streaming backup leaves is no sign of a restore.
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
    ];
    ran.expect_refused(3, &expected);
}

/// What else is wrong with a database of which one header copy is damaged.
type Change = fn(&Path);

#[test]
fn a_repair_is_advised_only_where_it_would_not_be_refused() {
    let cases: [(&str, Change); 6] = [
        ("Mend it first: edbmend repair ", |_| ()),
        ("clean first", |database| edit_database(database, |raw| raw.state = 2.into())),
        ("dismount it once", |database| {
            edit_database(database, |raw| raw.full_cur.gen_low = 1.into());
        }),
        ("may be data", |database| edit_database(database, |raw| raw.flags[0] |= 1)),
        ("was cut off", |database| {
            let bytes = fs::read(database).unwrap();
            fs::write(database, &bytes[..bytes.len() - 1]).unwrap();
        }),
        ("edbmend recover ", |database| {
            fs::write(database.with_extension("edb.edbmend-pending"), "").unwrap();
        }),
    ];
    for (advice, change) in cases {
        let (_folder, dir) = small_group();
        let database = dir.join("priv1.edb");
        change(&database);
        let mut bytes = fs::read(&database).unwrap();
        bytes[4096 + 700] ^= 1;
        fs::write(&database, bytes).unwrap();
        let report = reset(&dir, &["--dry-run"]).json().clone();
        let refusals = report["refusals"].as_array().unwrap();
        let damaged = refusals.iter().find(|refusal| refusal["id"] == "header-damaged").unwrap();
        let remedy = damaged["remedy"].as_str().unwrap();
        assert!(remedy.contains(advice), "{advice}: {remedy}");
        let repair = run(["repair", "--dry-run", "--json", text(&database)]);
        let is_advised = remedy.contains("edbmend repair");
        assert_eq!(is_advised, repair.code == Some(0), "{advice}: {remedy} {repair:?}");
    }
}

#[test]
fn what_is_named_like_the_checkpoint_and_is_no_file() {
    let (_folder, dir) = small_group();
    fs::rename(dir.join("E00.chk"), dir.join("kept")).unwrap();
    symlink(dir.join("kept"), dir.join("E00.chk")).unwrap();
    reset(&dir, &["--yes"]).expect_refused(3, &["not-a-regular-file"]);
    fs::remove_file(dir.join("E00.chk")).unwrap();
    fs::create_dir(dir.join("E00.chk")).unwrap();
    reset(&dir, &["--yes"]).expect_refused(3, &["not-a-regular-file"]);
    assert!(dir.join("E00.log").exists());
}

/// Fills the attach list of a log (4096 bytes of header) or of both copies of a checkpoint.
fn break_attach_list(path: &Path, list_offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    let copies = if list_offset == 671 { 1 } else { 2 };
    for copy in bytes.chunks_exact_mut(4096).take(copies) {
        copy[list_offset..list_offset + 2048].fill(0xff);
        checksum::seal(copy);
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
        let deleted = Recipe::default().public_random.to_string();
        let ran = run(["check", "--json", "--allow-group-incomplete", &deleted, text(&dir)]);
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
        edit_database(&dir.join("pub1.edb"), |raw| match which {
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
    edit_database(&dir.join("pub1.edb"), |raw| raw.log_signature = Default::default());
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
                edit_database(&dir.join("pub2.edb"), |raw| raw.db_signature.random = 4711.into());
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
    at_once(["E0000001.log", "E0000003.log", "E00tmp.log"], |name| {
        let (_folder, dir) = small_group();
        fs::copy(dir.join("E00.log"), dir.join("E00tmp.log")).unwrap();
        let _open = fs::File::open(dir.join(name)).unwrap();
        reset(&dir, &["--dry-run"]).expect_refused(3, &["in-use"]);
    });
}
