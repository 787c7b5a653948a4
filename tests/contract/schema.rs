//! The JSON Schema of the documentation is that of the types, it allows what every command prints,
//! and it allows nothing else. Two validators judge that we did not write.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use edbmend::ese::shadow::Which;
use edbmend::practice::{Recipe, corrupt_copy, storage_group};
use serde_json::{Value, json};

use crate::harness::schema::{SCHEMA, assert_valid, errors_of};
use crate::harness::{PROGRAM, Ran, files, finish, needs, run, spawn};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn the_schema_of_the_documentation_is_that_of_the_types() {
    let printed = format!("{:#}\n", edbmend::report::json_schema());
    assert!(
        printed == SCHEMA,
        "docs/edbmend.schema.json is stale: cargo run --example make-schema > docs/edbmend.schema.json"
    );
}

/// A practice storage group, and every report that was printed about it.
struct Group {
    folder: tempfile::TempDir,
    reports: Vec<Value>,
}

impl Group {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in storage_group(&Recipe::of_samples()) {
            fs::write(folder.path().join(&file.name), &file.bytes).unwrap();
        }
        Self { folder, reports: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn edit(&self, name: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.path(name)).unwrap();
        edit(&mut bytes);
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs a command; arguments that begin with `@` are paths in the folder.
    #[track_caller]
    fn run(&mut self, outcome: &str, typed: &str) -> Value {
        let ran = run(self.arguments(typed));
        self.keep(outcome, typed, &ran)
    }

    fn arguments(&self, typed: &str) -> Vec<PathBuf> {
        let path = |word: &str| word.strip_prefix('@').map(|name| self.path(name));
        let words = typed.split_whitespace();
        words
            .map(|word| path(word).unwrap_or_else(|| word.into()))
            .chain(["--json".into()])
            .collect()
    }

    #[track_caller]
    fn keep(&mut self, outcome: &str, typed: &str, ran: &Ran) -> Value {
        let report = ran.json().clone();
        assert_eq!(report["outcome"], outcome, "{typed}: {report:#}");
        assert_eq!(report["exit_code"].as_i64(), ran.code.map(i64::from), "{typed}");
        self.reports.push(report.clone());
        report
    }

    /// `repair --yes` with its `n`th call of a name failing, for every `n` until it ends like this.
    fn run_failing(&mut self, outcome: &str, calls: &str) {
        let original = fs::read(self.path("priv1.edb")).unwrap();
        for n in 5..60 {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
            command.args(["-e", &format!("inject={calls}:error=EIO:when={n}")]);
            command.arg(PROGRAM);
            command.args(self.arguments("repair --yes @priv1.edb"));
            let ran = finish(spawn(&mut command));
            let report = ran.json();
            if report["outcome"] == outcome {
                self.reports.push(report.clone());
                return;
            }
            assert!(ran.code != Some(0), "no failing {calls} ended with {outcome}");
            run(self.arguments("recover --yes --back @priv1.edb"));
            fs::write(self.path("priv1.edb"), &original).unwrap();
        }
    }
}

/// What can be said without writing.
fn looks(group: &mut Group) {
    group.run("findings", "check @.");
    group.run("ok", "check @pub1.edb");
    group.run("ok", "inspect @priv1.edb @priv1.stm @E0000001.log @E00.log @E00.chk");
    group.run("ok", "inspect --copy shadow @priv1.edb");
    group.run("ok", "inspect @E00");
    group.run("ok", "verify @priv1.edb @priv1.stm @pub1.edb");
    group.run("ok", "verify @.");
    group.run("ok", "verify @E00.log @E00.chk @res1.log @E00");
    group.run("ok", "inspect --records --all @E00.log");
    group.run("findings", "check --deep @.");
    group.run("failed", "check @missing.edb");
    group.run("failed", "inspect @missing.edb @priv1.edb");
    group.edit("pub1.edb", |bytes| bytes[5 * 4096 + 100] ^= 1);
    group.run("findings", "verify @pub1.edb");
    fs::write(group.path("text.edb"), "no database").unwrap();
    group.run("failed", "inspect @text.edb");
    group.run("failed", "check @text.edb");
    group.edit("priv1.edb", |bytes| corrupt_copy(bytes, Which::Primary));
    group.run("findings", "inspect @priv1.edb");
    group.edit("priv1.edb", |bytes| corrupt_copy(bytes, Which::Shadow));
    group.run("findings", "check @priv1.edb");
    group.run("failed", "inspect @priv1.edb");
    for (from, to) in [("E00.log", "E01.log"), ("E0000001.log", "E0100001.log")] {
        fs::copy(group.path(from), group.path(to)).unwrap();
    }
    fs::copy(group.path("E00.chk"), group.path("E01.chk")).unwrap();
    let several = group.run("findings", "check @.");
    assert_eq!(several["logs"]["streams"].as_array().map(Vec::len), Some(2));
    for wrong in ["", "mend", "repair --yes --dry-run @priv1.edb", "repair --also no-logging @x"] {
        group.run("usage", wrong);
    }
}

/// A repair, its undo, and what is refused.
fn repairs(group: &mut Group) {
    group.run("nothing-to-do", "repair --yes @pub1.edb");
    group.run("planned", "repair --dry-run @priv1.edb @pub1.edb");
    group.run("refused", "repair @priv1.edb");
    group.run("refused", "repair --dry-run @priv1.edb @E00.log @priv1.stm");
    group.run("failed", "repair --yes @missing.edb");
    let done = group.run("committed", "repair --yes --verify full @priv1.edb");
    let operation = done["operation"]["dir"].as_str().unwrap().to_owned();
    let kept = fs::read_to_string(Path::new(&operation).join("report.json")).unwrap();
    group.reports.push(serde_json::from_str(&kept).unwrap());
    group.run("planned", &format!("restore --dry-run {operation}"));
    group.run("committed", &format!("restore --yes {operation}"));
    group.run("refused", &format!("restore --yes {operation}"));
    group.run("refused", "restore --yes @E00.log");
    group.run("committed", "repair --yes --backup header @priv1.edb");
    group.run("nothing-to-do", "recover --yes @priv1.edb");
    group.edit("priv1.edb", |bytes| corrupt_copy(bytes, Which::Primary));
    group.run("planned", "repair --dry-run @priv1.edb");
}

/// A log reset and its undo.
fn resets(group: &mut Group) {
    group.run("refused", "reset-logs --yes @.");
    let all = "--db @priv1.edb --db @pub1.edb @.";
    group.run("planned", &format!("reset-logs --dry-run {all}"));
    let done = group.run("committed", &format!("reset-logs --yes {all}"));
    let operation = done["operation"]["dir"].as_str().unwrap().to_owned();
    group.run("nothing-to-do", &format!("reset-logs --yes {all}"));
    group.run("committed", &format!("restore --yes {operation}"));
    group.run("nothing-to-do", "recover --yes @.");
    let list = group.run("ok", "list @");
    assert!(list["operations"].as_array().is_some_and(|operations| !operations.is_empty()));
    let demo = group.run("committed", "demo @practice");
    group.run("ok", "list @practice");
    assert_eq!(demo["command"], "demo");
    group.run("failed", "demo @practice");
}

/// What the person refuses.
fn refusals(group: &mut Group) {
    let declined = declined(group.arguments("repair @priv1.edb"));
    assert_eq!(declined["outcome"], "declined");
    group.reports.push(declined);
}

/// What goes wrong half-way.
fn interruptions(group: &mut Group) {
    group.run_failing("rolled-back", "pwrite64");
    group.run_failing("pending", "fsync,fdatasync");
    group.run("findings", "check @priv1.edb");
    group.run("refused", "repair --yes @priv1.edb");
    group.run("planned", "recover --dry-run @priv1.edb");
    group.run("rolled-back", "recover --yes --back @priv1.edb");
}

/// The report of a run that is told no on its terminal; standard output is no terminal.
fn declined(arguments: Vec<PathBuf>) -> Value {
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    let command = pty_process::blocking::Command::new(PROGRAM);
    let command = command.args(arguments).env("TERM", "xterm").stdout(Stdio::piped());
    let mut child = command.spawn(pts).unwrap();
    // Keys that come before the question is asked are lost.
    let begun = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < PATIENCE, "it takes no answer");
        pty.write_all(b"n\r").unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    serde_json::from_str(&text).unwrap()
}

