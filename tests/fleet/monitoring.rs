//! What monitoring reads: the check for Nagios, `check --openmetrics`, the alerts, and the page that explains them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::cron::command_of;
use crate::harness::unlucky::write_program;
use crate::harness::{Fixture, PROGRAM, Ran, damaged, finish, healthy, needs, run, spawn};
use crate::unattended::{commands_of, needs_of_scripts, script, type_in};
use edbmend::practice::{Recipe, storage_group};

/// A folder with the practice storage group in `practice`.
fn practice() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let group = folder.path().join("practice");
    fs::create_dir(&group).unwrap();
    for file in storage_group(&Recipe::of_samples()) {
        fs::write(group.join(&file.name), &file.bytes).unwrap();
    }
    folder
}

/// The names of the metrics in a text.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '_');
    words.filter(|word| word.starts_with("edbmend_")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs jq"]
fn the_monitoring_check_has_its_four_answers() {
    needs_of_scripts();
    let answer = |path: &Path| {
        let mut command = Command::new(script("check_edbmend.sh"));
        finish(spawn(command.arg(path).env("EDBMEND", PROGRAM)))
    };
    let expect = |ran: Ran, code: i32, start: &str| {
        assert!(ran.code == Some(code) && ran.stdout.starts_with(start), "{ran:?}");
        assert!(code == 3 || ran.stdout.contains(" | databases=1;;;0 errors="), "{ran:?}");
    };
    expect(answer(&Fixture::new(&healthy(8)).db), 0, "EDBMEND OK - 1 databases");
    let inverted = {
        let mut bytes = healthy(8);
        edbmend::practice::edit_header(&mut bytes, |raw| {
            (raw.full_prev.gen_low, raw.full_prev.gen_high) = (2.into(), 1.into());
        });
        bytes
    };
    expect(answer(&Fixture::new(&inverted).db), 1, "EDBMEND WARNING - backup-gen-inverted in /");
    let critical = answer(&Fixture::new(&damaged(8)).db);
    expect(critical, 2, "EDBMEND CRITICAL - full-backup-gen-invalid in /");
    expect(answer(Path::new("/no/such.edb")), 3, "EDBMEND UNKNOWN - not-found: /no/such.edb");
}

#[test]
fn metrics_are_printed_whatever_happens_and_the_exit_code_is_that_of_the_check() {
    let folder = practice();
    let check = |path: &Path| run(["check", "--openmetrics", path.to_str().unwrap()]);
    let damaged = check(&folder.path().join("practice"));
    let missing = check(Path::new("/no/such.edb"));
    for (ran, code) in [(&damaged, 1), (&missing, 4)] {
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.stdout.ends_with("# EOF\n"), "{ran:?}");
        assert!(ran.stdout.contains(&format!("\nedbmend_check_exit_code {code}\n")), "{ran:?}");
    }
    let db = folder.path().join("practice/priv1.edb");
    for line in [
        format!("edbmend_database_errors{{path=\"{}\"}} 3", db.display()),
        "edbmend_databases 2".to_owned(),
    ] {
        assert!(damaged.stdout.lines().any(|printed| printed == line), "{line}: {damaged:?}");
    }
    assert!(missing.stdout.contains("edbmend_unread{id=\"not-found\",path=\"/no/such.edb\"} 1"));
    assert!(!missing.stdout.contains("edbmend_database_errors{"), "{missing:?}");
    assert_eq!(run(["check", "--openmetrics", "--json", "x"]).code, Some(2));
}

#[test]
fn page_and_alerts_know_the_metrics_that_are_printed() {
    let folder = practice();
    let mut printed =
        metrics(&type_in(folder.path(), "edbmend check --openmetrics practice").stdout);
    printed.extend(metrics(&type_in(folder.path(), "edbmend check --openmetrics /no/such").stdout));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| metrics(&fs::read_to_string(root.join(path)).unwrap());
    assert_eq!(read("docs/monitoring.md"), printed);
    let alerts = read("contrib/monitoring/edbmend.rules.yml");
    assert!(alerts.len() > 4 && alerts.is_subset(&printed), "{alerts:?}");
}

/// Parses metrics as Prometheus does, in its older format and in that of OpenMetrics.
const PARSE_METRICS: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as older
text = sys.stdin.read()
for parse in open_metrics, older:
    families = list(parse(text))
    assert len(families) > 8 and all(family.type == 'gauge' for family in families), families
";

#[test]
#[ignore = "needs prometheus_client for Python"]
fn the_parsers_of_prometheus_read_the_metrics() {
    needs::usable("python3", &["-c", "import prometheus_client"]);
    let folder = practice();
    fs::rename(folder.path().join("practice"), folder.path().join("a \"b\" \\n c")).unwrap();
    fs::write(folder.path().join("parse.py"), PARSE_METRICS).unwrap();
    let parsed = type_in(
        folder.path(),
        "{ edbmend check --openmetrics a* pub1.edb || [ $? -eq 4 ]; } | python3 parse.py",
    );
    assert_eq!(parsed.code, Some(0), "{parsed:?}");
}

