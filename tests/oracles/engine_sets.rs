//! `check` against what the engine itself said and did: each case is a step of the transcripts in
//! `data/engine/stage4_*`, where the engine ran on exactly these headers and logs.

use std::path::Path;

use crate::harness::ran::{findings, ids};
use crate::harness::sets::{Sample, Unpacked, dword};
use crate::harness::{digest, files, needs, run_on};
use edbmend::ese::RawDbHeader;
use edbmend::ese::shadow::Which;
use edbmend::practice::{corrupt_copy, edit_copy, edit_header};
use serde_json::Value;

/// The damage of KB946799, in the set of `tests/data` that most steps begin with.
const BUG_STATE: &str = "engine/stage4_p4096/s4_1_bug_state/test.edb";
/// The healed database.
const HEALED: &str = "engine/stage4_p4096/s4_2b_cleared_after_full_inc/test.edb";
/// SHA-256 of the database before the damage: a full backup of the generations 1 to 4, then clean.
const HEALTHY: &str = "bf5e547dc6f61d13baf3a9d18b4c84f1a1f2b7fe7dd1bac9f9ee64b95c25f162";
/// SHA-256 of the damaged database when its field was cleared, as the engine then attached it.
const CLEARED: &str = "60ea66a228fd4133a81e90072a366ea21759369b56270fedfb072cf6a68b423c";
const BOGUS: u32 = 0xffff_ffff;

/// What `check` must say of a database, beside info that a healthy database gets too.
struct Expected {
    /// Ids of all findings, sorted.
    findings: &'static [&'static str],
    /// The file names of event 459: newer engines, Exchange 2003 (KB946799).
    missing: Option<(&'static str, &'static str)>,
}

/// The engine backed it up without a complaint.
const NOTHING: Expected = Expected { findings: &[], missing: None };
/// The engine answered -560 with event 206.
const NEEDS_FULL: Expected = Expected { findings: &["full-backup-needed"], missing: None };
/// The engine answered -569 with event 459 and named `E00*.log`; KB946799 quotes `E0000000.log`.
const DAMAGED: Expected = Expected {
    findings: &["full-backup-gen-invalid", "next-full-truncates", "next-incremental-fails"],
    missing: Some(("E00*.log", "E0000000.log")),
};

/// The damage, in the shadow only: the primary has a bad checksum.
const PRIMARY_BAD: Expected = Expected {
    findings: &[
        "full-backup-gen-invalid",
        "next-full-truncates",
        "next-incremental-fails",
        "primary-header-damaged",
    ],
    missing: DAMAGED.missing,
};
/// The damage, in the primary only: the shadow is valid and says something else.
const DIFFERENT: Expected = Expected {
    findings: &[
        "full-backup-gen-invalid",
        "header-copies-differ",
        "next-full-truncates",
        "next-incremental-fails",
    ],
    missing: DAMAGED.missing,
};

/// The engine asked for a log that is a plausible one, but is gone.
const fn gone(name: &'static str) -> Expected {
    Expected { findings: &["next-incremental-fails"], missing: Some((name, name)) }
}

const fn only(findings: &'static [&'static str]) -> Expected {
    Expected { findings, missing: None }
}

fn compare(step: &str, database: &Value, expected: &Expected) {
    let mut found = ids(&database["findings"]);
    found.sort();
    assert_eq!(found, expected.findings, "{step}");
    let list = database["findings"].as_array().unwrap();
    let fails = list.iter().find(|finding| finding["id"] == "next-incremental-fails");
    assert_eq!(fails.is_some(), expected.missing.is_some(), "{step}");
    if let (Some(finding), Some((published, exchange))) = (fails, expected.missing) {
        let text = finding["consequence"].as_str().unwrap();
        assert!(text.contains(&format!("the file {exchange} is missing")), "{step}: {text}");
        // Without damage in the header there is nothing for edbmend to repair.
        let damaged = expected.findings.len() > 1;
        let names_published = text.contains(&format!("newer engines name {published}"));
        assert_eq!(names_published, damaged, "{step}: {text}");
        let remedy = finding["remedy"].as_str().unwrap();
        assert_eq!(remedy.contains("edbmend repair"), damaged, "{step}: {remedy}");
    }
}

fn check(step: &str, unpacked: &Unpacked, expected: &Expected) {
    let run = run_on(&["check"], &unpacked.database);
    let report = run.json();
    compare(step, &report["databases"][0], expected);
    let list = report["databases"][0]["findings"].as_array().unwrap();
    let has_error = list.iter().any(|finding| finding["severity"] == "error");
    assert_eq!(run.exit_code(), i32::from(has_error), "{step}");
}

