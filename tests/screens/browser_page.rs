//! `edbmend.html` in a real browser: what it says is what the program says, everything on it works, and nothing leaves it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::picked::{folders_with_files, without_run};
use crate::harness::{Group, edit_database, files, names, needs, run};
use edbmend::practice::Recipe;
use serde_json::Value;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/page/edbmend.html");

/// Where the pictures and the reports of the page stay, to be looked at.
const OUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/pictures-of-the-page");

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");

/// A name that is markup, script and a line that is turned round.
const HARM: &str = "<img src=x onerror=alert(1)>\u{202e}\"&'-alert(2)-'";

#[track_caller]
fn need_page() {
    assert!(Path::new(PAGE).is_file(), "this test needs the page: scripts/build-page --install");
}

#[track_caller]
fn need_chromium() {
    needs::programs(&["chromium"]);
    needs::usable("node", &["-e", "require('playwright-core'); require('axe-core')"]);
}

/// Runs a script on files, which has to find nothing wrong; what it printed.
#[track_caller]
fn browse<S: AsRef<OsStr>>(script: &str, words: impl IntoIterator<Item = S>) -> Vec<u8> {
    let ran = Command::new("node").arg(Path::new(SCRIPTS).join(script)).args(words).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{script}: {}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

/// An empty folder for what a script leaves.
fn out(name: &str) -> PathBuf {
    let out = Path::new(OUT).join(name);
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out).unwrap();
    out
}

