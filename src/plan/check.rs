//! Whether a plan keeps the rules of its kind. Asked of every plan: of one that was just made, so that these
//! rules are those by which plans are made; and of one that was read from a disk, where somebody else may
//! have written it.

use std::path::{Component, Path};

use crate::ese::shadow::{self, HeaderArea, HeaderPair, PAGE_SIZES_BYTES, Which};
use crate::ese::{LogFileName, format_problem, is_attachable};

use super::header_write::{HEADER_BEFORE, sha256_hex, write_order};
use super::{
    BackupScope, Batch, Command, HeaderImages, LOGS_FOLDER, Plan, ResetPlan, Step, WriteStep,
    only_repairable_bytes_differ,
};

/// What the name of every operation begins with.
const OPERATION_PREFIX: &str = "edbmend-";

/// Longest name of an operation, in bytes.
const LONGEST_OPERATION: usize = 80;

/// Files of an operation folder that no copy of a database is named like.
const CONTROL_FILES: [&str; 9] = [
    "journal",
    "journal.new",
    "plan.json",
    "header-after.bin",
    "fingerprint.json",
    "SHA256SUMS",
    "report.json",
    "report.txt",
    "report.html",
];

/// Whether this can be the name of an operation, and so of its folder.
pub fn is_operation_id(id: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let rest = id.strip_prefix(OPERATION_PREFIX).unwrap_or_default();
    !rest.is_empty() && id.len() <= LONGEST_OPERATION && id.chars().all(is_plain)
}

/// The rule that a plan of header writes breaks, in words; `None` where it keeps them all.
pub fn flaw_of_writes(plan: &Plan, images: &HeaderImages) -> Option<String> {
    let page = plan.page_size_bytes as u64;
    let said = |what: &str| Some(what.to_owned());
    if !is_operation_id(&plan.operation) {
        return Some(not_an_id(&plan.operation));
    }
    if !is_whole_path(&plan.database) {
        return said("the path of its database is not a whole one");
    }
    match (plan.command, &plan.undoes) {
        (Command::Repair | Command::RebuildHeader, None) | (Command::Restore, Some(_)) => {}
        _ => return said("it is no repair, no rebuild, and no undo of one"),
    }
    if !PAGE_SIZES_BYTES.contains(&plan.page_size_bytes)
        || plan.length_bytes < 2 * page
        || !plan.length_bytes.is_multiple_of(page)
    {
        return Some(format!(
            "a database of {} bytes has no pages of {page} bytes",
            plan.length_bytes
        ));
    }
    flaw_of_images(plan, images).or_else(|| flaw_of_steps(plan, images))
}

/// The header of one side is whole, both copies of it equal, and that of the other differs from it in the
/// bytes of a repair alone. A repair comes to the whole one, its undo may come to either.
fn flaw_of_images(plan: &Plan, images: &HeaderImages) -> Option<String> {
    let length = plan.page_size_bytes.saturating_mul(2);
    if images.page_size_bytes != plan.page_size_bytes
        || [&images.before, &images.after].iter().any(|image| image.len() != length)
    {
        return Some(format!("its images are not of two pages, which are {length} bytes"));
    }
    if sha256_hex(&images.before) != plan.header_before_sha256
        || sha256_hex(&images.after) != plan.header_after_sha256
    {
        return Some("its images are those of another plan".to_owned());
    }
    if images.is_of_rebuild() {
        return flaw_of_rebuild(plan, images);
    }
    let elect = |image: &[u8]| {
        let pair = shadow::elect(&HeaderArea::of(image.to_vec()))?;
        (pair.page_size_bytes == plan.page_size_bytes).then_some(pair)
    };
    let (Some(before), Some(after)) = (elect(&images.before), elect(&images.after)) else {
        return Some("its images are no headers of a database".to_owned());
    };
    let is_repair = |from: &[u8], to: &HeaderPair, to_page: &[u8]| {
        to.is_sound()
            && only_repairable_bytes_differ(from, to_page)
            && format_problem(&to.header).is_none()
    };
    let (old, new) = (images.before_of(before.elected), images.after_of(after.elected));
    let is_undo = || plan.command == Command::Restore && is_repair(new, &before, old);
    let is_repair_of = || plan.command != Command::RebuildHeader && is_repair(old, &after, new);
    if is_repair_of() || is_undo() {
        return None;
    }
    Some("its images differ in more than a repair changes".to_owned())
}

