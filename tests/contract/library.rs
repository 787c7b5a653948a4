//! The library as a program that embeds it sees it: the seven functions, what they give back, and the
//! example that is printed in the documentation.

#[allow(dead_code)] // its main function
#[path = "../../examples/embed.rs"]
mod embed;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use edbmend::practice::{Recipe, edit_header};
use edbmend::{
    Check, FindingId, List, Observer, Outcome, RebuildHeader, Recover, RefusalId, Repair,
    ResetLogs, Restore, Verify, VerifyScope, Watch, json,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::files::unpack;
use crate::harness::group::Group;

fn practice() -> Group {
    Group::of(&Recipe::default())
}

/// Everything in a folder, by name and content; folders by name.
fn content(group: &Group) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let entries = fs::read_dir(&group.dir).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = entries.map(|path| (path.clone(), fs::read(path).ok())).collect();
    all.sort();
    all
}

fn without_run(mut report: Value) -> Value {
    report["run"] = Value::Null;
    let text = report.to_string();
    // The id of an operation is new each time.
    let mut parts = text.split("/edbmend-");
    let mut same = parts.next().unwrap().to_owned();
    for part in parts {
        same += &format!("/OPERATION{}", &part[part.find(['/', '"']).unwrap()..]);
    }
    serde_json::from_str(&same).unwrap()
}

/// A database that Microsoft's engine made, both of whose header copies are destroyed, and its folder.
fn with_a_lost_header() -> (TempDir, PathBuf) {
    let folder = unpack("engine/stage4_p4096/s4_1_bug_state");
    let database = folder.path().canonicalize().unwrap().join("test.edb");
    let mut bytes = fs::read(&database).unwrap();
    bytes[..2 * 4096].fill(0x5a);
    fs::write(&database, &bytes).unwrap();
    (folder, database)
}

#[test]
fn a_lost_header_is_rebuilt_and_the_operation_is_listed() {
    let (folder, database) = with_a_lost_header();
    let watch = Watch::default();
    let plan = edbmend::plan(RebuildHeader::new(&database), &watch).unwrap();
    let done = edbmend::apply(plan, &watch).unwrap();
    assert_eq!(done.databases[0].rebuild.as_ref().unwrap().case, json::RebuildCase::CleanProven);

    let listed = edbmend::list(&List::new(folder.path()), &watch).unwrap();
    let [operation] = listed.operations.as_deref().unwrap() else { panic!("{listed}") };
    assert_eq!(operation.id, done.operation.as_ref().map(|operation| operation.id.clone()));
    assert_eq!((operation.outcome, listed.outcome), (Outcome::Committed, Outcome::Ok));
}

#[test]
fn a_plan_is_no_dry_run_and_an_error_reads_the_same_in_every_way() {
    let group = practice();
    let watch = Watch::default();
    let repair = edbmend::plan(Repair::new(group.path("priv1.edb")), &watch).unwrap();
    let reset = ResetLogs::new(&group.dir).a_person_confirms();
    for plan in [repair, edbmend::plan(reset, &watch).unwrap()] {
        let text = plan.to_string();
        assert!(text.contains("this plan would be carried out"), "{text}");
        assert!(
            !text.contains("dry run") && !plan.report().to_html().contains("dry run"),
            "{text}"
        );
    }
    let error = edbmend::plan(Repair::new(group.path("none.edb")), &watch).err().unwrap();
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(error.to_string().contains("not-found"), "{error}");
}

