//! Hostile surroundings: other processes that write, replace or swap what is being repaired, damaged
//! and foreign operation folders, and readers who must not gain access.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use edbmend::apply::{
    Allowed, Ending, Job, KnownDeed, Terms, Wish, execute, find_pending, recover, undo_of,
};
use edbmend::ese::shadow::Which;
use edbmend::plan::{BackupScope, OperationStamp, Plan, RepairRequest, plan_repair};
use edbmend::practice::{DatabaseRecipe, corrupt_copy, damage_full_backup, edit_header};
use edbmend::refusal::RefusalId;
use edbmend::storage::Disk;
use edbmend::survey::{pending_marker, survey_database};

use crate::harness::memory::keep_freed;
use crate::harness::{in_memory, needs};
use crate::model::context;
use crate::model::event::{Event, Snapshot};
use crate::model::explore::Recording;
use crate::model::header::{Damage, HeaderCase, stamp};
use crate::model::reset::ResetCase;
use crate::model::sim::Sim;
use crate::model::tree::Tree;

/// A repair between its journal's PREPARED and COMMITTED.
fn prepared() -> Tree {
    with_its_journal(&HeaderCase::new(Damage::BothSound, BackupScope::Header).repair(""))
}

/// What a process that was killed as soon as it had a journal leaves.
fn with_its_journal(recording: &Recording) -> Tree {
    with_file(recording, "journal")
}

/// What a process that was killed as soon as the operation folder had a file of that name leaves.
fn with_file(recording: &Recording, name: &str) -> Tree {
    let mut at = Snapshot::durable(recording.start.clone());
    for event in &recording.log {
        at.push(event);
        let now = at.now();
        if operation_file(&now, name).is_some() {
            return now;
        }
    }
    panic!("every operation has a {name}")
}

fn finished() -> Tree {
    let recording = HeaderCase::new(Damage::BothSound, BackupScope::Header).repair("");
    let mut at = Snapshot::durable(recording.start.clone());
    recording.log.iter().for_each(|event| at.push(event));
    at.now()
}

fn operation_file(tree: &Tree, name: &str) -> Option<PathBuf> {
    let files = tree.files().into_iter().map(|(path, _)| path);
    files.into_iter().find(|path| path.file_name().is_some_and(|n| n == name))
}

fn digest(tree: &Tree) -> u128 {
    Snapshot::durable(tree.clone()).digest()
}

/// Damages one file of a tree and says how `recover` ends; unless it succeeds, nothing was touched.
fn recover_with(
    tree: &Tree,
    subject: &str,
    name: &str,
    damage: impl FnOnce(&mut Vec<u8>),
) -> Ending {
    let mut tree = tree.clone();
    let path = operation_file(&tree, name).unwrap();
    let ino = tree.find(&path).unwrap();
    tree.write(ino, damage);
    let sim = Sim::on(tree.clone());
    let applied = recover(context(&sim), Path::new(subject), Wish::AsFound, Allowed::default());
    if applied.ending == Ending::Refused {
        assert!(!applied.reasons.is_empty());
        assert_eq!(digest(&sim.now()), digest(&tree), "{name}");
        assert!(sim.log().is_empty(), "{name}");
    }
    applied.ending
}

/// `recover` refuses when any bit of a file, or each so many-th, is flipped.
fn assert_refuses_flipped_bits(tree: &Tree, subject: &str, name: &str, step: usize) {
    let bits = tree.bytes_at(&operation_file(tree, name).unwrap()).unwrap().len() * 8;
    for bit in (0..bits).step_by(step) {
        let flip = |bytes: &mut Vec<u8>| bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(recover_with(tree, subject, name, flip), Ending::Refused, "{name}, bit {bit}");
    }
}

const SUBJECT: &str = "/disk/mdbdata/priv1.edb";
const SUBJECT_OF_RESET: &str = "/disk/mdbdata/E00";

