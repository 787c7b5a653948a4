//! The files of a log stream, each by itself: damaged, of another stream, under a wrong name.

use crate::ese::LogHeaderFault;
use crate::show::quoted;
use crate::storage::FileKind;
use crate::survey::{LogContent, LogFile};

use super::chain::{Chain, name_of, named_generation};
use super::damaged_files::damaged_attach_list;
use super::generation_range::few;
use super::{Finding, FindingId};

pub(super) fn judge(chain: &Chain) -> Vec<Finding> {
    let findings =
        [damaged(chain), unknown_version(chain), foreign(chain), misnamed(chain), doubled(chain)];
    let lists = chain.stream.attach_list_faults();
    findings.into_iter().flatten().chain(lists.iter().map(damaged_attach_list)).collect()
}

fn damaged(chain: &Chain) -> Option<Finding> {
    let damaged: Vec<&LogFile> =
        chain.damaged.iter().copied().filter(|log| !is_of_unknown_version(log)).collect();
    let first = damaged.first()?;
    let what: Vec<String> =
        damaged.iter().map(|log| format!("{}: {}", name_of(log), damage(log))).collect();
    Some(Finding::new(
        FindingId::LogHeaderDamaged,
        few(&what),
        "The engine cannot use such a log: error -501 where it has to read it. Recovery and an \
         incremental backup stop there.",
        format!(
            "Bring a good copy back from a backup, then look at it: edbmend inspect {}",
            quoted(&first.path)
        ),
    ))
}

/// Nothing is damaged there, but neither this program nor the engine that the rest is of reads them.
fn unknown_version(chain: &Chain) -> Option<Finding> {
    let unknown = chain.damaged.iter().filter(|log| is_of_unknown_version(log));
    let what: Vec<String> =
        unknown.map(|log| format!("{}: {}", name_of(log), damage(log))).collect();
    (!what.is_empty()).then(|| {
        Finding::new(
            FindingId::LogVersionUnknown,
            few(&what),
            "A newer or an older engine wrote it; nothing about it is damaged. An engine that does not know the \
             version answers -514.",
            "Mount the databases with the engine that wrote these logs. edbmend can say nothing of what they hold.",
        )
    })
}

fn is_of_unknown_version(log: &LogFile) -> bool {
    matches!(
        log.content,
        LogContent::Damaged(LogHeaderFault::Version(_) | LogHeaderFault::OldFormat(_))
    )
}

/// What is wrong with a log that has no valid header.
pub(super) fn damage(log: &LogFile) -> String {
    match &log.content {
        LogContent::Header(_) => "sound".into(),
        LogContent::Blank => "unused space (zeros, or a fill pattern) instead of a header".into(),
        LogContent::Damaged(fault) => fault.to_string(),
        LogContent::Unreadable(error) => format!("cannot be read: {error}"),
        LogContent::NotRegular(FileKind::Directory) => "is a folder, no file".into(),
        LogContent::NotRegular(FileKind::Symlink) => "is a symbolic link, no file".into(),
        LogContent::NotRegular(_) => "is a FIFO, a socket or a device, no file".into(),
    }
}

fn foreign(chain: &Chain) -> Option<Finding> {
    let first = chain.foreign.first()?;
    let names: Vec<String> = chain.foreign.iter().map(|log| name_of(log)).collect();
    let (found, expected) = (first.summary()?.signature, chain.signature?);
    Some(Finding::new(
        FindingId::LogSignatureMismatch,
        format!(
            "{}: Signature: {found}; the stream {} has Signature: {expected}",
            few(&names),
            chain.stream.base
        ),
        "These logs belong to another log stream. The engine answers -530 where it meets one.",
        format!(
            "Find out where they come from and move them to a folder of their own. To see one: \
             edbmend inspect {}",
            quoted(&first.path)
        ),
    ))
}

fn misnamed(chain: &Chain) -> Option<Finding> {
    let first = chain.misnamed.first()?;
    let mismatch = |log: &&LogFile| {
        let held = log.summary().map_or(0, |summary| summary.generation);
        let named = named_generation(log).unwrap_or_default();
        format!(
            "{}: lGeneration: {held} (0x{held:X}), expected {named} (0x{named:X}) from its name",
            name_of(log)
        )
    };
    let what: Vec<String> = chain.misnamed.iter().map(mismatch).collect();
    let held = first.summary().map_or(0, |summary| summary.generation);
    Some(Finding::new(
        FindingId::LogNameMismatch,
        few(&what),
        "The engine looks for a log by its name and answers -513 where the header says another \
         generation.",
        format!(
            "A log of this generation is named {}. If that file is not there, rename it so; else move it \
             to another folder.",
            chain.file_name(held)
        ),
    ))
}

/// Several files for one generation, or for the current log.
fn doubled(chain: &Chain) -> Option<Finding> {
    let of_one_generation =
        chain.logs.chunk_by(|(_, one), (_, next)| one.generation == next.generation);
    let mut what: Vec<String> = of_one_generation
        .filter(|logs| logs.len() > 1)
        .map(|logs| {
            let names: Vec<String> = logs.iter().map(|(log, _)| name_of(log)).collect();
            let generation = logs[0].1.generation;
            format!("{} are all generation {generation} (0x{generation:x})", names.join(" and "))
        })
        .collect();
    let current = chain.stream.current.as_ref().map(name_of).unwrap_or_default();
    let rivals = chain.stream.rivals.iter();
    what.extend(rivals.map(|log| format!("{} stands beside {current}", name_of(log))));
    let late = chain.current().zip(chain.last()).filter(|(log, last)| log.generation < *last);
    what.extend(late.map(|(log, last)| {
        format!(
            "{current} is generation {0} (0x{0:x}), though {last} (0x{last:x}) is there too",
            log.generation
        )
    }));
    if what.is_empty() {
        return None;
    }
    Some(Finding::new(
        FindingId::LogNameMismatch,
        few(&what),
        "There must be one log for each generation, and the current log must be the last. Which of \
         them the engine takes cannot be foreseen.",
        "Find out which one belongs to the stream and move the other to a folder of its own. Delete \
         none.",
    ))
}
