//! Repairs and restores in the simulated file system.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use edbmend::apply::{
    Applied, Context, Ending, Job, KnownDeed, NoObserver, Terms, execute, undo_of,
};
use edbmend::ese::shadow::{HeaderArea, Which, elect};
use edbmend::plan::{BackupScope, OperationStamp, RepairRequest, plan_rebuild, plan_repair};
use edbmend::practice::{DatabaseRecipe, corrupt_copy, damage_full_backup, edit_header};
use edbmend::rebuild::{RebuildCase, Rebuilt};
use edbmend::storage::{Access, Exclusive, Storage};
use edbmend::survey::{DatabaseFacts, PageLayout, PagesPrinting, survey_database};

use super::context;
use super::explore::{Face, Judge, Recording};
use super::sim::{Fault, Sim};
use super::tree::{Ino, Tree};

const DATABASE: &str = "/disk/mdbdata/priv1.edb";
const PAGE_BYTES: usize = 4096;

/// What is wrong with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Both copies are valid; the backup fields are not.
    BothSound,
    /// Both copies are valid, the backup fields are not, and the position of the backup mark equals its first generation, so that torn copies
    /// may pass the checksum.
    Colliding,
    /// The primary copy is bad, too.
    PrimaryBad,
    /// The shadow copy is bad, too.
    ShadowBad,
    /// Neither copy is valid: the header is rebuilt.
    BothDestroyed,
}

/// A database, before and after its repair.
pub struct HeaderCase {
    old: Vec<u8>,
    new: Vec<u8>,
    backup: BackupScope,
}

impl HeaderCase {
    pub fn new(damage: Damage, backup: BackupScope) -> Self {
        let mut old = DatabaseRecipe { pages: 2, ..DatabaseRecipe::default() }.build();
        damage_full_backup(&mut old);
        match damage {
            Damage::BothSound => {
                edit_header(&mut old, |raw| raw.full_prev.mark.generation = 7.into())
            }
            Damage::Colliding => edit_header(&mut old, |raw| {
                raw.full_prev.gen_low = (raw.full_prev.mark.generation.get() as u32).into();
            }),
            Damage::PrimaryBad => corrupt_copy(&mut old, Which::Primary),
            Damage::ShadowBad => corrupt_copy(&mut old, Which::Shadow),
            // A few words are enough, and keep the number of torn states within reason.
            Damage::BothDestroyed => {
                corrupt_copy(&mut old, Which::Primary);
                corrupt_copy(&mut old, Which::Shadow);
            }
        }
        let mut case = Self { new: Vec::new(), old, backup };
        let sim = Sim::on(case.start());
        assert_eq!(execute(context(&sim), &case.repair_job(&sim)).ending, Ending::Committed);
        case.new = database_of(&sim.now()).to_vec();
        case
    }

    fn start(&self) -> Tree {
        let mut tree = Tree::new();
        tree.put(Path::new(DATABASE), &self.old);
        tree
    }

    /// A repair to its end.
    pub fn repair(&self, name: &str) -> Recording {
        self.record(name, self.start(), Box::new(|_, _| None), false, Ending::Committed)
    }

    /// A repair that Ctrl-C stops while the backup is made.
    pub fn repair_given_up(&self, name: &str) -> Recording {
        self.record(name, self.start(), Box::new(|_, _| None), true, Ending::Failed)
    }

    /// A repair whose `n`th call of a kind on the database fails.
    pub fn repair_failing(
        &self,
        name: &str,
        call: &'static str,
        n: usize,
        end: Ending,
    ) -> Recording {
        let mut count = 0;
        let fault = move |now: &str, path: &Path| {
            let is_meant = now == call && path == Path::new(DATABASE);
            count += usize::from(is_meant);
            (is_meant && count == n).then_some(io::ErrorKind::Other)
        };
        self.record(name, self.start(), Box::new(fault), false, end)
    }

    fn record(
        &self,
        name: &str,
        start: Tree,
        fault: Box<Fault>,
        interrupted: bool,
        end: Ending,
    ) -> Recording {
        let sim = Sim::failing(start.clone(), fault);
        let job = self.repair_job(&sim);
        let applied = run(&sim, &job, interrupted);
        assert_eq!(applied.ending, end, "{name}: {:?}", applied.reasons);
        Recording { name: name.to_owned(), start, log: sim.log() }
    }

    /// The undo of a repair.
    pub fn restore(&self, name: &str) -> Recording {
        let sim = Sim::on(self.start());
        assert_eq!(run(&sim, &self.repair_job(&sim), false).ending, Ending::Committed);
        let start = sim.now();
        let sim = Sim::on(start.clone());
        let applied = run(&sim, &self.restore_job(&sim), false);
        assert_eq!(applied.ending, Ending::Committed, "{name}: {:?}", applied.reasons);
        Recording { name: name.to_owned(), start, log: sim.log() }
    }

