//! Folders that others can write, readers who must not gain access, and places that are not what they seem.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use edbmend::practice::damage_full_backup;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::harness::disks::{Volume, run as must};
use crate::harness::group::{digests, reset_before_its_end};
use crate::harness::strace::run_with_kill;
use crate::harness::{
    Fixture, Group, damaged, marker_of, names, needs, operations, operations_in, reset_words, run,
    sealed, small_group, snapshot, text,
};

/// The user and group `nobody`.
const NOBODY: u32 = 65534;

fn give_away(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}

fn give_all_away(dir: &Path) {
    give_away(dir);
    for name in names(dir) {
        let path = dir.join(name);
        if path.is_dir() { give_all_away(&path) } else { give_away(&path) }
    }
}

fn is_readable_by_nobody(path: &Path) -> bool {
    let mut cat = Command::new("setpriv");
    cat.args(["--reuid=65534", "--regid=65534", "--clear-groups", "cat"]).arg(path);
    cat.output().unwrap().status.success()
}

fn open_to_all(folder: &TempDir) {
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

fn sha256_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A group whose folder belongs to nobody, and who forged the operation of a reset in it that moves
/// `moved` between `from` and the operation folder.
struct Forgery {
    _folder: TempDir,
    dir: PathBuf,
    operation: PathBuf,
    victim: PathBuf,
}

impl Forgery {
    fn new(moved: &str) -> Self {
        let (folder, dir) = small_group();
        open_to_all(&folder);
        let victim = folder.path().join("victim");
        fs::create_dir(&victim).unwrap();
        let id = "edbmend-20261125T000000Z-reset-logs-dead";
        let operation = dir.join("edbmend").join(id);
        let away = operation.join("logs");
        fs::create_dir_all(&away).unwrap();
        fs::write(away.join(moved), "/x/evil.so\n").unwrap();
        let log = fs::read(dir.join("E00.log")).unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let start = sha256_of(&bytes[..bytes.len().min(4096)]);
            json!({"name": name, "bytes": bytes.len(), "header_sha256": start})
        };
        let batch = |from: &Path, file: Value| json!({"from": from, "to": away, "method": "rename", "files": [file]});
        let plan = json!({
            "schema": "edbmend-reset/1", "version": "0.1.0", "operation": id,
            "created": "2026-11-25T00:00:00Z", "command": "reset-logs", "undoes": null, "base": "E00",
            "log_dir": dir, "away": away, "databases": [], "overrides": [],
            "batches": [batch(&victim, file(moved, b"/x/evil.so\n")), batch(&dir, file("E00.log", &log))],
        });
        let plan = serde_json::to_vec(&plan).unwrap();
        fs::write(operation.join("plan.json"), &plan).unwrap();
        let journal = json!({"schema": "edbmend-journal/1", "operation": id, "state": "prepared",
            "plan_sha256": sha256_of(&plan), "dir": operation});
        fs::write(operation.join("journal"), sealed(&journal)).unwrap();
        let marker = json!({"operation": id, "dir": operation, "created_backup_dir": false});
        fs::write(dir.join("E00.edbmend-pending"), sealed(&marker)).unwrap();
        Self { _folder: folder, dir, operation, victim }
    }

    fn expect_untouched(&self, more: &[&str], ids: &[&str]) {
        for named in [&self.dir, &self.operation] {
            let before = (snapshot(&self.dir), snapshot(&self.victim));
            let words = ["recover", "--yes", "--json"].iter().chain(more);
            run(words.copied().chain([text(named)])).expect_refused(3, ids);
            assert!((snapshot(&self.dir), snapshot(&self.victim)) == before);
        }
    }
}

#[test]
fn a_forged_plan_moves_nothing_whoever_owns_the_folder() {
    for moved in ["ld.so.preload", "E00.log", "E0000009.log"] {
        Forgery::new(moved).expect_untouched(&["--allow-shared-backup-dir"], &["journal-damaged"]);
    }
}

