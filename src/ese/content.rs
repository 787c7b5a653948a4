//! What kind of file the first bytes belong to, whatever its name says.

use schemars::JsonSchema;
use serde::Serialize;

use super::db_header::MAGIC;
use super::shadow::{self, HeaderArea, PAGE_SIZES_BYTES};
use super::{DbHeader, FileType, checksum};

/// Size of a log header, and of one copy of a checkpoint, in bytes.
const LOG_HEADER_BYTES: usize = 4096;

/// Size of the header page of a flush map, in bytes.
const FLUSH_MAP_PAGE_BYTES: usize = 8192;

/// Kind of a file, found from its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContentKind {
    /// A database, or what is left of one: its magic is there.
    Database,
    /// The `.stm` of Exchange 2000 and 2003.
    Streaming,
    /// A transaction log.
    Log,
    /// A checkpoint.
    Checkpoint,
    /// A flush map (`.jfm`).
    FlushMap,
    /// What a streaming backup patches pages from (`.pat`).
    Patch,
    /// The next log, being prepared, or left over (`E00tmp.log`).
    PreparedLog,
    /// A reserve log (`res1.log`, `E00res00001.jrs`).
    ReserveLog,
    /// A file of another program.
    Foreign,
    /// Nothing that this tool knows.
    Unknown,
}

impl ContentKind {
    /// In words: "a transaction log".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Database => "a database",
            Self::Streaming => "a streaming file (.stm)",
            Self::Log => "a transaction log",
            Self::Checkpoint => "a checkpoint",
            Self::FlushMap => "a flush map (.jfm)",
            Self::Patch => "a patch file (.pat) of a streaming backup",
            Self::PreparedLog => "a prepared transaction log",
            Self::ReserveLog => "a reserve log",
            Self::Foreign => "a file of another program",
            Self::Unknown => "no file of the Extensible Storage Engine",
        }
    }
}

/// Finds the kind of a file from its first bytes.
pub fn identify(area: &HeaderArea) -> ContentKind {
    if let Some(pair) = shadow::elect(area) {
        return database_or_streaming_file(&pair.header);
    }
    if has_database_magic(area) {
        // A damaged database; a damaged streaming file still shows its attribute.
        let header = DbHeader::parse(&area.bytes);
        return header.as_ref().map_or(ContentKind::Database, database_or_streaming_file);
    }
    let file_type = FileType::of(&area.bytes);
    if file_type == FileType::FlushMap && is_sealed(area, 0, FLUSH_MAP_PAGE_BYTES) {
        return ContentKind::FlushMap;
    }
    let sealed = is_sealed(area, 0, LOG_HEADER_BYTES);
    if sealed && (file_type == FileType::Log || has_log_version(&area.bytes)) {
        return ContentKind::Log;
    }
    let sealed = sealed || is_sealed(area, LOG_HEADER_BYTES, LOG_HEADER_BYTES);
    if sealed && matches!(file_type, FileType::Checkpoint | FileType::Unknown) {
        return ContentKind::Checkpoint;
    }
    ContentKind::Unknown
}

/// Whether the bytes are what a damaged log header leaves behind: the file type and the
/// version of one, though the checksum is wrong.
pub fn looks_like_log(bytes: &[u8]) -> bool {
    FileType::of(bytes) == FileType::Log && has_log_version(bytes)
}

fn database_or_streaming_file(header: &DbHeader) -> ContentKind {
    let is_streaming =
        header.raw.attribute.get() == 1 || header.file_type() == FileType::StreamingFile;
    if is_streaming { ContentKind::Streaming } else { ContentKind::Database }
}

/// Whether the magic of a database stands in either place of a header copy.
fn has_database_magic(area: &HeaderArea) -> bool {
    let magic_at =
        |offset: usize| area.bytes.get(offset + 4..offset + 8) == Some(&MAGIC.to_le_bytes());
    magic_at(0) || PAGE_SIZES_BYTES.iter().any(|&size| magic_at(size))
}

fn is_sealed(area: &HeaderArea, offset: usize, length: usize) -> bool {
    area.bytes.get(offset..offset + length).is_some_and(checksum::is_valid)
}

/// Whether the version fields are those of a log of any engine since Exchange 5.5.
fn has_log_version(bytes: &[u8]) -> bool {
    let mut fields = checksum::dwords(bytes).skip(8);
    matches!(
        (fields.next(), fields.next()),
        (Some(6), Some(1503)) | (Some(7), Some(3701 | 3704)) | (Some(8), Some(4000))
    )
}
