//! What is fuzzed of log bodies: bytes in, and nothing may panic. The same functions run as properties
//! in `tests/log_bodies`, so a target cannot rot unnoticed.

use edbmend::ese::log_body::{
    BodyReader, BodyReport, CHECKSUM_RECORD_BYTES, CHECKSUM_RECORD_TYPE, LogRole, ONE_SECTOR,
    RawChecksumRecord, RawSegmentHeader, SEGMENT_BYTES, SEGMENT_HEADER_BYTES, SEVERAL_SECTORS,
};
use edbmend::ese::log_history::{LogHistory, MOST_DATABASES};
use edbmend::ese::log_records::{
    LARGEST_RECORD_BYTES, LogRecord, RecordVisitor, RecordWalk, WalkReport,
};
use edbmend::ese::{LgPos, LogHeader, RawLogHeader, checksum, page};
use zerocopy::{FromZeros, IntoBytes};

const GENERATION: i32 = 3;

/// A header that is right, before a body of that many sectors.
fn header(segmented: bool, body_sectors: usize) -> LogHeader {
    let mut raw = RawLogHeader::new_zeroed();
    let (sector_bytes, version) = if segmented { (4096, (8, 4000)) } else { (512, (7, 3704)) };
    raw.generation = GENERATION.into();
    raw.sector_bytes = sector_bytes.into();
    raw.header_sectors = (4096 / sector_bytes).into();
    raw.file_sectors =
        u16::try_from(body_sectors + 4096 / usize::from(sector_bytes)).unwrap().into();
    raw.version_major = version.0.into();
    raw.version_minor = version.1.into();
    raw.version_update_major = 5.into();
    checksum::seal(raw.as_mut_bytes());
    LogHeader { raw }
}

/// Sees that no record is larger than it may be, and that they come in their order.
#[derive(Default)]
struct Watch {
    history: LogHistory,
    last: LgPos,
}

impl RecordVisitor for Watch {
    fn record(&mut self, record: &LogRecord<'_>) {
        assert!(record.bytes.len() <= LARGEST_RECORD_BYTES as usize && !record.bytes.is_empty());
        assert!(record.at >= self.last, "{:?} behind {:?}", record, self.last);
        self.last = record.at;
        self.history.record(record);
        assert!(self.history.databases().len() <= MOST_DATABASES);
    }

    fn tentative(&mut self) {
        self.history.tentative();
    }

    fn settle(&mut self, right: bool) {
        self.history.settle(right);
    }
}

/// Reads a body in chunks; the last `unreadable` bytes are such.
fn read(header: &LogHeader, role: LogRole, body: &[u8], chunk: usize, unreadable: usize) -> Said {
    let mut watch = Watch::default();
    watch.history.begin_log(header);
    let mut reader = BodyReader::new(header, role, RecordWalk::new(watch)).expect("it is right");
    let readable = &body[..body.len() - unreadable];
    readable.chunks(chunk).for_each(|chunk| reader.feed(chunk));
    reader.unreadable(unreadable as u64);
    let (body, walk) = reader.finish();
    let (walk, watch) = walk.finish();
    (body, walk, format!("{:?}", watch.history))
}

type Said = (BodyReport, WalkReport, String);

/// Whatever the size of the chunks, one thing is said of a body.
fn read_in_every_way(header: &LogHeader, body: &[u8], choice: u8) {
    let role = if choice & 4 == 0 { LogRole::Current } else { LogRole::Closed };
    let whole = read(header, role, body, body.len().max(1), 0);
    assert_eq!(whole, read(header, role, body, 1 + usize::from(choice) * 9, 0));
    let _ = read(header, role, body, 5000, body.len() / 3);
}

/// A body of any bytes. The first one chooses format and role, and whether checksums are made right.
pub fn log_body(bytes: &[u8]) {
    let Some((&choice, body)) = bytes.split_first() else { return };
    let mut body = body.to_vec();
    let segmented = choice & 1 == 0;
    if segmented && choice & 2 == 0 {
        seal_segments(&mut body);
    }
    let sector_bytes = if segmented { SEGMENT_BYTES } else { 512 };
    let header = header(segmented, body.len() / sector_bytes + usize::from(choice >> 7));
    read_in_every_way(&header, &body, choice);
}

/// Gives each segment its own number, or that of the one before, as its own bytes say.
fn seal_segments(body: &mut [u8]) {
    for (number, segment) in (1_u32..).zip(body.chunks_exact_mut(SEGMENT_BYTES)) {
        segment[37] |= 0x20;
        page::seal_page(segment, number - u32::from(segment[24] & 1));
    }
}

/// Any bytes as records of a log that is right. The first one chooses the format.
pub fn log_records(bytes: &[u8]) {
    let Some((&choice, records)) = bytes.split_first() else { return };
    let body = if choice & 1 == 0 { in_segments(records) } else { in_one_flush(records) };
    let sector_bytes = if choice & 1 == 0 { SEGMENT_BYTES } else { 512 };
    let header = header(choice & 1 == 0, body.len() / sector_bytes + 1);
    read_in_every_way(&header, &body, choice);
}

fn in_segments(records: &[u8]) -> Vec<u8> {
    let parts = records.chunks(SEGMENT_BYTES - SEGMENT_HEADER_BYTES);
    let segments = (1_u16..).zip(parts).flat_map(|(number, part)| {
        let mut head = RawSegmentHeader::new_zeroed();
        head.pos = LgPos { generation: GENERATION, sector: number, offset: 0 }.into();
        head.flags = page::FLAG_NEW_CHECKSUM.into();
        let mut segment = [head.as_bytes(), part].concat();
        segment.resize(SEGMENT_BYTES, 0);
        page::seal_page(&mut segment, number.into());
        segment
    });
    segments.collect()
}

fn in_one_flush(records: &[u8]) -> Vec<u8> {
    let mut body = [&[0; CHECKSUM_RECORD_BYTES], records].concat();
    body.resize(body.len().next_multiple_of(512), 0);
    let (first, later) = body[CHECKSUM_RECORD_BYTES..].split_at(512 - CHECKSUM_RECORD_BYTES);
    let raw = RawChecksumRecord {
        record_type: CHECKSUM_RECORD_TYPE,
        bytes_before: 0.into(),
        bytes_behind: u32::try_from(first.len() + later.len()).unwrap().into(),
        next: 0.into(),
        checksum: 0.into(),
        short_checksum: 0.into(),
        extent: if later.is_empty() { ONE_SECTOR } else { SEVERAL_SECTORS },
    };
    let sealed = raw.sealed(GENERATION, &[], &[first, later]);
    body[..CHECKSUM_RECORD_BYTES].copy_from_slice(sealed.as_bytes());
    body
}
