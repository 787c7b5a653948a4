//! An open file, as the rest of the program sees it.

use std::ops::Range;
use std::path::Path;

use super::error::Result;
use super::private_map::PrivateMap;
use super::status::{Sharing, Status};

/// Why exclusive access is not proven to somebody who may not ask for it.
pub const ONLY_OWNER_CAN_TELL: &str =
    "only the owner of the file or root can prove it; be one of them";

/// The answer to a request for exclusive access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exclusive {
    /// Proven: nobody else has the file open, and an open by somebody else will be noticed.
    Granted,
    /// Somebody else has it open.
    InUse,
    /// The file system cannot tell; the reason in words.
    Unproven(String),
}

/// A file that is open past the system's cache: what is read comes from the medium. Reads and writes
/// must be of whole [`AlignedBuffer`](super::aligned::AlignedBuffer) blocks at multiples of their size.
pub struct DirectFile {
    /// The file.
    pub file: Box<dyn File>,
    /// Whether it may be written so, too: not where whoever created it lets in readers only.
    pub is_writable: bool,
}

/// An open file. Positioned reads and writes may come from several threads at once.
pub trait File: Send + Sync {
    /// Facts about the open file.
    fn status(&self) -> Result<Status>;
    /// Reads at most `buffer.len()` bytes; 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize>;
    /// The next stretch at or behind `offset` that is stored, as far as the file system tells holes
    /// apart; `None` where only a hole, or nothing, follows. A hole reads as zeros.
    fn next_data(&self, offset: u64) -> Result<Option<Range<u64>>>;
    /// Writes all of `bytes` in one positioned write; a short write is an error.
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()>;
    /// Sets the length; grown space reads as zero.
    fn set_length(&self, length_bytes: u64) -> Result<()>;
    /// Tells the file system that this empty file will have holes, where it wants to be told.
    fn allow_holes(&self) -> Result<()>;
    /// Reserves space for `length_bytes`, so that later writes cannot run out of it.
    fn reserve(&self, length_bytes: u64) -> Result<()>;
    /// Makes content and length durable.
    fn sync(&self) -> Result<()>;
    /// Asks the system to forget its cached pages, so that the next read asks the medium.
    /// `true` where it took the advice.
    fn drop_cache(&self) -> bool;
    /// A private, copy-on-write map of the first `length_bytes`: nothing written to it reaches
    /// the file.
    fn map_private(&self, length_bytes: usize) -> Result<PrivateMap>;
    /// Asks for exclusive access. The file was opened with an [`Access`](super::Access) that allows it.
    fn lock(&self) -> Exclusive;
    /// Whether exclusive access is still undisputed: `false` once somebody else tries to open the
    /// file. Always `true` where it never was proven.
    fn lock_is_undisputed(&self) -> bool;
    /// Shares the extents of `source` (reflink); `false` where the volume cannot.
    fn clone_from(&self, source: &dyn File) -> Result<bool>;
    /// Takes over owner, mode, ACL, extended attributes and times of `source`, never granting more than it does.
    fn adopt_access(&self, source: &dyn File) -> Result<()>;
    /// Says that this process is at work on what the file stands for, until it is closed; `false` where another
    /// process said so before. Nothing else is kept from the file by that.
    fn claim(&self) -> bool {
        true
    }
    /// Whether another process has claimed it.
    fn is_claimed(&self) -> bool {
        false
    }
    /// Who else can change the file, whatever its name leads to meanwhile.
    fn sharing(&self) -> Result<Sharing> {
        Ok(Sharing::default())
    }
    /// How many names (hard links) the file has.
    fn names(&self) -> Result<u64> {
        Ok(1)
    }
    /// The operating system's file, where there is one.
    fn os(&self) -> Option<&std::fs::File>;
    /// The path under which it was opened.
    fn path(&self) -> &Path;
}
