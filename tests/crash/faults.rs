//! Every call to the storage fails once, in every way, at every position: of repair and restore, of a
//! log reset and its undo, and of the recovery from each point where a process may be killed.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use edbmend::apply::{Allowed, Applied, Ending, Wish, find_pending, recover};
use edbmend::plan::BackupScope;

use crate::harness::memory::keep_freed;
use crate::model::context;
use crate::model::event::Snapshot;
use crate::model::explore::{Face, Judge, Recording};
use crate::model::header::{Damage, HeaderCase};
use crate::model::reset::ResetCase;
use crate::model::sim::{Fault, Sim};

/// EIO, ENOSPC, EACCES, EROFS, EINTR, and a write that comes back short.
const KINDS: [ErrorKind; 6] = [
    ErrorKind::Other,
    ErrorKind::StorageFull,
    ErrorKind::PermissionDenied,
    ErrorKind::ReadOnlyFilesystem,
    ErrorKind::Interrupted,
    ErrorKind::WriteZero,
];

/// What was called, and which call failed.
#[derive(Default)]
struct Calls {
    failed: Option<(String, PathBuf)>,
    /// Syncs of the same file after its sync failed.
    repeated: usize,
    count: usize,
}

fn failing_at(n: usize, kind: ErrorKind) -> (Box<Fault>, Arc<Mutex<Calls>>) {
    let calls = Arc::new(Mutex::new(Calls::default()));
    let seen = Arc::clone(&calls);
    let fault = move |call: &str, path: &Path| {
        let mut calls = seen.lock().unwrap();
        let now = calls.count == n;
        calls.count += 1;
        let is_repeated = calls
            .failed
            .as_ref()
            .is_some_and(|(failed, at)| failed == "sync" && call == "sync" && at == path);
        calls.repeated += usize::from(is_repeated);
        if now {
            calls.failed = Some((call.to_owned(), path.to_owned()));
        }
        now.then_some(kind)
    };
    (Box::new(fault), calls)
}

/// Fails each call of an operation in turn, in so many ways: the next call begins with the next way.
fn fail_everywhere(
    judge: &dyn Judge,
    goal: Face,
    ways: usize,
    attempt: impl Fn(Box<Fault>) -> (Applied, Sim),
) -> BTreeMap<String, usize> {
    keep_freed();
    let mut endings = BTreeMap::new();
    for way in 0..ways {
        for n in 0.. {
            let kind = KINDS[(way + n) % KINDS.len()];
            let (fault, calls) = failing_at(n, kind);
            let (applied, sim) = attempt(fault);
            let calls = calls.lock().unwrap();
            let Some(failed) = &calls.failed else { break };
            let what = format!("{kind:?} at {n}, {failed:?}: {:?}", applied.ending);
            assert_eq!(calls.repeated, 0, "{what}: a sync was repeated");
            assert_ended_well(judge, goal, &applied, &sim, &what);
            *endings.entry(format!("{:?}", applied.ending)).or_default() += 1;
        }
    }
    endings
}

fn assert_ended_well(judge: &dyn Judge, goal: Face, applied: &Applied, sim: &Sim, what: &str) {
    let before = if goal == Face::New { Face::Old } else { Face::New };
    let tree = sim.now();
    match applied.ending {
        Ending::Committed => assert!(judge.face(&tree) == goal, "{what}"),
        Ending::RolledBack | Ending::Failed | Ending::Refused => {
            assert!(judge.face(&tree) == before, "{what}");
            assert!(!applied.reasons.is_empty(), "{what}");
        }
        Ending::Pending => {
            assert!(!applied.reasons.is_empty(), "{what}");
            let sim = Sim::on(tree);
            let pending = find_pending(&sim, &judge.target()).unwrap();
            if let Some(subject) = pending.first() {
                let ending =
                    recover(context(&sim), subject, Wish::AsFound, Allowed::default()).ending;
                assert!(
                    matches!(ending, Ending::Committed | Ending::RolledBack),
                    "{what}: {ending:?}"
                );
            }
            return assert_eq!(judge.wrong(&sim.now()), None, "{what}");
        }
        Ending::Overtaken => panic!("nobody else wrote: {what}"),
    }
    assert_eq!(judge.wrong(&tree), None, "{what}");
}

/// Fails every so many calls of the recovery from each point where the process was killed, other ones at each.
fn fail_recoveries(
    judge: &dyn Judge,
    recording: &Recording,
    kinds: &[ErrorKind],
    every: usize,
) -> usize {
    keep_freed();
    let mut at = Snapshot::durable(recording.start.clone());
    let mut failures = 0;
    for (point, event) in recording.log.iter().enumerate() {
        at.push(event);
        for &kind in kinds {
            for n in (point % every..).step_by(every) {
                let (fault, calls) = failing_at(n, kind);
                let sim = Sim::failing(at.now(), fault);
                let pending = find_pending(&sim, &judge.target()).unwrap_or_default();
                let applied = pending
                    .first()
                    .map(|p| recover(context(&sim), p, Wish::AsFound, Allowed::default()));
                let calls = calls.lock().unwrap();
                let Some(failed) = &calls.failed else { break };
                let what = format!("{kind:?} at {n}, {failed:?}");
                assert_eq!(calls.repeated, 0, "{what}: a sync was repeated");
                failures += 1;
                assert_recoverable(judge, sim, applied, &what);
            }
        }
    }
    failures
}

