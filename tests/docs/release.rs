//! What scripts/release makes, and docs/install.md says about it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::documents::follow_links;
use super::{root, text_of};
use crate::harness::needs;

/// What a program prints that went well.
#[track_caller]
fn printed(program: &str, arguments: &[&str]) -> Vec<u8> {
    let ran = Command::new(root().join(program)).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

#[test]
#[ignore = "needs bash"]
fn the_page_has_the_lines_that_install_what_a_release_needs() {
    needs::programs(&["bash"]);
    let page = text_of("docs/install.md");
    let lines = String::from_utf8(printed("scripts/release-needs", &["--list"])).unwrap();
    assert_eq!(lines.lines().count(), 3, "{lines}");
    for line in lines.lines() {
        assert!(page.contains(&format!("{line}\n")), "docs/install.md lacks: {line}");
    }
}

#[test]
#[ignore = "needs bash and git"]
fn every_link_leads_somewhere_in_what_goes_with_the_program() {
    needs::programs(&["bash", "git"]);
    let folder = tempfile::tempdir().unwrap();
    let laid_out = folder.path().join("documents");
    printed("scripts/release-documents", &[laid_out.to_str().unwrap()]);
    let files = files_in(&laid_out);
    for there in ["LICENSE", "docs/edbmend.schema.json", "samples/practice/priv1.edb"] {
        assert!(files.contains(&laid_out.join(there)), "{there}");
    }
    assert!(files.iter().any(|file| file.ends_with("powershell/Edbmend/Edbmend.psd1")));
    let pages = files.iter().filter(|file| file.extension().is_some_and(|it| it == "md"));
    let links: usize = pages.map(|page| follow_links(page)).sum();
    assert!(links > 80, "only {links} links were found");
}

#[test]
#[ignore = "needs python3"]
fn the_icon_is_what_its_script_draws() {
    needs::programs(&["python3"]);
    let drawn = printed("scripts/draw-icon", &[]);
    assert!(drawn == std::fs::read(root().join("scripts/windows/edbmend.ico")).unwrap());
}

#[test]
fn cargo_installs_what_the_lock_file_names() {
    let folders = ["docs", "contrib", "scripts"].map(|folder| files_in(&root().join(folder)));
    let files =
        folders.into_iter().flatten().chain([".ci/run", "README.md"].map(|it| root().join(it)));
    let mut seen = 0;
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for line in text.lines().filter(|line| line.contains("cargo install ")) {
            assert!(line.contains("cargo install --locked"), "{}: {line}", file.display());
            seen += 1;
        }
    }
    assert!(seen >= 2, "{seen}");
}