#[test]
#[ignore = "needs root"]
fn a_folder_that_another_user_made_decides_nothing() {
    needs::root();
    let forgery = Forgery::new("E00.chk");
    give_all_away(&forgery.dir);
    let before = snapshot(&forgery.dir);
    for named in [&forgery.dir, &forgery.operation] {
        let ran = run(["recover", "--yes", "--json", text(named)]);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.refusals().iter().all(|id| id == "backup-dir-shared"), "{ran:?}");
    }
    assert!(snapshot(&forgery.dir) == before);
    assert!(names(&forgery.victim).is_empty());
}

#[test]
fn a_marker_that_names_no_operation_removes_nothing() {
    let fixture = Fixture::new(&damaged(4));
    let victim = fixture.dir().join("victim2");
    fs::create_dir(&victim).unwrap();
    for name in ["SHA256SUMS", "plan.json", "journal.new"] {
        fs::write(victim.join(name), "{}").unwrap();
    }
    for operation in ["victim2", "edbmend-x"] {
        let marker = json!({"operation": operation, "dir": victim, "created_backup_dir": true});
        fs::write(fixture.marker(), sealed(&marker)).unwrap();
        let before = snapshot(fixture.dir());
        fixture.run(&["recover", "--yes"]).expect_refused(3, &["journal-damaged"]);
        assert!(snapshot(fixture.dir()) == before);
    }
}

#[test]
#[ignore = "needs root"]
fn a_backup_folder_of_somebody_else_is_refused_and_what_is_allowed_is_recorded() {
    needs::root();
    needs::programs(&["setfacl"]);
    type Share = fn(&Path);
    let shares: [Share; 4] = [
        give_away,
        |dir| fs::set_permissions(dir, fs::Permissions::from_mode(0o1777)).unwrap(),
        |dir| {
            chown(dir, None, Some(NOBODY)).unwrap();
            fs::set_permissions(dir, fs::Permissions::from_mode(0o770)).unwrap();
        },
        |dir| must(Command::new("setfacl").args(["-m", "u:nobody:rwx"]).arg(dir)),
    ];
    for share in shares {
        let fixture = Fixture::new(&damaged(4));
        let backups = fixture.dir().join("backups");
        fs::create_dir(&backups).unwrap();
        share(&backups);
        let before = snapshot(fixture.dir());
        let words = ["repair", "--yes", "--backup-dir", text(&backups)];
        fixture.run(&words).expect_refused(3, &["backup-dir-shared"]);
        assert!(snapshot(fixture.dir()) == before);
        let allowed = [&words[..], &["--allow-shared-backup-dir"]].concat();
        let done = fixture.run(&allowed);
        assert_eq!(done.code, Some(0), "{done:?}");
        let plan = fs::read_to_string(done.operation_dir().join("plan.json")).unwrap();
        assert!(plan.contains("--allow-shared-backup-dir"), "{plan}");
    }
}

