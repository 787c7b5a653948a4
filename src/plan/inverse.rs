//! The order of the two header writes, and the plan that undoes another.

use crate::ese::shadow::{self, HeaderArea, Which, is_valid_header};

use super::repair::{HEADER_BEFORE, write_step};
use super::{
    BackupScope, Command, HeaderImages, OperationStamp, PLAN_SCHEMA, Plan, Step, VerifyScope,
};

/// The copies to write, in order; a copy that does not change is left out.
///
/// Invariant: whenever a copy is being written (and may be torn), the other one is valid. Of the
/// orders that keep it, the one that writes the copy which the engine does not elect first is
/// taken, so that the engine sees the old header until the new one is whole.
pub(super) fn write_order(images: &HeaderImages) -> Vec<Which> {
    let elected = shadow::elect(&HeaderArea::of(images.before.clone()));
    let first = elected.map_or(Which::Shadow, |pair| pair.elected.other());
    let safe = |first: Which| {
        let second = first.other();
        is_valid_header(images.before_of(second)) && is_valid_header(images.after_of(first))
    };
    let first = if safe(first) || !safe(first.other()) { first } else { first.other() };
    let changes = |which: &Which| images.before_of(*which) != images.after_of(*which);
    [first, first.other()].into_iter().filter(changes).collect()
}

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
    let order = write_order(&images).into_iter();
    let writes =
        order.map(|which| Step::Write(write_step(&images, which, images.before_of(elected))));
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
    };
    (inverse, images)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ese::checksum;

    fn page(db_time: u8) -> Vec<u8> {
        let mut page = vec![0u8; 4096];
        page[4..8].copy_from_slice(&0x89ab_cdef_u32.to_le_bytes());
        page[8..12].copy_from_slice(&0x620_u32.to_le_bytes());
        page[16] = db_time;
        page[236..240].copy_from_slice(&4096_u32.to_le_bytes());
        checksum::seal(&mut page);
        page
    }

    fn bad() -> Vec<u8> {
        let mut page = page(1);
        page[100] ^= 1;
        page
    }

    fn order(before: [Vec<u8>; 2], after: [Vec<u8>; 2]) -> Vec<Which> {
        let (before, after) = (before.concat(), after.concat());
        write_order(&HeaderImages { page_size_bytes: 4096, before, after })
    }

    #[test]
    fn the_copy_that_is_not_elected_goes_first() {
        use Which::{Primary, Shadow};
        let new = || [page(2), page(2)];
        assert_eq!(order([page(1), page(1)], new()), [Shadow, Primary]);
        assert_eq!(order([page(1), page(3)], new()), [Shadow, Primary]);
        assert_eq!(order([bad(), page(1)], new()), [Primary, Shadow]);
        assert_eq!(order([page(1), bad()], new()), [Shadow, Primary]);
    }

    #[test]
    fn putting_a_damaged_copy_back_never_leaves_the_other_one_alone_while_it_is_written() {
        use Which::{Primary, Shadow};
        let new = || [page(2), page(2)];
        // The shadow will be bad: it goes last, when the primary is already the old one again.
        assert_eq!(order(new(), [page(1), bad()]), [Primary, Shadow]);
        assert_eq!(order(new(), [bad(), page(1)]), [Shadow, Primary]);
    }

    #[test]
    fn a_copy_that_stays_is_not_written() {
        assert_eq!(order([page(1), bad()], [page(1), page(1)]), [Which::Shadow]);
    }
}
