//! What of a database header's layout is not known here.

use zerocopy::IntoBytes;

use super::db_header::{FIRST_REVISION_WITH_COPY_BACKUP, FORMAT_VERSION};
use super::{BackupField, DbHeader, FileType};

/// What of a header's layout is unknown; `None` where all of it is known.
pub fn format_problem(header: &DbHeader) -> Option<String> {
    let version = header.raw.version.get();
    if version != FORMAT_VERSION {
        return Some(format!(
            "Format ulVersion: 0x{version:x} at offset 8, expected 0x{FORMAT_VERSION:x}"
        ));
    }
    let unknown = |field: &BackupField| header.backup(*field).backup_type.value() > 2;
    if let Some(field) = BackupField::ALL.into_iter().find(unknown) {
        return Some(format!(
            "the type of {} at offset {} is {}, expected 0, 1 or 2",
            field.label(),
            field.type_offset(),
            header.backup(field).backup_type.value()
        ));
    }
    let revision = header.raw.revision.get();
    let in_use = header.raw.as_bytes()[420..476].iter().any(|&byte| byte != 0);
    (revision < FIRST_REVISION_WITH_COPY_BACKUP && in_use).then(|| {
        format!(
            "bytes 420-475 are not zero, though revision 0x{revision:x} has no fields there (the first \
             that has is 0x{FIRST_REVISION_WITH_COPY_BACKUP:x})"
        )
    })
}

/// Whether the engine attaches a file with this header at all: attribute 0 and one of these file types;
/// else it answers -1206. Source: `dev/ese/src/ese/db.cxx`.
pub fn is_attachable(header: &DbHeader) -> bool {
    let known = [FileType::Unknown, FileType::Database, FileType::TemporaryDatabase];
    header.raw.attribute.get() == 0 && known.contains(&header.file_type())
}
