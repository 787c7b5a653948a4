//! A store that was mounted over a log reset: whether what the engine has begun since is whole.

use std::path::Path;

use crate::diagnose::{FindingId, Severity, diagnose_group};
use crate::guards::{Held, reason};
use crate::plan::ResetPlan;
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::Storage;
use crate::survey::{DatabaseFacts, Digests, GroupFolders, survey_group, survey_open_file};

/// Refuses unless both header copies of each database are valid and equal, the logs in the folder are those of
/// its own log stream, and nothing is wrong with them.
pub fn expect_new_stream(
    storage: &dyn Storage,
    held: &Held,
    plan: &ResetPlan,
) -> Result<(), Refusal> {
    let databases = plan.databases.iter().map(|planned| whole(storage, held, &planned.path));
    let databases = databases.collect::<Result<Vec<_>, _>>()?;
    let mut homes = plan
        .batches
        .iter()
        .map(|batch| if batch.from == plan.away { &batch.to } else { &batch.from });
    // The checkpoint comes last, and may have a folder of its own.
    let system_dir = homes.next_back().unwrap_or(&plan.log_dir).clone();
    let folders = GroupFolders { log_dir: plan.log_dir.clone(), system_dir };
    let group = survey_group(storage, folders, databases, Digests::NotWanted, &|_| {})
        .map_err(|error| reason(&error))?;
    let diagnosis = diagnose_group(&group);
    let mut errors = diagnosis.findings.iter().filter(|finding| {
        finding.severity == Severity::Error && finding.id != FindingId::OperationPending
    });
    if let Some(error) = errors.next() {
        return Err(not_whole(&plan.log_dir, &error.message));
    }
    let stream = diagnosis.streams.iter().find(|stream| stream.base == plan.base);
    let Some(stream) = stream.filter(|stream| stream.current.is_some()) else {
        return Err(not_whole(&plan.log_dir, "there is no current log"));
    };
    let is_of_another = |database: &&DatabaseFacts| !stream.databases.contains(&database.path);
    match group.databases.iter().find(is_of_another) {
        Some(database) => {
            Err(not_whole(&database.path, "it is not of the log stream in that folder"))
        }
        None => Ok(()),
    }
}

fn whole(storage: &dyn Storage, held: &Held, path: &Path) -> Result<DatabaseFacts, Refusal> {
    let file = held.file(path).ok_or_else(|| not_whole(path, "it is not there"))?;
    let facts = survey_open_file(storage, file, path)
        .map_err(|error| not_whole(path, &error.to_string()))?;
    if facts.pair.as_ref().is_some_and(|pair| pair.is_sound()) {
        return Ok(facts);
    }
    Err(not_whole(path, "the two copies of its header are not both valid and equal"))
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
