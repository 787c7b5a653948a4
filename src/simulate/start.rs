//! A start from its first look at the current log to the attach of every database.

use crate::ese::log_limits::GenerationLimits;
use crate::ese::{DbState, LgPos, Signature};
use crate::survey::LogSummary;

use super::failure::{Cause, Failure, Stop};
use super::leave::Leave;
use super::recovery::Recovery;
use super::set::{AtRest, DatabaseContent, DatabaseFile, Log, Set};

/// A start that came to its end, and the attach of every database.
#[derive(Clone)]
pub struct Started {
    /// The databases, as they are when they are attached.
    pub databases: Vec<DatabaseFile>,
    /// Identity of the log stream; `None` where a new one begins.
    pub signature: Option<Signature>,
    /// Generation of the current log.
    pub generation: i32,
}

/// Starts the engine on a set and attaches every database.
///
/// # Errors
///
/// The first error that the engine meets; or a file that could not be read here.
pub fn start(set: &Set) -> Result<Started, Stop> {
    let started = soft_start(set)?;
    for database in &started.databases {
        attach(database)?;
    }
    Ok(started)
}

fn soft_start(set: &Set) -> Result<Started, Stop> {
    if let Some(rest) = set.at_rest {
        let databases = set.databases.clone();
        return Ok(Started { databases, signature: rest.signature, generation: rest.generation });
    }
    let mut recovery = Recovery::new(set, Leave::default());
    let Some(current) = &set.current else {
        if set.archives.is_empty() {
            let databases = set.databases.clone();
            return Ok(Started { databases, signature: None, generation: 1 });
        }
        if !set.has_temporary {
            return Err(Failure::stop(-528, None, Cause::CurrentLogMissing));
        }
        recover(set, &mut recovery, None)?;
        let generation = recovery.generation.saturating_add(1);
        return finish(recovery, generation);
    };
    let opened = recovery.open(current, true)?;
    let generation = opened.head.generation;
    if !is_at_rest(set, current, &opened.head) {
        recover(set, &mut recovery, Some(current))?;
    }
    finish(recovery, generation)
}

/// Soft recovery by `eseutil /r`: it does not insist on a current log, and attaches nothing afterwards. The set
/// that it leaves.
///
/// # Errors
///
/// The first error that it meets; or a file that could not be read here.
pub fn recover_set(set: &Set, leave: Leave) -> Result<Set, Stop> {
    let leave = Leave { current_log: true, ..leave };
    let mut recovery = Recovery::new(set, leave);
    match &set.current {
        None if set.archives.is_empty() => {
            return Err(Failure::stop(-528, None, Cause::CurrentLogMissing));
        }
        None => recover(set, &mut recovery, None)?,
        Some(current) => {
            let opened = recovery.open(current, true)?;
            if !is_at_rest(set, current, &opened.head) {
                recover(set, &mut recovery, Some(current))?;
            }
        }
    }
    let generation = recovery.generation.saturating_add(1);
    let at_rest = Some(AtRest { signature: recovery.signature, generation });
    Ok(Set { databases: recovery.databases.files, at_rest, ..set.clone() })
}

fn is_at_rest(set: &Set, current: &Log, head: &LogSummary) -> bool {
    let Some(end) = clean_end(set, current, head.generation) else { return false };
    let checkpoint = set.checkpoint.as_ref();
    checkpoint.is_some_and(|found| found.position == end && found.signature == head.signature)
}

/// Where the engine's last record in the current log is, or in the one before where that has none, if it
/// ends a run.
fn clean_end(set: &Set, current: &Log, generation: i32) -> Option<LgPos> {
    let events = &current.body.as_ref()?.events;
    if events.last_record().is_some() {
        return events.clean_end();
    }
    let before = set.archives.get(&generation.checked_sub(1)?)?;
    before.body.as_ref()?.events.clean_end()
}

fn recover<'a>(
    set: &'a Set,
    recovery: &mut Recovery<'a>,
    current: Option<&'a Log>,
) -> Result<(), Stop> {
    if let Some(path) = &set.unread_checkpoint {
        return Err(Stop::Unknown(path.clone()));
    }
    let current_generation = current.and_then(|log| log.head.generation());
    let ours = |signature| recovery.signature.is_none_or(|own| own == signature);
    let checkpoint = set.checkpoint.as_ref().filter(|found| ours(found.signature));
    if let Some(checkpoint) = checkpoint {
        let generation = checkpoint.position.generation;
        let is_current = current_generation == Some(generation);
        let log = if is_current { current } else { set.archives.get(&generation) };
        let Some(log) = log else {
            let cause = Cause::CheckpointLogMissing { generation };
            return Err(Failure::stop(-528, 455, cause));
        };
        recovery.signature = recovery.signature.or(Some(checkpoint.signature));
        let opened = recovery.open(log, is_current)?;
        if opened.head.generation == generation {
            return recovery.redo(opened, checkpoint.position, &checkpoint.attached);
        }
        return from_its_start(recovery, opened);
    }
    let lowest = set.archives.first_key_value();
    let opened = match (lowest, current) {
        (Some((_, log)), _) => recovery.open(log, false)?,
        (None, Some(log)) => recovery.open(log, true)?,
        (None, None) => return Ok(()),
    };
    from_its_start(recovery, opened)
}

/// Redo of a log from its first record, with the databases that its header lists.
fn from_its_start<'a>(
    recovery: &mut Recovery<'a>,
    opened: super::recovery::Opened<'a>,
) -> Result<(), Stop> {
    let attached = opened.log.body.as_ref().map(|body| body.attached.clone());
    let attached = attached.and_then(Result::ok).unwrap_or_default();
    let from = LgPos { generation: opened.head.generation, sector: 0, offset: 0 };
    recovery.redo(opened, from, &attached)
}

fn finish(recovery: Recovery, generation: i32) -> Result<Started, Stop> {
    let last = recovery.version.map_or(GenerationLimits::NOW, GenerationLimits::of).last;
    if u32::try_from(generation).is_ok_and(|generation| generation >= last) {
        return Err(Failure::stop(-548, None, Cause::SequenceEnd { generation }));
    }
    let signature = recovery.signature;
    Ok(Started { databases: recovery.databases.files, signature, generation })
}

/// The attach of one database, when recovery is over.
fn attach(database: &DatabaseFile) -> Result<(), Stop> {
    let path = || database.path.clone();
    let header = match &database.content {
        DatabaseContent::Destroyed => {
            let cause = Cause::HeaderDestroyed { path: path() };
            return Err(Failure::stop(-1206, None, cause));
        }
        DatabaseContent::Header(header) => header,
    };
    let error = match header.state {
        DbState::CleanShutdown => return Ok(()),
        DbState::BeingConverted => -563,
        DbState::IncrementalReseedInProgress => -1226,
        DbState::RevertInProgress => -1935,
        _ if header.current_full.0 != 0 => -544,
        _ => -550,
    };
    let cause = Cause::NotClean { path: path(), state: header.state };
    Err(Failure::stop(error, None, cause))
}
