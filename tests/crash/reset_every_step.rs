//! A log reset, its undo and its recovery, stopped dead at every single storage call: every file
//! ends in exactly one place, and is what it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use edbmend::apply::{
    Allowed, Applied, Ending, Job, KnownDeed, LogsDeed, Terms, Wish, execute, find_pending,
    recover, undo_of,
};
use edbmend::guards::{BackupTerms, LogsQuestion, for_logs};
use edbmend::plan::{OperationStamp, ResetPlan, ResetRequest, plan_reset};
use edbmend::practice::{Recipe, storage_group};
use edbmend::refusal::{Refusal, RefusalId};
use edbmend::storage::{Disk, Storage};
use edbmend::survey::{Digests, GroupFacts, GroupFolders, survey_database, survey_group};

use crate::harness::in_memory;
use crate::harness::memory::keep_freed;
use crate::harness::storages::{Scripted, context, stopping_at};

/// A practice storage group in a folder of its own.
struct Bench {
    _folder: tempfile::TempDir,
    dir: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    /// Whether the files are copied, as between two volumes.
    across_volumes: bool,
}

impl Bench {
    fn new(across_volumes: bool) -> Self {
        keep_freed();
        let folder = in_memory();
        let dir = folder.path().canonicalize().unwrap();
        let recipe = Recipe { log_file_sectors: 16, pages: 4, ..Recipe::default() };
        let made = storage_group(&recipe).into_iter().map(|file| (file.name, file.bytes));
        let mut files: BTreeMap<String, Vec<u8>> = made.collect();
        files.insert("E00tmp.log".into(), vec![0; 8192]);
        let bench = Self { _folder: folder, dir, files, across_volumes };
        bench.reset();
        bench
    }

    fn reset(&self) {
        for entry in std::fs::read_dir(&self.dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
        }
        for (name, bytes) in &self.files {
            std::fs::write(self.dir.join(name), bytes).unwrap();
        }
    }

    fn survey(&self) -> GroupFacts {
        let databases = ["priv1.edb", "pub1.edb"];
        let databases = databases.map(|name| survey_database(&Disk, &self.dir.join(name)).unwrap());
        let folders = GroupFolders { log_dir: self.dir.clone(), system_dir: self.dir.clone() };
        survey_group(&Disk, folders, databases.into(), Digests::Wanted, &|_| {}).unwrap()
    }

    fn backup_dir(&self) -> PathBuf {
        self.dir.join("edbmend")
    }

    fn job(&self) -> Job {
        let group = self.survey();
        let stamp = stamp("reset-logs");
        let operation_dir = self.backup_dir().join(&stamp.id);
        let volume =
            if self.across_volumes { 0 } else { Disk.status(&self.dir).unwrap().identity.0 };
        let request = ResetRequest {
            operation_dir: &operation_dir,
            volume,
            apart: Vec::new(),
            numbered: Vec::new(),
            overrides: Vec::new(),
        };
        let plan = plan_reset(&group, &group.streams[0], &request, &stamp).unwrap();
        Job::of_logs(plan.into(), self.terms())
    }

    fn undo_job(&self) -> Job {
        let dir = self.backup_dir().join("edbmend-test-reset-logs-0000");
        let plan = undo_plan(&dir);
        assert_eq!(undo_refusals(&plan, &self.backup_dir()), []);
        Job::of_logs(plan, self.terms())
    }

    fn terms(&self) -> Terms {
        Terms { backup_dir: self.backup_dir(), allow_unproven_lock: true, ..Terms::default() }
    }

    fn carry_out(&self) {
        assert_eq!(execute(context(&Disk), &self.job()).ending, Ending::Committed);
    }

    /// Every file is at home, or every file of the stream is away; each once, and unchanged.
    fn assert_settled(&self, what: &str) {
        let away = self.backup_dir().join("edbmend-test-reset-logs-0000").join("logs");
        let mut places = BTreeMap::<bool, Vec<&str>>::new();
        for (name, bytes) in &self.files {
            let (here, there) = (self.dir.join(name), away.join(name));
            assert_ne!(
                here.exists(),
                there.exists(),
                "{what}: {name} is in both places, or in none"
            );
            let found = std::fs::read(if here.exists() { &here } else { &there }).unwrap();
            assert!(found == *bytes, "{what}: {name} was changed");
            if is_of_stream(name) {
                places.entry(here.exists()).or_default().push(name);
            }
        }
        assert_eq!(places.len(), 1, "{what}: half of the files moved: {places:?}");
        let left: Vec<_> =
            names(&self.dir).into_iter().filter(|n| n.contains("edbmend-")).collect();
        assert!(left.is_empty(), "{what}: {left:?}");
        assert!(!away.exists() || !names(&away).iter().any(|n| n.ends_with("-tmp")), "{what}");
    }
}

fn undo_plan(dir: &Path) -> Arc<ResetPlan> {
    match undo_of(&Disk, dir, &stamp("restore")).unwrap() {
        Some(KnownDeed::Logs(LogsDeed { plan })) => plan,
        _ => panic!("a reset has a reset as its undo"),
    }
}

