//! Whatever somebody else opens, writes or mounts, and however long a call takes: nothing of his is written
//! over but by the one call that had begun before he was let in, and what is said is so. The model and its
//! assumptions: `docs/proof.md`.
//!
//! The short form runs with the other tests. The whole of it, which prints the table there:
//! `scripts/proof`

use std::collections::BTreeSet;
use std::path::Path;

use edbmend::apply::{Allowed, Applied, Ending, Wish, find_pending, recover};
use edbmend::plan::BackupScope;
use edbmend::refusal::RefusalId;

use crate::model::context;
use crate::model::event::{Event, Snapshot};
use crate::model::explore::{Face, Judge, Recording};
use crate::model::header::{Damage, HeaderCase};
use crate::model::reset::ResetCase;
use crate::model::second_writer::{Other, Script, Stall};
use crate::model::sim::Sim;
use crate::model::tree::Tree;

const DATABASE: &str = "/disk/mdbdata/priv1.edb";
const CURRENT_LOG: &str = "/disk/mdbdata/E00.log";

/// An operation that is tried, and what is known of its states.
struct Case<'a> {
    name: String,
    others: &'a [Other],
    /// Carries it out.
    attempt: &'a dyn Fn(Script) -> (Ending, Sim),
    /// Whether a tree is that of before or that of after, to the last byte.
    whole: &'a dyn Fn(&Tree) -> Option<Face>,
    goal: Face,
    /// What `recover` is given afterwards; `None` where the operation leaves no marker.
    target: Option<&'a Path>,
    deaf: bool,
}

/// A line of the table.
#[derive(Default)]
struct Row {
    calls: usize,
    runs: usize,
    let_in: usize,
    endings: [usize; 4],
    in_one_call: usize,
    overwritten: usize,
    untrue: usize,
    refused_after: usize,
    closed_after: usize,
    examples: Vec<String>,
    /// Why operations were not closed.
    not_closed: BTreeSet<String>,
}

/// How many pairs of calls are tried: every one at which somebody knocks with every one that is held up, or of
/// both every so many.
#[derive(Clone, Copy)]
struct Step(usize);

