//! Records of the start and the end of an engine's run.
//!
//! Source: `dev/ese/src/inc/logapi.hxx`, `LRINIT2`, `LRTERMREC2`.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::ese::{LogTime, RawDbmsParam, RawLgPos};

/// `Init`, and with the time behind it `Init2`: an engine starts. 568 bytes.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawInit {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: the environment of this run.
    pub environment: RawDbmsParam,
}

/// `Term`, `RecoveryQuit`, and with the time behind it `Term2`, `RecoveryQuit2` and
/// `RecoveryQuitKeepAttachments`: an engine, or a recovery, has come to its end. 18 bytes.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawEngineEnd {
    /// Offset 0.
    pub record_type: u8,
    /// Offset 1: of a recovery its `RecoveryUndo`; else the `Init` of this run.
    pub begin_pos: RawLgPos,
    /// Offset 9: of a recovery where its redo began; else without meaning, in old engines rubbish.
    pub redo_pos: RawLgPos,
    /// Offset 17: of a recovery whether it was one from a backup; else without meaning.
    pub hard: u8,
}

/// The time that follows either of them in its newer form.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct WithTime<T> {
    /// Offset 0.
    pub record: T,
    /// Behind it.
    pub time: LogTime,
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawInit>() == 568);
    assert!(size_of::<WithTime<RawInit>>() == 576);
    assert!(size_of::<RawEngineEnd>() == 18);
    assert!(size_of::<WithTime<RawEngineEnd>>() == 26);
    assert!(offset_of!(RawEngineEnd, redo_pos) == 9);
    assert!(offset_of!(RawEngineEnd, hard) == 17);
};
