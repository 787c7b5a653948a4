//! Files that are written beside a report: where none of them may lie.

use std::path::Path;

use crate::apply::is_operation_folder;
use crate::ese::LogFileName;
use crate::storage::Storage;

/// Endings of the names of what a storage group consists of, and of what marks a pending operation.
const TAKEN_ENDINGS: [&str; 6] = ["edb", "dit", "msmessagestore", "stm", "jfm", "edbmend-pending"];

/// Why no file of ours may lie at an absolute path, whether something is there or not.
pub fn reason_against(storage: &dyn Storage, path: &Path) -> Option<&'static str> {
    if path.ancestors().skip(1).any(|dir| is_operation_folder(storage, dir)) {
        return Some("it lies in an operation folder of edbmend");
    }
    is_of_storage_group(path).then_some(
        "its name is that of a database, a transaction log or a marker, and would be taken for one",
    )
}

fn is_of_storage_group(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    LogFileName::parse(&name).is_some()
        || TAKEN_ENDINGS.iter().any(|taken| ending.eq_ignore_ascii_case(taken))
        || is_stream_of_another(&name)
}

/// On Windows `priv1.edb:page.html` is a part of `priv1.edb`.
fn is_stream_of_another(name: &str) -> bool {
    cfg!(windows) && name.contains(':')
}
