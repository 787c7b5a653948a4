//! What stays in an operation folder for somebody who was not there: who, where, when, what was typed,
//! what was found and done, and every digest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::strace::is_killed_at;
use crate::harness::{
    Fixture, Ran, damaged, finish, needs, operations, program, run, sha256, spawn,
};
use chrono::{DateTime, Utc};
use edbmend::practice::{Recipe, storage_group};
use serde_json::Value;

/// Runs the program in a folder, as `sudo` by somebody called anna would.
fn typed(dir: &Path, words: &[&str]) -> Ran {
    finish(spawn(program(words).current_dir(dir).env("SUDO_USER", "anna")))
}

fn answer_of(program: &str, arguments: &[&str]) -> String {
    let ran = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

fn time(value: &Value) -> DateTime<Utc> {
    let text = value.as_str().unwrap();
    assert!(text.ends_with('Z'), "{text} is not UTC");
    DateTime::parse_from_rfc3339(text).unwrap().into()
}

/// Checks both reports in an operation folder; gives back the JSON and the text.
#[track_caller]
fn records(operation: &Path, cwd: &Path, words: &[&str]) -> (Value, String) {
    let text = fs::read_to_string(operation.join("report.txt")).unwrap();
    let json = fs::read_to_string(operation.join("report.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    let run = &json["run"];
    let kernel_says = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(run["host"], kernel_says.trim());
    assert_eq!(run["user"], answer_of("id", &["-un"]));
    assert_eq!(run["login"], "anna");
    assert_eq!(run["directory"], cwd.to_str().unwrap());
    let arguments: Vec<&str> =
        run["arguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(arguments[1..], *words);
    let (started, finished) = (time(&run["started"]), time(&run["finished"]));
    assert!(
        started <= finished
            && DateTime::<Utc>::from(std::time::SystemTime::now()) - started
                < chrono::TimeDelta::minutes(2)
    );
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    let id = operation.file_name().unwrap().to_str().unwrap();
    assert_eq!(json["operation"]["id"], id);
    let told = [&run["host"], &run["user"], &run["started"], &run["finished"], &json["version"]];
    for part in told.map(|part| part.as_str().unwrap()).into_iter().chain(["anna", id]) {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(text.contains(&words.join(" ")), "{text}");
    digests(operation, &json, &text);
    (json, text)
}

/// Each digest is that of the file, and `SHA256SUMS` has no other.
#[track_caller]
fn digests(operation: &Path, json: &Value, text: &str) {
    let digests = json["digests"].as_array().unwrap();
    let sums = fs::read_to_string(operation.join("SHA256SUMS")).unwrap();
    assert_eq!(digests.len(), sums.lines().count());
    assert!(!digests.is_empty());
    for digest in digests {
        let name = digest["name"].as_str().unwrap();
        assert_eq!(digest["sha256"], sha256(&operation.join(name)), "{name}");
        assert!(text.contains(&format!("{}  {name}", digest["sha256"].as_str().unwrap())));
    }
}

fn of_command(dir: &Path, command: &str) -> PathBuf {
    let mut found = operations(dir);
    found.retain(|dir| dir.to_str().unwrap().contains(&format!("-{command}-")));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// As for a user whom only a directory service knows, when the program is the static one.
#[test]
#[ignore = "needs unshare"]
fn of_a_user_without_a_name() {
    let become_nobody_known = ["--user", "--map-user=54321", "--map-group=54321"];
    needs::usable("unshare", &[&become_nobody_known[..], &["true"]].concat());
    let fixture = Fixture::new(&damaged(8));
    let repair = program(["repair", "--yes", "priv1.edb"]);
    let mut command = Command::new("unshare");
    command.args(become_nobody_known).arg(repair.get_program()).args(repair.get_args());
    let ran = finish(spawn(command.current_dir(fixture.dir()).env("SUDO_USER", "anna")));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let operation = of_command(fixture.dir(), "repair");
    let json = fs::read_to_string(operation.join("report.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["run"]["user"], "uid 54321");
    assert_eq!(json["run"]["login"], "anna");
    let text = fs::read_to_string(operation.join("report.txt")).unwrap();
    assert!(text.contains("uid 54321"), "{text}");
}

#[test]
fn of_a_repair_and_its_undo() {
    let fixture = Fixture::new(&damaged(8));
    let dir = fixture.dir().canonicalize().unwrap();
    let words = ["repair", "--yes", "priv1.edb"];
    assert_eq!(typed(&dir, &words).code, Some(0));
    let repaired = of_command(&dir, "repair");
    let (json, text) = records(&repaired, &dir, &words);
    assert_eq!(
        (json["outcome"].as_str(), json["exit_code"].as_i64()),
        (Some("committed"), Some(0))
    );
    assert_eq!(json["backup"]["sha256"], sha256(&repaired.join("priv1.edb")));
    for part in
        ["full-backup-gen-invalid", "4294967295 (0xffffffff)", "write the shadow header", "done:"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
    for step in json["steps"].as_array().unwrap().iter().filter(|step| step["kind"] == "write") {
        for key in ["before_sha256", "after_sha256"] {
            assert!(text.contains(step[key].as_str().unwrap()), "{text}");
        }
    }

    let words = ["restore", "--yes", repaired.to_str().unwrap()];
    assert_eq!(typed(&dir, &words).code, Some(0));
    let (json, text) = records(&of_command(&dir, "restore"), &dir, &words);
    assert_eq!(json["outcome"], "committed");
    let undone = repaired.file_name().unwrap().to_str().unwrap();
    assert!(text.contains(&format!("Undoes {undone}.")), "{text}");
}

#[test]
fn of_a_reset_and_its_undo() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().canonicalize().unwrap();
    for file in storage_group(&Recipe { log_file_sectors: 16, pages: 4, ..Recipe::default() }) {
        fs::write(dir.join(&file.name), &file.bytes).unwrap();
    }
    let words = ["reset-logs", "--yes", "--db", "priv1.edb", "--db", "pub1.edb", "."];
    assert_eq!(typed(&dir, &words).code, Some(0));
    let reset = of_command(&dir, "reset-logs");
    let (json, text) = records(&reset, &dir, &words);
    let moved = json["steps"].as_array().unwrap();
    assert_eq!(moved.len(), 6);
    for step in moved {
        let name = Path::new(step["to"].as_str().unwrap()).file_name().unwrap().to_str().unwrap();
        let line =
            format!("{}  {}  {name}\n", step["header_sha256"].as_str().unwrap(), step["bytes"]);
        assert!(text.contains(&line), "no {line} in {text}");
    }

    let words = ["restore", "--yes", reset.to_str().unwrap()];
    assert_eq!(typed(&dir, &words).code, Some(0));
    let (json, text) = records(&of_command(&dir, "restore"), &dir, &words);
    assert_eq!(json["outcome"], "committed");
    let undone = reset.file_name().unwrap().to_str().unwrap();
    assert!(text.contains(&format!("Undoes {undone}.")), "{text}");
}

#[test]
#[ignore = "needs strace"]
fn of_a_recovery_forwards_and_back() {
    needs::strace();
    let ways = [(&[][..], "committed", "roll forward"), (&["--back"], "rolled-back", "roll back")];
    for (more, outcome, direction) in ways {
        let fixture = Fixture::new(&damaged(8));
        let dir = fixture.dir().canonicalize().unwrap();
        let arguments = ["repair", "--yes", "--backup", "header"];
        // Killed at a sync with one header copy written; before that there is nothing to record.
        let header_is_written = |nth: &u32| {
            assert!(is_killed_at(&arguments, &fixture.db, "fsync,fdatasync", *nth));
            let written = fixture.bytes() != damaged(8);
            assert!(written || typed(&dir, &["recover", "--yes", "."]).code == Some(0));
            written
        };
        (1..40).find(header_is_written).expect("a sync behind a header write");
        let pending = operations(&dir)
            .into_iter()
            .find(|dir| dir.join("journal").exists() && !dir.join("report.txt").exists());
        let words: Vec<&str> = ["recover", "--yes", "."].iter().chain(more).copied().collect();
        assert_eq!(typed(&dir, &words).code, Some(0));
        let (json, text) = records(&pending.unwrap(), &dir, &words);
        assert_eq!(json["outcome"], outcome);
        assert!(text.contains(&format!("direction: {direction}")), "{text}");
        assert!(!json["steps"].as_array().unwrap().is_empty());
    }
}

/// Every command says on standard output, too, who ran it.
#[test]
fn of_every_run_in_json() {
    let fixture = Fixture::new(&damaged(8));
    for command in ["check", "inspect", "verify"] {
        let run = fixture.run(&[command]).json()["run"].clone();
        assert_eq!(run["arguments"][1], command);
        assert!(time(&run["started"]) <= time(&run["finished"]));
    }
    let usage = run(["check", "--json"]);
    assert_eq!((usage.code, &usage.json()["run"]), (Some(2), &Value::Null));
}
