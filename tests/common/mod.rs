//! What the tests of the program share: folders with made-up databases, runs of the real binary,
//! and before-and-after pictures of a folder.

#![allow(dead_code)] // each test file uses its part

pub mod disks;
pub mod strace;
pub mod terminal;
pub mod unlucky;
#[path = "../valid/mod.rs"]
pub mod valid;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use edbmend::practice::{DatabaseRecipe, Recipe, damage_full_backup, storage_group};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Longer than any run takes, lease retries included; a run that is not over then hangs.
const PATIENCE: Duration = Duration::from_secs(50);

/// Name of the database in every fixture.
pub const DATABASE: &str = "priv1.edb";

/// A healthy database of so many data pages of 4 KiB.
pub fn healthy(pages: u32) -> Vec<u8> {
    DatabaseRecipe { pages, ..DatabaseRecipe::default() }.build()
}

/// The same with the damage of KB946799.
pub fn damaged(pages: u32) -> Vec<u8> {
    let mut bytes = healthy(pages);
    damage_full_backup(&mut bytes);
    bytes
}

/// A fresh folder with one file that is taken for a database.
pub struct Fixture {
    folder: TempDir,
    /// The file.
    pub db: PathBuf,
}

impl Fixture {
    /// A folder with `bytes` as [`DATABASE`].
    pub fn new(bytes: &[u8]) -> Self {
        Self::named(bytes, DATABASE.as_ref())
    }

    /// A folder with `bytes` under any name.
    pub fn named(bytes: &[u8], name: &OsStr) -> Self {
        let folder = tempfile::Builder::new().prefix("edbmend-test-").tempdir().unwrap();
        let db = folder.path().join(name);
        fs::write(&db, bytes).unwrap();
        Self { folder, db }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Where the marker of a pending operation lies.
    pub fn marker(&self) -> PathBuf {
        marker_of(&self.db)
    }

    /// Runs a command on the database with `--json`.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        run(arguments.iter().map(OsStr::new).chain(["--json".as_ref(), self.db.as_os_str()]))
    }

    /// `repair --yes`, which must succeed; the operation folder.
    pub fn repair(&self) -> PathBuf {
        let ran = self.run(&["repair", "--yes"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.operation_dir()
    }

    /// The bytes of the database.
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.db).unwrap()
    }
}

/// Where the marker of a pending operation on `db` lies.
pub fn marker_of(db: &Path) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push(".edbmend-pending");
    name.into()
}

/// A run of the program that is over.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The one JSON object of standard output, which the schema must allow.
    pub fn json(&self) -> Value {
        let report = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("no JSON ({e}): {self:?}"));
        valid::assert_valid(&report);
        report
    }

    /// The outcome in JSON.
    pub fn outcome(&self) -> String {
        self.json()["outcome"].as_str().unwrap().to_owned()
    }

    /// The refusals' ids, sorted.
    pub fn refusals(&self) -> Vec<String> {
        let json = self.json();
        let refusals = json["refusals"].as_array().unwrap();
        let mut ids: Vec<_> =
            refusals.iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Whether it ended with this code because of exactly these refusals.
    #[track_caller]
    pub fn expect_refused(&self, code: i32, ids: &[&str]) {
        assert_eq!(
            (self.code, self.refusals()),
            (Some(code), ids.iter().map(|s| s.to_string()).collect()),
            "{self:?}"
        );
    }

    /// The folder of the one operation.
    pub fn operation_dir(&self) -> PathBuf {
        self.json()["operation"]["dir"].as_str().expect("an operation").into()
    }
}

/// The program with these arguments, no terminal anywhere.
pub fn program<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edbmend"));
    command.args(arguments);
    command
}

/// Runs the program to its end.
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    finish(spawn(&mut program(arguments)))
}

/// Starts a command with its output caught and no input.
pub fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"))
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
    let ran = Ran { code: status.code(), signal: status.signal(), stdout, stderr };
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

/// SHA-256 of a file, in hexadecimal.
pub fn sha256(path: &Path) -> String {
    hex::encode(Sha256::digest(fs::read(path).unwrap()))
}

/// One name of a picture: what a write would change.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    mode: u32,
    inode: u64,
    mtime: (i64, i64),
    content: Option<Vec<u8>>,
}

/// Everything in a folder and the folder itself: names, bytes, mode, inode, and times of change.
/// The folder's own time also tells of a name that came and went.
pub fn snapshot(dir: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut entries = BTreeMap::new();
    add(dir, &mut entries);
    entries
}

fn add(path: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let kind = metadata.file_type();
    let content = kind.is_file().then(|| fs::read(path).unwrap());
    let mtime = (metadata.mtime(), metadata.mtime_nsec());
    let (mode, inode) = (metadata.mode(), metadata.ino());
    entries.insert(path.to_owned(), Entry { mode, inode, mtime, content });
    if kind.is_dir() {
        names(path).iter().for_each(|name| add(&path.join(name), entries));
    }
}

/// The names in a folder, sorted.
pub fn names(dir: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// The operation folders beside a database, sorted.
pub fn operations(dir: &Path) -> Vec<PathBuf> {
    operations_in(&dir.join("edbmend"))
}

/// The same below a backup folder of any name.
pub fn operations_in(backup_dir: &Path) -> Vec<PathBuf> {
    match backup_dir.is_dir() {
        true => names(backup_dir).iter().map(|name| backup_dir.join(name)).collect(),
        false => Vec::new(),
    }
}

/// Whether the tests run as root; says loudly that a test is left out where they do not.
pub fn is_root(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("SKIPPED {test}: needs root");
    }
    root
}

/// Whether a program is installed; says loudly that a test is left out where it is not.
pub fn has_program(test: &str, name: &str) -> bool {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&search).chain(["/sbin".into(), "/usr/sbin".into()]);
    let found = places.into_iter().any(|dir: PathBuf| dir.join(name).is_file());
    if !found {
        eprintln!("SKIPPED {test}: {name} is not installed");
    }
    found
}

/// `reset-logs` with more words, the databases of [`small_group`], and its folder.
pub fn reset_words(more: &[&str], dir: &Path) -> Vec<String> {
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let [private, public] = ["priv1.edb", "pub1.edb"].map(|name| text(dir.join(name)));
    let named = ["--db".to_owned(), private, "--db".to_owned(), public, text(dir.to_owned())];
    let more = more.iter().map(|word| (*word).to_owned());
    std::iter::once("reset-logs".to_owned()).chain(more).chain(named).collect()
}

/// A practice storage group with four closed logs, small ones.
pub fn small_group() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().canonicalize().unwrap();
    for file in storage_group(&Recipe { log_file_sectors: 16, pages: 4, ..Recipe::default() }) {
        fs::write(dir.join(&file.name), &file.bytes).unwrap();
    }
    (folder, dir)
}
