//! Editing the backup fields of a header page, and telling what an edit changed.
//!
//! Invariant: an edit touches nothing but the checksum, the 24 bytes of the four backup fields and
//! their types, all of it within the first 512 bytes of the page, so that a medium with atomic
//! sectors never shows a mixed image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ese::{BackupField, BackupInfo, DbHeader, checksum};
use crate::rebuild::Source;

/// The smallest unit that a medium writes at once, in bytes.
const SECTOR_BYTES: usize = 512;

const BACKUP_INFO_BYTES: usize = 24;
const TYPE_BYTES: usize = 4;

const _: () =
    assert!(472 + TYPE_BYTES <= SECTOR_BYTES, "the last type field ends in the first sector");

/// One field before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Key of the field: `previous_full_backup.gen_high`.
    pub field: String,
    /// The field in the words of `eseutil`: `Previous Full Backup, Log Gen high`.
    pub label: String,
    /// Offset inside the header copy, in bytes.
    pub offset: usize,
    /// Length in bytes.
    pub bytes: usize,
    /// Value now, as `eseutil` prints it.
    pub before: String,
    /// Value planned.
    pub after: String,
    /// Of a rebuilt header: where the value comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The byte ranges (offset, length) that a repair of a header may touch.
fn repairable_ranges() -> impl Iterator<Item = (usize, usize)> {
    let fields = BackupField::ALL
        .into_iter()
        .flat_map(|f| [(f.info_offset(), BACKUP_INFO_BYTES), (f.type_offset(), TYPE_BYTES)]);
    std::iter::once((0, 4)).chain(fields)
}

/// Whether two header pages differ in nothing but what a repair may touch.
pub fn only_repairable_bytes_differ(before: &[u8], after: &[u8]) -> bool {
    let allowed =
        |at: usize| repairable_ranges().any(|(start, len)| (start..start + len).contains(&at));
    before.len() == after.len()
        && before.iter().zip(after).enumerate().all(|(at, (old, new))| old == new || allowed(at))
}

/// The page with the given fields as the engine writes "no such backup": all 24 bytes and the
/// type zero. Source: six places, such as `dev/ese/src/ese/db.cxx`, attach under a new log
/// signature.
pub(super) fn cleared(page: &[u8], fields: &[BackupField]) -> Vec<u8> {
    let mut page = page.to_vec();
    for field in fields {
        page[field.info_offset()..][..BACKUP_INFO_BYTES].fill(0);
        page[field.type_offset()..][..TYPE_BYTES].fill(0);
    }
    checksum::seal(&mut page);
    page
}

/// The page with the given fields as they stand in another header page of the same database.
pub(super) fn taken_from(page: &[u8], evidence: &[u8], fields: &[BackupField]) -> Vec<u8> {
    let mut page = page.to_vec();
    for field in fields {
        for (start, len) in
            [(field.info_offset(), BACKUP_INFO_BYTES), (field.type_offset(), TYPE_BYTES)]
        {
            page[start..start + len].copy_from_slice(&evidence[start..start + len]);
        }
    }
    checksum::seal(&mut page);
    page
}

/// The fields that differ between two header pages, in file order.
pub(super) fn changes(before: &[u8], after: &[u8]) -> Vec<Change> {
    let (Some(old), Some(new)) = (DbHeader::parse(before), DbHeader::parse(after)) else {
        return Vec::new();
    };
    let mut rows = vec![Change {
        field: "checksum".into(),
        label: "Checksum".into(),
        offset: 0,
        bytes: 4,
        before: format!("0x{:08x}", old.raw.checksum),
        after: format!("0x{:08x}", new.raw.checksum),
        source: None,
    }];
    for field in BackupField::ALL {
        rows.extend(field_rows(field, &old.backup(field), &new.backup(field)));
    }
    rows.retain(|row| before[row.offset..][..row.bytes] != after[row.offset..][..row.bytes]);
    rows.sort_by_key(|row| row.offset);
    rows
}

fn field_rows(field: BackupField, old: &BackupInfo, new: &BackupInfo) -> Vec<Change> {
    let generation = |value: u32| format!("{value} (0x{value:x})");
    let row = |(key, label): (&str, &str), offset, bytes, before: String, after: String| Change {
        field: format!("{}.{key}", field.key()),
        label: format!("{}, {label}", field.label()),
        offset,
        bytes,
        before,
        after,
        source: None,
    };
    let info = field.info_offset();
    vec![
        row(("mark", "Mark"), info, 8, old.mark.to_string(), new.mark.to_string()),
        row(("time", "Mark time"), info + 8, 8, old.time.to_string(), new.time.to_string()),
        row(
            ("gen_low", "Log Gen low"),
            info + 16,
            4,
            generation(old.gen_low),
            generation(new.gen_low),
        ),
        row(
            ("gen_high", "Log Gen high"),
            info + 20,
            4,
            generation(old.gen_high),
            generation(new.gen_high),
        ),
        row(("type", "type"), field.type_offset(), 4, type_text(old), type_text(new)),
    ]
}

fn type_text(info: &BackupInfo) -> String {
    let suffix = info.backup_type.eseutil_suffix();
    format!("{}{suffix}", info.backup_type.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Vec<u8> {
        let mut page = vec![0u8; 4096];
        page[4..8].copy_from_slice(&0x89ab_cdef_u32.to_le_bytes());
        for field in BackupField::ALL {
            page[field.info_offset()..][..BACKUP_INFO_BYTES].fill(0x11);
            page[field.type_offset()] = 1;
        }
        page[156..160].fill(0xff);
        page[400] = 7;
        checksum::seal(&mut page);
        page
    }

    #[test]
    fn clearing_touches_the_named_fields_and_the_checksum_only() {
        let before = page();
        let after = cleared(&before, &[BackupField::Full, BackupField::Incremental]);
        assert!(checksum::is_valid(&after));
        assert!(only_repairable_bytes_differ(&before, &after));
        assert!(after[136..184].iter().all(|&b| b == 0));
        assert_eq!(after[356..364], [0; 8]);
        assert_eq!(after[420..476], before[420..476]);
        assert_eq!(after[SECTOR_BYTES..], before[SECTOR_BYTES..]);
        let names: Vec<_> = changes(&before, &after).into_iter().map(|c| c.field).collect();
        assert_eq!(names.len(), 11, "{names:?}");
        assert_eq!(names[0], "checksum");
        assert_eq!(names[4], "previous_full_backup.gen_high");
    }

    #[test]
    fn any_other_byte_breaks_the_invariant() {
        let before = page();
        for at in [4, 52, 135, 184, 207, 355, 364, 419, 476, 512, 4095] {
            let mut after = before.clone();
            after[at] ^= 1;
            assert!(!only_repairable_bytes_differ(&before, &after), "byte {at}");
        }
    }

    #[test]
    fn taking_fields_over_and_back_gives_the_same_page() {
        let before = page();
        let cleared = cleared(&before, &BackupField::ALL);
        assert_eq!(taken_from(&cleared, &before, &BackupField::ALL), before);
    }
}
