//! Ways back between volumes, and what somebody else does meanwhile to the files that come home.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::disks::{Volume, run as must};
use crate::harness::group::{Group, digests};
use crate::harness::strace::run_with_kill;
use crate::harness::{PROGRAM, Ran, finish, needs, reset_words, run, snapshot, spawn};

/// A group whose logs are on another volume.
struct Apart {
    group: Group,
    before: BTreeMap<PathBuf, String>,
    operation: PathBuf,
    _volume: Volume,
}

impl Apart {
    fn new() -> Self {
        needs::root();
        let volume = Volume::ext4(16);
        let group = Group::new();
        let before = digests(&group.dir);
        let kept = volume.path().join("kept");
        let done = group.reset(&["--backup-dir", kept.to_str().unwrap()]);
        assert_eq!(done.code, Some(0), "{done:?}");
        Self { before, operation: done.operation_dir(), group, _volume: volume }
    }

    fn away(&self, name: &str) -> PathBuf {
        self.operation.join("logs").join(name)
    }

    fn restore(&self) -> Vec<String> {
        words("restore", &self.operation, &[])
    }

    fn recover(&self, more: &[&str]) -> Ran {
        run(words("recover", &self.group.dir, more))
    }

    fn is_back(&self) -> bool {
        digests(&self.group.dir) == self.before
    }
}

fn words(command: &str, path: &Path, more: &[&str]) -> Vec<String> {
    let words = [command, "--yes", "--json", path.to_str().unwrap()]
        .into_iter()
        .chain(more.iter().copied());
    words.map(str::to_owned).collect()
}

/// The names of files that have come home already when the undo is killed while it removes them elsewhere.
fn killed_while_it_removes(apart: &Apart) -> Vec<PathBuf> {
    for nth in 1.. {
        let is_killed = run_with_kill(&apart.restore(), "unlinkat", nth).is_some();
        assert!(is_killed, "no log was removed in the end");
        let names = ["E00.chk", "E00.log", "E0000001.log", "E0000002.log", "E0000003.log"];
        let is_home = |name: &str| apart.group.path(name).exists() && !apart.away(name).exists();
        let home: Vec<PathBuf> = names
            .into_iter()
            .filter(|name| is_home(name))
            .map(|name| apart.group.path(name))
            .collect();
        if !home.is_empty() {
            return home;
        }
        assert_eq!(apart.recover(&["--back"]).code, Some(0));
    }
    unreachable!()
}

#[test]
#[ignore = "needs root, strace"]
fn a_log_that_somebody_has_open_is_not_taken_away_again() {
    needs::strace();
    let apart = Apart::new();
    let home = killed_while_it_removes(&apart);
    let open = OpenOptions::new().append(true).open(&home[0]).unwrap();
    let refused = apart.recover(&["--back"]);
    assert_eq!(refused.code, Some(6), "{refused:?}");
    (&open).write_all(b"written meanwhile").unwrap();
    assert_eq!(open.metadata().unwrap().nlink(), 1);
    assert!(fs::read(&home[0]).unwrap().ends_with(b"written meanwhile"));
}

#[test]
#[ignore = "needs root"]
fn a_file_with_the_name_of_a_copy_is_left_alone() {
    let apart = Apart::new();
    let own = apart.group.path("E00.log.edbmend-tmp");
    fs::write(&own, "the only copy").unwrap();
    let before = snapshot(&apart.group.dir);
    for how in ["--dry-run", "--yes"] {
        let ran = run(["restore", how, "--json", apart.operation.to_str().unwrap()]);
        ran.expect_refused(3, &["changed-since-survey"]);
    }
    assert!(snapshot(&apart.group.dir) == before);
    fs::remove_file(own).unwrap();
    assert_eq!(run(apart.restore()).code, Some(0));
    assert!(apart.is_back());
}

#[test]
#[ignore = "needs root"]
fn what_a_copied_log_was_must_be_known() {
    let apart = Apart::new();
    let sums = apart.operation.join("SHA256SUMS");
    let whole = fs::read_to_string(&sums).unwrap();
    let log = OpenOptions::new().read(true).write(true).open(apart.away("E00.log")).unwrap();
    let mut byte = [0];
    log.read_exact_at(&mut byte, 6000).unwrap();
    log.write_all_at(&[byte[0] ^ 1], 6000).unwrap();
    let without: String = whole
        .lines()
        .filter(|line| !line.ends_with("E00.log"))
        .map(|line| format!("{line}\n"))
        .collect();
    for damage in [Some(String::new()), Some(without), None, Some(whole.clone())] {
        match damage {
            Some(text) => fs::write(&sums, text).unwrap(),
            None => fs::remove_file(&sums).unwrap(),
        }
        let refused = run(apart.restore());
        assert_eq!(refused.code, Some(3), "{refused:?}");
    }
    log.write_all_at(&byte, 6000).unwrap();
    drop(log);
    assert_eq!(run(apart.restore()).code, Some(0));
    assert!(apart.is_back());
}

