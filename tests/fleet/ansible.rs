//! The Ansible collection with real runs on hosts of this machine: `tests/all_actions.yml` of the collection, its
//! plays as they are, and its documentation.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::harness::unlucky::{failing_program, leave_pending};
use crate::harness::{PROGRAM, damaged, files, healthy, names, needs, sha256};
use crate::unattended::commands_of;
use edbmend::practice::{DatabaseRecipe, Recipe, damage_full_backup, storage_group};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A real store with its logs: Windows XP x64 / Server 2003, two databases.
const REAL_SET: &str = "real/catroot2-ws2003-xp64";
const REAL_DATABASE: &str = "{F750E6C3-38EE-11D1-85E5-00C04FC295EE}/catdb";
const OTHER_DATABASE: &str = "{127D0A1D-4EF2-11D1-8608-00C04FC295EE}/catdb";

pub fn contrib() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/ansible")
}

fn collection() -> PathBuf {
    contrib().join("ansible_collections/edbmend/ese")
}

fn ansible(program: &str, arguments: &[&str]) -> Output {
    ansible_in(Command::new(program).args(arguments), &contrib())
}

/// The output of a command that runs Ansible with the settings of a folder.
pub fn ansible_in(command: &mut Command, folder: &Path) -> Output {
    command.current_dir(folder).env("ANSIBLE_NOCOLOR", "1");
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Standard output of a run that must succeed.
#[track_caller]
fn ran(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout
}

/// Three hosts on this machine, each with a folder of its own.
struct Hosts {
    folder: TempDir,
    inventory: PathBuf,
}

impl Hosts {
    /// A practice group, another one, and a real set of databases and logs with the damage in one of
    /// them; a third practice group where the real set is not there.
    fn new(with_real: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = |host: &str| folder.path().join(host);
        let recipe = Recipe { log_random: 4711, ..Recipe::of_samples() };
        let mut hosts = vec![
            ("one", practice(&root("one"), &Recipe::of_samples())),
            ("two", practice(&root("two"), &recipe)),
        ];
        let third = root("three");
        hosts.push(("three", if with_real { real(&third) } else { practice(&third, &recipe) }));
        let host_vars = hosts.iter().map(|(name, vars)| ((*name).to_owned(), vars.clone()));
        let names = hosts.iter().map(|(name, _)| ((*name).to_owned(), Value::Null));
        let program = PROGRAM;
        let inventory = json!({ "all": {
            "vars": {
                "ansible_connection": "local",
                "ansible_become": false,
                "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                "binary": program,
                "binary_sha256": sha256(program.as_ref()),
                "edbmend_executable": "{{ root }}/edbmend-program",
            },
            "hosts": host_vars.collect::<serde_json::Map<_, _>>(),
            "children": {
                "rescue": { "hosts": names.collect::<serde_json::Map<_, _>>() },
            },
        }});
        let path = folder.path().join("inventory.yml");
        fs::write(&path, inventory.to_string()).unwrap(); // JSON is YAML
        Self { inventory: path, folder }
    }

    fn root(&self, host: &str) -> PathBuf {
        self.folder.path().join(host)
    }

    fn play(&self, book: &str, more: &[&str]) -> Output {
        let inventory = self.inventory.to_str().unwrap();
        ansible("ansible-playbook", &[&["-i", inventory, book], more].concat())
    }
}

fn practice(root: &Path, recipe: &Recipe) -> Value {
    let group = root.join("group");
    fs::create_dir_all(&group).unwrap();
    for file in storage_group(recipe) {
        fs::write(group.join(&file.name), &file.bytes).unwrap();
    }
    let databases = ["priv1.edb", "pub1.edb"].map(|name| group.join(name));
    json!({ "root": root, "db": databases[0], "databases": databases, "current_log": "E00.log" })
}

fn real(root: &Path) -> Value {
    let group = root.join("group");
    fs::create_dir_all(&group).unwrap();
    let set = files::unpack(REAL_SET);
    for entry in fs::read_dir(set.path()).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            fs::copy(entry.path(), group.join(entry.file_name())).unwrap();
        }
    }
    let mut bytes = files::read(&format!("{REAL_SET}/{REAL_DATABASE}"));
    damage_full_backup(&mut bytes);
    fs::write(group.join("catdb"), bytes).unwrap();
    let other = files::read(&format!("{REAL_SET}/{OTHER_DATABASE}"));
    fs::write(group.join("catdb2"), other).unwrap();
    let databases = ["catdb", "catdb2"].map(|name| group.join(name));
    json!({ "root": root, "db": databases[0], "databases": databases, "current_log": "edb.log" })
}

