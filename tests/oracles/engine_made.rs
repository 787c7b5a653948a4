//! The sets of `tests/data`, which the engine made and every clone has: what the program reads of them, says
//! of them, and does with them. What the engine itself did with each is in `tests/data/README.md`.

use edbmend::practice::damage_full_backup;

use crate::harness::ran::{check_folder, fails, finding, succeeds};
use crate::harness::{edit_database, files, run, run_on, snapshot};

const BUG_STATE: &str = "engine/stage4_p4096/s4_1_bug_state";
const HEALED: &str = "engine/stage4_p4096/s4_2b_cleared_after_full_inc";
const TWO_DATABASES: &str = "engine/stage4_multi_p4096";
const KILLED: &str = "engine/killed_p16384";

const NOTHING: [&str; 0] = [];

#[test]
fn every_header_is_read() {
    let mut read = 0;
    for set in [BUG_STATE, HEALED, TWO_DATABASES, KILLED] {
        let folder = files::unpack(set);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let kind = match path.extension().unwrap().to_str().unwrap() {
                "log" => "log",
                "chk" => "checkpoint",
                "jfm" => "flush-map",
                "edb" => "database",
                other => panic!("{other}"),
            };
            // A log that is being made is zero throughout.
            if path.ends_with("E01tmp.log") {
                continue;
            }
            let ran = run_on(&["inspect"], &path);
            let file = &ran.json()["files"][0];
            assert_eq!((ran.exit_code(), &file["kind"]), (0, &kind.into()), "{ran:?}");
            assert!(file["header"]["checksum"].is_string(), "{ran:?}");
            read += 1;
        }
    }
    assert_eq!(read, 32);
}

#[test]
fn every_page_is_sound() {
    for (set, name) in [
        (BUG_STATE, "test.edb"),
        (HEALED, "test.edb"),
        (TWO_DATABASES, "one.edb"),
        (TWO_DATABASES, "two.edb"),
        (KILLED, "db1.edb"),
    ] {
        let folder = files::unpack(set);
        let ran = run_on(&["verify"], &folder.path().join(name));
        let pages = &ran.json()["pages"];
        assert_eq!((ran.exit_code(), pages["bad"].as_array().unwrap().len()), (0, 0), "{ran:?}");
        assert!(pages["ok"].as_u64().unwrap() > 30, "{ran:?}");
    }
}

#[test]
fn after_a_full_backup_of_two_databases() {
    let checked = check_folder(files::unpack(TWO_DATABASES).path());
    assert_eq!((checked.exit_code(), checked.databases()), (0, 2), "{checked:?}");
    assert_eq!(checked.of_logs(), NOTHING);
    assert_eq!(checked.stream(), ("E00".into(), Some(1), Some(5), 5));
    for name in ["one.edb", "two.edb"] {
        assert_eq!(checked.of_database(name), NOTHING);
        let full = &checked.database(name)["header"]["previous_full_backup"];
        assert_eq!((&full["gen_low"], &full["gen_high"]), (&1.into(), &4.into()));
    }
    for what in ["mount", "full", "incremental"] {
        assert_eq!(checked.next(what), succeeds(), "{what}");
    }
}

/// An incremental backup must be of the type of the full one, for every database.
#[test]
fn full_backups_of_two_types() {
    let folder = files::unpack(TWO_DATABASES);
    let checked = check_folder(folder.path());
    assert!(
        checked.next_message("incremental").contains("was streamed; an incremental one"),
        "{checked:?}"
    );
    edit_database(&folder.path().join("two.edb"), |raw| raw.full_prev_type = 1.into());
    let checked = check_folder(folder.path());
    assert_eq!(checked.next("incremental"), fails(-560, Some(206)));
    let message = checked.next_message("incremental");
    assert!(message.contains("one.edb was streamed") && message.contains("VSS"), "{message}");
    assert_eq!((checked.next("full"), checked.exit_code()), (succeeds(), 0));
}

