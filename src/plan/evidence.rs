//! An older header of the same database, as evidence for its backup fields (`repair --from`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diagnose::{fault_in_words, log_gen};
use crate::ese::engine::missing_log_name;
use crate::ese::{BackupField, BackupInfo, DbHeader, Signature, format_problem};
use crate::survey::{DatabaseFacts, OwnLogs};

use super::header_edit;
use crate::refusal::{Refusal, RefusalId};

/// Offset of the two generations in a backup field, in bytes.
const LOG_GEN_OFFSET: usize = 16;

/// Evidence that passed every condition.
#[derive(Clone)]
pub struct Evidence {
    /// Where it was read.
    pub path: PathBuf,
    /// The header page.
    pub page: Vec<u8>,
    /// Each condition, and how it was met.
    pub conditions: Vec<String>,
}

impl Evidence {
    /// Judges an older header; every condition that fails is listed.
    ///
    /// The conditions are those under which the engine's own chain arithmetic stays right: the same
    /// database and log stream, plausible generations, marks not ahead of the database, and every
    /// log since that backup still there without a gap.
    pub fn judge(database: &DatabaseFacts, evidence: &DatabaseFacts) -> Result<Self, Vec<Refusal>> {
        let refuse = |message: &str| vec![unsuitable(&evidence.path, message)];
        // Without a header of its own the database is refused for that.
        let Some(now) = &database.pair else { return Err(Vec::new()) };
        let Some(then) = &evidence.pair else { return Err(refuse("it has no valid header")) };
        let page = evidence.copy(then.elected).ok_or_else(|| refuse("it is too short"))?;
        let mut failed = Vec::new();
        let mut conditions = Vec::new();
        for (condition, against) in conditions_of(&now.header, &then.header, database.logs.as_ref())
        {
            match against {
                None => conditions.push(condition),
                Some(found) => {
                    failed.push(unsuitable(&evidence.path, &format!("{condition}; {found}")))
                }
            }
        }
        if then.page_size_bytes != now.page_size_bytes {
            failed.push(unsuitable(&evidence.path, "the same page size"));
        }
        let own = database.copy(now.elected).filter(|own| own.len() == page.len());
        let result = own.map(|own| header_edit::taken_from(own, page, &BackupField::ALL));
        let result = result.as_deref().and_then(DbHeader::parse);
        if let Some(problem) = result.as_ref().and_then(format_problem) {
            failed.push(unsuitable(&evidence.path, &format!("a layout that is known ({problem})")));
        }
        if !failed.is_empty() {
            return Err(failed);
        }
        Ok(Self { path: evidence.path.clone(), page: page.to_vec(), conditions })
    }
}

fn unsuitable(path: &Path, condition: &str) -> Refusal {
    Refusal::new(
        RefusalId::EvidenceUnsuitable,
        path,
        format!("the header given by --from does not meet the condition: {condition}"),
        "Take a header of this database from before the damage, or clear the fields (--clear, the \
         default) and run a full backup.",
    )
}

/// What makes a backup field one that no engine wrote: it has nothing at all, or all of it.
fn implausible(info: &BackupInfo, field: BackupField, last_seen: u32) -> Option<String> {
    let (at, label) = (field.info_offset(), field.label());
    let kind = info.backup_type.value();
    if kind > 2 {
        let at = field.type_offset();
        return Some(format!("{label} (offset {at}) has the type {kind}, and no type is over 2"));
    }
    if let Some(fault) = info.fault(last_seen) {
        let (at, why) = (at + LOG_GEN_OFFSET, fault_in_words(fault, last_seen));
        return Some(format!("{label} (offset {at}) has {}, and {why}", log_gen(info)));
    }
    if info.is_none() || (info.mark.generation != 0 && info.time.is_plausible()) {
        return None;
    }
    let (mark, time) = (info.mark, info.time);
    Some(format!(
        "{label} (offset {at}) has the mark {mark} and the time {time}, which no backup has"
    ))
}

/// The log that is missing from the run that begins with `first` and reaches at least `last_seen`.
fn missing_log(logs: Option<&OwnLogs>, first: u32, last_seen: u32) -> Option<String> {
    let there: BTreeSet<u32> = logs
        .iter()
        .flat_map(|logs| &logs.generations)
        .filter_map(|&generation| u32::try_from(generation).ok())
        .collect();
    // The newest logs must not be missing, either.
    let last = there.last().copied().unwrap_or(0).max(last_seen).max(first);
    let missing = (first..=last).find(|generation| !there.contains(generation))?;
    let naming = logs.and_then(|logs| logs.naming);
    let name = missing_log_name(naming, missing.cast_signed()).published;
    let newest = if there.last() < Some(&missing) { ", or the current log" } else { "" };
    Some(format!("generation {missing} (0x{missing:x}) is missing: {name}{newest}"))
}

/// Each condition, and what speaks against it.
fn conditions_of(
    now: &DbHeader,
    then: &DbHeader,
    logs: Option<&OwnLogs>,
) -> Vec<(String, Option<String>)> {
    let fields = BackupField::ALL.map(|field| (field, then.backup(field)));
    let full = then.backup(BackupField::Full);
    let last_seen = now.last_seen_generation();
    let last_consistent = now.last_consistent();
    let unlike = |then: Signature, now: Signature| {
        (then != now).then(|| format!("it has {then}, the database {now}"))
    };
    let (then_log, now_log) = (then.raw.log_signature, now.raw.log_signature);
    let is_unset = now_log.is_unset().then(|| "that of the database is zero".to_owned());
    let implausible = fields.iter().find_map(|(field, info)| implausible(info, *field, last_seen));
    let ahead = fields.iter().find(|(_, info)| info.mark > last_consistent).map(|(field, info)| {
        format!("{} (offset {}) has the mark {}", field.label(), field.info_offset(), info.mark)
    });
    let first_needed =
        full.gen_high.max(then.backup(BackupField::Incremental).gen_high).wrapping_add(1);
    vec![
        ("the same database signature".into(), unlike(then.raw.db_signature, now.raw.db_signature)),
        ("the same log signature, not zero".into(), unlike(then_log, now_log).or(is_unset)),
        (
            format!("it records a full backup (Log Gen: {}-{})", full.gen_low, full.gen_high),
            (full.gen_low == 0).then(|| {
                let at = BackupField::Full.info_offset() + LOG_GEN_OFFSET;
                format!("it has the generation 0 at offset {at}, which means none")
            }),
        ),
        ("every generation, mark and type in it is plausible".into(), implausible),
        (
            format!(
                "its marks are not ahead of the database's last consistent position {last_consistent}"
            ),
            ahead,
        ),
        (
            format!(
                "every log from generation {first_needed} (0x{first_needed:x}) on is still there, without a gap"
            ),
            missing_log(logs, first_needed, last_seen),
        ),
    ]
}