#[test]
fn recover_refuses_every_flipped_bit_of_journal_and_marker() {
    let tree = prepared();
    for name in ["journal", "priv1.edb.edbmend-pending"] {
        assert_refuses_flipped_bits(&tree, SUBJECT, name, 1);
    }
    let tree = with_its_journal(&ResetCase::new(false).reset(""));
    for name in ["journal", "E00.edbmend-pending"] {
        assert_refuses_flipped_bits(&tree, SUBJECT_OF_RESET, name, 1);
    }
}

/// A prime number: every bit of a byte has its turn.
const SOME: usize = 641;

#[test]
fn recover_refuses_flipped_bits_of_plan_and_images() {
    refuses_flipped_bits_of_plan_and_images(SOME);
}

mod whole {
    #[test]
    #[ignore = "slow: a minute; some of the bits are flipped always"]
    fn recover_refuses_every_flipped_bit_of_plan_and_images() {
        super::refuses_flipped_bits_of_plan_and_images(1);
    }
}

fn refuses_flipped_bits_of_plan_and_images(step: usize) {
    let tree = prepared();
    for name in ["plan.json", "header-before.bin", "header-after.bin"] {
        assert_refuses_flipped_bits(&tree, SUBJECT, name, step);
    }
    let tree = with_its_journal(&ResetCase::new(false).reset(""));
    assert_refuses_flipped_bits(&tree, SUBJECT_OF_RESET, "plan.json", step);
}

#[test]
fn recover_refuses_a_file_that_was_cut_off_or_comes_from_elsewhere() {
    let tree = prepared();
    let other = HeaderCase::new(Damage::Colliding, BackupScope::Header).restore("").start;
    for name in ["journal", "plan.json", "header-before.bin", "header-after.bin"] {
        let foreign = other.bytes_at(&operation_file(&other, name).unwrap()).unwrap().to_vec();
        let cut = recover_with(&tree, SUBJECT, name, |bytes| bytes.truncate(bytes.len() / 2));
        assert_eq!(cut, Ending::Refused, "{name}");
        if name != "header-after.bin" {
            let taken = recover_with(&tree, SUBJECT, name, |bytes| *bytes = foreign);
            assert_eq!(taken, Ending::Refused, "{name}");
        }
    }
}

