//! A volume on a device that writes everything down: an image behind QEMU's `blklogwrites`, exported as
//! a file by FUSE, with a loop device on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

use super::medium::Medium;
use super::write_log::{self, Entry};
use crate::harness::disks::{FileSystem, run};
use crate::harness::{in_memory, needs};

const DAEMON: &str = "qemu-storage-daemon";
const PATIENCE: Duration = Duration::from_secs(30);

/// A mounted volume whose device is recorded.
pub struct RecordedVolume {
    folder: TempDir,
    /// What the device held when it was formatted.
    pub formatted: Medium,
    mounted: bool,
}

impl RecordedVolume {
    /// A new volume.
    #[track_caller]
    pub fn new(kind: &FileSystem) -> Self {
        needs::programs(&[DAEMON]);
        let folder = in_memory();
        let image = folder.path().join("image");
        kind.format(&image);
        let formatted = Medium::read(&image).unwrap();
        for name in ["log", "export"] {
            fs::write(folder.path().join(name), []).unwrap();
        }
        fs::create_dir(folder.path().join("mounted")).unwrap();
        let mut volume = Self { folder, formatted, mounted: false };
        run(&mut volume.daemon());
        kind.mount(&volume.path("export"), &volume.mount_point());
        volume.mounted = true;
        volume
    }

    fn daemon(&self) -> Command {
        let file = |name: &str, path: &str| {
            format!("driver=file,node-name={name},filename={}", self.path(path).display())
        };
        let logged = "driver=blklogwrites,node-name=logged,file=image,log=log,\
                      log-sector-size=512,log-super-update-interval=1";
        let export = self.path("export");
        let export = format!(
            "type=fuse,id=export,node-name=logged,writable=on,mountpoint={}",
            export.display()
        );
        let mut command = Command::new(DAEMON);
        command.arg("--blockdev").arg(file("image", "image"));
        command.arg("--blockdev").arg(file("log", "log"));
        command.args(["--blockdev", logged, "--export", &export, "--daemonize", "--pidfile"]);
        command.arg(self.path("pid"));
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where it is mounted.
    pub fn mount_point(&self) -> PathBuf {
        self.path("mounted")
    }

    /// Brings everything that was written to the device.
    pub fn settle(&self) {
        let synced = Command::new("sync").arg("-f").arg(self.mount_point()).status();
        assert!(synced.unwrap().success());
    }

    /// How many entries the log has now.
    pub fn entries(&self) -> usize {
        write_log::read(&fs::read(self.path("log")).unwrap()).len()
    }

    /// Where an image can lie while it is looked at.
    pub fn scratch_image(&self) -> PathBuf {
        self.path("scratch")
    }

    /// Ends the recording. The mount point stays: the program keeps absolute paths.
    pub fn finish(&mut self) -> Vec<Entry> {
        self.close();
        write_log::read(&fs::read(self.path("log")).unwrap())
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.mounted) {
            unmount(&self.mount_point());
        }
        let pid = fs::read_to_string(self.path("pid")).unwrap_or_default();
        let Some(pid) = pid.trim().parse().ok().and_then(Pid::from_raw) else { return };
        let begun = Instant::now();
        // The daemon waits for nobody: what was written is in its files.
        let _ = kill_process(pid, Signal::TERM);
        while test_kill_process(pid).is_ok() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for RecordedVolume {
    fn drop(&mut self) {
        self.close();
    }
}

/// Takes a volume off; its loop device goes with it. A program that another thread is just about to
/// start has our open files for a moment.
pub fn unmount(mount_point: &Path) {
    let begun = Instant::now();
    loop {
        let output = Command::new("umount").arg(mount_point).output().unwrap();
        if output.status.success() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{output:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
