//! `check` on the storage groups of real engines. What each must say was worked out by hand from
//! the engine's own dumps and transcripts, and from the descriptions of the sets.

use std::path::Path;

use crate::harness::ran::{check, check_folder, fails, succeeds};
use crate::harness::{Ran, files, needs};
use tempfile::TempDir;

/// A set in a fresh folder, and what `check` says of it.
fn set(name: &str) -> (TempDir, Ran) {
    if !files::set_folder(name).is_dir() {
        needs::real_files();
    }
    let dir = files::unpack(name);
    let checked = check_folder(dir.path());
    (dir, checked)
}

fn stream(
    base: &str,
    first: i64,
    last: i64,
    count: u64,
) -> (String, Option<i64>, Option<i64>, u64) {
    (base.to_owned(), Some(first), Some(last), count)
}

const NOTHING: [&str; 0] = [];

/// What the engine says of a database that was never backed up.
const NEVER_BACKED_UP: [&str; 1] = ["full-backup-needed"];

#[test]
#[ignore = "needs the real files"]
fn two_databases_in_one_stream_of_windows_2003() {
    needs::real_files();
    let dir = files::unpack("real/catroot2-ws2003-xp64");
    let databases =
        ["{F750E6C3-38EE-11D1-85E5-00C04FC295EE}", "{127D0A1D-4EF2-11D1-8608-00C04FC295EE}"]
            .map(|folder| dir.path().join(folder).join("catdb"));
    let [first, second] = &databases;
    let folder = dir.path().as_os_str();
    let checked =
        check(&[folder, "--db".as_ref(), first.as_os_str(), "--db".as_ref(), second.as_os_str()]);
    assert_eq!(checked.exit_code(), 0, "{:#}", checked.json());
    assert_eq!(checked.of_logs(), NOTHING);
    assert_eq!(checked.databases(), 2);
    for database in &databases {
        assert_eq!(checked.of_database(&database.to_string_lossy()), NEVER_BACKED_UP);
    }
    assert_eq!(checked.stream(), stream("edb", 0x7e, 0x83, 6));
    assert_eq!(checked.logs()["signature"]["random"], 0xfced);
    assert_eq!(checked.logs()["databases"].as_array().unwrap().len(), 2);
    // Five-digit names of a version 7: 0xFFFEF is the last.
    assert_eq!(checked.logs()["generations_left"], 0xf_ffef - 0x83);
    let position = &checked.json()["checkpoint"]["header"]["checkpoint"];
    assert_eq!(position, &serde_json::json!({"generation": 0x83, "sector": 0x2f, "offset": 0xcc}));
    assert_eq!(checked.next("mount"), succeeds());
    // Its log headers say that circular logging is on.
    assert_eq!(checked.next("incremental"), fails(-526, None));
}

#[test]
#[ignore = "needs the real files"]
fn logs_whose_databases_lie_elsewhere() {
    let (dir, checked) = set("real/catroot2-ws2003-xp64");
    // Nothing can be said of the two databases that the logs name, but where they are.
    assert_eq!((checked.exit_code(), checked.databases()), (4, 0));
    assert_eq!(checked.of_logs(), ["database-missing"; 2]);
    let offered = checked.json()["way_out"][0]["command"].as_str().unwrap();
    let shown = dir.path().display();
    assert_eq!(
        offered,
        format!(
            "edbmend check {shown} --db {shown}/{{127D0A1D-4EF2-11D1-8608-00C04FC295EE}}/catdb --db \
             {shown}/{{F750E6C3-38EE-11D1-85E5-00C04FC295EE}}/catdb"
        )
    );
    assert_eq!(checked.stream(), stream("edb", 0x7e, 0x83, 6));
    assert_eq!(checked.next("full").0, "unknown");
}

#[test]
#[ignore = "needs the real files"]
fn dirty_windows_10_with_all_its_logs() {
    let (_dir, checked) = set("real/srum-win10-belkasoft-dirty");
    assert_eq!(checked.exit_code(), 1);
    // Zero-filled SRUtmp.log and reserve logs are normal.
    assert_eq!(checked.of_logs(), NOTHING);
    assert_eq!(checked.of_database("SRUDB.dat"), ["dirty-shutdown", "full-backup-needed"]);
    let message = checked.finding("dirty-shutdown", "message");
    assert!(message.contains("81-81 (0x51-0x51); all of these logs are there"), "{message}");
    assert_eq!(checked.stream(), stream("SRU", 0x4e, 0x52, 5));
    assert_eq!(checked.next("mount"), succeeds());
}

