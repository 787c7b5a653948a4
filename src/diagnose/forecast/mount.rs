//! The next mount, in words.

use std::path::Path;

use crate::show::shown;
use crate::simulate::{Cause, Failure, Started, Stop};

use super::super::chain::Chain;
use super::super::instance::Instance;
use super::super::{StreamingFileFault, streaming_file_fault};
use super::short::{file_of, in_short, name_of};
use super::{EXCHANGE_WITH_STREAMS, Forecast, ForecastOutcome};

const BEGINS_ANEW: &str = "No log is there. If none is elsewhere (--log-dir), the engine begins generation 1 under a new log \
     signature and clears the backup fields of the databases.";

/// What the next mount does.
pub(in crate::diagnose) fn next_mount(instance: &Instance) -> Forecast {
    let forecast = if instance.is_archive() {
        Forecast::new(
            ForecastOutcome::Unknown,
            "Closed logs alone, and no database of theirs: nothing here can be mounted.",
        )
        .in_short("closed logs alone, and no database of theirs")
    } else {
        match &instance.start {
            Ok(_) => streaming_file(instance).unwrap_or_else(|| succeeds(instance)),
            Err(Stop::Unknown(path)) => unread(path),
            Err(Stop::Fails(failure)) => fails(failure, instance.chain),
        }
    };
    forecast.resting_on_bodies(instance.bodies_were_read())
}

/// A streaming file that is not there, or another one: only engines that know such files look at it.
fn streaming_file(instance: &Instance) -> Option<Forecast> {
    let faults = instance.databases.iter().filter_map(|member| streaming_file_fault(member.facts));
    let (streaming, fault) = faults.into_iter().next()?;
    let (path, name) = (shown(&streaming.path), name_of(&streaming.path));
    let forecast = match fault {
        StreamingFileFault::Missing => Forecast {
            error: None,
            ..Forecast::fails(0, None, format!("{path} is not there, and is part of its store."))
                .in_short(format!("{name} is missing"))
        },
        StreamingFileFault::Foreign => {
            Forecast::fails(-540, None, format!("{path} is not the streaming file of its store."))
                .in_short(format!("{name} is not the streaming file of its store"))
        }
    };
    Some(Forecast { engine: EXCHANGE_WITH_STREAMS, ..forecast }.at(&streaming.path))
}

fn succeeds(instance: &Instance) -> Forecast {
    let message = if instance.begins_anew() {
        BEGINS_ANEW.to_owned()
    } else if let Some(from) = instance.replays_from() {
        format!("The engine replays the logs from generation {from} (0x{from:x}) on, then mounts.")
    } else if instance.databases.is_empty() {
        "The logs are in order.".to_owned()
    } else {
        "The stores are in Clean Shutdown and attach.".to_owned()
    };
    Forecast::new(ForecastOutcome::Succeeds, message)
}

/// The next mount, full and incremental backup of databases of which no log was found: whether they are elsewhere
/// or were moved away for good cannot be seen.
pub(in crate::diagnose) fn without_logs(start: &Result<Started, Stop>) -> [Forecast; 3] {
    let unknown = || {
        let message =
            "No log was found. Whether they lie elsewhere cannot be seen here (--log-dir).";
        Forecast::new(ForecastOutcome::Unknown, message).in_short("no log was found")
    };
    let mount = match start {
        Ok(_) => Forecast::new(ForecastOutcome::Succeeds, BEGINS_ANEW),
        Err(Stop::Unknown(path)) => unread(path),
        Err(Stop::Fails(failure)) => {
            let message = of_database(&failure.cause).unwrap_or_default();
            of_failure(failure, message, None)
        }
    };
    [mount, unknown(), unknown()]
}

fn unread(path: &Path) -> Forecast {
    let message = format!("{} could not be read, so nothing can be said.", shown(path));
    let in_short = format!("{} could not be read", name_of(path));
    Forecast::new(ForecastOutcome::Unknown, message).in_short(in_short).at(path)
}