impl Case<'_> {
    /// Tries every pair of a call at which somebody knocks and one, that call or a later one, that is held up.
    fn explore(&self, step: Step) -> Row {
        let mut row = Row::default();
        for &other in self.others {
            let quiet = self.script(other, usize::MAX, usize::MAX, Stall::Entering, false);
            let calls = (self.attempt)(quiet).1.told().calls;
            row.calls = row.calls.max(calls);
            for stalls_at in (1..=calls).step_by(step.0) {
                let knocks: BTreeSet<usize> =
                    (1..=stalls_at).step_by(step.0).chain([stalls_at]).collect();
                for knocks_at in knocks {
                    for stall in [Stall::Entering, Stall::Leaving] {
                        for lowers in [false, true] {
                            let script = self.script(other, knocks_at, stalls_at, stall, lowers);
                            self.run(script, &mut row);
                        }
                    }
                }
            }
        }
        self.print(&row);
        row
    }

    fn script(
        &self,
        other: Other,
        knocks_at: usize,
        stalls_at: usize,
        stall: Stall,
        lowers: bool,
    ) -> Script {
        let path = if other == Other::LogWriter { CURRENT_LOG } else { DATABASE }.into();
        Script { other, path, knocks_at, stalls_at, stall, lowers, deaf: self.deaf }
    }

    fn run(&self, script: Script, row: &mut Row) {
        let (ending, sim) = (self.attempt)(script.clone());
        let told = sim.told();
        row.runs += 1;
        row.let_in += usize::from(told.let_in.is_some());
        row.endings[match ending {
            Ending::Refused | Ending::Failed => 0,
            Ending::RolledBack => 1,
            Ending::Committed => 2,
            Ending::Pending | Ending::Overtaken => 3,
        }] += 1;
        row.in_one_call += usize::from(!told.in_one_call.is_empty());
        row.overwritten += usize::from(!told.overwritten.is_empty());
        let mut tell = |what: String| {
            if row.examples.len() < 5 {
                row.examples.push(format!("{script:?}: {ending:?}: {what}"));
            }
        };
        if let Some(first) = told.overwritten.first() {
            tell(first.clone());
        }
        // What it was when somebody else opened it; what he made of it since is his.
        let seen = told.let_in.clone().unwrap_or_else(|| sim.now());
        let before = if self.goal == Face::New { Face::Old } else { Face::New };
        let said = match ending {
            Ending::Committed => Some(self.goal),
            Ending::Refused | Ending::Failed | Ending::RolledBack => Some(before),
            Ending::Pending | Ending::Overtaken => None,
        };
        let is_of_logs_alone = script.other == Other::LogWriter;
        let is_untrue = !is_of_logs_alone && said.is_some() && (self.whole)(&seen) != said;
        let is_hidden = !told.in_one_call.is_empty() && ending != Ending::Pending;
        if is_untrue || is_hidden {
            row.untrue += 1;
            tell(format!("said what is not so: {:?} {:?}", said.is_some(), told.in_one_call));
        }
        if ending == Ending::Pending
            && let Some(target) = self.target
        {
            self.recover_after(&sim, target, row, &script);
        }
    }

    /// Once the store is dismounted: a recovery writes over nothing of another process, and closes the operation
    /// if it is asked to.
    fn recover_after(&self, sim: &Sim, target: &Path, row: &mut Row, script: &Script) {
        sim.dismount();
        let tree = sim.now();
        let calm = Sim::on(tree.clone());
        let Some(subject) = find_pending(&calm, target).unwrap_or_default().pop() else { return };
        let applied = recover(context(&calm), &subject, Wish::AsFound, Allowed::default());
        if applied.ending != Ending::Refused {
            return;
        }
        row.refused_after += 1;
        assert!(calm.log().is_empty(), "{script:?}: refused, and touched");
        let accepted = recover(context(&calm), &subject, Wish::AcceptChanged, Allowed::default());
        if accepted.ending == Ending::Overtaken {
            row.closed_after += 1;
            let left = find_pending(&calm, target).unwrap_or_default();
            assert!(left.is_empty(), "{script:?}: {left:?}");
            let bytes = |tree: &Tree| tree.bytes_at(Path::new(DATABASE)).unwrap().to_vec();
            assert!(bytes(&calm.now()) == bytes(&tree), "{script:?}: the database was written");
        } else {
            assert_eq!(accepted.ending, Ending::Refused, "{script:?}: {:?}", accepted.reasons);
            row.not_closed.extend(accepted.reasons.into_iter().map(|reason| reason.message));
        }
    }

    fn print(&self, row: &Row) {
        static HEAD: std::sync::Once = std::sync::Once::new();
        HEAD.call_once(|| {
            println!(
                "| operation | calls | runs | let in | refused | rolled back | done | pending | in that one call \
                 | written over later | untrue | changed, says recover | closed |"
            );
            println!("|{}", "---|".repeat(13));
        });
        let Row { calls, runs, let_in, endings, in_one_call, overwritten, untrue, .. } = row;
        let endings = endings.map(|count| count.to_string()).join(" | ");
        println!(
            "| {} | {calls} | {runs} | {let_in} | {endings} | {in_one_call} | {overwritten} | {untrue} | {} | {} |",
            self.name, row.refused_after, row.closed_after
        );
        row.examples.iter().for_each(|example| println!("    {example}"));
    }
}

fn ended((applied, sim): (Applied, Sim)) -> (Ending, Sim) {
    (applied.ending, sim)
}

const WRITERS: &[Other] = &[Other::Engine, Other::Tool];
const ALL: &[Other] = &[Other::Engine, Other::Tool, Other::LogWriter];

fn header_rows(damage: Damage, step: Step) -> Vec<Row> {
    let case = HeaderCase::new(damage, BackupScope::Header);
    [false, true]
        .map(|undo| {
            let what = if undo { "restore" } else { "repair" };
            let attempt = |script| ended(case.attempt_in(undo, |tree| Sim::beside(tree, script)));
            Case {
                name: format!("{what}, {damage:?}"),
                others: WRITERS,
                attempt: &attempt,
                whole: &|tree| case.whole(tree),
                goal: if undo { Face::Old } else { Face::New },
                target: Some(Path::new(DATABASE)),
                deaf: false,
            }
            .explore(step)
        })
        .into()
}

fn reset_rows(across_volumes: bool, deaf: bool, step: Step) -> Vec<Row> {
    let case = ResetCase::new(across_volumes);
    let how = if across_volumes { "copy" } else { "rename" };
    let dir = case.target();
    [false, true]
        .map(|undo| {
            let what = if undo { "restore of a reset" } else { "reset-logs" };
            let attempt = |script| ended(case.attempt_in(undo, |tree| Sim::beside(tree, script)));
            Case {
                name: format!("{what} by {how}{}", if deaf { ", nobody asked" } else { "" }),
                others: if across_volumes && !undo { ALL } else { WRITERS },
                attempt: &attempt,
                whole: &|tree| case.whole(tree),
                goal: if undo { Face::Old } else { Face::New },
                target: (!deaf).then_some(&dir),
                deaf,
            }
            .explore(step)
        })
        .into()
}