#[test]
#[ignore = "needs the real files"]
fn windows_10_after_eseutil_p_belongs_to_no_stream() {
    let (_dir, checked) = set("real/srum-win10-belkasoft-repaired");
    assert_eq!(checked.exit_code(), 1);
    assert_eq!(checked.of_logs(), ["database-replaced"]);
    assert_eq!(checked.next("mount"), fails(-1216, Some(494)));
    assert_eq!(checked.of_database("SRUDB.dat"), ["no-logging", "repaired-database"]);
    assert_eq!(checked.logs()["databases"].as_array().unwrap().len(), 0);
}

#[test]
#[ignore = "needs the real files"]
fn dirty_windows_11_whose_current_log_serves() {
    let (_dir, checked) = set("real/srum-win11-rathbun-dirty");
    assert_eq!(checked.exit_code(), 1);
    // SRUtmp.log still has the header of generation 0x50.
    assert_eq!(checked.of_logs(), NOTHING);
    assert_eq!(checked.of_database("SRUDB.dat"), ["dirty-shutdown", "full-backup-needed"]);
    assert_eq!(checked.stream(), stream("SRU", 0x59, 0x5c, 4));
}

#[test]
#[ignore = "needs the real files"]
fn windows_11_after_eseutil_p() {
    let (_dir, checked) = set("real/srum-win11-rathbun-repaired");
    assert_eq!(checked.exit_code(), 1);
    assert_eq!(checked.of_logs(), ["database-replaced"]);
    assert_eq!(checked.of_database("SRUDB.dat"), ["no-logging", "repaired-database"]);
}

#[test]
#[ignore = "needs the real files"]
fn clean_windows_10_before_and_after_a_recovery() {
    for (name, sector) in [("before", 7), ("after", 9)] {
        let (_dir, checked) = set(&format!("real/srum-win10-rathbun-{name}"));
        assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0), "{name}");
        assert_eq!(checked.of_database("SRUDB.dat"), NEVER_BACKED_UP);
        assert_eq!(checked.stream(), stream("SRU", 3, 9, 7));
        let position = &checked.json()["checkpoint"]["header"]["checkpoint"];
        assert_eq!((&position["generation"], &position["sector"]), (&9.into(), &sector.into()));
    }
}

#[test]
#[ignore = "needs the real files"]
fn a_young_stream_of_server_2022() {
    let (_dir, checked) = set("real/srum-server2022-a");
    assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0));
    assert_eq!(checked.stream(), stream("SRU", 1, 2, 2));
    assert_eq!(checked.logs()["generations_left"], 0x7fff_f800u32 - 2);
}

#[test]
#[ignore = "needs the real files"]
fn logs_of_windows_update_without_their_database() {
    let (_dir, checked) = set("real/wu-datastore-logs-a");
    assert_eq!((checked.exit_code(), checked.databases()), (0, 0));
    assert_eq!(checked.of_logs(), NOTHING);
    assert_eq!(checked.stream(), stream("edb", 0x46, 0x49, 4));
}

#[test]
#[ignore = "needs the real files"]
fn one_log_with_and_without_a_checkpoint() {
    let (_dir, checked) = set("real/secedit-logs-2025");
    assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0));
    assert_eq!(checked.stream(), stream("edb", 1, 1, 1));
    assert_eq!(checked.json()["checkpoint"]["header"]["checkpoint"]["generation"], 1);
    let (_dir, checked) = set("real/secedit-logs-2022");
    assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0));
    assert!(checked.json()["checkpoint"].is_null());
}

#[test]
#[ignore = "needs the real files"]
fn databases_without_logs() {
    for name in ["rev14-14393", "rev14-16299", "rev6e-19045", "revb4-20348", "rev12c-26200"] {
        let (_dir, checked) = set(&format!("real/secedit-{name}"));
        assert_eq!(checked.exit_code(), 0, "{name}: {:#}", checked.json());
        assert_eq!(checked.of_database("secedit.sdb"), NEVER_BACKED_UP, "{name}");
        assert!(checked.logs()["base"].is_null());
        assert_eq!(checked.next("mount"), succeeds());
    }
}

