//! The deed that moves the files of a log stream away: a log reset, and its undo.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::guards::{
    Held, LogsQuestion, Place, Route, changed_databases, database_changed, for_logs, name_is_taken,
    reason, routes, unplanned_files,
};
use crate::plan::{OperationStamp, ResetPlan, Steps, flaw_of_moves};
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::{Access, Storage, StorageError};
use crate::survey::streaming_file_path;

use super::super::context::Context;
use super::super::deed::{BegunCopy, Deed, Ready, Terms};
use super::super::operation::folder::OperationFolder;
use super::super::operation::journal::End;
use super::super::operation::moved_along::{elsewhere, expect_at_home, is_same};
use super::super::operation::trouble::{journal_contradicted, moved_without_journal, unproven};
use super::moves::{self, Mover};
use super::overtaken::{expect_new_stream, not_all_moved};
use super::{copies, preparation};

/// A plan of moves.
pub struct LogsDeed {
    /// The plan, with the paths that it has now.
    pub plan: Arc<ResetPlan>,
}

impl Deed for LogsDeed {
    fn stamp(&self) -> OperationStamp {
        self.plan.stamp()
    }

    fn subject(&self) -> PathBuf {
        self.plan.log_dir.join(self.plan.base)
    }

    /// The databases, too: each must lead to the operation that its logs are in.
    fn marked(&self) -> Vec<PathBuf> {
        let databases = self.plan.databases.iter().map(|database| database.path.clone());
        [self.subject()].into_iter().chain(databases).collect()
    }

    fn named(&self) -> PathBuf {
        self.plan.log_dir.clone()
    }

    fn flaw(&self) -> Option<String> {
        flaw_of_moves(&self.plan)
    }

    /// Those at home, and the one away with the operation folder that it is in.
    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.plan.log_dir.clone()];
        for route in routes(&self.plan) {
            for dir in [route.from, route.to] {
                if !folders.iter().any(|known| known == dir) {
                    folders.push(dir.to_owned());
                }
            }
        }
        let away = self.plan.away.ancestors().skip(1).take(2).map(Path::to_owned);
        folders.extend(away);
        // From the outside in: what is inside is then reached through the folder around it.
        folders.sort();
        folders.dedup();
        folders
    }

    fn steps(&self) -> Steps {
        Steps::of_moves(&self.plan)
    }

    /// Every database of the group with its streaming file.
    fn files(&self, storage: &dyn Storage) -> Vec<(PathBuf, Access)> {
        let databases = self.plan.databases.iter().map(|database| &database.path);
        let with_streaming = databases.flat_map(|path| {
            let streaming = streaming_file_path(path);
            let streaming = storage.status(&streaming).is_ok().then_some(streaming);
            [path.clone()].into_iter().chain(streaming)
        });
        with_streaming.map(|path| (path, Access::ReadAlone)).collect()
    }

    fn refusals(&self, context: Context, held: &Held, terms: &Terms) -> Vec<Refusal> {
        let Terms { backup_dir, allow_unproven_lock, backup_terms } = terms;
        let (lock, held) = (*allow_unproven_lock, Some(held));
        let asked = LogsQuestion::of_plan(&self.plan, backup_dir, lock, *backup_terms, held);
        for_logs(context.storage, &asked)
    }

    fn prepare<'a>(
        &'a self,
        context: Context,
        held: &'a Held,
        folder: &mut OperationFolder,
    ) -> Result<Box<dyn Ready + 'a>, Refusal> {
        Ok(Box::new(preparation::prepare(context, held, &self.plan, folder)?))
    }

    fn tidy(&self, storage: &dyn Storage) -> Result<(), StorageError> {
        copies::remove_unfinished(storage, &routes(&self.plan))
    }

    fn files_to_recover(
        &self,
        storage: &dyn Storage,
        end: Option<End>,
    ) -> Result<Vec<(PathBuf, Access)>, Refusal> {
        Ok(if end.is_none() { self.files(storage) } else { Vec::new() })
    }

    fn expect_own(
        &self,
        storage: &dyn Storage,
        subject: &Path,
        dir: &Path,
        _: bool,
    ) -> Result<(), Refusal> {
        // What stands for logs is no file: their folder is.
        match subject.parent() {
            Some(here)
                if !is_same(storage, here, &self.plan.log_dir) && !self.is_of(storage, subject) =>
            {
                Err(elsewhere(dir, &self.plan))
            }
            _ => expect_at_home(storage, dir, &self.plan),
        }
    }

    /// Forward only where every file has moved. A name that another file holds belongs to a mounted store.
    fn look(
        &self,
        storage: &dyn Storage,
        held: &Held,
        _: &Path,
        back: bool,
    ) -> Result<End, Vec<Refusal>> {
        let changed = changed_databases(storage, &self.plan, Some(held));
        if !changed.is_empty() {
            let refuse = |path| self.overtaken(storage, database_changed(path));
            return Err(changed.into_iter().map(refuse).collect());
        }
        let looked = self.look_at_files(storage, back);
        looked.map_err(|refusal| {
            vec![match refusal.id {
                RefusalId::NewLogStream => self.overtaken(storage, refusal),
                _ => refusal,
            }]
        })
    }

    /// On the way there, and on the way back.
    fn begun_copies(&self) -> Vec<BegunCopy> {
        copies::begun(&routes(&self.plan))
    }

    /// All logs of before must be where the plan wants them, the databases whole, and the log stream that is there
    /// now in order. Of an undo the engine has written to the logs that came back: none may be left behind.
    fn expect_overtaken(&self, storage: &dyn Storage, held: &Held) -> Result<(), Refusal> {
        for route in routes(&self.plan) {
            for file in route.files {
                let is_gone = || {
                    let origin = storage.status(&route.origin(file));
                    origin.is_err_and(|error| error.is_not_found())
                };
                let has_moved = match self.plan.undoes {
                    Some(_) => is_gone(),
                    None => route.has_moved(storage, file).map_err(|error| reason(&error))?,
                };
                if !has_moved {
                    return Err(not_all_moved(&route.origin(file)));
                }
            }
        }
        expect_new_stream(storage, held, &self.plan)
    }

    /// Committed means that every file has moved already; but perhaps nobody made that durable, and a way back
    /// that was cut off may have left a copy that it had begun.
    fn bring_to(&self, storage: &dyn Storage, held: &Held, end: End) -> Result<(), Refusal> {
        let routes = routes(&self.plan);
        match end {
            End::RolledBack => {
                Mover { storage, held }.carry_all_back(&routes)?;
                held.still_ours()
            }
            End::Committed => {
                routes.iter().try_for_each(|route| moves::sync_both(storage, route))?;
                self.tidy(storage).map_err(|error| reason(&error))
            }
            End::Overtaken => self.tidy(storage).map_err(|error| reason(&error)),
        }
    }

    fn expect_ended(
        &self,
        storage: &dyn Storage,
        _: &Held,
        dir: &Path,
        end: End,
    ) -> Result<(), Refusal> {
        let wrong = match end {
            End::RolledBack => Place::Target,
            End::Committed => Place::Origin,
            End::Overtaken => return Ok(()),
        };
        let contradicted = self.is_any(storage, |place| place == wrong)?;
        if contradicted { Err(journal_contradicted(dir, end, "its files do")) } else { Ok(()) }
    }

    /// A copy that was made ahead has another name.
    fn expect_untouched(&self, storage: &dyn Storage, _: &Held, dir: &Path) -> Result<(), Refusal> {
        let is_moved = |place| matches!(place, Place::Target | Place::Both);
        if self.is_any(storage, is_moved)? {
            return Err(moved_without_journal(dir));
        }
        if self.is_any(storage, |place| place != Place::Origin)? {
            return Err(unproven(
                dir,
                "its journal is missing, and its logs are not where they were",
            ));
        }
        Ok(())
    }
}

