//! What scripts/release makes, and docs/install.md says about it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use edbmend::practice::{Recipe, storage_group};

use super::documents::follow_links;
use super::{root, text_of};
use crate::harness::{PROGRAM, needs};

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

/// The lines of the page that begin so.
fn lines_of(page: &str, beginnings: &[&str]) -> Vec<String> {
    let text = text_of(page);
    let typed = text.lines().filter_map(|line| line.strip_prefix("    "));
    let begins = |line: &&str| beginnings.iter().any(|beginning| line.starts_with(beginning));
    typed.filter(begins).map(str::to_owned).collect()
}

/// Types a line with the program at hand.
#[track_caller]
fn type_in(folder: &Path, line: &str) -> String {
    let program = Path::new(PROGRAM).parent().unwrap().display();
    let search = format!("{program}:{}", std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).env("PATH", search).stdin(Stdio::null());
    let ran = shell.output().unwrap();
    assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn man_pages_and_completions_come_by_the_lines_of_the_page() {
    let lines = lines_of("docs/install.md", &["edbmend man ", "edbmend completions "]);
    assert_eq!(lines.len(), 5, "{lines:?}");
    let machine = tempfile::tempdir().unwrap();
    for line in &lines {
        let place = line.split_whitespace().last().unwrap().replace("$PROFILE", "/profile.ps1");
        let here = machine.path().join(&place[1..]);
        let folder = if place.ends_with("man8") { &here } else { here.parent().unwrap() };
        std::fs::create_dir_all(folder).unwrap();
        let word = line.split_whitespace().last().unwrap();
        type_in(machine.path(), &line.replace(word, here.to_str().unwrap()));
        let made = if here.is_dir() { here.join("edbmend.8") } else { here };
        assert!(std::fs::read_to_string(made).unwrap().contains("edbmend"), "{line}");
    }
}

#[test]
fn an_unattended_run_is_typed_as_the_page_has_it() {
    let lines = lines_of("docs/unattended.md", &["edbmend repair "]);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let machine = tempfile::tempdir().unwrap();
    std::fs::create_dir(machine.path().join("mdbdata")).unwrap();
    for file in storage_group(&Recipe::of_samples()) {
        std::fs::write(machine.path().join("mdbdata").join(&file.name), &file.bytes).unwrap();
    }
    let log = machine.path().join("edbmend.log");
    let said =
        type_in(machine.path(), &line.replace("/var/log/edbmend.log", log.to_str().unwrap()));
    assert_eq!(said, "");
    assert!(std::fs::read_to_string(log).unwrap().contains(" end: committed, exit code 0"));
}

mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: minutes; it builds the program as it is installed"]
    fn cargo_installs_and_removes_the_program_by_the_lines_of_the_page() {
        let lines =
            lines_of("docs/install.md", &["cargo install --locked --path ", "cargo uninstall "]);
        assert_eq!(lines.len(), 3, "{lines:?}");
        let machine = tempfile::tempdir().unwrap();
        let program = machine.path().join("bin/edbmend");
        // Nothing is asked of the internet, and what was built is not built again in the next run.
        let told = format!(
            "CARGO_NET_OFFLINE=true CARGO_TARGET_DIR={}/install CARGO_INSTALL_ROOT={}",
            env!("CARGO_TARGET_TMPDIR"),
            machine.path().display()
        );
        for line in lines {
            type_in(root(), &format!("{told} {line}"));
            let version = format!("{} --version", program.display());
            match line.contains(" uninstall ") {
                false => assert!(type_in(machine.path(), &version).starts_with("edbmend ")),
                true => assert!(!program.exists()),
            }
        }
    }
}

/// The one artefact whose name ends so.
fn artefact(end: &str) -> PathBuf {
    let all = files_in(&root().join("target/release-artefacts"));
    let mut named =
        all.into_iter().filter(|file| file.to_str().is_some_and(|name| name.ends_with(end)));
    named.next().unwrap_or_else(|| panic!("no *{end}: scripts/release makes it"))
}

