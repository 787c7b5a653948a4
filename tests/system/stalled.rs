//! The real program, stopped for longer than the real kernel makes others wait, and a second process that opens
//! the database or a log meanwhile, writes, and keeps it open.
//!
//! The kernel's lease-break time is lowered for it, which concerns the whole machine: by root, and on request.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use edbmend::practice::edit_header;
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::strace::run_in_steps;
use crate::harness::{
    Fixture, Group, PROGRAM, Ran, damaged, finish, names, needs, operations, operations_in,
    reset_words, run, spawn,
};

const BREAK_TIME: &str = "/proc/sys/fs/lease-break-time";

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The kernel's lease-break time is two seconds as long as this lives.
struct Lowered {
    before: String,
    _alone: MutexGuard<'static, ()>,
}

impl Lowered {
    fn now() -> Self {
        needs::root();
        needs::strace();
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let before = fs::read_to_string(BREAK_TIME).unwrap();
        fs::write(BREAK_TIME, "2")
            .expect("this test needs a kernel whose lease-break time it may lower");
        Self { before, _alone: alone }
    }
}

impl Drop for Lowered {
    fn drop(&mut self) {
        let _ = fs::write(BREAK_TIME, self.before.trim());
    }
}

/// A run of the program that stops behind the `nth` call of a name on a path.
struct Stopped {
    tracer: Child,
    program: Pid,
}

impl Stopped {
    fn at(call: &str, path: &Path, nth: u32, arguments: &[String]) -> Self {
        let trace = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", &format!("trace={call}"), "-o"]).arg(trace.path());
        command.arg("-P").arg(path);
        command.args(["-e", &format!("inject={call}:signal=STOP:when={nth}")]);
        command.arg(PROGRAM).args(arguments);
        let mut tracer = spawn(&mut command);
        while !fs::read_to_string(trace.path()).unwrap().contains("stopped by") {
            assert!(tracer.try_wait().unwrap().is_none(), "it was never stopped");
            std::thread::sleep(Duration::from_millis(5));
        }
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", tracer.id()));
        let first = children.unwrap().split_whitespace().next().and_then(|pid| pid.parse().ok());
        Self { tracer, program: first.and_then(Pid::from_raw).expect("it is stopped") }
    }

    fn goes_on(self) -> Ran {
        kill_process(self.program, Signal::CONT).unwrap();
        finish(self.tracer)
    }
}

/// What a mount does to a database: it waits in the kernel until it is let in, then writes its header, dirty, to
/// both copies.
fn mount(database: &Path) -> (File, Vec<u8>) {
    let file = OpenOptions::new().read(true).write(true).open(database).unwrap();
    let mut bytes = fs::read(database).unwrap();
    edit_header(&mut bytes, |raw| raw.state = 2.into());
    // The engine writes what it elected over both.
    let (primary, rest) = bytes.split_at_mut(4096);
    rest[..4096].copy_from_slice(primary);
    for offset in [4096, 0] {
        file.write_all_at(&bytes[..4096], offset).unwrap();
    }
    file.sync_all().unwrap();
    (file, bytes)
}

fn words(words: &[&str], path: &Path) -> Vec<String> {
    words.iter().chain(&[path.to_str().unwrap()]).map(|word| word.to_string()).collect()
}

/// A repair that is stopped behind a call on the database, and mounted over.
fn mounted_over(call: &str, nth: u32) {
    let fixture = Fixture::new(&damaged(8));
    let repair = words(&["repair", "--yes", "--json", "--backup", "header"], &fixture.db);
    let stopped = Stopped::at(call, &fixture.db, nth, &repair);
    let (engine, mounted) = mount(&fixture.db);
    let ran = stopped.goes_on();
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(6), "pending"), "{call} {nth}: {ran:?}");
    assert!(fixture.bytes() == mounted, "{call} {nth}: what the engine wrote was written over");
    let mounted_still = fixture.run(&["recover", "--accept-changed", "--yes"]);
    mounted_still.expect_refused(3, &["in-use"]);
    drop(engine);
    for flags in [&["--yes"][..], &["--back", "--yes"], &["--dry-run"]] {
        let ran = fixture.run(&[&["recover"], flags].concat());
        ran.expect_refused(3, &["database-changed"]);
    }
    let planned = fixture.run(&["recover", "--accept-changed", "--dry-run"]);
    assert_eq!(
        (planned.code, planned.json()["databases"][0]["direction"].as_str()),
        (Some(0), Some("accept"))
    );
    assert!(fixture.marker().exists());
    let closed = fixture.run(&["recover", "--accept-changed", "--yes"]);
    assert_eq!((closed.code, closed.outcome().as_str()), (Some(0), "overtaken"), "{closed:?}");
    assert!(!fixture.marker().exists() && fixture.bytes() == mounted);
    let operation = operations(fixture.dir()).pop().unwrap();
    let undone = run(["restore", "--yes", "--json", operation.to_str().unwrap()]);
    undone.expect_refused(3, &["database-changed"]);
}