/// A folder with a damaged database that stands alone.
fn lay(root: &Path, name: &str) -> PathBuf {
    fs::create_dir_all(root.join(name)).unwrap();
    let db = root.join(name).join("priv1.edb");
    fs::write(&db, damaged(8)).unwrap();
    db
}

#[test]
#[ignore = "needs ansible-playbook, strace and the real files"]
fn every_action_with_real_runs_on_three_hosts() {
    needs::programs(&["ansible-playbook"]);
    needs::strace();
    needs::real_files();
    let hosts = Hosts::new(true);
    let root = hosts.root("one");
    lay(&root, "beside");
    lay(&root, "fails");
    let open = File::open(lay(&root, "in_use")).unwrap();
    leave_pending(&lay(&root, "pending"), "forward");
    // As the modules call it: the page is written to, too.
    let options = ["--backup", "header", "--html"];
    failing_program(&root.join("write-fails"), &options, 5);
    failing_program(&root.join("sync-fails"), &options, 6);
    let traced = json!({ "traced": true }).to_string();
    let stdout = ran(&hosts
        .play("ansible_collections/edbmend/ese/tests/all_actions.yml", &["--extra-vars", &traced]));
    drop(open);
    assert_eq!(stdout.matches("unreachable=0    failed=0").count(), 3, "{stdout}");
}

