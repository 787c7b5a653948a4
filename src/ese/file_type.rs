//! The file type that every newer header carries at offset 667.

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

/// `filetype` (u32 at offset 667 of every header). Source: `dev/ese/published/inc/jethdr.w`,
/// `JET_filetype...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// 0: files of old engines.
    Unknown,
    /// 1
    Database,
    /// 2: the `.stm` of Exchange 2000 and 2003.
    StreamingFile,
    /// 3
    Log,
    /// 4
    Checkpoint,
    /// 5
    TemporaryDatabase,
    /// 7
    FlushMap,
    /// A type that no header of this tool's concern has.
    Other(u32),
}

impl From<u32> for FileType {
    fn from(value: u32) -> Self {
        match value {
            0 => Self::Unknown,
            1 => Self::Database,
            2 => Self::StreamingFile,
            3 => Self::Log,
            4 => Self::Checkpoint,
            5 => Self::TemporaryDatabase,
            7 => Self::FlushMap,
            other => Self::Other(other),
        }
    }
}

impl FileType {
    /// Offset of the field in every header.
    pub const OFFSET: usize = 667;

    /// The stored number.
    pub fn value(self) -> u32 {
        match self {
            Self::Unknown => 0,
            Self::Database => 1,
            Self::StreamingFile => 2,
            Self::Log => 3,
            Self::Checkpoint => 4,
            Self::TemporaryDatabase => 5,
            Self::FlushMap => 7,
            Self::Other(other) => other,
        }
    }

    /// Reads the field of any header; [`FileType::Unknown`] where the header is too short.
    pub fn of(header: &[u8]) -> Self {
        let field = header.get(Self::OFFSET..Self::OFFSET + 4);
        field
            .and_then(|bytes| U32::read_from_bytes(bytes).ok())
            .map_or(Self::Unknown, |v| v.get().into())
    }
}
