//! What the pages tell one to type, typed: each command of the program that a page names, and what the pages print of
//! operations that were cut off. What needs other programs is typed by the tests of those.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::documents::{Case, pages, printed_in, run_as_printed_in};
use super::{root, text_of};
use crate::harness::strace::is_killed_at;
use crate::harness::unlucky::leave_pending;
use crate::harness::{PROGRAM, needs, operations_in};

/// What stands for something else, and what it stands for here; the longer ones first.
const PLACES: [(&str, &str); 12] = [
    ("/mnt/case/", ""),
    (r"\\server\d$\exchsrvr\mdbdata\", "mdbdata/"),
    (r"\\server\d$\exchsrvr\mdbdata", "mdbdata"),
    (r"D:\exchsrvr\mdbdata\", "mdbdata/"),
    (r"D:\exchsrvr\mdbdata", "mdbdata"),
    (r"C:\edbmend", "backup"),
    ("/mnt/stores", "mdbdata"),
    ("/mnt/backup", "practice"),
    ("/usr/local/share/man/man8", "man8"),
    ("/etc/", "./"),
    ("/usr/local/share/zsh/site-functions/", "./"),
    ("/var/log/", "./"),
];

/// Words that stand for whatever is meant.
const NAMES: [(&str, &str); 6] = [
    ("FILE", "practice/priv1.edb"),
    ("D", "practice"),
    ("DIR", "practice"),
    ("FOLDER", "practice"),
    ("ID", "full-backup-gen-invalid"),
    ("...", ""),
];

/// What a page has in a line of its own, behind `$ ` or indented.
fn line_of(line: &str) -> Option<&str> {
    let typed = line.strip_prefix("$ ").or_else(|| line.strip_prefix("    "))?.trim_start();
    // Behind the command stands what it is for.
    Some(typed.split("    ").next().unwrap_or(typed))
}

/// The commands of a page: lines of their own, and what stands between backquotes in its text.
fn commands_of(page: &str) -> BTreeSet<String> {
    let lines = page.lines().filter_map(line_of);
    let prose = page.lines().filter(|line| line_of(line).is_none()).collect::<Vec<_>>().join(" ");
    let quoted = prose.split('`').skip(1).step_by(2);
    let all = lines.chain(quoted).filter(|typed| typed.starts_with("edbmend "));
    all.map(str::to_owned).collect()
}

fn name_here(word: &str) -> &str {
    NAMES.iter().find(|(name, _)| *name == word).map_or(word, |(_, here)| here)
}

/// A command with what it needs here: names that stand for others are replaced, and where there is no path at all, as
/// where a page names `edbmend recover --dry-run`, it gets one.
fn placed(typed: &str) -> String {
    let typed = PLACES.iter().fold(typed.to_owned(), |typed, (from, to)| typed.replace(from, to));
    let words: Vec<&str> = typed.split_whitespace().map(name_here).collect();
    let has_path = words.iter().any(|word| {
        ["practice", "mdbdata", "man8", "E00"].iter().any(|path| word.starts_with(path))
            || word.contains(".edb")
            || word.contains("$mnt")
    });
    let more = match words[1] {
        "check" | "list" | "reset-logs" => " practice",
        "explain" | "man" | "completions" | "demo" | "help" => "",
        flag if flag.starts_with('-') => "",
        _ => " practice/priv1.edb",
    };
    words.join(" ") + if has_path { "" } else { more }
}

/// A folder with the practice group in `practice`, `mdbdata` and in itself, and a program `edbmend` that keeps the
/// exit codes of its runs.
struct Desk {
    case: Case,
}

impl Desk {
    fn new() -> Self {
        let case = Case::new();
        let practice = case.path().join("practice");
        for copy in ["mdbdata", ".", "exchsrvr/mdbdata"].map(|name| case.path().join(name)) {
            fs::create_dir_all(&copy).unwrap();
            for file in fs::read_dir(&practice).unwrap().map(|entry| entry.unwrap()) {
                fs::copy(file.path(), copy.join(file.file_name())).unwrap();
            }
        }
        for folder in ["man8", "bin", "bash_completion.d", "fish/completions"] {
            fs::create_dir_all(case.path().join(folder)).unwrap();
        }
        let program = case.path().join("bin/edbmend");
        let script = format!(
            "#!/bin/sh\n'{PROGRAM}' \"$@\"\ncode=$?\necho $code >> '{}'\nexit $code\n",
            case.path().join("codes").display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { case }
    }

    /// The exit codes of the program when a shell runs this command, and what it said.
    fn type_in(&self, typed: &str) -> (Vec<i32>, String) {
        let here = self.case.path();
        let search = format!("{}:{}", here.join("bin").display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-c", typed]).current_dir(here).stdin(Stdio::null());
        let ran = shell.env("PATH", search).env("mnt", here).env("PROFILE", "profile.ps1");
        let ran = ran.output().unwrap();
        let codes = fs::read_to_string(here.join("codes")).unwrap_or_default();
        let said = [ran.stdout, ran.stderr].concat();
        let codes = codes.lines().map(|code| code.parse().unwrap()).collect();
        (codes, String::from_utf8_lossy(&said).into_owned())
    }
}

/// By what a page calls an operation folder, and what leaves one.
const DEEDS: [(&str, &str); 2] = [
    ("-repair-", "edbmend repair --yes practice/priv1.edb"),
    (
        "-reset-logs-",
        "edbmend reset-logs --yes --db practice/priv1.edb --db practice/pub1.edb practice",
    ),
];

/// A command in which the operation folder of a page is one that lies here.
fn with_operation(desk: &Desk, typed: &str) -> String {
    for (kind, deed) in DEEDS {
        let Some(named) = typed.split_whitespace().find(|word| word.contains(kind)) else {
            continue;
        };
        let (codes, said) = desk.type_in(deed);
        assert_eq!(codes, [0], "{said}");
        fs::remove_file(desk.case.path().join("codes")).unwrap();
        let folder = operations_in(&desk.case.path().join("practice/edbmend")).remove(0);
        return typed.replace(named, folder.to_str().unwrap());
    }
    typed.to_owned()
}

#[test]
fn each_command_that_a_page_names_is_taken_by_the_program() {
    let mut seen = BTreeSet::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for typed in commands_of(&text).into_iter().filter(|typed| seen.insert(typed.clone())) {
            let desk = Desk::new();
            let command = with_operation(&desk, &placed(&typed));
            let (codes, said) = desk.type_in(&command);
            // It was understood, and found what it was to look at.
            assert!(
                !codes.is_empty() && codes.iter().all(|code| [0, 1, 3].contains(code)),
                "{}: {typed}: {codes:?} of {command}\n{said}",
                page.display()
            );
        }
    }
    assert!(seen.len() > 60, "{}", seen.len());
}

#[test]
fn what_is_in_an_operation_folder_is_proven_by_the_lines_of_its_page() {
    let page = text_of("docs/operation-folder.md");
    let lines: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| ["cd ", "sha256sum ", "head "].iter().any(|word| line.starts_with(word)))
        .collect();
    let desk = Desk::new();
    let typed = with_operation(&desk, &lines.join(" && "));
    let (_, said) = desk.type_in(&typed);
    assert_eq!(lines.len(), 3);
    for words in ["header-before.bin: OK", "plan.json: OK", "edbmend repair --yes"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
#[ignore = "needs strace"]
fn an_interrupted_repair_is_shown_as_its_page_prints_it() {
    needs::strace();
    let case = Case::new();
    leave_pending(&case.path().join("practice/priv1.edb"), "forward");
    run_as_printed_in(&case, &printed_in(&text_of("docs/recover.md")), 1);
}

/// A repair that was undone, and a log reset that is killed at the `nth` file that it renames.
fn repaired_undone_and_killed_at(nth: u32) -> Case {
    let case = Case::new();
    for typed in
        ["repair --yes practice/priv1.edb", "restore --yes practice/edbmend/edbmend-*-repair-*"]
    {
        assert_eq!(case.run(typed).0, Some(0), "{typed}");
    }
    let practice = case.path().join("practice");
    let database = |name: &str| practice.join(name).to_str().unwrap().to_owned();
    let (first, second) = (database("priv1.edb"), database("pub1.edb"));
    let words = ["reset-logs", "--yes", "--db", &first, "--db", &second];
    assert!(is_killed_at(&words, &practice, "?rename,renameat,renameat2", nth), "{nth}");
    case
}

#[test]
#[ignore = "needs strace"]
fn the_operations_are_listed_as_the_page_prints_them() {
    needs::strace();
    let mut cases = (1..10).map(repaired_undone_and_killed_at);
    let is_moving = |case: &Case| !case.path().join("practice/E0000001.log").exists();
    let case = cases.find(is_moving).expect("a kill when logs had begun to move");
    run_as_printed_in(&case, &printed_in(&text_of("docs/list.md")), 1);
}

/// What lies in the clone and is named where a page has one run it.
#[test]
fn each_script_example_and_test_that_a_page_has_one_run_is_there() {
    let mut seen = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let words: Vec<&str> = text
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && !"./".contains(c)))
            .collect();
        for pair in words.windows(2) {
            let file = match pair {
                ["--example", name] => format!("examples/{name}.rs"),
                ["--test", name] => format!("tests/{name}/main.rs"),
                [script, _] if script.starts_with("scripts/") || *script == "benches/run" => {
                    script.trim_end_matches('.').to_string()
                }
                _ => continue,
            };
            assert!(root().join(&file).exists(), "{}: {file}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}
