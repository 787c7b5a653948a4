//! `verify` of a folder: everything in it that has checksums.

use std::path::{Path, PathBuf};

use crate::apply::is_operation_folder;
use crate::ese::{ContentKind, LogFileName};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::FileKind;
use crate::survey::{Digests, GroupFacts, GroupFolders, Listings};

use super::file_kind::kind_of;
use super::run::Run;
use super::verify_files::verify_set;
use super::verifying::Verifying;

/// Verifies what is in a folder; `None` where the path is none. Its subfolders are not read.
///
/// # Errors
///
/// It cannot be listed, is an operation folder, or there is nothing in it to verify.
pub(super) fn verify_folder(verifying: &mut Verifying, path: &Path) -> Option<Result<(), Refusal>> {
    let dir = folder(verifying.run, path)?;
    verifying.reads_streaming_files = true;
    let verified = verify(verifying, &dir);
    verifying.reads_streaming_files = false;
    Some(verified)
}

fn folder(run: &Run, path: &Path) -> Option<PathBuf> {
    let dir = run.storage().canonical(&run.resolve(path).ok()?).ok()?;
    let status = run.storage().status(&dir).ok()?;
    (status.kind == FileKind::Directory).then_some(dir)
}

fn verify(verifying: &mut Verifying, dir: &Path) -> Result<(), Refusal> {
    let run = verifying.run;
    if is_operation_folder(run.storage(), dir) {
        return Err(nothing_here(
            dir,
            "this is an operation folder of edbmend; it is never surveyed",
        ));
    }
    let listings = run.listings();
    let databases = run.databases_in(&listings, dir)?.databases;
    let mut found = databases.len();
    for database in databases {
        match database {
            _ if verifying.is_stopped() => return Ok(()),
            Ok(facts) => verifying.file(&facts),
            Err(refusal) => verifying.fail(refusal),
        }
    }
    found += other_files(verifying, &listings, dir);
    found += logs(verifying, &listings, dir)?;
    if found == 0 {
        return Err(nothing_here(dir, "nothing in this folder has checksums that can be verified"));
    }
    Ok(())
}

/// Streaming files, flush maps, checkpoints, prepared and reserve logs; how many.
fn other_files(verifying: &mut Verifying, listings: &Listings, dir: &Path) -> usize {
    let Ok(listing) = listings.of(dir) else { return 0 };
    let is_closed_or_current = |name: &str| {
        let name = LogFileName::parse(name);
        matches!(name, Some(LogFileName::Archive { .. } | LogFileName::Current { .. }))
    };
    let names = listing.iter().map(|(name, _)| name);
    let mut names: Vec<_> =
        names.filter(|name| !name.to_str().is_some_and(is_closed_or_current)).collect();
    names.sort();
    let mut found = 0;
    for name in names {
        if verifying.is_stopped() {
            break;
        }
        let Ok(facts) = verifying.run.survey_among(listings, &dir.join(name)) else { continue };
        let is_ours = matches!(
            kind_of(&facts),
            ContentKind::Streaming
                | ContentKind::FlushMap
                | ContentKind::Checkpoint
                | ContentKind::PreparedLog
                | ContentKind::ReserveLog
        );
        if is_ours {
            verifying.file(&facts);
            found += 1;
        }
    }
    found
}

/// The log streams; how many.
fn logs(verifying: &mut Verifying, listings: &Listings, dir: &Path) -> Result<usize, Refusal> {
    let (run, threads) = (verifying.run, verifying.threads);
    let folders = GroupFolders { log_dir: dir.to_owned(), system_dir: dir.to_owned() };
    let mut group = run.survey_logs(listings, folders, Vec::new(), Digests::NotWanted, None)?;
    let mut streams = std::mem::take(&mut group.streams);
    streams.retain(|stream| stream.in_order().next().is_some());
    let found = streams.len();
    for stream in streams {
        if verifying.is_stopped() {
            break;
        }
        let of_one = GroupFacts {
            folders: group.folders.clone(),
            streams: vec![stream],
            patch_files: Vec::new(),
            databases: Vec::new(),
            shared_reserves: Vec::new(),
            restore_files: Vec::new(),
            restore_keys: Vec::new(),
            pending: Vec::new(),
        };
        let (set, reasons) = verify_set(run, of_one, threads);
        verifying.push_file(set, &reasons);
    }
    Ok(found)
}

fn nothing_here(dir: &Path, what: &str) -> Refusal {
    Refusal::new(RefusalId::NotADatabase, dir, what, "Name the folder of the databases or logs.")
}
