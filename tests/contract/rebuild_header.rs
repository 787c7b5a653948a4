//! `rebuild-header`: each verdict on sets of a real engine, each guard met by a set made to trip it, and the way
//! back.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use edbmend::ese::checksum;
use edbmend::ese::page::seal_page;
use serde_json::Value;

use crate::harness::files::unpack;
use crate::harness::sets::{dword, page_size_of};
use crate::harness::{Ran, digest, names, needs, operations, run, sealed, snapshot};

/// Clean, all logs there, one database: verdict B.
const CLEAN: &str = "engine/stage4_p4096/s4_1_bug_state";

/// The same database later, with the logs of then.
const LATER: &str = "engine/stage4_p4096/s4_2b_cleared_after_full_inc";

/// Killed while it wrote: verdict C.
const KILLED: &str = "engine/killed_p16384";

/// Two clean databases of one stream, too few changes to tell them apart.
const TWINS: &str = "engine/stage4_multi_p4096";

/// A set in a folder of its own, and the database in it whose header is destroyed.
struct Case {
    folder: tempfile::TempDir,
    database: PathBuf,
    /// The whole file before.
    original: Vec<u8>,
}

impl Case {
    fn of(set: &str, name: &str) -> Self {
        let folder = unpack(set);
        let database = folder.path().canonicalize().unwrap().join(name);
        let original = fs::read(&database).unwrap();
        Self { folder, database, original }
    }

    /// With both copies destroyed.
    fn destroyed(set: &str, name: &str) -> Self {
        let case = Self::of(set, name);
        case.destroy();
        case
    }

    fn destroy(&self) {
        self.edit(|bytes| {
            let page = page_size_of(&self.original);
            bytes[..2 * page].iter_mut().enumerate().for_each(|(at, b)| *b = (at * 7 % 251) as u8);
        });
    }

    fn page(&self) -> usize {
        page_size_of(&self.original)
    }

    fn edit(&self, edit: impl FnOnce(&mut Vec<u8>)) {
        edit_file(&self.database, edit);
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.database.with_file_name(name)
    }

    fn remove_all_beside(&self) {
        let beside = names(self.folder.path()).into_iter();
        for name in beside.filter(|name| Some(name.as_os_str()) != self.database.file_name()) {
            fs::remove_file(self.folder.path().join(name)).unwrap();
        }
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.database).unwrap()
    }

    fn run(&self, more: &[&str]) -> Ran {
        let words = ["rebuild-header", "--json", self.database.to_str().unwrap()];
        run(words.iter().chain(more))
    }

    /// `--yes`, which must succeed with this verdict.
    #[track_caller]
    fn rebuild(&self, verdict: &str, more: &[&str]) -> Ran {
        let ran = self.run(&[&["--yes"], more].concat());
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "committed"), "{ran:?}");
        assert_eq!(rebuild_of(&ran)["verdict"], verdict, "{ran:?}");
        let bytes = self.bytes();
        assert!(bytes[..self.page()] == bytes[self.page()..2 * self.page()], "both copies");
        assert!(bytes[2 * self.page()..] == self.original[2 * self.page()..], "the pages");
        ran
    }

    /// Refused for exactly these reasons, whatever else is asked for, and nothing is written.
    #[track_caller]
    fn refused(&self, more: &[&str], ids: &[&str]) -> Ran {
        let before = snapshot(self.folder.path());
        let ran = self.run(&[&["--yes"], more].concat());
        ran.expect_refused(3, ids);
        assert_eq!(snapshot(self.folder.path()), before);
        ran
    }

    /// Whether the fields at these offsets are those of the lost header.
    #[track_caller]
    fn assert_same(&self, fields: &[(usize, usize)]) {
        let bytes = self.bytes();
        for &(at, length) in fields {
            let (now, then) = (&bytes[at..at + length], &self.original[at..at + length]);
            assert_eq!(now, then, "offset {at}");
        }
    }
}