    fn repair_job(&self, storage: &dyn Storage) -> Job {
        let facts = facts(storage);
        if facts.pair.is_none() {
            let (plan, images) = rebuild(&facts, &self.old);
            return job(&facts, plan, images);
        }
        let request = RepairRequest { backup: self.backup, ..RepairRequest::default() };
        let (plan, images) = plan_repair(&facts, &request, &stamp("repair")).expect("damage");
        job(&facts, plan, images)
    }

    fn restore_job(&self, storage: &dyn Storage) -> Job {
        let dir = backup_dir().join(stamp("repair").id);
        let Ok(Some(KnownDeed::Header(undo))) = undo_of(storage, &dir, &stamp("restore")) else {
            panic!("a repair has an undo")
        };
        job(&facts(storage), undo.plan, undo.images)
    }

    /// A repair, or its undo, under faults. Planned without them.
    pub fn attempt(&self, undo: bool, fault: Box<Fault>) -> (Applied, Sim) {
        self.attempt_in(undo, |tree| Sim::failing(tree, fault))
    }

    /// A repair, or its undo, in a world of its own. Planned without it.
    pub fn attempt_in(&self, undo: bool, world: impl FnOnce(Tree) -> Sim) -> (Applied, Sim) {
        let mut sim = Sim::on(self.start());
        let mut job = self.repair_job(&sim);
        if undo {
            assert_eq!(run(&sim, &job, false).ending, Ending::Committed);
            sim = Sim::on(sim.now());
            job = self.restore_job(&sim);
        }
        let sim = world(sim.now());
        (run(&sim, &job, false), sim)
    }

    /// A repair as it was made once, without the questions of today: the lease is asked for before the first
    /// write and never again, and the way back writes the old pages over whatever is there.
    pub fn attempt_as_once(&self, world: impl FnOnce(Tree) -> Sim) -> (Ending, Sim) {
        let planned = Sim::on(self.start());
        let request = RepairRequest { backup: self.backup, ..RepairRequest::default() };
        let (plan, images) = plan_repair(&facts(&planned), &request, &stamp("repair")).unwrap();
        let sim = world(self.start());
        let file = match sim.open(Path::new(DATABASE), Access::ReadWrite) {
            Ok(file) if file.lock() == Exclusive::Granted => file,
            _ => return (Ending::Refused, sim),
        };
        let put = |offset: u64, page: &[u8]| {
            let mut found = vec![0; page.len()];
            file.write_at(page, offset).unwrap();
            file.sync().unwrap();
            file.read_at(&mut found, offset).unwrap();
            found == page
        };
        let mut found = vec![0; images.before.len()];
        file.read_at(&mut found, 0).unwrap();
        if found != images.before || !file.lock_is_undisputed() {
            return (Ending::Refused, sim);
        }
        let writes: Vec<_> = plan.writes().collect();
        for (index, write) in writes.iter().enumerate() {
            if put(write.offset, images.after_of(write.copy)) {
                continue;
            }
            let mut back = writes[..=index].iter().rev();
            let is_back = back.all(|write| put(write.offset, images.before_of(write.copy)));
            drop(file);
            return (if is_back { Ending::RolledBack } else { Ending::Pending }, sim);
        }
        file.read_at(&mut found, 0).unwrap();
        let ending = if found == images.after { Ending::Committed } else { Ending::Pending };
        drop(file);
        (ending, sim)
    }

    /// Whether a tree has the database of before, byte for byte, or the planned one.
    pub fn whole(&self, tree: &Tree) -> Option<Face> {
        let bytes = database_of(tree);
        match (bytes == self.old, bytes == self.new) {
            (true, _) => Some(Face::Old),
            (_, true) => Some(Face::New),
            _ => None,
        }
    }

    /// The file number of the database.
    pub fn database(&self) -> Ino {
        self.start().find(Path::new(DATABASE)).unwrap()
    }
}

/// The plan that writes the header of a healthy database over destroyed copies.
fn rebuild(
    facts: &DatabaseFacts,
    old: &[u8],
) -> (edbmend::plan::Plan, edbmend::plan::HeaderImages) {
    let healthy = DatabaseRecipe { pages: 2, ..DatabaseRecipe::default() }.build();
    let rebuilt = Rebuilt {
        case: RebuildCase::CleanProven,
        page: healthy[..PAGE_BYTES].to_vec(),
        fields: Vec::new(),
        evidence: Vec::new(),
        is_by_name: false,
    };
    let length = old.len() as u64;
    let mut printing = PagesPrinting::new(PageLayout::of(length, PAGE_BYTES), length);
    printing.block(old, 0);
    let pages = printing.finish();
    plan_rebuild(facts, &rebuilt, &pages, Vec::new(), &stamp("repair")).expect("two pages")
}