/// Every file of every real set, and every folder of them.
fn real_reports() -> Vec<Value> {
    needs::real_files();
    let mut reports = Vec::new();
    for part in ["real", "engine"] {
        let folder = files::unpack_all(part);
        look_at(folder.path(), &mut reports);
    }
    reports
}

fn look_at(dir: &Path, reports: &mut Vec<Value>) {
    let paths: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    folders.iter().for_each(|folder| look_at(folder, reports));
    if !files.is_empty() {
        let words = |command: &str| vec![PathBuf::from(command), "--json".into()];
        reports.push(run([words("inspect"), files].concat()).json().clone());
        reports.push(run([words("check"), vec![dir.to_owned()]].concat()).json().clone());
    }
}

/// The values of a key, wherever it stands.
fn values_of(reports: &[Value], pointer: &str) -> BTreeSet<String> {
    let text = |report: &Value| report.pointer(pointer)?.as_str().map(str::to_owned);
    reports.iter().filter_map(text).collect()
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|value| value.to_string()).collect()
}

/// The reports of some parts, each on a practice group of its own.
fn reports_of(parts: &[fn(&mut Group)]) -> Vec<Value> {
    let groups = parts.iter().map(|part| {
        let mut group = Group::new();
        part(&mut group);
        group.reports
    });
    groups.collect::<Vec<_>>().concat()
}

