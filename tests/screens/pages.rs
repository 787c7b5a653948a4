//! Pages in a real browser: at three widths, in the light and in the dark, printed, with the keyboard, and under axe.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Group, needs, operations, reset_words, run};

/// Where the pictures of the pages stay, to be looked at.
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/pictures-of-pages");

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/look-at-pages.mjs");

/// A page of a command on a group.
fn page(folder: &Path, name: &str, words: &[&str]) -> PathBuf {
    let file = folder.join(name).with_extension("html");
    run(words.iter().copied().chain(["--html", file.to_str().unwrap()]));
    file
}

/// Looks at pages; what the browser has against them.
fn looked_at(pages: &[PathBuf]) -> (bool, String) {
    fs::create_dir_all(PICTURES).unwrap();
    let script = [OsString::from(SCRIPT), PICTURES.into()];
    let words = script.into_iter().chain(pages.iter().map(|page| page.into()));
    let ran = Command::new("node").args(words).output().unwrap();
    let said = [ran.stdout, ran.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    (ran.status.success(), said.concat())
}

#[track_caller]
fn need_browser() {
    needs::programs(&["chromium"]);
    needs::usable("node", &["-e", "require('playwright-core'); require('axe-core')"]);
}

#[test]
#[ignore = "needs Chromium"]
fn a_browser_finds_nothing_wrong_with_any_page() {
    need_browser();
    let (folder, group) = (tempfile::tempdir().unwrap(), Group::new());
    let dir = group.dir.to_str().unwrap();
    let db = group.path("priv1.edb");
    let copy = group.path("<img src=x onerror=alert(1)>\u{202e}.edb");
    fs::copy(&db, &copy).unwrap();
    let check = page(folder.path(), "check", &["check", dir]);
    fs::remove_file(copy).unwrap();
    let repair = page(folder.path(), "repair", &["repair", "--yes", db.to_str().unwrap()]);
    let kept = operations(&group.dir).pop().unwrap().join("report.html");
    let words = reset_words(&["--yes"], &group.dir);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let reset = page(folder.path(), "reset", &words);
    let (is_good, said) = looked_at(&[check, repair, kept, reset]);
    assert!(is_good, "{said}");
}

#[test]
#[ignore = "needs Chromium"]
fn a_browser_that_looks_at_a_bad_page_says_so() {
    need_browser();
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.html");
    let text = "<!DOCTYPE html><html><head><title>x</title></head><body><img src=\"y.png\">\
                <img src=\"http://127.0.0.1:9/z.png\">\
                <p style=\"width:3000px;color:#eee;background:#fff\">pale</p><details><summary>a</summary>\
                <p>not printed</p></details><a href=\"#x\" style=\"outline:none\">x</a></body></html>";
    fs::write(&bad, text).unwrap();
    let (is_good, said) = looked_at(&[bad]);
    assert!(!is_good);
    for part in [
        "axe color-contrast",
        "axe html-has-lang",
        "fetches",
        "wider than the screen",
        "are not printed",
        "the network: URL_REQUEST_START_JOB http://127.0.0.1:9/z.png",
    ] {
        assert!(said.contains(part), "no {part}: {said}");
    }
}
