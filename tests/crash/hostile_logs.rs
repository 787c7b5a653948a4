//! Hostile surroundings of a log reset and of its undo: other processes that delete, replace, write or
//! open what is to be moved, take the names that it will have, or swap the folder. They act between the
//! plan and the deed, and again when the logs begin to move.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::harness::{Entry, at_once, in_memory, names, snapshot};
use edbmend::apply::find_pending;
use edbmend::practice::{Recipe, storage_group};
use edbmend::storage::Disk;
use edbmend::{Error, Observer, Plan, Recover, RefusalId, Report, ResetLogs, Restore, Watch};
use tempfile::TempDir;

/// What is done to the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Reset,
    Undo,
}

/// How they move: within a volume, or to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Rename,
    Copy,
}

/// When somebody else does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// The plan is made; perhaps a question stands.
    Planned,
    /// Every guard has agreed, and the journal is written.
    Moving,
}

/// What somebody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Delete,
    RenameAway,
    Replace,
    Truncate,
    Append,
    /// Behind the header, and the length stays.
    Rewrite,
    /// Another file gets the name in the folder where the log goes.
    TakeName,
    /// A folder gets it.
    TakeNameByFolder,
    /// A log that no plan knows.
    AddLog,
    /// The folder of the logs becomes a link to that of another storage group.
    SwapFolder,
}

const ACTS: [Act; 10] = [
    Act::Delete,
    Act::RenameAway,
    Act::Replace,
    Act::Truncate,
    Act::Append,
    Act::Rewrite,
    Act::TakeName,
    Act::TakeNameByFolder,
    Act::AddLog,
    Act::SwapFolder,
];

/// The first file that moves, one in the middle, and the last.
const NAMES: [&str; 3] = ["E00.log", "E0000002.log", "E00.chk"];

const STRANGER: &[u8] = b"a file of somebody else";

/// A storage group, perhaps with its logs away, and another that must never be touched.
struct Bench {
    folder: TempDir,
    other_volume: Option<TempDir>,
    dir: PathBuf,
    backup_dir: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    deed: Deed,
    /// Of the reset that an undo undoes.
    reset: Option<PathBuf>,
}

impl Bench {
    fn new(deed: Deed, way: Way) -> Self {
        let folder = in_memory();
        let dir = folder.path().canonicalize().unwrap().join("mdbdata");
        let other_volume = match way {
            Way::Rename => None,
            Way::Copy => Some(other_volume(folder.path())),
        };
        let backup_dir = match &other_volume {
            Some(volume) => volume.path().canonicalize().unwrap().join("kept"),
            None => dir.with_file_name("kept"),
        };
        let files = write_group(&dir, Recipe::default());
        write_group(
            &dir.with_file_name("victim"),
            Recipe { log_random: 4711, ..Recipe::default() },
        );
        let reset = None;
        let mut bench = Self { folder, other_volume, dir, backup_dir, files, deed, reset };
        if deed == Deed::Undo {
            bench.reset = Some(carry_out(bench.plan_reset()).unwrap());
        }
        bench
    }

    fn plan_reset(&self) -> edbmend::Result<Plan> {
        let [private, public] = ["priv1.edb", "pub1.edb"].map(|name| self.dir.join(name));
        let reset = ResetLogs::new(&self.dir).database(private).database(public);
        edbmend::plan(reset.backup_dir(&self.backup_dir), &Watch::default())
    }

    /// What lies on both volumes.
    fn everything(&self) -> BTreeMap<PathBuf, Entry> {
        let mut all = snapshot(self.folder.path());
        all.extend(self.other_volume.iter().flat_map(|volume| snapshot(volume.path())));
        all
    }

    fn is_copied_away(&self) -> bool {
        self.other_volume.is_some() && self.deed == Deed::Reset
    }

    fn plan_undo(&self, of: &Path) -> edbmend::Result<Plan> {
        edbmend::plan(Restore::new(of).backup_dir(&self.backup_dir), &Watch::default())
    }