const PARTS: [fn(&mut Group); 4] = [looks, repairs, resets, refusals];

/// The outcomes that no storage has to fail for.
const OUTCOMES: [&str; 9] = [
    "committed",
    "declined",
    "failed",
    "findings",
    "nothing-to-do",
    "ok",
    "planned",
    "refused",
    "usage",
];

#[test]
fn the_schema_allows_what_every_command_prints() {
    let reports = reports_of(&PARTS);
    let commands = [
        "",
        "check",
        "demo",
        "inspect",
        "list",
        "recover",
        "repair",
        "reset-logs",
        "restore",
        "verify",
    ];
    assert!(values_of(&reports, "/command").is_superset(&set(&commands)));
    assert_eq!(values_of(&reports, "/outcome"), set(&OUTCOMES));
    reports.iter().for_each(assert_valid);
}

#[test]
#[ignore = "needs strace"]
fn the_schema_allows_what_interrupted_commands_print() {
    needs::strace();
    let reports = reports_of(&[interruptions]);
    assert!(values_of(&reports, "/outcome").is_superset(&set(&["pending", "rolled-back"])));
    reports.iter().for_each(assert_valid);
}

#[test]
#[ignore = "needs the real files"]
fn the_schema_allows_what_is_printed_of_real_files() {
    real_reports().iter().for_each(assert_valid);
}

#[test]
#[ignore = "needs strace, the real files and jsonschema for Python"]
fn a_validator_that_shares_no_code_allows_it_too() {
    needs::strace();
    needs::usable("python3", &["-c", "import jsonschema"]);
    let mut reports = reports_of(&[&PARTS[..], &[interruptions]].concat());
    let outcomes = [&OUTCOMES[..], &["pending", "rolled-back"]].concat();
    assert_eq!(values_of(&reports, "/outcome"), set(&outcomes));
    reports.extend(real_reports());
    validate_in_python(&reports);
}

/// The validator of PyPI.
fn validate_in_python(reports: &[Value]) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let script = "import json, sys, jsonschema\n\
        schema, reports = json.load(sys.stdin)\n\
        judge = jsonschema.Draft202012Validator(schema)\n\
        jsonschema.Draft202012Validator.check_schema(schema)\n\
        assert not judge.is_valid(dict(reports[0], more=1))\n\
        [judge.validate(report) for report in reports]";
    let mut command = Command::new("python3");
    command.args(["-c", script]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A script that ends early does not read everything.
    let _ = child.stdin.take().unwrap().write_all(json!([schema, reports]).to_string().as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Changes of a good report, each of which breaks the contract.
#[test]
fn the_schema_allows_nothing_else() {
    let mut group = Group::new();
    let good = group.run("committed", "repair --yes --verify full @priv1.edb");
    let breaks: [(&str, Value); 12] = [
        ("/outcome", json!("done")),
        ("/exit_code", json!(8)),
        ("/schema", json!("edbmend/2")),
        ("/databases/0/kind", json!("file")),
        ("/databases/0/elected", json!("first")),
        ("/databases/0/copies/shadow", json!("good")),
        ("/databases/0/header/state", json!("Clean Shutdown")),
        ("/databases/0/header/previous_full_backup/gen_low", json!("1")),
        ("/databases/0/findings/0/id", json!("unheard-of")),
        ("/databases/0/findings/0/severity", json!("fatal")),
        ("/databases/0/steps/1/kind", json!("delete")),
        ("/backup/sha256", json!("")),
    ];
    for (pointer, value) in breaks {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}: {good:#}")) = value;
        assert!(!errors_of(&bad).is_empty(), "{pointer}");
    }
    assert_eq!(closed_everywhere(&good, &good, ""), 0);
}

/// How many objects of a report may lose a key, or get one more.
fn closed_everywhere(report: &Value, part: &Value, pointer: &str) -> usize {
    let still_valid = |edit: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut changed = report.clone();
        edit(changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap());
        usize::from(errors_of(&changed).is_empty())
    };
    let deeper =
        |key: &str, part: &Value| closed_everywhere(report, part, &format!("{pointer}/{key}"));
    match part {
        Value::Object(map) => {
            let more = still_valid(&|object| {
                object.insert("more".into(), 1.into());
            });
            let fewer = map.iter().map(|(key, part)| {
                let without = still_valid(&|object| {
                    object.remove(key);
                });
                without + deeper(key, part)
            });
            more + fewer.sum::<usize>()
        }
        Value::Array(parts) => {
            parts.iter().enumerate().map(|(at, part)| deeper(&at.to_string(), part)).sum()
        }
        _ => 0,
    }
}