#[test]
#[ignore = "needs the real files"]
fn a_backup_copy_with_its_logs() {
    let (_dir, checked) = set("real/dhcp-backup-BKINFO");
    assert_eq!(checked.exit_code(), 1);
    // What the logs of that network held was taken out.
    let mut of_logs = checked.of_logs();
    // A backup set has no current log.
    assert_eq!(of_logs.remove(0), "closed-logs-only");
    assert_eq!(checked.finding("closed-logs-only", "severity"), "info");
    assert_eq!(of_logs, ["log-body-lost"; 9]);
    assert_eq!(checked.of_database("dhcp.mdb"), ["backup-in-progress", "dirty-shutdown"]);
    let message = checked.finding("dirty-shutdown", "message");
    assert!(message.contains("(0x1e2e4-0x1e2ec); all of these logs are there"), "{message}");
    assert_eq!(checked.stream(), stream("j50", 0x1e2e4, 0x1e2ec, 9));
    assert!(checked.logs()["current"].is_null());
    assert_eq!(checked.next("mount"), fails(-528, None));
}

/// Databases of RavenDB, with the checkpoint in a folder of its own and without their log.
fn raven(name: &str, inner: &str) -> (TempDir, Ran) {
    needs::real_files();
    let dir = files::unpack(&format!("real/raven-{name}"));
    let folder = dir.path().join(inner);
    let system = folder.join("system");
    let checked = check(&[folder.as_os_str(), "--system-dir".as_ref(), system.as_os_str()]);
    (dir, checked)
}

#[test]
#[ignore = "needs the real files"]
fn dirty_databases_whose_only_log_is_lost() {
    let sets = [
        ("fubublog-s1-dirty", "Data"),
        ("fubublog-s1-dirty", "Tenants/MyBlog"),
        ("codepuzzles-dirty-a", "Data"),
        ("codepuzzles-dirty-b", "Data"),
        ("kudos-two-instances", "Data"),
        ("kudos-two-instances", "Database/System"),
        ("babyfubu", "Data"),
    ];
    for (name, inner) in sets {
        let (_dir, checked) = raven(name, inner);
        assert_eq!(checked.exit_code(), 1, "{name}");
        assert_eq!(checked.of_logs(), NOTHING, "{name}");
        let ids = checked.of_database("Data");
        assert_eq!(ids, ["dirty-shutdown", "full-backup-needed", "required-log-missing"], "{name}");
        let message = checked.finding("required-log-missing", "message");
        assert!(message.contains("generation 1 (0x1) is not in"), "{message}");
        assert!(message.contains("RVN00001.log"), "{message}");
        assert_eq!(checked.next("mount"), fails(-550, None), "{name}");
        assert_eq!(checked.json()["checkpoint"]["base"], "RVN");
    }
}

#[test]
#[ignore = "needs the real files"]
fn clean_databases_whose_logs_were_deleted() {
    let sets = [
        ("fubublog-s2-clean", "Data"),
        ("fubublog-s3-clean", "Data"),
        ("fubublog-s3-clean", "Tenants/MyBlog"),
    ];
    for (name, inner) in sets {
        let (_dir, checked) = raven(name, inner);
        assert_eq!((checked.exit_code(), checked.of_logs().len()), (0, 0), "{name}");
        assert_eq!(checked.of_database("Data"), NEVER_BACKED_UP);
        assert_eq!(checked.next("mount"), succeeds());
    }
}

#[test]
#[ignore = "needs the real files"]
fn a_dirty_database_beside_a_clean_one_without_logs() {
    let (_dir, checked) = set("real/sum-2012r2");
    assert_eq!(checked.exit_code(), 1);
    let ids = checked.of_database("Current.mdb");
    assert_eq!(ids, ["dirty-shutdown", "full-backup-needed", "required-log-missing"]);
    assert_eq!(checked.of_database("SystemIdentity.mdb"), NEVER_BACKED_UP);
}

