//! Files that are no healthy, closed database, names that are no plain names, and places that
//! cannot be written: what each command says, how it ends, and that it writes nothing.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::harness::{
    DATABASE, Fixture, Ran, damaged, finish, healthy, marker_of, names, operations, run,
    small_group, snapshot, spawn, text,
};
use edbmend::ese::RawDbHeader;
use edbmend::ese::shadow::Which;
use edbmend::practice::{
    DatabaseRecipe, Recipe, corrupt_copy, damage_full_backup, edit_copy, edit_header, storage_group,
};
use serde_json::Value;

/// What each command is expected to answer.
struct Expected<'a> {
    /// Refusals of `repair`, sorted.
    refusals: &'a [&'a str],
    /// Exit codes: repair, check, inspect.
    codes: [i32; 3],
    /// What the first message of the first refusal says: found, expected, offset.
    says: &'a [&'a str],
}

/// A guard refuses, and the read-only commands cannot make sense of the file.
fn senseless<'a>(refusals: &'a [&'a str], says: &'a [&'a str]) -> Expected<'a> {
    Expected { refusals, codes: [3, 4, 4], says }
}

/// Runs all four commands on `path`, with JSON and with text, and proves that nothing in `folder`
/// changed.
#[track_caller]
fn expect(folder: &Path, path: &Path, expected: &Expected) {
    expect_with(folder, path, expected, &[]);
}

#[track_caller]
fn expect_with(folder: &Path, path: &Path, expected: &Expected, more: &[&OsStr]) {
    let before = snapshot(folder);
    let [repair_code, check_code, inspect_code] = expected.codes;
    for command in [&["repair", "--yes"][..], &["repair", "--dry-run"]] {
        let ran = run_both(command, more, path, repair_code);
        assert_eq!(ran.refusals(), expected.refusals, "{ran:?}");
        assert_reasons(&ran, path, expected);
    }
    for (command, code) in [("check", check_code), ("inspect", inspect_code)] {
        let ran = run_both(&[command], &[], path, code);
        if code == 4 {
            assert!(expected.refusals.contains(&ran.refusals()[0].as_str()), "{ran:?}");
            assert_reasons(&ran, path, expected);
        }
    }
    assert_eq!(snapshot(folder), before);
}

/// Runs a command with `--json`, and once more for its text.
#[track_caller]
fn run_both(command: &[&str], more: &[&OsStr], path: &Path, code: i32) -> Ran {
    let arguments = || command.iter().map(OsStr::new).chain(more.iter().copied());
    let text = run(arguments().chain([path.as_os_str()]));
    assert_eq!(text.code, Some(code), "{text:?}");
    let json = run(arguments().chain(["--json".as_ref(), path.as_os_str()]));
    assert_eq!(json.code, Some(code), "{json:?}");
    assert_keys(json.json(), command[0], code);
    for refusal in json.json()["refusals"].as_array().unwrap() {
        let id = refusal["id"].as_str().unwrap();
        assert!(text.stdout.contains(id), "the text does not name {id}: {text:?}");
    }
    json
}

/// Every key that the contract names is there.
#[track_caller]
fn assert_keys(report: &Value, command: &str, code: i32) {
    let all = ["schema", "version", "command", "outcome", "exit_code", "refusals", "findings"];
    let group = ["databases", "operation", "steps", "backup", "pages", "logs", "checkpoint"];
    all.iter().chain(&group).for_each(|key| assert!(report.get(key).is_some(), "no {key}"));
    assert_eq!((&report["schema"], &report["command"]), (&"edbmend/1".into(), &command.into()));
    assert_eq!(report["exit_code"], code);
    let entries = if command == "inspect" { &report["files"] } else { &report["databases"] };
    let entries = entries.as_array().expect("one entry for each file");
    assert_eq!(entries.len(), 1);
    let own = ["path", "kind", "outcome", "elected", "copies", "header"];
    let shared = ["findings", "operation", "steps", "backup", "pages"];
    own.iter().chain(&shared).for_each(|key| assert!(entries[0].get(key).is_some(), "no {key}"));
    let copies = &entries[0]["copies"];
    assert!(copies["primary"].is_string() && copies["shadow"].is_string());
}

/// Each refusal names the file and what to do; the first says what the case expects.
#[track_caller]
fn assert_reasons(ran: &Ran, path: &Path, expected: &Expected) {
    let json = ran.json();
    let refusals = json["refusals"].as_array().unwrap();
    for refusal in refusals {
        let named = refusal["path"].as_str().unwrap();
        assert!(named.starts_with('/') && !named.is_empty(), "{refusal}");
        assert!(!refusal["message"].as_str().unwrap().is_empty(), "{refusal}");
        assert!(!refusal["remedy"].as_str().unwrap().is_empty(), "{refusal}");
    }
    let Some(first) = refusals.first() else { return };
    let name = path.file_name().unwrap().to_string_lossy();
    assert!(first["path"].as_str().unwrap().ends_with(&*name), "{first}");
    for part in expected.says {
        assert!(first["message"].as_str().unwrap().contains(part), "no \"{part}\": {first}");
    }
}

#[track_caller]
fn expect_bytes(bytes: &[u8], expected: &Expected) {
    let fixture = Fixture::new(bytes);
    expect(fixture.dir(), &fixture.db, expected);
}

/// A damaged database with one more change of its header, sealed again.
fn edited(edit: impl FnMut(&mut RawDbHeader)) -> Vec<u8> {
    let mut bytes = damaged(8);
    edit_header(&mut bytes, edit);
    bytes
}

#[test]
fn files_without_a_header() {
    let magic = "expected ulMagic efcdab89 at offset 4";
    expect_bytes(b"", &senseless(&["not-ese"], &["empty", magic]));
    expect_bytes(b"x", &senseless(&["not-ese"], &["found 78 at offset 0", magic]));
    let text = b"This is a text about databases.\n".repeat(1000);
    expect_bytes(&text, &senseless(&["not-ese"], &["found 5468697320697320 at offset 0", magic]));
    expect_bytes(&[0; 8192], &senseless(&["not-ese"], &["offset 0", magic]));
}

#[test]
fn another_programs_file_with_the_magic() {
    let mut bytes = b"GIF89a..".repeat(4096);
    bytes[4..8].copy_from_slice(&[0xef, 0xcd, 0xab, 0x89]);
    let says = ["primary copy at offset 0", "expected", "shadow copy at offset 4096"];
    let codes = [3, 1, 4];
    expect_bytes(&bytes, &Expected { refusals: &["header-unreadable"], codes, says: &says });
}

#[test]
fn what_is_no_regular_file() {
    let fixture = Fixture::new(&damaged(8));
    let link = fixture.dir().join("link.edb");
    symlink("priv1.edb", &link).unwrap();
    let is_link = senseless(&["not-a-regular-file"], &["symbolic link to priv1.edb"]);
    expect(fixture.dir(), &link, &is_link);
    let dangling = fixture.dir().join("dangling.edb");
    symlink("gone\u{1b}[2J.edb", &dangling).unwrap();
    expect(fixture.dir(), &dangling, &senseless(&["not-a-regular-file"], &["gone\\u{1b}[2J"]));
    let fifo = fixture.dir().join("fifo.edb");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    expect(fixture.dir(), &fifo, &senseless(&["not-a-regular-file"], &["FIFO"]));
    let device = senseless(&["not-a-regular-file"], &["device"]);
    expect(fixture.dir(), Path::new("/dev/null"), &device);
}

#[test]
fn something_else_in_the_place_of_a_control_file_is_named() {
    let fixture = Fixture::new(&damaged(8));
    let operation = fixture.repair();
    for (name, id) in [("journal", "not-a-regular-file"), ("plan.json", "journal-damaged")] {
        let path = operation.join(name);
        let kept = fs::read(&path).unwrap();
        for kind in ["FIFO", "socket", "folder", "symbolic link"] {
            fs::remove_file(&path).unwrap();
            match kind {
                "FIFO" => {
                    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap()
                }
                "socket" => drop(UnixListener::bind(&path).unwrap()),
                "folder" => fs::create_dir(&path).unwrap(),
                _ => symlink("nowhere", &path).unwrap(),
            }
            let before = snapshot(fixture.dir());
            let ran = run(["restore", "--yes", "--json", text(&operation)]);
            ran.expect_refused(3, &[id]);
            let said = ran.stdout.as_str();
            assert!(said.contains(kind) && said.contains("not a regular file"), "{kind}: {said}");
            assert!(!said.contains("the disk"), "{kind}: {said}");
            assert_eq!(snapshot(fixture.dir()), before);
            match kind {
                "folder" => fs::remove_dir(&path).unwrap(),
                _ => fs::remove_file(&path).unwrap(),
            }
            fs::write(&path, &kept).unwrap();
        }
    }
    assert_eq!(run(["restore", "--yes", text(&operation)]).code, Some(0));
}

#[test]
fn a_folder() {
    let fixture = Fixture::new(b"text");
    let folder = fixture.dir().join("folder.edb");
    fs::create_dir(&folder).unwrap();
    let before = snapshot(fixture.dir());
    for command in ["repair --yes", "repair --dry-run", "inspect"] {
        let words: Vec<_> = command.split(' ').collect();
        let code = if words[0] == "repair" { 3 } else { 4 };
        let ran = run_both(&words, &[], &folder, code);
        ran.expect_refused(code, &["not-a-regular-file"]);
    }
    // A folder is what `check` surveys; this one holds nothing.
    run_both(&["check"], &[], &folder, 4).expect_refused(4, &["not-a-database"]);
    assert_eq!(snapshot(fixture.dir()), before);
}

#[test]
fn a_missing_file() {
    let fixture = Fixture::new(b"text");
    let gone = fixture.dir().join("gone.edb");
    let says = ["gone.edb", "No such file"];
    let missing = Expected { refusals: &["not-found"], codes: [4, 4, 4], says: &says };
    expect(fixture.dir(), &gone, &missing);
    expect(fixture.dir(), &fixture.dir().join("nowhere/gone.edb"), &missing);
}

#[test]
fn a_link_that_leads_nowhere() {
    let fixture = Fixture::new(b"text");
    let (target, link) = (fixture.dir().join("not-mounted"), fixture.dir().join("dang.edb"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    for command in ["restore", "reset-logs"] {
        let ran = run([command, "--dry-run", "--json", link.to_str().unwrap()]);
        ran.expect_refused(4, &["not-found"]);
        let says = ran.json()["refusals"][0]["message"].as_str().unwrap().to_owned();
        let expected = format!("symbolic link to {}, which is not there", target.display());
        assert!(says.contains(&expected), "{says}");
        assert!(!ran.stdout.contains("lower case"), "{ran:?}");
    }
}

/// What was named for the logs alone says nothing against the databases.
#[test]
fn a_missing_folder_of_logs_hides_no_database() {
    let fixture = Fixture::new(&damaged(8));
    let (dir, db) = (fixture.dir().to_str().unwrap(), fixture.db.to_str().unwrap());
    for flag in ["--log-dir", "--system-dir"] {
        for (command, path) in [("check", dir), ("check", db), ("repair", db)] {
            let ran = run([command, "--json", flag, "/no/such/disk", path]);
            ran.expect_refused(4, &["not-found"]);
            let report = ran.json();
            assert_eq!(report["refusals"][0]["path"], "/no/such/disk");
            let databases = report["databases"].as_array().unwrap();
            assert_eq!((databases.len(), &databases[0]["path"]), (1, &Value::from(db)), "{ran:?}");
            let outcome = if command == "check" { "findings" } else { "failed" };
            assert_eq!(
                (&databases[0]["outcome"], &report["outcome"]),
                (&outcome.into(), &"failed".into())
            );
            assert_eq!(databases[0]["findings"][0]["id"], "full-backup-gen-invalid");
        }
    }
}

#[test]
fn what_no_log_can_be_named_like() {
    let fixture = Fixture::new(b"text");
    for prefix in ["", "E0", "E000", "E0*"] {
        let dir = fixture.dir().to_str().unwrap();
        let ran = run(["reset-logs", "--dry-run", "--json", "--prefix", prefix, dir]);
        ran.expect_refused(2, &["usage"]);
        let says = ran.json()["refusals"][0]["message"].as_str().unwrap().to_owned();
        assert!(
            says.contains("the three characters that all names of the logs begin with"),
            "{says}"
        );
    }
}

#[test]
fn a_file_that_was_cut_off() {
    let whole = damaged(8);
    let says = ["copy at offset 0: the file ends before"];
    let tiny =
        Expected { refusals: &["header-unreadable", "truncated"], codes: [3, 1, 4], says: &says };
    expect_bytes(&whole[..100], &tiny);
    let ran = Fixture::new(&whole[..100]).run(&["repair", "--dry-run"]);
    let says = "the file has 100 bytes, expected at least two pages";
    assert!(ran.stdout.contains(says), "{ran:?}");
    for bytes in [4096, 6144, 8192 + 1, 10 * 4096 - 1] {
        let found = format!("the file has {bytes} bytes");
        let says = [found.as_str(), "expected a multiple of its page size of 4096 bytes"];
        let inspect = if bytes < 8192 { 1 } else { 0 };
        let codes = [3, 1, inspect];
        expect_bytes(&whole[..bytes], &Expected { refusals: &["truncated"], codes, says: &says });
    }
}

#[test]
fn two_pages_are_a_database() {
    let fixture = Fixture::new(&damaged(0));
    assert_eq!(fixture.bytes().len(), 8192);
    assert_eq!(fixture.run(&["check"]).code, Some(1));
    fixture.repair();
    assert_eq!(fixture.bytes(), healthy_like(&fixture.bytes()));
    assert_eq!(fixture.run(&["check"]).code, Some(0));
}

/// A file whose two header copies are those of its primary one.
fn healthy_like(bytes: &[u8]) -> Vec<u8> {
    [&bytes[..4096], &bytes[..4096], &bytes[8192..]].concat()
}

#[test]
fn a_page_size_that_lies() {
    let codes = [3, 1, 4];
    for lie in [1, 1024, 8192, 65536, u32::MAX] {
        let bytes = edited(|raw| raw.page_size = lie.into());
        let says = ["copy at offset 0"];
        expect_bytes(&bytes, &Expected { refusals: &["header-unreadable"], codes, says: &says });
    }
}

#[test]
fn other_files_of_the_engine() {
    for (name, says) in [
        ("E0000002.log", "a transaction log"),
        ("E00.log", "a transaction log"),
        ("E00.chk", "a checkpoint"),
        ("priv1.stm", "a streaming file"),
    ] {
        let files = storage_group(&Recipe::default());
        let file = files.iter().find(|file| file.name == name).unwrap();
        let fixture = Fixture::named(&file.bytes, name.as_ref());
        let before = snapshot(fixture.dir());
        for command in [&["repair", "--yes"][..], &["repair", "--dry-run"], &["check"]] {
            let code = if command[0] == "repair" { 3 } else { 4 };
            let ran = run_both(command, &[], &fixture.db, code);
            ran.expect_refused(code, &["not-a-database"]);
            assert_reasons(&ran, &fixture.db, &senseless(&[], &[says, "expected a database"]));
        }
        assert_eq!(snapshot(fixture.dir()), before);
    }
    // A log under the name of a database is a log.
    let log = storage_group(&Recipe::default()).swap_remove(3);
    let fixture = Fixture::new(&log.bytes);
    fixture.run(&["repair", "--yes"]).expect_refused(3, &["not-a-database"]);
}

#[test]
fn formats_that_are_not_known() {
    let unsupported = |says| Expected { refusals: &["unsupported-format"], codes: [3, 1, 0], says };
    // Of another version not even the findings can be trusted.
    let version = ["Format ulVersion: 0x621 at offset 8, expected 0x620"];
    let other = Expected { codes: [3, 4, 0], ..unsupported(&version) };
    expect_bytes(&edited(|raw| raw.version = 0x621.into()), &other);
    let kind = ["offset 356 is 7, expected 0, 1 or 2"];
    expect_bytes(&edited(|raw| raw.full_prev_type = 7.into()), &unsupported(&kind));
    let in_use = ["bytes 420-475 are not zero", "0x9"];
    expect_bytes(&edited(|raw| raw.copy_prev.gen_low = 1.into()), &unsupported(&in_use));
    expect_bytes(&edited(|raw| raw.diff_prev_type = 1.into()), &unsupported(&in_use));
    // The revision alone, however new, is no reason.
    let fixture = Fixture::new(&edited(|raw| raw.revision = 0x7fff.into()));
    fixture.repair();
}

#[test]
fn a_second_page_that_may_be_data() {
    let mut bytes = edited(|raw| raw.flags[0] |= 1);
    bytes[4096..8192].fill(0xaa);
    let says = ["Shadowed: No", "offset 4096"];
    let codes = [3, 1, 1];
    expect_bytes(&bytes, &Expected { refusals: &["shadowing-disabled"], codes, says: &says });
}

#[test]
fn two_bad_copies() {
    let mut bytes = damaged(8);
    corrupt_copy(&mut bytes, Which::Primary);
    corrupt_copy(&mut bytes, Which::Shadow);
    let stored = u32::from_le_bytes(bytes[..4].try_into().unwrap());
    // The flipped bit is bit 0 of a double word, and the checksum is an exclusive or.
    let (found, expected) = (format!("{stored:08x}"), format!("{:08x}", stored ^ 1));
    let says = [found.as_str(), expected.as_str(), "offset 0", "offset 4096"];
    let codes = [3, 1, 4];
    expect_bytes(&bytes, &Expected { refusals: &["header-unreadable"], codes, says: &says });
}

/// A half-damaged pair is repaired, and the undo brings the damaged bytes back.
#[track_caller]
fn mends(bytes: &[u8], finding: &str) {
    let fixture = Fixture::new(bytes);
    let check = fixture.run(&["check"]);
    assert_eq!(check.code, Some(1));
    assert!(check.stdout.contains(finding), "{check:?}");
    assert_eq!(fixture.run(&["inspect"]).code, Some(1));
    let operation = fixture.repair();
    assert_eq!(fixture.run(&["check"]).code, Some(0));
    assert_eq!(fixture.bytes(), healthy_like(&fixture.bytes()));
    assert_eq!(fixture.bytes()[8192..], bytes[8192..]);
    let undone = run(["restore".as_ref(), "--yes".as_ref(), operation.as_os_str()]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(fixture.bytes(), bytes);
}

#[test]
fn one_bad_copy_or_two_that_differ() {
    for (which, finding) in
        [(Which::Primary, "primary-header-damaged"), (Which::Shadow, "shadow-header-damaged")]
    {
        for mut bytes in [damaged(8), healthy(8)] {
            corrupt_copy(&mut bytes, which);
            mends(&bytes, finding);
        }
    }
    for mut bytes in [damaged(8), healthy(8)] {
        edit_copy(&mut bytes, Which::Shadow, |raw| raw.db_time = 7.into());
        mends(&bytes, "header-copies-differ");
    }
}

fn dirty<'a>(says: &'a [&'a str]) -> Expected<'a> {
    Expected { refusals: &["dirty-shutdown"], codes: [3, 1, 0], says }
}

#[test]
fn databases_that_are_not_closed() {
    for (state, label) in
        [(1, "Just Created"), (2, "Dirty Shutdown"), (4, "Being Converted"), (9, "Illegal")]
    {
        let bytes = edited(|raw| raw.state = state.into());
        let says = [label, "expected Clean Shutdown"];
        expect_bytes(&bytes, &dirty(&says));
    }
    let mut bytes = DatabaseRecipe { pages: 8, ..DatabaseRecipe::default() }.dirty(4, 5).build();
    damage_full_backup(&mut bytes);
    expect_bytes(&bytes, &dirty(&["4-5 (0x4-0x5)"]));
}

#[test]
fn a_backup_in_progress() {
    let says = ["Current Full Backup: Log Gen: 3-0, expected 0-0"];
    let expected = Expected { refusals: &["backup-in-progress"], codes: [3, 1, 0], says: &says };
    expect_bytes(&edited(|raw| raw.full_cur.gen_low = 3.into()), &expected);
    let says = ["Current Shadow copy backup: Log Gen: 2-4, expected 0-0"];
    let bytes = edited(|raw| {
        raw.shadow_copy_cur.gen_low = 2.into();
        raw.shadow_copy_cur.gen_high = 4.into();
    });
    expect_bytes(&bytes, &Expected { says: &says, ..expected });
}

#[test]
fn a_marker_of_another_operation() {
    let fixture = Fixture::new(&damaged(8));
    let marker = fixture.marker();
    let says = [marker.to_str().unwrap()];
    for content in ["", "garbage", "{\"operation\":\"x\"}\n"] {
        fs::write(&marker, content).unwrap();
        let codes = [3, 1, 0];
        let expected = Expected { refusals: &["operation-pending"], codes, says: &says };
        expect(fixture.dir(), &fixture.db, &expected);
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_read_only_file_even_for_root() {
    let fixture = Fixture::new(&damaged(8));
    set_mode(&fixture.db, 0o444);
    let refusals = ["read-only"];
    let read_only = Expected { refusals: &refusals, codes: [3, 1, 0], says: &["read-only"] };
    expect(fixture.dir(), &fixture.db, &read_only);
}

#[test]
fn a_read_only_folder_even_for_root() {
    let fixture = Fixture::new(&damaged(8));
    let elsewhere = tempfile::tempdir().unwrap();
    let more = [OsStr::new("--backup-dir"), elsewhere.path().as_os_str()];
    set_mode(fixture.dir(), 0o555);
    let codes = [3, 1, 0];
    let says = ["no file can be created beside it"];
    let expected = Expected { refusals: &["read-only"], codes, says: &says };
    expect_with(fixture.dir(), &fixture.db, &expected, &more);
    let both = Expected { refusals: &["backup-dir-unusable", "read-only"], ..expected };
    expect(fixture.dir(), &fixture.db, &both);
    set_mode(fixture.dir(), 0o755);
    assert!(names(elsewhere.path()).is_empty());
}

#[test]
fn an_unusable_backup_folder() {
    let fixture = Fixture::new(&damaged(8));
    let locked = fixture.dir().join("locked");
    fs::create_dir(&locked).unwrap();
    set_mode(&locked, 0o555);
    let file = fixture.dir().join("file");
    fs::write(&file, "text").unwrap();
    let missing = fixture.dir().join("missing/deeper");
    let before = snapshot(fixture.dir());
    for dir in [locked.clone(), locked.join("deeper"), file.clone(), file.join("deeper"), missing] {
        for mode in ["--yes", "--dry-run"] {
            let ran = fixture.run(&["repair", mode, "--backup-dir", dir.to_str().unwrap()]);
            ran.expect_refused(3, &["backup-dir-unusable"]);
            assert_eq!(ran.json()["refusals"][0]["path"], dir.to_str().unwrap());
        }
    }
    assert_eq!(snapshot(fixture.dir()), before);
    set_mode(&locked, 0o755);
}

#[test]
fn a_backup_folder_that_must_be_made_or_is_a_link() {
    let fixture = Fixture::new(&damaged(8));
    let fresh = fixture.dir().join("fresh");
    let ran = fixture.run(&["repair", "--yes", "--backup-dir", fresh.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(names(&fresh).len(), 1);
    let link = fixture.dir().join("link");
    symlink("fresh", &link).unwrap();
    fs::write(&fixture.db, damaged(8)).unwrap();
    let ran = fixture.run(&["repair", "--yes", "--backup-dir", link.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(names(&fresh).len(), 2);
}

#[test]
fn every_reason_at_once() {
    let fixture = Fixture::new(&edited(|raw| {
        raw.state = 2.into();
        raw.full_cur.gen_low = 3.into();
        raw.version = 0x621.into();
    }));
    fs::write(fixture.marker(), "").unwrap();
    set_mode(&fixture.db, 0o444);
    let nowhere = fixture.dir().join("missing/deeper");
    let before = snapshot(fixture.dir());
    let holder = fs::File::open(&fixture.db).unwrap();
    let ran = fixture.run(&["repair", "--yes", "--backup-dir", nowhere.to_str().unwrap()]);
    drop(holder);
    ran.expect_refused(
        3,
        &[
            "backup-dir-unusable",
            "backup-in-progress",
            "dirty-shutdown",
            "in-use",
            "operation-pending",
            "read-only",
            "unsupported-format",
        ],
    );
    assert_eq!(snapshot(fixture.dir()), before);
}

/// Repairs and undoes under this name; nothing about the name may get in the way.
#[track_caller]
fn works_as(path: &Path) {
    fs::write(path, damaged(8)).unwrap();
    let json = |command: &[&str], path: &Path| {
        let arguments = command.iter().map(OsStr::new).chain(["--json".as_ref()]);
        run(arguments.chain([path.as_os_str()]))
    };
    assert_eq!(json(&["check"], path).code, Some(1));
    assert_eq!(json(&["inspect"], path).code, Some(0));
    let text = run([OsStr::new("check"), path.as_os_str()]);
    assert_eq!(text.code, Some(1));
    assert!(!text.stdout.contains('\u{1b}'), "{text:?}");
    let repaired = json(&["repair", "--yes"], path);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert_keys(repaired.json(), "repair", 0);
    assert!(!marker_of(path).exists());
    let operation = operations(path.parent().unwrap()).pop().unwrap();
    let undone = json(&["restore", "--yes"], &operation);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(fs::read(path).unwrap(), damaged(8));
    let text = run([OsStr::new("repair"), OsStr::new("--yes"), path.as_os_str()]);
    assert_eq!(text.code, Some(0), "{text:?}");
}

#[test]
fn odd_names() {
    for name in
        [&b"priv 1 (old).edb"[..], b"a\nb.edb", b"\xff\xfe.edb", b"\x1b[2J.edb", b"'\"$x.edb"]
    {
        let folder = tempfile::tempdir().unwrap();
        works_as(&folder.path().join(OsStr::from_bytes(name)));
    }
}

#[test]
fn odd_folders() {
    for name in [&b"First Storage Group"[..], b"a\nb", b"\xff\xfe"] {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join(OsStr::from_bytes(name));
        fs::create_dir(&inner).unwrap();
        works_as(&inner.join(DATABASE));
    }
}

#[test]
fn a_name_that_begins_with_a_dash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("-rf.edb");
    fs::write(&path, damaged(8)).unwrap();
    let mut command = crate::harness::program(["repair", "--yes", "--", "-rf.edb"]);
    let ran = finish(spawn(command.current_dir(folder.path())));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_long_path() {
    let folder = tempfile::tempdir().unwrap();
    let deep: PathBuf = (0..6).fold(folder.path().to_owned(), |dir, _| dir.join("x".repeat(60)));
    fs::create_dir_all(&deep).unwrap();
    assert!(deep.as_os_str().len() > 260);
    works_as(&deep.join(DATABASE));
}

#[test]
fn a_name_too_long_for_a_marker() {
    let name = "x".repeat(250) + ".edb";
    let fixture = Fixture::named(&damaged(8), name.as_ref());
    assert_eq!(fixture.run(&["check"]).code, Some(1));
    for flag in ["--dry-run", "--yes"] {
        let ran = fixture.run(&["repair", flag]);
        ran.expect_refused(3, &["read-only"]);
        assert!(ran.stdout.contains("its name is too long"), "{ran:?}");
    }
    assert_eq!(names(fixture.dir()).len(), 1);
    assert_eq!(fixture.bytes(), damaged(8));
}

#[test]
fn the_outcome_does_not_depend_on_the_order() {
    for first in ["priv1.edb", "pub1.edb"] {
        let (_folder, dir) = small_group();
        let second = if first == "priv1.edb" { "pub1.edb" } else { "priv1.edb" };
        let (first, second) = (dir.join(first), dir.join(second));
        let planned = run(["repair", "--dry-run", "--json", text(&first), text(&second)]);
        assert_eq!(planned.outcome(), "planned");
        let done = run(["repair", "--yes", "--json", text(&first), text(&second)]);
        assert_eq!((done.code, done.outcome().as_str()), (Some(0), "committed"));
    }
}

#[test]
fn a_healthy_file_that_was_cut_off_is_not_called_sound() {
    let bytes = healthy(8);
    let fixture = Fixture::new(&bytes[..bytes.len() - 100]);
    let ran = fixture.run(&["check"]);
    ran.expect_refused(4, &["truncated"]);
}

#[test]
fn the_header_of_something_that_the_engine_does_not_attach() {
    for (attribute, file_type) in [(0, 3), (0, 9), (2, 1)] {
        let mut bytes = damaged(8);
        edit_header(&mut bytes, |raw| {
            raw.attribute = attribute.into();
            raw.file_type = file_type.into();
        });
        let fixture = Fixture::new(&bytes);
        fixture.run(&["repair", "--yes"]).expect_refused(3, &["not-a-database"]);
        assert_eq!(fixture.bytes(), bytes);
    }
    for file_type in [0, 1, 5] {
        let mut bytes = damaged(8);
        edit_header(&mut bytes, |raw| raw.file_type = file_type.into());
        assert_eq!(Fixture::new(&bytes).run(&["repair", "--dry-run"]).code, Some(0));
    }
}
