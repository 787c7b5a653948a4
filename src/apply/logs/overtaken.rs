//! A store that was mounted over a log reset: whether what the engine has begun since is whole.

use std::path::Path;

use crate::diagnose::{FindingId, Severity, diagnose_group};
use crate::ese::Signature;
use crate::ese::shadow::{HeaderPair, elect};
use crate::guards::{Held, reason};
use crate::plan::ResetPlan;
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::Storage;
use crate::survey::{Digests, GroupFolders, read_header_area, survey_group};

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
    for planned in &plan.databases {
        if stream.signature != Some(log_signature(held, &planned.path)?) {
            let what = "it is not of the log stream in that folder";
            return Err(not_whole(&planned.path, what));
        }
    }
    Ok(())
}

/// The log signature of a database whose header is whole. It is read through its open file alone: to open it, or
/// its streaming file, once more would dispute that nobody else has them.
fn log_signature(held: &Held, path: &Path) -> Result<Signature, Refusal> {
    let file = held.file(path).ok_or_else(|| not_whole(path, "it is not there"))?;
    let area = read_header_area(file).map_err(|error| reason(&error))?;
    match elect(&area).filter(HeaderPair::is_sound) {
        Some(pair) => Ok(pair.header.raw.log_signature),
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