impl LogsDeed {
    /// Whether a path is that of a database of the group.
    fn is_of(&self, storage: &dyn Storage, path: &Path) -> bool {
        self.plan.databases.iter().any(|database| is_same(storage, path, &database.path))
    }

    fn is_any(
        &self,
        storage: &dyn Storage,
        is_meant: impl Fn(Place) -> bool,
    ) -> Result<bool, Refusal> {
        for route in routes(&self.plan) {
            for file in route.files {
                if is_meant(route.place(storage, file).map_err(|error| reason(&error))?) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn look_at_files(&self, storage: &dyn Storage, back: bool) -> Result<End, Refusal> {
        if let Some(refusal) = unplanned_files(storage, &self.plan) {
            return Err(refusal);
        }
        let mut all_moved = true;
        for route in routes(&self.plan) {
            for file in route.files {
                match route.place(storage, file).map_err(|error| reason(&error))? {
                    Place::Target => {}
                    Place::Origin => all_moved = false,
                    Place::Both if route.may_be_in_both(storage, file)? => all_moved = false,
                    // Somebody put another file of the same header there.
                    Place::Both | Place::ForeignAtOrigin => {
                        return Err(name_is_taken(&route.origin(file)));
                    }
                    Place::Nowhere => return Err(route.misplaced(file)),
                    Place::ForeignAtTarget => return Err(name_is_taken(&route.target(file))),
                }
            }
        }
        Ok(if all_moved && !back { End::Committed } else { End::RolledBack })
    }

    /// Says what is left to do where a store was mounted over a reset that had moved everything.
    fn overtaken(&self, storage: &dyn Storage, refusal: Refusal) -> Refusal {
        let has_moved = |route: &Route| {
            route.files.iter().all(|file| matches!(route.has_moved(storage, file), Ok(true)))
        };
        let next = if routes(&self.plan).iter().all(has_moved) {
            format!(
                "Every log of before has been moved: the operation was overtaken. Once edbmend check {0} finds \
                 the new logs in order, close the operation: edbmend recover --accept-changed {0}.",
                quoted(&self.plan.log_dir)
            )
        } else {
            "Keep the marker and the operation folder.".to_owned()
        };
        Refusal { remedy: format!("{} {next}", refusal.remedy).into(), ..refusal }
    }
}
