//! Records of Exchange 2003, as far as the practice logs have them.

use zerocopy::{FromZeros, IntoBytes};

use super::Moment;
use super::attachment::Attachment;
use super::database::OBJECT_ID;
use super::noise::fill_with_noise;
use crate::ese::log_records::{
    RawAttachDb, RawBackup, RawDetachDb, RawEngineEnd, RawPageHead, RecordKind, WithTime,
};
use crate::ese::{LgPos, Signature};

/// Time stamp, a counter, of the databases when a log was created.
pub(super) fn db_time(generation: u32) -> u64 {
    u64::from(generation.min(100)) * 2
}

/// A database is attached, for the first time.
pub(super) fn attach(attachment: &Attachment, log_signature: Signature) -> Vec<u8> {
    let names = attachment.names();
    let mut raw = RawAttachDb::new_zeroed();
    raw.record_type = RecordKind::ATTACH_DB.0;
    raw.dbid = attachment.dbid;
    raw.db_signature = attachment.db_signature;
    raw.log_signature = log_signature;
    raw.names_bytes = small(names.len()).into();
    [raw.as_bytes(), &names].concat()
}

/// A database is detached.
pub(super) fn detach(attachment: &Attachment) -> Vec<u8> {
    let names = attachment.names();
    let mut raw = RawDetachDb::new_zeroed();
    raw.record_type = RecordKind::DETACH_DB.0;
    raw.dbid = attachment.dbid;
    raw.names_bytes = small(names.len()).into();
    [raw.as_bytes(), &names].concat()
}

/// A full backup begins.
pub(super) fn full_backup() -> Vec<u8> {
    let mut raw = RawBackup::new_zeroed();
    raw.record_type = RecordKind::BACKUP.0;
    raw.as_bytes().to_vec()
}

/// The engine has come to its end: the mark of the shutdown, and the end itself.
pub(super) fn shutdown(begin: LgPos, end: Moment) -> [Vec<u8>; 2] {
    let mut raw = RawEngineEnd::new_zeroed();
    raw.record_type = RecordKind::TERM_2.0;
    raw.begin_pos = begin.into();
    let with_time = WithTime { record: raw, time: end.time };
    [vec![RecordKind::SHUT_DOWN_MARK.0], with_time.as_bytes().to_vec()]
}

/// A note for people, at least 5 bytes long.
pub(super) fn note(length: usize) -> Vec<u8> {
    const HEAD_BYTES: usize = 5;
    const TEXT: &[u8] = b"practice ";
    let text: Vec<u8> =
        TEXT.iter().copied().cycle().take(length.saturating_sub(HEAD_BYTES)).collect();
    let [low, high] = small(text.len()).to_le_bytes();
    [&[RecordKind::TRACE.0, 0, 0, low, high], text.as_slice()].concat()
}

/// Noise is inserted into a page; `None` where the length is too small for that.
pub(super) fn change_page(
    dbid: u8,
    generation: u32,
    number: u32,
    length: usize,
) -> Option<Vec<u8>> {
    /// Rest of the head of an insertion: two numbers, the object id, three lengths.
    const REST_BYTES: usize = 18;
    const PAGES: u32 = 6;
    let data_bytes = length.checked_sub(size_of::<RawPageHead>() + REST_BYTES)?;
    let mut head = RawPageHead::new_zeroed();
    head.record_type = RecordKind::INSERT.0;
    head.session = 1.into();
    head.dbid = dbid;
    head.page = (1 + number % PAGES).into();
    head.db_time = (db_time(generation) + 1 + u64::from(number % 2)).into();
    head.db_time_before = db_time(generation).into();
    head.level = 1;
    let mut rest = [0; REST_BYTES];
    rest[8..12].copy_from_slice(&OBJECT_ID.to_le_bytes());
    rest[16..18].copy_from_slice(&small(data_bytes).to_le_bytes());
    let mut data = vec![0; data_bytes];
    fill_with_noise(&mut data, generation << 16 ^ number);
    Some([head.as_bytes(), &rest, &data].concat())
}

/// A length inside of a record.
fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filling_has_the_length_that_was_asked_for() {
        for length in 5..300 {
            assert_eq!(note(length).len(), length);
            let change = change_page(1, 2, 3, length);
            assert_eq!(change.map(|record| record.len()), (length >= 50).then_some(length));
        }
    }
}
