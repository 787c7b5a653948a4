//! The steps in words.

use std::slice::from_ref;

use crate::show::{path_text, shown};
use crate::simulate::Leave;

use super::commands;
use super::moves::{Evidence, Move, Reason, Wanted};
use super::place::Place;
use super::step::{Action, WayOutStep};

/// One of several moves as a step.
pub(super) fn step(moves: &[Move], index: usize, place: &Place) -> WayOutStep {
    let one = &moves[index];
    let why = match one {
        Move::Mount if moves.len() == 1 && !place.has_errors_of_logs() => MOUNT.into(),
        _ => why(one, place),
    };
    WayOutStep {
        step: index + 1,
        action: action(one),
        command: command(one, place),
        why,
        loses: loses(one),
        group: path_text(&place.name()),
    }
}

const MOUNT: &str =
    "The next mount succeeds: recovery replays the logs, where a database needs it.";

fn action(one: &Move) -> Action {
    match one {
        Move::FinishOperation(_) => Action::FinishOperation,
        Move::CopyAside => Action::CopyAside,
        Move::RepairHeader(..) => Action::RepairHeader,
        Move::RebuildHeader { .. } => Action::RebuildHeader,
        Move::BringLogsBack { .. } => Action::BringLogsBack,
        Move::BringDatabaseBack { .. } => Action::BringDatabaseBack,
        Move::BringStreamingFileBack(_) => Action::BringStreamingFileBack,
        Move::CheckpointAway(_) => Action::MoveCheckpointAway,
        Move::LogsAway(..) => Action::MoveLogsAway,
        Move::DatabaseAway(_) => Action::MoveDatabaseAway,
        Move::UseLastLog { .. } => Action::UseLastLog,
        Move::Recover(_) | Move::RecoverToTheEnd => Action::RecoverLogs,
        Move::ResetLogs => Action::ResetLogs,
        Move::FinishRestore(_) => Action::FinishRestore,
        Move::RestoreBackup => Action::RestoreBackup,
        Move::RepairDatabase(_) => Action::RepairDatabase,
        Move::CheckAgain => Action::CheckAgain,
        Move::Mount => Action::MountStores,
    }
}

fn command(one: &Move, place: &Place) -> Option<String> {
    match one {
        Move::FinishOperation(marker) => {
            Some(crate::show::CommandLine::new("recover").path(marker).to_string())
        }
        Move::CopyAside => Some(commands::copy_aside(place)),
        Move::RepairHeader(_, command) => Some(command.clone()),
        Move::RebuildHeader { path, evidence } => {
            Some(commands::rebuild_header(place, path, *evidence))
        }
        Move::CheckpointAway(path) | Move::DatabaseAway(path) => {
            commands::put_aside(from_ref(path))
        }
        Move::LogsAway(paths, _) => commands::put_aside(paths),
        Move::UseLastLog { from, to } => Some(commands::copy_file(from, to)),
        Move::Recover(leave) => commands::soft_recovery(place, *leave),
        Move::RecoverToTheEnd => commands::soft_recovery(place, Leave::default()),
        Move::ResetLogs => Some(commands::reset_logs(place)),
        Move::RepairDatabase(path) => Some(commands::hard_repair(path)),
        Move::CheckAgain => Some(commands::check(place)),
        Move::BringLogsBack { .. }
        | Move::BringDatabaseBack { .. }
        | Move::BringStreamingFileBack(_)
        | Move::FinishRestore(_)
        | Move::RestoreBackup
        | Move::Mount => None,
    }
}

