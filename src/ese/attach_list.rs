//! `ATTACHINFO`: the databases that were attached when a log or a checkpoint was written.
//!
//! A log's list is that of its creation: databases attached later are missing from it, so it can
//! find databases but never prove that these are all.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::dbms_param::ansi_text;
use super::{LgPos, RawLgPos, Signature};

/// Bytes that a log header or checkpoint has for the list.
pub const ATTACH_LIST_BYTES: usize = 2048;

/// Record flag: the names are UTF-16 (newer engines), not the server's code page.
pub const ATTACH_FLAG_UNICODE: u8 = 0x20;

/// Record flag: the database is a sparse file.
pub const ATTACH_FLAG_SPARSE: u8 = 0x40;

/// `ATTACHINFO` as stored, 64 bytes, followed by the names. Source: `dev/ese/src/inc/log.hxx`,
/// `ATTACHINFO`.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawAttachRecord {
    /// Offset 0: database id; 0 ends the list.
    pub dbid: u8,
    /// Offset 1: [`ATTACH_FLAG_UNICODE`] and others; 0x10 in all records of Windows 2003.
    pub flags: u8,
    /// Offset 2: bytes of the names behind the record, terminators included.
    pub names_bytes: U16,
    /// Offset 4: page time stamp of the database (a counter).
    pub db_time: U64,
    /// Offset 12: last object id.
    pub last_objid: U32,
    /// Offset 16: maximum size of the database, pages; 0 = unlimited.
    pub max_pages: U32,
    /// Offset 20: position of the attach.
    pub last_attach_pos: RawLgPos,
    /// Offset 28: position of the clean detach before it.
    pub last_consistent_pos: RawLgPos,
    /// Offset 36: identity of the database.
    pub db_signature: Signature,
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawAttachRecord>() == 64);
    assert!(offset_of!(RawAttachRecord, flags) == 1);
    assert!(offset_of!(RawAttachRecord, names_bytes) == 2);
    assert!(offset_of!(RawAttachRecord, db_time) == 4);
    assert!(offset_of!(RawAttachRecord, last_objid) == 12);
    assert!(offset_of!(RawAttachRecord, max_pages) == 16);
    assert!(offset_of!(RawAttachRecord, last_attach_pos) == 20);
    assert!(offset_of!(RawAttachRecord, last_consistent_pos) == 28);
    assert!(offset_of!(RawAttachRecord, db_signature) == 36);
};

/// One database of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AttachedDatabase {
    /// Database id, 1-6.
    pub dbid: u8,
    /// Page time stamp of the database (a counter).
    pub db_time: u64,
    /// Last object id.
    pub last_objid: u32,
    /// Maximum size of the database, pages; 0 = unlimited.
    pub max_pages: u32,
    /// Whether it is a sparse file.
    pub sparse: bool,
    /// Position of the attach.
    pub last_attach: LgPos,
    /// Position of the clean detach before it.
    pub last_consistent: LgPos,
    /// Identity of the database.
    pub db_signature: Signature,
    /// Path of the database on the server; undecodable characters replaced.
    pub database_path: String,
    /// Path of the streaming file on the server (Exchange 2000 and 2003).
    pub streaming_path: Option<String>,
}

/// A record leaves the space of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttachListError {
    /// Offset of the record inside the list, bytes.
    pub offset: usize,
}

impl fmt::Display for AttachListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the attach list is damaged: the record at byte {} is too long", self.offset)
    }
}

impl std::error::Error for AttachListError {}

/// Reads a list; `area` is all the space that it has. An empty list has no databases.
///
/// # Errors
/// If a record leaves the space.
pub fn parse_attach_list(area: &[u8]) -> Result<Vec<AttachedDatabase>, AttachListError> {
    let mut databases = Vec::new();
    let mut rest = area;
    while rest.first().is_some_and(|&dbid| dbid != 0) {
        let offset = area.len() - rest.len();
        let (database, behind) = take_record(rest).ok_or(AttachListError { offset })?;
        databases.push(database);
        rest = behind;
    }
    Ok(databases)
}

fn take_record(bytes: &[u8]) -> Option<(AttachedDatabase, &[u8])> {
    let (raw, behind) = RawAttachRecord::read_from_prefix(bytes).ok()?;
    let (names, behind) = behind.split_at_checked(raw.names_bytes.get().into())?;
    Some((AttachedDatabase::new(&raw, names), behind))
}