/// `chown root FOLDER`, without `-R`, and what was in it is still his.
#[test]
#[ignore = "needs root"]
fn a_file_of_somebody_else_in_an_operation_folder_of_ones_own_decides_nothing() {
    needs::root();
    let (_folder, dir) = small_group();
    let operation = run(reset_words(&["--yes", "--json"], &dir)).operation_dir();
    let restore = ["restore", "--yes", "--json", text(&operation)];
    for name in ["journal", "plan.json", "SHA256SUMS", "header-1.bin", "logs"] {
        let path = operation.join(name);
        give_away(&path);
        let before = snapshot(&dir);
        let ran = run(restore);
        ran.expect_refused(3, &["backup-dir-shared"]);
        assert_eq!(ran.json()["refusals"][0]["path"], text(&path), "{ran:?}");
        assert!(snapshot(&dir) == before);
        chown(&path, Some(0), Some(0)).unwrap();
    }
    // The moved logs have the owner that they had.
    give_away(&operation.join("logs").join("E00.log"));
    let ran = run(restore);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
#[ignore = "needs root"]
fn nobody_else_says_where_log_and_page_lie_or_owns_what_is_appended_to() {
    needs::root();
    let fixture = Fixture::new(&damaged(4));
    let shut = fixture.dir().join("shut");
    fs::create_dir(&shut).unwrap();
    let link = fixture.dir().join("link");
    symlink(&shut, &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(NOBODY), Some(NOBODY)).unwrap();
    let log = fixture.dir().join("his.log");
    fs::write(&log, "").unwrap();
    give_away(&log);
    let before = snapshot(fixture.dir());
    for file in [&log, &link.join("new.log")] {
        fixture
            .run(&["repair", "--yes", "--log-file", text(file)])
            .expect_refused(3, &["log-file-unusable"]);
    }
    let page = link.join("page.html");
    fixture.run(&["repair", "--yes", "--html", text(&page)]).expect_refused(2, &["usage"]);
    assert!(snapshot(fixture.dir()) == before);
}

/// Whoever owns the folder of the database puts a link to a folder of root in the place of the backup folder,
/// and takes it back, all the time.
#[test]
#[ignore = "needs root"]
fn a_folder_that_is_exchanged_during_a_run_leads_no_write_elsewhere() {
    needs::another_user();
    const EXCHANGE: &str = "cd \"$1\"; while :; do mv -T edbmend aside && ln -s \"$2\" edbmend && \
                            rm edbmend; mv -T aside edbmend; done 2>/dev/null";
    for turn in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        open_to_all(&folder);
        let (srv, victim) = (folder.path().join("srv"), folder.path().join("victim"));
        fs::create_dir(&srv).unwrap();
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join("priv1.edb"), "root's file").unwrap();
        fs::write(srv.join("priv1.edb"), damaged(3000)).unwrap();
        give_all_away(&srv);
        let before = snapshot(&victim);
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", EXCHANGE]);
        let mut other = other.arg("bash").args([&srv, &victim]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20 * turn));
        let ran = run(["repair", "--yes", "--json", text(&srv.join("priv1.edb"))]);
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(snapshot(&victim) == before, "{ran:?}");
        assert!(ran.code.is_some_and(|code| [0, 3, 4, 5, 6].contains(&code)), "{ran:?}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_link_that_somebody_else_made_is_not_followed_to_what_will_be_written() {
    needs::root();
    let (folder, dir) = small_group();
    for name in ["priv1.edb", "pub1.edb"] {
        let mut bytes = fs::read(dir.join(name)).unwrap();
        damage_full_backup(&mut bytes);
        fs::write(dir.join(name), bytes).unwrap();
    }
    let link = folder.path().join("link");
    symlink(&dir, &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(NOBODY), Some(NOBODY)).unwrap();
    let done = run(["repair", "--yes", "--json", text(&dir.join("priv1.edb"))]);
    let operation = link.join("edbmend").join(done.operation_dir().file_name().unwrap());
    let words = |words: &[&str], path: &Path| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .chain([text(path).to_owned()])
            .collect::<Vec<_>>()
    };
    let before = snapshot(folder.path());
    for how in ["--yes", "--dry-run"] {
        let database = link.join("pub1.edb");
        let runs = [
            words(&["repair", how, "--json"], &database),
            words(&["repair", how, "--json", "--backup-dir", text(&link)], &dir.join("pub1.edb")),
            reset_words(&[how, "--json"], &link),
            words(&["restore", how, "--json"], &operation),
            words(&["recover", how, "--json"], &link),
            words(&["recover", how, "--json"], &database),
        ];
        for run_words in runs {
            let ran = run(&run_words);
            assert_eq!(ran.code, Some(3), "{run_words:?}: {ran:?}");
            assert!(ran.stdout.contains("another user made"), "{run_words:?}: {ran:?}");
        }
    }
    assert!(snapshot(folder.path()) == before);
    // Who only looks may follow it; and one's own link is followed.
    assert_eq!(run(["inspect", "--json", text(&link.join("pub1.edb"))]).code, Some(0));
    fs::remove_file(&link).unwrap();
    symlink(&dir, &link).unwrap();
    assert_eq!(run(["restore", "--yes", "--json", text(&operation)]).code, Some(0));
}

