//! The laws of a diagnosis, over sets with one thing wrong each: what must at least be said, and that findings,
//! forecast, exit code, guards and way out never contradict each other.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use edbmend::ese::{RawLogHeader, checksum};
use edbmend::practice::{Recipe, edit_header, storage_group};
use serde_json::Value;
use tempfile::TempDir;
use zerocopy::FromBytes;

use crate::harness::ran::{check_folder, ids};
use crate::harness::{Ran, run};

/// Both stores, with nothing wrong with them.
fn sound(recipe: &Recipe) -> Vec<(String, Vec<u8>)> {
    let healed = storage_group(recipe).into_iter().map(|mut file| {
        if file.name == "priv1.edb" {
            edit_header(&mut file.bytes, |raw| raw.full_prev.gen_high = 2.into());
        }
        (file.name, file.bytes)
    });
    healed.collect()
}

fn recipe() -> Recipe {
    Recipe { log_file_sectors: 16, pages: 4, ..Recipe::default() }
}

/// What is done to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Gone,
    Empty,
    Zeroed,
    Foreign,
    Swapped(&'static str),
    Older,
    Newer,
    Dirty,
    AfterRepair,
}

use Change::*;

/// Each file and change, what must at least be said, and the exit code.
fn oracle() -> Vec<(&'static str, Change, &'static [&'static str], i32)> {
    vec![
        ("pub1.edb", Gone, &["database-missing"], 4),
        ("pub1.edb", Empty, &["header-unreadable"], 1),
        ("pub1.edb", Zeroed, &["header-unreadable"], 1),
        ("pub1.edb", Foreign, &["database-replaced"], 4),
        ("pub1.edb", Swapped("priv1.edb"), &["stream-file-missing", "database-replaced"], 1),
        ("pub1.edb", Newer, &["database-newer-than-logs"], 1),
        ("pub1.edb", Older, &["database-older-than-logs"], 0),
        ("pub1.edb", Dirty, &["dirty-shutdown"], 1),
        ("pub1.edb", AfterRepair, &["repaired-database"], 0),
        ("priv1.edb", Gone, &["database-missing"], 4),
        ("priv1.edb", Empty, &["header-unreadable"], 1),
        ("priv1.edb", Zeroed, &["header-unreadable"], 1),
        ("priv1.stm", Gone, &["stream-file-missing"], 1),
        ("priv1.stm", Empty, &["stream-file-mismatch"], 1),
        ("priv1.stm", Zeroed, &["stream-file-mismatch"], 1),
        ("priv1.stm", Foreign, &["stream-file-mismatch"], 1),
        ("E0000001.log", Gone, &[], 0),
        ("E0000003.log", Gone, &["log-gap"], 1),
        ("E0000003.log", Empty, &["log-header-damaged"], 1),
        ("E0000003.log", Zeroed, &["log-header-damaged"], 1),
        ("E0000003.log", Foreign, &["log-signature-mismatch"], 1),
        ("E0000003.log", Swapped("E0000002.log"), &["log-name-mismatch"], 1),
        ("E00.log", Gone, &["closed-logs-only", "database-newer-than-logs"], 1),
        ("E00.log", Empty, &["log-header-damaged"], 1),
        ("E00.log", Zeroed, &["log-header-damaged"], 1),
        ("E00.log", Foreign, &["log-signature-mismatch"], 1),
        ("E00.chk", Gone, &[], 0),
        ("E00.chk", Empty, &["checkpoint-damaged"], 1),
        ("E00.chk", Zeroed, &["checkpoint-damaged"], 1),
        ("E00.chk", Foreign, &["checkpoint-mismatch"], 0),
    ]
}

fn changed(name: &str, change: Change) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let foreign = Recipe {
        log_random: 7,
        public_random: 8,
        private_random: 9,
        streaming_random: 10,
        ..recipe()
    };
    let bytes_of = |files: &[(String, Vec<u8>)], name: &str| {
        files.iter().find(|file| file.0 == name).unwrap().1.clone()
    };
    let mut files = sound(&recipe());
    let own = bytes_of(&files, name);
    let mut set = |name: &str, bytes: Vec<u8>| {
        files.iter_mut().find(|file| file.0 == name).unwrap().1 = bytes;
    };
    match change {
        Gone => {}
        Empty => set(name, Vec::new()),
        Zeroed => set(name, vec![0; own.len()]),
        Foreign => set(name, bytes_of(&sound(&foreign), name)),
        Swapped(other) => {
            let others = bytes_of(&sound(&recipe()), other);
            set(name, others);
            set(other, own);
        }
        Older | Newer | Dirty | AfterRepair => set(name, edited(own, change)),
    }
    for (file, bytes) in files.iter().filter(|file| change != Gone || file.0 != name) {
        fs::write(dir.path().join(file), bytes).unwrap();
    }
    dir
}