fn edit_file(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    edit(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn rebuild_of(ran: &Ran) -> &Value {
    &ran.json()["databases"][0]["rebuild"]
}

/// Identity, state, positions, log signature, versions and page size: what an engine compares.
const IDENTITY: [(usize, usize); 9] =
    [(4, 12), (24, 28), (52, 12), (80, 8), (104, 32), (232, 8), (640, 8), (340, 8), (667, 4)];

#[test]
fn a_clean_end_that_is_proven_gives_the_header_that_was_lost() {
    let case = Case::destroyed(CLEAN, "test.edb");
    let dry = case.run(&["--dry-run"]);
    assert_eq!((dry.code, dry.outcome().as_str()), (Some(0), "planned"), "{dry:?}");
    let ran = case.rebuild("B", &[]);
    case.assert_same(&IDENTITY);
    // Stamp, last detach, object id, Log Required, sort version, last resize.
    case.assert_same(&[(16, 8), (96, 8), (212, 4), (296, 8), (416, 4), (508, 8), (656, 8)]);
    assert_eq!(rebuild_of(&ran)["state"], "clean-shutdown");
    let steps = ran.json()["steps"].as_array().unwrap();
    let changes = steps[1]["changes"].as_array().unwrap();
    let dbtime = changes.iter().find(|change| change["field"] == "dbtime").unwrap();
    assert_eq!(dbtime["source"], "pages");
    let state = changes.iter().find(|change| change["field"] == "state").unwrap();
    assert_eq!((&state["source"], &state["after"]), (&"logs".into(), &"Clean Shutdown".into()));
    let check = run(["check", "--json", case.database.to_str().unwrap()]);
    assert_eq!(check.code, Some(0), "{check:?}");
}

#[test]
fn the_undo_brings_the_destroyed_pages_back_and_can_be_undone() {
    let case = Case::destroyed(KILLED, "db1.edb");
    let destroyed = case.bytes();
    let operation = case.rebuild("C", &[]).operation_dir();
    let rebuilt = case.bytes();
    let restore = |dir: &Path| {
        let ran = run(["restore", "--yes", "--json", dir.to_str().unwrap()]);
        assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "committed"), "{ran:?}");
        ran.operation_dir()
    };
    let undo = restore(&operation);
    assert!(case.bytes() == destroyed);
    restore(&undo);
    assert!(case.bytes() == rebuilt);
    let kept = names(&operation);
    for name in ["fingerprint.json", "header-before.bin", "db1.edb", "SHA256SUMS"] {
        assert!(kept.iter().any(|kept| kept == name), "{name}: {kept:?}");
    }
    assert!(fs::read(operation.join("db1.edb")).unwrap() == destroyed);
}

#[test]
fn a_database_that_was_attached_gets_what_recovery_needs() {
    let case = Case::destroyed(KILLED, "db1.edb");
    let ran = case.rebuild("C", &[]);
    // Identity, state, last consistent, last attach, id and log signature, revision and page size.
    case.assert_same(&[(24, 28), (52, 12), (80, 8), (104, 32), (232, 8), (300, 4)]);
    let bytes = case.bytes();
    assert!(dword(&bytes, 296) <= dword(&case.original, 296), "Log Required begins no later");
    assert_eq!(rebuild_of(&ran)["state"], "dirty-shutdown");
    assert!(ran.json()["databases"][0]["findings"].to_string().contains("dirty-shutdown"));
}

#[test]
fn nothing_but_pages_needs_its_flag_and_never_gives_a_clean_header() {
    let case = Case::destroyed(CLEAN, "test.edb");
    for name in names(case.folder.path()) {
        if name != "test.edb" {
            fs::remove_file(case.folder.path().join(name)).unwrap();
        }
    }
    case.refused(&[], &["nothing-but-pages"]);
    // A bad page is for eseutil /p.
    let sound = case.bytes();
    case.edit(|bytes| bytes[60 * 4096 + 100] ^= 1);
    let ran = case.run(&["--dry-run", "--dirty-for-repair"]);
    assert_eq!((ran.code, &rebuild_of(&ran)["verdict"]), (Some(0), &"D".into()), "{ran:?}");
    case.edit(|bytes| *bytes = sound);
    let ran = case.rebuild("D", &["--dirty-for-repair"]);
    assert_eq!(rebuild_of(&ran)["state"], "dirty-shutdown");
    case.assert_same(&[(16, 8), (212, 4), (236, 4)]);
    assert_eq!(dword(&case.bytes(), 108), 0, "no log signature");
    let plan = fs::read_to_string(ran.operation_dir().join("plan.json")).unwrap();
    assert!(plan.contains("--dirty-for-repair"), "{plan}");
}

