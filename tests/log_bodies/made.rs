//! Logs made for tests.

use edbmend::ese::log_body::{RawSegmentHeader, SEGMENT_BYTES};
use edbmend::ese::log_records::{RawEngineEnd, RecordKind, WithTime};
use edbmend::ese::{LgPos, LogHeader, LogTime, RawLogHeader, checksum, page};
use edbmend::practice::{Recipe, storage_group};
use zerocopy::{FromZeros, IntoBytes};

/// Generation of [`segmented`] logs.
pub const GENERATION: i32 = 0x12;

/// The practice logs with records: small ones of format 7.
pub fn practice_logs() -> Vec<Vec<u8>> {
    let files = storage_group(&Recipe::of_samples()).into_iter();
    files
        .filter(|file| file.name.starts_with("E0") && file.name.ends_with(".log"))
        .map(|file| file.bytes)
        .collect()
}

/// The last of them: it ends inside of a sector, with its copy behind it.
pub fn current_log() -> Vec<u8> {
    practice_logs().pop().expect("there are four")
}

/// A `Trace` of that many bytes.
pub fn trace(length: usize) -> Vec<u8> {
    let [low, high] = u16::try_from(length - 5).unwrap().to_le_bytes();
    let mut record = vec![b'x'; length];
    record[..5].copy_from_slice(&[RecordKind::TRACE.0, 0, 0, low, high]);
    record
}

/// The end of an engine's run.
pub fn term() -> Vec<u8> {
    let mut raw = RawEngineEnd::new_zeroed();
    raw.record_type = RecordKind::TERM_2.0;
    WithTime { record: raw, time: LogTime::default() }.as_bytes().to_vec()
}

/// A segment of a place of the log stream.
pub fn segment(generation: i32, number: u16, records: &[u8]) -> Vec<u8> {
    let mut header = RawSegmentHeader::new_zeroed();
    header.pos = LgPos { generation, sector: number, offset: 0 }.into();
    header.flags = page::FLAG_NEW_CHECKSUM.into();
    let mut bytes = [header.as_bytes(), records].concat();
    bytes.resize(SEGMENT_BYTES, 0);
    page::seal_page(&mut bytes, number.into());
    bytes
}

/// A segment of a log of [`GENERATION`], with one record that fills half of it.
pub fn own_segment(number: u16) -> Vec<u8> {
    segment(GENERATION, number, &trace(2000 + usize::from(number)))
}

/// A log of format 8 of so many segments, with this body and zero behind it.
pub fn log_of(count: u16, body: &[Vec<u8>]) -> Vec<u8> {
    let mut raw = RawLogHeader::new_zeroed();
    raw.generation = GENERATION.into();
    raw.sector_bytes = 4096.into();
    raw.header_sectors = 1.into();
    raw.file_sectors = count.into();
    raw.version_major = 8.into();
    raw.version_minor = 4000.into();
    raw.version_update_major = 4.into();
    checksum::seal(raw.as_mut_bytes());
    let mut log = [raw.as_bytes(), &body.concat()].concat();
    log.resize(usize::from(count) * SEGMENT_BYTES, 0);
    log
}

/// A current log of format 8: two segments, the copy of the second, three of zero.
pub fn segmented() -> Vec<u8> {
    let last = segment(GENERATION, 2, &[trace(300), term()].concat());
    log_of(7, &[own_segment(1), last.clone(), last])
}

/// Changes the header of a log, and makes its checksum right.
pub fn edit_header(log: &mut [u8], edit: impl FnOnce(&mut RawLogHeader)) {
    let mut header = LogHeader::parse(log).expect("a header");
    edit(&mut header.raw);
    log[..4096].copy_from_slice(header.raw.as_bytes());
    checksum::seal(&mut log[..4096]);
}
