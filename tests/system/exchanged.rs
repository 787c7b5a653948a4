//! Every name in every path, exchanged for a link to somewhere else right before the system call that looks it up.
//!
//! The program runs as root. Somebody else, who may rename things where the program works, waits until it is about
//! to make a call that takes a path. Then he puts a link of his own in the place of one component of that path: to a
//! copy of what was there, which looks just as right, and lies in a folder of root where he himself can write nothing.
//! He leaves it there, or takes it back right after that call. Calls that take descriptors alone look no name up.

use std::collections::BTreeMap;
use std::fs::{self, FileTimes, Permissions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, PidfdGetfdFlags, Signal, kill_process, pidfd_getfd, pidfd_open,
};
use tempfile::TempDir;

use crate::harness::strace::run_with_kill;
use crate::harness::{PROGRAM, Ran, at_once, finish, names, needs, operations_in, run, spawn};
use crate::scene::{Deed, Face, Scene};

/// The user `nobody`.
const NOBODY: u32 = 65534;

/// The system calls that take a path.
const CALLS: &str = "%file";

/// What the program does while names are exchanged.
#[derive(Clone, Copy, Debug)]
struct Case {
    deed: Deed,
    /// Whether the operation folders are on another volume, so that logs are copied.
    is_apart: bool,
    /// The call that it was killed at before, where it is a recovery.
    killed: Option<(&'static str, u32)>,
    /// The flags of the recovery.
    flags: &'static [&'static str],
}

const fn deed(deed: Deed, is_apart: bool) -> Case {
    Case { deed, is_apart, killed: None, flags: &[] }
}

const fn recovery(of: Deed, is_apart: bool, call: &'static str, nth: u32) -> Case {
    Case { deed: of, is_apart, killed: Some((call, nth)), flags: &[] }
}

const CASES: [Case; 10] = [
    deed(Deed::Repair, false),
    deed(Deed::RestoreRepair, false),
    deed(Deed::Reset, false),
    deed(Deed::RestoreReset, false),
    deed(Deed::Reset, true),
    deed(Deed::RestoreReset, true),
    // Unprepared, half written, half moved.
    recovery(Deed::Repair, false, "pwrite64", 4),
    recovery(Deed::Repair, true, "pwrite64", 8),
    recovery(Deed::Reset, false, "?renameat2", 3),
    Case { flags: &["--back"], ..recovery(Deed::Reset, true, "?renameat2", 3) },
];

/// A group, its operation folders, and a folder of root's that nobody has a reason to touch. One set for each
/// volume that the program works on.
struct World {
    case: Case,
    near: TempDir,
    far: TempDir,
    scene: Scene,
}

impl World {
    fn new(case: Case) -> Self {
        let near = tempfile::Builder::new().prefix("near").tempdir_in("/dev/shm").unwrap();
        let far = tempfile::Builder::new().prefix("far").tempdir().unwrap();
        for root in [near.path(), far.path()] {
            fs::set_permissions(root, Permissions::from_mode(0o755)).unwrap();
            for folder in ["up", "up/group", "outside", "aside"] {
                fs::create_dir(root.join(folder)).unwrap();
            }
        }
        let group = near.path().join("up/group");
        let backup_dir =
            if case.is_apart { far.path().join("up/kept") } else { group.join("edbmend") };
        let scene = Scene::with_backup_dir(case.deed, &group, &[], backup_dir);
        if let Some((call, nth)) = case.killed {
            assert!(run_with_kill(&scene.arguments(), call, nth).is_some(), "{case:?}");
        }
        Self { case, near, far, scene }
    }

    fn arguments(&self) -> Vec<String> {
        match self.case.killed {
            None => self.scene.arguments(),
            Some(_) => {
                let flags = self.case.flags.iter().map(|flag| (*flag).to_owned());
                self.scene.recover().into_iter().chain(flags).collect()
            }
        }
    }

