//! Logs and reserve logs.

use zerocopy::{FromZeros, IntoBytes};

use super::Recipe;
use super::attachment::Attachment;
use super::database::LAST_OBJECT_ID;
use super::log_body::{BodyWriter, Filling, SECTOR_BYTES};
use super::log_records::db_time;
use super::noise::fill_like_an_unused_log;
use crate::ese::attach_list::ATTACH_LIST_BYTES;
use crate::ese::log_header::LOG_HEADER_BYTES;
use crate::ese::{
    FileType, LgPos, LogVersion, RawAttachRecord, RawDbmsParam, RawLogHeader, checksum,
};

/// Sectors of a log header; the first record is behind it.
pub(super) const HEADER_SECTORS: u16 = 8;

/// Flags of every attach record that was seen in files of Windows 2003.
const ATTACH_FLAGS: u8 = 0x10;

/// What stands in a log beside filling.
pub(super) struct LogContents {
    /// What the log begins with.
    pub filling: Filling,
    /// In their order.
    pub entries: Vec<Entry>,
    /// Sector of the end; without it the log is full, but for the last sector.
    pub last_sector: Option<u16>,
}

/// A record at its place.
pub(super) struct Entry {
    pub at: LgPos,
    pub record: Vec<u8>,
    /// What fills the log behind it.
    pub filling: Filling,
}

/// One log: header, records, and the rest unused.
pub(super) fn log_file(
    recipe: &Recipe,
    generation: u32,
    attached: &[Attachment],
    contents: &LogContents,
) -> Vec<u8> {
    let mut file = reserve_log(recipe);
    let header = log_header(recipe, generation, attached);
    file[..LOG_HEADER_BYTES].copy_from_slice(header.as_bytes());
    checksum::seal(&mut file[..LOG_HEADER_BYTES]);
    // The engine closes a log one sector before its end.
    let last_full = recipe.log_file_sectors - 2;
    let last = usize::from(contents.last_sector.unwrap_or(last_full));
    let mut body = BodyWriter::new(file, generation, HEADER_SECTORS.into(), last, contents.filling);
    for entry in &contents.entries {
        body.fill_to(usize::from(entry.at.sector) * SECTOR_BYTES + usize::from(entry.at.offset));
        body.put(&entry.record);
        body.fill_with(entry.filling);
    }
    if contents.last_sector.is_none() {
        body.fill_to((last + 1) * SECTOR_BYTES);
    }
    body.finish()
}

/// A log without header and records.
pub(super) fn reserve_log(recipe: &Recipe) -> Vec<u8> {
    let bytes = usize::from(recipe.log_file_sectors) * SECTOR_BYTES;
    let mut file = vec![0; bytes];
    fill_like_an_unused_log(&mut file);
    file
}

fn log_header(recipe: &Recipe, generation: u32, attached: &[Attachment]) -> RawLogHeader {
    let version = LogVersion::EXCHANGE_2003;
    let sector_bytes = u16::try_from(SECTOR_BYTES).unwrap_or(u16::MAX);
    let mut raw = RawLogHeader::new_zeroed();
    raw.generation = signed(generation).into();
    raw.sector_bytes = sector_bytes.into();
    raw.header_sectors = HEADER_SECTORS.into();
    raw.file_sectors = recipe.log_file_sectors.into();
    raw.page_bytes = 4096.into();
    raw.create_time = recipe.log_created(generation);
    if generation > 1 {
        raw.previous_create_time = recipe.log_created(generation - 1);
    }
    raw.version_major = version.major.into();
    raw.version_minor = version.minor.into();
    raw.version_update_major = version.update_major.into();
    raw.log_signature = recipe.log_signature();
    raw.environment = environment(recipe);
    raw.file_type = FileType::Log.value().into();
    raw.attach_list = attach_list(attached, generation);
    raw
}

/// Without circular logging. The numbers imitate an Exchange server.
pub(super) fn environment(recipe: &Recipe) -> RawDbmsParam {
    let folder = recipe.server_folder.as_bytes();
    let mut raw = RawDbmsParam::new_zeroed();
    raw.system_path[..folder.len()].copy_from_slice(folder);
    raw.log_path[..folder.len()].copy_from_slice(folder);
    raw.sessions = 202.into();
    raw.open_tables = 30300.into();
    raw.version_pages = 1365.into();
    raw.cursors = 10100.into();
    raw.log_buffers = 128.into();
    raw.log_file_sectors = u32::from(recipe.log_file_sectors).into();
    raw.cache_size = 65536.into();
    raw
}

/// The list for a log header or a checkpoint of a generation. The time stamps grow with it, and
/// stay below that of the oldest page.
pub(super) fn attach_list(attached: &[Attachment], generation: u32) -> [u8; ATTACH_LIST_BYTES] {
    let db_time = db_time(generation);
    let mut list = [0; ATTACH_LIST_BYTES];
    let records: Vec<u8> = attached.iter().flat_map(|one| attach_record(one, db_time)).collect();
    list[..records.len()].copy_from_slice(&records);
    list
}

fn attach_record(attachment: &Attachment, db_time: u64) -> Vec<u8> {
    let names = attachment.names();
    let mut raw = RawAttachRecord::new_zeroed();
    raw.dbid = attachment.dbid;
    raw.flags = ATTACH_FLAGS;
    raw.names_bytes = u16::try_from(names.len()).unwrap_or(u16::MAX).into();
    raw.db_time = db_time.into();
    raw.last_objid = LAST_OBJECT_ID.into();
    raw.last_attach_pos = attachment.last_attach.into();
    raw.db_signature = attachment.db_signature;
    [raw.as_bytes(), &names].concat()
}

/// A generation as a header stores it.
pub(super) fn signed(generation: u32) -> i32 {
    i32::try_from(generation).unwrap_or(i32::MAX)
}