fn fails(failure: &Failure, chain: &Chain) -> Forecast {
    of_failure(failure, in_words(&failure.cause, chain), Some(chain))
}

fn of_failure(failure: &Failure, message: String, chain: Option<&Chain>) -> Forecast {
    let forecast = Forecast::fails(failure.error, failure.event, message)
        .in_short(in_short(&failure.cause, chain));
    match file_of(&failure.cause) {
        Some(file) => forecast.at(file),
        None => forecast,
    }
}

/// What the engine meets, as a sentence.
fn in_words(cause: &Cause, chain: &Chain) -> String {
    match cause {
        Cause::CurrentLogMissing => format!(
            "The current log {} is missing, though closed logs are there.",
            chain.current_name()
        ),
        Cause::CheckpointLogMissing { generation } => format!(
            "The checkpoint names generation {generation} (0x{generation:x}), and {} is not there. The engine \
             does not ignore such a checkpoint.",
            chain.file_name(*generation)
        ),
        Cause::LogMissing { generation } => {
            format!("{} is missing, and recovery stops there.", chain.file_name(*generation))
        }
        Cause::LogHeader { path } => {
            format!("The header of {} cannot be used.", shown(path))
        }
        Cause::ForeignLog { path, found } => {
            format!("{} belongs to another log stream: Signature: {found}.", shown(path))
        }
        Cause::OutOfSequence { path, expected } => format!(
            "{} does not go on where the log before it ends: generation {expected} (0x{expected:x}) is expected \
             there.",
            shown(path)
        ),
        Cause::SumMismatch { path } => format!(
            "{} names another checksum of the log before it: that log was changed, or is not the one.",
            shown(path)
        ),
        Cause::LogBody { path, damage, only_committed } => {
            let what = format!(
                "{} is damaged at offset {}: {}.",
                shown(path),
                damage.offset,
                damage.fault
            );
            if *only_committed {
                format!(
                    "{what} What it holds was committed, but the databases could be made consistent without it."
                )
            } else {
                what
            }
        }
        Cause::BeginsTooLate { path, min_required, generation } => format!(
            "{} needs the logs from generation {min_required} (0x{min_required:x}) on, and recovery comes to it \
             in generation {generation} (0x{generation:x}).",
            shown(path)
        ),
        Cause::EndsTooEarly { path, needed, last } => format!(
            "{} needs generation {needed} (0x{needed:x}), and the logs end with {last} (0x{last:x}).",
            shown(path)
        ),
        Cause::SequenceEnd { generation } => format!(
            "No log generation is left: the current one is {generation} (0x{generation:x}). The databases are \
             consistent after that mount."
        ),
        _ => of_database(cause).unwrap_or_default(),
    }
}

/// What is wrong with a database, as a sentence; `None` where it is a log.
fn of_database(cause: &Cause) -> Option<String> {
    Some(match cause {
        Cause::DatabaseMissing { server_path } => {
            format!("The logs leave {server_path} attached, and no file of that name was found.")
        }
        Cause::DatabaseReplaced { path } => format!(
            "{} has the name of a database that the logs leave attached, and is not that database as they left \
             it.",
            shown(path)
        ),
        Cause::DatabaseOlder { path, found, expected } => format!(
            "{} is an older copy: Last Consistent: {found}, and the logs know {expected}.",
            shown(path)
        ),
        Cause::HeaderDestroyed { path } => {
            format!("Both header copies of {} are destroyed.", shown(path))
        }
        Cause::FileCutOff { path, page } => {
            format!("{} ends before page {page} (0x{page:x}), which the logs change.", shown(path))
        }
        Cause::BackupCopy { path } => {
            format!("{} is the copy that a backup made: it needs hard recovery.", shown(path))
        }
        Cause::NotClean { path, state } => {
            format!("{} is not in Clean Shutdown (State: {}).", shown(path), state.label())
        }
        _ => return None,
    })
}
