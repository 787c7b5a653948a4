//! The Ansible role with real runs on three hosts: `contrib/ansible/tests/all_actions.yml`, the
//! documentation of its modules, and the example playbooks as they are.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::harness::unlucky::{failing_program, leave_pending};
use crate::harness::{PROGRAM, damaged, files, names, needs, sha256};
use edbmend::practice::{Recipe, damage_full_backup, storage_group};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A real store with its logs: Windows XP x64 / Server 2003, two databases.
const REAL_SET: &str = "real/catroot2-ws2003-xp64";
const REAL_DATABASE: &str = "{F750E6C3-38EE-11D1-85E5-00C04FC295EE}/catdb";
const OTHER_DATABASE: &str = "{127D0A1D-4EF2-11D1-8608-00C04FC295EE}/catdb";

fn contrib() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/ansible")
}

fn ansible(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.current_dir(contrib()).args(arguments);
    command.env("ANSIBLE_NOCOLOR", "1").env("ANSIBLE_PIPELINING", "1");
    command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
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
    failing_program(&root.join("write-fails"), &["--backup", "header"], 5);
    failing_program(&root.join("sync-fails"), &["--backup", "header"], 6);
    let traced = json!({ "traced": true }).to_string();
    let stdout = ran(&hosts.play("tests/all_actions.yml", &["--extra-vars", &traced]));
    drop(open);
    assert_eq!(stdout.matches("unreachable=0    failed=0").count(), 3, "{stdout}");
}

#[test]
#[ignore = "needs ansible-playbook"]
fn the_example_playbooks_run_as_they_are() {
    needs::programs(&["ansible-playbook"]);
    let hosts = Hosts::new(false);
    let here = format!(
        "{{\"edbmend_executable\": {:?}, \"edbmend_databases\": [\"{{{{ db }}}}\"], \
         \"edbmend_paths\": [\"{{{{ root }}}}/group\"], \"edbmend_reports\": {:?}}}",
        PROGRAM,
        hosts.folder.path().join("reports")
    );
    let shown =
        ran(&hosts.play("repair.yml", &["-e", &here, "--limit", "one", "--check", "--diff"]));
    for line in [
        "-Previous Full Backup, Log Gen high: 4294967295 (0xffffffff)",
        "+Previous Full Backup, Log Gen high: 0 (0x0)",
    ] {
        assert_eq!(shown.matches(line).count(), 1, "{shown}");
    }
    assert!(!hosts.root("one").join("group/edbmend").exists());

    ran(&hosts.play("check.yml", &["-e", &here]));
    for host in ["one", "two", "three"] {
        let report = fs::read(hosts.folder.path().join(format!("reports/{host}.json"))).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["schema"], "edbmend/1");
        assert_eq!(report["outcome"], "findings");
    }
    let repaired = ran(&hosts.play("repair.yml", &["-e", &here]));
    assert_eq!(repaired.matches("changed=1 ").count(), 3, "{repaired}");
    assert_eq!(repaired.matches("edbmend restore /").count(), 3, "{repaired}");
}

#[test]
#[ignore = "needs ansible-doc"]
fn role_and_modules_are_documented() {
    needs::programs(&["ansible-doc"]);
    let library = contrib().join("roles/edbmend/library");
    let modules: Vec<String> = names(&library)
        .iter()
        .filter_map(|name| name.to_str()?.strip_suffix(".py").map(str::to_owned))
        .collect();
    assert_eq!(modules.len(), 5);
    let mut arguments = vec!["-j", "-t", "module", "-M", library.to_str().unwrap()];
    arguments.extend(modules.iter().map(String::as_str));
    let docs: Value = serde_json::from_str(&ran(&ansible("ansible-doc", &arguments))).unwrap();
    for module in &modules {
        let doc = &docs[module];
        assert!(doc["doc"]["options"]["executable"].is_object(), "{module}: {doc:#}");
        assert!(doc["examples"].as_str().unwrap().contains(module.as_str()), "{module}");
        assert!(doc["return"]["exit_code"].is_object(), "{module}");
    }
    let role = ran(&ansible("ansible-doc", &["-t", "role", "-r", "roles", "edbmend"]));
    assert!(role.contains("edbmend_action"), "{role}");
}

#[test]
fn each_override_of_the_program_is_a_parameter_of_its_module_and_a_variable_of_the_role() {
    let role = contrib().join("roles/edbmend");
    let specs = fs::read_to_string(role.join("meta/argument_specs.yml")).unwrap();
    for command in ["repair", "reset-logs", "restore", "recover"] {
        let help = crate::harness::run([command, "--help"]).stdout;
        let name = command.replace('-', "_");
        let read = |path: String| fs::read_to_string(role.join(path)).unwrap();
        let module = read(format!("library/edbmend_{name}.py"));
        let task = read(format!("tasks/{name}.yml"));
        let words = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let flags = words.filter_map(|word| word.strip_prefix("--"));
        let mut seen = 0;
        for flag in flags.filter(|flag| flag.starts_with("allow-") || flag.starts_with("accept-")) {
            // Of a recovery there is no backup.
            if (command, flag) == ("recover", "allow-backup-in-memory") {
                continue;
            }
            let parameter = flag.replace('-', "_");
            assert!(module.contains(&format!("  {parameter}:\n")), "{command} --{flag}: module");
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