/// A rebuild comes from two destroyed copies to a whole header, its undo the other way.
fn flaw_of_rebuild(plan: &Plan, images: &HeaderImages) -> Option<String> {
    let elect = |image: &[u8]| shadow::elect(&HeaderArea::of(image.to_vec()));
    let is_whole = |pair: &HeaderPair| {
        pair.is_sound()
            && pair.page_size_bytes == plan.page_size_bytes
            && format_problem(&pair.header).is_none()
            && is_attachable(&pair.header)
    };
    match (elect(&images.before), elect(&images.after), plan.command) {
        (None, Some(after), Command::RebuildHeader | Command::Restore) if is_whole(&after) => None,
        (Some(before), None, Command::Restore) if is_whole(&before) => None,
        _ => Some("its images are not those of a destroyed header and of a whole one".to_owned()),
    }
}

fn flaw_of_steps(plan: &Plan, images: &HeaderImages) -> Option<String> {
    let Some((Step::Copy { scope, bytes, to }, writes)) = plan.steps.split_first() else {
        return Some("its first step is no backup".to_owned());
    };
    let is_right_copy = *scope == plan.backup
        && match scope {
            BackupScope::Full => *bytes == plan.length_bytes && is_name_of_copy(to),
            BackupScope::Header => *bytes == images.before.len() as u64 && to == HEADER_BEFORE,
        };
    if !is_right_copy {
        return Some(format!("its backup of {bytes} bytes in {to:?} is not the one of its kind"));
    }
    let order = write_order(images);
    let is_right = |(step, which): (&Step, &Which)| match step {
        Step::Write(write) => is_write_of(write, images, *which),
        Step::Copy { .. } | Step::Move(_) => false,
    };
    if writes.len() == order.len() && writes.iter().zip(&order).all(is_right) {
        return None;
    }
    Some("its writes are not those of its images, in their order".to_owned())
}

fn is_write_of(write: &WriteStep, images: &HeaderImages, which: Which) -> bool {
    write.copy == which
        && write.offset == which.offset(images.page_size_bytes)
        && write.bytes == images.page_size_bytes
        && hex::encode(write.before_sha256.0) == sha256_hex(images.before_of(which))
        && hex::encode(write.after_sha256.0) == sha256_hex(images.after_of(which))
}

/// Whether a full copy can have this name in an operation folder.
pub fn is_name_of_copy(name: &str) -> bool {
    is_plain_name(name) && name != HEADER_BEFORE && !CONTROL_FILES.contains(&name)
}

/// The rule that a plan of moves breaks, in words; `None` where it keeps them all.
pub fn flaw_of_moves(plan: &ResetPlan) -> Option<String> {
    if !is_operation_id(&plan.operation) {
        return Some(not_an_id(&plan.operation));
    }
    let folder = plan.away.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    // What is undone may be an undo: then the folder is that of an operation before it.
    let is_right_folder = match (plan.command, &plan.undoes) {
        (Command::ResetLogs, None) => folder == Some(plan.operation.as_str()),
        (Command::Restore, Some(_)) => folder.is_some_and(is_operation_id),
        _ => return Some("it is no log reset, and no undo of one".to_owned()),
    };
    if !is_whole_path(&plan.log_dir) || !is_whole_path(&plan.away) {
        return Some("the paths of its folders are not whole ones".to_owned());
    }
    if plan.away.file_name() != Some(LOGS_FOLDER.as_ref()) || !is_right_folder {
        return Some(format!("{} is no folder for its logs", plan.away.display()));
    }
    if plan.databases.iter().any(|database| !is_whole_path(&database.path)) {
        return Some("the paths of its databases are not whole ones".to_owned());
    }
    if plan.batches.iter().all(|batch| batch.files.is_empty()) {
        return Some("it moves no file".to_owned());
    }
    let mut checkpoint_home = None;
    plan.batches.iter().find_map(|batch| flaw_of_batch(plan, batch, &mut checkpoint_home))
}

