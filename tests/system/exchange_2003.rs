//! The ways to a server that is too old to run the program, as docs/exchange-2003.md prints them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{PROGRAM, needs};

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
    let program = Path::new(PROGRAM).parent().unwrap();
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
mnt=$PWD/mounted; mkdir "$mnt"; ntfs-3g -o umask=077 "$disk" "$mnt"
mkdir -p "$mnt/exchsrvr/mdbdata"; cp "$SAMPLES"/* "$mnt/exchsrvr/mdbdata"
"#;

/// A folder with that disk.
fn folder_with_a_disk() -> tempfile::TempDir {
    needs::root();
    needs::programs(&["bash", "sfdisk", "losetup", "mkfs.ntfs", "ntfs-3g"]);
    let folder = tempfile::tempdir().unwrap();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/practice");
    let mut bash = Command::new("bash");
    bash.args(["-c", A_DISK]).env("SAMPLES", samples).current_dir(folder.path());
    let made = bash.env("PATH", format!("{}:/sbin:/usr/sbin", env!("PATH"))).output().unwrap();
    assert!(made.status.success(), "this test needs an NTFS volume: {made:?}");
    folder
}

#[test]
#[ignore = "needs root, fdisk and ntfs-3g"]
fn from_a_rescue_linux() {
    let folder = folder_with_a_disk();
    let setup = "disk=$(losetup --find --show --offset $((2048 * 512)) disk.raw); \
        mnt=$PWD/mounted; trap 'umount \"$mnt\"; losetup --detach \"$disk\"' EXIT";
    let commands = commands_of("From a rescue Linux");
    assert!(commands.len() >= 7);
    run_as_printed(&commands, setup, folder.path());
}

#[test]
#[ignore = "needs root, fdisk, ntfs-3g and qemu-storage-daemon"]
fn on_its_vhd() {
    needs::programs(&["qemu-img", "qemu-storage-daemon"]);
    let help = Command::new("qemu-storage-daemon").arg("--help").output().unwrap();
    let has_fuse = String::from_utf8_lossy(&help.stdout).contains("type=]fuse");
    assert!(has_fuse, "this test needs a qemu-storage-daemon that exports by FUSE");
    let folder = folder_with_a_disk();
    let setup = "qemu-img convert -O vpc disk.raw server.vhd && rm disk.raw; vhd=server.vhd; \
        mnt=$PWD/mounted; trap 'umount \"$mnt\"; losetup --detach \"$disk\"; \
        kill \"$(cat daemon.pid)\"; umount -l server.raw' EXIT";
    let commands = commands_of("On its disk or its VHD");
    assert!(commands.len() >= 8);
    run_as_printed(&commands, setup, folder.path());
}
