//! The records of a transaction log.
//!
//! [`RecordWalk`] takes what a [`BodyReader`](super::log_body::BodyReader) finds in a body, and shows
//! each record with its position to a [`RecordVisitor`]. It holds one record at most, of
//! [`LARGEST_RECORD_BYTES`]. [`LogRecord::value`] reads those that matter.

mod attachment_records;
mod backup_records;
mod engine_records;
mod fragments;
mod kind;
mod lengths;
mod page_records;
mod references;
mod stamped_pages;
mod stop;
mod stream;
mod value;
mod walk;

pub use attachment_records::{
    RawAttachDb, RawCreateDb, RawDatabaseSize, RawDetachDb, RawReAttach, RawSetDbVersion,
    RecordNames,
};
pub use backup_records::{BackupPhase, BackupScope, RawBackup, RawBackup2};
pub use engine_records::{RawEngineEnd, RawInit, WithTime};
pub use kind::RecordKind;
pub use lengths::LARGEST_RECORD_BYTES;
pub use page_records::RawPageHead;
pub use references::page_references;
pub use stamped_pages::{StampedPages, changed_object, is_stamp, stamped_pages};
pub use stop::{StopReason, WalkStop};
pub use value::RecordValue;
pub use walk::{RecordWalk, WalkReport};

use super::LgPos;

/// One record, fragments joined.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'a> {
    /// Where it begins. The first record of a segment of format 8 has the byte 0.
    pub at: LgPos,
    /// All its bytes, at least one.
    pub bytes: &'a [u8],
}

impl<'a> LogRecord<'a> {
    /// Its type.
    pub fn kind(&self) -> RecordKind {
        RecordKind(self.bytes.first().copied().unwrap_or_default())
    }

    /// What it says; `None` where it is one of those that do not matter here.
    pub fn value(&self) -> Option<RecordValue<'a>> {
        RecordValue::read(self.kind(), self.bytes)
    }
}

/// Sees the records of a log in their order.
pub trait RecordVisitor {
    /// The next record. Padding is none; checksum records of format 7 are.
    fn record(&mut self, record: &LogRecord<'_>);

    /// Format 7: from here to the next checksum record nothing can be read, because the length of this
    /// record is not known.
    fn hidden(&mut self, at: LgPos, kind: RecordKind) {
        let _ = (at, kind);
    }

    /// Format 7: what comes from now on may have to be forgotten.
    fn tentative(&mut self) {}

    /// Format 7: it counts, or all of it is to be forgotten.
    fn settle(&mut self, right: bool) {
        let _ = right;
    }
}

/// Looks at none.
impl RecordVisitor for () {
    fn record(&mut self, _: &LogRecord<'_>) {}
}

impl<V: RecordVisitor> RecordVisitor for &mut V {
    fn record(&mut self, record: &LogRecord<'_>) {
        (**self).record(record);
    }

    fn hidden(&mut self, at: LgPos, kind: RecordKind) {
        (**self).hidden(at, kind);
    }

    fn tentative(&mut self) {
        (**self).tentative();
    }

    fn settle(&mut self, right: bool) {
        (**self).settle(right);
    }
}