    fn plan(&self) -> Plan {
        let plan = match &self.reset {
            None => self.plan_reset(),
            Some(reset) => self.plan_undo(reset),
        };
        plan.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Where the logs are while they are away.
    fn away(&self, plan: &Plan) -> PathBuf {
        self.reset.clone().or(plan.operation_dir()).unwrap().join("logs")
    }

    /// Recovers what is pending. Then each file is there once and unchanged, all logs in the same place.
    #[track_caller]
    fn assert_recovered(&self, away: &Path, what: &str) {
        let recovered = edbmend::recover(&Recover::new(&self.dir), &Watch::default());
        recovered.unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut at_home = Vec::new();
        for (name, bytes) in &self.files {
            let places = [self.dir.join(name), away.join(name)];
            let found: Vec<_> = places.iter().filter_map(|path| fs::read(path).ok()).collect();
            assert_eq!(found.len(), 1, "{what}: {name} is in {} places", found.len());
            assert!(found[0] == *bytes, "{what}: {name} was changed");
            if is_moved(name) {
                at_home.push(places[0].exists());
            }
        }
        at_home.dedup();
        assert_eq!(at_home.len(), 1, "{what}: some logs are at home, and some away");
        let left = [&self.dir, away].map(|dir| if dir.exists() { names(dir) } else { Vec::new() });
        let left = left.iter().flatten().filter(|name| {
            let name = name.to_str().unwrap();
            name.ends_with("-tmp") || name.ends_with("-pending")
        });
        assert_eq!(left.collect::<Vec<_>>(), Vec::<&std::ffi::OsString>::new(), "{what}");
    }

    /// Whatever happened, the logs can still go away and come back, or the other way round.
    fn assert_usable(&self, away: &Path, what: &str) {
        let there_and_back = || {
            if self.dir.join("E00.log").exists() {
                let reset = carry_out(self.plan_reset())?;
                carry_out(self.plan_undo(&reset))
            } else {
                let undo = carry_out(self.plan_undo(away.parent().unwrap()))?;
                carry_out(self.plan_undo(&undo))
            }
        };
        there_and_back().unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

/// Applies a plan; its operation folder.
fn carry_out(planned: edbmend::Result<Plan>) -> edbmend::Result<PathBuf> {
    let plan = planned?;
    let operation = plan.operation_dir().unwrap();
    edbmend::apply(plan, &Watch::default()).map(|_| operation)
}

/// Reserve logs stay.
fn is_moved(name: &str) -> bool {
    name.starts_with("E00")
}

/// A folder that no rename reaches from `dir`.
fn other_volume(dir: &Path) -> TempDir {
    let volume = |path: &Path| fs::metadata(path).unwrap().dev();
    let other = tempfile::tempdir().unwrap();
    let is_another = volume(other.path()) != volume(dir);
    assert!(is_another, "this test needs /dev/shm to be another volume than the temporary folder");
    other
}

fn write_group(dir: &Path, recipe: Recipe) -> BTreeMap<String, Vec<u8>> {
    fs::create_dir(dir).unwrap();
    let made = storage_group(&Recipe { log_file_sectors: 16, pages: 2, ..recipe }).into_iter();
    let files: BTreeMap<_, _> = made.map(|file| (file.name, file.bytes)).collect();
    files.iter().for_each(|(name, bytes)| fs::write(dir.join(name), bytes).unwrap());
    files
}

/// Somebody else, who does one thing to one log and can make it good again.
struct Other {
    act: Act,
    /// Where the log is.
    log: PathBuf,
    /// The name that it will have.
    target: PathBuf,
    dir: PathBuf,
    original: Vec<u8>,
    modified: std::time::SystemTime,
}

impl Other {
    fn new(bench: &Bench, plan: &Plan, act: Act, name: &str) -> Self {
        let (home, away) = (bench.dir.join(name), bench.away(plan).join(name));
        let (log, target) = if bench.deed == Deed::Reset { (home, away) } else { (away, home) };
        let modified = fs::metadata(&log).and_then(|log| log.modified());
        let modified = modified.unwrap_or(std::time::UNIX_EPOCH);
        // A log is known by its number and its time, too: who takes his act back puts the file itself back.
        let kept = bench.dir.with_file_name("kept-log");
        let _ = fs::remove_file(&kept);
        if log.exists() && fs::hard_link(&log, &kept).is_err() {
            fs::copy(&log, &kept).unwrap();
        }
        Self {
            act,
            log,
            target,
            dir: bench.dir.clone(),
            original: bench.files[name].clone(),
            modified,
        }
    }

    fn aside(&self, name: &str) -> PathBuf {
        self.dir.with_file_name(name)
    }

    fn stranger(&self) -> PathBuf {
        self.dir.join("E0000009.log")
    }

    /// What the log holds after somebody wrote to it.
    fn changed(&self) -> Option<Vec<u8>> {
        let mut bytes = self.original.clone();
        match self.act {
            Act::Replace => bytes[100] ^= 1,
            Act::Truncate => bytes.truncate(4096),
            Act::Append => bytes.extend(STRANGER),
            Act::Rewrite => *bytes.last_mut().unwrap() ^= 1,
            _ => return None,
        }
        Some(bytes)
    }

    /// Whether there is anything to do it to at that moment.
    fn can(&self, moment: Moment) -> bool {
        let has_folder = moment == Moment::Moving || self.target.starts_with(&self.dir);
        let takes_name = matches!(self.act, Act::TakeName | Act::TakeNameByFolder);
        // A checkpoint of one page has nothing behind its header.
        let is_small = self.original.len() <= 4096;
        (has_folder || !takes_name)
            && !(is_small && matches!(self.act, Act::Rewrite | Act::Truncate))
    }

    fn act(&self) {
        let write = |bytes: &[u8]| {
            let file = fs::OpenOptions::new().write(true).open(&self.log);
            let mut file = file.unwrap();
            file.set_len(bytes.len() as u64).unwrap();
            file.write_all(bytes).unwrap();
        };
        match self.act {
            Act::Delete => fs::remove_file(&self.log).unwrap(),
            Act::RenameAway => fs::rename(&self.log, self.log.with_extension("old")).unwrap(),
            Act::Replace => {
                fs::write(self.log.with_extension("new"), self.changed().unwrap()).unwrap();
                fs::rename(self.log.with_extension("new"), &self.log).unwrap();
            }
            Act::Truncate | Act::Append | Act::Rewrite => write(&self.changed().unwrap()),
            Act::TakeName => fs::write(&self.target, STRANGER).unwrap(),
            Act::TakeNameByFolder => fs::create_dir(&self.target).unwrap(),
            Act::AddLog => fs::write(self.stranger(), STRANGER).unwrap(),
            Act::SwapFolder => {
                fs::rename(&self.dir, self.aside("moved")).unwrap();
                symlink(self.aside("victim"), &self.dir).unwrap();
            }
        }
    }

    /// Finds everything of its own as it left it, and takes it back.
    #[track_caller]
    fn make_good(&self, what: &str) {
        match self.act {
            Act::Delete => self.put_back(what),
            Act::RenameAway => {
                self.put_back(what);
                fs::remove_file(self.log.with_extension("old")).unwrap();
            }
            Act::Replace | Act::Truncate | Act::Append | Act::Rewrite => {
                let changed = self.changed().unwrap();
                let places = [&self.log, &self.target];
                let found = places.iter().find(|path| fs::read(path).is_ok_and(|b| b == changed));
                let found = found.unwrap_or_else(|| panic!("{what}: what was written is lost"));
                self.put_itself(found);
            }
            Act::TakeName => {
                assert_eq!(fs::read(&self.target).unwrap(), STRANGER, "{what}");
                fs::remove_file(&self.target).unwrap();
            }
            Act::TakeNameByFolder => fs::remove_dir(&self.target).unwrap(),
            Act::AddLog => {
                assert_eq!(fs::read(self.stranger()).unwrap(), STRANGER, "{what}");
                fs::remove_file(self.stranger()).unwrap();
            }
            Act::SwapFolder => {
                fs::remove_file(&self.dir).unwrap();
                fs::rename(self.aside("moved"), &self.dir).unwrap();
            }
        }
    }

    /// Puts the log as it was to this path.
    fn put_itself(&self, path: &Path) {
        let kept = self.aside("kept-log");
        fs::write(&kept, &self.original).unwrap();
        fs::File::options().write(true).open(&kept).unwrap().set_modified(self.modified).unwrap();
        fs::rename(&kept, path).or_else(|_| fs::copy(&kept, path).map(|_| ())).unwrap();
        // Two names of one file: a rename does nothing.
        let _ = fs::remove_file(&kept);
    }

    #[track_caller]
    fn put_back(&self, what: &str) {
        // A copy that was verified before may have taken its place.
        if !self.log.exists() && !self.target.exists() {
            self.put_itself(&self.log);
        }
        assert!(!(self.log.exists() && self.target.exists()), "{what}");
    }
}

/// Lets somebody act when the logs begin to move.
struct Meddler<'a> {
    other: &'a Other,
    has_acted: Mutex<bool>,
}

impl Observer for Meddler<'_> {
    fn stage(&self, what: &str) {
        if what == "moving the logs" {
            self.other.act();
            *self.has_acted.lock().unwrap() = true;
        }
    }
}

fn exit_code(applied: &Result<Report, Error>) -> u8 {
    match applied {
        Ok(report) => report.exit_code,
        Err(error) => error.report().exit_code,
    }
}

/// One act at one moment. Nothing is lost or overwritten, whatever came of it.
fn meddle(deed: Deed, way: Way, moment: Moment, act: Act, name: &str) {
    let bench = Bench::new(deed, way);
    let plan = bench.plan();
    let (other, away) = (Other::new(&bench, &plan, act, name), bench.away(&plan));
    if !other.can(moment) {
        return;
    }
    let what = format!("{deed:?} by {way:?}, {act:?} {name} when {moment:?}");
    let victim = snapshot(&other.aside("victim"));
    let applied = match moment {
        Moment::Planned => {
            other.act();
            let before = bench.everything();
            let applied = edbmend::apply(plan, &Watch::default());
            if exit_code(&applied) != 0 {
                assert!(bench.everything() == before, "{what}: it left a trace");
            }
            applied
        }
        Moment::Moving => {
            let meddler = Meddler { other: &other, has_acted: Mutex::new(false) };
            let applied = edbmend::apply(plan, &Watch::by(&meddler));
            assert!(meddler.has_acted.into_inner().unwrap(), "{what}");
            applied
        }
    };
    assert_told(&bench, &applied, act, moment, &what);
    assert!(snapshot(&other.aside("victim")) == victim, "{what}: another group was touched");
    if act == Act::Rewrite && moment == Moment::Planned && bench.is_copied_away() {
        // Of a copy the content is known: it comes back as it was copied.
        carry_out(bench.plan_undo(away.parent().unwrap())).unwrap();
    }
    other.make_good(&what);
    bench.assert_recovered(&away, &what);
    bench.assert_usable(&away, &what);
}

/// The exit code says what is so, and every reason what to do.
#[track_caller]
fn assert_told(
    bench: &Bench,
    applied: &Result<Report, Error>,
    act: Act,
    moment: Moment,
    what: &str,
) {
    let told = applied.as_ref().map_or_else(ToString::to_string, ToString::to_string);
    let expected = match (act, moment) {
        // What is written behind the header before the copy is made goes with it.
        (Act::Rewrite, Moment::Planned) if bench.is_copied_away() => 0,
        // The folders are held: what is done is done in them, wherever their names lead.
        (Act::SwapFolder, Moment::Moving) => 0,
        (_, Moment::Planned) => 3,
        (_, Moment::Moving) => 5,
    };
    assert_eq!(exit_code(applied), expected, "{what}: {told}");
    let Err(error) = applied else { return };
    assert!(!error.refusals().is_empty(), "{what}");
    for refusal in error.refusals() {
        assert!(REASONS.contains(&refusal.id), "{what}: {told}");
        assert!(!refusal.remedy.is_empty(), "{what}: {told}");
    }
    let pending = find_pending(&Disk, &bench.dir).unwrap();
    assert_eq!(pending, [] as [PathBuf; 0], "{what}: {told}");
}

const REASONS: [RefusalId; 3] =
    [RefusalId::ChangedSinceSurvey, RefusalId::NewLogStream, RefusalId::DatabaseChanged];

/// Everything that can be done to these files, at both moments.
fn meddle_with(deed: Deed, way: Way, names: &[&str]) {
    for moment in [Moment::Planned, Moment::Moving] {
        for act in ACTS {
            names.iter().for_each(|name| meddle(deed, way, moment, act, name));
        }
    }
}

#[test]
fn a_reset_on_one_volume() {
    meddle_with(Deed::Reset, Way::Rename, &NAMES[1..2]);
}

#[test]
fn a_reset_to_another_volume() {
    meddle_with(Deed::Reset, Way::Copy, &NAMES[1..2]);
}

#[test]
fn an_undo_on_one_volume() {
    meddle_with(Deed::Undo, Way::Rename, &NAMES[1..2]);
}

#[test]
fn an_undo_from_another_volume() {
    meddle_with(Deed::Undo, Way::Copy, &NAMES[1..2]);
}

mod whole {
    use super::*;

