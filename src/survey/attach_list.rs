//! The list of attached databases that the current log and the checkpoint hold, where it is damaged.

use std::fmt;
use std::path::Path;

use crate::ese::AttachListError;
use crate::ese::attach_list::ATTACH_LIST_BYTES;

/// An attach list that cannot be read to its end.
pub struct AttachListFault<'a> {
    /// The log, or the checkpoint.
    pub path: &'a Path,
    /// Which of the two it is.
    pub holder: AttachListHolder,
    /// Offset in the file of the record that does not fit.
    pub record_offset: usize,
    /// Offset in the file at which the list ends at the latest.
    pub end_offset: usize,
}

/// A file that holds an attach list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachListHolder {
    /// The current log.
    Log,
    /// The checkpoint.
    Checkpoint,
}

impl<'a> AttachListFault<'a> {
    /// Of the list that begins at `list_offset` of a file, in bytes.
    pub(super) fn new(
        holder: AttachListHolder,
        path: &'a Path,
        list_offset: usize,
        fault: AttachListError,
    ) -> Self {
        let record_offset = list_offset + fault.offset;
        Self { path, holder, record_offset, end_offset: list_offset + ATTACH_LIST_BYTES }
    }
}

impl fmt::Display for AttachListFault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the attach list is damaged: found a record at offset {} that leaves the list, expected all \
             of them to end before offset {}",
            self.record_offset, self.end_offset
        )
    }
}
