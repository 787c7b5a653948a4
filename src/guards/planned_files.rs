//! Where the files of a plan of moves are now, against where the plan found them.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::ese::{LogBase, LogFileName};
use crate::plan::{Batch, FileIdentity, MoveMethod, MovedFile, ResetPlan};
use crate::refusal::{Refusal, RefusalId};
use crate::show::shown;
use crate::storage::{Access, FileKind, Status, Storage, StorageError, digest_blocks, read_full};

use super::storage_trouble::{failure, reason};

/// As much of a file as its digest is taken of, in bytes. With its length, and its number and time where it
/// keeps them, that is what it is known by.
const HEADER_BYTES: usize = 4096;

/// Where a planned file is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where it was.
    Origin,
    /// Where it goes.
    Target,
    /// In both folders: copied, the original not yet removed.
    Both,
    /// In neither.
    Nowhere,
    /// Another file has its name in the folder it comes from.
    ForeignAtOrigin,
    /// Another file has its name in the folder it goes to.
    ForeignAtTarget,
}

impl Place {
    /// As the end of a sentence that says what became of a file.
    fn in_words(self) -> &'static str {
        match self {
            Self::Origin => "it was away, or its new name was taken, for a moment",
            Self::Target => "somebody has moved it already",
            Self::Both => "a copy of it has appeared where it goes",
            Self::Nowhere => "it has disappeared",
            Self::ForeignAtOrigin => "somebody has replaced it or written to it",
            Self::ForeignAtTarget => "another file of its name has appeared where it goes",
        }
    }
}

/// Files that move from one folder to another: a batch, or its first files.
#[derive(Clone, Copy)]
pub struct Route<'a> {
    /// Where the files are.
    pub from: &'a Path,
    /// Where they go.
    pub to: &'a Path,
    /// How.
    pub method: MoveMethod,
    /// The files.
    pub files: &'a [MovedFile],
}

impl<'a> From<&'a Batch> for Route<'a> {
    fn from(batch: &'a Batch) -> Self {
        Self { from: &batch.from, to: &batch.to, method: batch.method, files: &batch.files }
    }
}

/// Ending of the name of a copy that is not whole yet.
pub const UNFINISHED_SUFFIX: &str = ".edbmend-tmp";

/// Where a copy grows until it is whole.
pub fn unfinished(dir: &Path, file: &MovedFile) -> PathBuf {
    dir.join(format!("{}{UNFINISHED_SUFFIX}", file.name))
}

/// The refusals of files that have the name of a copy before one was begun: they are none of ours.
pub fn names_of_copies_taken(storage: &dyn Storage, plan: &ResetPlan) -> Vec<Refusal> {
    let copied = routes(plan).into_iter().filter(|route| route.method == MoveMethod::Copy);
    let names = copied.flat_map(|route| {
        route
            .files
            .iter()
            .flat_map(move |file| [route.to, route.from].map(|dir| unfinished(dir, file)))
    });
    names
        .filter(|path| storage.status(path).is_ok())
        .map(|path| name_of_copy_taken(&path))
        .collect()
}

fn name_of_copy_taken(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::ChangedSinceSurvey,
        path,
        "this file has the name that the copy of a log has until it is whole, and was here before",
        "Nothing was touched. Find out what it is, and move it elsewhere. If an operation was interrupted here, run \
         edbmend recover first.",
    )
}

/// The routes of a plan, in order.
pub fn routes(plan: &ResetPlan) -> Vec<Route<'_>> {
    plan.batches.iter().map(Route::from).collect()
}

