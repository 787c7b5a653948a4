//! The ways out that findings, refusals and reports name: that they work, can be pasted, and fit the state.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use edbmend::ese::RawDbHeader;
use edbmend::practice::edit_header;

use crate::harness::ran::finding;
use crate::harness::{Fixture, PROGRAM, damaged, files, healthy, needs, run, text};

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

type HeaderChange = fn(&mut RawDbHeader);

/// What makes of a damaged database with a bad shadow copy one that no repair is made of: other
/// formats, a second page that may be data, a header of another kind of file.
const BEYOND_REPAIR: [HeaderChange; 6] = [
    |raw| raw.version = 0x500.into(),
    |raw| raw.version = 0x623.into(),
    |raw| raw.full_prev_type = 3.into(),
    |raw| raw.copy_prev.gen_low = 1.into(),
    |raw| raw.flags[0] |= 1,
    |raw| raw.file_type = 8.into(),
];

#[test]
fn no_remedy_is_a_repair_that_would_be_refused() {
    let half_damaged = |change: &dyn Fn(&mut RawDbHeader)| {
        let mut bytes = damaged(8);
        edit_header(&mut bytes, change);
        bytes[4096 + 100] ^= 1;
        bytes
    };
    let remedy = |bytes: &[u8], id: &str| {
        let fixture = Fixture::new(bytes);
        finding(&fixture.run(&["check"]), id)["remedy"].as_str().unwrap().to_owned()
    };
    for id in ["shadow-header-damaged", "full-backup-gen-invalid"] {
        assert!(remedy(&half_damaged(&|_| ()), id).starts_with("edbmend repair "));
        for state in [2, 7] {
            let dirty = half_damaged(&|raw| raw.state = state.into());
            assert!(!remedy(&dirty, id).contains("edbmend repair"));
        }
        let in_backup = half_damaged(&|raw| raw.full_cur.gen_low = 1.into());
        assert!(remedy(&in_backup, id).contains("dismount it once"));
        let mut cut_off = half_damaged(&|_| ());
        cut_off.truncate(20_000);
        assert!(remedy(&cut_off, id).contains("original"));
    }
    for change in BEYOND_REPAIR {
        let bytes = half_damaged(&change);
        let fixture = Fixture::new(&bytes);
        let ran = fixture.run(&["check"]);
        let found = ran.json()["databases"][0]["findings"].clone();
        let is_full = |finding: &serde_json::Value| finding["id"] == "full-backup-gen-invalid";
        assert!(found.as_array().unwrap().iter().any(is_full), "{ran:?}");
        assert!(!ran.stdout.contains("edbmend repair"), "{ran:?}");
        let text = run(["check", fixture.db.to_str().unwrap()]);
        assert!(!text.stdout.contains("edbmend repair"), "{text:?}");
        assert_eq!(fixture.run(&["repair", "--dry-run"]).code, Some(3));
    }
    let mut one_page = damaged(8);
    one_page.truncate(4096);
    assert!(remedy(&one_page, "full-backup-gen-invalid").contains("original"));
    // Nor is one that is to be asked for by name.
    let mut warned = healthy(8);
    edit_header(&mut warned, |raw| raw.full_prev.gen_low = 3.into());
    assert!(remedy(&warned, "backup-gen-half-set").contains("edbmend repair --also"));
    edit_header(&mut warned, |raw| raw.state = 2.into());
    assert!(!remedy(&warned, "backup-gen-half-set").contains("edbmend repair"));
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
        assert!(remedy.contains("eseutil /r"), "{remedy}");
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