#[test]
fn only_apply_writes_and_a_restore_brings_every_byte_back() {
    let group = practice();
    let (before, database) = (content(&group), group.path("priv1.edb"));
    let watch = Watch::default();
    edbmend::inspect(&database).unwrap();
    edbmend::check(&Check::new(group.dir.clone()), &watch).unwrap();
    let plan = edbmend::plan(Repair::new(&database).verify(VerifyScope::Full), &watch).unwrap();
    assert_eq!(content(&group), before);
    let announced = plan.operation_dir().unwrap();
    assert_eq!(plan.subject().as_ref(), Some(&database));

    let done = edbmend::apply(plan, &watch).unwrap();
    assert_eq!((done.outcome, done.exit_code), (Outcome::Committed, 0));
    let operation = done.operation.as_ref().unwrap();
    assert_eq!(operation.dir, announced);
    assert!(done.pages.as_ref().is_some_and(|pages| pages.bad.is_empty() && pages.total > 0));
    assert!(done.to_string().contains("To undo this:"), "{done}");
    let kept: Value =
        serde_json::from_slice(&fs::read(operation.dir.join("report.json")).unwrap()).unwrap();
    assert_eq!(kept["databases"][0]["outcome"], "committed");
    let this = std::env::args().next().unwrap();
    assert_eq!(kept["run"]["arguments"][0], this.as_str());

    let again = edbmend::plan(Repair::new(&database), &watch).unwrap();
    assert!(
        again.is_nothing_to_do() && again.steps().is_empty() && again.operation_dir().is_none()
    );
    let nothing = edbmend::apply(again, &watch).unwrap();
    assert_eq!(nothing.outcome, Outcome::NothingToDo);

    let undo = edbmend::plan(Restore::new(&operation.dir), &watch).unwrap();
    assert_eq!(edbmend::apply(undo, &watch).unwrap().outcome, Outcome::Committed);
    let files = |content: Vec<(PathBuf, Option<Vec<u8>>)>| -> Vec<_> {
        content.into_iter().filter(|(_, bytes)| bytes.is_some()).collect()
    };
    assert_eq!(files(content(&group)), files(before));
}

#[test]
fn logs_are_reset_and_come_back() {
    let group = practice();
    let (before, dir) = (content(&group), group.dir.clone());
    let watch = Watch::default();
    // Nobody is asked, so each database must be named.
    let error = edbmend::plan(ResetLogs::new(&dir), &watch).err().unwrap();
    assert!(error.is(RefusalId::GroupIncomplete), "{error}");
    assert_eq!(error.report().exit_code, 3);
    let reset = ResetLogs::new(&dir).database(group.path("priv1.edb"));
    let reset = reset.database(group.path("pub1.edb")).prefix("E00");
    let done = edbmend::apply(edbmend::plan(reset, &watch).unwrap(), &watch).unwrap();
    assert_eq!(done.outcome, Outcome::Committed);
    assert!(!group.path("E00.log").exists());
    let undo = Restore::new(&done.operation.as_ref().unwrap().dir);
    edbmend::apply(edbmend::plan(undo, &watch).unwrap(), &watch).unwrap();
    assert!(before.iter().all(|(path, bytes)| fs::read(path).ok() == *bytes));
}

#[test]
fn every_reason_is_in_the_error_with_what_to_do() {
    let group = practice();
    group.edit("priv1.edb", |bytes| edit_header(bytes, |header| header.state = 2.into()));
    let database = group.path("priv1.edb");
    let before = content(&group);
    let repair = Repair::new(&database).backup_dir(group.path("pub1.edb"));
    let error = edbmend::plan(repair, &Watch::default()).err().unwrap();
    assert!(error.is(RefusalId::DirtyShutdown) && error.is(RefusalId::BackupDirUnusable));
    assert_eq!(error.refusals().len(), 2);
    let text = error.to_string();
    for refusal in error.refusals() {
        assert!(text.contains(refusal.id.name()) && text.contains(&*refusal.remedy), "{text}");
    }
    assert!(!error.is_pending());
    assert_eq!(content(&group), before);
}

#[test]
fn what_cannot_be_read_does_not_pass_for_sound() {
    let group = practice();
    let watch = Watch::default();
    let both = Check::new(group.path("pub1.edb")).path(group.path("none.edb"));
    let error = edbmend::check(&both, &watch).err().unwrap();
    assert!(error.is(RefusalId::NotFound));
    assert_eq!(error.report().databases.len(), 2);
    fs::write(group.path("text.edb"), "no database").unwrap();
    assert!(edbmend::check(&Check::new(group.path("text.edb")), &watch).is_err());
    assert!(edbmend::inspect(group.path("text.edb")).err().unwrap().is(RefusalId::NotEse));
}

