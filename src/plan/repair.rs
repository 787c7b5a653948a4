//! The plan of a repair.

use crate::diagnose::{FindingId, Mending, fault_id, field_faults};
use crate::ese::BackupField;
use crate::ese::shadow::{HeaderPair, Which};
use crate::survey::DatabaseFacts;

use super::header_edit::{self, only_repairable_bytes_differ};
use super::header_write::{HEADER_BEFORE, sha256_hex, write_order, write_step};
use super::{
    BackupScope, Command, Evidence, HeaderImages, OperationStamp, PLAN_SCHEMA, Plan, Step,
    VerifyScope,
};

/// Where the new values of the backup fields come from.
#[derive(Clone, Default)]
pub enum FieldSource {
    /// "No such backup", as the engine writes it.
    #[default]
    Clear,
    /// An older header of the same database, already found suitable.
    From(Box<Evidence>),
}

/// What was asked for.
#[derive(Clone, Default)]
pub struct RepairRequest {
    /// Where the new values come from.
    pub source: FieldSource,
    /// Findings of severity warning that are to be repaired too.
    pub also: Vec<FindingId>,
    /// How much to back up.
    pub backup: BackupScope,
    /// How much to verify.
    pub verify: VerifyScope,
    /// The guards that were overridden, by their flag.
    pub overrides: Vec<String>,
}

/// The fields that a repair acts on: those with a finding that it mends always, or when named as this
/// one was, and those that hang on them. Full, incremental and differential backups are one chain.
pub fn fields_to_mend(faults: &[(BackupField, FindingId)], also: &[FindingId]) -> Vec<BackupField> {
    let acts = |id: FindingId| match id.mending() {
        Mending::Always => true,
        Mending::IfNamed => also.contains(&id),
        Mending::Never => false,
    };
    let bad = |field: &BackupField| faults.iter().any(|(f, id)| f == field && acts(*id));
    let chain = [BackupField::Full, BackupField::Incremental, BackupField::Differential];
    let mut fields = Vec::new();
    if chain.iter().any(bad) {
        fields.extend(chain);
    }
    if bad(&BackupField::Copy) {
        fields.push(BackupField::Copy);
    }
    fields
}

/// Plans the repair of one database that passed the guards; `None` where nothing is to be done.
pub fn plan_repair(
    facts: &DatabaseFacts,
    request: &RepairRequest,
    stamp: &OperationStamp,
) -> Option<(Plan, HeaderImages)> {
    let pair = facts.pair.as_ref()?;
    let faults = field_faults(&pair.header)
        .into_iter()
        .map(|(field, fault)| (field, fault_id(field, fault)));
    let fields = fields_to_mend(&faults.collect::<Vec<_>>(), &request.also);
    let page = facts.copy(pair.elected)?;
    let new_page = if fields.is_empty() {
        page.to_vec()
    } else {
        match &request.source {
            FieldSource::Clear => header_edit::cleared(page, &fields),
            FieldSource::From(evidence) => header_edit::taken_from(page, &evidence.page, &fields),
        }
    };
    assert!(only_repairable_bytes_differ(page, &new_page), "a repair touches backup fields only");
    let before = [facts.copy(Which::Primary)?, facts.copy(Which::Shadow)?].concat();
    let after = [new_page.as_slice(), new_page.as_slice()].concat();
    if before == after {
        return None;
    }
    let images = HeaderImages { page_size_bytes: pair.page_size_bytes, before, after };
    let steps = steps(facts, pair, &images, request.backup);
    let plan = Plan {
        schema: PLAN_SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        operation: stamp.id.clone(),
        created: stamp.created.clone(),
        command: Command::Repair,
        undoes: None,
        database: facts.path.clone(),
        length_bytes: facts.status.length_bytes,
        page_size_bytes: pair.page_size_bytes,
        backup: request.backup,
        verify: request.verify,
        overrides: request.overrides.clone(),
        steps,
        header_before_sha256: sha256_hex(&images.before),
        header_after_sha256: sha256_hex(&images.after),
        pages: None,
    };
    Some((plan, images))
}

fn steps(
    facts: &DatabaseFacts,
    pair: &HeaderPair,
    images: &HeaderImages,
    backup: BackupScope,
) -> Vec<Step> {
    let (bytes, to) = match backup {
        BackupScope::Full => (facts.status.length_bytes, backup_name(facts)),
        BackupScope::Header => (images.before.len() as u64, HEADER_BEFORE.to_owned()),
    };
    let mut steps = vec![Step::Copy { scope: backup, bytes, to }];
    let elected = images.before_of(pair.elected);
    steps.extend(
        write_order(images)
            .into_iter()
            .map(|which| Step::Write(write_step(images, which, elected))),
    );
    steps
}

/// The name of the full copy: the database's own, where it is plain and not one of ours.
pub(super) fn backup_name(facts: &DatabaseFacts) -> String {
    let name = facts.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "._- {}".contains(c);
    let has_extension = name.contains('.') && !name.starts_with('.');
    let ours =
        [".json", ".bin", ".txt", ".new"].iter().any(|end| name.to_lowercase().ends_with(end));
    if has_extension && name.chars().all(plain) && !ours {
        name.into()
    } else {
        "database.edb".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FindingId::{
        BackupGenBeyondLog, BackupGenInverted, CopyBackupGenInvalid, DifferentialBackupGenInvalid,
        FullBackupGenInvalid, IncrementalBackupGenInvalid,
    };

    #[test]
    fn the_chain_is_mended_as_one_and_the_copy_backup_alone() {
        let chain = [BackupField::Full, BackupField::Incremental, BackupField::Differential];
        for id in [FullBackupGenInvalid, IncrementalBackupGenInvalid, DifferentialBackupGenInvalid]
        {
            let field = match id {
                FullBackupGenInvalid => BackupField::Full,
                IncrementalBackupGenInvalid => BackupField::Incremental,
                _ => BackupField::Differential,
            };
            assert_eq!(fields_to_mend(&[(field, id)], &[]), chain);
        }
        let copy = [(BackupField::Copy, CopyBackupGenInvalid)];
        assert_eq!(fields_to_mend(&copy, &[]), [BackupField::Copy]);
        assert!(fields_to_mend(&[], &[]).is_empty());
    }

    #[test]
    fn a_warning_is_mended_only_when_it_is_named() {
        let faults = [(BackupField::Full, BackupGenInverted)];
        assert!(fields_to_mend(&faults, &[]).is_empty());
        assert!(fields_to_mend(&faults, &[BackupGenBeyondLog]).is_empty());
        assert_eq!(fields_to_mend(&faults, &[BackupGenInverted]).len(), 3);
    }
}