#[test]
#[ignore = "needs root"]
fn who_could_not_read_a_database_can_read_nothing_of_its_operation() {
    needs::root();
    // The owner is shut out by the folder above.
    let folder = tempfile::tempdir().unwrap();
    open_to_all(&folder);
    let (shut, open) = (folder.path().join("shut"), folder.path().join("open"));
    fs::create_dir(&shut).unwrap();
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
    fs::create_dir(&open).unwrap();
    let database = shut.join("priv1.edb");
    fs::write(&database, damaged(4)).unwrap();
    fs::set_permissions(&database, fs::Permissions::from_mode(0o640)).unwrap();
    give_away(&database);
    assert!(!is_readable_by_nobody(&database));
    let done = run(["repair", "--yes", "--json", "--backup-dir", text(&open), text(&database)]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let operation = done.operation_dir();
    for name in names(&operation) {
        assert!(!is_readable_by_nobody(&operation.join(&name)), "{name:?}");
    }
    assert_eq!(fs::metadata(&operation).unwrap().uid(), 0);
    assert_eq!(fs::metadata(operation.join("priv1.edb")).unwrap().uid(), NOBODY);
}

fn set_default_acl(dir: &Path) {
    must(Command::new("setfacl").args(["-d", "-m", "u:nobody:rwx"]).arg(dir));
}

#[test]
#[ignore = "needs root"]
fn a_default_acl_of_the_folder_grants_nothing_and_moved_logs_come_back_as_they_were() {
    needs::root();
    needs::programs(&["setfacl", "getfacl"]);
    let (folder, dir) = small_group();
    open_to_all(&folder);
    let other = Volume::ext4(64);
    let backups = other.path().join("backups");
    fs::create_dir(&backups).unwrap();
    for name in names(&dir) {
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o640)).unwrap();
    }
    fs::set_permissions(dir.join("E0000002.log"), fs::Permissions::from_mode(0o060)).unwrap();
    must(Command::new("setfacl").args(["-m", "u:1:r"]).arg(dir.join("E0000003.log")));
    let (noted, flags) = (dir.join("E00.log"), rustix::fs::XattrFlags::empty());
    rustix::fs::setxattr(&noted, "user.note", b"keep", flags).unwrap();
    give_away(&dir.join("E00.chk"));
    set_default_acl(&dir);
    set_default_acl(&backups);
    let facts = |name: &str| {
        let path = dir.join(name);
        let acl = Command::new("getfacl").args(["-c", "-p"]).arg(&path).output().unwrap().stdout;
        let mut note = [0; 16];
        let attributes = rustix::fs::getxattr(&path, "user.note", &mut note[..]).ok().map(|_| note);
        let status = fs::metadata(&path).unwrap();
        (acl, attributes, status.mode(), status.uid(), status.gid(), status.modified().unwrap())
    };
    let logs = ["E00.log", "E0000001.log", "E0000002.log", "E0000003.log", "E00.chk"];
    let before = logs.map(facts);
    let done = run(reset_words(&["--yes", "--json", "--backup-dir", text(&backups)], &dir));
    assert_eq!(done.code, Some(0), "{done:?}");
    let undone = run([
        "restore",
        "--yes",
        "--json",
        "--backup-dir",
        text(&backups),
        text(&done.operation_dir()),
    ]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(logs.map(facts), before);
    // The full copy of a database.
    let database = dir.join("priv1.edb");
    let repaired = run(["repair", "--yes", "--json", text(&database)]);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    let copy = repaired.operation_dir().join("priv1.edb");
    let acl = Command::new("getfacl").args(["-c", "-p"]).arg(&copy).output().unwrap().stdout;
    assert!(!String::from_utf8(acl).unwrap().contains("nobody"));
}