#[test]
fn every_page_is_compared_with_its_checksum() {
    let group = practice();
    let (private, public) = (group.path("priv1.edb"), group.path("pub1.edb"));
    let before = content(&group);
    let both = Verify::new(&private).database(&public).threads(std::num::NonZero::<usize>::MIN);
    let progress = embed::Progress::default();
    let report = edbmend::verify(&both, &Watch::by(&progress)).unwrap();
    assert_eq!((report.outcome, report.databases.len()), (Outcome::Ok, 2));
    let sizes = [&private, &public].map(|file| fs::metadata(file).unwrap().len());
    assert_eq!(progress.done_bytes.into_inner(), sizes.iter().sum::<u64>());
    assert_eq!(content(&group), before);

    group.edit("pub1.edb", |bytes| bytes[5 * 4096 + 100] ^= 0x10);
    let report = edbmend::verify(&both, &Watch::default()).unwrap();
    assert_eq!(report.outcome, Outcome::Findings);
    let bad: Vec<_> = report
        .databases
        .iter()
        .map(|database| database.pages.as_ref().unwrap().bad.len())
        .collect();
    assert_eq!(bad, [0, 1]);

    fs::write(group.path("text.edb"), "no database").unwrap();
    let three = both.database(group.path("text.edb"));
    let error = edbmend::verify(&three, &Watch::default()).err().unwrap();
    assert!(error.is(RefusalId::NotEse));
    assert_eq!(error.report().databases.len(), 3);

    let stop = AtomicBool::new(true);
    let error = edbmend::verify(&three, &Watch::default().stopped_by(&stop)).err().unwrap();
    assert!(error.is(RefusalId::Interrupted));
    assert_eq!((error.refusals().len(), error.report().exit_code), (3, 4));
}

#[test]
fn a_plan_that_no_longer_fits_is_refused() {
    let group = practice();
    let database = group.path("priv1.edb");
    let plan = edbmend::plan(Repair::new(&database), &Watch::default()).unwrap();
    group.edit("priv1.edb", |bytes| edit_header(bytes, |header| header.db_time = 77.into()));
    let before = content(&group);
    let error = edbmend::apply(plan, &Watch::default()).err().unwrap();
    assert!(error.is(RefusalId::ChangedSinceSurvey), "{error}");
    assert_eq!(content(&group), before);
}

