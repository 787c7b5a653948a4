//! A store that was mounted over a log reset: whether what the engine has begun since is whole.

use std::path::Path;

use crate::diagnose::{FindingId, Severity, diagnose_group};
use crate::ese::shadow::{HeaderArea, HeaderPair, elect};
use crate::ese::{DbHeader, Signature};
use crate::guards::{Held, reason};
use crate::plan::ResetPlan;
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::Storage;
use crate::survey::{Digests, GroupFolders, read_header_area, survey_group};

use super::super::operation::files::{header_name, read_if_there, sha256};
use super::super::operation::trouble::damaged;

/// Refuses unless both header copies of each database are valid and equal, the logs in the folder are those of
/// its own log stream, and nothing is wrong with them.
pub fn expect_new_stream(
    storage: &dyn Storage,
    held: &Held,
    plan: &ResetPlan,
) -> Result<(), Refusal> {
    let mut homes = plan
        .batches
        .iter()
        .map(|batch| if batch.from == plan.away { &batch.to } else { &batch.from });
    // The checkpoint comes last, and may have a folder of its own.
    let system_dir = homes.next_back().unwrap_or(&plan.log_dir).clone();
    let folders = GroupFolders { log_dir: plan.log_dir.clone(), system_dir };
    let group = survey_group(storage, folders, Vec::new(), Digests::NotWanted, &|_| {})
        .map_err(|error| reason(&error))?;
    let diagnosis = diagnose_group(&group);
    let mut errors = diagnosis.findings.iter().filter(|finding| {
        finding.severity == Severity::Error && finding.id != FindingId::OperationPending
    });
    if let Some(error) = errors.next() {
        return Err(not_whole(&plan.log_dir, &error.message));
    }
    let stream = diagnosis.streams.iter().find(|stream| stream.base == Some(plan.base));
    let Some(stream) = stream.filter(|stream| stream.current.is_some()) else {
        return Err(not_whole(&plan.log_dir, "there is no current log"));
    };
    for (place, planned) in plan.databases.iter().enumerate() {
        expect_same_database(storage, held, plan, place)?;
        if stream.signature != Some(log_signature(held, &planned.path)?) {
            let what = "it is not of the log stream in that folder";
            return Err(not_whole(&planned.path, what));
        }
    }
    Ok(())
}

/// Refuses another database under the name of one of the plan: its DB Signature is that of the image that the reset
/// saved. Version 0.1.0 saved none.
fn expect_same_database(
    storage: &dyn Storage,
    held: &Held,
    plan: &ResetPlan,
    place: usize,
) -> Result<(), Refusal> {
    let planned = &plan.databases[place];
    let saved = plan.away.with_file_name(header_name(place));
    let image = match read_if_there(storage, &saved) {
        Ok(Some(image)) if sha256(&image) == planned.header_sha256 => HeaderArea::of(image),
        Ok(None) => return Ok(()),
        Ok(Some(_)) => return Err(damaged(&saved, "its SHA-256 is not that of the plan")),
        Err(error) => return Err(reason(&error)),
    };
    let before = elect(&image).map(|pair| pair.header.raw.db_signature);
    if before == Some(header(held, &planned.path)?.raw.db_signature) {
        return Ok(());
    }
    let what = "its DB Signature is that of another database: put back the one that the reset was begun on";
    Err(not_whole(&planned.path, what))
}

fn log_signature(held: &Held, path: &Path) -> Result<Signature, Refusal> {
    Ok(header(held, path)?.raw.log_signature)
}

/// The header of a database, which must be whole. It is read through its open file alone: to open it, or its
/// streaming file, once more would dispute that nobody else has them.
fn header(held: &Held, path: &Path) -> Result<DbHeader, Refusal> {
    let file = held.file(path).ok_or_else(|| not_whole(path, "it is not there"))?;
    let area = read_header_area(file).map_err(|error| reason(&error))?;
    match elect(&area).filter(HeaderPair::is_sound) {
        Some(pair) => Ok(pair.header),
        None => Err(not_whole(path, "the two copies of its header are not both valid and equal")),
    }
}

/// The refusal where a log of before is still at home: mounted or not, the stream is half moved.
pub fn not_all_moved(log: &Path) -> Refusal {
    Refusal::new(
        RefusalId::NewLogStream,
        log,
        "this log of before has not been moved: the reset was not complete when somebody else wrote, and cannot be \
         accepted as it is",
        "Nothing was touched. Keep the marker and the operation folder. Its plan.json names each file, where it \
         was and where it went.",
    )
}

fn not_whole(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        path,
        format!(
            "a store was mounted since the operation began, and what it left cannot be accepted as it is: {what}"
        ),
        format!(
            "Nothing was touched. Keep the marker and the operation folder. Look at what is there: edbmend check {}",
            quoted(path)
        ),
    )
}
