//! The next backups, from what the next mount leaves.

use crate::ese::engine::{self, NextIncremental};
use crate::ese::log_body::BackupVerdict;
use crate::ese::{BackupFault, BackupInfo};
use crate::show::shown;
use crate::simulate::{DatabaseFile, HeaderState, Log, LogHead, Started};

use super::super::instance::Instance;
use super::short::name_of;
use super::{EXCHANGE_2003, Forecast, ForecastOutcome, backup_types, pages};

/// What the next full backup of all databases does.
pub(in crate::diagnose) fn next_full(instance: &Instance, mount: &Forecast) -> Forecast {
    let started = match mounted(instance, mount) {
        Ok(started) => started,
        Err(early) => return *early,
    };
    if let Some(failure) = pages::failure(instance) {
        return failure.resting_on_pages(pages::were_read(instance));
    }
    of_headers(instance, started).resting_on_pages(pages::were_read(instance))
}

/// What the headers say of the next full backup.
fn of_headers(instance: &Instance, started: &Started) -> Forecast {
    let is_damaged = |(_, header): &(&DatabaseFile, HeaderState)| has_impossible_generation(header);
    let Some((file, header)) = attached(started).find(is_damaged) else {
        return nothing_in_its_way(instance, started);
    };
    let path = shown(&file.path);
    if header.is_legacy {
        let forecast = Forecast::fails(
            -569,
            Some(459),
            format!(
                "{path} records an impossible log generation. (Newer engines would succeed and heal the field.)"
            ),
        )
        .in_short(impossible_log(file))
        .at(&file.path);
        return Forecast { engine: EXCHANGE_2003, ..forecast };
    }
    Forecast::new(
        ForecastOutcome::Succeeds,
        format!(
            "It rewrites the impossible log generation in {path}. (Exchange 2003 fails there, per KB946799.)"
        ),
    )
}

fn nothing_in_its_way(instance: &Instance, started: &Started) -> Forecast {
    let (bodies_were_read, failure) = copied_logs(instance, started.generation);
    let is_all_read = pages::were_read(instance) && bodies_were_read && failure.is_none();
    let message = if is_all_read {
        "Every page and every log that it reads was read here, and is sound."
    } else {
        "Nothing in the headers is in its way."
    };
    Forecast::new(ForecastOutcome::Succeeds, message).resting_on_bodies(is_all_read)
}

/// What the next incremental backup does.
pub(in crate::diagnose) fn next_incremental(instance: &Instance, mount: &Forecast) -> Forecast {
    let started = match mounted(instance, mount) {
        Ok(started) => started,
        Err(early) => return *early,
    };
    if instance.chain.current().is_some_and(|current| current.circular_logging) {
        return Forecast::fails(
            -526,
            None,
            "Circular logging was on when the current log was created; incremental backups are not allowed \
             with it.",
        )
        .in_short("circular logging allows none");
    }
    // By design, or by a log that can never exist, it does not begin.
    if let Some(failure) = does_not_begin(instance, started) {
        return failure;
    }
    let attached: Vec<_> = attached(started).collect();
    if let Some(failure) = backup_types::differ(&attached) {
        return failure;
    }
    let (were_read, failure) = copied_logs(instance, started.generation);
    let forecast = failure.unwrap_or_else(|| {
        let of_types = backup_types::of_another_type(&attached);
        let message = ["The logs go on where the last backup ended.".to_owned()];
        let message: Vec<String> = message.into_iter().chain(of_types).collect();
        Forecast::new(ForecastOutcome::Succeeds, message.join(" "))
    });
    forecast.resting_on_bodies(were_read)
}

/// The set as it is mounted; or what is said of a backup where it does not mount.
fn mounted<'a>(instance: &'a Instance, mount: &Forecast) -> Result<&'a Started, Box<Forecast>> {
    if instance.set.databases.is_empty() {
        return Err(Box::new(
            Forecast::new(
                ForecastOutcome::Unknown,
                "No database of this log signature was found here. Name it: --db FILE",
            )
            .in_short("no database of these logs was found"),
        ));
    }
    let message = "It needs mounted stores; see the next mount.".to_owned();
    let early = Forecast { message, event: None, ..mount.clone() };
    match &instance.start {
        Ok(started) if mount.outcome == ForecastOutcome::Succeeds => Ok(started),
        _ => Err(Box::new(early)),
    }
}

/// The databases that are attached, with their headers as the attach leaves them: where a database comes from
/// another log stream, its backup fields are cleared.
fn attached(started: &Started) -> impl Iterator<Item = (&DatabaseFile, HeaderState)> {
    started.databases.iter().filter_map(|file| {
        let mut header = *file.header()?;
        if started.signature != Some(header.log_signature) {
            (header.full, header.incremental) = (BackupInfo::NONE, BackupInfo::NONE);
        }
        Some((file, header))
    })
}

