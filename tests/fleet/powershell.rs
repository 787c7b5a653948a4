//! The PowerShell of `contrib`: that it is PowerShell, and that what it asks of the program and of its reports exists.
//! It is not run: that needs PowerShell, and on Windows `contrib/powershell/tests` do it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::harness::{needs, run};
use serde_json::Value;

const FILES: [&str; 4] = [
    "scripts/Repair-Unattended.ps1",
    "powershell/Edbmend/Edbmend.psm1",
    "powershell/Edbmend/Edbmend.psd1",
    "powershell/tests/Edbmend.Tests.ps1",
];

/// Parses a file with the grammar of tree-sitter, and prints the members that it uses, or the first place that
/// is not understood.
const PARSE: &str = "
import sys, tree_sitter, tree_sitter_powershell
language = tree_sitter.Language(tree_sitter_powershell.language())
tree = tree_sitter.Parser(language).parse(open(sys.argv[1], 'rb').read())
def look(node):
    if node.is_error or node.is_missing: sys.exit(f'{sys.argv[1]}: line {node.start_point[0] + 1}')
    if node.type == 'member_name': print(node.text.decode())
    for child in node.children: look(child)
look(tree.root_node)
";

fn contrib(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(path)
}

fn parse(file: &Path) -> Output {
    needs::usable("python3", &["-c", "import tree_sitter, tree_sitter_powershell"]);
    Command::new("python3").args(["-c", PARSE]).arg(file).output().unwrap()
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
        let parsed = parse(&contrib(file));
        assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
        let members = String::from_utf8(parsed.stdout).unwrap();
        // What belongs to PowerShell or to the module begins with a capital letter.
        for key in members.lines().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            assert!(keys.contains(key), "{file}: {key} is no key of a report");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
#[ignore = "needs tree-sitter-powershell for Python"]
fn what_the_page_for_windows_has_is_powershell() {
    let page = fs::read_to_string("docs/windows-fleet.md").unwrap();
    let blocks: Vec<&str> = page
        .split("```powershell\n")
        .skip(1)
        .map(|block| block.split_once("```").expect("the end of a block").0)
        .collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), block).unwrap();
        let parsed = parse(file.path());
        assert!(parsed.status.success(), "{}: {block}", String::from_utf8_lossy(&parsed.stderr));
    }
}

#[test]
#[ignore = "needs tree-sitter-powershell for Python"]
fn the_parser_does_not_take_anything() {
    let broken = tempfile::NamedTempFile::new().unwrap();
    let text = fs::read_to_string(contrib(FILES[0])).unwrap().replacen("switch (", "switch ", 1);
    fs::write(broken.path(), text).unwrap();
    assert!(!parse(broken.path()).status.success());
}

#[test]
fn the_flags_that_it_gives_are_flags_of_the_program() {
    let commands = ["inspect", "check", "repair", "restore", "recover"];
    let help: String = commands.map(|command| run([command, "--help"]).stdout).concat();
    let flags: BTreeSet<&str> = flags_in(&help).collect();
    for file in &FILES[..2] {
        let text = fs::read_to_string(contrib(file)).unwrap();
        let given: BTreeSet<&str> = flags_in(&text).collect();
        assert!(given.len() > 3, "{file}: {given:?}");
        assert!(given.is_subset(&flags), "{file}: {:?}", given.difference(&flags));
    }
}

fn flags_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '-');
    words.filter(|word| word.starts_with("--") && word.len() > 2)
}

#[test]
fn the_module_exports_what_it_documents() {
    let manifest = fs::read_to_string(contrib(FILES[2])).unwrap();
    let (_, exported) = manifest.split_once("FunctionsToExport = @(").unwrap();
    let (exported, _) = exported.split_once(')').unwrap();
    let exported: Vec<&str> = exported.split(", ").map(|name| name.trim_matches('\'')).collect();
    let module = fs::read_to_string(contrib(FILES[1])).unwrap();
    let documented: Vec<&str> = module
        .split("\nfunction ")
        .filter_map(|function| function.split_once(" {\n    <#\n    .SYNOPSIS"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(exported, documented);
}
