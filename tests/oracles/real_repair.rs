//! The whole cycle on every clean database there is: damage, check, dry run, repair, undo, redo.

use std::fs::{File, FileTimes, Permissions};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::harness::ran::{errors, findings};
use crate::harness::sets::{
    Sample, Unpacked, databases_below, dword, header_checksum, revision_of,
};
use crate::harness::{needs, run_on, sha256};
use edbmend::practice::damage_full_backup;
use serde_json::Value;

/// All that a repair of a full backup may change in a header copy: the checksum, the full and the
/// incremental backup, their types, the differential backup and its type.
const REPAIRABLE: [Range<usize>; 5] = [0..4, 136..184, 356..364, 444..468, 472..476];

/// Where the log signature stands in a database header and in a log header.
const DB_LOG_SIGNATURE: Range<usize> = 108..136;
const LOG_SIGNATURE: Range<usize> = 44..72;

/// What a file system knows of a file, apart from its content.
#[derive(Debug, PartialEq)]
struct Identity {
    inode: u64,
    owner: (u32, u32),
    mode: u32,
    length: u64,
}

/// The times too: what a dry run must leave alone.
#[derive(Debug, PartialEq)]
struct Traces {
    identity: Identity,
    modified: (i64, i64),
    accessed: (i64, i64),
    changed: (i64, i64),
}

fn identity(path: &Path) -> Identity {
    let meta = std::fs::metadata(path).expect("a file");
    Identity {
        inode: meta.ino(),
        owner: (meta.uid(), meta.gid()),
        mode: meta.mode(),
        length: meta.len(),
    }
}

