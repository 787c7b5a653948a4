//! Runs of the real program. No other file of the tests knows where it lies.

use std::ffi::OsStr;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ran::Ran;

/// The program that was built for these tests.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_edbmend");

/// Longer than any run takes, lease retries included; a run that is not over then hangs.
const PATIENCE: Duration = Duration::from_secs(50);

/// The program with these arguments, no terminal anywhere.
pub fn program<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    command
}

/// Runs the program to its end.
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    finish(spawn(&mut program(arguments)))
}

/// Runs a command of the program with `--json` on a path.
pub fn run_on(command: &[&str], path: &Path) -> Ran {
    let words = command.iter().map(OsStr::new);
    run(words.chain(["--json".as_ref(), path.as_os_str()]))
}

/// Starts a command with its output caught and no input.
pub fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    with_default_signals(command).spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// A signal that is ignored where the tests are run, as of a job in the background, would be ignored by the program, too.
fn with_default_signals(command: &mut Command) -> &mut Command {
    let set = || {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            // SAFETY: signal(2) is allowed between fork and exec.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: the closure calls nothing but signal(2).
    unsafe { command.pre_exec(set) }
}

/// Waits for the end. A run that panics or hangs fails the test.
pub fn finish(mut child: Child) -> Ran {
    use std::io::Read;
    let mut stdout_pipe = child.stdout.take().unwrap();
    let mut stderr_pipe = child.stderr.take().unwrap();
    let text = |pipe: &mut dyn Read| {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).expect("UTF-8 output")
    };
    let watchdog = watch(child.id());
    let (stdout, stderr) = std::thread::scope(|scope| {
        let stdout = scope.spawn(|| text(&mut stdout_pipe));
        let stderr = text(&mut stderr_pipe);
        (stdout.join().unwrap(), stderr)
    });
    let status = child.wait().unwrap();
    assert!(watchdog.elapsed() < PATIENCE, "it hung: {stdout}{stderr}");
    let ran = Ran::new(status.code(), status.signal(), stdout, stderr);
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    ran
}

/// Ends a process of ours that hangs, so that the test fails instead of hanging with it.
fn watch(pid: u32) -> Watchdog {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        if wait.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            // SAFETY: kill(2) takes a process id and a signal; the child is not reaped yet.
            unsafe { libc::kill(pid as i32, libc::SIGKILL) };
        }
    });
    Watchdog { begun: Instant::now(), _done: done }
}

/// Stands down when it is dropped.
struct Watchdog {
    begun: Instant,
    _done: std::sync::mpsc::Sender<()>,
}

impl Watchdog {
    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Does something with each of these at once: what mostly waits is waited for once.
pub fn at_once<T: Send>(all: impl IntoIterator<Item = T>, each: impl Fn(T) + Sync) {
    let each = &each;
    std::thread::scope(|scope| {
        all.into_iter().for_each(|one| {
            scope.spawn(move || each(one));
        });
    });
}
