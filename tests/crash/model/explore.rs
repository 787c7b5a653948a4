//! Every state that a crash may leave, and what `recover` makes of it, crashed again and again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edbmend::apply::{Allowed, Ending, Wish, find_pending, recover};
use twox_hash::XxHash3_128 as Hasher;

use super::choices::Sample;
use super::context;
use super::event::{Event, Snapshot};
use super::sim::Sim;
use super::tree::Tree;

/// What a state is before anybody mends it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// The engine sees the database of before; all logs are at home.
    Old,
    /// The engine sees the planned database; all logs are away.
    New,
    /// Some logs are at home, others away: the engine refuses to mount.
    Between,
    /// The engine elects a header that is neither the old nor the new one.
    Collision,
    /// The engine finds no header; or the current log, but not all numbered ones: it would mount
    /// what a reset has half done.
    Dead,
}

/// What must hold of the states of an operation.
pub trait Judge {
    /// What the engine would see now.
    fn face(&self, tree: &Tree) -> Face;
    /// Why a state without a pending operation is neither before nor after, or has left something
    /// behind.
    fn wrong(&self, tree: &Tree) -> Option<String>;
    /// What `recover` is given.
    fn target(&self) -> PathBuf;
}

/// An operation as it was recorded.
pub struct Recording {
    pub name: String,
    pub start: Tree,
    pub log: Vec<Arc<Event>>,
}

/// How far to look.
#[derive(Clone, Copy)]
pub struct Depth {
    /// States of each crash point of the operation.
    pub operation: Sample,
    /// States of each crash point of a recovery.
    pub recovery: Sample,
    /// How often a process may be killed in a row, without a power loss between.
    pub kills: usize,
    /// Whether `recover --back` is run beside `recover`.
    pub back: bool,
    /// Of recoveries that do exactly the same to the medium, how many are crashed at their own steps.
    /// The states that they begin with differ only in files that they do not use.
    pub alike: usize,
}

/// Where a crash was tried. Points that leave exactly the same count once.
#[derive(Clone, Copy, Default)]
pub struct Points {
    pub all: usize,
    /// Where not every subset was tried.
    pub sampled: usize,
    /// How many subsets were drawn there.
    pub drawn: usize,
}

/// A line of the table.
#[derive(Default)]
pub struct Row {
    pub name: String,
    /// Of the operation, and of the recoveries.
    pub points: [Points; 2],
    pub states: usize,
    pub of_recovery: usize,
    pub faces: [usize; 5],
    pub pending: usize,
    pub recovered: usize,
    pub lost: usize,
    /// The first states that were lost, in words.
    pub examples: Vec<String>,
}

impl Row {
    pub fn count(&self, face: Face) -> usize {
        self.faces[face as usize]
    }
}

struct Visit {
    state: Snapshot,
    kills: usize,
    history: String,
}

/// The states found so far, and those still to be looked at.
struct Search<'a> {
    judge: &'a dyn Judge,
    depth: Depth,
    seen: HashSet<u128>,
    /// The crash points of which every state is among these, with the kills before them.
    crashed: HashSet<(u128, usize)>,
    alike: HashMap<u128, usize>,
    queue: VecDeque<Visit>,
    row: Row,
}

/// Looks at every state of a recording.
pub fn explore(recording: &Recording, judge: &dyn Judge, depth: Depth) -> Row {
    let row = Row { name: recording.name.clone(), ..Row::default() };
    let (seen, crashed) = (HashSet::new(), HashSet::new());
    let (alike, queue) = (HashMap::new(), VecDeque::new());
    let mut search = Search { judge, depth, seen, crashed, alike, queue, row };
    let start = Snapshot::durable(recording.start.clone());
    search.crash_everywhere(&start, &recording.log, depth.operation, 0, "");
    let found = search.queue.len();
    while let Some(visit) = search.queue.pop_front() {
        search.look_at(&visit);
    }
    search.row.of_recovery = search.row.states - found;
    search.row
}

fn wish(back: bool) -> Wish {
    if back { Wish::Back } else { Wish::AsFound }
}

