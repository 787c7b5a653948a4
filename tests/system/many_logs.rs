//! What each log costs, of which a folder may hold a hundred thousand.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{PROGRAM, needs, small_group};

/// Each line of a trace of some system calls.
fn trace(calls: &str, arguments: &[&Path]) -> Vec<String> {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "4096", "-e", &format!("trace={calls}"), "-o"]);
    command.arg(trace.path()).arg(PROGRAM).args(arguments);
    let status = command.stdout(Stdio::null()).status().unwrap();
    assert!(status.code().is_some(), "{status}");
    fs::read_to_string(trace.path()).unwrap().lines().map(str::to_owned).collect()
}

/// How often a path stands in a trace, whole.
fn times(lines: &[String], path: &Path) -> usize {
    let quoted = format!("\"{}\"", path.display());
    lines.iter().filter(|line| line.contains(&quoted)).count()
}

#[test]
#[ignore = "needs strace"]
fn a_check_opens_each_closed_log_once_and_lists_the_folder_once() {
    needs::strace();
    let (_folder, dir) = small_group();
    let opened = trace("?open,openat", &[Path::new("check"), &dir]);
    let looked_at = trace("statx,?newfstatat,?lstat,?stat", &[Path::new("check"), &dir]);
    for name in ["E0000001.log", "E0000002.log", "E0000003.log", "E0000004.log"] {
        let log = dir.join(name);
        assert_eq!((times(&opened, &log), times(&looked_at, &log)), (1, 0), "{name}");
    }
    assert_eq!(times(&opened, &dir), 1, "{opened:#?}");
}
