//! Surroundings that are short of something: threads, room in a file, years before the clock's.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use edbmend::practice::Recipe;
use tempfile::TempDir;

use crate::harness::group::{Group, digests};
use crate::harness::{
    DATABASE, Fixture, PROGRAM, Ran, damaged, finish, names, needs, operations, program,
    reset_words, run_on, small_group, snapshot, spawn, text,
};

/// Data pages of a database of some MiB: several threads find work in it.
const PAGES: u32 = 1024;

/// Logs enough for several threads.
const LOGS: u32 = 300;

/// A user whom no other test is: the limit on threads counts all of a user.
const USER: u32 = 64_321;

/// The program, in a folder where [`USER`] may run it.
struct OtherUser {
    folder: TempDir,
}

impl OtherUser {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(PROGRAM, folder.path().join("edbmend")).unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// Runs the program with so many threads on files that the user is given. Root heeds no such limit.
    fn run(&self, threads: u32, words: &[String], dir: &Path) -> Ran {
        give(dir);
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={USER}"), format!("--regid={USER}")]);
        command.args(["--clear-groups", "prlimit", &format!("--nproc={threads}")]);
        command.arg(self.folder.path().join("edbmend")).args(words);
        finish(spawn(&mut command))
    }
}

fn give(path: &Path) {
    lchown(path, Some(USER), Some(USER)).unwrap();
    if path.is_dir() {
        names(path).iter().for_each(|name| give(&path.join(name)));
    }
}

/// A storage group of many logs, and below it a large database with the damage.
fn large_group() -> Group {
    let recipe =
        Recipe { current_generation: LOGS, log_file_sectors: 16, pages: 4, ..Recipe::default() };
    let group = Group::of(&recipe);
    fs::create_dir(group.path("large")).unwrap();
    fs::write(group.path("large").join(DATABASE), damaged(PAGES)).unwrap();
    group
}

fn words(command: &[&str], path: &Path) -> Vec<String> {
    command.iter().copied().chain(["--json", text(path)]).map(str::to_owned).collect()
}

/// Checks, verifies, repairs and resets a large group with so many threads.
fn everything_with(threads: u32, other: &OtherUser) {
    let group = large_group();
    let large = group.path("large");
    let database = large.join(DATABASE);
    let run = |words: &[String]| other.run(threads, words, &group.dir);

    let checked = run(&words(&["check"], &group.dir));
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert_eq!(checked.logs()["count"], LOGS, "{threads} threads");

    let verified = run(&words(&["verify"], &database));
    assert_eq!(verified.code, Some(0), "{threads} threads: {verified:?}");
    assert_eq!(verified.json()["pages"]["total"], PAGES + 2, "{threads} threads");

    let repaired = run(&words(&["repair", "--yes", "--verify", "full"], &database));
    assert_eq!(repaired.outcome(), "committed", "{threads} threads: {repaired:?}");
    assert_eq!(repaired.json()["backup"]["method"], "copy", "{threads} threads");
    assert_eq!(repaired.json()["pages"]["total"], PAGES + 2, "{threads} threads");
    let copy = fs::read(operations(&large)[0].join(DATABASE)).unwrap();
    assert!(copy == damaged(PAGES), "{threads} threads: the copy differs");

    let reset = run(&reset_words(&["--yes", "--json"], &group.dir));
    assert_eq!(reset.outcome(), "committed", "{threads} threads: {reset:?}");
    let moved = names(&operations(&group.dir)[0].join("logs"));
    assert_eq!(moved.len(), LOGS as usize + 1, "{threads} threads");
}

#[test]
#[ignore = "needs root"]
fn everything_is_done_with_the_threads_there_are() {
    needs::another_user();
    needs::programs(&["prlimit"]);
    let other = OtherUser::new();
    // One is the process itself. The last number is enough for all.
    [1, 2, 3, 4, 5, 6, 7, 64].into_iter().for_each(|threads| everything_with(threads, &other));
}