impl Search<'_> {
    /// A power loss in every way, and a kill, at each point of a log.
    fn crash_everywhere(
        &mut self,
        start: &Snapshot,
        log: &[Arc<Event>],
        sample: Sample,
        kills: usize,
        history: &str,
    ) {
        let mut at = start.clone();
        self.crash(&at, sample, kills, &format!("{history}0"));
        for (index, event) in log.iter().enumerate() {
            at.push(event);
            self.crash(&at, sample, kills, &format!("{history}{}", index + 1));
        }
    }

    fn crash(&mut self, at: &Snapshot, sample: Sample, kills: usize, history: &str) {
        if !self.crashed.insert((at.digest(), kills)) {
            return;
        }
        let lost = format!("{history} power loss");
        let drawn = at.power_losses(sample, |tree| self.add(Snapshot::durable(tree), 0, &lost));
        let points = &mut self.row.points[usize::from(history.contains('>'))];
        points.all += 1;
        points.sampled += usize::from(drawn > 0);
        points.drawn += drawn;
        if kills < self.depth.kills && !at.is_durable() {
            self.add(at.clone(), kills + 1, &format!("{history} killed"));
        }
    }

    fn add(&mut self, state: Snapshot, kills: usize, history: &str) {
        if self.seen.insert(state.digest()) {
            let state = state.renumbered();
            self.queue.push_back(Visit { state, kills, history: history.to_owned() });
        }
    }

    fn look_at(&mut self, visit: &Visit) {
        let tree = visit.state.now();
        self.row.states += 1;
        let face = self.judge.face(&tree);
        self.row.faces[face as usize] += 1;
        if face == Face::Dead {
            self.tell(visit, "no header is elected, or half a log stream would be mounted");
        }
        let pending = find_pending(&Sim::on(tree.clone()), &self.judge.target());
        match pending.unwrap_or_default().first() {
            Some(subject) => {
                self.row.pending += 1;
                let ways: &[bool] = if self.depth.back { &[false, true] } else { &[false] };
                let recovered =
                    ways.iter().filter(|&&back| self.recover(visit, &tree, subject, back));
                let recovered = recovered.count() == ways.len();
                self.row.recovered += usize::from(recovered);
                self.row.lost += usize::from(!recovered);
            }
            None => {
                if let Some(wrong) = self.judge.wrong(&tree) {
                    self.tell(visit, &wrong);
                    self.row.lost += 1;
                }
            }
        }
    }

    /// Runs `recover` to its end, and puts every crash of it on the list.
    fn recover(&mut self, visit: &Visit, tree: &Tree, subject: &Path, back: bool) -> bool {
        let sim = Sim::on(tree.clone());
        let applied = recover(context(&sim), subject, wish(back), Allowed::default());
        let wrong = match applied.ending {
            Ending::Committed | Ending::RolledBack => self.judge.wrong(&sim.now()),
            other => Some(format!("recover ended {other:?}: {:?}", applied.reasons)),
        };
        if let Some(wrong) = &wrong {
            self.tell(visit, wrong);
        }
        let history = format!("{}{} > ", visit.history, if back { ", back" } else { "" });
        let (sample, log) = (self.depth.recovery, sim.log());
        if self.crashed_enough(visit, &log) {
            return wrong.is_none();
        }
        self.crash_everywhere(&visit.state, &log, sample, visit.kills, &history);
        wrong.is_none()
    }

    fn crashed_enough(&mut self, visit: &Visit, log: &[Arc<Event>]) -> bool {
        let mut hasher = Hasher::new();
        hasher.write(&visit.state.unsynced_digest().to_le_bytes());
        hasher.write(&visit.kills.to_le_bytes());
        log.iter().for_each(|event| event.digest_into(&mut hasher));
        let count = self.alike.entry(hasher.finish_128()).or_default();
        *count += 1;
        *count > self.depth.alike
    }

    fn tell(&mut self, visit: &Visit, what: &str) {
        if self.row.examples.len() < 5 {
            self.row.examples.push(format!("at {}: {what}", visit.history));
        }
    }
}
