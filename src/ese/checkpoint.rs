//! The checkpoint file: from where the engine replays the logs. Two copies of 4096 bytes.

use schemars::JsonSchema;
use serde::Serialize;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::attach_list::{ATTACH_LIST_BYTES, AttachListError, AttachedDatabase, parse_attach_list};
use super::{DbmsParam, FileType, LgPos, LogTime, RawDbmsParam, RawLgPos, Signature, checksum};

/// Bytes of one copy; the second one begins where the first one ends.
pub const CHECKPOINT_COPY_BYTES: usize = 4096;

/// Checkpoint flag: the copy has an attach list.
pub const CHECKPOINT_FLAG_ATTACH_LIST: u8 = 0x01;

/// One copy as stored. Source: `dev/ese/src/inc/log.hxx`.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawCheckpoint {
    /// Offset 0: XOR checksum of the 4096 bytes (`checksum::xor_short`).
    pub checksum: U32,
    /// Offset 4: checkpoint at the last full backup.
    pub full_backup_checkpoint_pos: RawLgPos,
    /// Offset 12: the checkpoint.
    pub checkpoint_pos: RawLgPos,
    /// Offset 20: identity of the log stream.
    pub log_signature: Signature,
    /// Offset 48: environment of the engine.
    pub environment: RawDbmsParam,
    /// Offset 615: last full backup.
    pub full_backup_pos: RawLgPos,
    /// Offset 623: its time.
    pub full_backup_time: LogTime,
    /// Offset 631: last incremental backup.
    pub incremental_backup_pos: RawLgPos,
    /// Offset 639: its time.
    pub incremental_backup_time: LogTime,
    /// Offset 647: [`CHECKPOINT_FLAG_ATTACH_LIST`].
    pub flags: u8,
    /// Offset 648: database consistency; zero = as the checkpoint.
    pub consistency_pos: RawLgPos,
    /// Offset 656: reserved.
    pub reserved_656: [u8; 11],
    /// Offset 667: [`FileType`]; unaligned; 0 in old files.
    pub file_type: U32,
    /// Offset 671: reserved.
    pub reserved_671: [u8; 8],
    /// Offset 679: attached databases ([`parse_attach_list`]).
    pub attach_list: [u8; ATTACH_LIST_BYTES],
    /// Offset 2727: zero.
    pub reserved_2727: [u8; 1369],
}

/// Where the attach list of a checkpoint begins, bytes.
pub const CHECKPOINT_ATTACH_LIST_OFFSET: usize = 679;

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawCheckpoint>() == CHECKPOINT_COPY_BYTES);
    assert!(offset_of!(RawCheckpoint, full_backup_checkpoint_pos) == 4);
    assert!(offset_of!(RawCheckpoint, checkpoint_pos) == 12);
    assert!(offset_of!(RawCheckpoint, log_signature) == 20);
    assert!(offset_of!(RawCheckpoint, environment) == 48);
    assert!(offset_of!(RawCheckpoint, full_backup_pos) == 615);
    assert!(offset_of!(RawCheckpoint, full_backup_time) == 623);
    assert!(offset_of!(RawCheckpoint, incremental_backup_pos) == 631);
    assert!(offset_of!(RawCheckpoint, incremental_backup_time) == 639);
    assert!(offset_of!(RawCheckpoint, flags) == 647);
    assert!(offset_of!(RawCheckpoint, consistency_pos) == 648);
    assert!(offset_of!(RawCheckpoint, reserved_656) == 656);
    assert!(offset_of!(RawCheckpoint, file_type) == FileType::OFFSET);
    assert!(offset_of!(RawCheckpoint, reserved_671) == 671);
    assert!(offset_of!(RawCheckpoint, attach_list) == CHECKPOINT_ATTACH_LIST_OFFSET);
    assert!(offset_of!(RawCheckpoint, reserved_2727) == 2727);
};

/// Which of the two copies have a right checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckpointCopies {
    /// Both, and they are equal.
    Equal,
    /// Both, but they differ; the first one counts.
    Different,
    /// Only the first one.
    FirstOnly,
    /// Only the second one, which counts.
    SecondOnly,
}

/// A checkpoint that was read.
#[derive(Clone)]
pub struct Checkpoint {
    /// Every field as stored.
    pub raw: RawCheckpoint,
}

