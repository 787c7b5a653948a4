//! Small volumes of a chosen file system, on a loop device.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{in_memory, needs};

/// How a volume is made and mounted.
#[derive(Clone, Copy)]
pub struct FileSystem {
    /// Its name.
    pub name: &'static str,
    /// The smallest volume that it can be, or nearly so.
    pub mebibytes: u64,
    /// The command that formats it, its arguments but for the image at the end.
    make: &'static [&'static str],
    /// The command that mounts it, its arguments but for image and mount point.
    mount: &'static [&'static str],
    /// The command that looks for faults in an image and changes nothing.
    check: &'static [&'static str],
}

/// With blocks of 4 KiB, as on every large volume.
pub const EXT4: FileSystem = FileSystem {
    name: "ext4",
    mebibytes: 16,
    make: &["mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096"],
    mount: &["mount", "-o", "loop"],
    check: &["fsck.ext4", "-f", "-n"],
};

pub const XFS: FileSystem = FileSystem {
    name: "xfs",
    mebibytes: 320,
    make: &["mkfs.xfs", "-q", "-f"],
    mount: &["mount", "-o", "loop,nodiscard"],
    check: &["xfs_repair", "-n"],
};

pub const BTRFS: FileSystem = FileSystem {
    name: "btrfs",
    mebibytes: 128,
    make: &["mkfs.btrfs", "-q", "-f"],
    mount: &["mount", "-o", "loop,nodiscard"],
    check: &["btrfs", "check", "--readonly"],
};

pub const NTFS: FileSystem = FileSystem {
    name: "ntfs",
    mebibytes: 16,
    make: &["mkfs.ntfs", "-Q", "-F", "-q"],
    mount: &["ntfs-3g", "-o", "noatime,umask=077"],
    check: &["ntfsfix", "--no-action"],
};

impl FileSystem {
    /// Formats a new image.
    #[track_caller]
    pub fn format(&self, image: &Path) {
        needs::root();
        needs::programs(&[self.make[0], "mount"]);
        fs::File::create(image).unwrap().set_len(self.mebibytes << 20).unwrap();
        run(Command::new(self.make[0]).args(&self.make[1..]).arg(image));
    }

    /// Mounts an image.
    #[track_caller]
    pub fn mount(&self, image: &Path, mount_point: &Path) {
        run(&mut self.mount_command(image, mount_point));
    }

    /// Mounts an image that may be beyond that; the words of the program where it is.
    pub fn try_mount(&self, image: &Path, mount_point: &Path) -> Result<(), String> {
        let output = self.mount_command(image, mount_point).output().unwrap();
        if output.status.success() { Ok(()) } else { Err(format!("{output:?}")) }
    }

    fn mount_command(&self, image: &Path, mount_point: &Path) -> Command {
        let mut command = Command::new(self.mount[0]);
        command.args(&self.mount[1..]).arg(image).arg(mount_point);
        command
    }

    /// Whether its own checker finds no fault in an image that is not mounted; its words where it does.
    pub fn check(&self, image: &Path) -> Result<(), String> {
        let output =
            Command::new(self.check[0]).args(&self.check[1..]).arg(image).output().unwrap();
        if output.status.success() { Ok(()) } else { Err(format!("{output:?}")) }
    }
}

/// A mounted volume; unmounted when it is dropped.
pub struct Volume {
    folder: TempDir,
    mount_point: PathBuf,
}

impl Volume {
    /// A new volume.
    #[track_caller]
    pub fn new(kind: &FileSystem) -> Self {
        let folder = in_memory();
        let image = folder.path().join("image");
        kind.format(&image);
        let mount_point = folder.path().join("mounted");
        fs::create_dir(&mount_point).unwrap();
        kind.mount(&image, &mount_point);
        Self { folder, mount_point }
    }

    /// An ext4 volume of a chosen size.
    #[track_caller]
    pub fn ext4(mebibytes: u64) -> Self {
        let make = &["mkfs.ext4", "-q", "-F", "-m", "0"];
        Self::new(&FileSystem { mebibytes, make, ..EXT4 })
    }

    /// An ext4 volume of which a tenth is kept back for root.
    #[track_caller]
    pub fn ext4_with_reserve(mebibytes: u64) -> Self {
        let make = &["mkfs.ext4", "-q", "-F", "-m", "10"];
        Self::new(&FileSystem { mebibytes, make, ..EXT4 })
    }

    /// A volume in memory that has room for so many bytes.
    #[track_caller]
    pub fn tmpfs(bytes: u64) -> Self {
        needs::root();
        let folder = tempfile::tempdir().unwrap();
        let mount_point = folder.path().join("mounted");
        fs::create_dir(&mount_point).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]);
        run(mount.arg(&mount_point));
        Self { folder, mount_point }
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

/// Runs a command that this machine may not have or allow: it must succeed.
#[track_caller]
pub fn run(command: &mut Command) {
    let output = command.output();
    let is_done = output.as_ref().is_ok_and(|output| output.status.success());
    assert!(is_done, "this test needs what fails here: {command:?}: {output:?}");
}
