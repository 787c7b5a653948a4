//! What lies beside the logs and databases of a group, above and below its folder, and what of it is said.

use std::fs;
use std::path::Path;

use edbmend::ese::checksum;
use edbmend::practice::{Recipe, edit_header, storage_group};
use tempfile::TempDir;

use crate::harness::ran::{check, check_folder};
use crate::harness::{Ran, edit_database};

/// Both stores, with nothing wrong with them.
fn write_group(dir: &Path) {
    for mut file in storage_group(&Recipe { log_file_sectors: 16, pages: 4, ..Recipe::default() }) {
        if file.name == "priv1.edb" {
            edit_header(&mut file.bytes, |raw| raw.full_prev.gen_high = 2.into());
        }
        fs::write(dir.join(file.name), file.bytes).unwrap();
    }
}

fn group() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_group(dir.path());
    dir
}

fn actions(checked: &Ran) -> Vec<String> {
    let steps = checked.json()["way_out"].as_array().unwrap();
    steps.iter().map(|step| step["action"].as_str().unwrap().to_owned()).collect()
}

/// Changes a sealed header of 4096 bytes.
fn edit_log(path: &Path, edit: impl FnOnce(&mut [u8])) {
    let mut bytes = fs::read(path).unwrap();
    edit(&mut bytes);
    checksum::seal(&mut bytes[..4096]);
    fs::write(path, bytes).unwrap();
}

#[test]
fn files_of_other_programs_are_named_as_what_they_are() {
    let dir = group();
    let files: [(&str, &[u8]); 4] = [
        ("people.mdb", b"\0\x01\0\0Standard Jet DB\0 and more"),
        ("places.dat", b"SQLite format 3\0 and more"),
        ("ntuser.dat", b"regf and more"),
        ("notes.sqlite", b"SQLite format 3\0 and more"),
    ];
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let checked = check_folder(dir.path());
    // Nobody takes a file of that ending for a database of this engine.
    assert_eq!((checked.exit_code(), checked.of_logs()), (0, vec!["other-format".to_owned(); 3]));
    let text = checked.json().to_string();
    assert!(
        text.contains("Access (Jet Red") && text.contains("SQLite") && text.contains("registry")
    );
}

#[test]
fn a_log_of_an_unknown_version_is_not_damaged() {
    let dir = group();
    edit_log(&dir.path().join("E00.log"), |bytes| bytes[32] = 9);
    let checked = check_folder(dir.path());
    assert_eq!(checked.of_logs(), ["log-version-unknown"]);
    assert_eq!((checked.exit_code(), checked.next("mount").1), (1, Some(-514)));
}

#[test]
fn a_file_under_the_next_name() {
    let dir = group();
    fs::copy(dir.path().join("E00.log"), dir.path().join("E0000005.log")).unwrap();
    let checked = check_folder(dir.path());
    assert!(checked.of_logs().contains(&"name-taken".to_owned()), "{:?}", checked.of_logs());
    assert_eq!(
        (checked.exit_code(), actions(&checked)),
        (1, vec!["move-logs-away".into(), "mount-stores".into()])
    );
}

#[test]
fn what_the_header_counts() {
    let dir = group();
    edit_database(&dir.path().join("pub1.edb"), |raw| {
        (raw.bad_checksum, raw.ecc_fix_success, raw.repair_count) = (7.into(), 2.into(), 1.into());
    });
    let checked = check_folder(dir.path());
    assert_eq!(checked.of_database("pub1.edb"), ["counted-damage", "repaired-database"]);
    let message = checked.finding("counted-damage", "message");
    assert_eq!(message, "Bad Checksum Error Count: 7; ECC Fix Success Count: 2");
    assert_eq!((checked.exit_code(), actions(&checked).len()), (0, 0));
}

#[test]
fn an_empty_second_folder_is_answered_for() {
    let (dir, empty) = (group(), tempfile::tempdir().unwrap());
    let checked = check(&[dir.path(), empty.path()]);
    assert_eq!((checked.exit_code(), checked.refusals()), (4, vec!["not-a-database".to_owned()]));
}

#[test]
fn a_streaming_file_alone_is_a_store_that_is_missing() {
    let dir = group();
    fs::remove_file(dir.path().join("priv1.edb")).unwrap();
    let checked = check_folder(dir.path());
    assert_eq!((checked.exit_code(), checked.of_logs()), (4, vec!["database-missing".to_owned()]));
    assert_eq!(actions(&checked), ["bring-database-back", "check-again"]);
    let random = Recipe::default().private_random.to_string();
    let allowed = check(&[dir.path().to_str().unwrap(), "--allow-group-incomplete", &random]);
    assert_eq!((allowed.exit_code(), allowed.of_logs()), (0, Vec::new()));
}