    /// The folder for the test that a path is in; `None` where it is none of ours.
    fn root_of(&self, path: &Path) -> Option<&Path> {
        [self.near.path(), self.far.path()]
            .into_iter()
            .find(|root| path.starts_with(root.join("up")))
    }

    fn outside(&self) -> Vec<(PathBuf, i64, i64, Option<Vec<u8>>)> {
        let mut found = Vec::new();
        for root in [&self.near, &self.far] {
            look_at(&root.path().join("outside"), &mut found);
        }
        found
    }

    /// A path of the program as it is in any world of this case.
    fn named(&self, path: &Path) -> Option<Name> {
        let root = self.root_of(path)?;
        let is_near = root == self.near.path();
        let rest = path.strip_prefix(root).unwrap();
        let operations = self.operations();
        let parts = rest.iter().map(|part| {
            let part = part.to_str().unwrap();
            match operations.iter().position(|id| id == part) {
                Some(place) => Part::Operation(place),
                None => Part::Plain(part.to_owned()),
            }
        });
        Some(Name { is_near, parts: parts.collect() })
    }

    /// Where a name of another world of this case is in this one; `None` where it cannot be yet.
    fn path_of(&self, name: &Name) -> Option<PathBuf> {
        let mut path = if name.is_near { self.near.path() } else { self.far.path() }.to_owned();
        for part in &name.parts {
            match part {
                Part::Operation(place) => path.push(self.operations().get(*place)?),
                Part::Plain(part) => path.push(part),
            }
        }
        path.parent()?.is_dir().then_some(path)
    }

    /// Links that were moved in the place of a log: it was exchanged right before.
    fn links_moved_along(&self) -> Vec<PathBuf> {
        let away = operations_in(self.scene.backup_dir()).into_iter().map(|dir| dir.join("logs"));
        let folders = [self.near.path().join("up/group")].into_iter().chain(away);
        let paths = folders.filter(|folder| folder.is_dir()).flat_map(|folder| {
            names(&folder).into_iter().map(move |name| folder.join(name)).collect::<Vec<_>>()
        });
        paths.filter(|path| path.is_symlink()).collect()
    }

    /// The ids of the operations, the oldest first.
    fn operations(&self) -> Vec<String> {
        let id = |dir: PathBuf| dir.file_name().unwrap().to_str().unwrap().to_owned();
        operations_in(self.scene.backup_dir()).into_iter().map(id).collect()
    }

    /// Puts a link of somebody else's in the place of a name, while the program stands still.
    fn exchange(&self, name: &Path, program: Pid) -> Exchanged {
        let root = self.root_of(name).unwrap();
        let (aside, copy) = (root.join("aside/it"), root.join("outside/it"));
        let was_there = fs::symlink_metadata(name).is_ok();
        if was_there {
            copy_as_it_is(name, &copy, &open_files(program));
            fs::rename(name, &aside).unwrap();
        } else if name.extension().is_none() {
            fs::create_dir(&copy).unwrap();
        }
        symlink(&copy, name).unwrap();
        lchown(name, Some(NOBODY), Some(NOBODY)).unwrap();
        Exchanged { name: name.to_owned(), aside: was_there.then_some(aside) }
    }
}

/// The files that a process has open. Through its own descriptors they are read at once: an open would have to wait
/// until the lease on the file is broken, and what is tried here is not a second reader.
fn open_files(process: Pid) -> BTreeMap<PathBuf, fs::File> {
    let handle = pidfd_open(process, PidfdFlags::empty()).unwrap();
    let folder = PathBuf::from(format!("/proc/{}/fd", process.as_raw_nonzero()));
    let open = names(&folder).into_iter().filter_map(|number| {
        let path = fs::read_link(folder.join(&number)).ok()?;
        let number = number.to_str()?.parse().ok()?;
        let file: fs::File = pidfd_getfd(&handle, number, PidfdGetfdFlags::empty()).ok()?.into();
        let is_read = file.metadata().ok()?.is_file() && file.read_at(&mut [0], 0).is_ok();
        is_read.then_some((path, file))
    });
    open.collect()
}

