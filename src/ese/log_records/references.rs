//! How many database pages a record refers to, as the engine's dump counts them.
//!
//! Source: `dev/ese/src/ese/_log/logdump.cxx`; the sums of a log equal "Number of database page
//! references" of `eseutil /ml`.

use super::RecordKind;

/// Bytes of one page in `EmptyTree`.
const EMPTY_PAGE_BYTES: u64 = 16;

/// The page references of one record.
pub fn page_references(kind: RecordKind, bytes: &[u8]) -> u64 {
    let long = |at: usize| {
        let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
        field.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    };
    let set = |offsets: &[usize]| offsets.iter().filter(|&&at| long(at) != 0).count() as u64;
    match kind {
        RecordKind::INSERT
        | RecordKind::FLAG_INSERT
        | RecordKind::FLAG_INSERT_AND_REPLACE_DATA
        | RecordKind::FLAG_DELETE
        | RecordKind::REPLACE
        | RecordKind::REPLACE_D
        | RecordKind::DELETE
        | RecordKind::DELTA
        | RecordKind::DELTA_64
        | RecordKind::SET_EXTERNAL_HEADER
        | RecordKind::UNDO
        | RecordKind::SCRUB
        | RecordKind::CREATE_SINGLE_EXTENT_FDP
        | RecordKind::NEW_PAGE
        | RecordKind::SCAN_CHECK
        | RecordKind::SCAN_CHECK_2 => 1,
        // The page, the new one, its parent, its right neighbour.
        RecordKind::SPLIT | RecordKind::SPLIT_2 => set(&[4, 32, 48, 36]),
        // The page, its neighbours, its parent.
        RecordKind::MERGE | RecordKind::MERGE_2 => set(&[4, 32, 44, 56]),
        RecordKind::PAGE_MOVE => set(&[4, 32, 36, 40, 44]),
        RecordKind::CREATE_MULTIPLE_EXTENT_FDP
        | RecordKind::CONVERT_FDP
        | RecordKind::CONVERT_FDP_2 => 3,
        RecordKind::EMPTY_TREE => empty_pages(bytes),
        RecordKind::EXTENT_FREED | RecordKind::EXTENT_FREED_2 => long(6).into(),
        _ => 0,
    }
}

fn empty_pages(bytes: &[u8]) -> u64 {
    let length = bytes.get(44..).and_then(<[u8]>::first_chunk);
    length.map_or(0, |length| u64::from(u16::from_le_bytes(*length)) / EMPTY_PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_not_there_do_not_count() {
        let mut split = vec![0; 110];
        split[4] = 1;
        split[32] = 2;
        assert_eq!(page_references(RecordKind::SPLIT_2, &split), 2);
        split[36] = 3;
        split[48] = 4;
        assert_eq!(page_references(RecordKind::SPLIT, &split), 4);
        assert_eq!(page_references(RecordKind::SPLIT, &[]), 0);
    }

    #[test]
    fn pages_that_are_counted_in_the_record() {
        let mut record = vec![0; 46];
        record[44] = 48;
        assert_eq!(page_references(RecordKind::EMPTY_TREE, &record), 3);
        record[6] = 7;
        assert_eq!(page_references(RecordKind::EXTENT_FREED_2, &record), 7);
        assert_eq!(page_references(RecordKind::INSERT, &record), 1);
        assert_eq!(page_references(RecordKind::NOP, &record), 0);
    }
}
