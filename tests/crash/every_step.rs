//! A repair, a restore and a recover, stopped dead or failed at every single storage call: whatever
//! happens, the database ends as the old one or the new one, byte for byte, and nothing is lost.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use edbmend::apply::{
    Allowed, Applied, Ending, HeaderDeed, Job, KnownDeed, Terms, Wish, execute, find_pending,
    not_as_left, recover, undo_of as plan_undo,
};
use edbmend::ese::shadow::Which;
use edbmend::plan::{BackupScope, OperationStamp, RepairRequest, plan_repair};
use edbmend::practice::{DatabaseRecipe, corrupt_copy, damage_full_backup};
use edbmend::storage::{Disk, Storage};
use edbmend::survey::survey_database;

use crate::harness::in_memory;
use crate::harness::memory::keep_freed;
use crate::harness::storages::{Call, Scripted, context, stopping_at};

/// A damaged database in a folder of its own.
struct Bench {
    _folder: tempfile::TempDir,
    database: PathBuf,
    old: Vec<u8>,
}

impl Bench {
    fn new(spoil: impl Fn(&mut [u8])) -> Self {
        keep_freed();
        let folder = in_memory();
        let database = folder.path().canonicalize().unwrap().join("priv1.edb");
        let mut old = DatabaseRecipe { pages: 2, ..DatabaseRecipe::default() }.build();
        spoil(&mut old);
        std::fs::write(&database, &old).unwrap();
        Self { _folder: folder, database, old }
    }

    /// Back to the old bytes and an empty folder around them.
    fn reset(&self) {
        let folder = self.database.parent().unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
        }
        std::fs::write(&self.database, &self.old).unwrap();
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.database).unwrap()
    }

    fn repair_job(&self, backup: BackupScope) -> Job {
        let facts = survey_database(&Disk, &self.database).unwrap();
        let request = RepairRequest { backup, ..RepairRequest::default() };
        let (plan, images) =
            plan_repair(&facts, &request, &stamp("repair")).expect("there is damage");
        Job::of_header(&facts, plan, images, self.terms())
    }

    fn terms(&self) -> Terms {
        let backup_dir = self.database.with_file_name("edbmend");
        Terms { backup_dir, allow_unproven_lock: true, ..Terms::default() }
    }

    fn restore_job(&self) -> Job {
        let dir = self.database.with_file_name("edbmend").join("edbmend-test-repair-0000");
        let undo = undo_of(&dir, &stamp("restore"));
        let facts = survey_database(&Disk, &self.database).unwrap();
        Job::of_header(&facts, undo.plan, undo.images, self.terms())
    }

    fn names(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.database.parent().unwrap()).unwrap();
        let mut names: Vec<_> =
            folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn stamp(command: &str) -> OperationStamp {
    OperationStamp {
        id: format!("edbmend-test-{command}-0000"),
        created: "2026-01-01T00:00:00Z".into(),
    }
}

fn undo_of(dir: &Path, stamp: &OperationStamp) -> HeaderDeed {
    match plan_undo(&Disk, dir, stamp).unwrap() {
        Some(KnownDeed::Header(deed)) => *deed,
        _ => panic!("a header operation has a header undo"),
    }
}

/// After a recover that ran to its end: old or new, no marker, and the kept folders are whole.
fn assert_settled(bench: &Bench, new: &[u8], what: &str) {
    let bytes = bench.bytes();
    assert!(bytes == bench.old || bytes == new, "{what}: neither old nor new");
    assert!(
        !bench.names().iter().any(|name| name.ends_with("-pending")),
        "{what}: {:?}",
        bench.names()
    );
}

fn recover_all(storage: &dyn Storage, database: &Path) -> Option<Applied> {
    let pending = find_pending(storage, database).ok()?;
    let allowed = Allowed { unproven_lock: true, ..Allowed::default() };
    pending.first().map(|path| recover(context(storage), path, Wish::AsFound, allowed))
}