/// Copies a file or a folder with its modes, owners and times.
fn copy_as_it_is(from: &Path, to: &Path, open: &BTreeMap<PathBuf, fs::File>) {
    let status = fs::symlink_metadata(from).unwrap();
    if status.is_symlink() {
        symlink(fs::read_link(from).unwrap(), to).unwrap();
    } else if status.is_dir() {
        fs::create_dir(to).unwrap();
        names(from).iter().for_each(|name| copy_as_it_is(&from.join(name), &to.join(name), open));
    } else {
        let content = open.get(from).map_or_else(|| fs::read(from).unwrap(), whole);
        fs::write(to, content).unwrap();
        let times = FileTimes::new().set_modified(status.modified().unwrap());
        fs::File::options().write(true).open(to).unwrap().set_times(times).unwrap();
    }
    lchown(to, Some(status.uid()), Some(status.gid())).unwrap();
    if !status.is_symlink() {
        fs::set_permissions(to, status.permissions()).unwrap();
    }
}

fn whole(file: &fs::File) -> Vec<u8> {
    let mut content = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut content, 0).unwrap();
    content
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    is_near: bool,
    parts: Vec<Part>,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// The id of the how many-th operation: it is another one in each world.
    Operation(usize),
    Plain(String),
}

/// A name that leads elsewhere.
struct Exchanged {
    name: PathBuf,
    aside: Option<PathBuf>,
}

impl Exchanged {
    /// Takes the link away, and puts back what was there. What the program has put in its place stays, and what
    /// it has removed, as a marker, stays away; a log that moved is put back.
    fn take_back(&self, call: &Call) {
        let is_link = fs::symlink_metadata(&self.name).is_ok_and(|status| status.is_symlink());
        if is_link {
            fs::remove_file(&self.name).unwrap();
        }
        let has_moved = is_log(&self.name) && call.kind != "unlinkat";
        if let Some(aside) = self.aside.as_ref().filter(|_| is_link || has_moved) {
            fs::rename(aside, &self.name).unwrap();
        }
    }
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "log" || extension == "chk")
}

/// Everything in a folder: each change of a file, its owner, mode, attributes or names sets its time of change.
fn look_at(path: &Path, found: &mut Vec<(PathBuf, i64, i64, Option<Vec<u8>>)>) {
    let status = fs::symlink_metadata(path).unwrap();
    let content = status.is_file().then(|| fs::read(path).unwrap());
    found.push((path.to_owned(), status.ctime(), status.ctime_nsec(), content));
    if status.is_dir() {
        names(path).iter().for_each(|name| look_at(&path.join(name), found));
    }
}

/// A call of the main thread.
#[derive(Clone, Debug)]
struct Call {
    /// Its system call.
    kind: String,
    /// The how many-th of its kind it is.
    nth: usize,
    /// The names that it looks up.
    names: Vec<Name>,
}

/// The calls of a run in their order.
fn calls_of(case: Case) -> Vec<Call> {
    let world = World::new(case);
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-y", "-s", "4096", "-e", &format!("trace={CALLS}"), "-o"]);
    command.arg(trace.path()).arg(PROGRAM).args(world.arguments());
    let ran = finish(spawn(&mut command));
    assert_eq!(ran.code, Some(0), "{case:?}: {ran:?}");
    let text = fs::read_to_string(trace.path()).unwrap();
    let main_thread = text.split(' ').next().unwrap();
    let own = text.lines().filter(|line| line.split(' ').next() == Some(main_thread));
    let mut seen = BTreeMap::new();
    let calls = own.filter_map(|line| {
        let kind = line.split_once(' ')?.1.trim_start().split_once('(')?.0.to_owned();
        let nth: &mut usize = seen.entry(kind.clone()).or_default();
        *nth += 1;
        Some(Call { kind, nth: *nth, names: looked_up(&world, line) })
    });
    calls.collect()
}

