//! The file formats of the Extensible Storage Engine: bytes in, values out, bytes out.
//!
//! This room knows nobody: no I/O, no clock, no `unsafe`. One file per on-disk concept. Raw
//! structures (`Raw...`) are the stored bytes; the readers beside them give the fields meaning.

pub mod attach_list;
pub mod backup_info;
pub mod checkpoint;
pub mod checksum;
pub mod content;
mod db_format;
pub mod db_header;
mod dbms_param;
mod ecc;
pub mod engine;
mod file_type;
pub mod flush_map;
mod foreign_format;
pub mod format_table;
mod lgpos;
pub mod log_body;
pub mod log_events;
mod log_fault;
pub mod log_header;
pub mod log_history;
pub mod log_limits;
mod log_name;
pub mod log_records;
mod logtime;
pub mod owned_space;
pub mod page;
pub mod page_stamps;
mod patch_file;
pub mod shadow;
mod signature;

pub use attach_list::{AttachListError, AttachedDatabase, RawAttachRecord};
pub use backup_info::{BackupFault, BackupInfo, BackupType, RawBackupInfo};
pub use checkpoint::{Checkpoint, CheckpointCopies, RawCheckpoint};
pub use content::ContentKind;
pub use db_format::{format_problem, is_attachable};
pub use db_header::{BackupField, DbHeader, DbState, RawDbHeader};
pub use dbms_param::{DbmsParam, RawDbmsParam};
pub use file_type::FileType;
pub use flush_map::{FlushMapHeader, RawFlushMapHeader};
pub use foreign_format::ForeignFormat;
pub use format_table::DbRevision;
pub use lgpos::{LgPos, RawLgPos};
pub use log_header::{LogHeader, LogHeaderFault, LogVersion, OldLogFormat, RawLogHeader};
pub use log_name::{LogBase, LogDigits, LogExtensions, LogFileName, LogNaming};
pub use logtime::LogTime;
pub use page::{PageFault, PageFaultKind, PageVerdict};
pub use page_stamps::PageStamps;
pub use patch_file::PatchHeader;
pub use signature::Signature;
