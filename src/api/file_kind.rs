//! What a file is, from its content, and where that does not tell it from its name.

use std::path::Path;

use crate::ese::log_body::LogRole;
use crate::ese::{ContentKind, ForeignFormat, LogFileName, content};
use crate::survey::DatabaseFacts;

/// The kind of a file that was surveyed. A damaged header is known by what is left of it, else by the name.
pub(super) fn kind_of(facts: &DatabaseFacts) -> ContentKind {
    let start = &facts.area.bytes;
    let name = log_file_name(&facts.path);
    match (facts.kind, name) {
        (ContentKind::Database | ContentKind::Unknown, _) if is_patch(facts) => ContentKind::Patch,
        (ContentKind::Log | ContentKind::Unknown, Some(LogFileName::Temporary { .. })) => {
            ContentKind::PreparedLog
        }
        (
            ContentKind::Log | ContentKind::Unknown,
            Some(LogFileName::Reserve { .. } | LogFileName::SharedReserve { .. }),
        ) => ContentKind::ReserveLog,
        (ContentKind::Unknown, _) if content::looks_like_log(start) => ContentKind::Log,
        (ContentKind::Unknown, Some(LogFileName::Archive { .. } | LogFileName::Current { .. })) => {
            ContentKind::Log
        }
        (ContentKind::Unknown, Some(LogFileName::Checkpoint { .. })) => ContentKind::Checkpoint,
        (ContentKind::Unknown, _) if ForeignFormat::of(start).is_some() => ContentKind::Foreign,
        (kind, _) => kind,
    }
}

/// A streaming backup leaves an empty one where nothing had to be patched.
fn is_patch(facts: &DatabaseFacts) -> bool {
    let is_named_so = facts.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("pat"));
    is_named_so && (facts.kind == ContentKind::Database || facts.status.length_bytes == 0)
}

/// What the name says, where it is that of a file of a log stream.
pub(super) fn log_file_name(path: &Path) -> Option<LogFileName> {
    LogFileName::parse(path.file_name()?.to_str()?)
}

/// The role of a log: closed where its name is that of a closed one.
pub(super) fn role_of(path: &Path) -> LogRole {
    match log_file_name(path) {
        Some(LogFileName::Archive { .. }) => LogRole::Closed,
        _ => LogRole::Current,
    }
}