fn edited(mut bytes: Vec<u8>, change: Change) -> Vec<u8> {
    edit_header(&mut bytes, |raw| match change {
        Older => {
            raw.last_consistent_pos.generation = 3.into();
            raw.last_detach_pos.generation = 3.into();
        }
        Newer => {
            raw.last_consistent_pos.generation = 9.into();
            raw.last_detach_pos.generation = 9.into();
        }
        Dirty => {
            raw.state = 2.into();
            (raw.gen_min_required, raw.gen_max_required) = (5.into(), 5.into());
        }
        _ => {
            raw.repair_count = 1.into();
            raw.db_signature.random = 4711.into();
            raw.log_signature = edbmend::ese::Signature::default();
        }
    });
    bytes
}

#[test]
fn what_must_at_least_be_said() {
    let mut wrong = Vec::new();
    for (name, change, expected, exit_code) in oracle() {
        let dir = changed(name, change);
        let checked = check_folder(dir.path());
        let said = all_ids(checked.json());
        let is_said =
            expected.iter().all(|id| said.contains(*id)) && said.is_empty() == expected.is_empty();
        if !is_said || checked.exit_code() != exit_code {
            wrong.push(format!("{name} {change:?}: exit {}, {said:?}", checked.exit_code()));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn nothing_contradicts_itself() {
    for (name, change, _, _) in oracle() {
        let dir = changed(name, change);
        let context = format!("{name} {change:?}");
        hold(&context, dir.path(), &check_folder(dir.path()));
    }
}

#[test]
fn no_reset_is_offered_where_the_list_of_databases_is_damaged() {
    let dir = changed("pub1.edb", Newer);
    let offers_a_reset =
        |checked: &Ran| checked.json()["way_out"].to_string().contains("reset-logs");
    assert!(offers_a_reset(&check_folder(dir.path())));
    let log = dir.path().join("E00.log");
    let mut bytes = fs::read(&log).unwrap();
    let (header, _) = RawLogHeader::mut_from_prefix(&mut bytes).unwrap();
    header.attach_list[..64].fill(0xff);
    checksum::seal(&mut bytes[..4096]);
    fs::write(&log, bytes).unwrap();
    let checked = check_folder(dir.path());
    assert!(!offers_a_reset(&checked), "{:#}", checked.json()["way_out"]);
    hold("pub1.edb Newer, list damaged", dir.path(), &checked);
}

/// The law that does not hold on what `check` said of a folder, if there is one.
pub fn broken(context: &str, dir: &Path, checked: &Ran) -> Option<String> {
    let held = catch_unwind(AssertUnwindSafe(|| hold(context, dir, checked)));
    held.err().map(|why| match why.downcast::<String>() {
        Ok(message) => *message,
        Err(_) => format!("{context}: see the panic above"),
    })
}

/// That the laws hold on what `check` said of a folder.
fn hold(context: &str, dir: &Path, checked: &Ran) {
    forecast_and_findings_agree(context, checked);
    steps_are_in_order(context, checked.json());
    what_a_reset_refuses_is_said(context, dir, checked.json());
    no_guard_refuses_a_step(context, checked.json());
    no_guard_refuses_a_remedy(context, checked.json());
}

/// The ids of all findings.
pub fn all_ids(report: &Value) -> BTreeSet<String> {
    let of_databases = report["databases"].as_array().unwrap().iter();
    let of_databases = of_databases.flat_map(|database| ids(&database["findings"]));
    ids(&report["findings"]).into_iter().chain(of_databases).collect()
}

/// The ids of the errors.
pub fn errors(report: &Value) -> BTreeSet<String> {
    let of_databases = report["databases"].as_array().unwrap().iter().map(|one| &one["findings"]);
    let lists = of_databases.chain([&report["findings"]]);
    let all = lists.flat_map(|list| list.as_array().unwrap());
    let errors = all.filter(|finding| finding["severity"] == "error");
    errors.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

fn forecast_and_findings_agree(context: &str, checked: &Ran) {
    let errors = errors(checked.json());
    let (mount, ..) = checked.next("mount");
    if mount == "fails" || !errors.is_empty() {
        assert_ne!(checked.exit_code(), 0, "{context}");
    }
    // A file without a header may be made anew from the logs.
    let forbidding = [
        "stream-file-missing",
        "stream-file-mismatch",
        "required-log-missing",
        "database-missing",
        "checkpoint-ahead",
        "checkpoint-mismatch",
        "closed-logs-only",
    ];
    if mount == "succeeds" {
        let forbid: Vec<_> = errors.iter().filter(|id| forbidding.contains(&id.as_str())).collect();
        assert!(forbid.is_empty(), "{context}: succeeds beside {forbid:?}");
    }
    let (incremental, error, _) = checked.next("incremental");
    if incremental == "succeeds" {
        assert!(!errors.contains("next-incremental-fails"), "{context}");
    }
    if mount == "fails" {
        assert_ne!((incremental.as_str(), error), ("succeeds", None), "{context}");
        let text = checked.json().to_string();
        assert!(!text.contains("Mount the store and dismount it again"), "{context}: {text}");
    }
}

fn steps_are_in_order(context: &str, report: &Value) {
    let steps = report["way_out"].as_array().unwrap();
    let errors = errors(report);
    // Where nobody knows what a mount does, nothing could be tried.
    let is_unknown = report["logs"]["next_mount"]["outcome"] == "unknown";
    assert!(
        !steps.is_empty() || errors.is_empty() || is_unknown,
        "{context}: no way out of {errors:?}"
    );
    let mut is_copied = false;
    for (index, step) in steps.iter().enumerate() {
        assert_eq!(step["step"], index + 1, "{context}");
        let (action, command) =
            (step["action"].as_str().unwrap(), step["command"].as_str().unwrap_or_default());
        let is_last = index + 1 == steps.len();
        assert!(action != "mount-stores" || is_last, "{context}: {steps:#?}");
        let is_lossy = [" /a", " /i", "eseutil /p"].iter().any(|part| command.contains(part));
        assert!(!is_lossy || is_copied, "{context}: {command}");
        is_copied |= action == "copy-aside";
    }
}

/// Each refusal of a log reset that the files themselves cause, and the findings that say it.
const SAID_BY: &[(&str, &[&str])] = &[
    ("dirty-shutdown", &["dirty-shutdown"]),
    ("backup-in-progress", &["backup-in-progress"]),
    ("header-unreadable", &["header-unreadable"]),
    ("not-ese", &["header-unreadable"]),
    ("truncated", &["header-unreadable"]),
    (
        "header-damaged",
        &["primary-header-damaged", "shadow-header-damaged", "header-copies-differ"],
    ),
    ("stream-file-missing", &["stream-file-missing", "stream-file-mismatch"]),
    ("database-older-than-logs", &["database-older-than-logs"]),
    (
        "group-incomplete",
        &[
            "database-missing",
            "database-replaced",
            "log-header-damaged",
            "checkpoint-damaged",
            "header-unreadable",
            "closed-logs-only",
        ],
    ),
    (
        "log-signature-mismatch",
        &[
            "database-replaced",
            "log-signature-mismatch",
            "required-log-missing",
            "header-unreadable",
            // Nothing is mounted with an archive.
            "closed-logs-only",
        ],
    ),
];

fn what_a_reset_refuses_is_said(context: &str, dir: &Path, report: &Value) {
    let databases = report["databases"].as_array().unwrap().iter();
    let named = databases.flat_map(|one| ["--db", one["path"].as_str().unwrap()]);
    let words = ["reset-logs", "--dry-run", "--json", dir.to_str().unwrap()];
    let refused = run(words.into_iter().chain(named)).refusals();
    let said = all_ids(report);
    for refusal in refused {
        let (_, findings) = SAID_BY
            .iter()
            .find(|(id, _)| *id == refusal)
            .unwrap_or_else(|| panic!("{context}: {refusal} is not in the table"));
        assert!(findings.iter().any(|id| said.contains(*id)), "{context}: {refusal}, but {said:?}");
    }
}

/// Later commands rest on what the ones before did: those count before which nothing is changed.
fn no_guard_refuses_a_step(context: &str, report: &Value) {
    let steps = report["way_out"].as_array().unwrap().iter();
    let changes_nothing = |step: &&Value| step["action"] == "copy-aside";
    let copies = steps.clone().take_while(changes_nothing).count();
    let Some(step) = steps.clone().nth(copies) else { return };
    if step["action"] != "check-again" {
        expect_accepted(context, step["command"].as_str().unwrap_or_default());
    }
}

/// The remedies that are a command.
fn no_guard_refuses_a_remedy(context: &str, report: &Value) {
    let of_databases = report["databases"].as_array().unwrap().iter().map(|one| &one["findings"]);
    let all = of_databases.chain([&report["findings"]]).flat_map(|list| list.as_array().unwrap());
    for finding in all {
        let remedy = finding["remedy"].as_str().unwrap_or_default();
        // What nothing proves yet may be proven by what the person adds to the command.
        let is_case_e = finding["consequence"].as_str().unwrap_or_default().starts_with("Case E:");
        let is_deed = |deed| remedy.starts_with(&format!("edbmend {deed} "));
        if !is_case_e && ["repair", "reset-logs", "rebuild-header"].iter().any(is_deed) {
            expect_accepted(context, remedy);
        }
    }
}

fn expect_accepted(context: &str, command: &str) {
    let Some(words) = command.strip_prefix("edbmend ") else { return };
    let words = words.split(' ').filter(|word| *word != "--dry-run");
    let ran = run(words.chain(["--dry-run", "--json"]));
    let refusals = &ran.json()["refusals"];
    assert_eq!(ran.exit_code(), 0, "{context}: {command}: {refusals}");
}
