//! Which pages get the stamp of a record.
//!
//! Source: `dev/ese/src/inc/logapi.hxx`, `LRPAGE_` and the records that are made of it; `LREMPTYTREE`,
//! `LRNEWPAGE`.

use super::RecordKind;

/// Bytes of one page in the list of `EmptyTree`: stamp before, page, flags.
const EMPTY_PAGE_BYTES: usize = 16;

/// Where the list of `EmptyTree` begins, and where its length stands.
const EMPTY_PAGES_AT: usize = 46;
const EMPTY_PAGES_LENGTH_AT: usize = 44;

/// A stamp that no page has: a new page, one that was trimmed, one that was reverted.
const FIRST_SPECIAL_STAMP: u64 = 0xffff_ffff_ffff_fffb;

/// Whether this can be the stamp of a change. Zero and the highest values have other meanings.
pub fn is_stamp(stamp: u64) -> bool {
    (1..FIRST_SPECIAL_STAMP).contains(&stamp)
}

/// A record that gives pages a stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampedPages {
    /// Database id.
    pub dbid: u8,
    /// The stamp that the pages have afterwards.
    pub after: u64,
    /// Each page, and its stamp before where the record tells it.
    pub pages: Vec<(u32, Option<u64>)>,
}

/// The pages that a record stamps; `None` of a record that changes none.
pub fn stamped_pages(kind: RecordKind, bytes: &[u8]) -> Option<StampedPages> {
    if kind == RecordKind::NEW_PAGE {
        let pages = vec![(long(bytes, 4), None)];
        return Some(StampedPages { dbid: *bytes.get(3)?, after: wide(bytes, 12), pages });
    }
    if !kind.is_page_change() {
        return None;
    }
    let before = Some(wide(bytes, 16)).filter(|&stamp| is_stamp(stamp));
    let mut pages = vec![(long(bytes, 4), before)];
    let further =
        |offsets: &'static [usize]| offsets.iter().map(move |&at| (long(bytes, at), None));
    match kind {
        RecordKind::CREATE_MULTIPLE_EXTENT_FDP
        | RecordKind::CONVERT_FDP
        | RecordKind::CONVERT_FDP_2 => pages.extend(further(&[36, 40])),
        RecordKind::SPLIT | RecordKind::SPLIT_2 => pages.extend(further(&[32, 36, 48])),
        RecordKind::MERGE | RecordKind::MERGE_2 => pages.extend(further(&[32, 44, 56])),
        RecordKind::PAGE_MOVE => pages.extend(further(&[32, 36, 40, 44])),
        RecordKind::EMPTY_TREE => pages.extend(emptied_pages(bytes)),
        _ => {}
    }
    pages.retain(|&(page, _)| page != 0);
    Some(StampedPages { dbid: *bytes.get(3)?, after: wide(bytes, 8), pages })
}

/// The object that a record changes; 0 where it names none.
pub fn changed_object(kind: RecordKind, bytes: &[u8]) -> u32 {
    let at = match kind {
        RecordKind::CREATE_MULTIPLE_EXTENT_FDP
        | RecordKind::CREATE_SINGLE_EXTENT_FDP
        | RecordKind::CONVERT_FDP
        | RecordKind::CONVERT_FDP_2 => 32,
        RecordKind::SPLIT | RecordKind::SPLIT_2 => 64,
        RecordKind::MERGE | RecordKind::MERGE_2 => 72,
        RecordKind::PAGE_MOVE => 76,
        RecordKind::NEW_PAGE => 8,
        RecordKind::INSERT
        | RecordKind::FLAG_INSERT
        | RecordKind::FLAG_INSERT_AND_REPLACE_DATA
        | RecordKind::FLAG_DELETE
        | RecordKind::REPLACE
        | RecordKind::DELETE => 40,
        _ => return 0,
    };
    long(bytes, at)
}

fn emptied_pages(bytes: &[u8]) -> impl Iterator<Item = (u32, Option<u64>)> + '_ {
    let length = long(bytes, EMPTY_PAGES_LENGTH_AT) & 0xffff;
    let list = bytes.get(EMPTY_PAGES_AT..).unwrap_or_default();
    let list = &list[..list.len().min(length as usize)];
    list.chunks_exact(EMPTY_PAGE_BYTES)
        .map(|one| (long(one, 8), Some(wide(one, 0)).filter(|&stamp| is_stamp(stamp))))
}

fn long(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    field.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn wide(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    field.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: RecordKind, longs: &[(usize, u32)]) -> Vec<u8> {
        let mut bytes = vec![0; 110];
        bytes[0] = kind.0;
        bytes[3] = 2;
        for &(at, value) in longs {
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_split_stamps_all_its_pages_and_tells_what_one_was() {
        let fields = [(4, 7), (8, 90), (16, 80), (32, 8), (36, 0), (48, 3), (64, 12)];
        let bytes = record(RecordKind::SPLIT_2, &fields);
        let stamped = stamped_pages(RecordKind::SPLIT_2, &bytes).unwrap();
        assert_eq!((stamped.dbid, stamped.after), (2, 90));
        assert_eq!(stamped.pages, [(7, Some(80)), (8, None), (3, None)]);
        assert_eq!(changed_object(RecordKind::SPLIT_2, &bytes), 12);
    }

    #[test]
    fn a_tree_that_is_emptied_lists_its_pages() {
        let mut bytes = record(RecordKind::EMPTY_TREE, &[(4, 7), (8, 90), (44, 16)]);
        bytes[46..54].copy_from_slice(&80u64.to_le_bytes());
        bytes[54..58].copy_from_slice(&9u32.to_le_bytes());
        let stamped = stamped_pages(RecordKind::EMPTY_TREE, &bytes).unwrap();
        assert_eq!(stamped.pages, [(7, None), (9, Some(80))]);
    }

    #[test]
    fn a_new_page_has_its_stamp_elsewhere_and_other_records_have_none() {
        let bytes = record(RecordKind::NEW_PAGE, &[(4, 7), (12, 90)]);
        let stamped = stamped_pages(RecordKind::NEW_PAGE, &bytes).unwrap();
        assert_eq!((stamped.after, stamped.pages.as_slice()), (90, &[(7, None)][..]));
        assert_eq!(stamped_pages(RecordKind::SHUT_DOWN_MARK, &[23]), None);
    }
}