/// Logs go between the log folder and the operation folder, a checkpoint between the one folder that it is in
/// and the operation folder.
fn flaw_of_batch<'a>(
    plan: &ResetPlan,
    batch: &'a Batch,
    checkpoint_home: &mut Option<&'a Path>,
) -> Option<String> {
    let goes_home = plan.command == Command::Restore && batch.from == plan.away;
    let (home, away) = if goes_home { (&batch.to, &batch.from) } else { (&batch.from, &batch.to) };
    if *away != plan.away || !is_whole_path(home) || home.starts_with(&plan.away) {
        return Some(format!(
            "it moves files from {} to {}",
            batch.from.display(),
            batch.to.display()
        ));
    }
    batch.files.iter().find_map(|file| {
        let is_own = match LogFileName::parse(&file.name) {
            None | Some(LogFileName::Reserve { .. } | LogFileName::SharedReserve { .. }) => false,
            Some(name) if name.base() != Some(plan.base) => false,
            Some(LogFileName::Checkpoint { .. }) => {
                *checkpoint_home.get_or_insert(home.as_path()) == home.as_path()
            }
            Some(_) => *home == plan.log_dir,
        };
        let what = "is no file of its log stream in that folder";
        (!is_own).then(|| format!("{} {what}", home.join(&file.name).display()))
    })
}

fn not_an_id(id: &str) -> String {
    format!("{id:?} is no name of an operation")
}

/// A path from the root, without a step back.
fn is_whole_path(path: &Path) -> bool {
    path.is_absolute() && !path.components().any(|part| part == Component::ParentDir)
}