#[test]
#[ignore = "needs the real files"]
fn a_dirty_index_of_large_pages_without_logs() {
    let (_dir, checked) = set("real/search-win10-32k-dirty");
    let message = checked.finding("required-log-missing", "message");
    assert!(message.contains("generation 9-12 (0x9-0xc) is not in"), "{message}");
}

#[test]
#[ignore = "needs the real files"]
fn a_temporary_database_beside_a_checkpoint_of_others() {
    let (_dir, checked) = set("real/ntds-2012r2-temp-8k");
    assert_eq!(checked.of_logs(), NOTHING);
    assert_eq!(checked.of_database("temp.edb"), ["temporary-database"]);
}

const FORMATS: [&str; 3] = ["p4096", "p32768", "p4096_efv8020"];

/// What `eseutil /ml` printed: names of the logs, names of those it missed, current generation.
struct Dumped {
    logs: Vec<String>,
    missing: Vec<String>,
    last: i64,
}

fn dumped(set: &str) -> Dumped {
    let text = files::text(&format!("engine/{set}/ml.txt"));
    let after = |label: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix(label));
        lines
            .map(|line| line.trim_end_matches(" - OK").rsplit('\\').next().unwrap().to_owned())
            .collect()
    };
    let single = files::text(&format!("engine/{set}/ml-E00.txt"));
    let generation = single.lines().find_map(|line| line.trim().strip_prefix("lGeneration: "));
    let last = generation.and_then(|text| text.split(' ').next()).unwrap().parse().unwrap();
    Dumped { logs: after("Log file: "), missing: after("Missing log file: "), last }
}

/// Lowest and highest generation and number of logs as the engine's own dump has them.
fn check_against_dump(checked: &Ran, dumped: &Dumped, set: &str) {
    let digits = &dumped.logs[0][3..8];
    let first = i64::from_str_radix(digits, 16).unwrap();
    let count = dumped.logs.len() as u64;
    assert_eq!(checked.stream(), stream("E00", first, dumped.last, count), "{set}");
}

#[test]
#[ignore = "needs the real files"]
fn the_engine_after_a_full_and_after_an_incremental_backup() {
    for set_name in FORMATS.iter().flat_map(|f| [format!("{f}/a_full"), format!("{f}/b_full_inc")])
    {
        let (_dir, checked) = set(&format!("engine/{set_name}"));
        assert_eq!(checked.exit_code(), 0, "{set_name}: {:#}", checked.json());
        assert_eq!(checked.of_logs(), NOTHING);
        assert_eq!(checked.of_database("test.edb"), NOTHING);
        check_against_dump(&checked, &dumped(&set_name), &set_name);
        for what in ["mount", "full", "incremental"] {
            assert_eq!(checked.next(what), succeeds(), "{set_name}: {what}");
        }
    }
}

/// The engine started on a copy of this set: it recovered, mounted, and made an incremental backup.
#[test]
#[ignore = "needs the real files"]
fn a_dirty_database_of_the_engine() {
    for format in FORMATS {
        let name = format!("{format}/c_dirty");
        let (_dir, checked) = set(&format!("engine/{name}"));
        assert_eq!(checked.exit_code(), 1);
        assert_eq!(checked.of_logs(), NOTHING);
        assert_eq!(checked.of_database("test.edb"), ["dirty-shutdown"]);
        let message = checked.finding("dirty-shutdown", "message");
        assert!(message.ends_with("all of these logs are there"), "{message}");
        check_against_dump(&checked, &dumped(&name), &name);
        assert_eq!(checked.next("mount"), succeeds());
        assert_eq!(checked.next("incremental"), succeeds());
        let engine = files::text(&format!("engine/{name}/engine-start-on-copy.txt"));
        assert!(engine.contains("JetEndExternalBackupInstance2              -> 0"));
    }
}

fn without(name: &str, log: &str) -> (TempDir, Ran) {
    let dir = files::unpack(name);
    std::fs::remove_file(dir.path().join(log)).unwrap();
    let checked = check_folder(dir.path());
    (dir, checked)
}

