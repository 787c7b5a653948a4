//! Volumes that are full, that clone, or that grant no lease: real file systems on loop devices.

use std::fs;
use std::path::Path;

use crate::harness::disks::{BTRFS, NTFS, Volume, XFS};
use edbmend::practice::{Recipe, storage_group};

use crate::harness::{
    DATABASE, Fixture, PROGRAM, Ran, damaged, finish, marker_of, names, needs, run, sha256,
    snapshot, spawn,
};

/// Data pages of a database of about 2 MiB.
const PAGES: u32 = 512;

fn repair(arguments: &[&str], db: &Path) -> Ran {
    let db = db.to_str().unwrap();
    run(["repair", "--json"].iter().chain(arguments).chain([&db]))
}

/// Puts a damaged database on a volume, and fills all but `free_kibibytes` of it.
fn almost_full(volume: &Volume, free_kibibytes: u64) -> std::path::PathBuf {
    let db = volume.path().join(DATABASE);
    fs::write(&db, damaged(PAGES)).unwrap();
    fill(volume.path(), free_kibibytes);
    db
}

fn fill(dir: &Path, free_kibibytes: u64) {
    let free = rustix::fs::statvfs(dir).unwrap();
    let bytes = (free.f_bavail * free.f_frsize).saturating_sub(free_kibibytes << 10);
    fs::write(dir.join("filler"), vec![0xa5; bytes as usize]).unwrap();
    rustix::fs::sync();
}

#[test]
#[ignore = "needs root"]
fn no_space_for_the_backup() {
    let volume = Volume::ext4(8);
    let db = almost_full(&volume, 1600);
    let before = snapshot(volume.path());
    for mode in ["--yes", "--dry-run"] {
        let ran = repair(&[mode], &db);
        ran.expect_refused(3, &["no-space"]);
        let says = ran.json()["refusals"][0].clone();
        assert!(says["message"].as_str().unwrap().contains("the backup needs "), "{says}");
        assert!(says["remedy"].as_str().unwrap().contains("--backup header"), "{says}");
    }
    assert_eq!(snapshot(volume.path()), before);
    let ran = repair(&["--yes", "--backup", "header"], &db);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["backup"]["method"], "header");
    assert_eq!(ran.json()["backup"]["bytes"], 8192);
}

#[test]
#[ignore = "needs root"]
fn no_space_for_anything() {
    let volume = Volume::ext4(8);
    let db = almost_full(&volume, 0);
    let before = snapshot(volume.path());
    for scope in ["full", "header"] {
        repair(&["--yes", "--backup", scope], &db).expect_refused(3, &["no-space"]);
    }
    assert_eq!(snapshot(volume.path()), before);
}

#[test]
#[ignore = "needs root"]
fn a_full_volume_for_the_backup() {
    let volume = Volume::ext4(8);
    fill(volume.path(), 1600);
    let fixture = Fixture::new(&damaged(PAGES));
    let before = (snapshot(fixture.dir()), snapshot(volume.path()));
    let dir = volume.path().to_str().unwrap();
    let ran = repair(&["--yes", "--backup-dir", dir], &fixture.db);
    ran.expect_refused(3, &["no-space"]);
    assert_eq!(ran.json()["refusals"][0]["path"], dir);
    assert_eq!((snapshot(fixture.dir()), snapshot(volume.path())), before);
    let ran = repair(&["--yes", "--backup-dir", dir, "--backup", "header"], &fixture.db);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.operation_dir().starts_with(volume.path()));
    undo(&ran, &fixture.db);
}