/// Runs `job` stopped at every changing call, and then `recover` stopped at every so many of its own, at other ones
/// behind each stop of the job.
fn stop_everywhere(
    bench: &Bench,
    every: usize,
    prepare: impl Fn(),
    job: impl Fn() -> Job,
    new: &[u8],
) -> usize {
    for n in 0.. {
        bench.reset();
        prepare();
        let (storage, count) = stopping_at(n);
        let applied = execute(context(&storage), &job());
        if count.load(Ordering::SeqCst) <= n {
            assert_eq!(applied.ending, Ending::Committed);
            return n;
        }
        assert_ne!(applied.ending, Ending::RolledBack, "a dead process rolls nothing back");
        stop_recover_everywhere(bench, every, new, n);
    }
    unreachable!()
}

fn stop_recover_everywhere(bench: &Bench, every: usize, new: &[u8], stopped_at: usize) {
    for m in (stopped_at % every..).step_by(every) {
        let (storage, count) = stopping_at(m);
        let recovered = recover_all(&storage, &bench.database);
        let unharmed = count.load(Ordering::SeqCst) <= m;
        if unharmed {
            let ending = recovered.map(|applied| applied.ending);
            assert!(
                matches!(ending, None | Some(Ending::Committed | Ending::RolledBack)),
                "stopped at {stopped_at}, then at {m}: {ending:?}"
            );
            return assert_settled(bench, new, &format!("stopped at {stopped_at}, then at {m}"));
        }
    }
}

fn new_bytes(bench: &Bench) -> Vec<u8> {
    bench.reset();
    assert_eq!(
        execute(context(&Disk), &bench.repair_job(BackupScope::Header)).ending,
        Ending::Committed
    );
    let new = bench.bytes();
    assert_ne!(new, bench.old);
    new
}

