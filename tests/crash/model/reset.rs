//! Log resets and their undo in the simulated file system.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use edbmend::apply::{
    Applied, Context, Ending, Job, KnownDeed, NoObserver, Terms, execute, undo_of,
};
use edbmend::plan::{ResetRequest, plan_reset};
use edbmend::practice::{Recipe, storage_group};
use edbmend::storage::Storage;
use edbmend::survey::{Digests, GroupFacts, GroupFolders, survey_database, survey_group};

use super::context;
use super::explore::{Face, Judge, Recording};
use super::header::{agrees, left_over, settled, stamp};
use super::sim::{Fault, Sim};
use super::tree::Tree;

const LOGS: &str = "/disk/mdbdata";

/// A storage group whose logs go away, on its own volume or to another.
pub struct ResetCase {
    files: BTreeMap<PathBuf, Vec<u8>>,
    backup_dir: PathBuf,
}

impl ResetCase {
    pub fn new(across_volumes: bool) -> Self {
        let recipe =
            Recipe { log_file_sectors: 16, pages: 2, current_generation: 3, ..Recipe::default() };
        let path = |name: &str| Path::new(LOGS).join(name);
        let made = storage_group(&recipe).into_iter();
        let mut files: BTreeMap<_, _> = made.map(|file| (path(&file.name), file.bytes)).collect();
        files.insert(path("E00tmp.log"), vec![0; 8192]);
        let backup_dir = if across_volumes { "/another/edbmend" } else { "/disk/mdbdata/edbmend" };
        Self { files, backup_dir: backup_dir.into() }
    }

    fn start(&self) -> Tree {
        let mut tree = Tree::new();
        tree.make_dirs(Path::new("/another"));
        self.files.iter().for_each(|(path, bytes)| tree.put(path, bytes));
        tree
    }

    /// A reset to its end.
    pub fn reset(&self, name: &str) -> Recording {
        self.record(name, Box::new(|_, _| None), false, Ending::Committed)
    }

    /// A reset that Ctrl-C stops while it is prepared.
    pub fn reset_given_up(&self, name: &str) -> Recording {
        self.record(name, Box::new(|_, _| None), true, Ending::Failed)
    }

    /// A reset whose last file cannot be moved, so that all of them go back.
    pub fn reset_rolled_back(&self, name: &str) -> Recording {
        let fault = |call: &str, path: &Path| {
            let moves = ["rename_new", "remove_file"].contains(&call);
            let is_last = path == Path::new(LOGS).join("E00.chk");
            (moves && is_last).then_some(io::ErrorKind::Other)
        };
        self.record(name, Box::new(fault), false, Ending::RolledBack)
    }

    /// A reset of which the first sync after a move fails.
    pub fn reset_unsynced(&self, name: &str) -> Recording {
        let (mut moved, mut failed) = (false, false);
        let fault = move |call: &str, _: &Path| {
            moved |= call == "rename_new";
            let fails = moved && !failed && call == "sync_dir";
            failed |= fails;
            fails.then_some(io::ErrorKind::Other)
        };
        self.record(name, Box::new(fault), false, Ending::Pending)
    }

    fn record(&self, name: &str, fault: Box<Fault>, interrupted: bool, end: Ending) -> Recording {
        let start = self.start();
        let sim = Sim::failing(start.clone(), fault);
        let interrupted = AtomicBool::new(interrupted);
        let context = Context { storage: &sim, observer: &NoObserver, interrupted: &interrupted };
        let applied = execute(context, &self.job(&sim));
        assert_eq!(applied.ending, end, "{name}: {:?}", applied.reasons);
        Recording { name: name.to_owned(), start, log: sim.log() }
    }

    /// The undo of a reset.
    pub fn restore(&self, name: &str) -> Recording {
        let sim = Sim::on(self.start());
        assert_eq!(execute(context(&sim), &self.job(&sim)).ending, Ending::Committed);
        let start = sim.now();
        let sim = Sim::on(start.clone());
        let applied = execute(context(&sim), &self.undo_job(&sim));
        assert_eq!(applied.ending, Ending::Committed, "{name}: {:?}", applied.reasons);
        Recording { name: name.to_owned(), start, log: sim.log() }
    }

    /// A reset, or its undo, under faults. Planned without them.
    pub fn attempt(&self, undo: bool, fault: Box<Fault>) -> (Applied, Sim) {
        self.attempt_in(undo, |tree| Sim::failing(tree, fault))
    }

    /// A reset, or its undo, in a world of its own. Planned without it.
    pub fn attempt_in(&self, undo: bool, world: impl FnOnce(Tree) -> Sim) -> (Applied, Sim) {
        let mut sim = Sim::on(self.start());
        let mut job = self.job(&sim);
        if undo {
            assert_eq!(execute(context(&sim), &job).ending, Ending::Committed);
            sim = Sim::on(sim.now());
            job = self.undo_job(&sim);
        }
        let sim = world(sim.now());
        (execute(context(&sim), &job), sim)
    }