/// Writes down what it is told, and asks to stop once a copy begins.
#[derive(Default)]
struct Stopper {
    told: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Observer for Stopper {
    fn stage(&self, what: &str) {
        self.told.lock().unwrap().push(what.to_owned());
    }

    fn begin_bytes(&self, what: &str, total_bytes: u64) {
        self.told.lock().unwrap().push(format!("{what}: {total_bytes}"));
        self.stop.store(true, Ordering::SeqCst);
    }
}

#[test]
fn the_observer_hears_of_the_work_and_can_stop_it() {
    let group = practice();
    let (before, database) = (content(&group), group.path("priv1.edb"));
    let stopper = Stopper::default();
    let watch = Watch::by(&stopper).stopped_by(&stopper.stop);
    let plan = edbmend::plan(Repair::new(&database), &watch).unwrap();
    let error = edbmend::apply(plan, &watch).err().unwrap();
    assert!(error.is(RefusalId::Interrupted) && error.report().exit_code == 4, "{error}");
    assert_eq!(content(&group), before);
    let told = stopper.told.into_inner().unwrap();
    let length = fs::metadata(&database).unwrap().len();
    assert!(told.contains(&"asking every guard".to_owned()), "{told:?}");
    assert!(told.iter().any(|stage| stage.ends_with(&format!(": {length}"))), "{told:?}");
}

#[test]
fn what_was_interrupted_is_ended() {
    let group = practice();
    let (before, database) = (content(&group), group.path("priv1.edb"));
    let watch = Watch::default();
    let nothing = edbmend::recover(&Recover::new(group.dir.clone()), &watch).unwrap();
    assert_eq!(nothing.outcome, Outcome::NothingToDo);
    // A marker whose writing was cut off: nothing had begun.
    fs::write(group.path("priv1.edb.edbmend-pending"), "").unwrap();
    fs::create_dir_all(group.path("edbmend/edbmend-20261124T103000Z-repair-0000")).unwrap();
    let refused = edbmend::plan(Repair::new(&database), &watch).err().unwrap();
    assert!(refused.is(RefusalId::OperationPending), "{refused}");
    let said = edbmend::recover(&Recover::new(&database).only_say(true), &watch).unwrap();
    assert_eq!(said.outcome, Outcome::Planned);
    assert_eq!(said.databases[0].direction, Some(json::Direction::Discard));
    assert!(group.path("priv1.edb.edbmend-pending").exists());
    let done = edbmend::recover(&Recover::new(group.dir.clone()), &watch).unwrap();
    assert_eq!((done.outcome, done.exit_code), (Outcome::RolledBack, 0));
    assert_eq!(content(&group), before);
}

#[test]
fn the_example_mends_what_it_may_and_leaves_the_rest() {
    let group = practice();
    let progress = embed::Progress::default();
    let watch = Watch::by(&progress);
    let tend = |name: &str| {
        let mut out = Vec::new();
        let result = embed::tend(&group.path(name), &watch, &mut out);
        (result, String::from_utf8(out).unwrap())
    };
    let (result, out) = tend("priv1.edb");
    result.unwrap();
    assert!(out.contains("found full-backup-gen-invalid: ") && out.contains("edbmend restore /"));
    assert!(progress.done_bytes.load(Ordering::Relaxed) > 0);
    let left = edbmend::check(&Check::new(group.path("priv1.edb")), &watch).unwrap();
    let ids: Vec<_> = left.databases[0].findings.iter().map(|finding| finding.id).collect();
    assert!(!ids.contains(&FindingId::FullBackupGenInvalid));
    let (result, out) = tend("priv1.edb");
    assert!(result.is_ok() && !out.contains("mended"), "{out}");
    let (result, _) = tend("none.edb");
    assert!(embed::advice(&result.unwrap_err()).contains("not-found"));
}

/// What is compared with the program, which is not built where the library is built alone.
#[cfg(feature = "cli")]
mod beside_the_program {
    use std::process::Command;

    use super::*;
    use crate::harness::PROGRAM;

    /// What `--json` prints, without what differs from run to run.
    fn printed(arguments: &[&str], file: &Path) -> Value {
        let ran = Command::new(PROGRAM).args(arguments).arg(file).arg("--json").output().unwrap();
        without_run(serde_json::from_slice(&ran.stdout).expect("JSON"))
    }

    #[test]
    fn the_functions_give_what_the_commands_print() {
        let group = practice();
        let (dir, database) = (group.dir.clone(), group.path("priv1.edb"));
        let watch = Watch::default();
        let same = |report: &json::Report, arguments: &[&str], file: &Path| {
            let given = without_run(serde_json::to_value(report).unwrap());
            let printed = printed(arguments, file);
            assert!(given == printed, "{arguments:?}:\n{given:#}\n{printed:#}");
        };
        same(&edbmend::check(&Check::new(&dir), &watch).unwrap(), &["check"], &dir);
        same(&edbmend::verify(&Verify::new(&database), &watch).unwrap(), &["verify"], &database);
        same(&edbmend::list(&List::new(&dir), &watch).unwrap(), &["list"], &dir);
        let plan = edbmend::plan(Repair::new(&database), &watch).unwrap();
        same(plan.report(), &["repair", "--dry-run"], &database);
        let reset = ResetLogs::new(&dir).a_person_confirms();
        let plan = edbmend::plan(reset, &watch).unwrap();
        same(plan.report(), &["reset-logs", "--dry-run"], &dir);
        let (_folder, lost) = with_a_lost_header();
        let plan = edbmend::plan(RebuildHeader::new(&lost), &watch).unwrap();
        same(plan.report(), &["rebuild-header", "--dry-run"], &lost);
        let none = dir.join("none.edb");
        let error = edbmend::plan(Repair::new(&none), &watch).err().unwrap();
        same(error.report(), &["repair", "--dry-run"], &none);
        let file = serde_json::to_value(edbmend::inspect(&database).unwrap()).unwrap();
        assert_eq!(file, printed(&["inspect"], &database)["files"][0]);
    }
}
