//! The writes of the two header copies: in which order, and what each changes.

use sha2::{Digest, Sha256};

use crate::ese::shadow::{self, HeaderArea, Which, is_valid_header};

use super::header_edit::{self, only_repairable_bytes_differ};
use super::{HeaderImages, WriteStep};

/// Name of the header image in an operation folder.
pub(super) const HEADER_BEFORE: &str = "header-before.bin";

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

/// The write of one copy, told as changes against the header that the engine uses now.
pub(super) fn write_step(images: &HeaderImages, which: Which, elected: &[u8]) -> WriteStep {
    let (before, after) = (images.before_of(which), images.after_of(which));
    WriteStep {
        copy: which,
        offset: which.offset(images.page_size_bytes),
        bytes: images.page_size_bytes,
        rewrites_copy: before != elected || !only_repairable_bytes_differ(before, after),
        before_sha256: sha256_hex(before),
        after_sha256: sha256_hex(after),
        changes: header_edit::changes(elected, after),
    }
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
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
