//! The ways to a server that is too old to run the program, as docs/exchange-2003.md prints them.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{has_program, is_root};

/// A command of the page, the exit code that it ends with, and lines that it prints.
struct Printed {
    command: String,
    exit_code: u8,
    lines: Vec<String>,
}

/// The commands of a section: lines `$ command  # ends with N` in its console blocks.
fn commands_of(heading: &str) -> Vec<Printed> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/exchange-2003.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let mut commands: Vec<Printed> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                let ends = command.split_once("# ends with ").map(|(_, code)| code.trim());
                let exit_code = ends.map_or(0, |code| code.parse().unwrap());
                let command = command.to_owned();
                commands.push(Printed { command, exit_code, lines: Vec::new() });
            } else if line != "..." {
                commands.last_mut().expect("a command").lines.push(line.to_owned());
            }
        }
    }
    commands
}

const END: &str = "=== ended with ";

/// Types them into one bash, which stands in `folder`, and compares.
fn run_as_printed(commands: &[Printed], setup: &str, folder: &Path) {
    let mut script = format!("exec 2>&1\n{setup}\n");
    for printed in commands {
        script += &format!("{}\necho \"{END}$?\"\n", printed.command);
    }
    let program = Path::new(env!("CARGO_BIN_EXE_edbmend")).parent().unwrap();
    let path = format!("{}:{}:/sbin:/usr/sbin", program.display(), env!("PATH"));
    let mut bash = Command::new("timeout");
    bash.args(["50", "bash", "--norc", "-c", &script]).env("PATH", path).current_dir(folder);
    let output = String::from_utf8(bash.output().unwrap().stdout).unwrap();
    let mut rest = output.as_str();
    for Printed { command, exit_code, lines } in commands {
        let (said, behind) = rest.split_once(END).unwrap_or_else(|| panic!("{command}: {output}"));
        let (code, behind) = behind.split_once('\n').unwrap();
        assert_eq!(code, exit_code.to_string(), "{command}: {said}");
        for line in lines {
            assert!(said.contains(line.as_str()), "{command} does not print {line}: {said}");
        }
        rest = behind;
    }
}

/// Makes `disk.raw`: a disk with one NTFS partition, where an Exchange server has its databases.
const A_DISK: &str = r#"
set -e
truncate -s 24M disk.raw
echo 'start=2048, type=7' | sfdisk --quiet disk.raw
disk=$(losetup --find --show --offset $((2048 * 512)) disk.raw)
trap 'umount "$mnt"; losetup --detach "$disk"' EXIT
mkfs.ntfs -Q -F -q "$disk" 2>/dev/null
mnt=$PWD/mounted; mkdir "$mnt"; ntfs-3g "$disk" "$mnt"
mkdir -p "$mnt/exchsrvr/mdbdata"; cp "$SAMPLES"/* "$mnt/exchsrvr/mdbdata"
"#;

/// A folder with that disk; `None`, said loudly, where it cannot be had.
fn folder_with_a_disk(test: &str) -> Option<tempfile::TempDir> {
    let programs = ["bash", "sfdisk", "losetup", "mkfs.ntfs", "ntfs-3g"];
    if !is_root(test) || !programs.iter().all(|program| has_program(test, program)) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/practice");
    let mut bash = Command::new("bash");
    bash.args(["-c", A_DISK]).env("SAMPLES", samples).current_dir(folder.path());
    let made = bash.env("PATH", format!("{}:/sbin:/usr/sbin", env!("PATH"))).output().unwrap();
    if !made.status.success() {
        eprintln!("SKIPPED {test}: no NTFS volume: {made:?}");
        return None;
    }
    Some(folder)
}

#[test]
fn from_a_rescue_linux() {
    let Some(folder) = folder_with_a_disk("from_a_rescue_linux") else { return };
    let setup = "disk=$(losetup --find --show --offset $((2048 * 512)) disk.raw); \
        mnt=$PWD/mounted; trap 'umount \"$mnt\"; losetup --detach \"$disk\"' EXIT";
    let commands = commands_of("From a rescue Linux");
    assert!(commands.len() >= 7);
    run_as_printed(&commands, setup, folder.path());
}

#[test]
fn on_its_vhd() {
    let test = "on_its_vhd";
    if !["qemu-img", "qemu-storage-daemon"].iter().all(|program| has_program(test, program)) {
        return;
    }
    let help = Command::new("qemu-storage-daemon").arg("--help").output().unwrap();
    if !String::from_utf8_lossy(&help.stdout).contains("type=]fuse") {
        eprintln!("SKIPPED {test}: qemu-storage-daemon has no FUSE export");
        return;
    }
    let Some(folder) = folder_with_a_disk(test) else { return };
    let setup = "qemu-img convert -O vpc disk.raw server.vhd && rm disk.raw; vhd=server.vhd; \
        mnt=$PWD/mounted; trap 'umount \"$mnt\"; losetup --detach \"$disk\"; \
        kill \"$(cat daemon.pid)\"' EXIT";
    let commands = commands_of("On its disk or its VHD");
    assert!(commands.len() >= 8);
    run_as_printed(&commands, setup, folder.path());
}