/// A name of one file in a folder.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{MoveMethod, MovedFile, OperationStamp, RepairRequest, inverse, plan_repair};
    use crate::practice::{DatabaseRecipe, damage_full_backup};
    use crate::storage::Disk;
    use crate::survey::survey_database;

    fn stamp(command: &str) -> OperationStamp {
        let id = format!("edbmend-20261123T000000Z-{command}-0001");
        OperationStamp { id, created: "2026-11-23T00:00:00Z".into() }
    }

    fn repair() -> (Plan, HeaderImages) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("priv1.edb");
        let mut bytes = DatabaseRecipe { pages: 4, ..DatabaseRecipe::default() }.build();
        damage_full_backup(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let facts = survey_database(&Disk, &path).unwrap();
        plan_repair(&facts, &RepairRequest::default(), &stamp("repair")).unwrap()
    }

    #[test]
    fn a_repair_and_its_undo_keep_the_rules() {
        let (plan, images) = repair();
        assert_eq!(flaw_of_writes(&plan, &images), None);
        let (undo, reversed) = inverse(&plan, images, &stamp("restore"));
        assert_eq!(flaw_of_writes(&undo, &reversed), None);
        let (redo, again) = inverse(&undo, reversed, &stamp("restore"));
        assert_eq!(flaw_of_writes(&redo, &again), None);
    }

    #[test]
    fn a_repair_with_anything_else_in_it_is_found_out() {
        type Forgery = fn(&mut Plan, &mut HeaderImages);
        let resealed = |plan: &mut Plan, images: &HeaderImages| {
            plan.header_before_sha256 = sha256_hex(&images.before);
            plan.header_after_sha256 = sha256_hex(&images.after);
        };
        let forgeries: [(&str, Forgery); 12] = [
            ("id", |plan, _| plan.operation = "../edbmend-x".into()),
            ("other id", |plan, _| plan.operation = "victim2".into()),
            ("path", |plan, _| plan.database = "/a/../b.edb".into()),
            ("command", |plan, _| plan.command = Command::ResetLogs),
            ("page size", |plan, _| plan.page_size_bytes = 512),
            ("length", |plan, _| plan.length_bytes += 1),
            ("a byte outside", |_, images| images.after[600] ^= 1),
            ("no header", |_, images| images.before.fill(0x41)),
            ("copy", |plan, _| {
                if let Step::Copy { to, .. } = &mut plan.steps[0] {
                    *to = "../x".into();
                }
            }),
            ("control file", |plan, _| {
                if let Step::Copy { to, .. } = &mut plan.steps[0] {
                    *to = "journal".into();
                }
            }),
            ("offset", |plan, _| {
                if let Step::Write(write) = &mut plan.steps[1] {
                    write.offset = 3 * 4096;
                }
            }),
            ("order", |plan, _| plan.steps.swap(1, 2)),
        ];
        for (name, forge) in forgeries {
            let (mut plan, mut images) = repair();
            forge(&mut plan, &mut images);
            resealed(&mut plan, &images);
            assert!(flaw_of_writes(&plan, &images).is_some(), "{name}");
        }
    }

    fn reset() -> ResetPlan {
        let OperationStamp { id, created } = stamp("reset-logs");
        let away = Path::new("/srv/edbmend").join(&id).join("logs");
        let batch = |home: &str, names: &[&str]| Batch {
            from: home.into(),
            to: away.clone(),
            method: MoveMethod::Rename,
            files: names
                .iter()
                .map(|name| MovedFile::of(name.to_string(), 4096, [1; 32]))
                .collect(),
        };
        ResetPlan {
            schema: super::super::RESET_SCHEMA.into(),
            version: "0.1.0".into(),
            operation: id,
            created,
            command: Command::ResetLogs,
            undoes: None,
            base: crate::ese::LogBase::new("E00").unwrap(),
            log_dir: "/srv".into(),
            away: away.clone(),
            databases: Vec::new(),
            overrides: Vec::new(),
            batches: vec![batch("/srv", &["E00.log", "E0000001.log"]), batch("/sys", &["E00.chk"])],
        }
    }

    #[test]
    fn a_reset_and_its_undo_keep_the_rules() {
        assert_eq!(flaw_of_moves(&reset()), None);
        let undo = super::super::inverse_reset(&reset(), &stamp("restore"));
        assert_eq!(flaw_of_moves(&undo), None);
        let redo = super::super::inverse_reset(&undo, &stamp("restore"));
        assert_eq!(flaw_of_moves(&redo), None);
    }

    #[test]
    fn a_reset_that_moves_anything_else_is_found_out() {
        type Forgery = fn(&mut ResetPlan);
        let forgeries: [(&str, Forgery); 11] = [
            ("id", |plan| plan.operation = "edbmend-/x".into()),
            ("away", |plan| plan.away = "/etc/logs".into()),
            ("another operation's folder", |plan| plan.away = "/srv/edbmend/edbmend-x/logs".into()),
            ("relative", |plan| plan.log_dir = "srv".into()),
            ("a home elsewhere", |plan| plan.batches[0].from = "/etc".into()),
            ("a target elsewhere", |plan| plan.batches[0].to = "/etc".into()),
            ("no log", |plan| plan.batches[0].files[0].name = "ld.so.preload".into()),
            ("a path", |plan| plan.batches[0].files[0].name = "../E00.log".into()),
            ("a reserve log", |plan| plan.batches[0].files[0].name = "res1.log".into()),
            ("another stream", |plan| plan.batches[0].files[0].name = "E01.log".into()),
            ("two checkpoints", |plan| {
                let mut other = plan.batches[1].clone();
                other.from = "/elsewhere".into();
                plan.batches.push(other);
            }),
        ];
        for (name, forge) in forgeries {
            let mut plan = reset();
            forge(&mut plan);
            assert!(flaw_of_moves(&plan).is_some(), "{name}");
        }
        let mut undo = super::super::inverse_reset(&reset(), &stamp("restore"));
        undo.batches[0].to = "/etc".into();
        undo.batches[0].files[0].name = "E00.log".into();
        assert!(flaw_of_moves(&undo).is_some());
    }
}