#[test]
fn restore_refuses_every_flipped_bit_of_the_journal() {
    let tree = finished();
    let path = operation_file(&tree, "journal").unwrap();
    let ino = tree.find(&path).unwrap();
    for bit in 0..tree.bytes(ino).unwrap().len() * 8 {
        let mut damaged = tree.clone();
        damaged.write(ino, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        let sim = Sim::on(damaged);
        let undo = undo_of(&sim, path.parent().unwrap(), &stamp("restore"));
        assert_eq!(undo.err().map(|refusal| refusal.id), Some(RefusalId::JournalDamaged), "{bit}");
        assert!(sim.log().is_empty());
    }
}

/// What `recover` says of a pending repair after somebody did something; nothing was touched.
fn refusal_after(tree: &Tree, subject: &str) -> edbmend::refusal::Refusal {
    let sim = Sim::on(tree.clone());
    let applied = recover(context(&sim), Path::new(subject), Wish::AsFound, Allowed::default());
    assert_eq!(applied.ending, Ending::Refused, "{:?}", applied.reasons);
    assert!(sim.log().is_empty());
    applied.reasons.into_iter().next().unwrap()
}

#[test]
fn after_a_mount_recover_says_how_to_go_on() {
    let mut tree = prepared();
    let database = tree.find(Path::new(SUBJECT)).unwrap();
    tree.write(database, |bytes| edit_header(bytes, |raw| raw.db_time = 4711.into()));
    let refusal = refusal_after(&tree, SUBJECT);
    assert_eq!(refusal.id, RefusalId::DatabaseChanged);
    assert!(refusal.remedy.contains("edbmend check /disk/mdbdata/priv1.edb"), "{refusal:?}");
    let close = "edbmend recover --accept-changed /disk/mdbdata/priv1.edb";
    assert!(refusal.remedy.contains(close) && !refusal.remedy.contains("rm "), "{refusal:?}");
    // With a damaged copy nothing may suggest that the marker can go.
    tree.write(database, |bytes| corrupt_copy(bytes, Which::Shadow));
    let refusal = refusal_after(&tree, SUBJECT);
    assert_eq!(refusal.id, RefusalId::DatabaseChanged);
    assert!(refusal.remedy.contains("Keep the marker") && !refusal.remedy.contains("rm "));
    assert!(!refusal.remedy.contains("--accept-changed"));
}

/// In each state of a repair in which its plan is whole, with and without a full copy: the length is a part of what
/// is said, on every way.
#[test]
fn a_database_that_was_cut_off_is_neither_as_before_nor_finished() {
    for scope in [BackupScope::Full, BackupScope::Header] {
        let recording = HeaderCase::new(Damage::BothSound, scope).repair("");
        let mut at = Snapshot::durable(recording.start.clone());
        let mut tried = 0;
        for event in &recording.log {
            at.push(event);
            let mut tree = at.now();
            let plan = operation_file(&tree, "plan.json").and_then(|path| tree.bytes_at(&path));
            let is_planned = plan.is_some_and(|plan| serde_json::from_slice::<Plan>(plan).is_ok());
            if !is_planned || tree.find(&pending_marker(Path::new(SUBJECT))).is_none() {
                continue;
            }
            let database = tree.find(Path::new(SUBJECT)).unwrap();
            tree.write(database, |bytes| bytes.truncate(8192));
            let refusal = refusal_after(&tree, SUBJECT);
            assert_eq!(refusal.id, RefusalId::DatabaseChanged, "{refusal:?}");
            assert!(refusal.message.contains("8192 bytes"), "{refusal:?}");
            let sums = operation_file(&tree, "SHA256SUMS").and_then(|path| tree.bytes_at(&path));
            let copy = sums.is_some_and(|sums| sums.ends_with(b"\n")) && scope == BackupScope::Full;
            assert_eq!(refusal.remedy.contains("The full copy is"), copy, "{refusal:?}");
            tried += 1;
        }
        assert!(tried > 20, "{tried}");
    }
}

/// The full copy goes only where all of it is in the database, too: else it may be the last whole one.
#[test]
fn the_only_whole_copy_of_a_database_stays() {
    let recording = HeaderCase::new(Damage::BothSound, BackupScope::Full).repair("");
    let mut tree = with_file(&recording, "SHA256SUMS");
    let database = tree.find(Path::new(SUBJECT)).unwrap();
    let page = tree.bytes(database).unwrap()[8192..12288].to_vec();
    tree.write(database, |bytes| bytes[8192..12288].fill(0));
    let refusal = refusal_after(&tree, SUBJECT);
    assert_eq!(refusal.id, RefusalId::DatabaseChanged);
    assert!(refusal.message.contains("from offset 8192 on"), "{refusal:?}");
    // What is gone altogether is told, too.
    let mut gone = tree.clone();
    gone.unlink(gone.find(Path::new("/disk/mdbdata")).unwrap(), "priv1.edb");
    assert!(refusal_after(&gone, SUBJECT).message.contains("all that is left"));
    // With the page back there is nothing in the copy that would be lost.
    tree.write(database, |bytes| bytes[8192..12288].copy_from_slice(&page));
    let sim = Sim::on(tree);
    let applied = recover(context(&sim), Path::new(SUBJECT), Wish::AsFound, Allowed::default());
    assert_eq!(applied.ending, Ending::RolledBack, "{:?}", applied.reasons);
    assert!(operation_file(&sim.now(), "plan.json").is_none());
}

#[test]
fn another_database_under_the_name_is_not_accepted_as_what_was_changed() {
    let mut tree = prepared();
    let database = tree.find(Path::new(SUBJECT)).unwrap();
    let accept = |tree: &Tree| {
        let sim = Sim::on(tree.clone());
        let applied =
            recover(context(&sim), Path::new(SUBJECT), Wish::AcceptChanged, Allowed::default());
        (applied, sim.log().len())
    };
    let mut another = tree.clone();
    another
        .write(database, |bytes| edit_header(bytes, |raw| raw.db_signature.random = 4711.into()));
    let (applied, calls) = accept(&another);
    assert_eq!((applied.ending, calls), (Ending::Refused, 0), "{:?}", applied.reasons);
    assert_eq!(applied.reasons[0].id, RefusalId::DatabaseChanged);
    assert!(applied.reasons[0].message.contains("another database"), "{:?}", applied.reasons);
    // Its own, mounted since, and grown.
    tree.write(database, |bytes| {
        edit_header(bytes, |raw| raw.db_time = 4711.into());
        bytes.extend([7; 4096]);
    });
    assert_eq!(accept(&tree).0.ending, Ending::Overtaken);
    tree.write(database, |bytes| bytes.truncate(8192));
    assert_eq!(accept(&tree).0.ending, Ending::Refused);
}

#[test]
fn a_folder_that_is_out_of_reach_is_to_be_attached() {
    let mut tree = prepared();
    let folder = operation_file(&tree, "journal").unwrap();
    let folder = folder.parent().unwrap().to_owned();
    let above = tree.find(folder.parent().unwrap()).unwrap();
    tree.unlink(above, folder.file_name().unwrap().to_str().unwrap());
    let refusal = refusal_after(&tree, SUBJECT);
    assert_eq!((refusal.id, refusal.path), (RefusalId::JournalDamaged, folder.clone()));
    assert!(refusal.message.contains(folder.to_str().unwrap()), "{}", refusal.message);
    assert!(refusal.remedy.contains("Attach the disk or share"), "{}", refusal.remedy);
    assert!(refusal.remedy.contains("Keep the marker") && !refusal.remedy.contains("rm "));
}

#[test]
fn after_a_mount_over_a_whole_reset_recover_says_how_to_go_on() {
    let recording = ResetCase::new(false).reset("");
    let is_journal = |event: &&std::sync::Arc<Event>| matches!(event.as_ref(), Event::Rename { to, .. } if to.1 == "journal");
    let mut journals = recording.log.iter().enumerate().filter(|(_, event)| is_journal(event));
    let committed = journals.nth(1).unwrap().0;
    let mut at = Snapshot::durable(recording.start.clone());
    recording.log[..committed].iter().for_each(|event| at.push(event));
    let mut tree = at.now();
    tree.put(Path::new("/disk/mdbdata/E00.log"), &[7; 8192]);
    let refusal = refusal_after(&tree, "/disk/mdbdata/E00");
    assert_eq!(refusal.id, RefusalId::NewLogStream);
    let close = "edbmend recover --accept-changed /disk/mdbdata";
    assert!(refusal.remedy.contains(close) && !refusal.remedy.contains("rm "), "{refusal:?}");
    // One log is nowhere: then the marker must stay.
    let away = operation_file(&tree, "E0000001.log").unwrap();
    let dir = tree.find(away.parent().unwrap()).unwrap();
    tree.unlink(dir, "E0000001.log");
    let refusal = refusal_after(&tree, "/disk/mdbdata/E00");
    assert!(refusal.remedy.contains("Keep the marker") && !refusal.remedy.contains("rm "));
    assert!(!refusal.remedy.contains("--accept-changed"));
}

/// A damaged database on the disk, with the job that repairs it.
struct Bench {
    folder: tempfile::TempDir,
    database: PathBuf,
    job: Job,
}

impl Bench {
    fn new() -> Self {
        keep_freed();
        let folder = in_memory();
        let dir = folder.path().canonicalize().unwrap().join("mdbdata");
        std::fs::create_dir(&dir).unwrap();
        let database = dir.join("priv1.edb");
        let mut bytes = DatabaseRecipe { pages: 2, ..DatabaseRecipe::default() }.build();
        damage_full_backup(&mut bytes);
        std::fs::write(&database, bytes).unwrap();
        let job = job(&database);
        Self { folder, database, job }
    }

    /// The repair, after somebody else did something: it must refuse, and leave no trace.
    fn assert_refused(&self, expected: &[RefusalId]) {
        let before = std::fs::read(&self.database).ok();
        let applied = execute(context(&Disk), &self.job);
        assert!(matches!(applied.ending, Ending::Refused | Ending::Failed), "{:?}", applied.ending);
        let ids: Vec<_> = applied.reasons.iter().map(|reason| reason.id).collect();
        assert!(ids.iter().any(|id| expected.contains(id)), "{ids:?}");
        assert_eq!(std::fs::read(&self.database).ok(), before);
        assert_eq!(
            find_pending(&Disk, self.database.parent().unwrap()).unwrap_or_default().len(),
            0
        );
        assert!(!self.database.with_file_name("edbmend").exists());
    }
}

fn job(database: &Path) -> Job {
    let facts = survey_database(&Disk, database).unwrap();
    let stamp = OperationStamp { id: "edbmend-test-repair-0000".into(), created: String::new() };
    let (plan, images) = plan_repair(&facts, &RepairRequest::default(), &stamp).unwrap();
    let terms = Terms {
        backup_dir: database.with_file_name("edbmend"),
        allow_unproven_lock: true,
        ..Terms::default()
    };
    Job::of_header(&facts, plan, images, terms)
}

const CHANGED: &[RefusalId] = &[RefusalId::ChangedSinceSurvey, RefusalId::Truncated];

#[test]
fn a_file_that_was_written_since_the_survey() {
    let bench = Bench::new();
    let mut bytes = std::fs::read(&bench.database).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&bench.database, bytes).unwrap();
    bench.assert_refused(CHANGED);
}

