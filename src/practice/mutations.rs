//! Small changes of a built database.

use zerocopy::FromBytes;

use crate::ese::backup_info::BOGUS_GENERATION;
use crate::ese::shadow::Which;
use crate::ese::{DbHeader, LgPos, RawDbHeader, checksum};

/// Changes the header in both copies and makes their checksums right again. The page size is
/// that of the primary copy before the change.
///
/// # Panics
/// If `file` has no two header pages.
pub fn edit_header(file: &mut [u8], mut edit: impl FnMut(&mut RawDbHeader)) {
    let page_bytes = page_bytes(file);
    for page in file.chunks_exact_mut(page_bytes).take(2) {
        edit_page(page, &mut edit);
    }
}

/// Changes the header in one copy and makes its checksum right again: two valid copies that
/// differ.
///
/// # Panics
/// If `file` has no two header pages.
pub fn edit_copy(file: &mut [u8], copy: Which, edit: impl FnOnce(&mut RawDbHeader)) {
    edit_page(copy_of(file, copy), edit);
}

/// Spoils the checksum of one copy by a flipped bit of its time stamp.
///
/// # Panics
/// If `file` has no two header pages.
pub fn corrupt_copy(file: &mut [u8], copy: Which) {
    const DB_TIME_OFFSET: usize = 16;
    copy_of(file, copy)[DB_TIME_OFFSET] ^= 1;
}

/// Gives both copies the damage of KB946799: a full backup from generation 1 to "0 less one".
/// Where no backup is known, its mark is the last attach.
///
/// # Panics
/// If `file` has no two header pages.
pub fn damage_full_backup(file: &mut [u8]) {
    edit_header(file, |raw| {
        if LgPos::from(raw.full_prev.mark).is_unset() {
            raw.full_prev.mark = raw.last_attach_pos;
            raw.full_prev.time = raw.last_attach_time;
        }
        raw.full_prev.gen_low = 1.into();
        raw.full_prev.gen_high = BOGUS_GENERATION.into();
    });
}

fn page_bytes(file: &[u8]) -> usize {
    DbHeader::parse(file).expect("a header").page_size_bytes() as usize
}

fn copy_of(file: &mut [u8], copy: Which) -> &mut [u8] {
    let page_bytes = page_bytes(file);
    let start = copy.offset(page_bytes) as usize;
    &mut file[start..start + page_bytes]
}

fn edit_page(page: &mut [u8], edit: impl FnOnce(&mut RawDbHeader)) {
    let (raw, _) = RawDbHeader::mut_from_prefix(page).expect("a page larger than a header");
    edit(raw);
    checksum::seal(page);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ese::{BackupFault, BackupField};
    use crate::practice::DatabaseRecipe;

    fn valid(file: &[u8]) -> (bool, bool) {
        (checksum::is_valid(&file[..4096]), checksum::is_valid(&file[4096..8192]))
    }

    #[test]
    fn the_damage() {
        let mut file = DatabaseRecipe::default().build();
        damage_full_backup(&mut file);
        assert_eq!(valid(&file), (true, true));
        assert!(file[..4096] == file[4096..8192]);
        let full = DbHeader::parse(&file).unwrap().backup(BackupField::Full);
        assert_eq!((full.gen_low, full.gen_high), (1, 0xffff_ffff));
        assert_eq!(full.fault(5), Some(BackupFault::Impossible));
        assert!(full.time.is_plausible());
        assert!(!full.mark.is_unset());
    }

    #[test]
    fn one_corrupt_copy() {
        let original = DatabaseRecipe::default().build();
        let mut file = original.clone();
        corrupt_copy(&mut file, Which::Primary);
        assert_eq!(valid(&file), (false, true));
        corrupt_copy(&mut file, Which::Primary);
        assert!(file == original);
        corrupt_copy(&mut file, Which::Shadow);
        assert_eq!(valid(&file), (true, false));
    }

    #[test]
    fn two_valid_copies_that_differ() {
        let mut file = DatabaseRecipe::default().build();
        edit_copy(&mut file, Which::Shadow, |raw| raw.state = 2.into());
        assert_eq!(valid(&file), (true, true));
        assert_eq!((file[52], file[4096 + 52]), (3, 2));
    }

    #[test]
    fn the_second_copy_is_found_at_every_page_size() {
        for page_size in [2048, 8192, 32768] {
            let mut file = DatabaseRecipe::of_format(page_size, (0x14, 0)).build();
            edit_header(&mut file, |raw| raw.repair_count = 3.into());
            let shadow = DbHeader::parse(&file[page_size as usize..]).unwrap();
            assert_eq!(shadow.raw.repair_count, 3);
        }
    }
}