impl Route<'_> {
    /// This route with its first files only.
    pub fn first(&self, files: usize) -> Self {
        Self { files: &self.files[..files], ..*self }
    }

    /// Where a file comes from.
    pub fn origin(&self, file: &MovedFile) -> PathBuf {
        self.from.join(&file.name)
    }

    /// Where a file goes.
    pub fn target(&self, file: &MovedFile) -> PathBuf {
        self.to.join(&file.name)
    }

    /// Looks for one file.
    pub fn place(&self, storage: &dyn Storage, file: &MovedFile) -> Result<Place, StorageError> {
        let origin = identify(storage, &self.origin(file), file)?;
        let target = identify(storage, &self.target(file), file)?;
        Ok(match (origin, target) {
            (Seen::Other, _) => Place::ForeignAtOrigin,
            (_, Seen::Other) => Place::ForeignAtTarget,
            (Seen::Same, Seen::Nothing) => Place::Origin,
            (Seen::Nothing, Seen::Same) => Place::Target,
            (Seen::Same, Seen::Same) => Place::Both,
            (Seen::Nothing, Seen::Nothing) => Place::Nowhere,
        })
    }

    /// Whether a file is where it goes, and no longer where it was. Another one may have its old name.
    pub fn has_moved(&self, storage: &dyn Storage, file: &MovedFile) -> Result<bool, StorageError> {
        let origin = identify(storage, &self.origin(file), file)?;
        let target = identify(storage, &self.target(file), file)?;
        Ok(matches!((origin, target), (Seen::Nothing | Seen::Other, Seen::Same)))
    }

    /// Refuses a file that is not where it was, or whose new name is taken.
    pub fn expect_at_origin(&self, storage: &dyn Storage, file: &MovedFile) -> Result<(), Refusal> {
        match self.place(storage, file).map_err(|e| failure(&e))? {
            Place::Origin => Ok(()),
            place => Err(self.changed(file, place)),
        }
    }

    /// Refuses a file that is not the planned one; whether its new name is free is not asked. Where the file
    /// system keeps its number and its time, these say it: nobody writes to a file and leaves both.
    pub fn expect_planned(&self, storage: &dyn Storage, file: &MovedFile) -> Result<(), Refusal> {
        if is_planned(storage, &self.origin(file), file) {
            return Ok(());
        }
        Err(self.not_as_planned(storage, file))
    }

    /// Refuses where another file was moved in the place of the planned one.
    pub fn expect_moved(&self, storage: &dyn Storage, file: &MovedFile) -> Result<(), Refusal> {
        expect_file(storage, &self.target(file), file)
    }

    /// Refuses where another file was moved back in the place of the planned one.
    pub fn expect_back(&self, storage: &dyn Storage, file: &MovedFile) -> Result<(), Refusal> {
        expect_file(storage, &self.origin(file), file)
    }

    /// Refuses a file that was copied away and is no longer what was copied.
    pub fn expect_copied_content(
        &self,
        storage: &dyn Storage,
        file: &MovedFile,
    ) -> Result<(), Refusal> {
        let Some(copied) = &file.sha256 else { return Ok(()) };
        let opened = storage.open(&self.origin(file), Access::Read);
        let found = opened.and_then(|it| digest_blocks(it.as_ref(), file.bytes, |_, _| Ok(())));
        let found = hex::encode(found.map_err(|error| failure(&error))?);
        if found == *copied { Ok(()) } else { Err(self.changed(file, Place::ForeignAtOrigin)) }
    }

    /// The refusal of a file that cannot move, by where it is now.
    pub fn not_as_planned(&self, storage: &dyn Storage, file: &MovedFile) -> Refusal {
        match self.place(storage, file) {
            Ok(place) => self.changed(file, place),
            Err(error) => failure(&error),
        }
    }

    /// The refusal of a file that is elsewhere, or another one, since the plan was made.
    pub fn changed(&self, file: &MovedFile, place: Place) -> Refusal {
        changed_at(&self.origin(file), place.in_words())
    }

    /// Whether a file that is in both folders is there by our doing: only a copy can be, and it is equal to
    /// its last byte.
    pub fn may_be_in_both(&self, storage: &dyn Storage, file: &MovedFile) -> Result<bool, Refusal> {
        if self.method == MoveMethod::Rename {
            return Ok(false);
        }
        let digest = |path: &Path| {
            let opened = storage.open(path, Access::Read)?;
            digest_blocks(opened.as_ref(), file.bytes, |_, _| Ok(()))
        };
        let both =
            digest(&self.origin(file)).and_then(|one| Ok(one == digest(&self.target(file))?));
        both.map_err(|error| failure(&error))
    }

    /// The refusal of a file that is not where any step of the plan could have left it.
    pub fn misplaced(&self, file: &MovedFile) -> Refusal {
        Refusal::new(
            RefusalId::BackupDamaged,
            &self.target(file),
            format!("{} is neither in {} nor there", file.name, shown(self.from)),
            "Nothing was touched. Put the file back into one of the two folders and try again.",
        )
    }
}

enum Seen {
    Nothing,
    Same,
    Other,
}

fn identify(storage: &dyn Storage, path: &Path, file: &MovedFile) -> Result<Seen, StorageError> {
    let (opened, status) = match storage.open_with_status(path, Access::Read) {
        Err(error) if error.is_not_found() => return Ok(Seen::Nothing),
        Err(error) => match storage.status(path) {
            Ok(status) if status.kind != FileKind::Regular => return Ok(Seen::Other),
            _ => return Err(error),
        },
        Ok(opened) => opened,
    };
    if status.length_bytes != file.bytes {
        return Ok(Seen::Other);
    }
    let mut start = [0; HEADER_BYTES];
    let read = read_full(opened.as_ref(), &mut start, 0)?;
    // Its header may be what it was, and the rest another: a log is written on behind it.
    if file.identity.is_some_and(|planned| planned != FileIdentity::of(&status)) {
        return Ok(Seen::Other);
    }
    let same = <[u8; 32]>::from(Sha256::digest(&start[..read])) == file.header_sha256;
    Ok(if same { Seen::Same } else { Seen::Other })
}

