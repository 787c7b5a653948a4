//! An older header of the same database, as evidence for its backup fields (`repair --from`).

use std::path::{Path, PathBuf};

use crate::ese::{BackupField, BackupInfo, DbHeader, format_problem};
use crate::survey::{DatabaseFacts, LogFacts};

use super::{Refusal, RefusalId, header_edit};

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
        for (condition, holds) in conditions_of(&now.header, &then.header, database.logs.as_ref()) {
            if holds {
                conditions.push(condition)
            } else {
                failed.push(unsuitable(&evidence.path, &condition))
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

/// A backup field that an engine may have written: nothing at all, or all of it.
fn is_plausible(info: &BackupInfo, last_seen: u32) -> bool {
    let is_set = info.mark.generation != 0 && info.time.is_plausible();
    info.backup_type.value() <= 2 && info.fault(last_seen).is_none() && (info.is_none() || is_set)
}

fn conditions_of(now: &DbHeader, then: &DbHeader, logs: Option<&LogFacts>) -> Vec<(String, bool)> {
    let full = then.backup(BackupField::Full);
    let last_seen = now.last_seen_generation();
    let plausible =
        BackupField::ALL.iter().all(|&field| is_plausible(&then.backup(field), last_seen));
    let behind =
        BackupField::ALL.iter().all(|&field| then.backup(field).mark <= now.last_consistent());
    let first_needed =
        full.gen_high.max(then.backup(BackupField::Incremental).gen_high).wrapping_add(1);
    let lowest =
        logs.and_then(LogFacts::unbroken_from).and_then(|lowest| u32::try_from(lowest).ok());
    let current = logs.and_then(|logs| logs.generations.last().copied()).unwrap_or(0) as u32;
    // The run must reach what the database has seen: the newest logs must not be missing, either.
    let logs_hold = lowest.is_some_and(|lowest| (lowest..=current).contains(&first_needed))
        && current >= last_seen;
    vec![
        ("the same database signature".into(), then.raw.db_signature == now.raw.db_signature),
        ("the same log signature, not zero".into(), {
            then.raw.log_signature == now.raw.log_signature && !now.raw.log_signature.is_unset()
        }),
        (
            format!("it records a full backup (Log Gen: {}-{})", full.gen_low, full.gen_high),
            full.gen_low != 0,
        ),
        ("every generation, mark and type in it is plausible".into(), plausible),
        (
            format!(
                "its marks are not ahead of the database's last consistent position {}",
                now.last_consistent()
            ),
            behind,
        ),
        (
            format!(
                "every log from generation {first_needed} (0x{first_needed:x}) on is still there, without a gap"
            ),
            logs_hold,
        ),
    ]
}