/// The names that one call looks up: each component of each path that it is given.
fn looked_up(world: &World, line: &str) -> Vec<Name> {
    let call = line.split(") = ").next().unwrap();
    let pieces: Vec<&str> = call.split('"').collect();
    let mut found = Vec::new();
    for (before, path) in pieces.iter().zip(&pieces[1..]).step_by(2) {
        let base =
            before.rsplit_once('<').and_then(|(_, it)| it.split_once('>')).map(|(base, _)| base);
        let base = PathBuf::from(base.unwrap_or("/"));
        let whole = base.join(path);
        let from = if path.starts_with('/') { Path::new("/") } else { base.as_path() };
        let ways = whole.ancestors().take_while(|way| *way != from);
        found.extend(ways.filter_map(|way| world.named(way)).filter(|name| name.parts.len() > 1));
    }
    found
}

/// How long a name leads elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    TheEnd,
    AfterTheCall,
}

/// A run that is stopped behind two calls.
struct Stopped {
    tracer: Child,
    trace: tempfile::NamedTempFile,
    seen: usize,
}

impl Stopped {
    fn start(arguments: &[String], calls: [&Call; 2]) -> Self {
        let trace = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", &format!("trace={CALLS}"), "-o"]).arg(trace.path());
        // Calls are counted by their kind.
        let [first, second] = calls;
        if first.kind == second.kind {
            let when = format!("{}..{}", first.nth, second.nth);
            command.args(["-e", &format!("inject={}:signal=STOP:when={when}", first.kind)]);
        } else {
            for Call { kind, nth, .. } in calls {
                command.args(["-e", &format!("inject={kind}:signal=STOP:when={nth}")]);
            }
        }
        command.arg(PROGRAM).args(arguments);
        Self { tracer: spawn(&mut command), trace, seen: 0 }
    }

    /// Waits for the next stop, and does something there. Nothing where the run is over.
    fn at_next(&mut self, something: impl FnOnce(Pid)) {
        while self.tracer.try_wait().unwrap().is_none() {
            let stops =
                fs::read_to_string(self.trace.path()).unwrap().matches("stopped by").count();
            if stops > self.seen {
                self.seen = stops;
                let program = self.program();
                something(program);
                kill_process(program, Signal::CONT).unwrap();
                return;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
    }

    fn program(&self) -> Pid {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.tracer.id()));
        let first = children.unwrap().split_whitespace().next().and_then(|pid| pid.parse().ok());
        first.and_then(Pid::from_raw).expect("it is stopped")
    }

    /// The end; a stop of another thread is passed by.
    fn end(mut self) -> Ran {
        while self.tracer.try_wait().unwrap().is_none() {
            self.at_next(|_| ());
        }
        finish(self.tracer)
    }
}

/// Exchanges one name right before a call, and looks at what has become of everything.
fn exchange(case: Case, calls: [&Call; 2], name: &Name, until: Until) -> Option<i32> {
    let world = World::new(case);
    let mut stopped = Stopped::start(&world.arguments(), calls);
    let (mut exchanged, mut outside) = (None, Vec::new());
    stopped.at_next(|program| {
        exchanged = world.path_of(name).map(|path| world.exchange(&path, program));
        outside = world.outside();
    });
    let mut is_back = false;
    if until == Until::AfterTheCall {
        stopped.at_next(|_| {
            exchanged.iter().for_each(|exchanged| exchanged.take_back(calls[1]));
            is_back = true;
        });
    }
    let ran = stopped.end();
    let exchanged = exchanged?;
    let what =
        format!("{case:?}, {:?}, {} until {until:?}: {ran:?}", calls[1], exchanged.name.display());
    assert!(world.outside() == outside, "something outside was touched. {what}");
    if !is_back {
        exchanged.take_back(calls[1]);
    }
    expect_true(&world, &ran, &what);
    ran.code
}

