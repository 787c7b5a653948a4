//! A repair from evidence (`--from`): what it must agree with, and that it hides no other reason.

use std::fs;
use std::path::{Path, PathBuf};

use edbmend::ese::{LogTime, RawDbHeader};
use edbmend::practice::edit_header;

use crate::harness::{Ran, edit_database, run, sha256, small_group, text};

/// A group in which `priv1.edb` has the damage, and the header of its last full backup as evidence.
fn with_evidence() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (folder, dir) = small_group();
    let mut evidence = fs::read(dir.join("priv1.edb")).unwrap();
    edit_header(&mut evidence, |raw| raw.full_prev.gen_high = 2.into());
    let path = dir.join("older.bak");
    fs::write(&path, evidence).unwrap();
    (folder, dir, path)
}

fn from(dir: &Path, evidence: &Path) -> Ran {
    let database = dir.join("priv1.edb");
    run(["repair", "--dry-run", "--json", "--from", text(evidence), text(&database)])
}

/// What the refusals of a run found, a line each.
fn says(ran: &Ran) -> String {
    let report = ran.json();
    let refusals = report["refusals"].as_array().unwrap();
    refusals.iter().map(|refusal| refusal["message"].as_str().unwrap().to_owned() + "\n").collect()
}

#[test]
fn good_evidence_is_taken_and_can_be_undone() {
    let (_folder, dir, evidence) = with_evidence();
    let database = dir.join("priv1.edb");
    let before = sha256(&database);
    let done = run(["repair", "--yes", "--json", "--from", text(&evidence), text(&database)]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let full = &done.json()["databases"][0]["header"]["previous_full_backup"];
    assert_eq!((full["gen_low"].as_u64(), full["gen_high"].as_u64()), (Some(1), Some(2)));
    let undone = run(["restore", "--yes", "--json", text(&done.operation_dir())]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(sha256(&database), before);
}

#[test]
fn evidence_with_one_thing_wrong_is_refused() {
    type Edit = fn(&mut RawDbHeader);
    let edits: [(&str, Edit); 9] = [
        ("; it has Create time:", |raw| raw.db_signature.random = 1.into()),
        ("Rand:1 Computer:", |raw| raw.log_signature.random = 1.into()),
        ("; it has the generation 0 at offset 152", |raw| raw.full_prev.gen_low = 0.into()),
        ("Backup (offset 152) has Log Gen: 0-2 (0x0-0x2), and one of the two is zero", |raw| {
            raw.full_prev.gen_low = 0.into()
        }),
        ("Backup (offset 176) has Log Gen: 4-3 (0x4-0x3), and the first is later", |raw| {
            (raw.inc_prev.gen_low, raw.inc_prev.gen_high) = (4.into(), 3.into())
        }),
        ("Backup (offset 356) has the type 3, and no type is over 2", |raw| {
            raw.full_prev_type = 3.into()
        }),
        ("Backup (offset 136) has the mark (0x0,", |raw| raw.full_prev.mark.generation = 0.into()),
        ("and the time 00/00/1900 00:00:00", |raw| raw.full_prev.time = LogTime::default()),
        ("; Previous Full Backup (offset 136) has the mark (0x63,", |raw| {
            raw.full_prev.mark.generation = 99.into()
        }),
    ];
    for (found, edit) in edits {
        let (_folder, dir, evidence) = with_evidence();
        let mut bytes = fs::read(&evidence).unwrap();
        edit_header(&mut bytes, edit);
        fs::write(&evidence, bytes).unwrap();
        let ran = from(&dir, &evidence);
        assert_eq!(ran.code, Some(3), "{found}: {ran:?}");
        assert!(ran.refusals().iter().all(|id| id == "evidence-unsuitable"), "{found}: {ran:?}");
        assert!(says(&ran).contains(found), "{found}: {ran:?}");
    }
    for (missing, found) in [
        ("E0000003.log", "; generation 3 (0x3) is missing: E0000003.log\n"),
        ("E0000004.log", "; generation 4 (0x4) is missing: E0000004.log\n"),
        ("E00.log", "; generation 5 (0x5) is missing: E0000005.log, or the current log\n"),
    ] {
        let (_folder, dir, evidence) = with_evidence();
        fs::remove_file(dir.join(missing)).unwrap();
        let ran = from(&dir, &evidence);
        ran.expect_refused(3, &["evidence-unsuitable"]);
        assert!(says(&ran).contains(found), "{missing}: {ran:?}");
    }
}

#[test]
fn evidence_does_not_hide_other_reasons_and_they_do_not_hide_it() {
    let (_folder, dir, evidence) = with_evidence();
    let database = dir.join("priv1.edb");
    edit_database(&evidence, |raw| raw.db_signature.random = 1.into());
    let repair = |more: &[&str]| {
        let from = ["--json", "--from", text(&evidence), text(&database)];
        run(["repair", "--dry-run"].iter().chain(more).chain(&from))
    };
    let ran = repair(&["--backup-dir", "/nowhere/at/all"]);
    ran.expect_refused(3, &["backup-dir-unusable", "evidence-unsuitable"]);
    edit_database(&database, |raw| raw.state = 2.into());
    repair(&[]).expect_refused(3, &["dirty-shutdown", "evidence-unsuitable"]);
}

#[test]
fn what_is_wrong_with_it_is_told_in_the_order_of_the_documents() {
    let (_folder, dir, evidence) = with_evidence();
    fs::remove_file(dir.join("E0000003.log")).unwrap();
    edit_database(&evidence, |raw| {
        raw.db_signature.random = 1.into();
        raw.log_signature.random = 1.into();
        raw.diff_prev = raw.full_prev;
        raw.full_prev.gen_low = 0.into();
        raw.full_prev.mark.generation = 99.into();
    });
    let ran = from(&dir, &evidence);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let said = says(&ran);
    let conditions = said.lines().map(|line| {
        line.split_once("the condition: ").unwrap().1.split("; ").next().unwrap().to_owned()
    });
    assert_eq!(
        conditions.collect::<Vec<_>>(),
        [
            "the same database signature",
            "the same log signature, not zero",
            "it records a full backup (Log Gen: 0-2)",
            "every generation, mark and type in it is plausible",
            "its marks are not ahead of the database's last consistent position (0x5,C,7B)",
            "it has no field that the database's revision does not have",
            "every log from generation 3 (0x3) on is still there, without a gap",
        ]
    );
}

#[test]
fn evidence_must_fit_the_layout_and_the_logs_their_names() {
    // Fields that the database's own revision does not have.
    let (_folder, dir, evidence) = with_evidence();
    edit_database(&evidence, |raw| raw.diff_prev = raw.full_prev);
    from(&dir, &evidence).expect_refused(3, &["evidence-unsuitable"]);
    // The engine looks for a log by its name.
    let (_folder, dir, evidence) = with_evidence();
    fs::rename(dir.join("E0000003.log"), dir.join("E0000009.log")).unwrap();
    from(&dir, &evidence).expect_refused(3, &["evidence-unsuitable"]);
}