#[test]
#[ignore = "needs strace"]
fn a_reset_that_was_cut_off_is_found_from_every_member_of_its_group() {
    needs::strace();
    for named in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let (db, logs) = (folder.path().join("db"), folder.path().join("logs"));
        fs::create_dir(&db).unwrap();
        fs::create_dir(&logs).unwrap();
        let all = Group::new();
        for name in names(&all.dir) {
            let is_log = Path::new(&name).extension().is_some_and(|e| e == "log" || e == "chk");
            fs::copy(all.dir.join(&name), if is_log { &logs } else { &db }.join(&name)).unwrap();
        }
        let before = (digests(&db), digests(&logs));
        let mut words = reset_words(&["--yes", "--log-dir", text(&logs)], &db);
        words.pop();
        words.push(text(&logs).to_owned());
        assert!(run_with_kill(&words, "renameat2", 3).is_some());
        let database = db.join("priv1.edb");
        let half = snapshot(&db);
        run(["repair", "--yes", "--json", text(&database)])
            .expect_refused(3, &["operation-pending"]);
        assert!(snapshot(&db) == half);
        let operation = operations(&logs).remove(0);
        let named = [&database, &db, &logs, &operation][named];
        if named == &logs {
            // What fsck leaves of a file whose block was bad.
            fs::write(logs.join("E00.edbmend-pending"), "").unwrap();
            let refused = run(["recover", "--yes", "--json", text(named)]);
            assert_eq!(refused.code, Some(3), "{refused:?}");
            let recovered = run(["recover", "--yes", "--json", text(&db)]);
            assert_eq!(recovered.code, Some(0), "{recovered:?}");
        } else {
            let recovered = run(["recover", "--yes", "--json", text(named)]);
            assert_eq!(recovered.code, Some(0), "{recovered:?}");
        }
        let _ = fs::remove_dir_all(logs.join("edbmend"));
        assert!((digests(&db), digests(&logs)) == before, "{}", named.display());
    }
}

#[test]
#[ignore = "needs strace"]
fn a_marker_that_is_only_read_is_nobody_at_work_and_another_name_of_the_file_is_the_same_file() {
    needs::strace();
    let fixture = Fixture::new(&damaged(4));
    let second = fixture.dir().join("second.edb");
    fs::hard_link(&fixture.db, &second).unwrap();
    let words = ["repair", "--yes", text(&fixture.db)].map(str::to_owned);
    assert!(run_with_kill(&words, "pwrite64", 8).is_some());
    run(["repair", "--yes", "--json", text(&second)]).expect_refused(3, &["operation-pending"]);
    let _reader = fs::File::open(fixture.marker()).unwrap();
    let recovered = run(["recover", "--back", "--yes", "--json", text(&second)]);
    assert_eq!(recovered.code, Some(0), "{recovered:?}");
    assert!(!fixture.marker().exists());
    assert_eq!(fixture.bytes(), damaged(4));
    // One that lies in another folder is said.
    let elsewhere = fixture.dir().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::hard_link(&fixture.db, elsewhere.join("third.edb")).unwrap();
    let plan = run(["repair", "--dry-run", text(&fixture.db)]);
    assert!(plan.stdout.contains("hard links"), "{plan:?}");
}

/// A change to a control file.
type Change<'a> = &'a dyn Fn(&mut Value);

#[test]
#[ignore = "needs strace"]
fn an_operation_of_a_newer_version_is_called_one() {
    needs::strace();
    let half = || {
        let fixture = Fixture::new(&damaged(4));
        let words = ["repair", "--yes", text(&fixture.db)].map(str::to_owned);
        assert!(run_with_kill(&words, "pwrite64", 8).is_some());
        fixture
    };
    let reseal = |path: &Path, change: Change| {
        let sealed_text = fs::read_to_string(path).unwrap();
        let (_, body) = sealed_text.split_once('\n').unwrap();
        let mut value = serde_json::from_str(body).unwrap();
        change(&mut value);
        fs::write(path, sealed(&value)).unwrap();
    };
    let changes: [(&str, Change); 3] = [
        ("journal", &|value| value["schema"] = "edbmend-journal/2".into()),
        ("journal", &|value| value["state"] = "half-done".into()),
        ("marker", &|value| value["schema"] = "edbmend-marker/2".into()),
    ];
    for (which, change) in changes {
        let fixture = half();
        let path = match which {
            "marker" => fixture.marker(),
            _ => operations(fixture.dir()).remove(0).join("journal"),
        };
        reseal(&path, change);
        let before = snapshot(fixture.dir());
        let ran = fixture.run(&["recover", "--yes"]);
        ran.expect_refused(3, &["journal-damaged"]);
        assert!(ran.stdout.contains("made by a newer edbmend"), "{ran:?}");
        assert!(snapshot(fixture.dir()) == before);
    }
}