#[test]
#[ignore = "needs ansible-playbook"]
fn the_commands_of_the_page_run_as_they_are_printed() {
    needs::programs(&["ansible-playbook"]);
    let root = tempfile::tempdir().unwrap();
    let mut vars = practice(root.path(), &Recipe::of_samples());
    vars["ansible_connection"] = json!("local");
    vars["ansible_become"] = json!(false);
    vars["ansible_python_interpreter"] = json!("{{ ansible_playbook_python }}");
    vars["edbmend_executable"] = json!(PROGRAM);
    vars["edbmend_databases"] = vars["databases"].clone();
    vars["edbmend_recover_path"] = json!(root.path().join("group"));
    vars["edbmend_reports"] = json!(root.path().join("reports"));
    let inventory = root.path().join("inventory.yml");
    fs::write(&inventory, json!({ "rescue": { "hosts": { "one": vars } } }).to_string()).unwrap();
    let told = commands_of(&collection().join("README.md")).into_iter().map(|command| {
        let mut bash = Command::new("bash");
        bash.args(["-c", &command]).env("ANSIBLE_INVENTORY", &inventory);
        ran(&ansible_in(&mut bash, &contrib()))
    });
    let expected = [
        "1 hosts: 1 damaged",
        "+Previous Full Backup, Log Gen high: 0 (0x0)",
        "1 hosts: 1 repaired",
        "1 hosts: 1 sound",
        "edbmend_recover_path",
        "edbmend repair",
    ];
    let told: Vec<String> = told.collect();
    assert_eq!(told.len(), expected.len());
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

/// The report of the newest run of a play in a folder.
pub fn newest(reports: &Path, play: &str) -> Value {
    let ends_with_play = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(play);
    let mut runs: Vec<_> = names(reports).into_iter().filter(ends_with_play).collect();
    runs.sort();
    let run = reports.join(runs.last().expect("a run of the play"));
    assert!(fs::read_to_string(run.join("index.html")).unwrap().contains("<!doctype html>"));
    let mut index: Value =
        serde_json::from_slice(&fs::read(run.join("index.json")).unwrap()).unwrap();
    index["folder"] = json!(run);
    index
}

/// Each line of the table that tells of a host or of one of its databases.
#[track_caller]
fn expect_lines(stdout: &str, lines: &[String]) {
    for line in lines {
        assert!(stdout.lines().any(|told| told.trim_start().starts_with(line)), "{line}: {stdout}");
    }
}

#[test]
#[ignore = "needs ansible-playbook"]
fn the_plays_of_the_collection_run_as_they_are() {
    needs::programs(&["ansible-playbook"]);
    let hosts = Hosts::new(false);
    let reports = hosts.folder.path().join("reports");
    let here = json!({
        "edbmend_executable": PROGRAM,
        "edbmend_databases": ["{{ db }}"],
        "edbmend_paths": ["{{ root }}/group"],
        "edbmend_recover_path": "{{ root }}/group",
        "edbmend_rebuild_database": "{{ db }}",
        "edbmend_reports": reports,
    })
    .to_string();
    let play = |name: &str, more: &[&str]| {
        ran(&hosts.play(&format!("edbmend.ese.{name}"), &[&["-e", &here], more].concat()))
    };
    let dry = play("repair", &["--check", "--diff"]);
    for line in [
        "-Previous Full Backup, Log Gen high: 4294967295 (0xffffffff)",
        "+Previous Full Backup, Log Gen high: 0 (0x0)",
    ] {
        assert_eq!(dry.matches(line).count(), 3, "{dry}");
    }
    assert!(!hosts.root("one").join("group/edbmend").exists());
    assert_eq!(newest(&reports, "repair")["totals"], json!({ "planned": 3 }));

    for name in ["check", "check_deep"] {
        let checked = play(name, &[]);
        let db = hosts.root("two").join("group/priv1.edb");
        expect_lines(
            &checked,
            &[
                "damaged      two".to_owned(),
                format!("{}: full-backup-gen-invalid: ", db.display()),
                format!("way out, step 1: edbmend repair {}", db.display()),
                "3 hosts: 3 damaged".to_owned(),
            ],
        );
    }
    let repaired = play("repair", &[]);
    assert_eq!(repaired.matches("changed=1 ").count(), 3, "{repaired}");
    assert_eq!(
        repaired.matches("Mount the store and run a full backup at once. Undo: ").count(),
        3
    );
    let index = newest(&reports, "repair");
    assert_eq!(index["totals"], json!({ "repaired": 3 }));
    for host in ["one", "two", "three"] {
        let folder = Path::new(index["folder"].as_str().unwrap());
        let report = fs::read(folder.join(format!("{host}.json"))).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["reports"][0]["schema"], "edbmend/1");
        let page = fs::read_to_string(folder.join(format!("{host}.html"))).unwrap();
        assert!(page.contains("<strong>repaired</strong>"), "{page}");
        assert!(page.contains(&format!("href=\"page-1-of-{host}.html\"")), "{page}");
        let written = fs::read_to_string(folder.join(format!("page-1-of-{host}.html"))).unwrap();
        assert!(written.contains("Content-Security-Policy") && written.contains("edbmend restore"));
    }
    for name in ["repair", "recover", "rebuild"] {
        let again = play(name, &[]);
        expect_lines(&again, &["3 hosts: 3 sound".to_owned()]);
        assert_eq!(again.matches("changed=0 ").count(), 3, "{again}");
    }
    let operation = names(&hosts.root("one").join("group/edbmend")).remove(0);
    let operation = hosts.root("one").join("group/edbmend").join(operation);
    let undo = format!("edbmend_operation={}", operation.display());
    let undone = play("undo", &["-e", &undo, "--limit", "one"]);
    expect_lines(&undone, &["1 hosts: 1 undone".to_owned()]);
    let all =
        json!({ "edbmend_group_dir": "{{ root }}/group", "edbmend_databases": "{{ databases }}" });
    let all = all.to_string();
    let reset = play("reset", &["-e", &all, "--limit", "one"]);
    expect_lines(
        &reset,
        &["1 hosts: 1 damaged".to_owned(), "logs: reset. Mount the stores".to_owned()],
    );
}