/// A group in whose place stands a copy of it, as after the change of a disk.
fn copied_to_its_old_place(group: &Group) {
    let (old, new) = (group.dir.with_extension("old"), group.dir.with_extension("new"));
    must(Command::new("cp").arg("-a").args([&group.dir, &new]));
    fs::rename(&group.dir, &old).unwrap();
    fs::rename(&new, &group.dir).unwrap();
    fs::remove_dir_all(&old).unwrap();
}

#[test]
fn a_group_that_was_copied_to_its_old_place_is_undone_and_recovered() {
    let group = Group::new();
    let before = digests(&group.dir);
    let done = group.reset(&[]);
    copied_to_its_old_place(&group);
    let undone = run(words("restore", &done.operation_dir(), &[]));
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(digests(&group.dir), before);
}

#[test]
fn one_log_with_another_time_is_not_the_one_that_was_moved() {
    let group = Group::new();
    let done = group.reset(&[]);
    copied_to_its_old_place(&group);
    let log = done.operation_dir().join("logs/E0000001.log");
    File::options()
        .write(true)
        .open(log)
        .unwrap()
        .set_modified(std::time::SystemTime::now())
        .unwrap();
    let before = snapshot(&group.dir);
    assert_eq!(run(words("restore", &done.operation_dir(), &[])).code, Some(3));
    assert!(snapshot(&group.dir) == before);
}

#[test]
#[ignore = "needs strace"]
fn a_pending_reset_that_was_copied_to_its_old_place_is_recovered() {
    needs::strace();
    let group = Group::new();
    let before = digests(&group.dir);
    let reset = reset_words(&["--yes", "--json"], &group.dir);
    assert!(run_with_kill(&reset, "?renameat2", 3).is_some());
    copied_to_its_old_place(&group);
    let recovered = run(words("recover", &group.dir, &[]));
    assert_eq!(recovered.code, Some(0), "{recovered:?}");
    assert_eq!(digests(&group.dir), before);
}

/// A run that waits before a call, in the meantime of which something is done.
fn meanwhile(arguments: &[String], call: &str, nth: u32, something: impl FnOnce()) -> Ran {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:delay_enter=1500000:when={nth}")]);
    let child = spawn(command.arg(PROGRAM).args(arguments));
    std::thread::sleep(std::time::Duration::from_millis(900));
    something();
    finish(child)
}

#[test]
#[ignore = "needs strace"]
fn a_log_that_is_written_to_while_others_move_is_moved_with_what_was_written() {
    needs::strace();
    let group = Group::new();
    let reset = reset_words(&["--yes", "--json"], &group.dir);
    let ran = meanwhile(&reset, "renameat2", 2, || {
        let log = group.path("E0000002.log");
        OpenOptions::new().append(true).open(log).unwrap().write_all(b"more").unwrap();
    });
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(fs::read(ran.operation_dir().join("logs/E0000002.log")).unwrap().ends_with(b"more"));
}

#[test]
#[ignore = "needs strace"]
fn a_database_that_was_moved_while_it_was_written_is_not_called_repaired() {
    needs::strace();
    let group = Group::new();
    let database = group.path("priv1.edb");
    let ran = meanwhile(&words("repair", &database, &[]), "pwrite64", 8, || {
        let moved = group.path("moved.edb");
        fs::rename(&database, &moved).unwrap();
        must(Command::new("cp").arg("--reflink=never").args([&group.path("pub1.edb"), &database]));
    });
    assert_eq!(ran.code, Some(6), "{ran:?}");
}

#[test]
#[ignore = "needs root, strace"]
fn a_copy_that_somebody_writes_to_does_not_cost_the_original() {
    needs::strace();
    let apart = Apart::new();
    let home = apart.group.path("E0000002.log");
    let unfinished = apart.group.path("E0000002.log.edbmend-tmp");
    let ran = meanwhile(&apart.restore(), "renameat2", 1, || {
        let path = if unfinished.exists() { &unfinished } else { &home };
        let copy = OpenOptions::new().write(true).open(path).unwrap();
        copy.write_all_at(b"CHANGED", 6000).unwrap();
    });
    assert_ne!(ran.code, Some(0), "{ran:?}");
    let away = fs::read(apart.away("E0000002.log")).expect("the original is there");
    assert_ne!(&away[6000..6007], b"CHANGED");
}

#[test]
#[ignore = "needs root, strace"]
fn a_file_that_gets_the_name_of_a_log_is_not_removed_in_its_place() {
    needs::root();
    needs::strace();
    let volume = Volume::ext4(16);
    let group = Group::new();
    let kept = volume.path().join("kept");
    let more = ["--yes", "--json", "--backup-dir", kept.to_str().unwrap()];
    let reset = reset_words(&more, &group.dir);
    let log = group.path("E0000002.log");
    // Right after the copies have their names: what is removed next is looked at once more.
    let ran = meanwhile(&reset, "renameat2", 2, || {
        fs::rename(&log, group.path("aside.log")).unwrap();
        fs::write(&log, "of another").unwrap();
    });
    assert_ne!(ran.code, Some(0), "{ran:?}");
    assert_eq!(fs::read_to_string(&log).unwrap(), "of another");
}
