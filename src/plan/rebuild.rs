//! The plan of a rebuilt header.

use sha2::{Digest, Sha256};

use crate::ese::shadow::Which;
use crate::rebuild::{Rebuilt, RebuiltField};
use crate::show::Sha256Hex;
use crate::survey::{DatabaseFacts, PagesPrint};

use super::header_write::{sha256_hex, write_order};
use super::repair::backup_name;
use super::{
    BackupScope, Change, Command, HeaderImages, OperationStamp, PLAN_SCHEMA, Plan, Step,
    VerifyScope, WriteStep,
};

/// What stands in a field of a destroyed copy.
const DESTROYED: &str = "destroyed";

/// Plans to write a rebuilt header into both copies, after a full backup. `pages` are those that it rests on;
/// `None` where the file is shorter than its two header pages.
pub fn plan_rebuild(
    facts: &DatabaseFacts,
    rebuilt: &Rebuilt,
    pages: &PagesPrint,
    overrides: Vec<String>,
    stamp: &OperationStamp,
) -> Option<(Plan, HeaderImages)> {
    let page_size_bytes = rebuilt.page.len();
    let before = facts.area.bytes.get(..2 * page_size_bytes)?.to_vec();
    let after = [rebuilt.page.as_slice(), rebuilt.page.as_slice()].concat();
    let images = HeaderImages { page_size_bytes, before, after };
    let copy = Step::Copy {
        scope: BackupScope::Full,
        bytes: facts.status.length_bytes,
        to: backup_name(facts),
    };
    let writes = write_order(&images).into_iter();
    let writes = writes.map(|which| Step::Write(write_step(&images, which, &rebuilt.fields)));
    let plan = Plan {
        schema: PLAN_SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        operation: stamp.id.clone(),
        created: stamp.created.clone(),
        command: Command::RebuildHeader,
        undoes: None,
        database: facts.path.clone(),
        length_bytes: facts.status.length_bytes,
        page_size_bytes,
        backup: BackupScope::Full,
        verify: VerifyScope::Header,
        overrides,
        steps: std::iter::once(copy).chain(writes).collect(),
        header_before_sha256: sha256_hex(&images.before),
        header_after_sha256: sha256_hex(&images.after),
        pages: Some(pages.clone()),
    };
    Some((plan, images))
}

fn write_step(images: &HeaderImages, which: Which, fields: &[RebuiltField]) -> WriteStep {
    let digest = |page: &[u8]| Sha256Hex(Sha256::digest(page).into());
    WriteStep {
        copy: which,
        offset: which.offset(images.page_size_bytes),
        bytes: images.page_size_bytes,
        rewrites_copy: true,
        before_sha256: digest(images.before_of(which)),
        after_sha256: digest(images.after_of(which)),
        changes: fields.iter().map(change).collect(),
    }
}

fn change(field: &RebuiltField) -> Change {
    Change {
        field: field.key.to_owned(),
        label: field.label.to_owned(),
        offset: field.offset,
        bytes: field.bytes,
        before: DESTROYED.to_owned(),
        after: field.value.clone(),
        source: Some(field.source),
    }
}
