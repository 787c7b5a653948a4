//! The file formats of the Extensible Storage Engine: bytes in, values out, bytes out.
//!
//! This room knows nobody: no I/O, no clock, no `unsafe`. One file per on-disk concept. Raw
//! structures (`Raw...`) are the stored bytes; the readers beside them give the fields meaning.

pub mod backup_info;
pub mod checksum;
pub mod db_header;
mod file_type;
mod lgpos;
mod logtime;
pub mod page;
mod signature;

pub use backup_info::{BackupFault, BackupInfo, BackupType, RawBackupInfo};
pub use db_header::{BackupField, DbHeader, DbState, RawDbHeader};
pub use file_type::FileType;
pub use lgpos::{LgPos, RawLgPos};
pub use logtime::LogTime;
pub use page::{PageFault, PageFaultKind, PageVerdict};
pub use signature::Signature;