impl AttachedDatabase {
    fn new(raw: &RawAttachRecord, names: &[u8]) -> Self {
        let mut paths = split_names(names, raw.flags & ATTACH_FLAG_UNICODE != 0).into_iter();
        Self {
            dbid: raw.dbid,
            db_time: raw.db_time.get(),
            last_objid: raw.last_objid.get(),
            max_pages: raw.max_pages.get(),
            sparse: raw.flags & ATTACH_FLAG_SPARSE != 0,
            last_attach: raw.last_attach_pos.into(),
            last_consistent: raw.last_consistent_pos.into(),
            db_signature: raw.db_signature,
            database_path: paths.next().unwrap_or_default(),
            streaming_path: paths.next().filter(|path| !path.is_empty()),
        }
    }
}

/// The texts before each terminator.
pub(super) fn split_names(names: &[u8], unicode: bool) -> Vec<String> {
    if !unicode {
        return names.split(|&byte| byte == 0).map(ansi_text).collect();
    }
    let units = names.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    let units: Vec<u16> = units.collect();
    units.split(|&unit| unit == 0).map(String::from_utf16_lossy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(dbid: u8, flags: u8, names: &[u8]) -> Vec<u8> {
        let mut raw = RawAttachRecord::read_from_bytes(&[0; 64]).unwrap();
        raw.dbid = dbid;
        raw.flags = flags;
        raw.names_bytes = u16::try_from(names.len()).unwrap().into();
        raw.db_time = 0x1_0000_0001.into();
        [raw.as_bytes(), names].concat()
    }

    #[test]
    fn two_databases_one_with_a_streaming_file() {
        let mut area = record(1, 0x10, b"C:\\a\\priv1.edb\0C:\\a\\priv1.stm\0");
        area.extend(record(2, 0x10, b"C:\\a\\pub1.edb\0"));
        area.resize(ATTACH_LIST_BYTES, 0);
        let list = parse_attach_list(&area).unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].database_path, "C:\\a\\priv1.edb");
        assert_eq!(list[0].streaming_path.as_deref(), Some("C:\\a\\priv1.stm"));
        assert_eq!(list[0].db_time, 0x1_0000_0001);
        assert_eq!((list[1].dbid, list[1].streaming_path.as_deref()), (2, None));
    }

    #[test]
    fn unicode_names() {
        let names: Vec<u8> =
            "D:\\M\u{fc}ll.edb\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let list = parse_attach_list(&record(1, 0x60, &names)).unwrap();
        assert_eq!(list[0].database_path, "D:\\M\u{fc}ll.edb");
        assert_eq!(list[0].streaming_path, None);
    }

    #[test]
    fn empty_lists() {
        assert_eq!(parse_attach_list(&[]), Ok(vec![]));
        assert_eq!(parse_attach_list(&[0; ATTACH_LIST_BYTES]), Ok(vec![]));
        let nameless = parse_attach_list(&record(1, 0, b"")).unwrap();
        assert_eq!(nameless[0].database_path, "");
    }

    #[test]
    fn a_record_that_leaves_the_space_is_an_error() {
        let mut area = record(1, 0, b"a\0");
        area.extend(record(2, 0, b"b\0"));
        for cut in 67..area.len() {
            assert_eq!(parse_attach_list(&area[..cut]), Err(AttachListError { offset: 66 }));
        }
        assert_eq!(parse_attach_list(&area[..66]).unwrap().len(), 1);
        assert_eq!(parse_attach_list(&[0xff; 2048]), Err(AttachListError { offset: 0 }));
    }

    #[test]
    fn damaged_names_are_read_as_far_as_they_go() {
        let odd = parse_attach_list(&record(1, ATTACH_FLAG_UNICODE, b"a\0b")).unwrap();
        assert_eq!(odd[0].database_path, "a");
        let half = parse_attach_list(&record(1, ATTACH_FLAG_UNICODE, &[0, 0xd8, 0, 0])).unwrap();
        assert_eq!(half[0].database_path, "\u{fffd}");
        let endless = parse_attach_list(&record(1, 0, b"no end")).unwrap();
        assert_eq!(endless[0].database_path, "no end");
    }
}
