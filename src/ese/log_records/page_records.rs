//! The head of every record that changes a page.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// 32 bytes. Source: `dev/ese/src/inc/logapi.hxx`, `LRPAGE_`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawPageHead {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: session.
    pub session: U16,
    /// Offset 3: database id.
    pub dbid: u8,
    /// Offset 4: page.
    pub page: U32,
    /// Offset 8: time stamp of the page after the change (a counter).
    pub db_time: U64,
    /// Offset 16: time stamp before it.
    pub db_time_before: U64,
    /// Offset 24: when the transaction began (a counter).
    pub transaction_begin: U32,
    /// Offset 28: nesting of the transaction.
    pub level: u8,
    /// Offset 29: line of the page.
    pub line: U16,
    /// Offset 31: flags.
    pub flags: u8,
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawPageHead>() == 32);
    assert!(offset_of!(RawPageHead, db_time) == 8);
    assert!(offset_of!(RawPageHead, db_time_before) == 16);
    assert!(offset_of!(RawPageHead, level) == 28);
};
