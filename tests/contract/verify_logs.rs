//! `verify` and `inspect` of logs, checkpoints, flush maps and whole folders; `check --deep`.

use std::fs;

use edbmend::ese::{RawFlushMapHeader, checksum};
use edbmend::practice::Recipe;
use serde_json::Value;
use zerocopy::FromBytes;

use crate::harness::group::Group;
use crate::harness::ran::{Ran, ids};
use crate::harness::{run, run_on};

/// A group whose logs have bodies.
fn group() -> Group {
    Group::of(&Recipe::of_samples())
}

fn verify(group: &Group, name: &str) -> Ran {
    run_on(&["verify"], &group.path(name))
}

/// Exit code, verdict, ids of the findings of the one log that was named.
fn verdict(group: &Group, name: &str) -> (i32, Value, Vec<String>) {
    let ran = verify(group, name);
    let file = &ran.json()["files"][0];
    (ran.exit_code(), file["body"]["verdict"].clone(), ids(&file["findings"]))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_sound_log_a_torn_one_and_a_damaged_one() {
    let group = group();
    for name in ["E00.log", "E0000001.log"] {
        assert_eq!(verdict(&group, name), (0, "sound".into(), words(&[])), "{name}");
    }
    // The last sector with records: its copy stands behind it.
    let end = verify(&group, "E00.log").json()["files"][0]["body"]["last_lgpos"].clone();
    let last = end["sector"].as_u64().unwrap() as usize * 512;
    group.edit("E00.log", |bytes| bytes[last..last + 512].fill(0x55));
    assert_eq!(verdict(&group, "E00.log"), (1, "torn".into(), words(&["log-tail-torn"])));
    group.edit("E0000002.log", |bytes| bytes[4100] ^= 4);
    let (code, verdict, findings) = verdict(&group, "E0000002.log");
    assert_eq!((code, verdict, findings), (1, "damaged".into(), words(&["log-body-damaged"])));
    let text = run(["verify".as_ref(), group.path("E0000002.log").as_os_str()]).stdout;
    assert!(text.contains("ERROR: Log damaged (unusable). Last Lgpos: (0x2,"), "{text}");
    assert!(!text.contains("Integrity check passed"), "{text}");
}

#[test]
fn a_header_that_cannot_be_used_is_damage() {
    let group = group();
    group.edit("E0000001.log", |bytes| bytes[100] ^= 1);
    let (code, verdict, findings) = verdict(&group, "E0000001.log");
    assert_eq!((code, verdict, findings), (1, Value::Null, words(&["log-header-damaged"])));
}

#[test]
fn nothing_is_wrong_with_prepared_and_reserve_logs() {
    let group = group();
    fs::copy(group.path("res1.log"), group.path("E00tmp.log")).unwrap();
    fs::copy(group.path("res1.log"), group.path("E00res00001.jrs")).unwrap();
    for (name, kind) in [
        ("res1.log", "reserve-log"),
        ("E00res00001.jrs", "reserve-log"),
        ("E00tmp.log", "prepared-log"),
    ] {
        for command in ["verify", "inspect"] {
            let ran = run_on(&[command], &group.path(name));
            assert_eq!((ran.exit_code(), &ran.json()["files"][0]["kind"]), (0, &kind.into()));
        }
    }
}

#[test]
fn what_is_no_file_of_the_engine_is_called_what_it_is() {
    let group = group();
    fs::write(group.path("a.dat"), [b"SQLite format 3\0".as_slice(), &[0; 9000]].concat()).unwrap();
    fs::write(group.path("priv1.pat"), []).unwrap();
    let ran = run_on(&["inspect"], &group.path("a.dat"));
    assert_eq!((ran.exit_code(), &ran.json()["files"][0]["kind"]), (4, &"foreign".into()));
    let ran = run_on(&["inspect"], &group.path("priv1.pat"));
    assert_eq!((ran.exit_code(), &ran.json()["files"][0]["kind"]), (0, &"patch".into()));
}

#[test]
fn a_checkpoint_and_a_flush_map() {
    let group = group();
    let mut map = vec![0; 8192];
    let (raw, _) = RawFlushMapHeader::mut_from_prefix(&mut map).unwrap();
    (raw.version_major, raw.file_type) = (3.into(), 7.into());
    checksum::seal(&mut map);
    map.resize(3 * 8192, 0);
    fs::write(group.path("priv1.jfm"), &map).unwrap();
    for (name, pages) in [("E00.chk", 2), ("priv1.jfm", 3)] {
        let ran = verify(&group, name);
        let file = &ran.json()["files"][0];
        assert_eq!((ran.exit_code(), &file["pages"]["total"]), (0, &pages.into()), "{name}");
    }
    group.edit("priv1.jfm", |bytes| bytes[8192 + 70] = 1);
    group.edit("E00.chk", |bytes| bytes[4096 + 100] ^= 1);
    for name in ["priv1.jfm", "E00.chk"] {
        let ran = verify(&group, name);
        let file = &ran.json()["files"][0];
        assert_eq!((ran.exit_code(), &file["pages"]["bad_checksums"]), (1, &1.into()), "{name}");
    }
}

#[test]
fn a_folder_and_a_base_name() {
    let group = group();
    let folder = run_on(&["verify"], &group.dir);
    assert_eq!((folder.exit_code(), folder.databases()), (0, 3));
    let sets = |ran: &Ran| -> Vec<Value> {
        let files = ran.json()["files"].as_array().unwrap().iter();
        files.map(|file| file["logs"].clone()).filter(|logs| !logs.is_null()).collect()
    };
    let [set] = sets(&folder).try_into().unwrap();
    assert_eq!(
        (&set["total"], &set["sound"], &set["bad"]),
        (&4.into(), &4.into(), &Value::Array(vec![]))
    );

    group.edit("E0000003.log", |bytes| bytes[4100] ^= 4);
    fs::remove_file(group.path("E0000001.log")).unwrap();
    let ran = verify(&group, "E00");
    let [set] = sets(&ran).try_into().unwrap();
    assert_eq!((ran.exit_code(), &set["damaged"], &set["total"]), (1, &1.into(), &3.into()));
    assert!(set["bad"][0]["path"].as_str().unwrap().ends_with("E0000003.log"));
    assert_eq!(set["bad"][0]["body"]["offset"], 4096);
    let text = run(["verify".as_ref(), group.path("E00").as_os_str()]).stdout;
    assert!(text.contains("E0000002.log - OK\n"), "{text}");
    assert!(text.contains("E0000003.log\n                ERROR: Log damaged"), "{text}");
    assert!(!text.contains("No damaged log files were found."), "{text}");

    let empty = tempfile::tempdir().unwrap();
    run_on(&["verify"], empty.path()).expect_refused(4, &["not-a-database"]);
}

#[test]
fn threads_find_the_same() {
    let group = group();
    group.edit("E0000002.log", |bytes| bytes[4100] ^= 4);
    let found = |threads: &str| {
        let ran = run_on(&["verify", "--threads", threads], &group.dir);
        (ran.exit_code(), ran.json()["files"].clone())
    };
    assert_eq!(found("1"), found("3"));
    assert_eq!(found("1").0, 1);
}

#[test]
fn notable_records_and_all_of_them() {
    let group = group();
    let list = |flags: &[&str]| -> Vec<Value> {
        let ran = run_on(&[&["inspect", "--records"], flags].concat(), &group.path("E00.log"));
        assert_eq!(ran.exit_code(), 0);
        ran.json()["files"][0]["records"].as_array().unwrap().clone()
    };
    let (notable, all) = (list(&[]), list(&["--all"]));
    let types = |records: &[Value]| -> Vec<String> {
        records.iter().map(|record| record["type"].as_str().unwrap().to_owned()).collect()
    };
    assert!(notable.len() < all.len());
    assert!(types(&all).contains(&"Checksum".to_owned()));
    let is_term = |record: &&Value| record["type"] == "Term2";
    let last = notable.iter().rev().find(is_term).expect("a clean end");
    assert_eq!((&last["position"]["generation"], &last["bytes"]), (&4.into(), &26.into()));
    assert!(last["time"].as_str().unwrap().ends_with(" LOC"));
    assert!(notable.iter().all(|record| all.contains(record)));
    assert_eq!(run(["inspect", "--all", "x"]).code, Some(2));
}

#[test]
fn a_deep_check_rests_on_pages_and_says_so() {
    let group = group();
    let check = |flags: &[&str]| run_on(&[&["check"], flags].concat(), &group.dir);
    let rests_on = |ran: &Ran| ran.json()["logs"]["next_full"]["rests_on"].clone();
    assert_eq!(rests_on(&check(&[])), serde_json::json!(["headers"]));
    let deep = check(&["--deep"]);
    assert!(rests_on(&deep).as_array().unwrap().contains(&"pages".into()), "{deep:?}");
    assert_eq!(deep.database("pub1.edb")["pages"]["bad"], Value::Array(vec![]));

    group.edit("pub1.edb", |bytes| bytes[5 * 4096 + 100..5 * 4096 + 200].fill(0x55));
    let shallow = check(&[]);
    assert_eq!(shallow.database("pub1.edb")["pages"], Value::Null);
    let deep = check(&["--deep"]);
    let full = &deep.json()["logs"]["next_full"];
    assert_eq!(
        (&full["outcome"], &full["error"], &full["event"]),
        (&"fails".into(), &(-1018).into(), &474.into())
    );
    assert_eq!(deep.database("pub1.edb")["outcome"], "findings");
}