#[test]
fn a_file_that_was_truncated_since_the_survey() {
    for length in [0, 4096, 8192, 9000] {
        let bench = Bench::new();
        let file = std::fs::OpenOptions::new().write(true).open(&bench.database).unwrap();
        file.set_len(length).unwrap();
        drop(file);
        let expected = [CHANGED, &[RefusalId::NotEse, RefusalId::HeaderUnreadable]].concat();
        bench.assert_refused(&expected);
    }
}

#[test]
fn a_file_that_was_replaced_since_the_survey() {
    let bench = Bench::new();
    let bytes = std::fs::read(&bench.database).unwrap();
    let other = bench.folder.path().join("other.edb");
    std::fs::write(&other, bytes).unwrap();
    std::fs::rename(&other, &bench.database).unwrap();
    bench.assert_refused(CHANGED);
}

#[test]
fn a_file_that_went_away_or_became_a_link() {
    let bench = Bench::new();
    let elsewhere = bench.folder.path().join("elsewhere.edb");
    std::fs::rename(&bench.database, &elsewhere).unwrap();
    bench.assert_refused(&[RefusalId::IoError]);
    let victim = std::fs::read(&elsewhere).unwrap();
    symlink(&elsewhere, &bench.database).unwrap();
    let applied = execute(context(&Disk), &bench.job);
    assert!(matches!(applied.ending, Ending::Refused | Ending::Failed));
    assert_eq!(std::fs::read(&elsewhere).unwrap(), victim, "no link is followed");
}