fn run(sim: &Sim, job: &Job, interrupted: bool) -> Applied {
    let interrupted = AtomicBool::new(interrupted);
    execute(Context { storage: sim, observer: &NoObserver, interrupted: &interrupted }, job)
}

fn facts(storage: &dyn Storage) -> DatabaseFacts {
    survey_database(storage, Path::new(DATABASE)).unwrap()
}

fn backup_dir() -> PathBuf {
    Path::new(DATABASE).with_file_name("edbmend")
}

fn job(
    facts: &DatabaseFacts,
    plan: edbmend::plan::Plan,
    images: edbmend::plan::HeaderImages,
) -> Job {
    let terms = Terms { backup_dir: backup_dir(), allow_unproven_lock: false, ..Terms::default() };
    Job::of_header(facts, plan, images, terms)
}

pub fn stamp(command: &str) -> OperationStamp {
    OperationStamp {
        id: format!("edbmend-test-{command}-0000"),
        created: "2026-01-01T00:00:00Z".into(),
    }
}

fn database_of(tree: &Tree) -> &[u8] {
    tree.bytes_at(Path::new(DATABASE)).expect("nobody renames the database")
}

impl Judge for HeaderCase {
    fn face(&self, tree: &Tree) -> Face {
        let page = |bytes: &[u8]| {
            let pair = elect(&HeaderArea::of(bytes[..2 * PAGE_BYTES].to_vec()))?;
            let start = pair.elected.offset(PAGE_BYTES) as usize;
            Some(bytes[start..start + PAGE_BYTES].to_vec())
        };
        let elected = page(database_of(tree));
        match elected {
            None if database_of(tree) == self.old => Face::Old,
            None if database_of(tree) == self.new => Face::New,
            None => Face::Dead,
            _ if elected == page(&self.old) => Face::Old,
            _ if elected == page(&self.new) => Face::New,
            Some(_) => Face::Collision,
        }
    }

    fn wrong(&self, tree: &Tree) -> Option<String> {
        let bytes = database_of(tree);
        if bytes != self.old && bytes != self.new {
            return Some("the database is neither the old nor the new one".into());
        }
        let settled = |state: &str| settled(tree, state);
        left_over(tree, &[Path::new(DATABASE)]).or_else(|| {
            let is_restored = tree.find(&backup_dir().join(stamp("restore").id).join("journal"));
            match (is_restored, bytes == self.new) {
                (Some(_), new) => agrees(settled("restore"), !new),
                (None, new) => agrees(settled("repair"), new),
            }
        })
    }

    fn target(&self) -> PathBuf {
        DATABASE.into()
    }
}

/// The last word of an operation's journal.
pub fn settled(tree: &Tree, command: &str) -> Option<String> {
    let journal = tree
        .files()
        .into_iter()
        .find(|(path, _)| path.ends_with(Path::new(&stamp(command).id).join("journal")))?;
    Some(String::from_utf8_lossy(tree.bytes(journal.1)?).into_owned())
}

/// A journal must say what is so: without a marker it is all that an undo has.
pub fn agrees(journal: Option<String>, committed: bool) -> Option<String> {
    let journal = journal?;
    let expected = if committed { "\"committed\"" } else { "\"rolled-back\"" };
    (!journal.contains(expected)).then(|| format!("the journal is not {expected}: {journal}"))
}

/// A file that no operation knows: beside the given ones there may be only whole operation folders.
pub fn left_over(tree: &Tree, ours: &[&Path]) -> Option<String> {
    let files = tree.files();
    let has_journal = |path: &Path| {
        let is_operation = |dir: &&Path| {
            dir.file_name().is_some_and(|n| n.to_string_lossy().starts_with("edbmend-"))
        };
        let dir = path.ancestors().skip(1).find(is_operation);
        dir.is_some_and(|dir| tree.find(&dir.join("journal")).is_some())
    };
    let unfinished = |path: &Path| {
        let name = path.to_string_lossy();
        name.ends_with("-tmp") || name.ends_with("-pending")
    };
    let stray = |path: &Path| unfinished(path) || (!ours.contains(&path) && !has_journal(path));
    let found = files.iter().map(|(path, _)| path).find(|path| stray(path))?;
    Some(format!("{} is left, and nothing knows it", found.display()))
}
