//! What lies near a folder that was named: groups in the tree below it, and parts of its own group one level down.

use std::path::{Path, PathBuf};

use crate::apply::is_operation_folder;
use crate::diagnose::{Action, WayOutStep};
use crate::ese::LogFileName;
use crate::show::{path_text, quoted};
use crate::storage::FileKind;
use crate::survey::{Digests, GroupFacts, GroupFolders, Listings, survey_group_among};

use super::run::Run;

/// The folders of a tree in which logs or databases lie, each before those below it, by name. Links are not
/// followed, and operation folders not entered.
pub(super) fn folders_with_groups(run: &Run, top: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![top.to_owned()];
    while let Some(dir) = open.pop() {
        let listings = run.listings();
        if has_group(run, &listings, &dir) {
            found.push(dir.clone());
        }
        let mut below = folders_in(run, &listings, &dir);
        below.sort();
        open.extend(below.into_iter().rev());
    }
    found
}

fn has_group(run: &Run, listings: &Listings, dir: &Path) -> bool {
    let Ok(listing) = listings.of(dir) else { return true };
    let mut names = listing.iter().filter_map(|(name, _)| name.to_str());
    let is_log = |name: &str| LogFileName::parse(name).is_some_and(|name| name.base().is_some());
    names.any(is_log)
        || run.databases_in(listings, dir).is_ok_and(|found| !found.databases.is_empty())
}

fn folders_in(run: &Run, listings: &Listings, dir: &Path) -> Vec<PathBuf> {
    let Ok(listing) = listings.of(dir) else { return Vec::new() };
    let storage = run.storage();
    let is_folder = |path: &Path, told: Option<FileKind>| {
        let kind = told.or_else(|| storage.status(path).ok().map(|status| status.kind));
        kind == Some(FileKind::Directory) && !is_operation_folder(storage, path)
    };
    let entries = listing.iter().map(|(name, kind)| (dir.join(name), *kind));
    entries.filter(|(path, kind)| is_folder(path, *kind)).map(|(path, _)| path).collect()
}

/// The check of a group with its logs, its checkpoint or its databases that lie one level below, known by the log
/// signature; `None` where nothing of it is missing, or nothing that fits was found.
pub(super) fn parts_below(run: &Run, group: &GroupFacts) -> Option<WayOutStep> {
    let dir = &group.folders.log_dir;
    let has_logs = group.streams.iter().any(|stream| stream.in_order().next().is_some());
    if has_logs != group.databases.is_empty() {
        return None;
    }
    let listings = run.listings();
    let mut below = folders_in(run, &listings, dir);
    below.sort();
    let arguments = if has_logs {
        databases_of(run, &listings, &below, group)
    } else {
        folders_of_logs(&listings, &below, group)
    };
    (!arguments.is_empty()).then(|| WayOutStep {
        step: 1,
        action: Action::CheckAgain,
        command: Some(format!("edbmend check {}{arguments}", quoted(dir))),
        why: "Parts of this group lie in a folder below, by their log signature: nothing else is known before they were \
              looked at together."
            .into(),
        loses: None,
        group: path_text(dir),
    })
}

fn databases_of(run: &Run, listings: &Listings, below: &[PathBuf], group: &GroupFacts) -> String {
    let found = below.iter().filter_map(|dir| run.databases_in(listings, dir).ok());
    let databases = found.flat_map(|found| found.databases).flatten();
    let ours = databases.filter(|facts| {
        let signature = facts.pair.as_ref().map(|pair| pair.header.raw.log_signature);
        let is_ours = |own| {
            !group.streams.is_empty() && group.streams.iter().any(|s| s.identity() == Some(own))
        };
        signature.is_some_and(is_ours)
    });
    ours.map(|facts| format!(" --db {}", quoted(&facts.path))).collect()
}

fn folders_of_logs(listings: &Listings, below: &[PathBuf], group: &GroupFacts) -> String {
    let mut arguments = String::new();
    let (mut logs, mut system) = (false, false);
    for dir in below {
        let folders = GroupFolders { log_dir: dir.clone(), system_dir: dir.clone() };
        let nothing = |_| {};
        let Ok(found) =
            survey_group_among(listings, folders, Vec::new(), Digests::NotWanted, &nothing)
        else {
            continue;
        };
        let is_ours = |stream: &&crate::survey::LogStream| {
            let headers = group.databases.iter().filter_map(|facts| facts.pair.as_ref());
            let mut signatures = headers.map(|pair| pair.header.raw.log_signature);
            signatures.any(|own| !own.is_unset() && stream.identity() == Some(own))
        };
        let Some(stream) = found.streams.iter().find(is_ours) else { continue };
        if !logs && stream.in_order().next().is_some() {
            logs = true;
            arguments += &format!(" --log-dir {}", quoted(dir));
        }
        if !system && stream.checkpoint.is_some() {
            system = true;
            arguments += &format!(" --system-dir {}", quoted(dir));
        }
    }
    arguments
}
