//! The PowerShell of `contrib`: that it is PowerShell, and that what it asks of the program and of its reports exists.
//! It is not run: that needs PowerShell, and on Windows `contrib/powershell/tests` do it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::harness::{needs, run};
use serde_json::Value;

const FILES: [&str; 4] = [
    "scripts/Repair-Unattended.ps1",
    "powershell/Edbmend/Edbmend.psm1",
    "powershell/Edbmend/Edbmend.psd1",
    "powershell/tests/Edbmend.Tests.ps1",
];

/// What is in a text, a fact a line.
const PARSER: &str = include_str!("powershell.py");

fn contrib(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(path)
}

fn text_of(file: impl AsRef<Path>) -> String {
    fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.as_ref().display()))
}

fn parse(text: &str) -> Output {
    needs::usable("python3", &["-c", "import tree_sitter, tree_sitter_powershell"]);
    let mut parser = Command::new("python3");
    parser.args(["-c", PARSER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = parser.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The facts of one kind, each in its words.
struct Facts(Vec<Vec<String>>);

impl Facts {
    #[track_caller]
    fn of(text: &str) -> Self {
        let parsed = parse(text);
        assert!(parsed.status.success(), "{}: {text}", String::from_utf8_lossy(&parsed.stderr));
        let lines = String::from_utf8(parsed.stdout).unwrap();
        Self(lines.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect())
    }

    fn that<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a [String]> {
        self.0.iter().filter(move |fact| fact[0] == kind).map(|fact| &fact[1..])
    }
}

/// Every key of the reports.
fn keys(schema: &Value) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        keys.extend(properties.keys().cloned());
    }
    let inner: Vec<&Value> = match schema {
        Value::Object(map) => map.values().collect(),
        Value::Array(list) => list.iter().collect(),
        _ => Vec::new(),
    };
    keys.extend(inner.into_iter().flat_map(self::keys));
    keys
}

#[test]
#[ignore = "needs tree-sitter-powershell for Python"]
fn it_is_powershell_and_the_keys_that_it_reads_are_those_of_the_reports() {
    let schema = fs::read("docs/edbmend.schema.json").unwrap();
    let keys = keys(&serde_json::from_slice(&schema).unwrap());
    let mut seen = 0;
    for file in FILES {
        let facts = Facts::of(&text_of(contrib(file)));
        // What belongs to PowerShell or to the module begins with a capital letter.
        let of_a_report = |name: &&String| name.starts_with(|c: char| c.is_ascii_lowercase());
        for key in facts.that("reads").map(|name| &name[0]).filter(of_a_report) {
            assert!(keys.contains(key), "{file}: {key} is no key of a report");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

/// The pages that tell of PowerShell.
fn pages() -> Vec<String> {
    let docs = fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|page| page.extension().is_some_and(|it| it == "md"));
    docs.chain([contrib("README.md"), PathBuf::from("README.md")]).map(text_of).collect()
}

/// What stands between each `open` and the `close` behind it.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).map(move |rest| rest.split(close).next().unwrap())
}

/// What pages tell one to type into PowerShell, and the examples that `Get-Help` shows.
fn snippets() -> Vec<String> {
    let texts = [pages(), FILES.map(|file| text_of(contrib(file))).to_vec()].concat();
    let mut typed = Vec::new();
    for text in &texts {
        typed.extend(between(text, "```powershell\n", "```"));
        typed.extend(between(text, "\n    powershell -Command ", "\n"));
        let examples = between(text, ".EXAMPLE\n", "\n    .");
        typed.extend(examples.map(|example| example.split("#>").next().unwrap()));
    }
    // The task scheduler has its command line in one word.
    let inner: Vec<&str> = typed.iter().flat_map(|text| between(text, " -File ", "'")).collect();
    [typed, inner].concat().into_iter().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs tree-sitter-powershell for Python"]
fn what_the_pages_tell_one_to_type_is_there_with_these_parameters() {
    let module = Facts::of(&text_of(contrib(FILES[1])));
    let script = Facts::of(&text_of(contrib(FILES[0])));
    let mut declared: BTreeMap<&str, &[String]> =
        module.that("declares").map(|words| (words[0].as_str(), &words[1..])).collect();
    let [of_the_script] = script.that("declares").collect::<Vec<_>>()[..] else { panic!("one") };
    declared.insert("Repair-Unattended.ps1", &of_the_script[1..]);

    let mut used = BTreeSet::new();
    for text in snippets() {
        for call in Facts::of(&text).that("calls") {
            let name = call[0].rsplit('\\').next().unwrap();
            let Some(declared) = declared.get(name) else {
                assert!(!name.contains("-Edb") && !name.ends_with(".ps1"), "{name}: {text}");
                continue;
            };
            for given in &call[1..] {
                assert!(declared.contains(given), "{name} has no {given}: {text}");
            }
            used.insert(name.to_owned());
        }
    }
    let all: BTreeSet<String> = declared.keys().map(|&name| name.to_owned()).collect();
    assert_eq!(used, all, "each of them is shown by an example");
}

/// Members of what PowerShell itself gives.
const OF_POWERSHELL: [&str; 4] = ["LastWriteTime", "AddDays", "Zero", "PSComputerName"];

#[test]
#[ignore = "needs tree-sitter-powershell for Python"]
fn what_the_pages_read_of_an_object_is_in_it() {
    let schema = fs::read("docs/edbmend.schema.json").unwrap();
    let mut known = keys(&serde_json::from_slice(&schema).unwrap());
    known.extend(OF_POWERSHELL.map(str::to_owned));
    let module = Facts::of(&text_of(contrib(FILES[1])));
    known.extend(module.that("makes").map(|name| name[0].clone()));
    let mut seen = 0;
    for text in snippets() {
        let facts = Facts::of(&text);
        known.extend(facts.that("makes").map(|name| name[0].clone()));
        let picked = facts.that("picks").filter_map(|pick| match pick {
            [command, name] if command.starts_with("Format-") || command == "Select-Object" => {
                Some(name)
            }
            _ => None,
        });
        for name in facts.that("reads").map(|name| &name[0]).chain(picked) {
            assert!(known.contains(name), "{name}: {text}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

/// docs/install.md has one put the program and the folders of contrib into `C:\edbmend`.
#[test]
fn what_the_pages_call_lies_where_it_was_put() {
    let mut seen = 0;
    for page in pages() {
        for path in between(&page, r"C:\edbmend\", " ").map(|rest| rest.trim_end().to_owned()) {
            let path = path.split(['\n', ',', '`', '\'']).next().unwrap().replace('\\', "/");
            assert!(path == "edbmend.exe" || contrib(&path).exists(), r"C:\edbmend\{path}");
            seen += 1;
        }
    }
    assert!(seen > 4, "{seen}");
}

/// A name as of the module, in text or in a command.
#[test]
fn each_command_that_the_pages_name_is_exported() {
    let exported = exported();
    let mut named = BTreeSet::new();
    for page in pages() {
        let words = page.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        for word in words.filter(|word| word.contains("-Edb")) {
            assert!(exported.contains(word), "{word}");
            named.insert(word.to_owned());
        }
    }
    assert_eq!(named, exported);
}

#[test]
#[ignore = "needs tree-sitter-powershell for Python"]
fn the_parser_does_not_take_anything() {
    let broken = text_of(contrib(FILES[0])).replacen("switch (", "switch ", 1);
    assert!(!parse(&broken).status.success());
}

#[test]
fn the_flags_that_it_gives_are_flags_of_the_program() {
    let commands = ["inspect", "check", "repair", "restore", "recover"];
    let help: String = commands.map(|command| run([command, "--help"]).stdout).concat();
    let flags: BTreeSet<&str> = flags_in(&help).collect();
    for file in &FILES[..2] {
        let text = text_of(contrib(file));
        let given: BTreeSet<&str> = flags_in(&text).collect();
        assert!(given.len() > 3, "{file}: {given:?}");
        assert!(given.is_subset(&flags), "{file}: {:?}", given.difference(&flags));
    }
}

fn flags_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '-');
    words.filter(|word| word.starts_with("--") && word.len() > 2)
}

fn exported() -> BTreeSet<String> {
    let manifest = text_of(contrib(FILES[2]));
    let list = between(&manifest, "FunctionsToExport = @(", ")").next().expect("what it exports");
    list.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_module_exports_what_it_documents() {
    let module = text_of(contrib(FILES[1]));
    let functions = between(&module, "\nfunction ", "\n}\n");
    let documented = functions.filter_map(|text| text.split_once(" {\n    <#\n    .SYNOPSIS"));
    let documented: BTreeSet<String> = documented.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(exported(), documented);
}