    /// Whether all logs of a tree are at home, or all away.
    pub fn whole(&self, tree: &Tree) -> Option<Face> {
        match self.places(tree) {
            Ok((_, 0)) => Some(Face::Old),
            Ok((0, _)) => Some(Face::New),
            _ => None,
        }
    }

    fn job(&self, storage: &dyn Storage) -> Job {
        let group = survey(storage);
        let operation_dir = self.backup_dir.join(stamp("reset-logs").id);
        let volume = storage.status(self.backup_dir.parent().unwrap()).unwrap().identity.0;
        let request = ResetRequest {
            operation_dir: &operation_dir,
            volume,
            apart: Vec::new(),
            numbered: Vec::new(),
            overrides: Vec::new(),
        };
        let plan = plan_reset(&group, &group.streams[0], &request, &stamp("reset-logs")).unwrap();
        Job::of_logs(plan.into(), self.terms())
    }

    fn terms(&self) -> Terms {
        Terms {
            backup_dir: self.backup_dir.clone(),
            allow_unproven_lock: false,
            ..Terms::default()
        }
    }

    fn undo_job(&self, storage: &dyn Storage) -> Job {
        let dir = self.backup_dir.join(stamp("reset-logs").id);
        let Ok(Some(deed @ KnownDeed::Logs(_))) = undo_of(storage, &dir, &stamp("restore")) else {
            panic!("a reset has an undo")
        };
        Job { deed, terms: self.terms() }
    }

    fn away(&self, path: &Path) -> PathBuf {
        self.backup_dir.join(stamp("reset-logs").id).join("logs").join(path.file_name().unwrap())
    }

    /// How many logs are at home and how many are away; a file that is nowhere, twice or changed is
    /// an error.
    fn places(&self, tree: &Tree) -> Result<(usize, usize), String> {
        let (mut home, mut away) = (0, 0);
        for (path, bytes) in &self.files {
            let here = tree.bytes_at(path).is_some_and(|found| found == bytes);
            let there = tree.bytes_at(&self.away(path)).is_some_and(|found| found == bytes);
            match (here, there, is_of_stream(path)) {
                (true, true, _) => return Err(format!("{} is in two places", path.display())),
                (false, false, _) => return Err(format!("{} is lost", path.display())),
                (_, _, false) if there => return Err(format!("{} was moved", path.display())),
                (_, _, false) => {}
                (here, _, true) => {
                    home += usize::from(here);
                    away += usize::from(!here);
                }
            }
        }
        Ok((home, away))
    }
}

fn is_of_stream(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with("E00")
}

/// `E0000001.log`
fn is_numbered(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "log")
        && path.file_stem().unwrap().len() == "E0000001".len()
        && is_of_stream(path)
}

fn survey(storage: &dyn Storage) -> GroupFacts {
    let databases = ["priv1.edb", "pub1.edb"];
    let databases =
        databases.map(|name| survey_database(storage, &Path::new(LOGS).join(name)).unwrap());
    let folders = GroupFolders { log_dir: LOGS.into(), system_dir: LOGS.into() };
    survey_group(storage, folders, databases.into(), Digests::Wanted, &|_| {}).unwrap()
}

impl Judge for ResetCase {
    fn face(&self, tree: &Tree) -> Face {
        let is_home = |path: &Path| tree.find(path).is_some();
        let of_stream = self.files.keys().filter(|path| is_of_stream(path));
        let home: Vec<bool> = of_stream.map(|path| is_home(path)).collect();
        let mut numbered = self.files.keys().filter(|path| is_numbered(path));
        if is_home(&Path::new(LOGS).join("E00.log")) && !numbered.all(|path| is_home(path)) {
            return Face::Dead;
        }
        match (home.contains(&true), home.contains(&false)) {
            (true, false) => Face::Old,
            (false, true) => Face::New,
            _ => Face::Between,
        }
    }

    fn wrong(&self, tree: &Tree) -> Option<String> {
        let is_away = match self.places(tree) {
            Ok((_, 0)) => false,
            Ok((0, _)) => true,
            Ok((home, away)) => return Some(format!("{home} logs are at home, {away} away")),
            Err(wrong) => return Some(wrong),
        };
        let ours: Vec<&Path> = self.files.keys().map(PathBuf::as_path).collect();
        left_over(tree, &ours).or_else(|| match settled(tree, "restore") {
            Some(restored) => agrees(Some(restored), !is_away),
            None => agrees(settled(tree, "reset-logs"), is_away),
        })
    }

    fn target(&self) -> PathBuf {
        LOGS.into()
    }
}
