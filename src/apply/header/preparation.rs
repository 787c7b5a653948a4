//! From a plan of header writes to one that is ready: images, backup, and the new pages built and verified
//! in a private map of the file. Then the writes, and the last look.

use crate::diagnose::field_faults;
use crate::ese::shadow::{self, HeaderArea, Which};
use crate::ese::{format_problem, is_attachable};
use crate::guards::{Held, reason};
use crate::plan::{
    BackupRecord, Command, HeaderImages, Plan, VerifyScope, only_repairable_bytes_differ,
};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{File, PrivateMap, StorageError};
use crate::survey::{PageFacts, survey_open_file};

use super::super::context::Context;
use super::super::deed::{Carried, Ready};
use super::super::operation::files::{
    FINGERPRINT_NAME, HEADER_AFTER_NAME, HEADER_BEFORE_NAME, PLAN_NAME, sha256, sums_line,
};
use super::super::operation::folder::OperationFolder;
use super::backup::{self, VerifiedBackup};
use super::commit::{HeldHeader, Written};

/// Header writes whose backup is verified and whose images are durable.
pub struct ReadyHeader<'a> {
    held: &'a Held<'a>,
    file: &'a dyn File,
    plan: &'a Plan,
    images: &'a HeaderImages,
    plan_sha256: String,
    print_sha256: Option<String>,
    backup: VerifiedBackup,
}

/// Saves images and backup in the operation folder, and proves that the new pages are right.
pub fn prepare<'a>(
    context: Context,
    HeldHeader { held, file, images }: HeldHeader<'a>,
    plan: &'a Plan,
    folder: &mut OperationFolder,
) -> Result<ReadyHeader<'a>, Refusal> {
    let io = |error: StorageError| reason(&error);
    let plan_json = serde_json::to_vec_pretty(plan).map_err(|e| not_stored(file, &e))?;
    folder.write_file(HEADER_BEFORE_NAME, &images.before).map_err(io)?;
    folder.write_file(HEADER_AFTER_NAME, &images.after).map_err(io)?;
    folder.write_file(PLAN_NAME, &plan_json).map_err(io)?;
    context.storage.sync_dir(&folder.dir).map_err(io)?;
    let backup = backup::make(context, file, folder, plan)?;
    expect_same_pages(file, plan, &backup)?;
    let print_sha256 = store_print(folder, &backup).map_err(io)?;
    build_in_private_map(file, plan, images)?;
    let plan_sha256 = sha256(&plan_json);
    Ok(ReadyHeader { held, file, plan, images, plan_sha256, print_sha256, backup })
}

/// A rebuilt header rests on all pages: they must still be what they were.
fn expect_same_pages(file: &dyn File, plan: &Plan, backup: &VerifiedBackup) -> Result<(), Refusal> {
    if plan.pages.is_none() || plan.pages == backup.print {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalId::ChangedSinceSurvey,
        file.path(),
        "the pages are no longer those that the header was rebuilt from",
        "Nothing was written. See that nobody else writes to the file, then run the command again.",
    ))
}

/// Stores what the pages are known by, so that the header image can be evidence later. Gives back its SHA-256.
fn store_print(
    folder: &mut OperationFolder,
    backup: &VerifiedBackup,
) -> Result<Option<String>, StorageError> {
    let print = backup.print.as_ref();
    print.map(|print| folder.write_json(FINGERPRINT_NAME, print)).transpose()
}

fn not_stored(file: &dyn File, error: &serde_json::Error) -> Refusal {
    let text = format!("the plan cannot be stored: {error}");
    Refusal::new(RefusalId::IoError, file.path(), text, "Nothing was written. Please report it.")
}

/// Builds the new header pages in a private map of the file and verifies them there.
fn build_in_private_map(
    file: &dyn File,
    plan: &Plan,
    images: &HeaderImages,
) -> Result<(), Refusal> {
    let mut map = file.map_private(images.before.len()).map_err(|error| reason(&error))?;
    let refuse = |what: &str| {
        Err(Refusal::new(
            RefusalId::ChangedSinceSurvey,
            file.path(),
            format!("the new header did not pass its verification: {what}"),
            "Nothing was written. Run the command again; if it stays, report it with the output of \
             edbmend inspect --json.",
        ))
    };
    if *map != *images.before {
        return refuse("the pages are not those of the plan");
    }
    for write in plan.writes() {
        let start = write.offset as usize;
        map[start..start + write.bytes].copy_from_slice(images.after_of(write.copy));
    }
    if *map != *images.after {
        return refuse("the planned writes do not give the planned pages");
    }
    match plan.command {
        Command::Repair => verify_repaired(&map, plan, images).or_else(refuse),
        Command::RebuildHeader => verify_rebuilt(&map, plan).or_else(refuse),
        // An undo gives back whatever was there, damaged copies included.
        Command::Restore | Command::ResetLogs => Ok(()),
    }
}