#[test]
fn the_header_that_an_operation_left_goes_back_byte_for_byte() {
    let case = Case::of(CLEAN, "test.edb");
    let repaired = run(["repair", "--yes", "--json", case.database.to_str().unwrap()]);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    let after = case.bytes();
    case.destroy();
    let operation = repaired.operation_dir();
    case.rebuild("A", &["--from", operation.to_str().unwrap()]);
    assert!(case.bytes() == after, "with the repaired fields, and not those of before");
}

/// A header may have counted on without a change of any page: then only their checksums tell whose it is.
#[test]
fn what_the_pages_were_known_by_proves_a_header_whose_stamp_is_not_theirs() {
    let stamped_ahead = || {
        let case = Case::of(CLEAN, "test.edb");
        let page = case.page();
        case.edit(|bytes| {
            for header in bytes[..2 * page].chunks_exact_mut(page) {
                let stamp = u64::from_le_bytes(header[16..24].try_into().unwrap());
                header[16..24].copy_from_slice(&(stamp + 5).to_le_bytes());
                checksum::seal(header);
            }
        });
        case.remove_all_beside();
        let repaired = run(["repair", "--yes", "--json", case.database.to_str().unwrap()]);
        assert_eq!(repaired.code, Some(0), "{repaired:?}");
        let after = case.bytes();
        case.destroy();
        (case, repaired.operation_dir(), after)
    };
    let (case, operation, after) = stamped_ahead();
    let image = operation.join("header-after.bin");
    case.refused(&["--from", image.to_str().unwrap()], &["evidence-unsuitable"]);
    let ran = case.rebuild("A", &["--from", operation.to_str().unwrap()]);
    assert!(
        rebuild_of(&ran)["evidence"].to_string().contains("every page has the checksum"),
        "{ran:?}"
    );
    assert!(case.bytes() == after);

    // A page that was written since.
    let (case, operation, _) = stamped_ahead();
    let page = case.page();
    case.edit(|bytes| {
        let written = &mut bytes[41 * page..42 * page];
        written[page / 2] ^= 1;
        seal_page(written, 40);
    });
    case.refused(&["--from", operation.to_str().unwrap()], &["evidence-unsuitable"]);

    // One that says what the pages are known by now, in the folder of the header of before: nothing vouches for it.
    let (case, operation, _) = stamped_ahead();
    let from = ["--from", operation.to_str().unwrap()];
    let print = operation.join("fingerprint.json");
    let recorded = fs::read(&print).unwrap();
    let forged = [&recorded[..], b"\n"].concat();
    fs::write(&print, &forged).unwrap();
    case.refused(&from, &["journal-damaged"]);
    let sums = operation.join("SHA256SUMS");
    let listed = fs::read_to_string(&sums).unwrap();
    fs::write(&sums, listed.replace(&digest(&recorded), &digest(&forged))).unwrap();
    case.refused(&from, &["journal-damaged"]);
    // A journal that vouches for no sums proves nothing by them.
    fs::write(&sums, listed).unwrap();
    fs::write(&print, recorded).unwrap();
    let journal = operation.join("journal");
    let (whole, mut silent) = (fs::read(&journal).unwrap(), body_of(&journal));
    silent.as_object_mut().unwrap().remove("sums_sha256").unwrap();
    fs::write(&journal, sealed(&silent)).unwrap();
    case.refused(&from, &["evidence-unsuitable"]);
    // And what somebody else can change is no evidence.
    fs::write(&journal, whole).unwrap();
    fs::set_permissions(&print, Permissions::from_mode(0o606)).unwrap();
    case.refused(&from, &["backup-dir-shared"]);
    case.rebuild("A", &[&from[..], &["--allow-shared-backup-dir"]].concat());
}

