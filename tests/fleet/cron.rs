//! What `docs/unattended.md` has for cron and logrotate, as it is printed there.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{PROGRAM, Ran, damaged, finish, healthy, names, needs, spawn};
use crate::unattended::{commands_of, needs_of_scripts, type_in};

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A machine of which only these folders are used, each below a temporary one.
struct Machine {
    root: tempfile::TempDir,
}

const FOLDERS: [&str; 5] =
    ["/usr/local/sbin", "/etc/", "/srv/mdbdata", "/mnt/other-disk", "/var/log/edbmend"];

impl Machine {
    fn new() -> Self {
        let machine = Self { root: tempfile::tempdir().unwrap() };
        for folder in FOLDERS.into_iter().chain(["/etc/cron.d", "/etc/logrotate.d"]) {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        fs::write(machine.path("/srv/mdbdata/priv1.edb"), damaged(8)).unwrap();
        fs::write(machine.path("/srv/mdbdata/pub1.edb"), healthy(8)).unwrap();
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// A text in which the paths are those of this machine.
    fn placed(&self, text: &str) -> String {
        let text = text.replace("/usr/local/bin/edbmend", PROGRAM);
        FOLDERS.iter().fold(text, |text, folder| {
            let here = self.root.path().join(folder.trim_start_matches('/'));
            let slash = if folder.ends_with('/') { "/" } else { "" };
            text.replace(folder, &format!("{}{slash}", here.display()))
        })
    }

    /// Runs the lines of the page that install everything.
    fn install(&self) {
        let page = fs::read_to_string(source("docs/unattended.md")).unwrap();
        let lines: Vec<&str> =
            page.lines().filter(|line| line.starts_with("    install -m ")).collect();
        assert_eq!(lines.len(), 3);
        for line in lines {
            let ran = type_in(&source(""), &self.placed(line));
            assert_eq!(ran.code, Some(0), "{line}: {ran:?}");
        }
    }

    /// Runs the lines of the installed file of cron with the environment that cron gives.
    fn night(&self) -> Vec<Ran> {
        let file = fs::read_to_string(self.path("/etc/cron.d/edbmend")).unwrap();
        let file = self.placed(&file);
        let (settings, lines): (Vec<&str>, Vec<&str>) = file
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .partition(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
        let run = |line: &&str| {
            let (user, command) = command_of(line);
            assert_eq!(user, "root");
            let mut shell = Command::new("/bin/bash");
            shell.env_clear().envs(settings.iter().filter_map(|setting| setting.split_once('=')));
            finish(spawn(shell.current_dir("/").args(["-c", command])))
        };
        lines.iter().map(run).collect()
    }
}

/// User and command of a line of cron, behind its five times.
pub fn command_of(line: &str) -> (&str, &str) {
    let mut rest = line;
    for _ in 0..5 {
        rest = rest.split_once(' ').expect("five times").1.trim_start();
    }
    let (user, command) = rest.split_once(' ').expect("a user");
    (user, command.trim_start())
}

fn mode(found: &Metadata) -> u32 {
    found.permissions().mode() & 0o777
}

#[test]
#[ignore = "needs root and jq"]
fn the_lines_for_cron_run_with_its_environment_and_only_the_reports_have_readers() {
    needs::root();
    needs_of_scripts();
    let machine = Machine::new();
    machine.install();
    let old = machine.path("/var/log/edbmend/old.json");
    fs::write(&old, "{}").unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(402 * 86400);
    fs::File::open(&old).unwrap().set_modified(long_ago).unwrap();

    let night = machine.night();
    assert_eq!(night.len(), 2);
    assert!(night.iter().all(|ran| ran.code == Some(0)), "{night:?}");
    assert!(night[0].stderr.contains("warning: repaired: "), "{night:?}");
    assert!(night[0].stderr.contains("info: nothing to do: "), "{night:?}");

    let reports = machine.path("/var/log/edbmend");
    let readers =
        String::from_utf8(Command::new("getent").args(["group", "adm"]).output().unwrap().stdout)
            .unwrap();
    let readers: u32 = readers.split(':').nth(2).unwrap().parse().unwrap();
    let folder = fs::metadata(&reports).unwrap();
    assert_eq!((mode(&folder), folder.gid()), (0o750, readers));
    assert!(!old.exists());
    for name in names(&reports) {
        let found = fs::metadata(reports.join(&name)).unwrap();
        let of_readers = (mode(&found), found.gid()) == (0o640, readers);
        let is_of_owner = name == "edbmend.log" || name == "lock";
        assert_eq!(of_readers, !is_of_owner, "{name:?}: {:o}", mode(&found));
        assert_eq!(mode(&found) & 0o007, 0, "{name:?}");
    }
    let operations = machine.path("/mnt/other-disk/edbmend");
    let operation = operations.join(names(&operations).remove(0));
    assert_eq!(mode(&fs::metadata(operation).unwrap()), 0o700);
}

#[test]
#[ignore = "needs root, jq and logrotate"]
fn the_log_is_rotated_and_the_next_run_begins_a_new_one() {
    needs::root();
    needs_of_scripts();
    needs::programs(&["logrotate"]);
    let machine = Machine::new();
    machine.install();
    machine.night();
    let log = machine.path("/var/log/edbmend/edbmend.log");
    let before = fs::read_to_string(&log).unwrap();
    let installed = machine.path("/etc/logrotate.d/edbmend");
    let rules = machine.placed(&fs::read_to_string(&installed).unwrap());
    fs::write(&installed, rules).unwrap();
    fs::set_permissions(&installed, PermissionsExt::from_mode(0o644)).unwrap();
    let state = machine.path("/etc/state");
    let mut rotate = Command::new("logrotate");
    rotate.arg("--force").arg("--state").arg(state).arg(&installed);
    let rotated = finish(spawn(&mut rotate));
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    assert_eq!(fs::read_to_string(log.with_extension("log.1")).unwrap(), before);
    let fresh = fs::metadata(&log).unwrap();
    assert_eq!((mode(&fresh), fresh.len()), (0o600, 0));
    machine.night();
    assert!(fs::read_to_string(&log).unwrap().ends_with("end: ok, exit code 0\n"));
}

#[test]
#[ignore = "needs root"]
fn the_commands_of_the_page_run_as_they_are_printed() {
    needs::root();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("practice")).unwrap();
    fs::write(folder.path().join("practice/priv1.edb"), healthy(8)).unwrap();
    let commands = commands_of(&source("docs/unattended.md"));
    assert_eq!(commands.len(), 1);
    let ran = type_in(folder.path(), &commands[0]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = fs::metadata(folder.path().join("report.json")).unwrap();
    assert!(mode(&report) == 0o640 && report.len() > 0);
}
