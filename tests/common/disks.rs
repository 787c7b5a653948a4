//! Small volumes of a chosen file system, on a loop device.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{has_program, is_root};

/// A mounted volume; unmounted when it is dropped.
pub struct Volume {
    folder: TempDir,
    mount_point: PathBuf,
}

impl Volume {
    /// A new volume of `mebibytes`; `None`, said loudly, where it cannot be had. `make` is the
    /// command that formats it, its arguments but for the image at the end.
    pub fn new(test: &str, mebibytes: u64, make: &[&str], mount: &[&str]) -> Option<Self> {
        if !is_root(test) || !has_program(test, make[0]) || !has_program(test, "mount") {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("edbmend-volume-").tempdir().unwrap();
        let image = folder.path().join("image");
        fs::File::create(&image).unwrap().set_len(mebibytes << 20).unwrap();
        let mount_point = folder.path().join("mounted");
        fs::create_dir(&mount_point).unwrap();
        run(test, Command::new(make[0]).args(&make[1..]).arg(&image))?;
        run(test, Command::new(mount[0]).args(&mount[1..]).arg(&image).arg(&mount_point))?;
        Some(Self { folder, mount_point })
    }

    /// An ext4 volume.
    pub fn ext4(test: &str, mebibytes: u64) -> Option<Self> {
        let make = ["mkfs.ext4", "-q", "-F", "-m", "0"];
        Self::new(test, mebibytes, &make, &["mount", "-o", "loop"])
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.mount_point
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.mount_point).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            // Somebody still holds a file: let go of the name now, and of the volume later.
            let _ = Command::new("umount").arg("-l").arg(&self.mount_point).status();
        }
    }
}

fn run(test: &str, command: &mut Command) -> Option<()> {
    let output = command.output();
    if output.as_ref().is_ok_and(|output| output.status.success()) {
        return Some(());
    }
    eprintln!("SKIPPED {test}: {command:?} failed: {output:?}");
    None
}
