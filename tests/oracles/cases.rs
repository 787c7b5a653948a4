//! Small inputs from public reports, with what is right written by hand: each was once answered with silence, a false
//! alarm or advice that does harm.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::ran::{check, check_folder, fails};
use crate::harness::{Ran, files, needs, run};

/// The files of a case, unpacked.
fn case(name: &str) -> TempDir {
    needs::real_files();
    let from = files::shared_folder().join("data/cases").join(name).join("in");
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(&from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        match name.strip_suffix(".gz") {
            Some(plain) => fs::write(dir.path().join(plain), files::read_packed(&path)).unwrap(),
            None => drop(fs::copy(&path, dir.path().join(name)).unwrap()),
        }
    }
    dir
}

fn reset(dir: &Path, database: &str) -> Ran {
    let database = dir.join(database);
    let words = ["reset-logs", "--dry-run", "--json", "--db", database.to_str().unwrap()];
    run(words.into_iter().chain([dir.to_str().unwrap()]))
}

fn actions(checked: &Ran) -> Vec<String> {
    let steps = checked.json()["way_out"].as_array().unwrap();
    steps.iter().map(|step| step["action"].as_str().unwrap().to_owned()).collect()
}

fn commands(checked: &Ran) -> Vec<String> {
    let steps = checked.json()["way_out"].as_array().unwrap();
    steps.iter().map(|step| step["command"].as_str().unwrap_or_default().to_owned()).collect()
}

fn path(dir: &TempDir, name: &str) -> PathBuf {
    dir.path().join(name)
}

#[test]
#[ignore = "needs the real files"]
fn a_temporary_database_is_no_broken_store() {
    let dir = case("01-tmpedb-check");
    for checked in [check_folder(dir.path()), check(&[path(&dir, "tmp.edb")])] {
        assert_eq!(checked.exit_code(), 0, "{:#}", checked.json());
        assert_eq!(checked.of_database("tmp.edb"), ["temporary-database"]);
    }
    let dir = case("03-tmpedb-blocks-reset");
    assert_eq!(check_folder(dir.path()).exit_code(), 0);
    assert_eq!(reset(dir.path(), "test.edb").outcome(), "planned");
}

#[test]
#[ignore = "needs the real files"]
fn a_patch_file_is_no_restore() {
    let dir = case("04-pat-blocks-reset");
    let checked = check_folder(dir.path());
    assert!(checked.of_logs().contains(&"patch-file".to_owned()), "{:?}", checked.of_logs());
    assert!(checked.finding("patch-file", "message").contains("generations 1-1"));
    let refused = reset(dir.path(), "WindowsMail.MSMessageStore").refusals();
    assert!(!refused.contains(&"restore-pending".to_owned()), "{refused:?}");
}

#[test]
#[ignore = "needs the real files"]
fn vista_has_the_generations_of_later_engines() {
    let checked = check_folder(case("06-win7-generation-limit").path());
    assert!(!checked.of_logs().contains(&"log-sequence-ending".to_owned()));
    assert_eq!(checked.logs()["generations_left"], 0x7fff_f800 - 0xe_1234);
}

#[test]
#[ignore = "needs the real files"]
fn an_attached_database_is_gone() {
    let checked = check_folder(case("09-1216-database-gone").path());
    // Its logs end in a shutdown, behind which no database is attached: it mounts, and nothing is known of the other.
    assert_eq!(checked.next("mount").0, "succeeds");
    assert!(checked.finding("database-missing", "message").contains("two.edb"));
    assert_eq!((checked.exit_code(), &*actions(&checked)[0]), (4, "bring-database-back"));
}

#[test]
#[ignore = "needs the real files"]
fn old_logs_after_a_hard_repair() {
    let dir = case("11-after-p-old-logs");
    let checked = check_folder(dir.path());
    assert_eq!((checked.exit_code(), checked.next("mount")), (1, fails(-1216, Some(494))));
    assert!(checked.of_database("SRUDB.dat").contains(&"repaired-database".to_owned()));
    assert!(checked.finding("repaired-database", "message").starts_with("Repair Count: 2"));
    assert!(checked.finding("database-replaced", "remedy").contains("logs of before"));
    assert_eq!(actions(&checked), ["reset-logs", "mount-stores"]);
    let planned = reset(dir.path(), "SRUDB.dat");
    assert_eq!(planned.outcome(), "planned", "{planned:?}");
}

#[test]
#[ignore = "needs the real files"]
fn only_committed_logs_are_lost() {
    let checked = check_folder(case("13-only-committed-logs-lost").path());
    assert_eq!((checked.exit_code(), checked.next("mount").0.as_str()), (1, "fails"));
    assert_eq!(checked.finding("closed-logs-only", "severity"), "error");
    let expected = ["bring-logs-back", "copy-aside", "recover-logs", "mount-stores"];
    assert_eq!(actions(&checked), expected);
    assert!(commands(&checked)[2].ends_with(" /a"), "{:?}", commands(&checked));
}

#[test]
#[ignore = "needs the real files"]
fn no_log_mends_what_never_had_one() {
    let dir = case("15-dirty-without-logging");
    let checked = check(&[path(&dir, "OneWall.xBIM")]);
    let remedy = checked.finding("dirty-shutdown", "remedy");
    assert!(remedy.starts_with("No log can make it consistent") && !remedy.contains("eseutil /r"));
    assert!(!checked.finding("no-logging", "remedy").contains("othing to do"));
    assert_eq!(checked.exit_code(), 1);
}

#[test]
#[ignore = "needs the real files"]
fn counted_damage_is_said() {
    let dir = case("16-checksum-counters");
    let checked = check(&[path(&dir, "test.edb")]);
    assert!(checked.finding("counted-damage", "message").contains("Bad Checksum Error Count: 7"));
    assert_eq!(
        (checked.exit_code(), checked.finding("counted-damage", "severity")),
        (0, "warning".into())
    );
}

#[test]
#[ignore = "needs the real files"]
fn an_archive_has_nothing_to_mount() {
    let checked = check_folder(case("18-archive-exit-0").path());
    assert_eq!((checked.exit_code(), checked.next("mount").0.as_str()), (0, "unknown"));
    assert_eq!(checked.finding("closed-logs-only", "severity"), "info");
}

#[test]
#[ignore = "needs the real files"]
fn a_database_from_the_future() {
    let dir = case("20-database-from-the-future");
    let checked = check_folder(dir.path());
    assert_eq!(checked.exit_code(), 1);
    assert!(checked.finding("database-newer-than-logs", "message").contains("generation 11 (0xb)"));
    assert_eq!(actions(&checked), ["reset-logs", "mount-stores"]);
    assert_eq!(reset(dir.path(), "test.edb").outcome(), "planned");
}

#[test]
#[ignore = "needs the real files"]
fn the_checkpoint_is_ahead_of_the_database() {
    let checked = check_folder(case("29-checkpoint-ahead-of-database").path());
    // Its checkpoint lists no database: the start comes to its end, and the attach is refused.
    assert_eq!((checked.exit_code(), checked.next("mount")), (1, fails(-550, None)));
    assert!(checked.of_logs().contains(&"checkpoint-ahead".to_owned()));
    assert_eq!(actions(&checked)[0], "move-checkpoint-away");
}