/// The recovery from some points at which an operation was killed.
fn recovery_rows(
    recording: &Recording,
    judge: &dyn Judge,
    whole: &dyn Fn(&Tree) -> Option<Face>,
    is_point: impl Fn(&Event) -> bool,
    step: Step,
) -> Vec<Row> {
    let mut at = Snapshot::durable(recording.start.clone());
    let (mut rows, target) = (Vec::new(), judge.target());
    for event in &recording.log {
        at.push(event);
        if !is_point(event) {
            continue;
        }
        let tree = at.now();
        let calm = Sim::on(tree.clone());
        let Some(subject) = find_pending(&calm, &target).unwrap_or_default().pop() else {
            continue;
        };
        for wish in [Wish::AsFound, Wish::Back] {
            let alone = Sim::on(tree.clone());
            recover(context(&alone), &subject, wish, Allowed::default());
            let goal = whole(&alone.now()).expect("nobody is in its way");
            let attempt = |script| {
                let sim = Sim::beside(tree.clone(), script);
                let applied = recover(context(&sim), &subject, wish, Allowed::default());
                // A recovery that was refused, or gave up, left what it found: between the two.
                let ending = match applied.ending {
                    Ending::RolledBack => Ending::Committed,
                    Ending::Refused | Ending::Failed => Ending::Pending,
                    other => other,
                };
                (ending, sim)
            };
            let name = format!("recover, {wish:?}, of {}", recording.name);
            let target = Some(target.as_path());
            let case =
                Case { name, others: WRITERS, attempt: &attempt, whole, goal, target, deaf: false };
            rows.push(case.explore(step));
        }
    }
    rows
}

fn writes_header(case: &HeaderCase) -> impl Fn(&Event) -> bool {
    let database = case.database();
    move |event| matches!(event, Event::Data { ino, .. } if *ino == database)
}

fn moves_a_log(event: &Event) -> bool {
    matches!(event, Event::Rename { from, .. } if from.1.starts_with("E00"))
}

fn assert_nothing_lost(rows: &[Row]) {
    for row in rows {
        assert_eq!((row.overwritten, row.untrue), (0, 0), "{:#?}", row.examples);
        assert!(row.let_in > 0 && row.runs > 0);
    }
}

#[test]
fn repairs_in_short() {
    assert_nothing_lost(&header_rows(Damage::BothSound, Step(7)));
}

#[test]
fn resets_in_short() {
    assert_nothing_lost(&reset_rows(false, false, Step(17)));
    assert_nothing_lost(&reset_rows(true, false, Step(61)));
}

#[test]
fn recoveries_in_short() {
    let case = HeaderCase::new(Damage::BothSound, BackupScope::Header);
    let whole = |tree: &Tree| case.whole(tree);
    let recording = case.repair("a repair");
    assert_nothing_lost(&recovery_rows(&recording, &case, &whole, writes_header(&case), Step(7)));
}

/// The test of the test: the protocol of once is caught at it.
mod broken {
    use super::*;

    fn as_once(step: Step) -> Row {
        let case = HeaderCase::new(Damage::BothSound, BackupScope::Header);
        Case {
            name: "repair, the lease asked once".to_owned(),
            others: WRITERS,
            attempt: &|script| case.attempt_as_once(|tree| Sim::beside(tree, script)),
            whole: &|tree| case.whole(tree),
            goal: Face::New,
            target: None,
            deaf: false,
        }
        .explore(step)
    }

    #[test]
    fn a_repair_that_asks_for_the_lease_once_writes_over_what_others_wrote() {
        let row = as_once(Step(1));
        assert!(row.overwritten > 0 && row.untrue > 0);
    }

    #[test]
    fn resets_that_ask_nobody_lose_what_others_wrote() {
        for across_volumes in [false, true] {
            let step = if across_volumes { Step(61) } else { Step(17) };
            let rows = reset_rows(across_volumes, true, step);
            assert!(rows[0].overwritten > 0 && rows[0].untrue > 0);
        }
    }
}