/// The engine mounted a copy, began an incremental backup and stopped at the gap: -569, event 459.
#[test]
#[ignore = "needs the real files"]
fn a_gap_behind_a_clean_database() {
    needs::real_files();
    for format in FORMATS {
        let (_dir, checked) = without(&format!("engine/{format}/a_full"), "E0000003.log");
        assert_eq!(checked.exit_code(), 1);
        assert_eq!(checked.of_logs(), ["log-gap"]);
        assert_eq!(checked.of_database("test.edb"), NOTHING);
        let dump = dumped(&format!("{format}/d_gap_clean"));
        check_against_dump(&checked, &dump, format);
        assert_eq!(dump.missing, ["E0000003.log"]);
        assert_eq!(checked.logs()["missing"], serde_json::json!([[3, 3]]));
        assert!(checked.finding("log-gap", "message").contains("E0000003.log"));
        assert_eq!(checked.next("mount"), succeeds());
        assert_eq!(checked.next("full"), succeeds());
        assert_eq!(checked.next("incremental"), fails(-569, Some(459)));
        assert!(checked.next_message("incremental").contains("E0000003.log is missing"));
        let engine = files::text(&format!("engine/{format}/d_gap_clean/engine-start-on-copy.txt"));
        assert!(engine.contains("id=459") && engine.contains("E0000003.log is missing and"));
    }
}

/// The engine replayed as far as the gap and stopped: -515, event 567.
#[test]
#[ignore = "needs the real files"]
fn a_gap_in_what_a_dirty_database_needs() {
    needs::real_files();
    for format in FORMATS {
        let (_dir, checked) = without(&format!("engine/{format}/c_dirty"), "E0000004.log");
        assert_eq!(checked.exit_code(), 1);
        assert_eq!(checked.of_logs(), ["log-gap"]);
        assert_eq!(checked.of_database("test.edb"), ["dirty-shutdown", "required-log-missing"]);
        let message = checked.finding("required-log-missing", "message");
        assert!(message.contains("generation 4 (0x4) is not in"), "{message}");
        assert_eq!(dumped(&format!("{format}/d_gap_dirty")).missing, ["E0000004.log"]);
        assert_eq!(checked.next("mount"), fails(-515, Some(567)));
        assert_eq!(checked.next("full").0, "fails");
        let engine = files::text(&format!("engine/{format}/d_gap_dirty/engine-start-on-copy.txt"));
        assert!(engine.contains("id=567") && engine.contains("unexpected error -515"));
    }
}

/// S4.10: the archived logs and the checkpoint are there, E00.log is not: JetInit -528.
#[test]
#[ignore = "needs the real files"]
fn only_the_current_log_is_gone() {
    needs::real_files();
    let (_dir, checked) = without("engine/p4096/a_full", "E00.log");
    assert_eq!(checked.next("mount"), fails(-528, None));
    assert!(checked.logs()["current"].is_null());
    assert_eq!(checked.exit_code(), 1);
    // The database was left in the generation of that log.
    assert_eq!(checked.of_logs(), ["closed-logs-only", "database-newer-than-logs"]);
    assert!(checked.finding("closed-logs-only", "message").contains("E00.log, the current log"));
}

/// S4.8: all logs gone, the checkpoint kept: generation 1 begins. S4.9: the checkpoint gone.
#[test]
fn all_logs_or_the_checkpoint_gone() {
    let dir = files::unpack("engine/stage4_p4096/s4_1_bug_state");
    std::fs::remove_file(dir.path().join("E00.chk")).unwrap();
    assert_eq!(check_folder(dir.path()).next("mount"), succeeds());
    let dir = files::unpack("engine/stage4_p4096/s4_1_bug_state");
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "log") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let checked = check_folder(dir.path());
    assert_eq!(checked.next("mount"), succeeds());
    assert!(checked.next_message("mount").contains("begins generation 1"));
}

#[test]
#[ignore = "needs the real files"]
fn other_styles_of_names() {
    for (name, first) in [("p4096_names_1", 4), ("p4096_names_2", 3)] {
        let (_dir, checked) = set(&format!("engine/{name}"));
        assert_eq!(checked.exit_code(), 0, "{:#}", checked.json());
        assert_eq!(checked.of_logs(), NOTHING);
        assert_eq!(checked.stream(), stream("E00", first, 11, (12 - first) as u64));
        assert_eq!(checked.json()["checkpoint"]["header"]["checkpoint"]["generation"], 11);
    }
}