#[test]
fn a_folder_that_became_a_link_to_another() {
    let bench = Bench::new();
    let dir = bench.database.parent().unwrap();
    let victim = Bench::new();
    std::fs::rename(dir, bench.folder.path().join("moved")).unwrap();
    symlink(victim.database.parent().unwrap(), dir).unwrap();
    bench.assert_refused(CHANGED);
    victim.assert_unharmed();
}

impl Bench {
    fn assert_unharmed(&self) {
        let facts = survey_database(&Disk, &self.database).unwrap();
        let KnownDeed::Header(deed) = &self.job.deed else { panic!("a repair writes a header") };
        assert_eq!(Some(facts.fingerprint()), deed.rests_on);
    }
}

#[test]
fn another_process_that_has_the_file_open() {
    let mut bench = Bench::new();
    bench.job.terms.allow_unproven_lock = false;
    let _other = std::fs::File::open(&bench.database).unwrap();
    bench.assert_refused(&[RefusalId::InUse, RefusalId::InUseUnproven]);
}

#[test]
fn a_hard_link_shows_the_same_database() {
    let bench = Bench::new();
    let link = bench.folder.path().join("link.edb");
    std::fs::hard_link(&bench.database, &link).unwrap();
    // A link changes the status that the survey saw: it has to be made again.
    bench.assert_refused(CHANGED);
    let applied = execute(context(&Disk), &job(&bench.database));
    assert_eq!(applied.ending, Ending::Committed, "{:?}", applied.reasons);
    assert_eq!(std::fs::read(&link).unwrap(), std::fs::read(&bench.database).unwrap());
}