#[test]
#[ignore = "needs the artefacts of a release and python3"]
fn every_artefact_has_the_program_and_pages_whose_links_hold() {
    let place = tempfile::tempdir().unwrap();
    let unpack = |line: &str, end: &str| {
        type_in(place.path(), &line.replace("FILE", artefact(end).to_str().unwrap()));
    };
    unpack("tar -xzf FILE", ".tar.gz");
    unpack("python3 -m zipfile -e FILE .", ".zip");
    unpack("dpkg-deb -x FILE deb", "_amd64.deb");
    let mut programs = 0;
    for (program, pages) in [
        ("edbmend-*-linux-x86_64/edbmend", "edbmend-*-linux-x86_64"),
        ("edbmend-*-windows-x86_64/edbmend.exe", "edbmend-*-windows-x86_64"),
        ("deb/usr/bin/edbmend", "deb/usr/share/doc/edbmend"),
    ] {
        let found =
            |what: &str| type_in(place.path(), &format!("ls -d $PWD/{what}")).trim().to_owned();
        let (program, pages) = (found(program), files_in(Path::new(&found(pages))));
        if !program.ends_with(".exe") {
            assert!(type_in(place.path(), &format!("{program} --version")).starts_with("edbmend "));
        }
        for there in ["Edbmend.psd1", "galaxy.yml", "edbmend.schema.json", "priv1.edb", "LICENSE"] {
            assert!(pages.iter().any(|page| page.ends_with(there)), "{program}: {there}");
        }
        let pages = pages.iter().filter(|page| page.extension().is_some_and(|it| it == "md"));
        assert!(pages.map(|page| follow_links(page)).sum::<usize>() > 80, "{program}");
        programs += 1;
    }
    assert_eq!(programs, 3);
}

/// This machine once more, without a network and without any source of packages: what is changed there is gone with it.
/// The artefacts lie in the folder that the page has apt read.
const MACHINE: &str = r#"
set -e
mount -t tmpfs none "$1"
cd "$1"
mkdir up work root
mount -t overlay overlay -o lowerdir=/,upperdir=up,workdir=work root
mount --rbind /dev root/dev
mount --rbind /proc root/proc
mkdir -p root/srv/edbmend
cp -R "$2"/. root/srv/edbmend
rm -rf root/etc/apt/sources.list root/etc/apt/sources.list.d/*
echo 'APT::Get::Assume-Yes "true";' > root/etc/apt/apt.conf.d/answers
exec chroot root bash -exc "$3"
"#;

#[test]
#[ignore = "needs root, the artefacts of a release, apt-get and unshare"]
fn each_way_to_install_on_linux_is_typed_as_the_page_has_it() {
    needs::root();
    needs::programs(&["apt-get", "unshare"]);
    let line = |beginning: &str| {
        let line = lines_of("docs/install.md", &[beginning]).remove(0);
        line.strip_prefix("sudo ").unwrap_or(&line).to_owned()
    };
    let typed = [
        "cd /srv/edbmend".to_owned(),
        line("sha256sum "),
        line("sudo apt install "),
        "/usr/bin/edbmend --version".to_owned(),
        line("sudo apt remove "),
        "[ ! -e /usr/bin/edbmend ]".to_owned(),
        line("echo 'deb "),
        line("apt-get update "),
        "/usr/bin/edbmend --version".to_owned(),
        line("tar -xzf "),
        line("sudo install "),
        "/usr/local/bin/edbmend --version".to_owned(),
    ];
    let sums = artefact("/SHA256SUMS");
    let place = tempfile::tempdir().unwrap();
    let mut machine = Command::new("unshare");
    machine.args(["--mount", "--net", "bash", "-c", MACHINE, "bash"]).arg(place.path());
    machine.arg(sums.parent().unwrap()).arg(typed.join("\n")).stdin(Stdio::null());
    let ran = machine.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said.matches("\nedbmend 0.1.0").count(), 3, "{said}");
}

#[test]
#[ignore = "needs python3"]
fn the_icon_is_what_its_script_draws() {
    needs::programs(&["python3"]);
    let drawn = printed("scripts/draw-icon", &[]);
    assert!(drawn == std::fs::read(root().join("scripts/windows/edbmend.ico")).unwrap());
}

/// `apt` shows one line of it, and what packs it breaks lines at 79 letters.
#[test]
fn what_a_package_is_fits_in_a_line() {
    let description = env!("CARGO_PKG_DESCRIPTION");
    assert!(description.len() < 79, "{description}");
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
