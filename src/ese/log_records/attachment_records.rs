//! Records of databases that come, go and change their size.
//!
//! Source: `dev/ese/src/inc/logapi.hxx`, `LRCREATEDB`, `LRATTACHDB`, `LRDETACHDB`, `LRREATTACHDB`,
//! `LRSETDBVERSION`, `LRSHRINKDB`.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::ese::attach_list::split_names;
use crate::ese::{RawLgPos, Signature};

/// `CreateDB`: its position is the last attach of the new database. The names follow.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawCreateDb {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: session.
    pub session: U16,
    /// Offset 3: database id.
    pub dbid: u8,
    /// Offset 4: options of the call.
    pub options: U32,
    /// Offset 8: maximum size, pages; 0 = unlimited.
    pub max_pages: U32,
    /// Offset 12: identity of the database.
    pub db_signature: Signature,
    /// Offset 40: bytes of the names.
    pub names_bytes: U16,
    /// Offset 42: 4: a version stands in front of the names; 8: the names are UTF-16.
    pub flags: u8,
}

/// `AttachDB`: its position is the last attach of the database. The names follow.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawAttachDb {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: session.
    pub session: U16,
    /// Offset 3: database id.
    pub dbid: u8,
    /// Offset 4: maximum size, pages; 0 = unlimited.
    pub max_pages: U32,
    /// Offset 8: last consistent point of the database, as its header has it.
    pub consistent_pos: RawLgPos,
    /// Offset 16: identity of the database.
    pub db_signature: Signature,
    /// Offset 44: log stream of the database before.
    pub log_signature: Signature,
    /// Offset 72: bytes of the names.
    pub names_bytes: U16,
    /// Offset 74: 8: the names are UTF-16.
    pub flags: u8,
}

/// `DetachDB`: its position is the last detach of the database. The names follow. A shutdown detaches
/// every database without such a record.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawDetachDb {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: session.
    pub session: U16,
    /// Offset 3: database id.
    pub dbid: u8,
    /// Offset 4: bytes of the names.
    pub names_bytes: U16,
    /// Offset 6: 0x10: the names are UTF-16.
    pub flags: u8,
}

/// `ReAttach`: a recovery that kept its attachments goes on as an engine.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawReAttach {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: bytes behind this field.
    pub length: U32,
    /// Offset 5: database id.
    pub dbid: u8,
    /// Offset 6: last attach.
    pub attach_pos: RawLgPos,
    /// Offset 14: last consistent point.
    pub consistent_pos: RawLgPos,
    /// Offset 22: identity of the database.
    pub db_signature: Signature,
}

/// `SetDbVersion`: the format of a database is raised.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawSetDbVersion {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: database id.
    pub dbid: u8,
    /// Offset 2: version.
    pub version: U32,
    /// Offset 6: update, first number.
    pub update_major: U32,
    /// Offset 10: update, second number.
    pub update_minor: U32,
}

/// `ShrinkDB`, its later forms, and `TrimDB`; `ExtendDB` from its database id on.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawDatabaseSize {
    /// Offset 0: database id.
    pub dbid: u8,
    /// Offset 1: last page of the new size, or first of the trimmed ones.
    pub page: U32,
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawCreateDb>() == 43);
    assert!(offset_of!(RawCreateDb, db_signature) == 12);
    assert!(offset_of!(RawCreateDb, names_bytes) == 40);
    assert!(size_of::<RawAttachDb>() == 75);
    assert!(offset_of!(RawAttachDb, consistent_pos) == 8);
    assert!(offset_of!(RawAttachDb, log_signature) == 44);
    assert!(offset_of!(RawAttachDb, names_bytes) == 72);
    assert!(size_of::<RawDetachDb>() == 7);
    assert!(size_of::<RawReAttach>() == 50);
    assert!(offset_of!(RawReAttach, attach_pos) == 6);
    assert!(offset_of!(RawReAttach, db_signature) == 22);
    assert!(size_of::<RawSetDbVersion>() == 14);
};

/// The names behind the head of a record: paths on the server of a database and of its streaming file;
/// of a restore the instance, and the folder of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordNames<'a> {
    /// As stored, terminators included.
    pub bytes: &'a [u8],
    /// Whether they are UTF-16, and not in the server's code page.
    pub unicode: bool,
}

impl<'a> RecordNames<'a> {
    /// The names behind the head of a record, as far as they are there.
    pub(super) fn behind(head: &'a [u8], names_bytes: U16, unicode: bool) -> Self {
        let length = usize::from(names_bytes.get()).min(head.len());
        Self { bytes: &head[..length], unicode }
    }

    /// The first one, undecodable characters replaced; empty where it is missing.
    pub fn first(&self) -> String {
        split_names(self.bytes, self.unicode).into_iter().next().unwrap_or_default()
    }

    /// The second one, undecodable characters replaced; `None` where it is missing or empty.
    pub fn second(&self) -> Option<String> {
        split_names(self.bytes, self.unicode).into_iter().nth(1).filter(|name| !name.is_empty())
    }
}