#[test]
#[ignore = "needs ansible-playbook and strace"]
fn each_host_has_an_outcome_of_its_own_and_stops_no_other() {
    needs::programs(&["ansible-playbook"]);
    needs::strace();
    let folder = tempfile::tempdir().unwrap();
    let lay = |name: &str, bytes: &[u8]| {
        let db = folder.path().join(name).join("priv1.edb");
        fs::create_dir(db.parent().unwrap()).unwrap();
        fs::write(&db, bytes).unwrap();
        db
    };
    let dirty = DatabaseRecipe { state: 2, ..DatabaseRecipe::default() };
    let repaired = lay("repaired", &damaged(8));
    let refused = lay("refused \u{1b}[31m", &dirty.build());
    let pending = lay("pending", &damaged(8));
    leave_pending(&pending, "forward");
    let sound = lay("sound", &healthy(8));
    let host = |databases: &[&Path]| json!({ "edbmend_databases": databases });
    let mut without = host(&[&sound]);
    without["edbmend_executable"] = json!("/no/edbmend");
    let mut gone = host(&[&sound]);
    gone["ansible_connection"] = json!("ssh");
    gone["ansible_host"] = json!("127.0.0.1");
    gone["ansible_port"] = json!(1);
    let inventory = json!({ "rescue": {
        "vars": {
            "ansible_connection": "local",
            "ansible_become": false,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "edbmend_executable": PROGRAM,
            "edbmend_reports": folder.path().join("reports"),
        },
        "hosts": {
            "sound": host(&[&sound]), "repaired": host(&[&repaired]), "refused": host(&[&refused]),
            "both": host(&["/no/such.edb".as_ref(), &sound]), "pending": host(&[&pending]),
            "without": without, "gone": gone,
        },
    }});
    let path = folder.path().join("inventory.yml");
    fs::write(&path, inventory.to_string()).unwrap();
    let play = |more: &[&str]| {
        let inventory = path.to_str().unwrap();
        let output =
            ansible("ansible-playbook", &[&["-i", inventory, "edbmend.ese.repair"], more].concat());
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stdout).unwrap()
    };
    let mut outcomes = json!({
        "sound": "sound", "repaired": "planned", "refused": "refused", "both": "failed",
        "pending": "pending", "without": "failed", "gone": "unreachable",
    });
    play(&["--check", "--diff"]);
    assert_eq!(newest(&folder.path().join("reports"), "repair")["hosts"], outcomes);
    let told = play(&[]);
    outcomes["repaired"] = json!("repaired");
    assert_eq!(newest(&folder.path().join("reports"), "repair")["hosts"], outcomes);
    assert!(!told.contains('\u{1b}'), "a path plays with the terminal: {told}");
    let of = |db: &Path, what: &str| format!("{}: {what}", db.display()).replace('\u{1b}', "?");
    expect_lines(
        &told,
        &[
            of(
                &repaired,
                "repaired. Mount the store and run a full backup at once. Undo: edbmend restore /",
            ),
            of(&refused, "refused: dirty-shutdown: "),
            of(&pending, "refused: operation-pending: "),
            of(&sound, "nothing to do"),
            format!(
                "do not mount. Which way it would go: ansible-playbook edbmend.ese.recover --check \
             --limit pending -e edbmend_recover_path={}",
                pending.display()
            ),
            "/no/such.edb: failed, nothing was changed: not-found: ".to_owned(),
            "edbmend is not on this host: no program /no/edbmend.".to_owned(),
            "7 hosts: 1 sound, 1 repaired, 1 refused, 2 failed, 1 pending, 1 unreachable"
                .to_owned(),
        ],
    );
}

#[test]
#[ignore = "needs ansible-doc"]
fn role_and_modules_are_documented() {
    needs::programs(&["ansible-doc"]);
    let modules = collection_files("plugins/modules", ".py");
    assert_eq!(modules.len(), 7);
    let full = modules.iter().map(|name| format!("edbmend.ese.{name}")).collect::<Vec<_>>();
    let mut arguments = vec!["-j", "-t", "module"];
    arguments.extend(full.iter().map(String::as_str));
    let docs: Value = serde_json::from_str(&ran(&ansible("ansible-doc", &arguments))).unwrap();
    for module in &full {
        let doc = &docs[module];
        let is_of_controller = module.ends_with(".summary");
        assert!(doc["doc"]["options"]["executable"].is_object() != is_of_controller, "{doc:#}");
        assert!(doc["examples"].as_str().unwrap().contains(module.as_str()), "{module}");
        assert!(doc["return"]["exit_code"].is_object() != is_of_controller, "{module}");
    }
    let role = ran(&ansible("ansible-doc", &["-t", "role", "edbmend.ese.edbmend"]));
    assert!(role.contains("edbmend_action"), "{role}");
}

