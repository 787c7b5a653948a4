//! From a plan of moves to one that is ready: the copies of what crosses volumes. Then the moves, and the
//! way back where one of them fails.

use crate::guards::{Route, reason, routes, unplanned_files};
use crate::plan::{LOGS_FOLDER, ResetPlan};
use crate::refusal::Refusal;
use crate::storage::{Storage, StorageError};

use super::super::context::Context;
use super::super::deed::{Carried, Ready};
use super::super::operation::files::{PLAN_NAME, sums_line};
use super::super::operation::folder::OperationFolder;
use super::copies::{Copies, copy_ahead};
use super::moves;

/// Moves whose copies are made, synced and compared.
pub struct ReadyLogs<'a> {
    plan: &'a ResetPlan,
    plan_sha256: String,
    copies: Copies,
}

/// Saves the plan, and copies what crosses volumes.
pub fn prepare<'a>(
    context: Context,
    plan: &'a ResetPlan,
    folder: &mut OperationFolder,
) -> Result<ReadyLogs<'a>, Refusal> {
    let io = |error: StorageError| reason(&error);
    let plan_sha256 = folder.write_json(PLAN_NAME, plan).map_err(io)?;
    if plan.undoes.is_none() {
        folder.create_subfolder(LOGS_FOLDER).map_err(io)?;
    }
    context.storage.sync_dir(&folder.dir).map_err(io)?;
    if plan.copied_bytes() > 0 {
        context.observer.begin_bytes("copying the logs", plan.copied_bytes());
    }
    let copies = copy_ahead(context, &routes(plan));
    context.observer.end_bytes();
    Ok(ReadyLogs { plan, plan_sha256, copies: copies? })
}

impl Ready for ReadyLogs<'_> {
    fn plan_sha256(&self) -> &str {
        &self.plan_sha256
    }

    fn sums(&self) -> String {
        let mut text = sums_line(&self.plan_sha256, PLAN_NAME);
        for (name, copied) in self.copies.iter().filter(|_| self.plan.undoes.is_none()) {
            text += &sums_line(&copied.sha256, &format!("{LOGS_FOLDER}/{name}"));
        }
        text
    }

    fn carry(&self, context: Context) -> Carried {
        context.observer.stage("moving the logs");
        let storage = context.storage;
        let routes = routes(self.plan);
        for (index, route) in routes.iter().enumerate() {
            match moves::carry(storage, route, &self.copies) {
                Ok(()) => {}
                Err(moves::Trouble::Unmoved(cause, moved)) => {
                    return roll_back(storage, &routes, index, Some(route.first(moved)), cause);
                }
                Err(moves::Trouble::Unsynced(cause)) => return Carried::Stuck(cause, None),
            }
        }
        // Logs that appeared meanwhile: somebody works in the folder, and half a stream is worse than all.
        match unplanned_files(storage, self.plan) {
            Some(stranger) => roll_back(storage, &routes, routes.len(), None, stranger),
            None => Carried::All,
        }
    }
}

/// Puts the first `whole` routes back, which were carried out, and one of which only a part was, because of
/// `cause`.
fn roll_back(
    storage: &dyn Storage,
    routes: &[Route],
    whole: usize,
    part: Option<Route>,
    cause: Refusal,
) -> Carried {
    let undone = part
        .map_or(Ok(()), |part| moves::carry_back(storage, &part))
        .and_then(|()| moves::carry_all_back(storage, &routes[..whole]))
        .and_then(|()| moves::remove_unfinished(storage, routes));
    match undone {
        Ok(()) => Carried::Undone(cause),
        Err(second) => Carried::Stuck(cause, Some(second)),
    }
}