/// The damages that a repair meets.
fn damages() -> [(&'static str, Bench); 4] {
    let half = |which| {
        Bench::new(move |file| {
            damage_full_backup(file);
            corrupt_copy(file, which);
        })
    };
    let only_shadow = Bench::new(|file| corrupt_copy(file, Which::Shadow));
    [
        ("both copies sound", Bench::new(damage_full_backup)),
        ("primary damaged", half(Which::Primary)),
        ("shadow damaged", half(Which::Shadow)),
        ("only the shadow damaged", only_shadow),
    ]
}

fn stop_repairs(every: usize) {
    for (name, bench) in damages() {
        let new = new_bytes(&bench);
        for backup in [BackupScope::Full, BackupScope::Header] {
            let stops = stop_everywhere(&bench, every, || {}, || bench.repair_job(backup), &new);
            println!("{name}, {backup:?}: stopped at {stops} places");
            assert!(stops > 20);
        }
    }
}

fn stop_restores(every: usize) {
    for (name, bench) in damages() {
        let new = new_bytes(&bench);
        let repaired = || {
            execute(context(&Disk), &bench.repair_job(BackupScope::Header));
        };
        let stops = stop_everywhere(&bench, every, repaired, || bench.restore_job(), &new);
        println!("{name}: stopped at {stops} places");
        assert!(stops > 20);
    }
}

#[test]
fn a_repair_stopped_at_every_step() {
    stop_repairs(4);
}

#[test]
fn a_restore_stopped_at_every_step() {
    stop_restores(4);
}

#[test]
#[ignore = "slow: half a minute; fewer steps of the recovery are tried always"]
fn a_repair_and_each_step_of_its_recovery() {
    stop_repairs(1);
}

#[test]
#[ignore = "slow: half a minute; fewer steps of the recovery are tried always"]
fn a_restore_and_each_step_of_its_recovery() {
    stop_restores(1);
}

#[test]
fn the_undo_of_an_undo_gives_the_repaired_header_again() {
    for (name, bench) in damages() {
        let new = new_bytes(&bench);
        assert_eq!(execute(context(&Disk), &bench.restore_job()).ending, Ending::Committed);
        assert_eq!(bench.bytes(), bench.old, "{name}");
        let dir = bench.database.with_file_name("edbmend").join("edbmend-test-restore-0000");
        let again = OperationStamp { id: "edbmend-test-restore-0001".into(), ..stamp("restore") };
        let undo = undo_of(&dir, &again);
        let facts = survey_database(&Disk, &bench.database).unwrap();
        assert!(not_as_left(&undo, &facts).is_none(), "{name}");
        let job = Job::of_header(&facts, undo.plan, undo.images, bench.terms());
        assert_eq!(execute(context(&Disk), &job).ending, Ending::Committed, "{name}");
        assert_eq!(bench.bytes(), new, "{name}");
    }
}

#[test]
fn every_call_fails_once() {
    let bench = Bench::new(damage_full_backup);
    let new = new_bytes(&bench);
    for kind in [io::ErrorKind::Other, io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied]
    {
        let mut endings = std::collections::BTreeMap::<String, usize>::new();
        for n in 0.. {
            bench.reset();
            let failed = Arc::new(Mutex::new(None::<Call>));
            let (seen, at) = (Arc::clone(&failed), AtomicUsize::new(0));
            let storage = Scripted::new(move |call| {
                let now = at.fetch_add(1, Ordering::SeqCst) == n;
                if now {
                    *seen.lock().unwrap() = Some(call.clone());
                }
                now.then_some(kind)
            });
            let applied = execute(context(&storage), &bench.repair_job(BackupScope::Full));
            let Some(call) = failed.lock().unwrap().clone() else { break };
            assert_ending(&bench, &new, &applied, &call);
            *endings.entry(format!("{:?}", applied.ending)).or_default() += 1;
        }
        println!("{kind:?}: {endings:?}");
        assert!(
            endings.contains_key("Pending") && endings.contains_key("RolledBack"),
            "{endings:?}"
        );
    }
}

/// What one failed call may lead to.
fn assert_ending(bench: &Bench, new: &[u8], applied: &Applied, call: &Call) {
    let bytes = bench.bytes();
    match applied.ending {
        Ending::Committed => assert_eq!(bytes, new, "{call:?}"),
        Ending::RolledBack => {
            assert_eq!(bytes, bench.old, "{call:?}");
            assert!(!applied.reasons.is_empty(), "{call:?}");
            assert!(!bench.names().iter().any(|name| name.ends_with("-pending")), "{call:?}");
        }
        Ending::Failed | Ending::Refused => {
            assert_eq!(bytes, bench.old, "{call:?}");
            assert!(!bench.names().iter().any(|name| name.ends_with("-pending")), "{call:?}");
        }
        Ending::Pending => {
            let recovered = recover_all(&Disk, &bench.database).expect("there is a marker");
            assert!(matches!(recovered.ending, Ending::Committed | Ending::RolledBack), "{call:?}");
            assert_settled(bench, new, &format!("{call:?}"));
        }
        Ending::Overtaken => panic!("nobody else wrote: {call:?}"),
    }
}

#[test]
fn a_failed_sync_of_the_database_is_neither_repeated_nor_believed() {
    let bench = Bench::new(damage_full_backup);
    for which_sync in 0..2 {
        bench.reset();
        let (database, at) = (bench.database.clone(), AtomicUsize::new(0));
        let later = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&later);
        let storage = Scripted::new(move |call| {
            if call.path != database || !call.changes {
                return None;
            }
            let syncs = at.load(Ordering::SeqCst);
            if syncs > which_sync {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            if call.name != "sync" {
                return None;
            }
            at.fetch_add(1, Ordering::SeqCst);
            (syncs == which_sync).then_some(io::ErrorKind::Other)
        });
        let applied = execute(context(&storage), &bench.repair_job(BackupScope::Header));
        assert_eq!(applied.ending, Ending::Pending);
        assert_eq!(later.load(Ordering::SeqCst), 0, "nothing was done to the database after it");
    }
}