#[test]
#[ignore = "needs root"]
fn a_repair_that_stands_still_between_its_writes() {
    let _lowered = Lowered::now();
    mounted_over("pwrite64", 1);
    mounted_over("fsync", 1);
    mounted_over("pwrite64", 2);
    mounted_over("fsync", 2);
}

/// A practice group in memory, and a folder on a disk for its operations.
struct TwoVolumes {
    group: Group,
    _home: tempfile::TempDir,
    disk: tempfile::TempDir,
}

impl TwoVolumes {
    fn new() -> Self {
        let home = tempfile::tempdir_in("/dev/shm").unwrap();
        let disk = tempfile::tempdir().unwrap();
        let volume = |dir: &Path| fs::metadata(dir).unwrap().dev();
        let differ = volume(home.path()) != volume(disk.path());
        assert!(differ, "this test needs /dev/shm and a folder for temporary files on a disk");
        Self { group: Group::at(home.path()), _home: home, disk }
    }

    fn reset(&self) -> Vec<String> {
        let backup_dir = self.disk.path().to_str().unwrap();
        reset_words(&["--yes", "--json", "--backup-dir", backup_dir], &self.group.dir)
    }

    /// The folders of its operations.
    fn operations(&self) -> Vec<PathBuf> {
        operations_in(self.disk.path())
    }

    /// Whether some logs are copied already, and none has its name yet.
    fn is_copying(&self) -> bool {
        let Some(logs) = self.operations().pop().map(|dir| dir.join("logs")) else { return false };
        let copies = if logs.is_dir() { names(&logs) } else { Vec::new() };
        copies.len() == 2 && copies.iter().all(|name| name.to_string_lossy().ends_with("-tmp"))
    }
}

#[test]
#[ignore = "needs root"]
fn a_reset_between_volumes_that_stands_still_while_it_copies() {
    let _lowered = Lowered::now();
    let two = TwoVolumes::new();
    let before = names(&two.group.dir);
    let mut engine = None;
    let ran = run_in_steps(&two.reset(), "fsync", || {
        if engine.is_none() && two.is_copying() {
            engine = Some(mount(&two.group.path("priv1.edb")));
        }
    });
    ran.expect_refused(3, &["in-use"]);
    assert_eq!(names(&two.group.dir), before);
    let (_open, mounted) = engine.expect("logs were copied");
    assert!(fs::read(two.group.path("priv1.edb")).unwrap() == mounted);
    assert_eq!(two.operations().len(), 0);
}

/// Somebody opens the current log while the others are copied, and keeps it.
#[test]
#[ignore = "needs strace, a disk beside /dev/shm"]
fn a_log_that_is_opened_while_logs_are_copied_is_not_removed() {
    needs::strace();
    let two = TwoVolumes::new();
    let before = names(&two.group.dir);
    let mut opened = None;
    let ran = run_in_steps(&two.reset(), "fsync", || {
        if opened.is_none() && two.is_copying() {
            let log = OpenOptions::new().read(true).write(true).open(two.group.path("E00.log"));
            opened = Some(log.unwrap());
        }
    });
    ran.expect_refused(3, &["in-use"]);
    let log = opened.expect("logs were copied");
    log.write_all_at(b"ATTACH RECORD", 5000).unwrap();
    assert_eq!(names(&two.group.dir), before, "{ran:?}");
    assert_eq!(log.metadata().unwrap().nlink(), 1);
    assert_eq!(&fs::read(two.group.path("E00.log")).unwrap()[5000..5013], b"ATTACH RECORD");
    assert_eq!(two.operations().len(), 0);
}