    const WAYS: [Way; 2] = [Way::Rename, Way::Copy];

    #[test]
    #[ignore = "slow: seconds; a log in the middle is tried always"]
    fn a_reset_of_the_first_the_last_and_one_in_the_middle() {
        WAYS.into_iter().for_each(|way| meddle_with(Deed::Reset, way, &NAMES));
    }

    #[test]
    #[ignore = "slow: seconds; a log in the middle is tried always"]
    fn an_undo_of_the_first_the_last_and_one_in_the_middle() {
        WAYS.into_iter().for_each(|way| meddle_with(Deed::Undo, way, &NAMES));
    }
}

/// Of what a running engine has open each file is asked for again; of the databases, too.
#[test]
fn a_log_or_a_database_that_was_opened_since_the_plan() {
    let files = [
        (Deed::Reset, "E00.log"),
        (Deed::Reset, "E00.chk"),
        (Deed::Reset, "pub1.edb"),
        (Deed::Undo, "pub1.edb"),
        (Deed::Undo, "priv1.stm"),
    ];
    at_once(files, |(deed, name)| {
        let bench = Bench::new(deed, Way::Rename);
        let plan = bench.plan();
        let opened = fs::File::open(bench.dir.join(name)).unwrap();
        let before = bench.everything();
        let error = edbmend::apply(plan, &Watch::default()).expect_err(name);
        assert_eq!(error.report().exit_code, 3, "{name}: {error}");
        assert!(error.is(RefusalId::InUse) || error.is(RefusalId::InUseUnproven), "{error}");
        assert!(bench.everything() == before, "{deed:?}, {name}");
        drop(opened);
        carry_out(Ok(bench.plan())).unwrap_or_else(|error| panic!("{name}: {error}"));
    });
}

/// One wins; or each is in the other's way, and both are refused with nothing moved.
#[test]
fn two_at_once_are_never_two() {
    for deed in [Deed::Reset, Deed::Undo] {
        for way in [Way::Rename, Way::Copy] {
            let bench = Bench::new(deed, way);
            let plans = [bench.plan(), bench.plan()];
            let aways = plans.each_ref().map(|plan| bench.away(plan));
            let results = std::thread::scope(|scope| {
                let run = |plan| scope.spawn(|| edbmend::apply(plan, &Watch::default()));
                plans.map(run).map(|thread| thread.join().unwrap())
            });
            let codes = results.each_ref().map(exit_code);
            let committed = codes.iter().filter(|code| **code == 0).count();
            // Whoever is asked for a file while he has it calls himself off: nothing was changed (4).
            let gave_way = codes.iter().filter(|code| [3, 4].contains(*code)).count();
            assert!(committed <= 1 && committed + gave_way == 2, "{codes:?}: {results:?}");
            let winner = codes.iter().position(|code| *code == 0).unwrap_or_default();
            let what = format!("two at once: {deed:?} by {way:?}");
            bench.assert_recovered(&aways[winner], &what);
            bench.assert_usable(&aways[winner], &what);
        }
    }
}