#[test]
#[ignore = "needs root"]
fn the_dry_run_knows_memory_and_mounts() {
    needs::root();
    let (_folder, dir) = small_group();
    let memory = Volume::tmpfs(32 << 20);
    let reset = |more: &[&str]| run(reset_words(&[&["--json"], more].concat(), &dir));
    let backups = memory.path().join("backups");
    fs::create_dir(&backups).unwrap();
    let backups = text(&backups).to_owned();
    let before = snapshot(&dir);
    for how in ["--dry-run", "--yes"] {
        reset(&[how, "--backup-dir", &backups]).expect_refused(3, &["backup-in-memory"]);
    }
    let database = dir.join("priv1.edb");
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    symlink(&backups, &link).unwrap();
    for backups in [&*backups, text(&link)] {
        run(["repair", "--yes", "--json", "--backup-dir", backups, text(&database)])
            .expect_refused(3, &["backup-in-memory"]);
    }
    assert!(snapshot(&dir) == before);
    let allowed = ["--dry-run", "--allow-backup-in-memory", "--backup-dir", &backups];
    assert_eq!(reset(&allowed).code, Some(0));
    // An overlay in memory, as that of a system which was started from a medium.
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(memory.path().join(name)).unwrap();
    }
    let [lower, upper, work, merged] =
        ["lower", "upper", "work", "merged"].map(|name| memory.path().join(name));
    let layers =
        format!("lowerdir={},upperdir={},workdir={}", text(&lower), text(&upper), text(&work));
    must(Command::new("mount").args(["-t", "overlay", "overlay", "-o", &layers]).arg(&merged));
    let refused = reset(&["--yes", "--backup-dir", text(&merged.join("backups"))]);
    must(Command::new("umount").arg(&merged));
    refused.expect_refused(3, &["backup-in-memory"]);
    assert!(snapshot(&dir) == before);
    // Two mounts of one volume: the plan says what the run does.
    let other = tempfile::tempdir().unwrap();
    let (real, bound) = (other.path().join("real"), other.path().join("bound"));
    fs::create_dir(&real).unwrap();
    fs::create_dir(&bound).unwrap();
    must(Command::new("mount").arg("--bind").args([&real, &bound]));
    let unmount = || must(Command::new("umount").arg(&bound));
    let planned = reset(&["--dry-run", "--backup-dir", text(&bound)]);
    let done = reset(&["--yes", "--backup-dir", text(&bound)]);
    let methods = |ran: &crate::harness::Ran| {
        let json = ran.json();
        let steps = json["steps"].as_array().unwrap().iter();
        steps.map(|step| step["method"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let is_done = (planned.code, done.code) == (Some(0), Some(0));
    let said = if is_done { (methods(&planned), methods(&done)) } else { Default::default() };
    unmount();
    assert!(is_done, "{planned:?} {done:?}");
    assert!(said.0.iter().all(|method| method == "copy") && said.0 == said.1, "{said:?}");
}

#[test]
#[ignore = "needs root and ntfs-3g"]
fn names_that_would_be_one_are_known_in_the_plan() {
    needs::root();
    needs::programs(&["lowntfs-3g", "mkntfs"]);
    let (folder, dir) = small_group();
    fs::copy(dir.join("E0000001.log"), dir.join("e0000002.LOG")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let (image, mounted) = (outside.path().join("image"), outside.path().join("mounted"));
    fs::create_dir(&mounted).unwrap();
    fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    must(Command::new("mkntfs").args(["-q", "-F", "-f"]).arg(&image));
    must(Command::new("lowntfs-3g").args(["-o", "ignore_case,umask=077"]).args([&image, &mounted]));
    let before = snapshot(&dir);
    let words = ["--yes", "--json", "--allow-unproven-lock", "--backup-dir", text(&mounted)];
    let ran = run(reset_words(&words, &dir));
    must(Command::new("umount").arg(&mounted));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.refusals().contains(&"backup-dir-unusable".to_owned()), "{ran:?}");
    assert!(snapshot(&dir) == before);
    drop(folder);
}

#[test]
#[ignore = "needs root"]
fn a_lease_on_an_overlay_proves_nothing() {
    needs::root();
    let outside = Volume::ext4(64);
    let [lower, upper, work, merged] = ["l", "u", "w", "m"].map(|name| {
        let dir = outside.path().join(name);
        fs::create_dir(&dir).unwrap();
        dir
    });
    fs::write(lower.join("priv1.edb"), damaged(4)).unwrap();
    let option = format!(
        "lowerdir={},upperdir={},workdir={}",
        lower.display(),
        upper.display(),
        work.display()
    );
    must(Command::new("mount").args(["-t", "overlay", "overlay", "-o", &option]).arg(&merged));
    let ran = run(["repair", "--yes", "--json", text(&merged.join("priv1.edb"))]);
    must(Command::new("umount").arg(&merged));
    ran.expect_refused(3, &["in-use-unproven"]);
}

#[test]
fn a_log_whose_body_changed_while_it_was_away_is_not_taken_for_it() {
    let (_folder, dir) = small_group();
    let done = run(reset_words(&["--yes", "--json"], &dir));
    assert_eq!(done.code, Some(0), "{done:?}");
    let operation = done.operation_dir();
    let away = operation.join("logs/E0000002.log");
    let mut bytes = fs::read(&away).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&away, &bytes).unwrap();
    let before = snapshot(&dir);
    let ran = run(["restore", "--yes", "--json", text(&operation)]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(snapshot(&dir) == before);
}

#[test]
fn a_dry_run_of_recover_names_what_would_be_touched() {
    let (_folder, dir) = small_group();
    reset_before_its_end(&dir);
    let ran = run(["recover", "--dry-run", "--back", text(&dir)]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let shown = ran.stdout.replace("\n ", " ").replace("  ", " ");
    for name in ["E00.log", "E0000001.log", "E00.chk", "E00.edbmend-pending"] {
        assert!(shown.contains(name), "{name}: {shown}");
    }
    assert!(operations_in(&dir.join("edbmend")).len() == 1 && marker_of(&dir.join("E00")).exists());
    // Markers and folders of 0.1.0 are recovered.
    let recovered = run(["recover", "--yes", "--back", "--json", text(&dir)]);
    assert_eq!(recovered.code, Some(0), "{recovered:?}");
    assert!(dir.join("E00.log").exists());
}

/// Sets or clears an attribute that holds for root, too.
fn chattr(change: &str, path: &Path) {
    let status = Command::new("chattr").arg(change).arg(path).status().unwrap();
    assert!(status.success(), "chattr {change} {}", path.display());
}

#[test]
#[ignore = "needs root and chattr"]
fn the_dry_run_knows_what_an_attribute_forbids() {
    needs::root();
    needs::programs(&["chattr"]);
    let (_folder, dir) = small_group();
    let [database, log] = ["priv1.edb", "E0000002.log"].map(|name| dir.join(name));
    let mut bytes = fs::read(&database).unwrap();
    damage_full_backup(&mut bytes);
    fs::write(&database, &bytes).unwrap();
    let both = |words: &[&str], path: &Path, change: &str| {
        chattr(&format!("+{change}"), path);
        let ran = ["--dry-run", "--yes"].map(|how| run([words, &[how, "--json"]].concat()));
        chattr(&format!("-{change}"), path);
        ran.iter().for_each(|ran| ran.expect_refused(3, &["read-only"]));
    };
    both(&["repair", text(&database)], &database, "a");
    let reset = reset_words(&[], &dir);
    both(&reset.iter().map(String::as_str).collect::<Vec<_>>(), &log, "i");
    let operation = run(["repair", "--yes", "--json", text(&database)]).operation_dir();
    both(&["restore", text(&operation)], &database, "i");
}