/// The first database that keeps an incremental backup from beginning.
fn does_not_begin(instance: &Instance, started: &Started) -> Option<Forecast> {
    let lowest = instance.set.archives.keys().next().copied().unwrap_or(started.generation);
    attached(started).find_map(|(file, header)| {
        match engine::next_incremental(&header.full, &header.incremental, Some(lowest)) {
            NextIncremental::MissingFullBackup => Some(no_full_backup(file)),
            NextIncremental::MissingLog { generation } => {
                Some(missing_log(instance, file, &header, generation))
            }
            NextIncremental::Continues { .. } => None,
        }
    })
}

fn no_full_backup(file: &DatabaseFile) -> Forecast {
    let path = shown(&file.path);
    let message = format!("No full backup is recorded in {path}. That is by design.");
    let in_short = format!("no full backup is recorded in {}", name_of(&file.path));
    Forecast::fails(-560, Some(206), message).in_short(in_short).at(&file.path)
}

fn impossible_log(file: &DatabaseFile) -> String {
    format!("{} names an impossible log", name_of(&file.path))
}

fn missing_log(
    instance: &Instance,
    file: &DatabaseFile,
    header: &HeaderState,
    generation: i32,
) -> Forecast {
    let names = engine::missing_log_name(Some(instance.chain.stream.naming()), generation);
    let is_of_2003 = header.is_legacy && has_impossible_generation(header);
    let name = if is_of_2003 { names.exchange_2003 } else { names.published };
    let forecast = Forecast::fails(
        -569,
        Some(459),
        format!(
            "By {} the next log has to be generation {generation}: the file {name} is missing and could not be \
             backed-up.",
            shown(&file.path)
        ),
    )
    .in_short(if has_impossible_generation(header) {
        impossible_log(file)
    } else {
        format!("{name}, which must come next by {}, is missing", name_of(&file.path))
    })
    .at(&file.path);
    if is_of_2003 { Forecast { engine: EXCHANGE_2003, ..forecast } } else { forecast }
}

/// Whether all bodies of the logs that are copied were read, and what the backup stops at. Every closed log that
/// is there is copied, from the oldest on.
fn copied_logs(instance: &Instance, current: i32) -> (bool, Option<Forecast>) {
    let mut were_read = true;
    // The numbers are an attacker's: only logs that are there count, and the first that is not.
    let mut expected = instance.set.archives.keys().next().copied().unwrap_or(current);
    for (&generation, log) in instance.set.archives.range(..current) {
        if generation > expected {
            break;
        }
        expected = generation + 1;
        were_read &= log.body.is_some();
        if let Some(failure) = refused_log(log) {
            return (were_read, Some(failure));
        }
    }
    let gap = (expected < current).then(|| {
        Forecast::fails(
            -569,
            Some(459),
            format!(
                "It begins, and breaks off at the gap: the file {} is missing and could not be backed-up.",
                instance.chain.file_name(expected)
            ),
        )
        .in_short(format!("{} is missing", instance.chain.file_name(expected)))
    });
    (were_read, gap)
}

/// What a backup says of one log that it copies. A log that was cut off is copied without a word.
fn refused_log(log: &Log) -> Option<Forecast> {
    const CUT_OFF: i32 = -541;
    let path = shown(&log.path);
    let what = match (&log.head, &log.body) {
        (LogHead::Refused(CUT_OFF), _) => return None,
        (LogHead::Refused(_), _) => "its header cannot be used".to_owned(),
        (LogHead::Unread, _) => {
            let message = format!("{path} could not be read, so nothing can be said.");
            let in_short = format!("{} could not be read", name_of(&log.path));
            let forecast = Forecast::new(ForecastOutcome::Unknown, message).in_short(in_short);
            return Some(forecast.at(&log.path));
        }
        (LogHead::Valid(_), Some(body)) => match body.report.backup {
            BackupVerdict::Copied => return None,
            BackupVerdict::Refused { offset } => format!("it is damaged at offset {offset}"),
            BackupVerdict::Unreadable { offset } => format!("it cannot be read at offset {offset}"),
        },
        (LogHead::Valid(_), None) => return None,
    };
    let forecast = Forecast::fails(-612, Some(218), format!("It reads {path}, and {what}."));
    Some(forecast.in_short(format!("{} is damaged", name_of(&log.path))).at(&log.path))
}

fn has_impossible_generation(header: &HeaderState) -> bool {
    let is_impossible = |info: &BackupInfo| info.fault(u32::MAX) == Some(BackupFault::Impossible);
    [header.full, header.incremental].iter().any(is_impossible)
}
