//! `verify` page by page against an independent checker, and against the engine's own summaries.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use edbmend::survey::{PageFacts, PageLayout};

use crate::harness::sets::databases_below;
use crate::harness::{files, needs, run, run_on};

/// Prints the verdict of each page of a database: number, verdict.
const CHECKER: &str = "
import sys
sys.path.insert(0, sys.argv[1])
import ese_checksum_check as checker
data = open(sys.argv[2], 'rb').read()
size, good, _, _ = checker.open_database(data)
pages = len(data) // size
for number in (-1, 0):
    print(number, 'ok' if good[number + 1] else 'bad')
for number in range(1, pages - 1):
    page = data[(number + 1) * size:(number + 2) * size]
    verdict = checker.check_page(page, number)[0]
    # A trailer has the plain checksum and the page number 0: for the engine it is good.
    if verdict == 'wrong-pgno' and number == pages - 2 and checker.is_trailer(page):
        verdict = 'ok'
    print(number, verdict)
";

/// What the independent checker says of each page; `None` where the header gives it no page size.
fn checker_verdicts(database: &Path) -> Option<BTreeMap<i64, String>> {
    let mut command = Command::new("python3");
    command.args(["-c", CHECKER]).arg(files::shared_folder().join("tools")).arg(database);
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("python3 starts");
    let text = String::from_utf8(output.stdout).expect("text");
    output.status.success().then(|| {
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(number, verdict)| (number.parse().unwrap(), verdict.to_owned())).collect()
    })
}

/// The verdict of one page in the checker's words.
fn verdict(layout: PageLayout, page: &[u8], offset: u64) -> &'static str {
    let mut facts = PageFacts::default();
    facts.judge(layout, page, offset);
    assert_eq!(facts.total, 1);
    match facts {
        PageFacts { ok: 1, .. } => "ok",
        PageFacts { empty: 1, .. } => "empty",
        PageFacts { correctable: 1, .. } => "correctable",
        PageFacts { bad_checksums: 1, .. } => "bad",
        PageFacts { wrong_page_numbers: 1, .. } => "wrong-pgno",
        _ => "?",
    }
}

#[test]
#[ignore = "needs the real files and python3"]
fn every_page_of_every_file_has_the_verdict_of_an_independent_checker() {
    needs::real_files();
    needs::usable("python3", &["--version"]);
    let (mut files, mut pages) = (0, 0);
    for sample in databases_below("real").iter().chain(&databases_below("engine")) {
        let unpacked = tempfile::tempdir().unwrap();
        let path = unpacked.path().join("database.edb");
        std::fs::write(&path, &sample.bytes).unwrap();
        let ran = run_on(&["verify"], &path);
        let Some(expected) = checker_verdicts(&path) else {
            assert_eq!(ran.exit_code(), 4, "{}: {}", sample.path, ran.stdout);
            continue;
        };
        let report = ran.json();
        let found = &report["pages"];
        let count = |word: &str| expected.values().filter(|verdict| *verdict == word).count();
        let bad = expected.len() - count("ok") - count("empty");
        assert_eq!(found["total"], expected.len(), "{}", sample.path);
        assert_eq!(found["ok"], count("ok"), "{}", sample.path);
        assert_eq!(found["empty"], count("empty"), "{}", sample.path);
        assert_eq!(found["correctable"], count("correctable"), "{}", sample.path);
        assert_eq!(found["bad"].as_array().unwrap().len(), bad, "{}", sample.path);
        assert_eq!(ran.exit_code(), i32::from(bad > 0), "{}", sample.path);
        let layout = PageLayout::of(sample.bytes.len() as u64, sample.page_size());
        for (page, (number, expected)) in sample.bytes.chunks(sample.page_size()).zip(expected) {
            let offset = (number + 1) as u64 * sample.page_size() as u64;
            assert_eq!(verdict(layout, page, offset), expected, "{} {number}", sample.path);
            pages += 1;
        }
        files += 1;
    }
    println!("{pages} pages of {files} files");
    assert!(files >= 30, "only {files} files");
}

#[test]
#[ignore = "needs the real files"]
fn the_summary_is_that_of_the_engine() {
    needs::real_files();
    let mut files = 0;
    for sample in databases_below("engine") {
        let folder = files::shared_folder().join("data").join(&sample.path);
        let Ok(dump) = std::fs::read_to_string(folder.with_file_name("k.txt")) else { continue };
        if !dump.contains("File: test.edb") {
            continue;
        }
        let unpacked = sample.unpack_as_it_is();
        let ran = run([Path::new("verify"), &unpacked.database]);
        let ours: Vec<&str> = ran.stdout.lines().map(str::trim).collect();
        let from = dump.lines().skip_while(|line| !line.ends_with(" pages seen"));
        let theirs: Vec<&str> = from.take_while(|line| !line.is_empty()).collect();
        assert_eq!(theirs.len(), 6, "{}", sample.path);
        for line in theirs {
            assert!(ours.contains(&line.trim()), "{}: {line}\n{}", sample.path, ran.stdout);
        }
        assert_eq!(ran.exit_code(), 0, "{}", sample.path);
        files += 1;
    }
    assert!(files >= 5, "only {files} summaries");
}
