//! Log resets between volumes, to one that is too small, and on one that proves nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::disks::{self, NTFS, Volume};
use crate::harness::group::{Group, assert_reset_and_undo, digests, stream_files};
use crate::harness::{names, needs, run, snapshot};

#[test]
#[ignore = "needs root"]
fn between_volumes_the_logs_are_copied_and_proven() {
    let volume = Volume::ext4(16);
    let group = Group::new();
    let named = fs::metadata(group.path("E00.log")).unwrap();
    let operation = {
        let before = digests(&group.dir);
        let done = group.reset(&["--backup-dir", volume.path().join("kept").to_str().unwrap()]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let json = done.json();
        assert!(json["steps"].as_array().unwrap().iter().all(|step| step["method"] == "copy"));
        assert!(sums_are_right(&done.operation_dir(), &[]));
        let copied = fs::metadata(done.operation_dir().join("logs/E00.log")).unwrap();
        assert_eq!(copied.modified().unwrap(), named.modified().unwrap());
        assert_eq!(copied.permissions(), named.permissions());
        let undone = run(["restore", "--yes", "--json", done.operation_dir().to_str().unwrap()]);
        assert_eq!(undone.code, Some(0), "{undone:?}");
        assert_eq!(digests(&group.dir), before);
        done.operation_dir()
    };
    assert_eq!(stream_files(&operation.join("logs")), Vec::<String>::new());
    // What moved back is missing, and the plan is still proven.
    assert!(!sums_are_right(&operation, &[]));
    assert!(sums_are_right(&operation, &["--ignore-missing"]));
}

/// Another mount of the folder that the logs were renamed to: they can only be copied from there.
struct Bound(PathBuf);

impl Bound {
    fn over(folder: &Path) -> Self {
        disks::run(Command::new("mount").arg("--bind").args([folder, folder]));
        Self(folder.to_owned())
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        disks::run(Command::new("umount").arg(&self.0));
    }
}

#[test]
#[ignore = "needs root"]
fn what_was_renamed_comes_back_by_copies_and_goes_again() {
    needs::root();
    let group = Group::new();
    let before = digests(&group.dir);
    let done = group.reset(&[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let operation = done.operation_dir();
    let bound = Bound::over(operation.parent().unwrap());
    let restore = |dir: &Path| run(["restore", "--yes", "--json", dir.to_str().unwrap()]);
    let undone = restore(&operation);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(digests(&group.dir), before);
    let again = restore(&undone.operation_dir());
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(stream_files(&group.dir), Vec::<String>::new());
    drop(bound);
}

#[test]
#[ignore = "needs root"]
fn what_was_exchanged_meanwhile_does_not_come_back_by_a_copy() {
    needs::root();
    let group = Group::new();
    let done = group.reset(&[]);
    let operation = done.operation_dir();
    let log = operation.join("logs/E0000001.log");
    fs::copy(&log, operation.join("it")).unwrap();
    fs::rename(operation.join("it"), &log).unwrap();
    let bound = Bound::over(operation.parent().unwrap());
    let before = snapshot(&group.dir);
    let refused = run(["restore", "--yes", "--json", operation.to_str().unwrap()]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(snapshot(&group.dir) == before);
    drop(bound);
}

#[test]
#[ignore = "needs root, chattr and xfsprogs"]
fn folders_of_two_projects_are_two_volumes() {
    needs::root();
    needs::programs(&["chattr", "mkfs.xfs"]);
    let volume = Volume::new(&disks::XFS);
    let (home, kept) = (volume.path().join("group"), volume.path().join("kept"));
    for dir in [&home, &kept] {
        fs::create_dir(dir).unwrap();
    }
    let group = Group::at(&home);
    let all = names(&home).into_iter().map(|name| home.join(name));
    disks::run(Command::new("chattr").args(["-p", "5"]).args(all));
    disks::run(Command::new("chattr").args(["-p", "5", "+P"]).arg(&home));
    let before = digests(&group.dir);
    let done = group.reset(&["--backup-dir", kept.to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let undone = run(["restore", "--yes", "--json", done.operation_dir().to_str().unwrap()]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(digests(&group.dir), before);
}

#[test]
#[ignore = "needs root"]
fn copying_tells_which_logs_are_sound() {
    let volume = Volume::ext4(16);
    let group = Group::new();
    group.edit("E0000002.log", |bytes| bytes[4096 + 100] ^= 1);
    let kept = volume.path().join("kept");
    let done = group.reset(&["--backup-dir", kept.to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let (json, record) = (done.json(), fs::read_to_string(done.operation_dir().join("report.txt")));
    assert_eq!(body_of(json, "E0000002.log"), "\"damaged\"");
    assert_eq!(body_of(json, "E0000001.log"), "\"sound\"");
    let record = record.unwrap();
    assert!(record.contains("E0000002.log is damaged"), "{record}");
    assert!(record.contains("logs were read to their end; sound:"), "{record}");
}

/// What the report says of the body of a log that moves.
fn body_of(json: &serde_json::Value, name: &str) -> String {
    let steps = json["steps"].as_array().unwrap().iter();
    let mut named = steps.filter(|step| step["from"].as_str().unwrap().ends_with(name));
    named.next().unwrap()["body"].to_string()
}

/// What `sha256sum -c` says in an operation folder.
fn sums_are_right(operation: &Path, more: &[&str]) -> bool {
    let mut check = std::process::Command::new("sha256sum");
    check.args(["--quiet", "-c", "SHA256SUMS"]).args(more).current_dir(operation);
    check.output().unwrap().status.success()
}

#[test]
#[ignore = "needs root"]
fn a_volume_that_is_too_small_changes_nothing() {
    let volume = Volume::ext4(4);
    let group = Group::new();
    for name in ["E0000001.log", "E0000002.log", "E0000003.log"] {
        group.edit(name, |bytes| bytes.resize(2 << 20, 0xda));
    }
    let before = snapshot(&group.dir);
    let left = names(volume.path());
    let ran = group.reset(&["--backup-dir", volume.path().join("kept").to_str().unwrap()]);
    ran.expect_refused(3, &["no-space"]);
    assert_eq!(snapshot(&group.dir), before);
    assert_eq!(names(volume.path()), left);
}

#[test]
#[ignore = "needs root and ntfs-3g"]
fn an_ntfs_volume() {
    let volume = Volume::new(&NTFS);
    let group = Group::at(volume.path());
    // Both databases, the streaming file, five logs, the checkpoint.
    group.reset(&[]).expect_refused(3, &["in-use-unproven"; 9]);
    assert_reset_and_undo(&group, &["--allow-unproven-lock"]);
}