fn traces(path: &Path) -> Traces {
    let meta = std::fs::metadata(path).expect("a file");
    Traces {
        identity: identity(path),
        modified: (meta.mtime(), meta.mtime_nsec()),
        accessed: (meta.atime(), meta.atime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    }
}

/// Makes the times old, so that a read would show even where access times are updated lazily.
fn make_old(path: &Path) {
    let old = SystemTime::now() - Duration::from_secs(90 * 86_400);
    let times = FileTimes::new().set_modified(old).set_accessed(old - Duration::from_secs(3600));
    File::options().write(true).open(path).and_then(|file| file.set_times(times)).expect("times");
}

/// What the engine would do: without a log signature, or beside the logs of another stream only,
/// the next attach clears the field.
fn can_bite(unpacked: &Unpacked) -> bool {
    let header = unpacked.bytes();
    let signature = &header[DB_LOG_SIGNATURE];
    let logs: Vec<_> = unpacked.logs().iter().map(|log| std::fs::read(log).unwrap()).collect();
    let own = logs.iter().any(|log| log[LOG_SIGNATURE] == *signature);
    signature.iter().any(|&byte| byte != 0) && (logs.is_empty() || own)
}

fn check_names_the_damage(unpacked: &Unpacked) {
    let run = run_on(&["check"], &unpacked.database);
    assert_eq!(run.exit_code(), 1, "{}", run.stdout);
    let found = errors(run.json());
    assert!(found.contains(&"full-backup-gen-invalid".into()), "{found:?}");
    for id in ["next-incremental-fails", "next-full-truncates"] {
        assert_eq!(found.contains(&id.into()), can_bite(unpacked), "{id} in {found:?}");
    }
}

fn dry_run_leaves_no_trace(unpacked: &Unpacked) {
    make_old(&unpacked.database);
    // The folder's access time is left out: to list a folder changes it, and check lists it.
    let modified = |path: &Path| traces(path).modified;
    let (before, names) = (traces(&unpacked.database), unpacked.names());
    let folder_before = modified(unpacked.dir.path());
    let run = run_on(&["repair", "--dry-run"], &unpacked.database);
    assert_eq!(traces(&unpacked.database), before);
    assert_eq!(modified(unpacked.dir.path()), folder_before);
    assert_eq!(unpacked.names(), names);
    assert_eq!((run.exit_code(), &run.json()["outcome"]), (0, &"planned".into()), "{}", run.stdout);
}

/// Offsets of the bytes that differ.
fn differences(before: &[u8], after: &[u8]) -> Vec<usize> {
    assert_eq!(before.len(), after.len());
    (0..before.len()).filter(|&i| before[i] != after[i]).collect()
}

/// Only what a repair may change differs, equally in both copies, and the result is what the engine
/// writes for "no such backup".
fn only_backup_fields_differ(damaged: &[u8], repaired: &[u8], page_size: usize) {
    assert!(damaged[2 * page_size..] == repaired[2 * page_size..], "behind the header");
    for offset in differences(&damaged[..2 * page_size], &repaired[..2 * page_size]) {
        let inside = offset % page_size;
        assert!(REPAIRABLE.iter().any(|range| range.contains(&inside)), "offset {offset}");
    }
    let (primary, shadow) = repaired[..2 * page_size].split_at(page_size);
    assert!(primary == shadow, "both copies are the same");
    assert_eq!(dword(primary, 0), header_checksum(primary));
    for range in &REPAIRABLE[1..] {
        assert!(primary[range.clone()].iter().all(|&byte| byte == 0), "{range:?} is not zero");
    }
}

fn operation_folder(report: &Value) -> PathBuf {
    PathBuf::from(report["operation"]["dir"].as_str().expect("an operation folder"))
}

/// `sha256sum -c SHA256SUMS` in the operation folder, as an administrator would check it.
fn sums_are_right(operation: &Path) {
    let output = Command::new("sha256sum")
        .args(["--strict", "-c", "SHA256SUMS"])
        .current_dir(operation)
        .output()
        .expect("sha256sum runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An owner and a mode that no default would give.
fn make_unusual(path: &Path) {
    std::fs::set_permissions(path, Permissions::from_mode(0o640)).expect("a mode");
    // Only the superuser may give a file away; the mode is tested anyway.
    let _ = std::os::unix::fs::chown(path, Some(1234), Some(4321));
}

/// Owner, mode and time of a backup follow the original.
fn backup_is_like(copy: &Path, original: &Traces) {
    let copy = traces(copy);
    assert_eq!(copy.identity, Identity { inode: copy.identity.inode, ..original.identity });
    assert_eq!(copy.modified, original.modified);
}

fn repair(unpacked: &Unpacked, damaged: &[u8], page_size: usize) -> PathBuf {
    let traces_before = traces(&unpacked.database);
    let before = identity(&unpacked.database);
    let run = run_on(&["repair", "--yes"], &unpacked.database);
    assert_eq!(run.exit_code(), 0, "{}", run.stdout);
    assert_eq!(identity(&unpacked.database), before);
    only_backup_fields_differ(damaged, &unpacked.bytes(), page_size);
    let report = run.json();
    assert_eq!(report["outcome"], "committed");
    let operation = operation_folder(report);
    sums_are_right(&operation);
    let backup = &report["backup"];
    let copy = Path::new(backup["path"].as_str().expect("a path"));
    backup_is_like(copy, &traces_before);
    assert!(std::fs::read(copy).unwrap() == damaged, "the backup is the damaged file");
    assert_eq!(backup["sha256"], sha256(copy).as_str());
    assert!(!unpacked.names().iter().any(|name| name.contains("edbmend-pending")));
    operation
}

/// Undoes an operation and gives the folder of the undo.
fn restore(unpacked: &Unpacked, operation: &Path, expected: &[u8]) -> PathBuf {
    let run = run_on(&["restore", "--yes"], operation);
    assert_eq!(run.exit_code(), 0, "{}", run.stdout);
    assert!(unpacked.bytes() == expected);
    let undo = operation_folder(run.json());
    sums_are_right(&undo);
    undo
}

fn check_is_content(unpacked: &Unpacked) {
    let run = run_on(&["check"], &unpacked.database);
    let report = run.json();
    assert_eq!(errors(report), [""; 0], "{}", run.stdout);
    assert_eq!((run.exit_code(), &report["outcome"]), (0, &"ok".into()));
    let needed = findings(report).contains(&"full-backup-needed".into());
    assert_eq!(needed, can_bite(unpacked), "{:?}", findings(report));
    let again = run_on(&["repair", "--yes"], &unpacked.database);
    assert_eq!((again.exit_code(), &again.json()["outcome"]), (0, &"nothing-to-do".into()));
}

fn full_cycle(sample: &Sample) {
    let mut damaged = sample.bytes.clone();
    damage_full_backup(&mut damaged);
    let unpacked = sample.unpack(&damaged);
    make_unusual(&unpacked.database);
    check_names_the_damage(&unpacked);
    dry_run_leaves_no_trace(&unpacked);
    assert!(unpacked.bytes() == damaged, "a dry run changed a byte");
    let operation = repair(&unpacked, &damaged, sample.page_size());
    check_is_content(&unpacked);
    let repaired = unpacked.bytes();
    let undo = restore(&unpacked, &operation, &damaged);
    restore(&unpacked, &undo, &repaired);
}

/// Runs the cycle on every clean database of one part of the data; gives the count, the page sizes
/// and the format revisions.
fn cycle_all(part: &str) -> (usize, Vec<usize>, Vec<u32>) {
    let samples: Vec<_> = databases_below(part).into_iter().filter(Sample::is_clean).collect();
    for sample in &samples {
        println!("{}", sample.path);
        full_cycle(sample);
    }
    let mut page_sizes: Vec<_> = samples.iter().map(Sample::page_size).collect();
    let mut revisions: Vec<_> = samples.iter().map(|s| revision_of(&s.bytes)).collect();
    page_sizes.sort_unstable();
    page_sizes.dedup();
    revisions.sort_unstable();
    revisions.dedup();
    (samples.len(), page_sizes, revisions)
}

#[test]
fn databases_of_every_clone() {
    let stage4 = "engine/stage4_p4096";
    full_cycle(&Sample::of(&format!("{stage4}/s4_1_bug_state/test.edb")));
    full_cycle(&Sample::of(&format!("{stage4}/s4_2b_cleared_after_full_inc/test.edb")));
    full_cycle(&Sample::of("engine/stage4_multi_p4096/two.edb"));
}

#[test]
#[ignore = "needs the real files"]
fn databases_that_the_engine_made() {
    needs::real_files();
    let (count, page_sizes, revisions) = cycle_all("engine");
    assert_eq!((count, page_sizes, revisions), (18, vec![4096, 32768], vec![0x14, 0x122]));
}

#[test]
#[ignore = "needs the real files"]
fn databases_from_windows() {
    needs::real_files();
    let (count, page_sizes, revisions) = cycle_all("real");
    assert_eq!(count, 35);
    assert_eq!(page_sizes, [4096, 8192, 32768]);
    assert_eq!(revisions, [0x9, 0x11, 0x14, 0x6e, 0xb4, 0xc8, 0x12c]);
}