/// What KB946799 does to a header.
const BUG_STATE: [&str; 3] =
    ["full-backup-gen-invalid", "next-full-truncates", "next-incremental-fails"];

/// S4.1: the incremental answers -569 and event 459 naming E00*.log; the full backup succeeds.
#[test]
#[ignore = "needs the real files"]
fn the_damage_before_and_after_a_failed_incremental() {
    for (name, last) in [("s4_1_bug_state", 6), ("s4_1b_after_failed_incremental", 8)] {
        let (_dir, checked) = set(&format!("engine/stage4_p4096/{name}"));
        assert_eq!(checked.exit_code(), 1, "{name}");
        assert_eq!(checked.of_database("test.edb"), BUG_STATE);
        assert_eq!(checked.of_logs(), NOTHING);
        assert_eq!(checked.stream(), stream("E00", 1, last, last as u64));
        assert_eq!(checked.next("incremental"), fails(-569, Some(459)));
        assert!(checked.next_message("incremental").contains("E00*.log is missing"));
        assert_eq!(checked.logs()["next_incremental"]["engine"], "published engine");
        assert_eq!(checked.next("full"), succeeds());
    }
}

/// S4.1c, S4.2, S4.6, S4.7: healed by backups, cleared, and after a log reset.
#[test]
#[ignore = "needs the real files"]
fn after_the_damage() {
    let cleared = fails(-560, Some(206));
    let sets = [
        ("s4_1c_after_full_then_inc", 8, 11, succeeds()),
        ("s4_2_cleared", 1, 6, cleared.clone()),
        ("s4_2b_cleared_after_full_inc", 7, 9, succeeds()),
        ("s4_6_logs_and_chk_removed_reattached", 1, 3, succeeds()),
        ("s4_7_logs_removed_attach_detach", 1, 1, cleared.clone()),
    ];
    for (name, first, last, incremental) in sets {
        let (_dir, checked) = set(&format!("engine/stage4_p4096/{name}"));
        assert_eq!(checked.exit_code(), 0, "{name}: {:#}", checked.json());
        assert_eq!(checked.stream(), stream("E00", first, last, (last - first + 1) as u64));
        assert_eq!(checked.next("incremental"), incremental, "{name}");
        assert_eq!(checked.next("full"), succeeds(), "{name}");
        let expected = if incremental == cleared { &NEVER_BACKED_UP[..] } else { &[] };
        assert_eq!(checked.of_database("test.edb"), expected, "{name}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn the_damage_after_a_shadow_copy_backup() {
    let (_dir, checked) = set("engine/stage4_vss_p4096/v_full_bug_state");
    assert_eq!(
        (checked.exit_code(), checked.of_database("test.edb")),
        (1, BUG_STATE.map(String::from).into())
    );
    assert_eq!(checked.next("incremental"), fails(-569, Some(459)));
}

/// M2: two.edb is put into the bug state: the incremental of the whole instance answers -569.
#[test]
fn one_of_two_databases_damaged() {
    let (dir, checked) = set("engine/stage4_multi_p4096");
    assert_eq!((checked.exit_code(), checked.databases()), (0, 2));
    assert_eq!(checked.next("incremental"), succeeds());
    damage(&dir.path().join("two.edb"));
    let checked = check_folder(dir.path());
    assert_eq!(checked.exit_code(), 1);
    assert_eq!(checked.of_database("one.edb"), NOTHING);
    assert_eq!(checked.of_database("two.edb"), BUG_STATE);
    assert_eq!(checked.next("incremental"), fails(-569, Some(459)));
}

/// S4.22: a dirty database in the bug state. The recovery repaired the field, so nothing is certain.
#[test]
#[ignore = "needs the real files"]
fn the_damage_in_a_dirty_database() {
    let (dir, _) = set("engine/p4096/c_dirty");
    damage(&dir.path().join("test.edb"));
    let checked = check_folder(dir.path());
    assert_eq!(checked.next("mount"), succeeds());
    // The record of the full backup in the logs is redone too, and writes the field anew.
    assert_eq!(checked.next("incremental"), succeeds());
}

fn damage(database: &Path) {
    let mut bytes = std::fs::read(database).unwrap();
    edbmend::practice::damage_full_backup(&mut bytes);
    std::fs::write(database, bytes).unwrap();
}
