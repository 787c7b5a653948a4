//! Runs of the program that a signal meets at a chosen system call.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{PROGRAM, Ran, finish, spawn};

/// The system calls by which the program changes the disk, or could; a `?` where not every
/// machine has the call.
pub const CHANGING_CALLS: [&str; 10] = [
    "pwrite64",
    "write",
    "fsync,fdatasync",
    "?rename,renameat,renameat2",
    "?unlink,?rmdir,unlinkat",
    "?mkdir,mkdirat",
    "ftruncate",
    "fallocate",
    "?chmod,fchmod",
    "utimensat",
];

/// Runs the program and sends it a signal as it enters the `nth` system call of a name. `KILL`
/// comes before the call has any effect.
pub fn run_with_signal(arguments: &[&str], path: &Path, call: &str, signal: &str, nth: u32) -> Ran {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:signal={signal}:when={nth}")]);
    command.arg(PROGRAM).args(arguments).arg(path);
    finish(spawn(&mut command))
}

/// Runs the program and kills it as it enters the `nth` system call of a name; whether it was hit. A run
/// that was not must succeed.
pub fn is_killed_at(arguments: &[&str], path: &Path, call: &str, nth: u32) -> bool {
    let ran = run_with_signal(arguments, path, call, "KILL", nth);
    let killed = ran.signal == Some(libc::SIGKILL) || ran.code == Some(128 + libc::SIGKILL);
    assert!(killed || ran.code == Some(0), "{call} {nth}: {ran:?}");
    killed
}

/// Runs the program while the `nth` system call of a name fails with EIO and has no effect; `None` where
/// it made fewer calls.
pub fn run_with_error(arguments: &[String], call: &str, nth: u32) -> Option<Ran> {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", &format!("trace={call}"), "-o"]).arg(trace.path());
    command.args(["-e", &format!("inject={call}:error=EIO:when={nth}")]);
    command.arg(PROGRAM).args(arguments);
    let ran = finish(spawn(&mut command));
    let calls = std::fs::read_to_string(trace.path()).unwrap();
    calls.contains("(INJECTED)").then_some(ran)
}

/// Runs the program and kills it as it enters the `nth` system call of a name; `None` where it made fewer
/// calls, and then it must succeed.
pub fn run_with_kill(arguments: &[String], call: &str, nth: u32) -> Option<Ran> {
    let (last, others) = arguments.split_last().unwrap();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let ran = run_with_signal(&others, Path::new(last), call, "KILL", nth);
    let killed = ran.signal == Some(libc::SIGKILL) || ran.code == Some(128 + libc::SIGKILL);
    assert!(killed || ran.code == Some(0), "{call} {nth}: {ran:?}");
    killed.then_some(ran)
}

/// Runs the program and stops it behind each system call of a name, to look at its surroundings.
pub fn run_in_steps(arguments: &[String], call: &str, mut look: impl FnMut()) -> Ran {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", &format!("trace={call}"), "-o"]).arg(trace.path());
    command.args(["-e", &format!("inject={call}:signal=STOP")]);
    command.arg(PROGRAM).args(arguments);
    let mut tracer = spawn(&mut command);
    let mut seen = 0;
    while tracer.try_wait().unwrap().is_none() {
        let stops = std::fs::read_to_string(trace.path()).unwrap().matches("stopped by").count();
        if stops > seen {
            look();
            seen = stops;
            kill_process(child_of(tracer.id()), Signal::CONT).unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(seen > 0, "{call}: it was never stopped");
    finish(tracer)
}

fn child_of(parent: u32) -> Pid {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let first = children.unwrap().split_whitespace().next().and_then(|pid| pid.parse().ok());
    first.and_then(Pid::from_raw).expect("it is stopped")
}