/// The program under a limit of the size of files, in blocks of 512 bytes.
fn limited<S: AsRef<OsStr>>(blocks: u32, words: impl IntoIterator<Item = S>) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -f {blocks} && exec \"$0\" \"$@\"")]);
    shell.arg(PROGRAM).args(words);
    shell
}

/// What is typed for a folder.
type Typed<'a> = &'a dyn Fn(&Path) -> Vec<String>;

/// As in a rescue system of which only the disks are mounted: the names of open files are missing.
#[test]
#[ignore = "needs root and unshare"]
fn without_proc_a_repair_is_done_and_undone() {
    needs::root();
    needs::programs(&["unshare"]);
    let fixture = Fixture::new(&damaged(6));
    let before = fs::read(&fixture.db).unwrap();
    let without_proc = |command: &str, path: &Path| {
        let mut shell = Command::new("unshare");
        shell.args(["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"]);
        finish(spawn(shell.args([PROGRAM, command, "--yes", "--json"]).arg(path)))
    };
    let ran = without_proc("repair", &fixture.db);
    assert_eq!((ran.code, ran.outcome().as_str()), (Some(0), "committed"), "{ran:?}");
    let operation = operations(fixture.dir()).remove(0);
    let undone = without_proc("restore", &operation);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert!(fs::read(&fixture.db).unwrap() == before);
    // What others can write is refused there, too.
    fs::set_permissions(operation.join("journal"), fs::Permissions::from_mode(0o666)).unwrap();
    without_proc("restore", &operation).expect_refused(3, &["backup-dir-shared"]);
}

#[test]
fn a_limit_of_the_file_size_fails_a_write_and_nothing_else() {
    let mut outcomes = Vec::new();
    // From nothing at all to just enough for the copy of the database.
    for blocks in [0, 1, 2, 4, 8, 15, 16, 32, 48, 63, 64] {
        let of_database = |more: &[&str], dir: &Path| words(more, &dir.join(DATABASE));
        let typed: [Typed; 3] = [
            &|dir| of_database(&["repair", "--yes"], dir),
            &|dir| of_database(&["repair", "--yes", "--backup", "header"], dir),
            &|dir| reset_words(&["--yes", "--json"], dir),
        ];
        for typed in typed {
            let (_folder, dir) = small_group();
            fs::write(dir.join(DATABASE), damaged(6)).unwrap();
            let before = digests(&dir);
            let ran = finish(spawn(&mut limited(blocks, typed(&dir))));
            let outcome = ran.outcome();
            if outcome != "committed" {
                assert_eq!((outcome.as_str(), ran.code), ("failed", Some(4)), "{ran:?}");
                assert_eq!(ran.refusals(), ["io-error"], "{ran:?}");
                assert_eq!(digests(&dir), before, "{blocks} blocks: {ran:?}");
            }
            outcomes.push(outcome);
        }
    }
    for expected in ["committed", "failed"] {
        assert!(outcomes.iter().any(|outcome| outcome == expected), "{outcomes:?}");
    }
}

#[test]
fn the_limit_is_named_and_where_to_go_with_the_copy() {
    let fixture = Fixture::new(&damaged(100));
    let typed = words(&["repair", "--yes"], &fixture.db);
    let ran = finish(spawn(&mut limited(32, typed)));
    let refusal = ran.json()["refusals"][0].clone();
    assert!(refusal["message"].as_str().unwrap().contains("File too large"), "{refusal}");
    for way_out in ["ulimit -f", "--backup-dir"] {
        assert!(refusal["remedy"].as_str().unwrap().contains(way_out), "{refusal}");
    }
}

#[test]
fn a_report_beyond_the_limit_leaves_the_exit_code_as_it_is() {
    let fixture = Fixture::new(&damaged(6));
    let before = snapshot(fixture.dir());
    let elsewhere = tempfile::tempdir().unwrap();
    let report = fs::File::create(elsewhere.path().join("report")).unwrap();
    let mut command = limited(0, ["check", text(&fixture.db)]);
    let ran = command.stdout(report).output().unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("the report cannot be printed"), "{stderr}");
    assert_eq!(snapshot(fixture.dir()), before);
}

