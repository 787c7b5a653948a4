//! What a test needs of the machine beside the program itself.
//!
//! A test that needs any of it is ignored, and its `#[ignore]` says why. Whoever asks for it all the same is
//! told what is missing: it fails, and never passes because something was not there.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::files;

/// The rights of the super-user: to mount a volume, to become another user.
#[track_caller]
pub fn root() {
    assert!(rustix::process::geteuid().is_root(), "this test needs root");
}

/// Installed programs.
#[track_caller]
pub fn programs(names: &[&str]) {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&search).collect();
    places.extend(["/sbin".into(), "/usr/sbin".into()]);
    for name in names {
        let is_there = places.iter().any(|dir| dir.join(name).is_file());
        assert!(is_there, "this test needs {name}, which is not installed");
    }
}

/// A program that can be run, with what it needs itself: these arguments must succeed.
#[track_caller]
pub fn usable(program: &str, probe: &[&str]) {
    let mut command = Command::new(program);
    command.args(probe).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let works = command.status().is_ok_and(|status| status.success());
    assert!(works, "this test needs {program}: `{program} {}` fails here", probe.join(" "));
}

/// A tracer that can trace here.
#[track_caller]
pub fn strace() {
    usable("strace", &["-qq", "-e", "trace=none", "true"]);
}

/// Root, and `setpriv`, by which it becomes a user who owns nothing.
#[track_caller]
pub fn another_user() {
    root();
    usable("setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups", "true"]);
}

/// The real files, which are not part of the repository.
#[track_caller]
pub fn real_files() {
    let folder = files::shared_folder();
    let is_there = folder.join("data/real").is_dir();
    assert!(is_there, "this test needs the real files in {}", folder.display());
}