/// The database before the damage, byte for byte as the engine closed it.
fn healthy() -> Sample {
    let mut sample = Sample::of(BUG_STATE);
    edit_header(&mut sample.bytes, |raw| raw.full_prev.gen_high = 4.into());
    assert_eq!(digest(&sample.bytes), HEALTHY);
    sample
}

#[test]
fn saved_states() {
    let cleared = Sample::of(BUG_STATE).unpack_as_it_is();
    assert_eq!(run_on(&["repair", "--yes"], &cleared.database).exit_code(), 0);
    let states = [
        // incremental: event 459 E00*.log, -569
        ("S4.1", Sample::of(BUG_STATE).unpack_as_it_is(), DAMAGED),
        // incremental: event 206, -560
        ("S4.2 before", cleared, NEEDS_FULL),
        // full 6-7 and incremental 7-8 succeeded
        ("S4.2 after", Sample::of(HEALED).unpack_as_it_is(), NOTHING),
        // full 1-4, clean: the healthy set itself
        ("S4.4", healthy().unpack_as_it_is(), NOTHING),
    ];
    for (step, unpacked, expected) in states {
        check(step, &unpacked, &expected);
    }
}

#[test]
#[ignore = "needs the real files"]
fn more_saved_states() {
    needs::real_files();
    let stage4 = |set: &str| format!("engine/stage4_p4096/{set}/test.edb");
    let states = [
        // a second incremental of the state that the first one left: the same
        ("S4.1c before", stage4("s4_1b_after_failed_incremental"), DAMAGED),
        // full 8-9 and incremental 8-10 succeeded
        ("S4.1c after", stage4("s4_1c_after_full_then_inc"), NOTHING),
        // incremental: event 206, -560
        ("S4.2 before", stage4("s4_2_cleared"), NEEDS_FULL),
        // new log stream, -560, then full 1-1 and incremental 1-2 succeeded
        ("S4.6 after", stage4("s4_6_logs_and_chk_removed_reattached"), NOTHING),
        // attached to a new log stream: the engine cleared all fields
        ("S4.7", stage4("s4_7_logs_removed_attach_detach"), NEEDS_FULL),
        // freeze of an incremental snapshot: event 459 E00*.log, -569
        ("V1", "engine/stage4_vss_p4096/v_full_bug_state/test.edb".into(), DAMAGED),
        // full 1-4, clean: the healthy set itself
        ("S4.4", "engine/p4096/a_full/test.edb".into(), NOTHING),
    ];
    for (step, path, expected) in states {
        check(step, &Sample::of(&path).unpack_as_it_is(), &expected);
    }
}

/// Two files of these are not in the clone, but what they are is known.
#[test]
#[ignore = "needs the real files"]
fn the_digests_are_those_of_the_saved_files() {
    needs::real_files();
    for (path, expected) in [
        ("engine/p4096/a_full/test.edb", HEALTHY),
        ("engine/stage4_p4096/s4_2_cleared/test.edb", CLEARED),
    ] {
        assert_eq!(digest(&files::read(path)), expected, "{path}");
    }
}

/// Each of them was backed up and closed without a complaint (`driver.txt`).
#[test]
#[ignore = "needs the real files"]
fn healthy_sets() {
    needs::real_files();
    let formats = ["p4096", "p32768", "p4096_efv8020"];
    let mut sets: Vec<_> =
        formats.iter().flat_map(|f| [format!("{f}/a_full"), format!("{f}/b_full_inc")]).collect();
    sets.extend(["p4096_names_1".into(), "p4096_names_2".into()]);
    for set in sets {
        check(&set, &Sample::of(&format!("engine/{set}/test.edb")).unpack_as_it_is(), &NOTHING);
    }
}

/// The healthy set with its header edited in both copies.
fn edited(edit: impl FnMut(&mut RawDbHeader)) -> Unpacked {
    let mut sample = healthy();
    edit_header(&mut sample.bytes, edit);
    sample.unpack_as_it_is()
}

fn with_full(low: u32, high: u32) -> Unpacked {
    edited(|raw| {
        raw.full_prev.gen_low = low.into();
        raw.full_prev.gen_high = high.into();
    })
}

/// Removes the logs 1 to `last`, as a truncation does.
fn without_logs(unpacked: Unpacked, last: u32) -> Unpacked {
    for generation in 1..=last {
        let log = unpacked.dir.path().join(format!("E00{generation:05X}.log"));
        std::fs::remove_file(log).expect("a log of the set");
    }
    unpacked
}