/// What was said is so; and what is pending comes to an end.
fn expect_true(world: &World, ran: &Ran, what: &str) {
    let scene = &world.scene;
    let goal = scene.goal();
    let start = if goal == Face::New { Face::Old } else { Face::New };
    let is_recovery = world.case.killed.is_some();
    let face = || scene.face().unwrap_or_else(|why| panic!("{why}. {what}"));
    match ran.outcome().as_str() {
        "committed" => assert_eq!(face(), goal, "{what}"),
        "rolled-back" => assert_eq!(face(), start, "{what}"),
        "refused" | "failed" if !is_recovery => assert_eq!(face(), start, "{what}"),
        "refused" | "failed" | "pending" | "nothing-to-do" => {}
        other => panic!("{other}: {what}"),
    }
    if scene.is_pending() {
        remedy_links(world, what);
        scene.recovered_face().unwrap_or_else(|why| panic!("{why}. {what}"));
    }
}

/// Where a link is in the place of a log, that is refused; the administrator puts it elsewhere, as he is told.
fn remedy_links(world: &World, what: &str) {
    let links = world.links_moved_along();
    if !links.is_empty() {
        let refused = run(world.scene.recover());
        assert_eq!(refused.refusals(), ["new-log-stream"], "{refused:?}. {what}");
    }
    links.iter().for_each(|link| fs::remove_file(link).unwrap());
}

/// Goes through every so many exchanges of a case; how often each exit code was seen.
fn go_through(case: Case, every: usize) -> BTreeMap<Option<i32>, usize> {
    needs::another_user();
    needs::strace();
    let calls = calls_of(case);
    let uses = calls
        .windows(2)
        .flat_map(|pair| pair[1].names.iter().map(move |name| ([&pair[0], &pair[1]], name)));
    let both = [Until::TheEnd, Until::AfterTheCall];
    let all = uses.flat_map(|(calls, name)| both.map(|until| (calls, name, until)));
    let (mut codes, mut wrong) = (BTreeMap::new(), 0);
    for (calls, name, until) in all.step_by(every) {
        // Each that goes wrong is told.
        match catch_unwind(|| exchange(case, calls, name, until)) {
            Ok(code) => *codes.entry(code).or_default() += 1,
            Err(_) => wrong += 1,
        }
    }
    println!("{case:?}: {codes:?}, {wrong} went wrong");
    assert_eq!(wrong, 0, "{case:?}");
    codes
}

#[test]
#[ignore = "needs strace, a disk beside /dev/shm"]
fn some_names_are_exchanged_before_the_call_that_looks_them_up() {
    at_once([&CASES[..5], &CASES[5..]], |cases| {
        cases.iter().for_each(|case| {
            go_through(*case, 181);
        });
    });
}

/// Logs move one right after the other, without a look between them.
#[test]
#[ignore = "needs strace, a disk beside /dev/shm"]
fn a_log_that_is_exchanged_between_the_look_and_the_move_is_not_called_moved() {
    needs::another_user();
    needs::strace();
    for case in [deed(Deed::Reset, false), deed(Deed::RestoreReset, false)] {
        let calls = calls_of(case);
        let moves =
            calls.windows(2).filter(|pair| pair.iter().all(|call| call.kind == "renameat2"));
        let mut tried = 0;
        for pair in moves {
            let is_moved = |name: &&Name| match name.parts.last() {
                Some(Part::Plain(last)) => is_log(last.as_ref()),
                _ => false,
            };
            let origin = pair[1].names.iter().find(is_moved).expect("a log moves");
            for until in [Until::TheEnd, Until::AfterTheCall] {
                assert_eq!(
                    exchange(case, [&pair[0], &pair[1]], origin, until),
                    Some(6),
                    "{case:?}"
                );
                tried += 1;
            }
        }
        assert!(tried > 0, "{case:?}");
    }
}

mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: a quarter of an hour; some are exchanged with the tests that need strace"]
    fn every_name_is_exchanged_before_every_call_that_looks_it_up() {
        at_once([&CASES[..5], &CASES[5..]], |cases| {
            cases.iter().for_each(|case| {
                let codes = go_through(*case, 1);
                assert!(codes.contains_key(&Some(0)) && codes.contains_key(&Some(3)), "{codes:?}");
            });
        });
    }
}
