//! The header of a `.pat` file: what a streaming backup leaves of a database beside it, page-sized, twice.
//!
//! Source of the layout: the trailer page that such a backup appends, `dev/ese/src/inc/daedef.hxx`, `PATCHHDR`;
//! seen byte for byte in the file of a live store.

use zerocopy::FromBytes;

use super::backup_info::RawBackupInfo;
use super::shadow::PAGE_SIZES_BYTES;
use super::{BackupInfo, Signature, checksum};

const BACKUP_OFFSET: usize = 40;
const DB_SIGNATURE_OFFSET: usize = 64;
const LOG_SIGNATURE_OFFSET: usize = 92;

/// What a `.pat` file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchHeader {
    /// The backup that left it.
    pub backup: BackupInfo,
    /// Identity of the database.
    pub db_signature: Signature,
    /// Identity of its log stream.
    pub log_signature: Signature,
}

impl PatchHeader {
    /// The header at the start of a file; `None` where there is none with a right checksum.
    pub fn parse(start: &[u8]) -> Option<Self> {
        let page = PAGE_SIZES_BYTES.iter().find_map(|&size| {
            let page = start.get(..size)?;
            checksum::is_valid(page).then_some(page)
        })?;
        let signature =
            |offset: usize| Some(Signature::read_from_prefix(page.get(offset..)?).ok()?.0);
        let raw = RawBackupInfo::read_from_prefix(page.get(BACKUP_OFFSET..)?).ok()?.0;
        let header = Self {
            backup: BackupInfo::new(&raw, 0),
            db_signature: signature(DB_SIGNATURE_OFFSET)?,
            log_signature: signature(LOG_SIGNATURE_OFFSET)?,
        };
        (!header.db_signature.is_unset()).then_some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a live store's file, at these offsets.
    fn patch_page(size: usize) -> Vec<u8> {
        let mut page = vec![0; size];
        page[40..64].copy_from_slice(&[
            0x3e, 0x0c, 2, 0, 1, 0, 0, 0, 0x38, 0x11, 9, 0x0b, 3, 0x76, 1, 0, 1, 0, 0, 0, 1, 0, 0,
            0,
        ]);
        page[64..68].copy_from_slice(&[0xc9, 0x5f, 4, 0]);
        page[92..96].copy_from_slice(&[0xa1, 0xb4, 4, 0]);
        checksum::seal(&mut page);
        page
    }

    #[test]
    fn the_generations_and_both_signatures() {
        let header = PatchHeader::parse(&patch_page(8192).repeat(2)).unwrap();
        assert_eq!((header.backup.gen_low, header.backup.gen_high), (1, 1));
        assert_eq!(header.backup.mark.to_string(), "(0x1,2,C3E)");
        assert_eq!(header.db_signature.random, 0x4_5fc9);
        assert_eq!(header.log_signature.random, 0x4_b4a1);
    }

    #[test]
    fn other_bytes_are_none() {
        assert_eq!(PatchHeader::parse(&[]), None);
        assert_eq!(PatchHeader::parse(&[0; 8192]), None);
        let mut page = patch_page(4096);
        page[64] ^= 1;
        assert_eq!(PatchHeader::parse(&page), None);
    }
}