/// After a recovery that failed, the next one brings everything to its end.
fn assert_recoverable(judge: &dyn Judge, sim: Sim, applied: Option<Applied>, what: &str) {
    let again = Sim::on(sim.now());
    let left = find_pending(&again, &judge.target()).unwrap();
    let done = applied.is_some_and(|a| matches!(a.ending, Ending::Committed | Ending::RolledBack));
    assert!(!done || left.is_empty(), "{what}: done, and still pending");
    if let Some(subject) = left.first() {
        let ending = recover(context(&again), subject, Wish::AsFound, Allowed::default()).ending;
        assert!(matches!(ending, Ending::Committed | Ending::RolledBack), "{what}: {ending:?}");
    }
    assert_eq!(judge.wrong(&again.now()), None, "{what}");
}

fn fail_headers(ways: usize) {
    for (damage, scope) in [
        (Damage::BothSound, BackupScope::Full),
        (Damage::BothSound, BackupScope::Header),
        (Damage::ShadowBad, BackupScope::Full),
    ] {
        let case = HeaderCase::new(damage, scope);
        let endings = fail_everywhere(&case, Face::New, ways, |fault| case.attempt(false, fault));
        println!("repair, {damage:?}, {scope:?}: {endings:?}");
        let endings = fail_everywhere(&case, Face::Old, ways, |fault| case.attempt(true, fault));
        println!("restore, {damage:?}, {scope:?}: {endings:?}");
    }
}

fn fail_resets(ways: usize) {
    for across_volumes in [false, true] {
        let case = ResetCase::new(across_volumes);
        let endings = fail_everywhere(&case, Face::New, ways, |fault| case.attempt(false, fault));
        println!("reset, across volumes {across_volumes}: {endings:?}");
        let endings = fail_everywhere(&case, Face::Old, ways, |fault| case.attempt(true, fault));
        println!("undo, across volumes {across_volumes}: {endings:?}");
    }
}

#[test]
fn every_call_of_a_repair_and_a_restore_fails_once() {
    fail_headers(1);
}

#[test]
fn every_call_of_a_log_reset_and_its_undo_fails_once() {
    fail_resets(1);
}

#[test]
#[ignore = "slow: seconds; every call fails in one way always"]
fn every_call_of_a_repair_and_a_restore_fails_in_every_way() {
    fail_headers(KINDS.len());
}

#[test]
#[ignore = "slow: seconds; every call fails in one way always"]
fn every_call_of_a_log_reset_and_its_undo_fails_in_every_way() {
    fail_resets(KINDS.len());
}

fn fail_some_recoveries(every: usize) {
    let case = HeaderCase::new(Damage::BothSound, BackupScope::Full);
    fail_and_print(&case, &case.repair("of a repair"), &[KINDS[0]], every);
    let case = ResetCase::new(false);
    fail_and_print(&case, &case.reset("of a reset"), &[KINDS[0]], every);
}

#[test]
fn some_calls_of_each_recovery_fail_once() {
    fail_some_recoveries(5);
}

#[test]
#[ignore = "slow: seconds; some of the calls fail always"]
fn every_call_of_a_recovery_fails_once() {
    fail_some_recoveries(1);
}

mod whole {
    use super::*;

    #[test]
    #[ignore = "slow: minutes; some calls of the recovery of a repair and of a reset fail in one way always"]
    fn every_call_of_every_recovery_fails_once_in_every_way() {
        let name = |what: &str, across_volumes| format!("{what}, across volumes {across_volumes}");
        let of_headers = || {
            let case = HeaderCase::new(Damage::BothSound, BackupScope::Full);
            for recording in [case.repair("of a repair"), case.restore("of a restore")] {
                fail_and_print(&case, &recording, &KINDS, 1);
            }
        };
        let of_a_reset = |across_volumes| {
            let case = ResetCase::new(across_volumes);
            fail_and_print(&case, &case.reset(&name("of a reset", across_volumes)), &KINDS, 1);
        };
        let of_its_undo = |across_volumes| {
            let case = ResetCase::new(across_volumes);
            fail_and_print(&case, &case.restore(&name("of its undo", across_volumes)), &KINDS, 1);
        };
        // They have nothing in common, and are minutes one after the other.
        std::thread::scope(|scope| {
            scope.spawn(of_headers);
            for across_volumes in [true, false] {
                scope.spawn(move || of_a_reset(across_volumes));
                scope.spawn(move || of_its_undo(across_volumes));
            }
        });
    }
}

fn fail_and_print(judge: &dyn Judge, recording: &Recording, kinds: &[ErrorKind], every: usize) {
    let failures = fail_recoveries(judge, recording, kinds, every);
    println!("{failures} failures in the recovery {}: nothing lost", recording.name);
}