/// What the guards say to the undo before the question.
fn undo_refusals(plan: &ResetPlan, backup_dir: &Path) -> Vec<Refusal> {
    for_logs(&Disk, &LogsQuestion::of_plan(plan, backup_dir, true, BackupTerms::default(), None))
}

fn is_of_stream(name: &str) -> bool {
    name.starts_with("E00")
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn stamp(command: &str) -> OperationStamp {
    OperationStamp {
        id: format!("edbmend-test-{command}-0000"),
        created: "2026-01-01T00:00:00Z".into(),
    }
}

fn recover_all(storage: &dyn Storage, dir: &Path) -> Option<Applied> {
    let pending = find_pending(storage, dir).ok()?;
    let allowed = Allowed { unproven_lock: true, ..Allowed::default() };
    pending.first().map(|subject| recover(context(storage), subject, Wish::AsFound, allowed))
}

/// Stops an operation at each step, and after each the recovery at its steps: at every so many of them, at other ones
/// after each step of the operation.
fn stop_everywhere(
    bench: &Bench,
    every: usize,
    prepare: impl Fn(),
    job: impl Fn() -> Job,
) -> usize {
    for n in 0.. {
        bench.reset();
        prepare();
        let job = job();
        let (storage, count) = stopping_at(n);
        let applied = execute(context(&storage), &job);
        if count.load(Ordering::SeqCst) <= n {
            assert_eq!(applied.ending, Ending::Committed, "{:?}", applied.reasons);
            bench.assert_settled("not stopped");
            return n;
        }
        for m in (n % every..).step_by(every) {
            let (storage, count) = stopping_at(m);
            let recovered = recover_all(&storage, &bench.dir);
            if count.load(Ordering::SeqCst) > m {
                continue;
            }
            let what = format!("stopped at {n}, then at {m}");
            if let Some(applied) = recovered {
                let fine = matches!(applied.ending, Ending::Committed | Ending::RolledBack);
                assert!(fine, "{what}: {:?}", applied.reasons);
            }
            bench.assert_settled(&what);
            break;
        }
    }
    unreachable!()
}

fn stop_resets(every: usize) {
    for across_volumes in [false, true] {
        let bench = Bench::new(across_volumes);
        let stops = stop_everywhere(&bench, every, || {}, || bench.job());
        println!("across volumes: {across_volumes}: stopped at {stops} places");
        assert!(stops > 30);
    }
}

fn stop_undos(every: usize) {
    for across_volumes in [false, true] {
        let bench = Bench::new(across_volumes);
        let stops = stop_everywhere(&bench, every, || bench.carry_out(), || bench.undo_job());
        println!("across volumes: {across_volumes}: stopped at {stops} places");
        assert!(stops > 30);
    }
}

#[test]
fn a_reset_stopped_at_every_step() {
    stop_resets(4);
}

#[test]
fn the_undo_of_a_reset_stopped_at_every_step() {
    stop_undos(4);
}

#[test]
#[ignore = "slow: seconds; fewer steps of the recovery are tried always"]
fn a_reset_and_each_step_of_its_recovery() {
    stop_resets(1);
}

#[test]
#[ignore = "slow: seconds; fewer steps of the recovery are tried always"]
fn the_undo_of_a_reset_and_each_step_of_its_recovery() {
    stop_undos(1);
}

/// What a mount leaves after the logs are gone: generation 1 under a new signature.
fn begin_new_stream(bench: &Bench) {
    let recipe = Recipe { log_random: 4711, log_file_sectors: 16, ..Recipe::default() };
    for file in storage_group(&recipe) {
        if ["E00.log", "E00.chk"].contains(&file.name.as_str()) {
            std::fs::write(bench.dir.join(&file.name), &file.bytes).unwrap();
        }
    }
}

fn snapshot(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(snapshot(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn after_a_mount_nothing_is_put_back_over_the_new_stream() {
    for across_volumes in [false, true] {
        let bench = Bench::new(across_volumes);
        bench.carry_out();
        begin_new_stream(&bench);
        let before = snapshot(&bench.dir);
        let dir = bench.backup_dir().join("edbmend-test-reset-logs-0000");
        let refusals = undo_refusals(&undo_plan(&dir), &bench.backup_dir());
        assert!(
            refusals.iter().any(|refusal| refusal.id == RefusalId::NewLogStream),
            "{refusals:?}"
        );
        assert_eq!(snapshot(&bench.dir), before);
    }
}

#[test]
fn an_interrupted_reset_that_was_mounted_is_left_alone() {
    let bench = Bench::new(false);
    let mut refused = 0;
    for n in 0.. {
        bench.reset();
        let (storage, count) = stopping_at(n);
        execute(context(&storage), &bench.job());
        if count.load(Ordering::SeqCst) <= n {
            break;
        }
        // The engine starts only where no numbered log is left.
        let logs_left =
            names(&bench.dir).iter().any(|name| name.ends_with(".log") && is_of_stream(name));
        if logs_left || find_pending(&Disk, &bench.dir).unwrap().is_empty() {
            continue;
        }
        begin_new_stream(&bench);
        let before = snapshot(&bench.dir);
        let applied = recover_all(&Disk, &bench.dir).unwrap();
        if applied.ending == Ending::Refused {
            refused += 1;
            assert_eq!(applied.reasons[0].id, RefusalId::NewLogStream);
            assert_eq!(snapshot(&bench.dir), before, "stopped at {n}");
        } else {
            assert_eq!(applied.ending, Ending::Committed, "the journal was closed already");
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_database_that_changed_since_forbids_the_undo() {
    let bench = Bench::new(false);
    bench.carry_out();
    let database = bench.dir.join("pub1.edb");
    let mut bytes = std::fs::read(&database).unwrap();
    edbmend::practice::edit_header(&mut bytes, |raw| raw.repair_count = 1.into());
    std::fs::write(&database, bytes).unwrap();
    let dir = bench.backup_dir().join("edbmend-test-reset-logs-0000");
    let refusals = undo_refusals(&undo_plan(&dir), &bench.backup_dir());
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].id, RefusalId::DatabaseChanged);
}

#[test]
fn a_log_that_appears_while_the_reset_runs_calls_it_off() {
    for across_volumes in [false, true] {
        let bench = Bench::new(across_volumes);
        let job = bench.job();
        let stranger = bench.dir.join("E0000009.log");
        let path = stranger.clone();
        let storage = Scripted::new(move |call| {
            if call.name == "rename_new" {
                std::fs::write(&path, "new").unwrap();
            }
            None
        });
        let applied = execute(context(&storage), &job);
        assert_eq!(applied.ending, Ending::RolledBack, "{:?}", applied.reasons);
        assert_eq!(applied.reasons[0].id, RefusalId::NewLogStream);
        std::fs::remove_file(&stranger).unwrap();
        bench.assert_settled("a stranger");
        assert!(bench.dir.join("E00.log").exists());
    }
}

/// Lets somebody do something once, right before the first call of that name on that file.
fn meddle_at(name: &'static str, path: PathBuf, act: impl Fn() + Send + 'static) -> Scripted {
    let mut has_acted = false;
    Scripted::new(move |call| {
        if !has_acted && call.name == name && call.path == path {
            has_acted = true;
            act();
        }
        None
    })
}

/// A reset that cannot go on, and cannot go back either: it is left pending, nothing is overwritten, and
/// once what was put there is gone, everything goes home.
#[track_caller]
fn assert_pending_until(bench: &Bench, applied: &Applied, stranger: &Path, make_good: impl Fn()) {
    assert_eq!(applied.ending, Ending::Pending, "{:?}", applied.reasons);
    assert!(applied.reasons[0].remedy.contains("edbmend recover"), "{:?}", applied.reasons);
    let before = snapshot(&bench.dir);
    assert_eq!(std::fs::read(stranger).unwrap(), b"a file of somebody else");
    let refused = recover_all(&Disk, &bench.dir).unwrap();
    assert_eq!(refused.ending, Ending::Refused, "{:?}", refused.reasons);
    assert_eq!(refused.reasons[0].id, RefusalId::NewLogStream);
    assert_eq!(snapshot(&bench.dir), before);
    make_good();
    let recovered = recover_all(&Disk, &bench.dir).unwrap();
    assert_eq!(recovered.ending, Ending::RolledBack, "{:?}", recovered.reasons);
    bench.assert_settled("made good");
    assert!(bench.dir.join("E00.log").exists());
}

#[test]
fn a_name_that_is_taken_again_while_the_reset_runs_is_not_taken_back() {
    for across_volumes in [false, true] {
        let bench = Bench::new(across_volumes);
        let job = bench.job();
        let [current, numbered] = ["E00.log", "E0000002.log"].map(|name| bench.dir.join(name));
        let call = if across_volumes { "remove_file" } else { "rename_new" };
        let at = bench.dir.join("E0000001.log");
        let [taken, gone] = [current.clone(), numbered.clone()];
        let storage = meddle_at(call, at, move || {
            std::fs::write(&taken, "a file of somebody else").unwrap();
            std::fs::rename(&gone, gone.with_extension("old")).unwrap();
        });
        let applied = execute(context(&storage), &job);
        assert_pending_until(&bench, &applied, &current, || {
            std::fs::remove_file(&current).unwrap();
            std::fs::rename(numbered.with_extension("old"), &numbered).unwrap();
        });
    }
}

/// Its copy has its name, and the original would go.
#[test]
fn an_original_that_was_replaced_while_it_was_copied_is_not_removed() {
    let bench = Bench::new(true);
    let job = bench.job();
    let replaced = bench.dir.join("E0000002.log");
    let log = replaced.clone();
    let storage = meddle_at("remove_file", bench.dir.join("E0000001.log"), move || {
        std::fs::remove_file(&log).unwrap();
        std::fs::write(&log, "a file of somebody else").unwrap();
    });
    let applied = execute(context(&storage), &job);
    assert_pending_until(&bench, &applied, &replaced, || {
        std::fs::remove_file(&replaced).unwrap();
    });
}
