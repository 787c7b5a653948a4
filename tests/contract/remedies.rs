//! The ways out that findings, refusals and reports name: that they work, can be pasted, and fit the state.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use edbmend::ese::RawDbHeader;
use edbmend::practice::edit_header;

use crate::harness::ran::finding;
use crate::harness::{Fixture, PROGRAM, damaged, files, needs, run, text};

#[test]
fn a_remedy_can_be_pasted_whatever_the_name() {
    let fixture = Fixture::named(&damaged(8), "a$(touch pwned)'\n.edb".as_ref());
    let json = fixture.run(&["check"]).json().clone();
    let findings = json["databases"][0]["findings"].as_array().unwrap();
    let remedy = findings[0]["remedy"].as_str().unwrap().replacen("edbmend", "printf %s", 1);
    let remedy = remedy.replacen("printf %s repair", "printf %s", 1);
    let pasted = Command::new("bash").args(["-c", &remedy]).output().unwrap();
    assert_eq!(String::from_utf8(pasted.stdout).unwrap(), text(&fixture.db));
}

/// What `check` says of a database that is not closed, and what the refusal of `repair` adds.
fn way_out(bytes: &[u8]) -> (String, String) {
    let fixture = Fixture::new(bytes);
    let found = finding(&fixture.run(&["check"]), "dirty-shutdown");
    let refused = fixture.run(&["repair", "--dry-run"]).json()["refusals"][0].clone();
    assert_eq!(refused["id"], "dirty-shutdown");
    let text = |json: &serde_json::Value, key: &str| json[key].as_str().unwrap().to_owned();
    let remedy = text(&found, "remedy");
    // Both give the same advice, up to what is to be done behind it.
    let advice = remedy.split(" Then: ").next().unwrap();
    assert!(text(&refused, "remedy").starts_with(advice), "{refused} {advice}");
    (text(&found, "message") + " " + &text(&found, "consequence"), remedy)
}

#[test]
fn each_state_has_the_answer_of_the_engine_and_a_way_out_of_its_own() {
    let in_state = |state: u32, change: &dyn Fn(&mut RawDbHeader)| {
        let mut bytes = damaged(8);
        edit_header(&mut bytes, |raw| {
            raw.state = state.into();
            change(raw);
        });
        way_out(&bytes)
    };
    for (state, error, way) in [
        (1, "-550", "with all of its logs"),
        (4, "-563", "from a backup"),
        (5, "-550", "from a backup"),
        (6, "-1226", "reseed"),
        (8, "-1935", "revert"),
        (9, "-550", "from a backup"),
    ] {
        let (said, remedy) = in_state(state, &|_| ());
        assert!(said.contains(error) && remedy.contains(way), "{state}: {said} {remedy}");
        assert!(!said.contains("these logs") && !said.contains("Log Required"), "{state}: {said}");
        assert!(!remedy.contains("eseutil /r"), "{state}: {remedy}");
    }
    for state in [2, 7] {
        let (said, remedy) = in_state(state, &|_| ());
        assert!(said.contains("names no log") && remedy.contains("eseutil /r"), "{said} {remedy}");
        let (said, remedy) = in_state(state, &|raw| {
            (raw.gen_min_required, raw.gen_max_required) = (4.into(), 5.into());
        });
        assert!(
            said.contains("Log Required: 4-5 (0x4-0x5)") && said.contains("without these logs")
        );
        // They are not there.
        assert!(remedy.contains("Not by a mount") && remedy.contains("way out"), "{remedy}");
        // Soft recovery answers -544 on what a backup wrote.
        let (said, remedy) = in_state(state, &|raw| {
            (raw.gen_min_required, raw.gen_max_required) = (4.into(), 5.into());
            raw.full_cur.gen_low = 4.into();
        });
        assert!(said.contains("-544") && said.contains("backup-in-progress"), "{said}");
        assert!(remedy.contains("eseutil /cc") && !remedy.contains("eseutil /r"), "{remedy}");
    }
}

#[test]
#[ignore = "needs the real files"]
fn a_real_backup_copy_is_to_be_restored() {
    needs::real_files();
    let (said, remedy) = way_out(&files::read("engine/p4096/a_full_backupset/test.edb"));
    assert!(said.contains("Log Required: 1-4") && said.contains("-544"), "{said}");
    assert!(remedy.contains("eseutil /cc") && !remedy.contains("eseutil /r"), "{remedy}");
}

#[test]
fn the_way_to_undo_can_be_pasted_where_the_name_is_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join(OsStr::from_bytes(b"mdb\xff\xc3\xa4 data"));
    fs::create_dir(&dir).unwrap();
    let database = dir.join("priv1.edb");
    fs::write(&database, damaged(8)).unwrap();
    let arguments = ["repair".as_ref(), "--yes".as_ref(), database.as_os_str()];
    let said = run(arguments).stdout;
    let undo = said.lines().find_map(|line| line.trim().strip_prefix("edbmend restore ")).unwrap();
    let paste = format!("{} restore --yes {undo}", PROGRAM);
    let pasted = Command::new("bash").args(["-c", &paste]).output().unwrap();
    assert_eq!(pasted.status.code(), Some(0), "{pasted:?}");
    assert_eq!(fs::read(&database).unwrap(), damaged(8));
}
