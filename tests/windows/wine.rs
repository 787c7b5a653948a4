//! The Windows program, run under Wine: the same commands, exit codes and reports as here, and what is
//! Windows' own.
//!
//! Where Wine is no proof, which docs/windows.md lists, nothing is asserted.

#![cfg(target_os = "linux")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::prefix::{Wine, dos, normalised};
use crate::harness::{
    Fixture, Ran, damaged, files, finish, marker_of, names, needs, operations, run, spawn,
};
use edbmend::practice::{Recipe, storage_group};

/// A fresh folder with the practice storage group.
fn practice() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("edbmend-wine-").tempdir().unwrap();
    for file in storage_group(&Recipe::default()) {
        fs::write(folder.path().join(&file.name), &file.bytes).unwrap();
    }
    folder
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// Runs a command on both systems, each on its own copy of a folder, and compares what they report and
/// what they leave. `command` builds the arguments from the folder as that system names it.
struct Twins<'a> {
    wine: &'a Wine,
    linux: tempfile::TempDir,
    windows: tempfile::TempDir,
}

impl<'a> Twins<'a> {
    fn of(wine: &'a Wine, make: impl Fn() -> tempfile::TempDir) -> Self {
        Self { wine, linux: make(), windows: make() }
    }

    #[track_caller]
    fn run(&self, command: &[&str], files: &[&str]) -> (Ran, Ran) {
        let linux = files.iter().map(|file| self.linux.path().join(file).into_os_string());
        let windows = files.iter().map(|file| dos(&self.windows.path().join(file)));
        let arguments = || words(command).into_iter().chain(words(&["--json"]));
        let here = run(arguments().chain(linux));
        let there = self.wine.run(arguments().chain(windows));
        assert_eq!(there.code, here.code, "{command:?} {files:?}: {here:?}\n{there:?}");
        let (left, right) = (
            normalised(here.json(), self.linux.path()),
            normalised(there.json(), self.windows.path()),
        );
        assert!(left == right, "{command:?} {files:?}: {}", first_difference(&left, &right, ""));
        (here, there)
    }

    /// Compares a file of one folder with that of the other.
    #[track_caller]
    fn assert_same(&self, file: &str) {
        let bytes = |dir: &Path| fs::read(dir.join(file)).unwrap();
        assert!(bytes(self.linux.path()) == bytes(self.windows.path()), "{file}");
    }
}