/// The names in a folder.
fn names_in(folder: &Path) -> Vec<String> {
    names(folder).into_iter().map(|name| name.into_string().unwrap()).collect()
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// What the page says in a file is what the program says of a folder.
#[track_caller]
fn expect_same(page: &Path, folder: &Path, more: &[&str], above: &Path) {
    let words = ["check", folder.to_str().unwrap(), "--json"];
    let program = without_run(run(words.iter().chain(more)).json().clone(), above);
    let page = without_run(json(page), Path::new("."));
    assert_eq!(page, program, "{} {more:?}", folder.display());
}

/// Gives folders to the page, and compares each report with that of the program.
#[track_caller]
fn expect_one_answer(folders: &[PathBuf], name: &str) {
    let out = out(name);
    let folders: Vec<_> = folders.iter().map(|folder| fs::canonicalize(folder).unwrap()).collect();
    let words = [Path::new(PAGE), &out].into_iter().chain(folders.iter().map(PathBuf::as_path));
    browse("page/reports.mjs", words);
    for (number, folder) in folders.iter().enumerate() {
        let above = folder.parent().unwrap();
        expect_same(&out.join(format!("{number}.json")), folder, &[], above);
        expect_same(&out.join(format!("{number}-deep.json")), folder, &["--deep"], above);
    }
}

#[test]
#[ignore = "needs Chromium, the page"]
fn the_page_says_what_the_program_says() {
    need_chromium();
    need_page();
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join(HARM);
    fs::create_dir(&named).unwrap();
    let groups: [Group; 5] = std::array::from_fn(|_| Group::new());
    let [practice, dirty, gap, bad, lost] = &groups;
    let harm = Group::at(&named);
    fs::rename(harm.path("priv1.edb"), harm.path(&format!("{HARM}.edb"))).unwrap();
    fs::copy(harm.path("E00.log"), harm.path(&format!("{HARM}.log"))).unwrap();
    edit_database(&dirty.path("priv1.edb"), |header| header.state = 2.into());
    fs::remove_file(gap.path("E0000002.log")).unwrap();
    bad.edit("priv1.edb", |bytes| bytes[20_000] ^= 1);
    lost.edit("priv1.edb", |bytes| bytes[..16384].fill(0));
    let folders: Vec<_> =
        [practice, &harm, dirty, gap, bad, lost].map(|group| group.dir.clone()).into();
    expect_one_answer(&folders, "made-up");
}

#[test]
#[ignore = "needs Chromium, the page"]
fn everybody_can_read_the_page() {
    need_chromium();
    need_page();
    let group = Group::new();
    browse("page/looks.mjs", [Path::new(PAGE), &out("looks"), &group.dir]);
}

#[test]
#[ignore = "needs Chromium, the page"]
fn everything_on_the_page_works() {
    need_chromium();
    need_page();
    let (folder, out) = (tempfile::tempdir().unwrap(), out("uses"));
    let above = folder.path().canonicalize().unwrap();
    let (named, large) = (above.join(HARM), above.join("large"));
    [&named.join("logs"), &large].into_iter().for_each(|dir| fs::create_dir_all(dir).unwrap());
    let group = Group::at(&named);
    for name in names_in(&group.dir).iter().filter(|name| name.starts_with("E00")) {
        fs::copy(group.path(name), group.path("logs").join(name)).unwrap();
    }
    fs::copy(group.path("priv1.edb"), group.path(&format!("{HARM}.edb"))).unwrap();
    fs::copy(group.path("priv1.edb"), large.join("priv1.edb")).unwrap();
    File::options().write(true).open(large.join("priv1.edb")).unwrap().set_len(64 << 30).unwrap();

    let wide = Group::of(&Recipe { log_file_sectors: 16, pages: 300, ..Recipe::default() });

    browse("page/uses.mjs", [Path::new(PAGE), &out, &group.dir, &large, &wide.dir]);
    expect_same(&out.join("parts.json"), &wide.dir, &["--deep"], wide.dir.parent().unwrap());
    let files: Vec<_> = names_in(&group.dir).into_iter().filter(|name| name != "logs").collect();
    for name in files {
        let file = group.path(&name);
        let program = run(["inspect", "--records", file.to_str().unwrap()])
            .stdout
            .replace(&format!("{}/", above.display()), "");
        let page = fs::read_to_string(out.join(format!("dump-{name}.txt"))).unwrap();
        assert_eq!(page.trim(), program.trim());
    }
    let explained = fs::read_to_string(out.join("explained.txt")).unwrap();
    assert_eq!(explained.trim(), run(["explain", "-1216"]).stdout.trim());
    let logs = group.path("logs");
    expect_same(&out.join("logs.json"), &group.dir, &["--log-dir", logs.to_str().unwrap()], &above);
    expect_same(&out.join("dropped.json"), &group.dir, &[], &above);
    assert_eq!(json(&out.join("saved.json")), json(&out.join("logs.json")));
    fs::remove_dir_all(&logs).unwrap();
    // Files that were picked one by one have no folder, so none that a shell would have to quote.
    let plain = above.join("plain");
    fs::rename(&group.dir, &plain).unwrap();
    expect_same(&out.join("files.json"), &plain, &[], &plain);
    browse("look-at-pages.mjs", [&out, &out.join("saved.html")]);
}

#[test]
#[ignore = "needs Chromium, the page"]
fn of_ten_thousand_logs_the_states_come_first_and_the_answer_soon() {
    need_chromium();
    need_page();
    let many =
        Recipe { current_generation: 10_001, log_file_sectors: 16, pages: 4, ..Recipe::default() };
    let group = Group::of(&many);
    let told = browse("page/measure.mjs", [Path::new(PAGE), &group.dir]);
    let told: Value = serde_json::from_slice(&told).unwrap();
    println!("{told}");
    let figure = |name: &str| told[name].as_f64().unwrap();
    let heads = 10_000.0 * 4096.0;
    assert!(figure("read_bytes") > heads, "{told}");
    assert!(0.0 < figure("first_seconds") && figure("first_bytes") < heads / 100.0, "{told}");
    // A browser takes a millisecond or more for each read, so the heads come many at once.
    assert!(figure("reads") < 200.0, "{told}");
    assert!(figure("memory_bytes") <= 64.0 * 1024.0 * 1024.0, "{told}");
}

#[test]
#[ignore = "needs Firefox, the page"]
fn firefox_says_it_too() {
    needs::programs(&["firefox-esr", "node"]);
    need_page();
    let (group, out) = (Group::new(), out("firefox").join("files.json"));
    let files = names_in(&group.dir).into_iter().map(|name| group.path(&name));
    let said = browse("page/firefox.mjs", std::iter::once(PathBuf::from(PAGE)).chain(files));
    fs::write(&out, said).unwrap();
    expect_same(&out, &group.dir, &[], &group.dir);
}

/// The folders with files in parts of the real files.
fn real_folders(parts: &[tempfile::TempDir]) -> Vec<PathBuf> {
    parts.iter().flat_map(|part| folders_with_files(part.path())).collect()
}

#[test]
#[ignore = "needs Chromium, the page, the real files"]
fn the_page_says_of_real_sets_what_the_program_says() {
    need_chromium();
    need_page();
    needs::real_files();
    let parts = ["real", "crash"].map(files::unpack_all);
    expect_one_answer(&real_folders(&parts), "real");
}

mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: every real set, twice; needs Chromium, the page, the real files"]
    fn the_page_says_of_every_real_set_what_the_program_says() {
        need_chromium();
        need_page();
        needs::real_files();
        let parts = ["engine", "real", "cases", "crash", "trials"].map(files::unpack_all);
        let folders = real_folders(&parts);
        assert!(folders.len() > 100, "{}", folders.len());
        expect_one_answer(&folders, "whole");
    }
}