#[test]
fn the_logs_of_a_dirty_group_of_2003_without_the_current_one() {
    let dir = group();
    fs::remove_file(dir.path().join("E00.log")).unwrap();
    fs::remove_file(dir.path().join("E00.chk")).unwrap();
    for name in ["priv1.edb", "pub1.edb"] {
        edit_database(&dir.path().join(name), |raw| {
            raw.state = 2.into();
            (raw.gen_min_required, raw.gen_max_required) = (2.into(), 4.into());
            raw.last_consistent_pos = edbmend::ese::LgPos::default().into();
        });
    }
    let checked = check_folder(dir.path());
    let commands = checked.json()["way_out"].to_string();
    // That engine knows no /a, and its names always have five digits.
    assert!(!commands.contains(" /a") && !commands.contains("/c5"), "{commands}");
    assert_eq!(checked.finding("closed-logs-only", "severity"), "error");
}

#[test]
fn which_logs_may_go() {
    let dir = group();
    let checked = check_folder(dir.path());
    let of = |range: &serde_json::Value| {
        let text = |key: &str| range[key].to_string();
        ["from", "to", "state", "needed_to_mount", "in_backup", "next_full_deletes"]
            .map(text)
            .join(" ")
    };
    let ranges: Vec<String> = checked.logs()["ranges"].as_array().unwrap().iter().map(of).collect();
    // Clean in generation 5, where the checkpoint is; both backups have the generations 1 and 2.
    let expected = [
        "1 2 \"closed\" false true true",
        "3 4 \"closed\" false false true",
        "5 5 \"current\" true false false",
    ];
    assert_eq!(ranges, expected);
    let held = |checked: &Ran| {
        let ranges = checked.logs()["ranges"].as_array().unwrap().clone();
        ranges.iter().flat_map(|range| range["held_by"].as_array().unwrap().clone()).count()
    };
    assert_eq!(held(&checked), 0);
    // A dirty store keeps what it needs.
    edit_database(&dir.path().join("pub1.edb"), |raw| {
        raw.state = 2.into();
        (raw.gen_min_required, raw.gen_max_required) = (3.into(), 5.into());
    });
    let checked = check_folder(dir.path());
    let ranges = checked.logs()["ranges"].as_array().unwrap();
    let third = ranges.iter().find(|range| range["from"] == 3).unwrap();
    assert_eq!(
        (&third["needed_to_mount"], &third["next_full_deletes"]),
        (&true.into(), &false.into())
    );
    assert!(third["held_by"][0].as_str().unwrap().ends_with("pub1.edb"), "{third}");
}

#[test]
fn groups_in_a_tree() {
    let top = tempfile::tempdir().unwrap();
    for name in ["first", "second"] {
        fs::create_dir_all(top.path().join("servers").join(name)).unwrap();
        write_group(&top.path().join("servers").join(name));
    }
    fs::remove_file(top.path().join("servers/second/E0000003.log")).unwrap();
    let checked = check(&[top.path().to_str().unwrap(), "--recursive"]);
    assert_eq!(
        (checked.exit_code(), checked.databases(), checked.of_logs()),
        (1, 4, vec!["log-gap".to_owned()])
    );
    let groups = checked.json()["groups"].as_array().unwrap();
    let dirs: Vec<&str> = groups.iter().map(|group| group["dir"].as_str().unwrap()).collect();
    assert!(dirs[0].ends_with("/first") && dirs[1].ends_with("/second"), "{dirs:?}");
    assert_eq!(checked.logs()["dir"], dirs[0]);
    let without = check(&[top.path()]);
    assert_eq!((without.exit_code(), without.databases()), (4, 1));
}

#[test]
fn parts_one_level_below_are_offered() {
    let dir = group();
    let (logs, system) = (dir.path().join("logs"), dir.path().join("system"));
    fs::create_dir(&logs).unwrap();
    fs::create_dir(&system).unwrap();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "E00.chk" {
            fs::rename(&path, system.join(name)).unwrap();
        } else if name.ends_with(".log") {
            fs::rename(&path, logs.join(name)).unwrap();
        }
    }
    let offered =
        check_folder(dir.path()).json()["way_out"][0]["command"].as_str().unwrap().to_owned();
    let words = shell_words(&offered);
    let checked = check(&words.iter().skip(2).map(String::as_str).collect::<Vec<_>>());
    assert_eq!((checked.exit_code(), checked.stream().0.as_str()), (0, "E00"), "{offered}");
    assert!(offered.contains("--log-dir") && offered.contains("--system-dir"), "{offered}");
    // From the folder of the logs to databases below it.
    let below = logs.join("databases");
    fs::create_dir(&below).unwrap();
    for name in ["priv1.edb", "priv1.stm", "pub1.edb"] {
        fs::rename(dir.path().join(name), below.join(name)).unwrap();
    }
    fs::rename(system.join("E00.chk"), logs.join("E00.chk")).unwrap();
    let offered = check_folder(&logs).json()["way_out"][0]["command"].as_str().unwrap().to_owned();
    let words = shell_words(&offered);
    let checked = check(&words.iter().skip(2).map(String::as_str).collect::<Vec<_>>());
    assert_eq!((checked.exit_code(), checked.databases()), (0, 2), "{offered}");
}

/// The words of a command without quotes.
fn shell_words(command: &str) -> Vec<String> {
    command.split(' ').map(str::to_owned).collect()
}