/// Whoever may write beside a database can put a file of any size in the place of a marker or a journal.
#[test]
#[ignore = "needs prlimit"]
fn a_control_file_of_any_size_is_read_in_little_memory() {
    needs::programs(&["prlimit"]);
    for bytes in [200 << 20, 1 << 40] {
        let fixture = Fixture::new(&damaged(4));
        fs::File::create(fixture.marker()).unwrap().set_len(bytes).unwrap();
        let mut limited = Command::new("prlimit");
        limited.args(["--as=150000000", PROGRAM, "recover", "--yes", "--json"]).arg(fixture.dir());
        finish(spawn(&mut limited)).expect_refused(3, &["journal-damaged"]);
        assert_eq!(fs::metadata(fixture.marker()).unwrap().len(), bytes);
    }
}

/// An allocation that fails ends the program wherever it is. What is left then is an interrupted operation like
/// others: it is found, and ended.
#[test]
#[ignore = "needs prlimit"]
fn what_ends_for_want_of_memory_is_recovered() {
    needs::programs(&["prlimit"]);
    let (mut ended, mut left) = (0, 0);
    for mebibytes in (8..40).chain([48, 64, 96]) {
        let fixture = Fixture::new(&damaged(300));
        let mut limited = Command::new("prlimit");
        limited.arg(format!("--as={}", mebibytes << 20)).arg(PROGRAM);
        limited.args(words(&["repair", "--yes"], &fixture.db));
        let output = limited.output().unwrap();
        let repaired = output.status.code() == Some(0);
        ended += usize::from(repaired);
        if fixture.marker().exists() {
            left += 1;
            let recovered = run_on(&["recover", "--yes"], &fixture.db);
            assert_eq!(recovered.code, Some(0), "{mebibytes} MiB: {recovered:?}");
        }
        assert!(!fixture.marker().exists(), "{mebibytes} MiB");
        let is_as_before = fixture.bytes() == damaged(300);
        assert_eq!(is_as_before, !repaired, "{mebibytes} MiB: {output:?}");
        assert_eq!(run_on(&["repair", "--yes"], &fixture.db).code, Some(0), "{mebibytes} MiB");
    }
    assert!(ended > 0 && left > 0, "{ended} ended well, {left} left something behind");
}

/// The library that tells a process another time.
fn faketime() -> PathBuf {
    let machines =
        names("/usr/lib".as_ref()).into_iter().map(|name| Path::new("/usr/lib").join(name));
    let mut places = machines.map(|dir| dir.join("faketime/libfaketime.so.1"));
    places.find(|path| path.is_file()).expect("this test needs faketime, which is not installed")
}

#[test]
#[ignore = "needs faketime"]
fn a_clock_before_1970_is_written_down_and_nothing_else() {
    let library = faketime();
    let fixture = Fixture::new(&damaged(6));
    let in_1960 = |command: &[&str], path: &Path| {
        let mut command = program(words(command, path));
        command
            .env("LD_PRELOAD", &library)
            .env("FAKETIME", "@1960-01-01 00:00:00")
            .env("TZ", "UTC");
        let ran = finish(spawn(&mut command));
        let started = ran.json()["run"]["started"].as_str().unwrap();
        assert!(started.starts_with("1960-01-01T00:0"), "{started}");
        ran
    };
    assert_eq!(in_1960(&["check"], &fixture.db).code, Some(1));
    assert_eq!(in_1960(&["verify"], &fixture.db).code, Some(0));
    let log = fixture.dir().join("repairs.txt");
    let repaired = in_1960(&["repair", "--yes", "--log-file", text(&log)], &fixture.db);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert!(fs::read_to_string(log).unwrap().starts_with("1960-01-01T00:0"));
    let restored = in_1960(&["restore", "--yes"], &repaired.operation_dir());
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(fixture.bytes() == damaged(6));
    // With the clock set right again its operations are operations like others.
    let now = run_on(&["restore", "--yes"], &restored.operation_dir());
    assert_eq!(now.code, Some(0), "{now:?}");
}