/// What a journal says.
fn body_of(journal: &Path) -> Value {
    let text = fs::read_to_string(journal).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn the_header_that_a_log_reset_saved_goes_back_byte_for_byte() {
    let case = Case::of(CLEAN, "test.edb");
    let (database, folder) =
        (case.database.to_str().unwrap(), case.folder.path().to_str().unwrap());
    let reset = run(["reset-logs", "--yes", "--json", "--db", database, folder]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
    case.destroy();
    let operation = reset.operation_dir();
    let image = operation.join("header-1.bin");
    assert!(fs::read(&image).unwrap() == case.original[..2 * case.page()]);
    let sums = fs::read_to_string(operation.join("SHA256SUMS")).unwrap();
    assert!(sums.contains(" header-1.bin"), "{sums}");
    case.rebuild("A", &["--from", operation.to_str().unwrap()]);
    assert!(case.bytes() == case.original);

    // Of a database that it did not reset, and of an image that is no longer what it was.
    case.destroy();
    let other = Case { database: case.beside("other.edb"), ..case };
    fs::rename(other.beside("test.edb"), &other.database).unwrap();
    let from = ["--name-in-logs", "test.edb", "--from", operation.to_str().unwrap()];
    other.refused(&from, &["not-an-operation"]);
    fs::rename(&other.database, other.beside("test.edb")).unwrap();
    edit_file(&image, |bytes| bytes[20] ^= 1);
    let case = Case { database: other.beside("test.edb"), ..other };
    case.refused(&from[2..], &["journal-damaged"]);
}

#[test]
fn an_older_header_gives_what_never_changes() {
    let older = Case::of(CLEAN, "test.edb");
    let case = Case::destroyed(LATER, "test.edb");
    let from = ["--from", older.database.to_str().unwrap()];
    let ran = case.rebuild("B", &from);
    case.assert_same(&IDENTITY);
    // When it was attached, with which system: that of the older header.
    assert!(case.bytes()[216..232] == older.original[216..232]);
    assert!(rebuild_of(&ran)["evidence"].to_string().contains("older"), "{ran:?}");
    // The other way round it knows of logs that are not there.
    let (later, case) = (Case::of(LATER, "test.edb"), Case::destroyed(CLEAN, "test.edb"));
    case.refused(&["--from", later.database.to_str().unwrap()], &["evidence-unsuitable"]);
}

#[test]
fn a_dirty_header_from_before_the_newest_page_proves_nothing() {
    let case = Case::destroyed(CLEAN, "test.edb");
    // As a copy of the mounted store had it: dirty, and pages were written since.
    let older = case.beside("older.bin");
    let mut header = case.original[..2 * case.page()].to_vec();
    for copy in header.chunks_mut(case.page()) {
        copy[16..24].copy_from_slice(&9u64.to_le_bytes());
        copy[52] = 2;
        checksum::seal(copy);
    }
    fs::write(&older, header).unwrap();
    for name in names(case.folder.path()) {
        let name = name.to_str().unwrap().to_owned();
        if name.starts_with("E00") {
            fs::remove_file(case.beside(&name)).unwrap();
        }
    }
    let ran = case.refused(&["--from", older.to_str().unwrap()], &["evidence-unsuitable"]);
    assert!(ran.stdout.contains("it is older than the pages"), "{ran:?}");
}

#[test]
fn one_valid_copy_is_left_to_repair() {
    let case = Case::of(CLEAN, "test.edb");
    case.edit(|bytes| bytes[..4096].fill(0));
    case.refused(&[], &["header-still-valid"]);
}

#[test]
fn more_than_the_header_is_lost() {
    let case = Case::destroyed(CLEAN, "test.edb");
    case.edit(|bytes| bytes[..80 * 4096].fill(0xff));
    case.refused(&["--dirty-for-repair"], &["page-size-unknown"]);
    let case = Case::destroyed(CLEAN, "test.edb");
    case.edit(|bytes| bytes[5 * 4096..6 * 4096].fill(0));
    case.refused(&["--dirty-for-repair"], &["root-page-lost"]);
    let case = Case::destroyed(CLEAN, "test.edb");
    case.edit(|bytes| bytes[52 * 4096 + 100] ^= 1);
    case.refused(&["--dirty-for-repair"], &["bad-pages"]);
    let case = Case::destroyed(CLEAN, "test.edb");
    case.edit(|bytes| bytes.truncate(bytes.len() - 100));
    case.refused(&["--dirty-for-repair"], &["truncated"]);
}

#[test]
fn a_backup_copy_waits_for_its_restore() {
    let case = Case::destroyed(CLEAN, "test.edb");
    case.edit(|bytes| {
        let mut trailer = vec![0; 4096];
        checksum::seal(&mut trailer);
        bytes.extend(trailer);
    });
    case.refused(&[], &["backup-in-progress"]);
}

#[test]
fn logs_that_are_not_whole_prove_nothing() {
    let case = Case::destroyed(CLEAN, "test.edb");
    edit_file(&case.beside("E00.log"), |bytes| bytes[4096 + 300] ^= 0x55);
    case.refused(&["--dirty-for-repair"], &["logs-not-whole"]);
    let case = Case::destroyed(CLEAN, "test.edb");
    fs::remove_file(case.beside("E00.log")).unwrap();
    case.refused(&["--dirty-for-repair"], &["logs-not-whole"]);
    let case = Case::destroyed(KILLED, "db1.edb");
    for name in ["E0100001.log", "E0100002.log", "E0100003.log"] {
        edit_file(&case.beside(name), |bytes| bytes[4096 + 300] ^= 0x55);
    }
    case.refused(&["--dirty-for-repair"], &["logs-not-whole"]);
}

#[test]
fn a_record_of_an_unknown_kind_ends_what_logs_prove() {
    const STREAMING_FILE_RECORD: u8 = 47;
    let case = Case::destroyed(CLEAN, "test.edb");
    edit_file(&case.beside("E00.log"), |bytes| {
        let segment = &mut bytes[4096..2 * 4096];
        segment[40] = STREAMING_FILE_RECORD;
        seal_page(segment, 1);
    });
    case.refused(&["--dirty-for-repair"], &["logs-not-whole"]);
}

#[test]
fn logs_of_another_stream_prove_nothing() {
    let with_logs_of = |set: &str, name: &str| {
        let case = Case::destroyed(CLEAN, "test.edb");
        case.remove_all_beside();
        let others = Case::of(set, name);
        for log in names(others.folder.path()).iter().filter_map(|name| name.to_str()) {
            if log.ends_with(".log") || log.ends_with(".chk") {
                fs::copy(others.beside(log), case.beside(log)).unwrap();
            }
        }
        case
    };
    with_logs_of(TWINS, "one.edb").refused(&[], &["nothing-but-pages"]);
    // A file of that name is not the database.
    let case = with_logs_of(TWINS, "one.edb");
    let renamed = case.beside("one.edb");
    fs::rename(&case.database, &renamed).unwrap();
    let case = Case { database: renamed, ..case };
    case.refused(&["--dirty-for-repair"], &["pages-contradict-logs"]);
}

#[test]
fn the_newest_logs_are_gone() {
    // The checkpoint knows more logs; and where it is gone as well, the pages do.
    let case = Case::destroyed(KILLED, "db1.edb");
    fs::remove_file(case.beside("E0100003.log")).unwrap();
    fs::rename(case.beside("E0100002.log"), case.beside("E01.log")).unwrap();
    case.refused(&["--dirty-for-repair"], &["logs-not-whole"]);
    fs::remove_file(case.beside("E01.chk")).unwrap();
    case.refused(&["--dirty-for-repair"], &["pages-contradict-logs"]);
}

#[test]
#[ignore = "needs the real files"]
fn leftovers_of_a_hard_repair_contradict_the_logs() {
    needs::real_files();
    for (set, name, id) in [
        ("trials/after_p_logs_left", "db1.edb", "pages-contradict-logs"),
        ("real/srum-win10-belkasoft-repaired", "SRUDB.dat", "flush-map-contradicts"),
        ("real/srum-win11-rathbun-repaired", "SRUDB.dat", "flush-map-contradicts"),
    ] {
        Case::destroyed(set, name).refused(&["--dirty-for-repair"], &[id]);
    }
}

#[test]
fn a_log_before_the_checkpoint_may_be_missing() {
    let case = Case::destroyed(CLEAN, "test.edb");
    fs::remove_file(case.beside("E0000002.log")).unwrap();
    case.rebuild("B", &[]);
    case.assert_same(&IDENTITY);
}

#[test]
fn the_current_log_may_not_be_the_newest() {
    let case = Case::destroyed(CLEAN, "test.edb");
    fs::copy(case.beside("E0000005.log"), case.beside("E0000009.log")).unwrap();
    case.refused(&[], &["newest-log-doubtful"]);
    let ran = case.rebuild("B", &["--allow-newest-log-doubtful"]);
    let plan = fs::read_to_string(ran.operation_dir().join("plan.json")).unwrap();
    assert!(plan.contains("--allow-newest-log-doubtful"), "{plan}");
    // The newest logs are gone, and an archived one has the name of the current one.
    let case = Case::destroyed(CLEAN, "test.edb");
    fs::rename(case.beside("E0000005.log"), case.beside("E00.log")).unwrap();
    fs::remove_file(case.beside("E00.chk")).unwrap();
    let ran = case.run(&["--yes"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
}

#[test]
fn a_file_that_was_renamed_is_told_its_name() {
    let case = Case::destroyed(CLEAN, "test.edb");
    let renamed = case.beside("lost.edb");
    fs::rename(&case.database, &renamed).unwrap();
    let case = Case { database: renamed, ..case };
    let ran = case.refused(&["--dirty-for-repair"], &["database-not-in-logs"]);
    let remedy = ran.json()["refusals"][0]["remedy"].as_str().unwrap();
    assert!(remedy.contains("--name-in-logs") && remedy.contains("test.edb"), "{remedy}");
    let ran = case.rebuild("B", &["--name-in-logs", "test.edb"]);
    case.assert_same(&IDENTITY);
    assert_eq!(overrides_of(&ran), ["--name-in-logs test.edb"]);
}

/// What the plan of an operation says of the guards that were overridden.
fn overrides_of(ran: &Ran) -> Vec<String> {
    let plan = fs::read_to_string(ran.operation_dir().join("plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    serde_json::from_value(plan["overrides"].clone()).unwrap()
}

#[test]
fn a_name_that_decided_nothing_is_no_override() {
    let case = Case::destroyed(CLEAN, "test.edb");
    let ran = case.rebuild("B", &["--name-in-logs", "test.edb"]);
    assert_eq!(overrides_of(&ran), [""; 0]);
    assert!(!rebuild_of(&ran)["evidence"].to_string().contains("--name-in-logs"), "{ran:?}");
}

#[test]
fn twins_are_told_apart_by_a_person_only() {
    let case = Case::destroyed(TWINS, "one.edb");
    let ran = case.refused(&[], &["twin-database"]);
    let message = ran.json()["refusals"][0]["message"].as_str().unwrap();
    let path = message.split([' ', ',']).find(|word| word.ends_with("one.edb")).unwrap();
    let ran = case.rebuild("B", &["--name-in-logs", path]);
    case.assert_same(&IDENTITY);
    assert_eq!(overrides_of(&ran), [format!("--name-in-logs {path}")]);
    let evidence = rebuild_of(&ran)["evidence"].to_string();
    assert!(evidence.contains("Named by --name-in-logs: it is "), "{evidence}");
}

#[test]
fn pages_of_another_time_contradict_the_logs() {
    // Page 40 as it was before its last change, and as it would be after one more.
    let stamped = |set: &str, name: &str, change: fn(u64) -> u64| {
        let case = Case::destroyed(set, name);
        let size = case.page();
        case.edit(|bytes| {
            let page = &mut bytes[41 * size..42 * size];
            let stamp = u64::from_le_bytes(page[8..16].try_into().unwrap());
            page[8..16].copy_from_slice(&change(stamp).to_le_bytes());
            seal_page(page, 40);
        });
        case
    };
    for change in [(|stamp| stamp - 1) as fn(u64) -> u64, |stamp| stamp + 5000] {
        let case = stamped(CLEAN, "test.edb", change);
        let ran = case.refused(&["--dirty-for-repair"], &["pages-contradict-logs"]);
        assert!(ran.stdout.contains("page 40"), "{ran:?}");
    }
    let case = stamped(KILLED, "db1.edb", |stamp| stamp + 5000);
    case.refused(&["--dirty-for-repair"], &["pages-contradict-logs"]);
}

#[test]
fn a_flush_map_of_another_time_contradicts_the_logs() {
    let (case, clean) = (Case::destroyed(KILLED, "db1.edb"), Case::of(CLEAN, "test.edb"));
    fs::copy(clean.beside("test.jfm"), case.beside("db1.jfm")).unwrap();
    case.refused(&[], &["flush-map-contradicts"]);
}

#[test]
fn a_streaming_file_needs_its_identity() {
    let case = Case::destroyed(CLEAN, "test.edb");
    fs::write(case.beside("test.stm"), [0; 8192]).unwrap();
    case.refused(&[], &["streaming-file-unproven"]);
}

#[test]
fn a_check_names_the_case_and_the_command() {
    let says = |case: &Case, letter: &str, what: &str| {
        let ran = run(["check", "--json", case.folder.path().to_str().unwrap()]);
        let remedy = ran.finding("header-unreadable", "remedy");
        assert!(remedy.starts_with("edbmend rebuild-header --dry-run "), "{remedy}");
        let consequence = ran.finding("header-unreadable", "consequence");
        assert!(consequence.starts_with(&format!("Case {letter}: ")), "{consequence}");
        assert!(consequence.contains(what), "{consequence}");
        let databases = ran.json()["databases"].clone();
        let verdicts =
            databases.as_array().unwrap().iter().map(|one| one["rebuild"]["verdict"].clone());
        let verdicts: Vec<Value> = verdicts.filter(|verdict| !verdict.is_null()).collect();
        let named =
            if ["B", "C"].contains(&letter) { vec![Value::from(letter)] } else { Vec::new() };
        assert_eq!(verdicts, named, "{ran:?}");
        assert!(operations(case.folder.path()).is_empty());
    };
    let lost = Case::destroyed(CLEAN, "test.edb");
    says(&lost, "B", "Clean Shutdown");
    let text = run(["check", lost.folder.path().to_str().unwrap()]).stdout;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Not read: pages but those of a lost header (--deep)"), "{text}");
    says(&Case::destroyed(KILLED, "db1.edb"), "C", "Dirty Shutdown");
    let alone = Case::destroyed(CLEAN, "test.edb");
    alone.remove_all_beside();
    says(&alone, "D", "nothing but its pages");
    let contradicted = Case::destroyed(CLEAN, "test.edb");
    fs::write(contradicted.beside("test.stm"), [0; 8192]).unwrap();
    says(&contradicted, "E", "streaming-file-unproven");
}

#[test]
fn a_check_sends_nobody_to_a_rebuild_that_is_refused() {
    let check = |case: &Case| run(["check", "--json", case.folder.path().to_str().unwrap()]);
    let steps = |ran: &Ran| -> Vec<String> {
        let steps = ran.json()["way_out"].as_array().unwrap().iter();
        steps.map(|step| step["action"].as_str().unwrap().to_owned()).collect()
    };
    // With the proven header the group is what it was.
    let proven = check(&Case::destroyed(KILLED, "db1.edb"));
    assert_eq!(steps(&proven), ["copy-aside", "rebuild-header", "mount-stores"]);
    for more in [0, 3] {
        let lost = Case::destroyed(CLEAN, "test.edb");
        lost.edit(|bytes| bytes.truncate(more * 4096));
        let ran = check(&lost);
        let remedy = ran.finding("header-unreadable", "remedy");
        assert!(remedy.contains("backup") && !remedy.contains("rebuild-header"), "{remedy}");
        assert!(!steps(&ran).contains(&"rebuild-header".to_owned()), "{ran:?}");
    }
    let alone = Case::destroyed(CLEAN, "test.edb");
    alone.remove_all_beside();
    let ran = check(&alone);
    let way =
        ["bring-database-back", "copy-aside", "rebuild-header", "repair-database", "check-again"];
    assert_eq!(steps(&ran), way);
    let command = ran.json()["way_out"][2]["command"].as_str().unwrap();
    assert!(command.contains(" --dirty-for-repair "), "{command}");
    assert!(ran.finding("header-unreadable", "remedy").contains(" --dirty-for-repair "), "{ran:?}");
}
