//! Copies of files that cross volumes: made ahead under a name of their own, synced, read back, compared.

use std::collections::BTreeMap;
use std::path::Path;

use crate::ese::log_body::LogVerdict;
use crate::guards::{Held, Route, UNFINISHED_SUFFIX, changed_at, reason, unfinished};
use crate::plan::{MoveMethod, MovedFile};
use crate::refusal::{Refusal, RefusalId};
use crate::show::shown;
use crate::storage::{File, Status, Storage, StorageError, digest_blocks};

use super::super::context::Context;
use super::super::deed::BegunCopy;
use super::super::outcome::interrupted;
use super::copied_body::CopiedBody;

/// What is known of the copy of a file.
pub struct Copied {
    /// SHA-256 of what was read back, in hexadecimal.
    pub sha256: String,
    /// The original, when it was copied.
    original: Status,
    /// The copy, when it was compared.
    copy: Status,
    /// What recovery says of it, where it is a log with a valid header.
    pub body: Option<LogVerdict>,
}

impl Copied {
    /// Whether the original is still the file that was copied, and nobody wrote to it since.
    pub fn is_of(&self, now: &Status) -> bool {
        is_unwritten(&self.original, now)
    }

    /// Whether a file is the copy, and nobody wrote to it since it was compared.
    pub fn is_copy(&self, now: &Status) -> bool {
        is_unwritten(&self.copy, now)
    }
}

/// The copies, by the names of their files.
pub type Copies = BTreeMap<String, Copied>;

/// Copies every file that crosses volumes to an unfinished name beside its target. Nobody else has it open
/// meanwhile, and nobody waits for what is held. Nothing that exists is changed.
pub fn copy_ahead(context: Context, held: &Held, routes: &[Route]) -> Result<Copies, Refusal> {
    let mut copies = Copies::new();
    for route in routes.iter().filter(|route| route.method == MoveMethod::Copy) {
        for file in route.files {
            if context.is_interrupted() {
                return Err(interrupted(&route.origin(file)));
            }
            held.undisputed()?;
            let source = held.alone(&route.origin(file))?;
            let copied = copy_unfinished(context.storage, source.as_ref(), route.to, file)?;
            if let Some(body) = copied.body.filter(|body| !body.is_good()) {
                let origin = route.origin(file);
                context.observer.stage(&format!("{} is {}", shown(&origin), body.name()));
            }
            copies.insert(file.name.clone(), copied);
            context.observer.advance_bytes(file.bytes);
        }
        context.storage.sync_dir(route.to).map_err(|e| reason(&e))?;
    }
    Ok(copies)
}

/// The unfinished copies that may be there, each with its original.
pub fn begun(routes: &[Route]) -> Vec<BegunCopy> {
    let copied = routes.iter().filter(|route| route.method == MoveMethod::Copy);
    let of_route = |route: &Route| {
        let each = |file| {
            let there = (route.to, route.origin(file));
            let back = (route.from, route.target(file));
            [there, back].map(|(dir, original)| BegunCopy { copy: unfinished(dir, file), original })
        };
        route.files.iter().flat_map(each).collect::<Vec<_>>()
    };
    copied.flat_map(of_route).collect()
}

/// Removes what [`copy_ahead`] left, durably: once the plan is gone nobody knows these names.
pub fn remove_unfinished(storage: &dyn Storage, routes: &[Route]) -> Result<(), StorageError> {
    for route in routes.iter().filter(|route| route.method == MoveMethod::Copy) {
        let both = |file| [(route.to, file), (route.from, file)];
        for (dir, file) in route.files.iter().flat_map(both) {
            unless_absent(storage.remove_file(&unfinished(dir, file)))?;
        }
        for dir in [route.to, route.from] {
            unless_absent(storage.sync_dir(dir))?;
        }
    }
    Ok(())
}

fn unless_absent(done: Result<(), StorageError>) -> Result<(), StorageError> {
    match done {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Whether a folder for moved files holds any; those that are still being copied do not count.
pub fn is_any_away(storage: &dyn Storage, away: &Path) -> Result<bool, StorageError> {
    let names = match storage.list(away) {
        Err(error) if error.is_not_found() => Vec::new(),
        names => names?,
    };
    Ok(names.iter().any(|name| !name.to_string_lossy().ends_with(UNFINISHED_SUFFIX)))
}

/// Copies an open file to its unfinished name in another folder: synced, read back, compared. Nobody may write
/// to it meanwhile.
pub fn copy_unfinished(
    storage: &dyn Storage,
    source: &dyn File,
    to: &Path,
    file: &MovedFile,
) -> Result<Copied, Refusal> {
    let path = unfinished(to, file);
    let io = |error: StorageError| reason(&error);
    unless_absent(storage.remove_file(&path)).map_err(io)?;
    let original = source.status().map_err(io)?;
    let mut body = CopiedBody::new(file);
    let copy = storage.create(&path).map_err(io)?;
    copy.reserve(file.bytes).map_err(io)?;
    let written = digest_blocks(source, file.bytes, |block, offset| {
        body.feed(block, offset);
        copy.write_at(block, offset)
    });
    let expected = written.map_err(io)?;
    copy.sync().map_err(io)?;
    copy.adopt_access(source).map_err(io)?;
    copy.sync().map_err(io)?;
    copy.drop_cache();
    let compared = copy.status().map_err(io)?;
    let found = digest_blocks(copy.as_ref(), file.bytes, |_, _| Ok(())).map_err(io)?;
    if !is_unwritten(&original, &source.status().map_err(io)?) {
        return Err(changed_at(source.path(), "somebody wrote to it while it was copied"));
    }
    let (found, expected) = (hex::encode(found), hex::encode(expected));
    if file.sha256.as_ref().is_some_and(|copied| *copied != expected) {
        return Err(changed_at(source.path(), "its content is no longer what was copied there"));
    }
    if found == expected {
        return Ok(Copied { sha256: found, original, copy: compared, body: body.verdict() });
    }
    Err(Refusal::new(
        RefusalId::IoError,
        &path,
        format!("the copy that was read back has SHA-256 {found}, expected {expected}"),
        "The medium cannot be trusted. Name another with --backup-dir; nothing was changed.",
    ))
}

/// Whether it is the same file, and nobody wrote to it between the two looks.
pub fn is_unwritten(before: &Status, now: &Status) -> bool {
    let facts = |status: &Status| (status.identity, status.length_bytes, status.modified_ns);
    facts(before) == facts(now)
}
