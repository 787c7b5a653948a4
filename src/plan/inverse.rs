//! The plan that undoes another.

use crate::ese::shadow::{self, HeaderArea, Which};

use super::header_write::{HEADER_BEFORE, write_order, write_step};
use super::{
    BackupScope, Command, HeaderImages, OperationStamp, PLAN_SCHEMA, Plan, Step, VerifyScope,
    WriteStep,
};

/// The plan that puts the header back as it was before `plan`. `images` are those of `plan`.
pub fn inverse(plan: &Plan, images: HeaderImages, stamp: &OperationStamp) -> (Plan, HeaderImages) {
    let images = images.reversed();
    let elected = shadow::elect(&HeaderArea::of(images.before.clone()))
        .map_or(Which::Primary, |pair| pair.elected);
    let copy = Step::Copy {
        scope: BackupScope::Header,
        bytes: images.before.len() as u64,
        to: HEADER_BEFORE.into(),
    };
    let is_of_rebuild = images.is_of_rebuild();
    let order = write_order(&images).into_iter();
    let writes = order.map(|which| {
        let step = write_step(&images, which, images.before_of(elected));
        // A destroyed page has no fields.
        let changes = if is_of_rebuild { Vec::new() } else { step.changes };
        Step::Write(WriteStep { changes, ..step })
    });
    let inverse = Plan {
        schema: PLAN_SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        operation: stamp.id.clone(),
        created: stamp.created.clone(),
        command: Command::Restore,
        undoes: Some(plan.operation.clone()),
        database: plan.database.clone(),
        length_bytes: plan.length_bytes,
        page_size_bytes: plan.page_size_bytes,
        backup: BackupScope::Header,
        verify: VerifyScope::Header,
        overrides: Vec::new(),
        steps: std::iter::once(copy).chain(writes).collect(),
        header_before_sha256: plan.header_after_sha256.clone(),
        header_after_sha256: plan.header_before_sha256.clone(),
        pages: None,
    };
    (inverse, images)
}