#[test]
fn edited_full_backups() {
    let impossible = Expected { missing: Some(("E0000000.log", "E0000000.log")), ..DAMAGED };
    let cases = [
        // only the generations are zero, mark and time are left: event 206, -560
        ("S4.3", with_full(0, 0), NEEDS_FULL),
        // event 459 E0000000.log, -569
        ("S4.5 0x7fffffff", with_full(1, 0x7fff_ffff), impossible),
        // "had a full backup"; the incremental took the logs from 1 on
        ("S4.5 genHigh=0", with_full(1, 0), only(&["backup-gen-half-set"])),
        // the truncated chain goes on with 5
        ("S4.5 logs 1-4 removed", without_logs(with_full(1, 4), 4), NOTHING),
        // event 459 E0000005.log, -569
        ("S4.5 logs 1-5 removed", without_logs(with_full(1, 4), 5), gone("E0000005.log")),
        // event 459 E0000003.log, -569
        ("S4.5 genHigh=2", without_logs(with_full(1, 2), 3), gone("E0000003.log")),
    ];
    for (step, unpacked, expected) in cases {
        check(step, &unpacked, &expected);
    }
}

/// A generation that the database has not reached yet holds no log back either, and is a warning
/// only: the remedy of the error must name the flag without which a repair does nothing.
#[test]
fn the_remedy_of_a_bound_that_is_too_late() {
    let unpacked = with_full(1, 0x5000);
    check("0x5000", &unpacked, &only(&["backup-gen-beyond-log", "next-full-truncates"]));
    let report = run_on(&["check"], &unpacked.database).json().clone();
    let remedy = report["databases"][0]["findings"][0]["remedy"].as_str().unwrap();
    assert!(remedy.contains("edbmend repair --also backup-gen-beyond-log "), "{remedy}");
    let command = ["repair", "--yes", "--also", "backup-gen-beyond-log"];
    assert_eq!(run_on(&command, &unpacked.database).json()["outcome"], "committed");
    check("0x5000 repaired", &unpacked, &NEEDS_FULL);
}

/// S4.5 with 0x80000000: -569 as well. The engine names "E00ddddd.log": it formats a negative number
/// with characters that are no digits, so there is no name to agree on.
#[test]
fn a_negative_generation_fails_the_incremental() {
    let run = run_on(&["check"], &with_full(1, 0x8000_0000).database);
    let mut found = findings(run.json());
    found.sort();
    assert_eq!(found, DAMAGED.findings);
}

#[test]
fn edited_other_backups() {
    let incremental = edited(|raw| {
        raw.inc_prev.gen_low = 5.into();
        raw.inc_prev.gen_high = BOGUS.into();
    });
    let copy_and_differential = edited(|raw| {
        for field in [&mut raw.copy_prev, &mut raw.diff_prev] {
            field.gen_low = 1.into();
            field.gen_high = BOGUS.into();
        }
    });
    let current = edited(|raw| {
        raw.full_cur.gen_low = 1.into();
        raw.full_cur.gen_high = BOGUS.into();
    });
    let cases = [
        // event 459 E00*.log, -569
        (
            "S4.14",
            incremental,
            Expected {
                findings: &["incremental-backup-gen-invalid", "next-incremental-fails"],
                missing: DAMAGED.missing,
            },
        ),
        // the incremental succeeded: what the fields say is wrong all the same
        (
            "S4.15",
            copy_and_differential,
            only(&["copy-backup-gen-invalid", "differential-backup-gen-invalid"]),
        ),
        // the attach cleared it and the incremental succeeded
        ("S4.16", current, only(&["backup-in-progress"])),
    ];
    for (step, unpacked, expected) in cases {
        check(step, &unpacked, &expected);
    }
}

#[test]
fn header_copies_that_differ() {
    let sample = Sample::of(BUG_STATE);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = sample.bytes.clone();
        change(&mut bytes);
        sample.unpack(&bytes)
    };
    let clear = |raw: &mut RawDbHeader| {
        raw.full_prev = zerocopy::FromZeros::new_zeroed();
    };
    // event 456; the engine took genHigh=0xffffffff from the shadow
    let primary_bad = changed(&|bytes| corrupt_copy(bytes, Which::Primary));
    check("S4.11", &primary_bad, &PRIMARY_BAD);
    // event 206, -560: the primary wins
    let primary_cleared = changed(&|bytes| edit_copy(bytes, Which::Primary, clear));
    check("S4.12", &primary_cleared, &only(&["full-backup-needed", "header-copies-differ"]));
    // event 459 E00*.log, -569: the primary wins
    let shadow_cleared = changed(&|bytes| edit_copy(bytes, Which::Shadow, clear));
    check("S4.13", &shadow_cleared, &DIFFERENT);
}

