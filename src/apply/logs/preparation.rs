//! From a plan of moves to one that is ready: the copies of what crosses volumes. Then the moves, and the
//! way back where one of them fails.

use std::path::{Path, PathBuf};

use crate::guards::{Held, Route, database_changed, reason, routes, unplanned_files};
use crate::plan::{LOGS_FOLDER, MoveMethod, ResetPlan, header_pages};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::StorageError;
use crate::survey::read_header_area;

use super::super::context::Context;
use super::super::deed::{Carried, Ready};
use super::super::operation::files::{PLAN_NAME, header_name, sha256, sums_line};
use super::super::operation::folder::OperationFolder;
use super::super::outcome::Bodies;
use super::copies::{Copied, Copies, copy_ahead};
use super::moves::{self, Mover};

/// Moves whose copies are made, synced and compared.
pub struct ReadyLogs<'a> {
    held: &'a Held<'a>,
    plan: &'a ResetPlan,
    plan_sha256: String,
    /// SHA-256 of the header image of each database of a reset, in the order of the plan.
    headers: Vec<String>,
    copies: Copies,
}

/// Saves the plan, and copies what crosses volumes.
pub fn prepare<'a>(
    context: Context,
    held: &'a Held<'a>,
    plan: &'a ResetPlan,
    folder: &mut OperationFolder,
) -> Result<ReadyLogs<'a>, Refusal> {
    let io = |error: StorageError| reason(&error);
    let plan_sha256 = folder.write_json(PLAN_NAME, plan).map_err(io)?;
    let mut headers = Vec::new();
    if plan.undoes.is_none() {
        folder.create_subfolder(LOGS_FOLDER).map_err(io)?;
        headers = save_headers(held, plan, folder)?;
    }
    context.storage.sync_dir(&folder.dir).map_err(io)?;
    if plan.copied_bytes() > 0 {
        context.observer.begin_bytes("copying the logs", plan.copied_bytes());
    }
    let copies = copy_ahead(context, held, &routes(plan));
    context.observer.end_bytes();
    Ok(ReadyLogs { held, plan, plan_sha256, headers, copies: copies? })
}

/// Saves both header pages of each database, as evidence for the day on which one is lost. Gives back their
/// SHA-256.
fn save_headers(
    held: &Held,
    plan: &ResetPlan,
    folder: &mut OperationFolder,
) -> Result<Vec<String>, Refusal> {
    let mut digests = Vec::new();
    for (place, database) in plan.databases.iter().enumerate() {
        let changed = || database_changed(&database.path);
        let file = held.file(&database.path).ok_or_else(changed)?;
        let area = read_header_area(file).map_err(|error| reason(&error))?;
        let pages = header_pages(&area).ok_or_else(changed)?;
        let digest = sha256(pages);
        if digest != database.header_sha256 {
            return Err(changed());
        }
        folder.write_file(&header_name(place), pages).map_err(|error| reason(&error))?;
        digests.push(digest);
    }
    Ok(digests)
}

impl Ready for ReadyLogs<'_> {
    fn plan_sha256(&self) -> &str {
        &self.plan_sha256
    }

    fn sums(&self) -> String {
        let mut text = sums_line(&self.plan_sha256, PLAN_NAME);
        for (place, sha256) in self.headers.iter().enumerate() {
            text += &sums_line(sha256, &header_name(place));
        }
        for (name, copied) in self.copies.iter().filter(|_| self.plan.undoes.is_none()) {
            text += &sums_line(&copied.sha256, &format!("{LOGS_FOLDER}/{name}"));
        }
        text
    }

    fn bodies(&self) -> Bodies {
        let read = |(name, copied): (&String, &Copied)| Some((name.clone(), copied.body?));
        self.copies.iter().filter_map(read).collect()
    }

    fn carry(&self, context: Context) -> Carried {
        context.observer.stage("moving the logs");
        let routes = routes(self.plan);
        if let Err(refusal) = expect_unopened(self.held, &routes) {
            return Carried::Nothing(refusal);
        }
        let mover = Mover { storage: context.storage, held: self.held };
        for (index, route) in routes.iter().enumerate() {
            match mover.carry(route, &self.copies) {
                Ok(()) => {}
                Err(moves::Trouble::Unmoved(cause, moved)) => {
                    return roll_back(mover, &routes, index, Some(route.first(moved)), cause);
                }
                Err(moves::Trouble::Stopped(cause)) => return Carried::Stuck(cause, None),
            }
        }
        // Logs that appeared meanwhile: somebody works in the folder, and half a stream is worse than all.
        if let Some(stranger) = unplanned_files(context.storage, self.plan) {
            return roll_back(mover, &routes, routes.len(), None, stranger);
        }
        match self.held.still_ours() {
            Ok(()) => Carried::All,
            Err(let_in) => Carried::Stuck(let_in, None),
        }
    }
}

/// Refuses before the first move where somebody waits for what is held, or has opened a file that was copied.
fn expect_unopened(held: &Held, routes: &[Route]) -> Result<(), Refusal> {
    let copied = routes.iter().filter(|route| route.method == MoveMethod::Copy);
    let originals: Vec<PathBuf> =
        copied.flat_map(|route| route.files.iter().map(|file| route.origin(file))).collect();
    let originals: Vec<&Path> = originals.iter().map(PathBuf::as_path).collect();
    // One that is gone, or another one now, is told of when it is its turn.
    let is_of_use =
        |refusal: &Refusal| matches!(refusal.id, RefusalId::InUse | RefusalId::InUseUnproven);
    match held.probe_more(&originals).into_iter().find(is_of_use) {
        Some(refusal) => Err(refusal),
        None => held.undisputed(),
    }
}

/// Puts the first `whole` routes back, which were carried out, and one of which only a part was, because of
/// `cause`.
fn roll_back(
    mover: Mover,
    routes: &[Route],
    whole: usize,
    part: Option<Route>,
    cause: Refusal,
) -> Carried {
    let undone = part
        .map_or(Ok(()), |part| mover.carry_back(&part))
        .and_then(|()| mover.carry_all_back(&routes[..whole]))
        .and_then(|()| moves::remove_unfinished(mover.storage, routes))
        .and_then(|()| mover.held.still_ours());
    match undone {
        Ok(()) => Carried::Undone(cause),
        Err(second) => Carried::Stuck(cause, Some(second)),
    }
}