fn first_difference(left: &serde_json::Value, right: &serde_json::Value, at: &str) -> String {
    use serde_json::Value::{Array, Object};
    match (left, right) {
        (Object(l), Object(r)) if l.keys().eq(r.keys()) => l
            .iter()
            .find(|(key, value)| r[*key] != **value)
            .map(|(key, value)| first_difference(value, &r[key], &format!("{at}.{key}")))
            .unwrap_or_default(),
        (Array(l), Array(r)) if l.len() == r.len() => l
            .iter()
            .zip(r)
            .enumerate()
            .find(|(_, (l, r))| l != r)
            .map(|(i, (l, r))| first_difference(l, r, &format!("{at}[{i}]")))
            .unwrap_or_default(),
        _ => format!("{at}: here {left}, under Wine {right}"),
    }
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn the_demo_mends_its_damage() {
    let wine = Wine::ready();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("übung");
    let ran = wine.run([OsStr::new("demo"), &dos(&dir)]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // UTF-8 in a pipe, and the path as people type it.
    assert!(ran.stdout.contains("\\übung"), "{ran:?}");
    assert!(!ran.stdout.contains(r"\\?\"), "{ran:?}");
    assert!(ran.stdout.contains("full-backup-gen-invalid"), "{ran:?}");
    assert_eq!(run([OsStr::new("check"), dir.as_os_str()]).code, Some(0));
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn a_practice_group_is_treated_as_here() {
    let wine = Wine::ready();
    let twins = Twins::of(wine, practice);
    let (check, _) = twins.run(&["check"], &[""]);
    assert_eq!(check.code, Some(1));
    let files = names(twins.linux.path());
    let files: Vec<&str> = files.iter().map(|name| name.to_str().unwrap()).collect();
    twins.run(&["inspect"], &files);
    twins.run(&["verify", "--threads", "4"], &["priv1.edb", "pub1.edb"]);
    let (dry, _) = twins.run(&["repair", "--dry-run", "--verify", "full"], &["priv1.edb"]);
    assert_eq!((dry.code, dry.outcome().as_str()), (Some(0), "planned"));
    assert!(!twins.windows.path().join("edbmend").exists());

    let damaged = fs::read(twins.windows.path().join("priv1.edb")).unwrap();
    let (_, repaired) = twins.run(&["repair", "--yes", "--verify", "full"], &["priv1.edb"]);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    twins.assert_same("priv1.edb");
    assert!(!marker_of(&twins.windows.path().join("priv1.edb")).exists());
    let operation = operations(twins.windows.path()).remove(0);
    assert_eq!(fs::read(operation.join("priv1.edb")).unwrap(), damaged, "the full copy");
    // Nobody but its owner and administrators, which Wine takes for the group.
    for file in [operation.clone(), operation.join("plan.json"), operation.join("journal")] {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "{}: {mode:o}", file.display());
    }
    let (nothing, _) = twins.run(&["repair", "--yes"], &["priv1.edb"]);
    assert_eq!(nothing.outcome(), "nothing-to-do");

    let undone =
        wine.run(words(&["restore", "--yes", "--json"]).into_iter().chain([dos(&operation)]));
    assert_eq!((undone.code, undone.outcome().as_str()), (Some(0), "committed"), "{undone:?}");
    assert_eq!(fs::read(twins.windows.path().join("priv1.edb")).unwrap(), damaged);
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn a_log_reset_and_its_undo_are_treated_as_here() {
    let wine = Wine::ready();
    let twins = Twins::of(wine, practice);
    let before = names(twins.windows.path());
    for dir in [&twins.linux, &twins.windows] {
        let db = dir.path().join("priv1.edb");
        assert_eq!(run([OsStr::new("repair"), "--yes".as_ref(), db.as_os_str()]).code, Some(0));
        fs::remove_dir_all(dir.path().join("edbmend")).unwrap();
    }
    twins.run(&["reset-logs", "--dry-run"], &[""]);
    // Case does not matter: it is the same file.
    let dir = dos(twins.windows.path());
    let db = |name: &str| dos(&twins.windows.path().join(name));
    let mut arguments = words(&["reset-logs", "--yes", "--json", "--db"]);
    arguments.extend([db("PRIV1.EDB"), "--db".into(), db("pub1.edb"), dir]);
    let reset = wine.run(arguments);
    assert_eq!((reset.code, reset.outcome().as_str()), (Some(0), "committed"), "{reset:?}");
    let operation = operations(twins.windows.path()).remove(0);
    assert!(operation.join("logs/E00.log").exists());
    assert!(!twins.windows.path().join("E00.log").exists());
    let undone =
        wine.run(words(&["restore", "--yes", "--json"]).into_iter().chain([dos(&operation)]));
    assert_eq!((undone.code, undone.outcome().as_str()), (Some(0), "committed"), "{undone:?}");
    let mut after = names(twins.windows.path());
    after.retain(|name| name != "edbmend");
    assert_eq!(after, before);
}

#[test]
#[ignore = "needs Wine, the Windows program and the real files"]
fn real_databases_are_treated_as_here() {
    let wine = Wine::ready();
    needs::real_files();
    for set in ["catroot2-ws2003-xp64", "search-win10-32k-dirty", "secedit-logs-2025"] {
        let twins = Twins::of(wine, || files::unpack(&format!("real/{set}")));
        twins.run(&["check"], &[""]);
        let files = names(twins.linux.path());
        let is_database = |name: &&OsString| {
            let end = Path::new(name).extension();
            end.is_some_and(|end| end == "edb" || end == "sdb" || end == "dit")
        };
        for file in files.iter().filter(is_database) {
            let file = file.to_str().unwrap();
            twins.run(&["verify"], &[file]);
            twins.run(&["inspect"], &[file]);
            twins.run(&["repair", "--dry-run"], &[file]);
        }
    }
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn who_has_it_open_is_respected() {
    let wine = Wine::ready();
    let fixture = Fixture::new(&damaged(8));
    let (db, bytes) = (dos(&fixture.db), fixture.bytes());
    let run = |command: &[&str]| {
        wine.run(words(command).into_iter().chain(["--json".into(), db.clone()]))
    };
    {
        let _held = wine.hold_open(&fixture.db, "alone");
        run(&["repair", "--yes"]).expect_refused(3, &["in-use"]);
        let check = run(&["check"]);
        assert_eq!(check.refusals(), ["in-use"], "{check:?}");
    }
    {
        // Whoever lets others in has it open all the same.
        let _held = wine.hold_open(&fixture.db, "shared");
        let refused = run(&["repair", "--yes"]);
        refused.expect_refused(3, &["in-use"]);
        assert!(refused.stdout.contains("resmon"), "{refused:?}");
        assert_eq!(run(&["repair", "--dry-run"]).code, Some(3));
        assert_eq!(run(&["verify"]).code, Some(0), "reading is nobody's harm");
    }
    assert_eq!(names(fixture.dir()), ["priv1.edb"]);
    assert_eq!(fixture.bytes(), bytes);
    assert_eq!(run(&["repair", "--yes"]).code, Some(0));
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn exit_codes_are_those_of_the_contract() {
    let wine = Wine::ready();
    let fixture = Fixture::new(&damaged(8));
    let db = dos(&fixture.db);
    let code = |command: &[&str]| wine.run(words(command).into_iter().chain([db.clone()])).code;
    assert_eq!(code(&["inspect"]), Some(0));
    assert_eq!(code(&["check"]), Some(1));
    assert_eq!(code(&["check", "--no-such-flag"]), Some(2));
    assert_eq!(code(&["repair"]), Some(3), "nobody to ask");
    fs::set_permissions(&fixture.db, fs::Permissions::from_mode(0o444)).unwrap();
    let ran = wine.run(words(&["repair", "--yes", "--json"]).into_iter().chain([db.clone()]));
    ran.expect_refused(3, &["read-only"]);
    let missing = wine.run(words(&["repair", "--yes", "--json", r"Z:\no\such\file.edb"]));
    assert_eq!(missing.refusals(), ["not-found"], "{missing:?}");
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn long_and_foreign_names_are_taken() {
    let wine = Wine::ready();
    let folder = tempfile::tempdir().unwrap();
    let mut dir = folder.path().to_owned();
    for part in ["Postfächer der Außenstelle", "почта", "邮件"] {
        dir.push(format!("{part} {}", "x".repeat(90)));
    }
    fs::create_dir_all(&dir).unwrap();
    let db = dir.join("privé 1.edb");
    fs::write(&db, damaged(8)).unwrap();
    assert!(dos(&db).len() > 260);
    let ran = wine.run(words(&["repair", "--yes", "--json"]).into_iter().chain([dos(&db)]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["databases"][0]["path"], dos(&db).to_str().unwrap());
    let operation = operations(&dir).remove(0);
    let ran = wine.run(words(&["restore", "--yes"]).into_iter().chain([dos(&operation)]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(fs::read(&db).unwrap(), damaged(8));
}

/// The last line of a repair is a command to be copied into a prompt, whatever the folder is called.
#[test]
#[ignore = "needs Wine and the Windows program"]
fn a_printed_command_can_be_pasted() {
    let wine = Wine::ready();
    for name in ["mdb data", "a&b (1) ^x", "{F750E6C3}", "d$", "l'1; =,1"] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join(name);
        fs::create_dir(&dir).unwrap();
        let db = dir.join("priv1.edb");
        fs::write(&db, damaged(8)).unwrap();
        let ran = wine.run(words(&["repair", "--yes"]).into_iter().chain([dos(&db)]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let printed =
            ran.stdout.lines().find_map(|line| line.trim().strip_prefix("edbmend restore"));
        let pasted = folder.path().join("pasted.bat");
        let program = wine.program();
        let program = program.to_str().unwrap();
        let command = format!("@\"{program}\" restore --yes{}\r\n", printed.unwrap());
        fs::write(&pasted, command).unwrap();
        wine.system("cmd", &["/c", dos(&pasted).to_str().unwrap()]);
        assert_eq!(fs::read(&db).unwrap(), damaged(8), "{name}");
    }
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn a_device_is_no_database() {
    let wine = Wine::ready();
    let ran = wine.run(["repair", "--yes", "--json", r"\\.\NUL"]);
    ran.expect_refused(3, &["not-a-regular-file"]);
}

/// A database that takes a moment to copy and to verify.
fn large() -> Fixture {
    const PAGES: u32 = 32 * 1024;
    Fixture::new(&damaged(PAGES))
}

/// Begins a repair and kills it as soon as `file` exists.
fn kill_when(wine: &Wine, fixture: &Fixture, exists: impl Fn() -> Option<PathBuf>) {
    let mut arguments = words(&["repair", "--yes", "--verify", "full", "--json"]);
    arguments.push(dos(&fixture.db));
    let mut child = spawn(&mut wine.edbmend(arguments));
    let begun = Instant::now();
    while exists().is_none() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        assert!(begun.elapsed() < Duration::from_secs(40), "it never came so far");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn recover_ends_what_a_kill_left() {
    let wine = Wine::ready();
    let fixture = large();
    let old = fixture.bytes();
    let recover = |more: &[&str]| {
        let mut arguments = words(&["recover", "--json"]);
        arguments.extend(words(more));
        arguments.push(dos(&fixture.db));
        wine.run(arguments)
    };
    let journal = || {
        operations(fixture.dir()).iter().map(|dir| dir.join("journal")).find(|path| path.exists())
    };

    // While the backup is being made.
    kill_when(wine, &fixture, || Some(fixture.marker()).filter(|marker| marker.exists()));
    let found = (fixture.marker().exists(), journal().is_some());
    assert_eq!(found, (true, false), "marker, journal");
    let check = wine.run([OsStr::new("check"), &dos(&fixture.db)]);
    assert!(check.stdout.contains("recover"), "{check:?}");
    let ran = recover(&["--yes"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(names(fixture.dir()), ["priv1.edb"], "{ran:?}");
    assert!(fixture.bytes() == old);

    // From the first header write on: the journal says PREPARED, and the pages are being verified.
    kill_when(wine, &fixture, journal);
    assert!(fixture.marker().exists(), "it was killed too late to show anything");
    let planned = recover(&["--dry-run"]);
    assert_eq!((planned.code, planned.outcome().as_str()), (Some(0), "planned"), "{planned:?}");
    let ran = recover(&["--yes"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!fixture.marker().exists());
    let state = run([OsStr::new("check"), fixture.db.as_os_str()]).code;
    assert_eq!(state == Some(0), fixture.bytes() != old, "it is the old one or the new one");
}

const STORE: &str = "MSExchangeIS";
const SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\MSExchangeIS";

/// There is one Windows for all tests: only one at a time may have a store service in it. It is absent at
/// first, whatever an earlier run left, and at the end.
struct StoreService<'a> {
    wine: &'a Wine,
    _alone: MutexGuard<'static, ()>,
}

impl<'a> StoreService<'a> {
    fn absent(wine: &'a Wine) -> Self {
        static ONE: Mutex<()> = Mutex::new(());
        let service = Self { wine, _alone: ONE.lock().unwrap_or_else(PoisonError::into_inner) };
        service.remove();
        service
    }

    fn remove(&self) {
        // They fail where there is none.
        self.words(&["sc", "stop", STORE]);
        self.words(&["sc", "delete", STORE]);
        self.words(&["reg", "delete", SERVICE, "/f"]);
    }

    /// Any program that is a service will do.
    fn create(&self) {
        let program = [r"binPath=", r"C:\windows\system32\spoolsv.exe"];
        self.wine.system("sc", &[&["create", STORE], &program[..]].concat());
    }

    /// Returns when it runs. The service manager refuses to begin one while it begins another (1055,
    /// ERROR_SERVICE_DATABASE_LOCKED), and gives one up that is slow to answer (1053): it is asked again.
    fn start(&self) {
        let until = Instant::now() + Duration::from_secs(90);
        loop {
            let asked = self.words(&["net", "start", STORE]);
            if self.words(&["sc", "query", STORE]).stdout.contains("RUNNING") {
                return;
            }
            assert!(Instant::now() < until, "it does not run: {asked:?}");
            eprintln!("asked again, since it does not run: {asked:?}");
            sleep(Duration::from_millis(500));
        }
    }

    fn words(&self, words: &[&str]) -> Ran {
        finish(spawn(self.wine.command(words[0]).args(&words[1..])))
    }
}

impl Drop for StoreService<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn what_windows_knows_of_exchange_is_used() {
    let wine = Wine::ready();
    let _service = StoreService::absent(wine);
    let group = practice();
    let mut reset = words(&["reset-logs", "--dry-run", "--json"]);
    reset.push(dos(group.path()));
    let restore_key = format!(r"{SERVICE}\Restore in Progress");
    let refused = wine.run(&reset).refusals();
    assert!(!refused.contains(&"restore-pending".to_owned()), "{refused:?}");
    wine.system(
        "reg",
        &["add", &restore_key, "/v", "LowLog Number", "/t", "REG_DWORD", "/d", "3", "/f"],
    );
    let ran = wine.run(&reset);
    assert!(ran.refusals().contains(&"restore-pending".to_owned()), "{ran:?}");
    assert!(ran.stdout.contains("Restore in Progress"), "{ran:?}");
}

#[test]
#[ignore = "needs Wine and the Windows program"]
fn the_state_of_the_store_service_is_told() {
    let wine = Wine::ready();
    let service = StoreService::absent(wine);
    let fixture = Fixture::new(&damaged(8));
    let repair = |how: &str| {
        let mut arguments = words(&["repair", how]);
        arguments.push(dos(&fixture.db));
        // The report is wrapped.
        wine.run(arguments).stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(!repair("--dry-run").contains("MSExchangeIS"));
    service.create();
    let held = wine.hold_open(&fixture.db, "shared");
    let stopped = repair("--yes");
    service.start();
    let running = repair("--yes");
    drop(held);
    let planned = repair("--dry-run");
    assert!(stopped.contains("(MSExchangeIS) is stopped"), "{stopped}");
    assert!(running.contains("(MSExchangeIS) runs on this machine"), "{running}");
    assert!(planned.contains("That is normal while single stores are dismounted"), "{planned}");
}
