//! The examples for cron and the task scheduler in `contrib/scripts`: every exit code, provoked for
//! real, and what is told of it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::unlucky::{failing_program, leave_pending, write_program};
use crate::harness::{PROGRAM, Ran, damaged, finish, healthy, names, needs, run, spawn};
use edbmend::practice::{DatabaseRecipe, Recipe, storage_group};
use serde_json::Value;
use tempfile::TempDir;

/// The state of a database that needs its logs.
const DIRTY_SHUTDOWN: u32 = 2;

pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/scripts").join(name)
}

/// What the scripts call.
pub fn needs_of_scripts() {
    needs::programs(&["bash", "jq", "flock"]);
}

/// A server with one database and the script.
struct Server {
    folder: TempDir,
    db: PathBuf,
    program: PathBuf,
    may_recover: &'static str,
}

impl Server {
    fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("priv1.edb");
        fs::write(&db, bytes).unwrap();
        let program = PROGRAM.into();
        Self { folder, db, program, may_recover: "no" }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self) -> Ran {
        self.run_on(&[self.db.as_os_str()])
    }

    fn run_on(&self, databases: &[&OsStr]) -> Ran {
        let mut command = Command::new(script("repair-unattended.sh"));
        command.args(databases).env("EDBMEND", &self.program);
        command.env("EDBMEND_REPORTS", self.path("reports"));
        command.env("EDBMEND_LOCK", self.path("lock")).env("EDBMEND_RECOVER", self.may_recover);
        finish(spawn(&mut command))
    }

    /// The commands whose reports were kept, in their order.
    fn reports(&self) -> Vec<String> {
        let names = names(&self.path("reports"));
        let mut reports: Vec<(String, String)> = names
            .iter()
            .filter(|name| *name != "edbmend.log" && *name != "lock")
            .map(|name| {
                let report: Value =
                    serde_json::from_slice(&fs::read(self.path("reports").join(name)).unwrap())
                        .expect("a report");
                let when = name.to_str().unwrap()[..16].to_owned();
                (when, report["command"].as_str().unwrap().to_owned())
            })
            .collect();
        reports.sort_by(|a, b| a.0.cmp(&b.0));
        reports.into_iter().map(|(_, command)| command).collect()
    }
}

/// The beginning of what is told of the database of a server.
fn told(outcome: &str, server: &Server, how: &str) -> String {
    format!("{outcome}{}{how}", server.db.display())
}

/// The code, and a line that is told.
#[track_caller]
fn expect(ran: &Ran, code: i32, told: &str) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    assert!(ran.stderr.lines().any(|line| line.starts_with(told)), "{told} is not in {ran:?}");
}

