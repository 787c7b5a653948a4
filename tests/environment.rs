//! Surroundings that are short of something: threads, room for a file, years before the clock's.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{
    DATABASE, Fixture, Ran, damaged, finish, has_program, names, operations, program, reset_words,
    run, snapshot, spawn,
};
use edbmend::practice::{Recipe, storage_group};
use tempfile::TempDir;

/// Data pages of a database of some MiB: several threads find work in it.
const PAGES: u32 = 1024;

/// Logs enough for several threads.
const LOGS: u32 = 300;

/// A user whom no other test is: the limit on threads counts all of a user.
const USER: u32 = 64_321;

/// How a process is limited, as a wrapper that runs the command behind it.
fn limited(limit: &str, command: &Command) -> Command {
    let mut wrapped = Command::new("prlimit");
    wrapped.arg(limit).arg(command.get_program()).args(command.get_args());
    wrapped
}

/// A large database with the damage, in a group of many logs.
fn large_group() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let recipe =
        Recipe { current_generation: LOGS, log_file_sectors: 16, pages: 4, ..Recipe::default() };
    for file in storage_group(&recipe) {
        fs::write(folder.path().join(&file.name), &file.bytes).unwrap();
    }
    let large = folder.path().join("large");
    fs::create_dir(&large).unwrap();
    fs::write(large.join(DATABASE), damaged(PAGES)).unwrap();
    let dir = folder.path().canonicalize().unwrap();
    (folder, dir)
}

/// The program, in a folder where [`USER`] may run it.
struct OtherUser {
    folder: TempDir,
}

impl OtherUser {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(env!("CARGO_BIN_EXE_edbmend"), folder.path().join("edbmend")).unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// Root heeds no limit on threads: who is root becomes another user, who is given the files.
    fn run(&self, dir: &Path, threads: u32, words: &[String]) -> Ran {
        let mut command = Command::new(self.folder.path().join("edbmend"));
        command.args(words);
        let mut command = limited(&format!("--nproc={threads}"), &command);
        if rustix::process::geteuid().is_root() {
            give(dir);
            let mut other = Command::new("setpriv");
            other.args([format!("--reuid={USER}"), format!("--regid={USER}")]);
            other.arg("--clear-groups").arg(command.get_program()).args(command.get_args());
            command = other;
        }
        finish(spawn(&mut command))
    }
}

fn give(path: &Path) {
    lchown(path, Some(USER), Some(USER)).unwrap();
    if path.is_dir() {
        names(path).iter().for_each(|name| give(&path.join(name)));
    }
}

fn words(words: &[&str], path: &Path) -> Vec<String> {
    words.iter().copied().chain([path.to_str().unwrap()]).map(str::to_owned).collect()
}

#[test]
fn everything_is_done_with_the_threads_there_are() {
    let test = "everything_is_done_with_the_threads_there_are";
    if !has_program(test, "prlimit") || !has_program(test, "setpriv") {
        return;
    }
    let other = OtherUser::new();
    // One is the process itself. The last number is enough for all.
    for threads in [1, 2, 3, 4, 5, 6, 7, 64] {
        let (_folder, dir) = large_group();
        let database = dir.join("large").join(DATABASE);

        let checked = other.run(&dir, threads, &words(&["check", "--json"], &dir));
        assert_eq!(
            (checked.code, checked.outcome().as_str()),
            (Some(1), "findings"),
            "{checked:?}"
        );
        assert_eq!(checked.json()["logs"]["count"], LOGS, "{threads} threads");

        let verified = other.run(&dir, threads, &words(&["verify", "--json"], &database));
        assert_eq!(verified.json()["pages"]["total"], PAGES + 2, "{threads} threads: {verified:?}");
        assert_eq!(verified.code, Some(0));

        let repair = words(&["repair", "--yes", "--json", "--verify", "full"], &database);
        let repaired = other.run(&dir, threads, &repair);
        assert_eq!(repaired.outcome(), "committed", "{threads} threads: {repaired:?}");
        assert_eq!(repaired.json()["backup"]["method"], "copy", "{threads} threads");
        assert_eq!(repaired.json()["pages"]["total"], PAGES + 2, "{threads} threads");
        let operation = operations(database.parent().unwrap()).remove(0);
        let kept = fs::read(operation.join(DATABASE)).unwrap();
        assert!(kept == damaged(PAGES), "{threads} threads: the copy differs");

        let reset = other.run(&dir, threads, &reset_words(&["--yes", "--json"], &dir));
        assert_eq!(reset.outcome(), "committed", "{threads} threads: {reset:?}");
        let logs = operations(&dir).remove(0).join("logs");
        assert_eq!(names(&logs).len(), LOGS as usize + 1, "{threads} threads");
    }
}