#[test]
#[ignore = "needs jq"]
fn the_commands_of_the_page_run_as_they_are_printed() {
    needs_of_scripts();
    let folder = practice();
    let commands = commands_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring.md"));
    let expected = [
        (2, "EDBMEND CRITICAL - full-backup-gen-invalid in /"),
        (2, "EDBMEND CRITICAL - full-backup-gen-invalid in /"),
        (0, ""),
    ];
    assert_eq!(commands.len(), expected.len());
    for (command, (code, start)) in commands.iter().zip(expected) {
        let ran = type_in(folder.path(), command);
        assert!(ran.code == Some(code) && ran.stdout.starts_with(start), "{command}: {ran:?}");
    }
    let collected = fs::read_to_string(folder.path().join("edbmend.prom")).unwrap();
    assert!(collected.ends_with("# EOF\n"), "{collected}");
}

#[test]
#[ignore = "needs jq"]
fn the_command_that_the_monitoring_check_tells_is_of_the_path_whatever_is_in_it() {
    needs_of_scripts();
    let group = practice();
    for name in ["bar|x", "a'|$'|z", "new\nline'|c"] {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join(name);
        fs::create_dir(&here).unwrap();
        fs::copy(group.path().join("practice/priv1.edb"), here.join("priv1.edb")).unwrap();
        let mut command = Command::new(script("check_edbmend.sh"));
        let ran = finish(spawn(command.arg(&here).env("EDBMEND", PROGRAM)));
        assert_eq!(ran.stdout.matches('|').count(), 1, "{ran:?}");
        let told = ran.stdout.lines().find_map(|line| line.split_once(" Do: ")).expect("a line").1;
        let there =
            type_in(folder.path(), &format!("set -- {told}; test -f \"$3\" && echo \"$2\""));
        assert_eq!(there.stdout, "repair\n", "{told}: {there:?}");
    }
}

#[test]
fn metrics_that_are_not_whole_replace_nothing() {
    let folder = practice();
    let here = folder.path().display().to_string();
    // The disk is full in the middle of them.
    let half = folder.path().join("half");
    write_program(&half, &format!("'{PROGRAM}' \"$@\" | head -c 500"));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring.md");
    let typed = commands_of(&page).into_iter().find(|typed| typed.contains("--openmetrics"));
    let typed = typed.expect("a command").replace("edbmend check", "./half check");
    let collected = folder.path().join("edbmend.prom");
    for command in [typed, cron_line(&here, &half)] {
        fs::write(&collected, "of yesterday").unwrap();
        assert_ne!(type_in(folder.path(), &command).code, Some(0), "{command}");
        assert_eq!(fs::read_to_string(&collected).unwrap(), "of yesterday", "{command}");
    }
}

/// The command of the page's line for cron, with the practice files and this program.
fn cron_line(here: &str, program: &Path) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring.md");
    let page = fs::read_to_string(page).unwrap();
    let line = page.lines().find(|line| line.contains(" * * *  root ")).expect("a line for cron");
    let (user, command) = command_of(line.trim_start());
    assert_eq!(user, "root");
    command
        .replace("/var/lib/prometheus/node-exporter", here)
        .replace("/usr/local/bin/edbmend", program.to_str().unwrap())
        .replace("/mnt/snapshot/mdbdata", &format!("{here}/practice"))
}

#[test]
fn the_line_for_cron_leaves_a_whole_file_that_the_collector_may_read() {
    let folder = practice();
    let here = folder.path().display().to_string();
    let command = cron_line(&here, Path::new(PROGRAM));
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").args(["-c", &command]);
    let ran = finish(spawn(&mut shell));
    assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    let collected = folder.path().join("edbmend.prom");
    assert!(fs::read_to_string(&collected).unwrap().ends_with("# EOF\n"));
    assert_eq!(fs::metadata(&collected).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(!folder.path().join("edbmend.prom.new").exists());
}

#[test]
#[ignore = "needs jq"]
fn the_monitoring_check_has_figures_for_graphs_and_limits_for_generations() {
    needs_of_scripts();
    let folder = practice();
    let ask =
        |options: &str| type_in(folder.path(), &format!("check_edbmend.sh {options} practice"));
    assert_eq!(
        run(["repair", "--yes", "-q", folder.path().join("practice/priv1.edb").to_str().unwrap()])
            .code,
        Some(0)
    );
    let figures = "| databases=2;;;0 errors=0;;;0 warnings=0;;;0 generations_left=1048555;";
    for (options, code, start) in [
        ("", 0, "EDBMEND OK - 2 databases "),
        ("-w 1048556", 1, "EDBMEND WARNING - 1048555 log generations left "),
        ("-w 1048555", 0, "EDBMEND OK - 2 databases "),
        ("-w 1048557 -c 1048556", 2, "EDBMEND CRITICAL - 1048555 log generations left "),
    ] {
        let ran = ask(options);
        assert!(
            ran.code == Some(code) && ran.stdout.starts_with(&format!("{start}{figures}")),
            "{options}: {ran:?}"
        );
    }
    for wrong in ["-w few", "-x"] {
        assert_eq!(ask(wrong).code, Some(3), "{wrong}");
    }
}
