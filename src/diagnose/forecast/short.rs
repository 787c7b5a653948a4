//! What the engine meets, in a few words: with the names of files alone, for a line that has no room.

use std::path::Path;

use crate::show::shown;
use crate::simulate::Cause;

use super::super::chain::Chain;

/// `E0000004.log is missing`. The names of logs need their chain; of databases alone there is none.
pub(super) fn in_short(cause: &Cause, chain: Option<&Chain>) -> String {
    let log = |generation: i32| match chain {
        Some(chain) => chain.file_name(generation),
        None => format!("the log of generation {generation}"),
    };
    match cause {
        Cause::CurrentLogMissing => match chain {
            Some(chain) => format!("{} is missing", chain.current_name()),
            None => "the current log is missing".to_owned(),
        },
        Cause::CheckpointLogMissing { generation } => {
            format!("{}, which the checkpoint names, is missing", log(*generation))
        }
        Cause::LogMissing { generation } => format!("{} is missing", log(*generation)),
        Cause::LogHeader { path } => format!("the header of {} cannot be used", name_of(path)),
        Cause::ForeignLog { path, .. } => format!("{} belongs to other logs", name_of(path)),
        Cause::OutOfSequence { path, .. } => {
            format!("{} does not go on from the log before it", name_of(path))
        }
        Cause::SumMismatch { path } => {
            format!("the log before {} is not the one that it names", name_of(path))
        }
        Cause::LogBody { path, .. } => format!("{} is damaged", name_of(path)),
        Cause::BeginsTooLate { path, min_required, generation } => format!(
            "{} needs the logs from {min_required} on, and recovery begins with {generation}",
            name_of(path)
        ),
        Cause::EndsTooEarly { path, needed, last } => {
            format!("{} needs the logs up to {needed}, and they end with {last}", name_of(path))
        }
        Cause::DatabaseMissing { server_path } => format!("{} is missing", shown(server_path)),
        Cause::DatabaseReplaced { path } => {
            format!("{} is not what the logs left attached", name_of(path))
        }
        Cause::DatabaseOlder { path, .. } => format!("{} is an older copy", name_of(path)),
        Cause::HeaderDestroyed { path } => {
            format!("{} has lost both header copies", name_of(path))
        }
        Cause::FileCutOff { path, .. } => format!("{} is cut off", name_of(path)),
        Cause::BackupCopy { path } => format!("{} is the copy that a backup made", name_of(path)),
        Cause::NotClean { path, state } => {
            format!("{} stays in {}", name_of(path), state.label())
        }
        Cause::SequenceEnd { .. } => "no log number is left".to_owned(),
    }
}

/// The file that it is about.
pub(super) fn file_of(cause: &Cause) -> Option<&Path> {
    match cause {
        Cause::LogHeader { path }
        | Cause::ForeignLog { path, .. }
        | Cause::OutOfSequence { path, .. }
        | Cause::SumMismatch { path }
        | Cause::LogBody { path, .. }
        | Cause::BeginsTooLate { path, .. }
        | Cause::EndsTooEarly { path, .. }
        | Cause::DatabaseReplaced { path }
        | Cause::DatabaseOlder { path, .. }
        | Cause::HeaderDestroyed { path }
        | Cause::FileCutOff { path, .. }
        | Cause::BackupCopy { path }
        | Cause::NotClean { path, .. } => Some(path),
        Cause::CurrentLogMissing
        | Cause::CheckpointLogMissing { .. }
        | Cause::LogMissing { .. }
        | Cause::DatabaseMissing { .. }
        | Cause::SequenceEnd { .. } => None,
    }
}

/// The name of a file without its folder.
pub(super) fn name_of(path: &Path) -> String {
    shown(path.file_name().unwrap_or(path.as_os_str())).to_string()
}