#[test]
#[ignore = "needs ansible-doc"]
fn the_collection_can_be_built_and_installed_elsewhere() {
    needs::programs(&["ansible-galaxy", "ansible-doc"]);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let archive = folder.path().join("edbmend-ese-0.1.0.tar.gz");
    let elsewhere = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).env("ANSIBLE_COLLECTIONS_PATH", place);
        ran(&ansible_in(&mut command, &collection()))
    };
    elsewhere("ansible-galaxy", &["collection", "build", "--output-path", place]);
    let archive = archive.to_str().unwrap();
    elsewhere("ansible-galaxy", &["collection", "install", archive, "-p", place]);
    let found = elsewhere("ansible-doc", &["-t", "module", "-l", "edbmend.ese"]);
    assert_eq!(found.lines().filter(|line| line.starts_with("edbmend.ese.")).count(), 7, "{found}");
}

#[test]
#[ignore = "needs ansible-lint"]
fn ansible_lint_has_nothing_to_say() {
    needs::programs(&["ansible-lint"]);
    let mut lint = Command::new("ansible-lint");
    lint.current_dir(collection()).env("ANSIBLE_COLLECTIONS_PATH", contrib());
    let output = lint.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The sanity tests that fetch nothing.
const SANITY: [&str; 15] = [
    "action-plugin-docs",
    "changelog",
    "empty-init",
    "ignores",
    "line-endings",
    "no-assert",
    "no-get-exception",
    "no-illegal-filenames",
    "no-smart-quotes",
    "replace-urlopen",
    "shebang",
    "shellcheck",
    "symlinks",
    "use-argspec-type-path",
    "use-compat-six",
];

#[test]
#[ignore = "needs ansible-test"]
fn the_sanity_tests_that_fetch_nothing_pass() {
    needs::programs(&["ansible-test"]);
    let home = tempfile::tempdir().unwrap();
    let mut sanity = Command::new("ansible-test");
    sanity.args(["sanity", "--color", "no"]).env("HOME", home.path());
    sanity.args(SANITY.iter().flat_map(|test| ["--test", test]));
    let output = ansible_in(&mut sanity, &collection());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The names of the files of the collection that end so, without that end.
fn collection_files(folder: &str, end: &str) -> Vec<String> {
    let all = names(&collection().join(folder));
    all.iter().filter_map(|name| Some(name.to_str()?.strip_suffix(end)?.to_owned())).collect()
}

#[test]
fn each_override_of_the_program_is_a_parameter_of_its_module_and_a_variable_of_the_role() {
    let read = |path: &str| fs::read_to_string(collection().join(path)).unwrap();
    let specs = read("roles/edbmend/meta/argument_specs.yml");
    let shared = read("plugins/doc_fragments/edbmend.py");
    for command in ["repair", "rebuild-header", "reset-logs", "restore", "recover"] {
        let help = crate::harness::run([command, "--help"]).stdout;
        let name = command.replace('-', "_");
        let module = read(&format!("plugins/modules/{name}.py"));
        let task = read(&format!("roles/edbmend/tasks/{name}.yml"));
        let words = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let flags = words.filter_map(|word| word.strip_prefix("--"));
        let mut seen = 0;
        for flag in flags.filter(|flag| flag.starts_with("allow-") || flag.starts_with("accept-")) {
            // Of a recovery there is no backup.
            if (command, flag) == ("recover", "allow-backup-in-memory") {
                continue;
            }
            let parameter = flag.replace('-', "_");
            let documented =
                [&module, &shared].map(|text| text.contains(&format!("  {parameter}:\n")));
            assert!(documented.contains(&true), "{command} --{flag}: module");
            assert!(
                task.contains(&format!("    {parameter}: \"{{{{ ")),
                "{command} --{flag}: task"
            );
            assert!(specs.contains(&parameter), "{command} --{flag}: role");
            seen += 1;
        }
        assert!(seen > 1, "{command}: {help}");
    }
}