/// What must be true of a repaired header: valid, equal copies, nothing else touched, no fault left.
fn verify_repaired(
    map: &PrivateMap,
    plan: &Plan,
    images: &HeaderImages,
) -> Result<(), &'static str> {
    let before = shadow::elect(&HeaderArea::of(images.before.clone())).ok_or("no header before")?;
    let after = shadow::elect(&HeaderArea::of(map.to_vec())).ok_or("no valid copy")?;
    if !after.is_sound() || after.page_size_bytes != before.page_size_bytes {
        return Err("the two copies are not both valid and equal");
    }
    let now = images.before_of(before.elected);
    let planned = [Which::Primary, Which::Shadow].map(|which| images.after_of(which));
    if planned.iter().any(|page| !only_repairable_bytes_differ(now, page)) {
        return Err("bytes outside the backup fields differ");
    }
    if format_problem(&after.header).is_some() {
        return Err("the planned fields are of no known format");
    }
    let left = field_faults(&after.header);
    let worse = left.iter().any(|fault| !field_faults(&before.header).contains(fault));
    let mended = plan.writes().flat_map(|w| &w.changes).map(|c| c.field.as_str());
    let keys: Vec<&str> = mended.filter_map(|field| field.split('.').next()).collect();
    if worse || left.iter().any(|(field, _)| keys.contains(&field.key())) {
        return Err("a planned field is still at fault");
    }
    Ok(())
}

/// What must be true of a rebuilt header: valid, equal copies, of a format that the engine attaches.
fn verify_rebuilt(map: &PrivateMap, plan: &Plan) -> Result<(), &'static str> {
    let after = shadow::elect(&HeaderArea::of(map.to_vec())).ok_or("no valid copy")?;
    if !after.is_sound() || after.page_size_bytes != plan.page_size_bytes {
        return Err("the two copies are not both valid and equal");
    }
    match format_problem(&after.header) {
        None if is_attachable(&after.header) => Ok(()),
        _ => Err("the engine would not attach it"),
    }
}

impl Ready for ReadyHeader<'_> {
    fn plan_sha256(&self) -> &str {
        &self.plan_sha256
    }

    fn sums(&self) -> String {
        let plan = self.plan;
        let mut text = sums_line(&self.plan_sha256, PLAN_NAME)
            + &sums_line(&plan.header_before_sha256, HEADER_BEFORE_NAME)
            + &sums_line(&plan.header_after_sha256, HEADER_AFTER_NAME);
        if self.backup.name != HEADER_BEFORE_NAME {
            text += &sums_line(&self.backup.record().sha256.to_string(), &self.backup.name);
        }
        if let Some(print) = &self.print_sha256 {
            text += &sums_line(print, FINGERPRINT_NAME);
        }
        text
    }

    fn carry(&self, context: Context) -> Carried {
        context.observer.stage("writing the header copies: each synced, read back, compared");
        let Self { held, file, images, .. } = *self;
        match (HeldHeader { held, file, images }).write_all(self.plan) {
            Written::Nothing(refusal) => Carried::Nothing(refusal),
            Written::Stuck(refusal, second) => Carried::Stuck(refusal, second),
            Written::Undone(refusal) => Carried::Undone(refusal),
            Written::All => match self.verify_written(context) {
                Ok(()) => Carried::All,
                Err(refusal) => Carried::Stuck(refusal, None),
            },
        }
    }

    fn backup(&self) -> Option<BackupRecord> {
        Some(self.backup.record())
    }

    fn pages(&self) -> Option<PageFacts> {
        self.backup.pages.clone()
    }
}

impl ReadyHeader<'_> {
    /// The last look at the file itself, through the engine's eyes; at the end of it nobody else was let in yet.
    fn verify_written(&self, context: Context) -> Result<(), Refusal> {
        let Self { held, file, plan, images, .. } = *self;
        context.observer.stage("reading the whole header once more");
        let wrong = |what: &str| Err(Refusal::new(RefusalId::IoError, file.path(), what, ""));
        let facts = match survey_open_file(context.storage, file, file.path()) {
            Ok(facts) => facts,
            Err(error) => return wrong(&error.to_string()),
        };
        if facts.area.bytes.get(..images.after.len()) != Some(&images.after) {
            return wrong("the header that was read at the end is not the planned one");
        }
        let before = self.backup.source_sha256.filter(|_| plan.verify == VerifyScope::Full);
        if let Some(before) = before
            && backup::sha256_with_head(context, file, plan, &images.before)? != before
        {
            return wrong("pages behind the header changed while the header was written");
        }
        held.still_ours()
    }
}