/// The backup may lie elsewhere, the marker may not: a dry run must not promise what `--yes` cannot do.
#[test]
#[ignore = "needs root"]
fn no_space_for_the_marker() {
    let volume = Volume::tmpfs(8 << 20);
    let elsewhere = tempfile::tempdir().unwrap();
    let backup = ["--backup-dir", elsewhere.path().to_str().unwrap()];
    let group = volume.path().to_str().unwrap();
    for file in storage_group(&Recipe::default()) {
        fs::write(volume.path().join(file.name), file.bytes).unwrap();
    }
    let [db, other] = ["priv1.edb", "pub1.edb"].map(|name| volume.path().join(name));
    let named = ["--db", db.to_str().unwrap(), "--db", other.to_str().unwrap()];
    fill(volume.path(), 0);
    let before = snapshot(volume.path());
    for mode in ["--yes", "--dry-run"] {
        let of_logs = ["reset-logs", "--json", mode, group];
        let of_logs = run(of_logs.iter().chain(&named).chain(&backup));
        for ran in [repair(&[mode, backup[0], backup[1]], &db), of_logs] {
            ran.expect_refused(3, &["no-space"]);
            let refusal = ran.json()["refusals"][0].clone();
            assert_eq!(refusal["path"], group);
            let remedy = refusal["remedy"].as_str().unwrap();
            assert!(remedy.starts_with("Free a little space on that volume."), "{remedy}");
        }
    }
    // Where the backup goes to the same volume, one reason is enough.
    repair(&["--dry-run"], &db).expect_refused(3, &["no-space"]);
    assert_eq!((snapshot(volume.path()), names(elsewhere.path()).len()), (before, 0));
    fs::remove_file(volume.path().join("filler")).unwrap();
    let ran = repair(&["--yes", backup[0], backup[1]], &db);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// A volume may keep blocks back for root, or not count them at all: neither is a reason to refuse.
#[test]
#[ignore = "needs root"]
fn a_volume_that_only_looks_full() {
    let kept_back = Volume::ext4_with_reserve(8);
    let uncounted = Volume::tmpfs(0);
    let elsewhere = tempfile::tempdir().unwrap();
    let backup = ["--backup-dir", elsewhere.path().to_str().unwrap()];
    let db = almost_full(&kept_back, 0);
    let volume = rustix::fs::statvfs(kept_back.path()).unwrap();
    assert!(volume.f_bavail == 0 && volume.f_bfree > 0);
    let other = uncounted.path().join(DATABASE);
    fs::write(&other, damaged(8)).unwrap();
    assert_eq!(rustix::fs::statvfs(uncounted.path()).unwrap().f_blocks, 0);
    for db in [&db, &other] {
        for (mode, outcome) in [("--dry-run", "planned"), ("--yes", "committed")] {
            let ran = repair(&[mode, backup[0], backup[1]], db);
            assert_eq!((ran.code, &ran.json()["outcome"]), (Some(0), &outcome.into()), "{ran:?}");
        }
    }
}

/// The space looks free, and is not: a quota answers only while the copy is written.
#[test]
#[ignore = "needs strace"]
fn space_that_runs_out_half_way() {
    needs::strace();
    for call in ["fallocate", "ftruncate", "pwrite64"] {
        for nth in 1..8 {
            let fixture = Fixture::new(&damaged(8));
            let mut command = std::process::Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
            command.args(["-e", &format!("inject={call}:error=ENOSPC:when={nth}")]);
            command.arg(PROGRAM).args(["repair", "--yes", "--json"]);
            let ran = finish(spawn(command.arg(&fixture.db)));
            assert!(!fixture.marker().exists(), "{call} {nth}: {ran:?}");
            if ran.code == Some(0) || ran.code == Some(5) {
                continue;
            }
            ran.expect_refused(3, &["no-space"]);
            let refusal = ran.json()["refusals"][0].clone();
            let of_marker = refusal["path"].as_str().unwrap().ends_with(".edbmend-pending");
            let remedy = refusal["remedy"].as_str().unwrap();
            assert_eq!(of_marker, remedy.starts_with("Free a little space"), "{refusal}");
            assert_eq!(names(fixture.dir()), [DATABASE], "{call} {nth}");
            assert_eq!(fixture.bytes(), damaged(8), "{call} {nth}");
        }
    }
}

/// A read-only mount is what its files and folders are.
#[test]
#[ignore = "needs root"]
fn a_volume_that_is_mounted_read_only() {
    let volume = Volume::ext4(8);
    let db = volume.path().join(DATABASE);
    fs::write(&db, damaged(8)).unwrap();
    let remount = |how: &str| {
        let mut mount = std::process::Command::new("mount");
        let status = mount.args(["-o", &format!("remount,{how}")]).arg(volume.path()).status();
        assert!(status.unwrap().success());
    };
    remount("ro");
    let before = snapshot(volume.path());
    repair(&["--yes"], &db).expect_refused(3, &["backup-dir-unusable", "read-only"]);
    assert_eq!(run(["check", db.to_str().unwrap()]).code, Some(1));
    assert_eq!(snapshot(volume.path()), before);
    remount("rw");
}

/// Repairs on a volume that shares extents, and looks at the clone.
fn clones(volume: &Volume) {
    let db = volume.path().join(DATABASE);
    fs::write(&db, damaged(PAGES)).unwrap();
    rustix::fs::sync();
    let sum = sha256(&db);
    let ran = repair(&["--yes"], &db);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let backup = ran.json()["backup"].clone();
    assert_eq!(backup["method"], "reflink");
    assert_eq!(backup["sha256"].as_str(), Some(&*sum));
    let copy = Path::new(backup["path"].as_str().unwrap());
    assert_eq!(sha256(copy), sum);
    assert_eq!(fs::metadata(copy).unwrap().len(), backup["bytes"].as_u64().unwrap());
    sums_are_right(&ran);
    undo(&ran, &db);
}

#[track_caller]
fn sums_are_right(ran: &Ran) {
    let mut check = std::process::Command::new("sha256sum");
    let output =
        check.args(["-c", "--strict", "SHA256SUMS"]).current_dir(ran.operation_dir()).output();
    assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{output:?}");
}

#[track_caller]
fn undo(ran: &Ran, db: &Path) {
    let operation = ran.operation_dir();
    let unproven = "--allow-unproven-lock";
    let undone = run(["restore", "--yes", unproven, "--json", operation.to_str().unwrap()]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert!(fs::read(db).unwrap() == damaged(PAGES));
    assert!(!marker_of(db).exists());
}

#[test]
#[ignore = "needs root and xfsprogs"]
fn xfs_clones() {
    let volume = Volume::new(&XFS);
    clones(&volume);
}

#[test]
#[ignore = "needs root and btrfs-progs"]
fn btrfs_clones() {
    let volume = Volume::new(&BTRFS);
    clones(&volume);
}

#[test]
#[ignore = "needs root and ntfs-3g"]
fn a_file_system_that_proves_nothing() {
    let volume = Volume::new(&NTFS);
    let db = volume.path().join(DATABASE);
    fs::write(&db, damaged(PAGES)).unwrap();
    let before = snapshot(volume.path());
    for mode in ["--yes", "--dry-run"] {
        let ran = repair(&[mode], &db);
        ran.expect_refused(3, &["in-use-unproven"]);
        assert!(ran.stdout.contains("--allow-unproven-lock"), "{ran:?}");
    }
    assert_eq!(snapshot(volume.path()), before);
    let sum = sha256(&db);
    let ran = repair(&["--yes", "--allow-unproven-lock"], &db);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let backup = ran.json()["backup"].clone();
    assert_eq!((backup["method"].as_str(), backup["sha256"].as_str()), (Some("copy"), Some(&*sum)));
    let plan = fs::read_to_string(ran.operation_dir().join("plan.json")).unwrap();
    assert!(plan.contains("--allow-unproven-lock"), "the override is recorded");
    sums_are_right(&ran);
    undo(&ran, &db);
}