/// The whole of it, in parts that run side by side.
mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: every pair of calls; the short form runs always"]
    fn repairs() {
        assert_nothing_lost(&header_rows(Damage::BothSound, Step(1)));
        for damage in [Damage::PrimaryBad, Damage::ShadowBad] {
            assert_nothing_lost(&header_rows(damage, Step(3)));
        }
    }

    #[test]
    #[ignore = "slow: many pairs of calls; the short form runs always"]
    fn resets() {
        assert_nothing_lost(&reset_rows(false, false, Step(2)));
        assert_nothing_lost(&reset_rows(true, false, Step(7)));
    }

    #[test]
    #[ignore = "slow: many pairs of calls; the short form runs always"]
    fn recoveries() {
        let case = HeaderCase::new(Damage::BothSound, BackupScope::Header);
        let whole = |tree: &Tree| case.whole(tree);
        for recording in [case.repair("a repair"), case.restore("a restore")] {
            let is_point = writes_header(&case);
            assert_nothing_lost(&recovery_rows(&recording, &case, &whole, is_point, Step(3)));
        }
        for across_volumes in [false, true] {
            let case = ResetCase::new(across_volumes);
            let whole = |tree: &Tree| case.whole(tree);
            let how = if across_volumes { "copy" } else { "rename" };
            let recording = case.reset(&format!("a reset by {how}"));
            let step = Step(if across_volumes { 23 } else { 8 });
            assert_nothing_lost(&recovery_rows(&recording, &case, &whole, moves_a_log, step));
        }
    }
}

/// A store is mounted when all logs have moved, and the reset does not know yet that it is done.
#[test]
fn a_reset_that_was_overtaken_is_closed_on_request() {
    for across_volumes in [false, true] {
        let case = ResetCase::new(across_volumes);
        let attempt = |script| ended(case.attempt_in(false, |tree| Sim::beside(tree, script)));
        let dir = case.target();
        let case = Case {
            name: "reset-logs, overtaken".to_owned(),
            others: &[Other::Engine],
            attempt: &attempt,
            whole: &|tree| case.whole(tree),
            goal: Face::New,
            target: Some(&dir),
            deaf: false,
        };
        let script = |at| case.script(Other::Engine, at, at, Stall::Leaving, false);
        let calls = attempt(script(usize::MAX)).1.told().calls;
        let mut row = Row::default();
        (calls - 40..=calls).for_each(|at| case.run(script(at), &mut row));
        assert!(row.closed_after > 0, "{}, {:?}", row.refused_after, row.not_closed);
        assert_eq!((row.overwritten, row.untrue), (0, 0), "{:?}", row.examples);
    }
}

/// What `recover` says of an operation that was overtaken, and what becomes of it when that is accepted.
#[test]
fn an_operation_that_was_overtaken_is_closed_on_request() {
    let case = HeaderCase::new(Damage::BothSound, BackupScope::Header);
    let recording = case.repair("a repair");
    let is_point = writes_header(&case);
    let mut at = Snapshot::durable(recording.start.clone());
    let first_write = recording.log.iter().position(|event| is_point(event)).unwrap();
    recording.log[..=first_write].iter().for_each(|event| at.push(event));
    let mut tree = at.now();
    let ino = tree.find(Path::new(DATABASE)).unwrap();
    let database = tree.bytes(ino).unwrap().to_vec();
    let overtaken = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = database.clone();
        edbmend::practice::edit_header(&mut bytes, |raw| raw.state = 2.into());
        edit(&mut bytes);
        bytes
    };
    let both = overtaken(&|bytes| bytes.copy_within(..4096, 4096));
    let differing = overtaken(&|bytes| {
        bytes.copy_within(..4096, 4096);
        edbmend::practice::edit_copy(bytes, edbmend::ese::shadow::Which::Shadow, |raw| {
            raw.state = 3.into()
        });
    });
    tree.write(ino, |bytes| bytes.clone_from(&differing));
    let sim = Sim::on(tree.clone());
    let subject = Path::new(DATABASE);
    for wish in [Wish::AsFound, Wish::Back, Wish::AcceptChanged] {
        let applied = recover(context(&sim), subject, wish, Allowed::default());
        assert_eq!(applied.ending, Ending::Refused, "{wish:?}");
        assert_eq!(applied.reasons[0].id, RefusalId::DatabaseChanged);
    }
    assert!(sim.log().is_empty());
    tree.write(ino, |bytes| bytes.clone_from(&both));
    let sim = Sim::on(tree);
    let applied = recover(context(&sim), subject, Wish::AsFound, Allowed::default());
    assert!(applied.reasons[0].remedy.contains("recover --accept-changed"), "{applied:?}");
    assert_eq!(
        recover(context(&sim), subject, Wish::AcceptChanged, Allowed::default()).ending,
        Ending::Overtaken
    );
    assert_eq!(sim.now().bytes_at(subject), Some(&both[..]));
    assert_eq!(find_pending(&sim, subject).unwrap().len(), 0);
    let journal = crate::model::header::settled(&sim.now(), "repair").unwrap();
    assert!(journal.contains("\"overtaken\""), "{journal}");
}