/// One wins; or each is in the other's way, and both are refused with nothing changed.
#[test]
fn two_repairs_at_once_are_never_two() {
    let bench = Bench::new();
    let before = std::fs::read(&bench.database).unwrap();
    let (first, second) = (job(&bench.database), job(&bench.database));
    let backup_dir = bench.folder.path().join("second");
    let second = Job { terms: Terms { backup_dir, ..second.terms }, ..second };
    let endings = std::thread::scope(|scope| {
        let run = |job| scope.spawn(move || execute(context(&Disk), job).ending);
        let (first, second) = (run(&first), run(&second));
        [first.join().unwrap(), second.join().unwrap()]
    });
    let committed = endings.iter().filter(|ending| **ending == Ending::Committed).count();
    let refused = endings.iter().filter(|ending| **ending == Ending::Refused).count();
    assert!(committed <= 1 && committed + refused == 2, "{endings:?}");
    let unchanged = std::fs::read(&bench.database).unwrap() == before;
    assert_eq!(unchanged, committed == 0, "{endings:?}");
    assert_eq!(find_pending(&Disk, bench.database.parent().unwrap()).unwrap(), [] as [PathBuf; 0]);
}

/// Everybody below `dir` who may read, and what nobody but the owner may enter.
fn assert_private(dir: &Path, database_mode: u32) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
            assert_private(&path, database_mode);
        } else {
            let more = mode & 0o077 & !database_mode;
            assert_eq!(more, 0, "{}: {mode:o}, the database has {database_mode:o}", path.display());
        }
    }
}

/// Repairs a database of this mode; the folder of all operations.
fn backup_of_mode(bench: &Bench, mode: u32) -> PathBuf {
    std::fs::set_permissions(&bench.database, PermissionsExt::from_mode(mode)).unwrap();
    let applied = execute(context(&Disk), &job(&bench.database));
    assert_eq!(applied.ending, Ending::Committed, "{:?}", applied.reasons);
    bench.database.with_file_name("edbmend")
}

const MODES: [u32; 5] = [0o600, 0o640, 0o660, 0o644, 0o400 | 0o200];

#[test]
fn nobody_who_could_not_read_the_database_can_read_its_backup() {
    for mode in MODES {
        let bench = Bench::new();
        let folder = backup_of_mode(&bench, mode);
        assert_private(&folder, mode);
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o077, 0);
    }
}

#[test]
#[ignore = "needs root"]
fn another_user_cannot_list_the_backups() {
    needs::another_user();
    for mode in MODES {
        let bench = Bench::new();
        let folder = backup_of_mode(&bench, mode);
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "ls"]).arg(&folder);
        let output = command.output().unwrap();
        assert!(!output.status.success(), "another user can list {}", folder.display());
    }
}
