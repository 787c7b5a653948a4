//! An older header of the same database, as evidence for its backup fields (`repair --from`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diagnose::{fault_in_words, log_gen};
use crate::ese::engine::missing_log_name;
use crate::ese::shadow::HeaderPair;
use crate::ese::{BackupField, BackupInfo, DbHeader, LgPos, Signature, format_problem};
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
        let asked = Asked { database, now, then, page };
        let (met, failed): (Vec<_>, Vec<_>) =
            asked.conditions().into_iter().partition(|condition| condition.against.is_none());
        if failed.is_empty() {
            let conditions = met.into_iter().map(|condition| condition.text).collect();
            return Ok(Self { path: evidence.path.clone(), page: page.to_vec(), conditions });
        }
        let against = |Condition { text, against }| match against {
            Some(found) => unsuitable(&evidence.path, &format!("{text}; {found}")),
            None => unsuitable(&evidence.path, &text),
        };
        Err(failed.into_iter().map(against).collect())
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

/// What evidence must meet.
struct Condition {
    /// `the same database signature`.
    text: String,
    /// What was found instead, where it is not met.
    against: Option<String>,
}

/// The database and the evidence.
struct Asked<'a> {
    database: &'a DatabaseFacts,
    now: &'a HeaderPair,
    then: &'a HeaderPair,
    /// The header page of the evidence.
    page: &'a [u8],
}

impl Asked<'_> {
    /// Every condition, in the order of `docs/guards.md`.
    fn conditions(&self) -> Vec<Condition> {
        let (now, then) = (&self.now.header, &self.then.header);
        let full = then.backup(BackupField::Full);
        let last_seen = now.last_seen_generation();
        let last_consistent = now.last_consistent();
        let first_needed =
            full.gen_high.max(then.backup(BackupField::Incremental).gen_high).wrapping_add(1);
        let condition = |text: String, against| Condition { text, against };
        vec![
            condition("the same database signature".into(), self.other_database()),
            condition("the same log signature, not zero".into(), self.other_logs()),
            condition("the same page size".into(), self.other_page_size()),
            condition(
                format!("it records a full backup (Log Gen: {}-{})", full.gen_low, full.gen_high),
                no_full_backup(&full),
            ),
            condition(
                "every generation, mark and type in it is plausible".into(),
                BackupField::ALL
                    .into_iter()
                    .find_map(|field| implausible(&then.backup(field), field, last_seen)),
            ),
            condition(
                format!(
                    "its marks are not ahead of the database's last consistent position {last_consistent}"
                ),
                ahead(then, last_consistent),
            ),
            condition(
                "it has no field that the database's revision does not have".into(),
                self.unknown_field(),
            ),
            condition(
                format!(
                    "every log from generation {first_needed} (0x{first_needed:x}) on is still there, without \
                     a gap"
                ),
                missing_log(self.database.logs.as_ref(), first_needed, last_seen),
            ),
        ]
    }

    fn other_database(&self) -> Option<String> {
        let of = |pair: &HeaderPair| pair.header.raw.db_signature;
        unlike(of(self.then), of(self.now))
    }

    fn other_logs(&self) -> Option<String> {
        let of = |pair: &HeaderPair| pair.header.raw.log_signature;
        let is_unset =
            || of(self.now).is_unset().then(|| "that of the database is zero".to_owned());
        unlike(of(self.then), of(self.now)).or_else(is_unset)
    }

    fn other_page_size(&self) -> Option<String> {
        let (then, now) = (self.then.page_size_bytes, self.now.page_size_bytes);
        (then != now).then(|| format!("it has {then} bytes, the database {now}"))
    }

    /// What is not known in the header that would be written.
    fn unknown_field(&self) -> Option<String> {
        let own = self.database.copy(self.now.elected)?;
        let same_size = own.len() == self.page.len();
        let result =
            same_size.then(|| header_edit::taken_from(own, self.page, &BackupField::ALL))?;
        DbHeader::parse(&result).as_ref().and_then(format_problem)
    }
}

fn unlike(then: Signature, now: Signature) -> Option<String> {
    (then != now).then(|| format!("it has {then}, the database {now}"))
}

fn no_full_backup(full: &BackupInfo) -> Option<String> {
    let at = BackupField::Full.info_offset() + LOG_GEN_OFFSET;
    (full.gen_low == 0).then(|| format!("it has the generation 0 at offset {at}, which means none"))
}

/// The first backup whose mark is ahead of the database.
fn ahead(then: &DbHeader, last_consistent: LgPos) -> Option<String> {
    let fields = BackupField::ALL.into_iter().map(|field| (field, then.backup(field).mark));
    let (field, mark) = fields.into_iter().find(|(_, mark)| *mark > last_consistent)?;
    let (label, at) = (field.label(), field.info_offset());
    Some(format!("{label} (offset {at}) has the mark {mark}"))
}