/// What lies in a folder, operation folders apart: names and contents.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = names(dir).into_iter().map(|name| dir.join(name)).filter(|path| path.is_file());
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn a_limit_of_the_file_size_fails_a_write_and_nothing_else() {
    let test = "a_limit_of_the_file_size_fails_a_write_and_nothing_else";
    if !has_program(test, "prlimit") {
        return;
    }
    let mut outcomes = Vec::new();
    // From nothing at all to just enough for the copy of the database.
    for bytes in [0, 1, 512, 1024, 2048, 4096, 8191, 8192, 16384, 24576, 32767, 32768] {
        for words in
            [&["repair", "--yes"][..], &["repair", "--yes", "--backup", "header"], &["reset"]]
        {
            let (_folder, dir) = common::small_group();
            let database = dir.join(DATABASE);
            fs::write(&database, damaged(6)).unwrap();
            let before = files(&dir);
            let mut typed = match words {
                ["reset"] => reset_words(&["--yes"], &dir),
                words => words
                    .iter()
                    .map(|&word| word.to_owned())
                    .chain([database.to_str().unwrap().to_owned()])
                    .collect(),
            };
            typed.push("--json".to_owned());
            let ran = finish(spawn(&mut limited(&format!("--fsize={bytes}"), &program(&typed))));
            let outcome = ran.outcome();
            match outcome.as_str() {
                "committed" => assert_eq!(ran.code, Some(0), "{ran:?}"),
                outcome => {
                    assert_eq!((outcome, ran.code), ("failed", Some(4)), "{bytes} bytes: {ran:?}");
                    assert_eq!(ran.refusals(), ["io-error"], "{ran:?}");
                    assert!(files(&dir) == before, "{bytes} bytes, {typed:?}");
                }
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
    let test = "the_limit_is_named_and_where_to_go_with_the_copy";
    if !has_program(test, "prlimit") {
        return;
    }
    let fixture = Fixture::new(&damaged(100));
    let typed = ["repair".as_ref(), "--yes".as_ref(), "--json".as_ref(), fixture.db.as_os_str()];
    let ran = finish(spawn(&mut limited("--fsize=16384", &program(typed))));
    let refusal = ran.json()["refusals"][0].clone();
    assert!(refusal["message"].as_str().unwrap().contains("File too large"), "{refusal}");
    for way_out in ["ulimit -f", "--backup-dir"] {
        assert!(refusal["remedy"].as_str().unwrap().contains(way_out), "{refusal}");
    }
}

#[test]
fn a_report_beyond_the_limit_leaves_the_exit_code_as_it_is() {
    let test = "a_report_beyond_the_limit_leaves_the_exit_code_as_it_is";
    if !has_program(test, "prlimit") {
        return;
    }
    let fixture = Fixture::new(&damaged(6));
    let before = snapshot(fixture.dir());
    let elsewhere = tempfile::tempdir().unwrap();
    let to = fs::File::create(elsewhere.path().join("report")).unwrap();
    let mut command = limited("--fsize=16", &program(["check".as_ref(), fixture.db.as_os_str()]));
    let ran = command.stdout(to).output().unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("the report cannot be printed"), "{stderr}");
    assert_eq!(snapshot(fixture.dir()), before);
}

/// The library that tells a process another time; `None`, said loudly, where it is not installed.
fn faketime(test: &str) -> Option<PathBuf> {
    let machines = names("/usr/lib".as_ref()).into_iter();
    let places =
        machines.map(|name| Path::new("/usr/lib").join(name).join("faketime/libfaketime.so.1"));
    let found = places.into_iter().find(|path| path.is_file());
    if found.is_none() {
        eprintln!("SKIPPED {test}: libfaketime is not installed");
    }
    found
}

#[test]
fn a_clock_before_1970_is_written_down_and_nothing_else() {
    let Some(library) = faketime("a_clock_before_1970_is_written_down_and_nothing_else") else {
        return;
    };
    let fixture = Fixture::new(&damaged(6));
    let in_1960 = |words: &[&str], path: &Path| {
        let mut command = program(words.iter().map(|word| word.as_ref()).chain([path.as_os_str()]));
        command
            .env("LD_PRELOAD", &library)
            .env("FAKETIME", "@1960-01-01 00:00:00")
            .env("TZ", "UTC");
        let ran = finish(spawn(&mut command));
        let started = ran.json()["run"]["started"].as_str().unwrap().to_owned();
        assert!(started.starts_with("1960-01-01T00:0"), "{started}");
        ran
    };
    assert_eq!(in_1960(&["check", "--json"], &fixture.db).code, Some(1));
    assert_eq!(in_1960(&["verify", "--json"], &fixture.db).code, Some(0));
    let log = fixture.dir().join("repairs.txt");
    let log = log.to_str().unwrap();
    let repair = ["repair", "--yes", "--json", "--log-file", log];
    let repaired = in_1960(&repair, &fixture.db);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert!(fs::read_to_string(log).unwrap().starts_with("1960-01-01T00:0"));
    let restored = in_1960(&["restore", "--yes", "--json"], &repaired.operation_dir());
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(fixture.bytes() == damaged(6));
    // With the clock set right again its operations are operations like others.
    let now = run([
        "restore".as_ref(),
        "--yes".as_ref(),
        "--json".as_ref(),
        restored.operation_dir().as_os_str(),
    ]);
    assert_eq!(now.code, Some(0), "{now:?}");
}
