//! The Windows program under Wine, in a Windows installation of its own that is made once.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::harness::{Ran, finish, spawn};

const BUILT: &str = "target/x86_64-win7-windows-gnu/release";

/// Where Wine keeps its Windows, and the program.
pub struct Wine {
    prefix: PathBuf,
    built: PathBuf,
    /// A process that lasts as long as the tests. Where none is left Windows shuts down, and what comes
    /// then meets services that are just going, or just coming.
    _awake: Option<Held>,
}

impl Wine {
    /// It, or the end of a test that needs it.
    #[track_caller]
    pub fn ready() -> &'static Self {
        static WINE: OnceLock<Result<Wine, String>> = OnceLock::new();
        WINE.get_or_init(Self::prepare).as_ref().unwrap_or_else(|reason| {
            panic!("this test needs Wine and the Windows program: {reason}")
        })
    }

    fn prepare() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (prefix, built) = (root.join("target/wine-prefix"), root.join(BUILT));
        let mut wine = Self { prefix, built, _awake: None };
        if !wine.built.join("edbmend.exe").is_file() {
            return Err(format!("{BUILT}/edbmend.exe is absent; scripts/build-windows makes it"));
        }
        // What it starts in the background would keep a pipe open.
        let mut boot = wine.command("wineboot");
        let booted = boot.arg("--init").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !booted.map_err(|e| format!("wine cannot be run: {e}"))?.success() {
            return Err("wineboot fails".into());
        }
        // A program that is not of ours, by the compiler that the Windows program was linked with.
        let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
        compiler.arg("-municode").arg(root.join("tests/windows/hold-open.c")).arg("-o");
        let compiled = compiler.arg(wine.prefix.join("hold-open.exe")).status();
        if !compiled.map_err(|e| format!("x86_64-w64-mingw32-gcc: {e}"))?.success() {
            return Err("hold-open.c cannot be compiled".into());
        }
        // Windows shuts down after wineboot, and is started anew by what stays awake.
        let down = wine.environment("timeout").args(["60", "wineserver", "--wait"]).status();
        down.map_err(|e| format!("timeout: {e}"))?;
        let anything = wine.prefix.join("awake");
        std::fs::write(&anything, "").map_err(|e| format!("{}: {e}", anything.display()))?;
        wine._awake = Some(wine.hold_open(&anything, "shared"));
        Ok(wine)
    }

    fn environment(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("WINEPREFIX", &self.prefix).env("WINEARCH", "win64").env("WINEDEBUG", "-all");
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=").env("LC_ALL", "C.UTF-8");
        command.env_remove("DISPLAY").stdin(Stdio::null());
        command
    }

    /// A program of Windows, not yet begun.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.environment("wine");
        command.arg(program);
        command
    }

    /// The Windows program, as Windows names it.
    pub fn program(&self) -> OsString {
        dos(&self.built.join("edbmend.exe"))
    }

    /// The Windows program, not yet begun.
    pub fn edbmend<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(self.program());
        command.args(arguments);
        command
    }

    /// Runs the Windows program to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        finish(spawn(&mut self.edbmend(arguments)))
    }

    /// Runs a program that comes with Windows; it must succeed.
    pub fn system(&self, program: &str, arguments: &[&str]) {
        let ran = finish(spawn(self.command(program).args(arguments)));
        assert_eq!(ran.code, Some(0), "{program} {arguments:?}: {ran:?}");
    }

    /// Another process has the file open from here on, until it is dropped.
    pub fn hold_open(&self, file: &Path, how: &str) -> Held {
        let mut command = self.command(self.prefix.join("hold-open.exe"));
        command.arg(dos(file)).arg(how).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().expect("hold-open begins");
        let mut line = String::new();
        BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), "open", "hold-open has {}", file.display());
        Held(holder)
    }
}

/// See [`Wine::hold_open`].
pub struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The Windows name of an absolute path: Wine shows the whole machine as drive Z.
pub fn dos(path: &Path) -> OsString {
    format!("Z:{}", path.to_str().expect("a path in Unicode").replace('/', "\\")).into()
}

/// A report without what differs between two runs and two systems: the folder, the separators of
/// paths, the ids of operations, the time of now.
pub fn normalised(report: &Value, folder: &Path) -> Value {
    let windows = dos(folder).into_string().unwrap();
    let mut report = report.clone();
    // Who ran it, where and when, and how the programs are named.
    report.as_object_mut().expect("a report").remove("run");
    forget_shell_commands(&mut report);
    map_text(&report, &|text| {
        let here = text.contains(&windows);
        let text = text.replace(&windows, "FOLDER").replace(folder.to_str().unwrap(), "FOLDER");
        let text = if here { text.replace('\\', "/") } else { text };
        // Each system has its own characters that make a path of a command stand in quotes.
        without_id(&text.replace('"', ""))
    })
}

/// Files are copied and moved by what the shell of each system has.
fn forget_shell_commands(report: &mut Value) {
    let steps = report.get_mut("way_out").and_then(Value::as_array_mut).into_iter().flatten();
    for command in steps.filter_map(|step| step.get_mut("command")) {
        let is_of_both = |text: &str| text.starts_with("edbmend") || text.starts_with("eseutil");
        if command.as_str().is_some_and(|text| !is_of_both(text)) {
            *command = "a command of the shell".into();
        }
    }
}

fn map_text(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(all) => all.iter().map(|one| map_text(one, change)).collect(),
        Value::Object(all) => all.iter().map(|(k, v)| (k.clone(), map_text(v, change))).collect(),
        other => other.clone(),
    }
}

/// `edbmend-20261124T065300Z-repair-1f39` is new in every run.
fn without_id(text: &str) -> String {
    let mut parts = text.split("edbmend-20");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |so_far, rest| {
        so_far + "ID" + rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-')
    })
}
