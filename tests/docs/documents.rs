//! The documentation says what the program does: every id has its section, every link leads
//! somewhere, and the first repair of the README runs as it is printed there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use edbmend::diagnose::FindingId;
use edbmend::practice::{Recipe, storage_group};
use edbmend::refusal::RefusalId;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{root, source_files, text_of};
use crate::harness::PROGRAM;

/// The pages of the documentation.
pub fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let others = [
        "README.md",
        "SAFETY.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "contrib/README.md",
        "contrib/ansible/ansible_collections/edbmend/ese/README.md",
        "samples/README.md",
        "tests/README.md",
        "tests/data/README.md",
        "tests/data/operations-0.1.0/README.md",
    ]
    .map(|page| root().join(page));
    docs.filter(|page| page.extension().is_some_and(|e| e == "md")).chain(others).collect()
}

/// Every id of a type: the deserialiser's answer to an unknown one lists them all, so that no list
/// has to be kept.
fn ids_of<Id: DeserializeOwned>() -> BTreeSet<String> {
    let answer = serde_json::from_str::<Id>("\"?\"").err().expect("no id is called ?").to_string();
    let (_, listed) = answer.split_once("expected one of").expect("the answer lists the ids");
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The anchors of a page, as they are made from its headings.
fn anchors_of(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

/// The headings of the second level, as they stand there.
fn sections_of(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

#[test]
fn every_finding_has_its_section_and_every_section_its_finding() {
    let ids = ids_of::<FindingId>();
    assert!(ids.contains("no-logging") && ids.len() >= 20);
    assert_eq!(sections_of(&text_of("docs/findings.md")), ids);
}

#[test]
fn every_refusal_has_its_section_and_every_section_its_refusal() {
    let ids = ids_of::<RefusalId>();
    assert!(ids.contains("usage") && ids.len() >= 27);
    let page = text_of("docs/guards.md");
    assert_eq!(sections_of(&page), ids);
    let (_, failures) = page.split_once("# Failures").unwrap();
    let failures = sections_of(failures);
    for id in ids {
        let parsed: RefusalId = serde_json::from_value(id.clone().into()).unwrap();
        assert_eq!(parsed.is_guard(), !failures.contains(&id), "{id} stands in the wrong half");
    }
}

#[test]
fn the_safety_page_names_every_guard() {
    let safety = text_of("SAFETY.md");
    for id in ids_of::<RefusalId>() {
        let parsed: RefusalId = serde_json::from_value(id.clone().into()).unwrap();
        let link = format!("(docs/guards.md#{id})");
        assert_eq!(safety.contains(&link), parsed.is_guard(), "{id}");
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let links: usize = pages().iter().map(|page| follow_links(page)).sum();
    assert!(links > 80, "only {links} links were found");
}

/// Follows every relative link of a page; gives back how many there are.
pub fn follow_links(page: &Path) -> usize {
    let text = std::fs::read_to_string(page).unwrap();
    let mut links = 0;
    for target in link_targets(&text) {
        let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
        let path = match path {
            "" => page.to_owned(),
            path => page.with_file_name("").join(path),
        };
        let there = path.exists();
        assert!(there, "{}: {target} is not there", page.display());
        let anchors = || anchors_of(&std::fs::read_to_string(&path).expect("a page with anchors"));
        assert!(
            fragment.is_empty() || anchors().contains(fragment),
            "{}: {target} has no such heading",
            page.display()
        );
        links += 1;
    }
    links
}

/// What stands between `](` and `)`, but for addresses on the web.
fn link_targets(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    ends.map(|(target, _)| target).filter(|target| !target.contains("://"))
}

/// A command of the README, what it prints there, and the exit code that the text names.
#[derive(Default)]
pub struct Printed {
    /// Behind the program, as a shell reads it.
    typed: String,
    output: String,
    exit_code: Option<i32>,
}

fn first_repair() -> Vec<Printed> {
    let readme = text_of("README.md");
    let (_, section) = readme.split_once("## A first repair").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("the section's end");
    printed_in(section)
}

/// Commands are the lines `$ edbmend ...` in the blocks of a text; the first "Exit code N" behind one
/// is its own.
pub fn printed_in(section: &str) -> Vec<Printed> {
    let mut commands: Vec<Printed> = Vec::new();
    let mut in_block = false;
    for line in section.lines() {
        if line.starts_with("```") {
            in_block = line == "```console";
        } else if let Some(typed) = line.strip_prefix("$ edbmend ") {
            commands.push(Printed { typed: typed.to_owned(), ..Printed::default() });
        } else if let Some(command) = commands.last_mut() {
            if in_block {
                command.output += line;
                command.output.push('\n');
            } else if let (None, Some((_, rest))) =
                (command.exit_code, line.split_once("Exit code "))
            {
                let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap();
                command.exit_code = digits.parse().ok();
            }
        }
    }
    commands
}

/// Lines are wrapped by the length of a path: only the words count. Time and id of an operation are new in every run.
fn words(text: &str) -> String {
    let words = text.split_whitespace().map(|word| match word.find("/edbmend-") {
        Some(at) => format!("{}OPERATION", &word[..=at]),
        None if is_when(word) => "WHEN".to_owned(),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A day, `2026-11-23`, or a time, `02:40:12`.
fn is_when(word: &str) -> bool {
    let shape = word.replace(|c: char| c.is_ascii_digit(), "0");
    shape == "0000-00-00" || shape == "00:00:00"
}

/// A folder that has the practice files in `practice`, and stands for the `/mnt/case` of the text.
pub struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("practice")).unwrap();
        for file in storage_group(&Recipe::of_samples()) {
            std::fs::write(folder.path().join("practice").join(&file.name), &file.bytes).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Exit code and standard output of a command that a shell runs in the folder.
    pub fn run(&self, typed: &str) -> (Option<i32>, String) {
        let case = self.folder.path().canonicalize().unwrap();
        let command = format!("'{}' {typed}", PROGRAM);
        let mut shell = Command::new("sh");
        let ran = shell.args(["-c", &command]).stdin(Stdio::null()).current_dir(&case);
        let ran = ran.output().unwrap();
        let output = String::from_utf8(ran.stdout).unwrap();
        (ran.status.code(), output.replace(case.to_str().unwrap(), "/mnt/case"))
    }
}

#[test]
fn the_first_repair_of_the_readme_runs_as_it_is_printed() {
    run_as_printed(&first_repair(), 4);
}

/// What a picture of a terminal shows, without its command line.
fn words_in(picture: &str) -> String {
    let (_, lines) = picture.split_once("</style>").expect("a style");
    let shown = lines.split('<').filter_map(|piece| Some(piece.split_once('>')?.1));
    let text = shown.collect::<String>();
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&amp;", "&")];
    let text = entities.iter().fold(text, |text, (entity, letter)| text.replace(entity, letter));
    let (_, printed) = text.split_once("$ edbmend check practice").expect("the command");
    words(printed)
}

#[test]
fn the_picture_of_the_readme_shows_what_is_printed() {
    let (_, printed) = Case::new().run("check practice");
    let drawn = words_in(&text_of("docs/first-screen.svg"));
    assert_eq!(drawn, words(&printed), "it is drawn by scripts/draw-screen");
}

/// Who has a broken store does not read on for long.
#[test]
fn the_readme_says_in_twenty_lines_whose_case_it_is() {
    let readme = text_of("README.md");
    let head = readme.lines().take(20).collect::<Vec<_>>().join("\n");
    for command in ["check", "repair", "rebuild-header", "reset-logs", "recover", "list"] {
        assert!(head.contains(&format!("edbmend {command} ")), "{command}: {head}");
    }
    assert!(head.contains("4294967295") && head.contains("event 459"), "{head}");
}

#[test]
fn the_five_minutes_run_as_they_are_printed() {
    run_as_printed(&printed_in(&text_of("docs/start.md")), 9);
}

#[test]
fn the_log_reset_runs_as_it_is_printed() {
    run_as_printed(&printed_in(&text_of("docs/reset-logs.md")), 1);
}

fn run_as_printed(commands: &[Printed], count: usize) {
    run_as_printed_in(&Case::new(), commands, count);
}

pub fn run_as_printed_in(case: &Case, commands: &[Printed], count: usize) {
    assert_eq!(commands.len(), count);
    for printed in commands {
        let shown = &printed.typed;
        let (exit_code, real) = case.run(shown);
        assert_eq!(exit_code, Some(printed.exit_code.expect(shown)), "{shown}");
        let real = words(&real);
        let mut rest = real.as_str();
        for piece in printed.output.split("...\n").map(words).filter(|piece| !piece.is_empty()) {
            let at = rest.find(&piece);
            let at = at.unwrap_or_else(|| panic!("{shown} does not print:\n{piece}\nbut:\n{real}"));
            rest = &rest[at + piece.len()..];
        }
    }
}

/// Whether everything in the shortened value stands in the whole one, in the same order.
fn holds(whole: &Value, shortened: &Value) -> bool {
    match (whole, shortened) {
        (Value::Object(whole), Value::Object(shortened)) => {
            shortened.iter().all(|(key, value)| whole.get(key).is_some_and(|w| holds(w, value)))
        }
        (Value::Array(whole), Value::Array(shortened)) => {
            let mut rest = whole.iter();
            // An empty list is no shortened one.
            (whole.is_empty() || !shortened.is_empty())
                && shortened.iter().all(|value| rest.any(|w| holds(w, value)))
        }
        _ => whole == shortened,
    }
}

#[test]
fn the_json_example_is_what_the_program_prints() {
    let page = text_of("docs/json.md");
    let (command, rest) = page.split_once("$ edbmend ").unwrap().1.split_once('\n').unwrap();
    let example = rest.split_once("\n    {").unwrap().1.split_once("\n    }").unwrap().0;
    let example: Value = serde_json::from_str(&format!("{{{example}}}")).unwrap();
    let (exit_code, real) = Case::new().run(command);
    assert_eq!(exit_code, Some(0));
    let real: Value = serde_json::from_str(&real).unwrap();
    assert!(holds(&real, &example), "{real:#}\ndoes not hold\n{example:#}");
}

/// Exit code, standard output and standard error of `edbmend explain`.
fn explain(topic: &str) -> (Option<i32>, String, String) {
    let ran = Command::new(PROGRAM).args(["explain", topic]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

#[test]
fn explain_prints_the_section_of_every_id_and_exit_code() {
    let (findings, refusals) = (ids_of::<FindingId>(), ids_of::<RefusalId>());
    let codes = (0..8).map(|code| code.to_string());
    for topic in findings.iter().chain(&refusals).cloned().chain(codes) {
        let (code, text, _) = explain(&topic);
        assert_eq!(code, Some(0), "{topic}");
        for (title, ids) in [("Finding", &findings), ("Refusal", &refusals)] {
            assert_eq!(text.contains(&format!("{title} {topic}\n")), ids.contains(&topic));
        }
        assert!(text.lines().count() >= 3, "{topic}: {text}");
        let fits = text.lines().all(|line| line.chars().count() <= 80 && !line.contains("]("));
        assert!(fits, "{text}");
    }
}

#[test]
fn explain_names_what_is_near_an_unknown_id() {
    let (code, _, error) = explain("full-backup-gen");
    assert_eq!(code, Some(2));
    assert!(error.contains("full-backup-gen-invalid"), "{error}");
    let (code, _, error) = explain("8");
    assert!(code == Some(2) && error.contains("edbmend explain lists all"), "{error}");
}

/// The cells of each line of the page about the numbers of the engine.
fn numbers() -> Vec<[String; 5]> {
    let page = std::fs::read_to_string("docs/numbers.md").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| -") || line.starts_with("| event"));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect();
    rows.map(|row| Vec::try_into(cells(row)).unwrap()).collect()
}

#[test]
fn explain_knows_every_number_by_its_sign_its_digits_and_its_name() {
    let findings = ids_of::<FindingId>();
    assert!(numbers().len() > 130);
    for [number, name, meaning, foretold_by, _] in numbers() {
        let digits = number.trim_start_matches("event ").trim_start_matches('-');
        let mut ways = vec![digits.to_owned(), name.to_lowercase()];
        if let Ok(error) = number.parse::<i32>() {
            let backup_result = 0xc800_0000_u32 + error.unsigned_abs();
            ways.extend([number.clone(), format!("{error:#x}"), format!("0x{backup_result:08X}")]);
        }
        for way in ways {
            let (code, text, error) = explain(&way);
            assert_eq!(code, Some(0), "{way}: {error}");
            let words = |text: &str| text.to_lowercase().split_whitespace().collect::<String>();
            assert!(text.contains(&name) && words(&text).contains(&words(&meaning)), "{text}");
            let fits = text.lines().skip(1).all(|line| line.chars().count() <= 80);
            assert!(fits, "{text}");
        }
        for id in foretold_by.split(", ").filter(|id| !id.is_empty()) {
            assert!(findings.iter().any(|known| known == id), "{number}: {id}");
        }
    }
}

#[test]
fn explain_tells_an_event_from_an_error_where_asked() {
    let asked = |words: &[&str]| {
        let ran = Command::new(PROGRAM).arg("explain").args(words).output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{words:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let both = asked(&["528"]);
    assert!(both.contains("Error -528 (0xfffffdf0) JET_errMissingLogFile"), "{both}");
    assert!(both.contains("Event 528 "), "{both}");
    assert!(!asked(&["event", "528"]).contains("Error -528"));
    assert!(!asked(&["error", "528"]).contains("Event 528"));
    assert!(asked(&["-1216", "0xC8000230"]).contains("JET_errMissingFullBackup"));
    let events = asked(&["event"]);
    assert_eq!(events.lines().count(), numbers().iter().filter(|n| n[0].contains("event")).count());
}

#[test]
fn a_report_points_once_to_the_explanation_of_what_went_wrong() {
    let case = Case::new();
    let run = |typed: &str| case.run(typed).1;
    let ending = "\nMore: edbmend explain full-backup-gen-invalid\n";
    let bad = run("check practice");
    assert!(bad.contains(ending) && bad.matches("edbmend explain").count() == 1, "{bad}");
    assert!(run("repair practice/priv1.edb").ends_with("explain confirmation-needed\n"));
    assert!(!run("check practice/pub1.edb").contains("edbmend explain"));
    assert!(!run("check --quiet practice").contains("edbmend explain"));
    assert!(!run("repair --dry-run practice/priv1.edb").contains("edbmend explain"));
}

/// What a test needs: `#[ignore = "needs root and strace"]`, also behind what is slow.
fn needs_of_tests() -> BTreeSet<String> {
    let mut needs = BTreeSet::new();
    for file in source_files(&root().join("tests")) {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let attributes = text.lines().filter_map(|line| line.trim().strip_prefix("#[ignore"));
        for attribute in attributes {
            let reason = attribute.trim_start_matches(" = \"").trim_end_matches("\"]");
            let told = reason.starts_with("needs ") || reason.starts_with("slow: ");
            assert!(told, "{}: {attribute}", file.display());
            let all = reason.split_once("needs ").map_or("", |(_, needs)| needs);
            let each = all.split(", ").flat_map(|needs| needs.split(" and "));
            needs.extend(each.filter(|need| !need.is_empty()).map(str::to_owned));
        }
    }
    needs
}

#[test]
fn every_need_of_a_test_is_in_the_map_and_is_looked_for() {
    let (map, check) = (text_of("tests/README.md"), text_of(".ci/run"));
    let (_, table) = map.split_once("## What they may need").unwrap();
    let needs = needs_of_tests();
    for need in &needs {
        let is_probed = [format!("    need {need} "), format!("    need \"{need}\" ")];
        assert!(is_probed.iter().any(|line| check.contains(line)), ".ci/run: {need}");
        assert!(table.contains(need.as_str()), "tests/README.md: {need}");
    }
    assert!(needs.len() > 20, "{needs:?}");
}