fn why(one: &Move, place: &Place) -> String {
    match one {
        Move::FinishOperation(marker) => format!(
            "The operation of {} was interrupted. Nothing else is safe before it has come to its end.",
            shown(marker)
        ),
        Move::CopyAside => {
            "What follows cannot be taken back. Keep this copy until all is well."
                .into()
        }
        Move::RepairHeader(path, _) => {
            format!("It mends the header of {}, and can be undone.", shown(path))
        }
        Move::RebuildHeader { evidence, .. } => rebuild(*evidence).into(),
        Move::BringLogsBack { what } => format!(
            "Needed in {}: {what}, from a backup or another copy. Then check again; go on only if it is lost.",
            shown(&place.folders.log_dir)
        ),
        Move::BringDatabaseBack { what, which: Wanted::UnderItsName } => format!(
            "{what}: give each file the name that the logs have for it."
        ),
        Move::BringDatabaseBack { what, which: Wanted::BeforeRepair } => format!(
            "Needed: {what} as it was before, from a backup or a copy: no log can make it consistent. The \
             rest is for the case that there is none."
        ),
        Move::BringDatabaseBack { what, which: Wanted::Newest } => format!(
            "The newest copy of {what}, or name its place with --db. Then check again; go on only if there is none."
        ),
        Move::BringStreamingFileBack(path) => format!(
            "Bring {} back as it was at the moment of its database: the two are one.",
            shown(path)
        ),
        Move::CheckpointAway(_) => {
            "Recovery then begins with the oldest log, and the engine writes a new checkpoint.".into()
        }
        Move::LogsAway(_, Reason::BelowRequired) => {
            "Recovery begins with the oldest log that is there; no database needs these, and they are not whole."
                .into()
        }
        Move::LogsAway(_, Reason::NameTaken) => {
            "The current log gets this name when it is full.".into()
        }
        Move::LogsAway(_, Reason::Damaged) => {
            "It cannot be used, and recovery does not pass it while it is there.".into()
        }
        Move::DatabaseAway(path) => {
            format!("Recovery does not go past {}.", shown(path))
        }
        Move::UseLastLog { .. } => {
            "The engine does not start without a current log, and takes the last closed one for it.".into()
        }
        Move::Recover(leave) => recovery(*leave),
        Move::RecoverToTheEnd => {
            "It answers -548, because no log generation is left, and leaves the databases in Clean Shutdown."
                .into()
        }
        Move::ResetLogs => {
            "It can be undone. Older backups roll forward up to it.".into()
        }
        Move::FinishRestore(path) => format!(
            "{} is the copy that a backup made: let the program that made it restore it, or run hard recovery \
             (eseutil /cc).",
            shown(path)
        ),
        Move::RestoreBackup => {
            "With all later logs.".into()
        }
        Move::RepairDatabase(_) => {
            "The last resort: move all out of it then.".into()
        }
        Move::CheckAgain => "To see what comes next.".into(),
        Move::Mount => {
            "That succeeds now. Then run a full backup at once.".into()
        }
    }
}

fn rebuild(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Proven => "Its pages and its logs prove it. It can be undone.",
        Evidence::PagesOnly => "With it the hard repair works again. It can be undone.",
        Evidence::Unread => "If it says no, go on.",
    }
}

fn recovery(leave: Leave) -> String {
    match leave {
        Leave { lost_logs: true, .. } => {
            "The databases become consistent without the logs that are lost (Exchange 2010 and later)."
        }
        Leave { missing_databases: true, .. } => {
            "It recovers the other databases. If the missing one comes back later, move the checkpoint away \
             before the start: it is rolled forward then, as long as these logs are there."
        }
        Leave { .. } => "It replays the logs that are there, and does not insist on the current one.",
    }
    .into()
}

fn loses(one: &Move) -> Option<String> {
    let what = match one {
        Move::DatabaseAway(_) => "it until a copy comes back",
        Move::UseLastLog { .. } => "what the current log held",
        Move::Recover(Leave { lost_logs: true, .. }) => {
            "what the missing or damaged log and those behind it held; these logs are deleted"
        }
        Move::Recover(Leave { missing_databases: true, .. }) => {
            "the databases that are not there, as long as no copy of them comes back"
        }
        Move::RestoreBackup => "what is newer and in no log",
        Move::RepairDatabase(_) => "what is damaged or in logs alone, and the link to logs",
        _ => return None,
    };
    Some(what.into())
}