#[test]
#[ignore = "needs jq"]
fn code_0_repairs_what_needs_it_and_leaves_alone_what_does_not() {
    needs_of_scripts();
    let sound = Server::new(&healthy(8));
    expect(&sound.run(), 0, "info: nothing to do: /");
    assert_eq!(sound.reports(), ["check"]);

    let server = Server::new(&damaged(8));
    let ran = server.run();
    expect(&ran, 0, "warning: repaired: ");
    let mut commands = server.reports();
    commands.sort();
    assert_eq!(commands, ["check", "check", "repair"]);
    let (_, undo) = ran.stderr.split_once("Undo: edbmend restore ").expect("the undo");
    let undo = undo.lines().next().unwrap().trim_matches('\'');
    let undone = run(["restore", "--yes", "--json", undo]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(fs::read(&server.db).unwrap(), damaged(8));
}

#[test]
#[ignore = "needs jq"]
fn code_1_where_an_error_is_left_that_no_repair_mends() {
    needs_of_scripts();
    let server = Server::new(&[]);
    for file in storage_group(&Recipe::of_samples()) {
        if file.name != "priv1.stm" {
            fs::write(server.path(&file.name), &file.bytes).unwrap();
        }
    }
    let ran = server.run();
    expect(&ran, 1, "warning: repaired: ");
    let left = format!("warning: still there: {}: stream-file-missing: ", server.db.display());
    expect(&ran, 1, &left);
}

#[test]
#[ignore = "needs jq"]
fn code_2_where_no_database_is_named() {
    needs_of_scripts();
    expect(
        &Server::new(&[]).run_on(&[]),
        2,
        "err: usage: repair-unattended.sh DATABASE...; nothing",
    );
}

#[test]
#[ignore = "needs jq"]
fn code_3_by_the_refusal() {
    needs_of_scripts();
    let server = Server::new(&damaged(8));
    let open = File::open(&server.db).unwrap();
    expect(&server.run(), 3, &told("info: refused: ", &server, ": in-use: "));
    drop(open);
    expect(&server.run(), 0, "warning: repaired: ");

    let recipe = DatabaseRecipe { state: DIRTY_SHUTDOWN, ..DatabaseRecipe::default() };
    let dirty = Server::new(&recipe.build());
    expect(&dirty.run(), 3, &told("err: refused: ", &dirty, ": dirty-shutdown: "));
}

#[test]
#[ignore = "needs jq and strace"]
fn code_4_changes_nothing() {
    needs_of_scripts();
    needs::strace();
    let server = Server::new(&damaged(8));
    expect(&server.run_on(&["/no/such.edb".as_ref()]), 4, "err: failed, nothing was changed: ");
    let program = failing_program(&server.path("program"), &[], 4);
    let unlucky = Server { program, ..server };
    expect(&unlucky.run(), 4, &told("err: failed, nothing was changed: ", &unlucky, ": io-error"));
    assert_eq!(fs::read(&unlucky.db).unwrap(), damaged(8));
}

#[test]
#[ignore = "needs jq and strace"]
fn code_5_says_that_the_old_header_is_back() {
    needs_of_scripts();
    needs::strace();
    let server = Server::new(&damaged(8));
    let program = failing_program(&server.path("program"), &[], 5);
    let unlucky = Server { program, ..server };
    expect(
        &unlucky.run(),
        5,
        &told(
            "crit: rolled back: ",
            &unlucky,
            ": it failed while writing; the old header is back. Look at the disk: ",
        ),
    );
    assert_eq!(fs::read(&unlucky.db).unwrap(), damaged(8));
}

#[test]
#[ignore = "needs jq and strace"]
fn code_6_tells_the_way_and_goes_it_only_where_it_may() {
    needs_of_scripts();
    needs::strace();
    let server = Server::new(&damaged(8));
    let program = failing_program(&server.path("program"), &[], 6);
    let mut unlucky = Server { program, ..server };
    let ran = unlucky.run();
    expect(&ran, 6, &told("crit: unfinished: ", &unlucky, ": do not mount. io-error: "));
    let way = told("crit: unfinished: ", &unlucky, ": do not mount. Recover would go this way: ");
    expect(&ran, 6, &way);
    unlucky.program = PROGRAM.into();
    expect(&unlucky.run(), 6, &way);
    unlucky.may_recover = "yes";
    expect(&unlucky.run(), 0, "warning: repaired: ");

    let mut killed = Server::new(&damaged(8));
    leave_pending(&killed.db, "back");
    expect(&killed.run(), 6, "crit: unfinished: ");
    killed.may_recover = "yes";
    let ran = killed.run();
    expect(&ran, 0, "warning: rolled back: ");
    expect(&ran, 0, "warning: repaired: ");
}

#[test]
#[ignore = "needs jq and strace"]
fn each_database_has_an_outcome_of_its_own_and_stops_no_other() {
    needs_of_scripts();
    needs::strace();
    let recipe = DatabaseRecipe { state: DIRTY_SHUTDOWN, ..DatabaseRecipe::default() };
    let dirty = Server::new(&recipe.build());
    let pending = Server::new(&damaged(8));
    leave_pending(&pending.db, "forward");
    let open = Server::new(&damaged(8));
    let held = File::open(&open.db).unwrap();
    let [damaged, sound] = [damaged(8), healthy(8)].map(|bytes| Server::new(&bytes));
    let databases =
        [Path::new("/no/such.edb"), &dirty.db, &pending.db, &open.db, &damaged.db, &sound.db];
    let ran = damaged.run_on(&databases.map(Path::as_os_str));
    drop(held);
    let expected = [
        "err: failed, nothing was changed: /no/such.edb: not-found: ".to_owned(),
        told("err: refused: ", &dirty, ": dirty-shutdown: "),
        told(
            "crit: unfinished: ",
            &pending,
            ": do not mount. Recover would go this way: forward. ",
        ),
        told("info: refused: ", &open, ": in-use: "),
        told(
            "warning: repaired: ",
            &damaged,
            ". Mount the store and run a full backup at once. Undo: ",
        ),
        told("info: nothing to do: ", &sound, ""),
    ];
    assert_eq!(ran.stderr.lines().count(), expected.len(), "{ran:?}");
    for (line, expected) in ran.stderr.lines().zip(&expected) {
        assert!(line.starts_with(expected), "{expected} is not in {ran:?}");
    }
    assert_eq!(ran.code, Some(6));
}

#[test]
#[ignore = "needs jq and strace"]
fn nothing_is_begun_behind_a_write_that_was_left_unfinished() {
    needs_of_scripts();
    needs::strace();
    let server = Server::new(&damaged(8));
    let behind = Server::new(&damaged(8));
    let program = failing_program(&server.path("program"), &[], 6);
    let unlucky = Server { program, ..server };
    let ran = unlucky.run_on(&[unlucky.db.as_os_str(), behind.db.as_os_str()]);
    expect(&ran, 6, &told("crit: not begun: ", &behind, ": the one before it is unfinished."));
    assert_eq!(fs::read(&behind.db).unwrap(), damaged(8));
}

#[test]
#[ignore = "needs jq"]
fn code_7_where_another_run_is_at_work() {
    needs_of_scripts();
    let server = Server::new(&damaged(8));
    let lock = File::create(server.path("lock")).unwrap();
    lock.lock().unwrap();
    expect(&server.run(), 7, "warning: another run of this script is at work");
    assert_eq!(fs::read(&server.db).unwrap(), damaged(8));
}

#[test]
#[ignore = "needs jq"]
fn nothing_is_done_without_the_program_or_without_the_readers_of_its_reports() {
    needs_of_scripts();
    let server = Server::new(&damaged(8));
    let without = Server { program: "/no/edbmend".into(), ..server };
    expect(&without.run(), 4, "err: /no/edbmend is not on this host: nothing was looked at");

    let mut command = Command::new(script("repair-unattended.sh"));
    command.arg(&without.db).env("EDBMEND", PROGRAM).env("EDBMEND_READERS", "no-such-group");
    command
        .env("EDBMEND_REPORTS", without.path("reports"))
        .env("EDBMEND_LOCK", without.path("lock"));
    assert_eq!(finish(spawn(&mut command)).code, Some(4));
    assert_eq!(fs::read(&without.db).unwrap(), damaged(8));
}

#[test]
#[ignore = "needs root and jq"]
fn nothing_is_done_where_another_user_could_say_what_is_overwritten() {
    needs::root();
    needs_of_scripts();
    let server = Server::new(&damaged(8));
    let run = |reports: &str, lock: &str| {
        let mut command = Command::new(script("repair-unattended.sh"));
        command.arg(&server.db).env("EDBMEND", PROGRAM);
        command.env("EDBMEND_REPORTS", server.path(reports)).env("EDBMEND_LOCK", server.path(lock));
        finish(spawn(&mut command))
    };
    let open = server.path("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
    symlink(&server.db, open.join("lock")).unwrap();
    let theirs = server.path("theirs");
    fs::create_dir(&theirs).unwrap();
    chown(&theirs, Some(65534), None).unwrap();
    symlink(&open, server.path("link")).unwrap();
    for (reports, lock) in
        [("reports", "open/lock"), ("reports", "link/lock"), ("open", "lock"), ("theirs", "lock")]
    {
        expect(&run(reports, lock), 4, "err: another user owns the folder /");
        assert_eq!(fs::read(&server.db).unwrap(), damaged(8), "{reports} {lock}");
    }
    // The lock empties no file of one's own, either.
    run("reports", "priv1.edb");
    assert_eq!(fs::read(&server.db).unwrap(), damaged(8));
}

#[test]
#[ignore = "needs jq"]
fn a_report_that_is_not_whole_is_told_and_is_no_success() {
    needs_of_scripts();
    let server = Server::new(&damaged(8));
    let behind = Server::new(&damaged(8));
    let program = server.path("program");
    // The disk of the reports is full once there is something to tell of a repair.
    write_program(
        &program,
        &format!("[ \"$1\" = repair ] || exec '{PROGRAM}' \"$@\"\n'{PROGRAM}' \"$@\" | head -c 99"),
    );
    let unlucky = Server { program, ..server };
    let ran = unlucky.run_on(&[unlucky.db.as_os_str(), behind.db.as_os_str()]);
    expect(&ran, 4, &told("crit: no report: ", &unlucky, ": edbmend repair ended with 0. "));
    expect(&ran, 4, &told("crit: not begun: ", &behind, ": the one before it left no report."));
    assert_eq!(fs::read(&behind.db).unwrap(), damaged(8));
}

#[test]
#[ignore = "needs jq and strace"]
fn whatever_keeps_a_recovery_from_a_write_that_was_left_unfinished_the_code_stays_6() {
    needs_of_scripts();
    needs::strace();
    let server = Server::new(&damaged(8));
    let failing = failing_program(&server.path("failing"), &[], 6);
    let program = server.path("program");
    write_program(
        &program,
        &format!("[ \"$1\" != recover ] || exit 3\nexec '{}' \"$@\"", failing.display()),
    );
    let unlucky = Server { program, ..server };
    expect(&unlucky.run(), 6, &told("crit: unfinished: ", &unlucky, ": do not mount. io-error: "));
}

#[test]
#[ignore = "needs jq"]
fn a_program_that_dies_without_a_report_is_told() {
    needs_of_scripts();
    let server = Server::new(&damaged(8));
    let program = server.path("program");
    write_program(&program, "kill -KILL $$");
    let dying = Server { program, ..server };
    expect(
        &dying.run(),
        137,
        &format!("crit: no report: {}: edbmend check ended with 137. ", dying.db.display()),
    );
}

#[test]
#[ignore = "needs shellcheck"]
fn shellcheck_has_nothing_to_say() {
    needs::programs(&["shellcheck"]);
    let scripts = ["repair-unattended.sh", "check_edbmend.sh"].map(script);
    let output = Command::new("shellcheck").args(scripts).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Types a command in a folder, with the program and the scripts at hand.
pub fn type_in(folder: &Path, command: &str) -> Ran {
    let program = Path::new(PROGRAM).parent().unwrap().display();
    let search = std::env::var("PATH").unwrap();
    let found = format!("{program}:{}:{search}", script("").display());
    let mut bash = Command::new("bash");
    bash.args(["-o", "pipefail", "-c", command]).current_dir(folder).env("PATH", found);
    finish(spawn(&mut bash))
}

/// The commands of a page: the lines `$ ...` of its blocks.
pub fn commands_of(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs jq and strace"]
fn the_commands_of_the_fleet_page_run_as_they_are_printed() {
    needs_of_scripts();
    needs::strace();
    let server = Server::new(&damaged(8));
    let folder = server.folder.path();
    fs::create_dir(server.path("practice")).unwrap();
    for file in storage_group(&Recipe::of_samples()) {
        fs::write(server.path("practice").join(&file.name), &file.bytes).unwrap();
    }
    // What the line with ssh brings home: a check, a refusal, a repair and one that is pending.
    let unlucky = failing_program(&server.path("unlucky"), &["--backup", "header"], 6);
    let collect = "edbmend check --json priv1.edb; edbmend repair --json --dry-run practice/E00.log; \
                   edbmend repair --json --yes priv1.edb; edbmend restore --yes --json edbmend/*; \
                   ./unlucky repair --json --yes --backup header priv1.edb";
    let shell = |command: &str| type_in(folder, command);
    assert!(unlucky.exists());
    shell(&format!("{{ {collect}; }} | jq -c '. + {{host: \"exch01\"}}' > all.jsonl"));
    let db = server.db.display();
    let practice = server.path("practice").display().to_string();
    let expected = [
        (0, format!("warning: repaired: {practice}/priv1.edb. Mount")),
        (0, String::new()), // it goes to a file, which the next command reads
        (0, format!("nothing-to-do {practice}/priv1.edb\nnothing-to-do {practice}/pub1.edb\n")),
        (0, "exch01\trepair\t6\tio-error\n".to_owned()),
        (0, format!("exch01\t{db}\t{}/edbmend/edbmend-", folder.display())),
        (0, "full-backup-gen-invalid\n".to_owned()),
        (0, format!("exch01\t{db}\n")),
    ];
    let commands = commands_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fleet.md"));
    assert_eq!(commands.len(), expected.len());
    for (command, (code, output)) in commands.iter().zip(expected) {
        let ran = shell(command);
        assert_eq!(ran.code, Some(code), "{command}: {ran:?}");
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains(&output) && !told.contains("jq: error"), "{command}: {ran:?}");
    }
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fleet.md")).unwrap();
    let collected =
        page.lines().find(|line| line.starts_with("    ssh HOST ")).expect("the line with ssh");
    write_program(&server.path("ssh"), "shift; eval \"$1\"");
    let here = collected.replace("/srv/mdbdata", folder.to_str().unwrap());
    let ran = shell(&format!("PATH=.:$PATH; {} && tail -n 1 all.jsonl", here.trim()));
    assert!(ran.code == Some(0) && ran.stdout.contains("\"host\":\"HOST\""), "{ran:?}");
}