impl Checkpoint {
    /// Reads one copy; `None` where `copy` has less than [`CHECKPOINT_COPY_BYTES`]. Nothing is
    /// validated.
    pub fn parse(copy: &[u8]) -> Option<Self> {
        RawCheckpoint::read_from_prefix(copy).ok().map(|(raw, _)| Self { raw })
    }

    /// Reads the copy that the engine believes; `None` where neither has a right checksum.
    /// `file` is the whole file. Source: `dev/ese/src/ese/_osu/fileu.cxx`.
    pub fn elect(file: &[u8]) -> Option<(Self, CheckpointCopies)> {
        let first = valid_copy(file, 0);
        let second = valid_copy(file, CHECKPOINT_COPY_BYTES);
        let (elected, copies) = match (first, second) {
            (Some(first), Some(second)) if first == second => (first, CheckpointCopies::Equal),
            (Some(first), Some(_)) => (first, CheckpointCopies::Different),
            (Some(first), None) => (first, CheckpointCopies::FirstOnly),
            (None, Some(second)) => (second, CheckpointCopies::SecondOnly),
            (None, None) => return None,
        };
        Self::parse(elected).map(|checkpoint| (checkpoint, copies))
    }

    /// Kind of file that the header claims to belong to.
    pub fn file_type(&self) -> FileType {
        self.raw.file_type.get().into()
    }

    /// From where the engine replays.
    pub fn checkpoint(&self) -> LgPos {
        self.raw.checkpoint_pos.into()
    }

    /// Position of the last full backup.
    pub fn full_backup(&self) -> LgPos {
        self.raw.full_backup_pos.into()
    }

    /// Position of the last incremental backup.
    pub fn incremental_backup(&self) -> LgPos {
        self.raw.incremental_backup_pos.into()
    }

    /// Environment of the engine that wrote the file.
    pub fn environment(&self) -> DbmsParam {
        DbmsParam::from(&self.raw.environment)
    }

    /// Attached databases; none where the flag says that there is no list.
    ///
    /// # Errors
    /// If the list is damaged.
    pub fn attached(&self) -> Result<Vec<AttachedDatabase>, AttachListError> {
        if self.raw.flags & CHECKPOINT_FLAG_ATTACH_LIST == 0 {
            return Ok(Vec::new());
        }
        parse_attach_list(&self.raw.attach_list)
    }
}

fn valid_copy(file: &[u8], offset: usize) -> Option<&[u8]> {
    let copy = file.get(offset..offset + CHECKPOINT_COPY_BYTES)?;
    checksum::is_valid(copy).then_some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(generation: i32) -> Vec<u8> {
        let mut raw = RawCheckpoint::read_from_bytes(&[0; CHECKPOINT_COPY_BYTES]).unwrap();
        raw.checkpoint_pos = LgPos { generation, sector: 0x2f, offset: 0xcc }.into();
        raw.file_type = 4.into();
        checksum::seal(raw.as_mut_bytes());
        raw.as_bytes().to_vec()
    }

    fn elected(file: &[u8]) -> Option<(i32, CheckpointCopies)> {
        Checkpoint::elect(file).map(|(chosen, copies)| (chosen.checkpoint().generation, copies))
    }

    #[test]
    fn election() {
        let (one, two, bad) = (copy(1), copy(2), vec![7; CHECKPOINT_COPY_BYTES]);
        let both = |a: &[u8], b: &[u8]| elected(&[a, b].concat());
        assert_eq!(both(&one, &one), Some((1, CheckpointCopies::Equal)));
        assert_eq!(both(&one, &two), Some((1, CheckpointCopies::Different)));
        assert_eq!(both(&one, &bad), Some((1, CheckpointCopies::FirstOnly)));
        assert_eq!(both(&bad, &two), Some((2, CheckpointCopies::SecondOnly)));
        assert_eq!(both(&bad, &bad), None);
        assert_eq!(elected(&one), Some((1, CheckpointCopies::FirstOnly)));
        assert_eq!(elected(&one[..100]), None);
        assert_eq!(elected(&[]), None);
    }

    #[test]
    fn reads_its_fields() {
        let (checkpoint, _) = Checkpoint::elect(&copy(0x83)).unwrap();
        assert_eq!(checkpoint.checkpoint().to_string(), "(0x83,2F,CC)");
        assert_eq!(checkpoint.file_type(), FileType::Checkpoint);
        assert!(checkpoint.full_backup().is_unset());
        assert_eq!(checkpoint.attached(), Ok(vec![]));
    }
}