/// Whether the planned file has this name. Where the file system keeps its number and its time, these say it.
fn is_planned(storage: &dyn Storage, path: &Path, file: &MovedFile) -> bool {
    is_known(storage, path, file, |now, planned| {
        (now.length_bytes, FileIdentity::of(now)) == (file.bytes, planned)
    })
}

/// Whether the planned file has this name, though somebody may have written to it since.
fn is_same_file(storage: &dyn Storage, path: &Path, file: &MovedFile) -> bool {
    is_known(storage, path, file, |now, planned| FileIdentity::of(now).number == planned.number)
}

/// Whether a file is known by what its file system keeps of it; where that keeps nothing, by its header.
fn is_known(
    storage: &dyn Storage,
    path: &Path,
    file: &MovedFile,
    is_alike: impl Fn(&Status, FileIdentity) -> bool,
) -> bool {
    let is_known = match file.identity {
        Some(planned) => {
            storage.status(path).map(|now| now.kind == FileKind::Regular && is_alike(&now, planned))
        }
        None => identify(storage, path, file).map(|seen| matches!(seen, Seen::Same)),
    };
    is_known.is_ok_and(|is_known| is_known)
}

/// Refuses where another file was moved in the place of the planned one.
fn expect_file(storage: &dyn Storage, path: &Path, file: &MovedFile) -> Result<(), Refusal> {
    if is_same_file(storage, path, file) { Ok(()) } else { Err(exchanged(path)) }
}

/// The refusal of a file that was moved in the place of the planned one.
fn exchanged(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::ChangedSinceSurvey,
        path,
        "this is not the planned log: somebody exchanged it while the logs were moved",
        "Find out who writes to the folder. Find the true log, put it in the place of this file, and go on with: \
         edbmend recover, with the folder of the logs.",
    )
}

/// The refusal of a file that is no longer what it was when the plan was made.
pub fn changed_at(origin: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::ChangedSinceSurvey,
        origin,
        format!("since the plan was made, {what}"),
        "Find out who writes to the folder, then run the command again.",
    )
}

/// The refusal where another file holds the name of a planned log.
pub fn name_is_taken(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::NewLogStream,
        path,
        "another file has the name of a planned log: a store was mounted since and began a new log \
         stream, or somebody put it there or wrote to it",
        "Nothing was touched. If a store was mounted, the new logs belong to it; the moved ones are in the \
         operation folder, and are still good for the hard recovery of an older backup. If none was, move \
         that file elsewhere, or put the log of before in its place, and try again.",
    )
}

/// A file of the log stream, at home, that the plan does not know: a mount has begun, or somebody
/// writes to the folder.
pub fn unplanned_files(storage: &dyn Storage, plan: &ResetPlan) -> Option<Refusal> {
    // In each folder only the kind that the plan takes from it: where logs and checkpoint have
    // folders of their own, what else lies there is not ours to judge.
    let mut homes: BTreeMap<&Path, HashSet<&str>> = BTreeMap::new();
    let mut kinds = HashSet::new();
    for batch in &plan.batches {
        let home = if batch.from == plan.away { &batch.to } else { &batch.from };
        for file in &batch.files {
            let Some(kind) = kind_in_stream(&file.name, plan.base) else { continue };
            homes.entry(home).or_default().insert(&file.name);
            kinds.insert((home.as_path(), kind));
        }
    }
    homes.iter().find_map(|(&dir, planned)| {
        let names = match storage.list(dir) {
            Ok(names) => names,
            Err(error) => return Some(reason(&error)),
        };
        let names = names.iter().filter_map(|name| name.to_str());
        let mut strangers = names.filter(|name| {
            let kind = kind_in_stream(name, plan.base);
            kind.is_some_and(|kind| kinds.contains(&(dir, kind))) && !planned.contains(name)
        });
        strangers.next().map(|name| stranger(&dir.join(name)))
    })
}

/// What a reset moves.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Log,
    Checkpoint,
}

/// The kind of a file of the stream, by its name; `None` for others, and for reserve logs.
fn kind_in_stream(name: &str, base: LogBase) -> Option<Kind> {
    let parsed = LogFileName::parse(name)?;
    let kind = match parsed {
        LogFileName::Reserve { .. } | LogFileName::SharedReserve { .. } => return None,
        LogFileName::Checkpoint { .. } => Kind::Checkpoint,
        _ => Kind::Log,
    };
    (parsed.base()? == base).then_some(kind)
}

fn stranger(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::NewLogStream,
        path,
        "a log that the plan does not know: a store was mounted, or somebody writes to the folder",
        "If a store was mounted since, its new logs are the valid ones. If none was, find out who writes to \
         the folder, then run the command again.",
    )
}
