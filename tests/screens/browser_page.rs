//! `edbmend.html` in a real browser: what it says is what the program says, and nothing leaves it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::picked::{folders_with_files, without_run};
use crate::harness::{Group, edit_database, files, needs, run};
use serde_json::Value;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/page/edbmend.html");

/// Where the pictures and the reports of the page stay, to be looked at.
const OUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/pictures-of-the-page");

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/look-with-page.mjs");

#[track_caller]
fn need_page() {
    needs::programs(&["chromium"]);
    needs::usable("node", &["-e", "require('playwright-core'); require('axe-core')"]);
    assert!(Path::new(PAGE).is_file(), "this test needs the page: scripts/build-page --install");
}

/// Gives folders to the page, and compares each report with that of the program.
#[track_caller]
fn expect_one_answer(folders: &[PathBuf], out: &str) {
    let out = Path::new(OUT).join(out);
    let _ = fs::remove_dir_all(&out);
    let words = [Path::new(SCRIPT), Path::new(PAGE), &out];
    let ran = Command::new("node").args(words).args(folders).output().unwrap();
    let said = [ran.stdout, ran.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(ran.status.success(), "{}", said.concat());
    for (number, folder) in folders.iter().enumerate() {
        let folder = fs::canonicalize(folder).unwrap();
        for (flag, ending) in [(None, ""), (Some("--deep"), "-deep")] {
            let words = [Some("check"), folder.to_str(), Some("--json"), flag];
            let program = run(words.into_iter().flatten()).json().clone();
            let program = without_run(program, folder.parent().unwrap());
            let page = fs::read_to_string(out.join(format!("{number}{ending}.json"))).unwrap();
            let page = without_run(serde_json::from_str(&page).unwrap(), Path::new("nowhere"));
            assert_eq!(page, program, "{} {flag:?}", folder.display());
        }
    }
}

#[test]
#[ignore = "needs Chromium, the page"]
fn the_page_says_what_the_program_says_and_nothing_is_wrong_with_it() {
    need_page();
    let groups: Vec<Group> = (0..5).map(|_| Group::new()).collect();
    let [practice, harm, dirty, gap, lost] = groups.as_slice() else { panic!("five groups") };
    let harmful = "<img src=x onerror=alert(1)>\u{202e}\"&.edb";
    fs::copy(harm.path("priv1.edb"), harm.path(harmful)).unwrap();
    edit_database(&dirty.path("priv1.edb"), |header| header.state = 2.into());
    fs::remove_file(gap.path("E0000002.log")).unwrap();
    lost.edit("priv1.edb", |bytes| bytes[..16384].fill(0));
    let folders: Vec<_> = [practice, harm, dirty, gap, lost].map(|group| group.dir.clone()).into();
    expect_one_answer(&folders, "made-up");
}

#[test]
#[ignore = "needs Chromium, the page, the real files"]
fn the_page_says_of_every_real_set_what_the_program_says() {
    need_page();
    needs::real_files();
    let parts = ["engine", "real", "cases", "crash"].map(files::unpack_all);
    let folders: Vec<_> = parts.iter().flat_map(|part| folders_with_files(part.path())).collect();
    assert!(folders.len() > 100, "{}", folders.len());
    expect_one_answer(&folders, "real");
}

#[test]
#[ignore = "needs Firefox, the page"]
fn firefox_says_it_too() {
    needs::programs(&["firefox-esr", "node"]);
    assert!(Path::new(PAGE).is_file(), "this test needs the page: scripts/build-page --install");
    let group = Group::new();
    let names = fs::read_dir(&group.dir).unwrap().map(|entry| entry.unwrap().path());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/look-with-firefox.mjs");
    let ran = Command::new("node").args([script, PAGE]).args(names).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let page: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let program = run(["check", group.dir.to_str().unwrap(), "--json"]);
    // Files that were picked one by one have no folder.
    let page = without_run(page, Path::new("."));
    assert_eq!(page, without_run(program.json().clone(), &group.dir));
}