/// S4.6: the logs were moved away and the engine began a new stream. At the attach it cleared the
/// field, since the log signature differs: no backup can have failed because of it.
#[test]
#[ignore = "needs the real files"]
fn the_damage_beside_a_new_log_stream() {
    needs::real_files();
    let bug_state = Sample::of(BUG_STATE).bytes;
    let new_stream =
        Sample::of("engine/stage4_p4096/s4_6_logs_and_chk_removed_reattached/test.edb");
    let unpacked = new_stream.unpack(&bug_state);
    check("S4.6 before", &unpacked, &only(&["full-backup-gen-invalid", "log-signature-mismatch"]));
    let report = run_on(&["check"], &unpacked.database).json().clone();
    let text = report["databases"][0]["findings"][0]["consequence"].as_str().unwrap();
    assert!(text.contains("at the next logged attach the engine clears the field"), "{text}");
}

/// V3: the 24 bytes zero, the type still OSSnapshot: event 206, -560 on freeze.
#[test]
#[ignore = "needs the real files"]
fn a_cleared_snapshot_backup_that_keeps_its_type() {
    needs::real_files();
    let sample = Sample::of("engine/stage4_vss_p4096/v_full_bug_state/test.edb");
    let mut bytes = sample.bytes.clone();
    edit_header(&mut bytes, |raw| raw.full_prev = zerocopy::FromZeros::new_zeroed());
    assert_eq!(dword(&bytes, 356), 1, "OSSnapshot");
    check("V3", &sample.unpack(&bytes), &NEEDS_FULL);
}

/// M1, M2 and M4: two databases in one log stream. One of them stops the incremental backup of both;
/// the finding stands at the one that is to blame.
#[test]
fn two_databases_in_one_stream() {
    let one = Sample::of("engine/stage4_multi_p4096/one.edb").unpack_as_it_is();
    let two = Sample::of("engine/stage4_multi_p4096/two.edb").bytes;
    let place = one.dir.path().join("two.edb");
    let edits: [(&str, u32, u32, Expected); 3] =
        [("M1", 1, 4, NOTHING), ("M2", 1, BOGUS, DAMAGED), ("M4", 0, 0, NEEDS_FULL)];
    for (step, low, high, expected) in edits {
        let mut bytes = two.clone();
        edit_header(&mut bytes, |raw| {
            raw.full_prev.gen_low = low.into();
            raw.full_prev.gen_high = high.into();
        });
        std::fs::write(&place, bytes).unwrap();
        let report = run_on(&["check"], one.dir.path()).json().clone();
        let databases = report["databases"].as_array().unwrap();
        assert_eq!(databases.len(), 2, "{step}");
        for (database, expected) in databases.iter().zip([&NOTHING, &expected]) {
            compare(step, database, expected);
        }
        let names = databases.iter().map(|d| Path::new(d["path"].as_str().unwrap()).file_name());
        assert!(names.eq([Some("one.edb".as_ref()), Some("two.edb".as_ref())]));
    }
}

/// S4.2: the engine attached the cleared database, took a full and an incremental backup of it and
/// was content. A repair of S4.1 gives the same file, byte for byte.
#[test]
fn a_repair_gives_what_the_engine_was_content_with() {
    let unpacked = Sample::of(BUG_STATE).unpack_as_it_is();
    let run = run_on(&["repair", "--yes"], &unpacked.database);
    assert_eq!(run.exit_code(), 0, "{}", run.stdout);
    let repaired = unpacked.bytes();
    for start in [0, 4096] {
        for field in [136..160, 160..184, 184..208] {
            let range = start + field.start..start + field.end;
            assert!(repaired[range.clone()].iter().all(|&byte| byte == 0), "{range:?}");
        }
    }
    assert_eq!(digest(&repaired), CLEARED, "no other byte differs either, the checksum included");
}

/// S4.21 and S4.22: recovery of a dirty database writes the field again from its logs, so an edit is
/// refused.
#[test]
#[ignore = "needs the real files"]
fn a_dirty_database_in_the_bug_state_is_refused() {
    needs::real_files();
    let sample = Sample::of("engine/p4096/c_dirty/test.edb");
    let mut bytes = sample.bytes.clone();
    edit_header(&mut bytes, |raw| raw.full_prev.gen_high = BOGUS.into());
    let unpacked = sample.unpack(&bytes);
    let run = run_on(&["repair", "--yes"], &unpacked.database);
    assert_eq!((run.exit_code(), ids(&run.json()["refusals"])), (3, vec!["dirty-shutdown".into()]));
    assert!(unpacked.bytes() == bytes);
}
