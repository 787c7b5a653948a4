//! Files that a browser hands out: what is said of them is what the program says.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use edbmend::api::{Records, Run, check_in, inspect_in};
use edbmend::{Check, Watch};
use serde_json::Value;

use crate::harness::picked::{folders_with_files, picked, without_run};
use crate::harness::{Group, edit_database, files, needs};

fn of_program(request: &Check) -> Value {
    let report = edbmend::check(request, &Watch::default());
    let report = report.unwrap_or_else(|error| error.into_report());
    serde_json::to_value(&report).unwrap()
}

fn of_picked(folder: &Path, request: &Check) -> Value {
    let (storage, watch) = (picked(folder), Watch::default());
    let run = Run::of_reader(&storage, &watch, Vec::new(), DateTime::UNIX_EPOCH);
    serde_json::to_value(check_in(&run, request)).unwrap()
}

#[track_caller]
fn expect_one_answer(folder: &Path) {
    let folder = fs::canonicalize(folder).unwrap();
    let above = folder.parent().unwrap();
    for deep in [false, true] {
        let program = of_program(&Check::new(&folder).deep(deep));
        let name = folder.file_name().unwrap();
        let page = of_picked(&folder, &Check::new(name).deep(deep));
        let (program, page) = (without_run(program, above), without_run(page, above));
        assert_eq!(page, program, "{}, deep: {deep}", folder.display());
    }
}

/// What is done to a group.
type Damage = fn(&Group);

#[test]
fn a_made_up_group_has_one_answer_whatever_is_damaged() {
    let damage: [(&str, Damage); 7] = [
        ("nothing", |_| ()),
        ("dirty", |group| {
            edit_database(&group.path("priv1.edb"), |header| header.state = 2.into());
        }),
        ("no current log", |group| fs::remove_file(group.path("E00.log")).unwrap()),
        ("no checkpoint", |group| fs::remove_file(group.path("E00.chk")).unwrap()),
        ("half a log", |group| group.edit("E0000002.log", |bytes| bytes.truncate(4096))),
        ("no header", |group| group.edit("priv1.edb", |bytes| bytes[..16384].fill(0))),
        ("a bad page", |group| group.edit("priv1.edb", |bytes| bytes[20_000] ^= 1)),
    ];
    for (what, damage) in damage {
        println!("{what}");
        let group = Group::new();
        damage(&group);
        expect_one_answer(&group.dir);
    }
}

#[test]
fn what_lies_one_level_below_is_found() {
    let group = Group::new();
    fs::create_dir(group.path("logs")).unwrap();
    for name in ["E00.log", "E00.chk", "E0000001.log", "E0000002.log", "E0000003.log"] {
        fs::rename(group.path(name), group.path("logs").join(name)).unwrap();
    }
    expect_one_answer(&group.dir);
}

#[test]
fn a_header_a_log_and_a_checkpoint_are_shown() {
    let group = Group::new();
    let (storage, watch) = (picked(&group.dir), Watch::default());
    let run = Run::of_reader(&storage, &watch, Vec::new(), DateTime::UNIX_EPOCH);
    for name in ["priv1.edb", "E00.log", "E00.chk"] {
        let path = Path::new(group.dir.file_name().unwrap()).join(name);
        let report = inspect_in(&run, &path, None, Records::Notable).to_string();
        let dump = edbmend::inspect(group.path(name)).unwrap().dump;
        let first = dump.lines().filter(|line| !line.contains('/')).nth(2).unwrap();
        assert!(report.contains(first), "{name}: no {first}: {report}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn every_set_of_a_real_engine_has_one_answer() {
    needs::real_files();
    let mut sets = 0;
    for part in ["engine", "real", "cases", "crash", "trials"] {
        let unpacked = files::unpack_all(part);
        for folder in folders_with_files(unpacked.path()) {
            expect_one_answer(&folder);
            sets += 1;
        }
    }
    println!("{sets} folders");
    assert!(sets > 100);
}