/// Damaged, cleared, and healed by the engine's next full backup.
#[test]
fn from_the_damage_to_the_next_incremental() {
    let damaged = files::unpack(BUG_STATE);
    let database = damaged.path().join("test.edb");
    let checked = check_folder(damaged.path());
    let found = ["full-backup-gen-invalid", "next-full-truncates", "next-incremental-fails"];
    assert_eq!(
        (checked.exit_code(), checked.of_database("test.edb")),
        (1, found.map(str::to_owned).into())
    );
    assert_eq!(checked.stream(), ("E00".into(), Some(1), Some(6), 6));
    assert_eq!(checked.next("mount"), succeeds());
    assert_eq!(checked.next("full"), succeeds());
    assert_eq!(checked.next("incremental"), fails(-569, Some(459)));
    assert!(checked.next_message("incremental").contains("E00*.log is missing"));

    assert_eq!(run_on(&["repair", "--yes"], &database).outcome(), "committed");
    let checked = check_folder(damaged.path());
    assert_eq!(
        (checked.exit_code(), checked.of_database("test.edb").as_slice()),
        (0, ["full-backup-needed".to_owned()].as_slice())
    );
    assert_eq!(checked.next("full"), succeeds());
    assert_eq!(checked.next("incremental"), fails(-560, Some(206)));

    let checked = check_folder(files::unpack(HEALED).path());
    assert_eq!((checked.exit_code(), checked.of_database("test.edb").len()), (0, 0));
    assert_eq!(checked.stream(), ("E00".into(), Some(7), Some(9), 3));
    assert_eq!(checked.next("incremental"), succeeds());
}

#[test]
fn the_undo_of_a_repair_brings_every_byte_back() {
    let folder = files::unpack(BUG_STATE);
    let database = folder.path().join("test.edb");
    let before = std::fs::read(&database).unwrap();
    let repaired = run_on(&["repair", "--yes"], &database);
    assert_eq!(repaired.exit_code(), 0, "{repaired:?}");
    assert!(std::fs::read(&database).unwrap() != before);
    let undone = run_on(&["restore", "--yes"], &repaired.operation_dir());
    assert_eq!(undone.outcome(), "committed", "{undone:?}");
    assert!(std::fs::read(&database).unwrap() == before);
}

/// On a copy of it the engine recovered, mounted, and made an incremental and a full backup.
#[test]
fn of_a_killed_process() {
    let folder = files::unpack(KILLED);
    let checked = check_folder(folder.path());
    assert_eq!((checked.exit_code(), checked.of_logs().len()), (1, 0), "{checked:?}");
    assert_eq!(checked.of_database("db1.edb"), ["dirty-shutdown"]);
    let message = finding(&checked, "dirty-shutdown")["message"].clone();
    assert!(message.as_str().unwrap().ends_with("all of these logs are there"), "{message}");
    assert_eq!(checked.stream(), ("E01".into(), Some(1), Some(4), 4));
    for what in ["mount", "full", "incremental"] {
        assert_eq!(checked.next(what), succeeds(), "{what}");
    }
}

/// With the damage put in, too: the recovery would write the field again from the logs.
#[test]
fn a_dirty_database_is_refused_and_untouched() {
    let folder = files::unpack(KILLED);
    let database = folder.path().join("db1.edb");
    for is_damaged in [false, true] {
        if is_damaged {
            let mut bytes = std::fs::read(&database).unwrap();
            damage_full_backup(&mut bytes);
            std::fs::write(&database, bytes).unwrap();
        }
        let before = snapshot(folder.path());
        let words = ["repair", "--yes", "--json", database.to_str().unwrap()];
        let refused = run(words);
        if is_damaged {
            refused.expect_refused(3, &["dirty-shutdown"]);
        } else {
            assert_eq!(refused.code, Some(3), "{refused:?}");
        }
        assert_eq!(snapshot(folder.path()), before);
    }
}
