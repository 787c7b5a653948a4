//! `check`: diagnoses databases and storage groups.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::apply::is_operation_folder;
use crate::diagnose::{
    Finding, ForecastOutcome, GroupDiagnosis, StreamOutlook, WayOutStep, diagnose_database,
    diagnose_group_but, other_format, required,
};
use crate::ese::ContentKind;
use crate::ese::db_header::FORMAT_VERSION;
use crate::guards::unread;
use crate::plan;
use crate::refusal::{Refusal, RefusalId};
use crate::report::model::{
    CheckpointReport, CheckpointsReport, LogsReport, RebuildReport, StreamReport,
    checkpoint_reports,
};
use crate::report::{
    CommandName, DatabaseReport, Entry, GroupNumber, Outcome, Report, StreamAside, headers_of_logs,
};
use crate::storage::{FileKind, all_processors};
use crate::survey::{
    Bodies, DatabaseFacts, Digests, FlushMapFile, GroupFacts, GroupFolders, Listings, LogStream,
};

use super::error::{Result as ApiResult, ended_well};
use super::lost_header::lost_header;
use super::nearby::{folders_with_groups, parts_below};
use super::pages::{pages_note_of_check, scan_against};
use super::request::Check;
use super::run::{Run, Watch};
use super::verify_database::layout;

/// Diagnoses databases, and folders of storage groups. Writes nothing.
///
/// The outcome of the report is `ok`, or `findings` where there is one of severity error. Findings of
/// a database are with it; those of logs and checkpoint are the report's own.
///
/// # Errors
///
/// A file or folder could not be read, or is of a format that is not known: what is not read must not
/// pass for sound. The report in the error has what was found in the others.
#[cfg(feature = "disk")]
pub fn check(request: &Check, watch: &Watch) -> ApiResult<Report> {
    let run = Run::of_embedder(watch);
    let report = check_in(&run, request);
    ended_well(report.run_by(run.report()))
}

/// Diagnoses in a run that began already.
pub fn check_in(run: &Run, request: &Check) -> Report {
    let mut check = Checking::new(run, request);
    let (mut folders, files) = check.sort_paths();
    if request.recursive {
        let groups = folders.iter().map(|top| (top, folders_with_groups(run, top)));
        let below = groups
            .flat_map(|(top, found)| if found.is_empty() { vec![top.clone()] } else { found });
        folders = below.collect();
    }
    let places = &request.places;
    let is_group = places.log_dir.is_some() || places.system_dir.is_some() || folders.len() == 1;
    if is_group {
        let databases = check.survey_files(&files);
        check.group(&folders, databases);
    } else {
        for folder in &folders {
            check.group(std::slice::from_ref(folder), Vec::new());
        }
        let databases = check.survey_files(&files);
        check.databases_alone(databases);
    }
    check.conclude()
}

/// The report as it grows.
struct Checking<'a> {
    run: &'a Run<'a>,
    request: &'a Check,
    report: Report,
    streams: Vec<StreamReport>,
    checkpoints: Vec<CheckpointReport>,
    /// The group that is looked at.
    number: GroupNumber,
    /// A folder of logs could not be read, or a database that the logs name was not found.
    is_incomplete: bool,
    /// How many files were told of in the folders of the group.
    found_in: usize,
    /// What a rebuild would come to, of the databases of which one would come to something.
    rebuilds: Vec<(PathBuf, RebuildReport)>,
}

impl<'a> Checking<'a> {
    fn new(run: &'a Run<'a>, request: &'a Check) -> Self {
        let (streams, checkpoints) = (Vec::new(), Vec::new());
        let report = Report::new(CommandName::Check);
        let (number, is_incomplete, found_in, rebuilds) = (0, false, 0, Vec::new());
        Self {
            run,
            request,
            report,
            streams,
            checkpoints,
            number,
            is_incomplete,
            found_in,
            rebuilds,
        }
    }

    fn conclude(mut self) -> Report {
        let fails = |stream: &StreamReport| stream.next_mount.outcome == ForecastOutcome::Fails;
        let mount_fails = self.streams.iter().any(fails);
        if self.streams.len() > 1 {
            self.report.document.groups.clone_from(&self.streams);
        }
        self.report.document.logs = LogsReport::of(self.streams);
        self.report.document.checkpoint = CheckpointsReport::of(self.checkpoints);
        let mut report = self.report.conclude();
        // A failing mount is no clean bill of health, whatever was found.
        let document = &mut report.document;
        if mount_fails && document.outcome == Outcome::Ok {
            document.outcome = Outcome::Findings;
            document.exit_code = Outcome::Findings.exit_code();
        }
        let report = if self.is_incomplete { report.failed() } else { report };
        report.judged()
    }

    /// Judges a group, in which lost headers are looked for before. Where the next mount fails, or loses something, other ways are tried, and they begin with the
    /// oldest log.
    fn diagnose(&mut self, group: &mut GroupFacts) -> Result<GroupDiagnosis, Refusal> {
        self.look_for_lost_headers(group);
        let allowed = &self.request.may_be_missing;
        let diagnosis = diagnose_group_but(group, allowed);
        if self.request.deep || !diagnosis.tries_other_starts() {
            return Ok(diagnosis);
        }
        let log_dir = group.folders.log_dir.clone();
        self.run.read_bodies(&mut group.streams, Bodies::All, all_processors(), &log_dir)?;
        Ok(diagnose_group_but(group, allowed))
    }

    /// The log bodies that the forecasts rest on.
    fn bodies(&self) -> Option<Bodies> {
        Some(if self.request.deep { Bodies::All } else { Bodies::OfNextMount })
    }

    fn fail(&mut self, refusal: &Refusal) {
        let database = DatabaseReport::unknown(&refusal.path, Outcome::Failed);
        self.report.push(database, std::slice::from_ref(refusal));
    }

    /// The folders, and the files, that were named.
    fn sort_paths(&mut self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for path in &self.request.paths {
            match self.folder(path) {
                Ok(Some(folder)) => folders.push(folder),
                Ok(None) => files.push(path.clone()),
                Err(refusal) => self.fail(&refusal),
            }
        }
        files.extend(self.request.databases.iter().cloned());
        (folders, files)
    }

    /// The path, where it is a folder; a link to one counts as one.
    fn folder(&self, path: &Path) -> Result<Option<PathBuf>, Refusal> {
        let path = self.run.resolve(path)?;
        let storage = self.run.storage();
        let folder = storage.canonical(&path).unwrap_or_else(|_| path.clone());
        if !storage.status(&folder).is_ok_and(|status| status.kind == FileKind::Directory) {
            return Ok(None);
        }
        if is_operation_folder(storage, &folder) {
            let what = "this is an operation folder of edbmend; it is never surveyed";
            return Err(no_database(&path, what));
        }
        Ok(Some(folder))
    }

    /// The databases among files that were named; of every other file is reported what it is.
    fn survey_files(&mut self, files: &[PathBuf]) -> Vec<DatabaseFacts> {
        let mut databases: Vec<DatabaseFacts> = Vec::new();
        for file in files {
            match self.run.survey(file) {
                Err(refusal) => self.fail(&refusal),
                Ok(facts) if facts.kind != ContentKind::Database => {
                    let refusals = plan::content_refusals(&facts);
                    let report = DatabaseReport::surveyed(&facts, Vec::new(), Outcome::Failed);
                    self.report.push(report, &refusals);
                }
                Ok(facts) if databases.iter().any(|known| known.path == facts.path) => {}
                Ok(facts) => databases.push(facts),
            }
        }
        databases
    }

    /// A storage group: the databases of the folders and those that were named, and the logs.
    fn group(&mut self, folders: &[PathBuf], named: Vec<DatabaseFacts>) {
        let (run, listings) = (self.run, self.run.listings());
        self.number += 1;
        let mut databases = match self.databases_of(&listings, folders, named) {
            Ok(databases) => databases,
            Err(refusal) => return self.fail(&refusal),
        };
        self.read_pages(&mut databases);
        let places = self.folders_of_logs(folders, &databases);
        let group = places.and_then(|places| {
            run.survey_logs(&listings, places, databases.clone(), Digests::NotWanted, self.bodies())
        });
        match group {
            // The databases can be judged all the same; only what is said is less than was asked for.
            Err(refusal) => {
                databases.iter().for_each(|facts| self.push(facts, diagnose_database(facts)));
                self.report.document.refusals.push(refusal);
                self.is_incomplete = true;
            }
            Ok(mut group) => {
                let diagnosis = match self.diagnose(&mut group) {
                    Ok(diagnosis) => diagnosis,
                    Err(refusal) => return self.fail(&refusal),
                };
                self.is_incomplete |= !diagnosis.is_whole;
                if group.databases.is_empty() && diagnosis.streams.is_empty() {
                    if !folders.is_empty() && self.found_in == 0 {
                        let what = "neither a database nor a log was found in this folder";
                        self.fail(&no_database(&group.folders.log_dir, what));
                    }
                    return;
                }
                self.push_group(&group, diagnosis);
            }
        }
    }

    /// Reads all pages of the databases, where that was asked for. One whose pages cannot be told is told of by
    /// its header.
    fn read_pages(&mut self, databases: &mut [DatabaseFacts]) {
        for facts in databases.iter_mut().filter(|_| self.request.deep) {
            let Ok(layout) = layout(facts) else { continue };
            let header = facts.pair.as_ref().map(|pair| &pair.header.raw);
            let storage = self.run.storage();
            let map = header.and_then(|raw| FlushMapFile::beside(storage, &facts.path, raw));
            match scan_against(self.run, facts, map.as_ref(), layout, all_processors()) {
                Ok(pages) => facts.pages = Some(Arc::new(pages)),
                Err(refusal) => {
                    self.report.document.refusals.push(refusal);
                    self.is_incomplete = true;
                }
            }
        }
    }

    /// The databases of the folders, and those that were named.
    fn databases_of(
        &mut self,
        listings: &Listings,
        folders: &[PathBuf],
        named: Vec<DatabaseFacts>,
    ) -> Result<Vec<DatabaseFacts>, Refusal> {
        let mut databases = named;
        self.found_in = 0;
        for folder in folders {
            let found = self.run.databases_in(listings, folder)?;
            let count = found.databases.len() + found.temporary.len();
            self.found_in += count;
            if count == 0 && !self.is_of_logs(folders, folder) {
                self.fail(&no_database(folder, "no database was found in this folder"));
            }
            found.temporary.iter().for_each(|facts| self.push(facts, diagnose_database(facts)));
            let foreign = found.foreign.iter().map(|(path, format)| other_format(path, *format));
            self.push_findings(foreign);
            for found in found.databases {
                match found {
                    Ok(facts) if databases.iter().any(|known| known.path == facts.path) => {}
                    Ok(facts) => databases.push(facts),
                    Err(refusal) => self.fail(&refusal),
                }
            }
        }
        Ok(databases)
    }

    /// Whether a folder is named for logs or checkpoint, or is where they are looked for.
    fn is_of_logs(&self, folders: &[PathBuf], folder: &PathBuf) -> bool {
        let places = [&self.request.places.log_dir, &self.request.places.system_dir];
        let mut named = places.into_iter().flatten().map(|dir| self.run.resolve_dir(dir));
        let is_first = self.request.places.log_dir.is_none() && folders.first() == Some(folder);
        is_first || named.any(|dir| dir.is_ok_and(|dir| dir == *folder))
    }

    /// Where logs and checkpoint are: in the folders that were named for them, or else with the databases.
    fn folders_of_logs(
        &self,
        folders: &[PathBuf],
        databases: &[DatabaseFacts],
    ) -> Result<GroupFolders, Refusal> {
        let beside = || databases.first().and_then(|facts| Some(facts.path.parent()?.to_owned()));
        let log_dir = match &self.request.places.log_dir {
            Some(dir) => self.run.resolve_dir(dir)?,
            None => folders.first().cloned().or_else(beside).unwrap_or_default(),
        };
        let system_dir = match &self.request.places.system_dir {
            Some(dir) => self.run.resolve_dir(dir)?,
            None => log_dir.clone(),
        };
        Ok(GroupFolders { log_dir, system_dir })
    }

    fn push_group(&mut self, group: &GroupFacts, diagnosis: GroupDiagnosis) {
        for (facts, findings) in group.databases.iter().zip(diagnosis.databases) {
            self.push(facts, findings);
        }
        self.push_findings(diagnosis.findings);
        match parts_below(self.run, group) {
            Some(step) => self.push_way_out([step]),
            None => self.push_way_out(diagnosis.way_out),
        }
        self.push_unread(group);
        self.report.aside.headers.extend(headers_of_logs(group));
        let dir = &group.folders.log_dir;
        if diagnosis.streams.iter().all(|stream| stream.base.is_none()) {
            self.report.aside.no_logs_in.push(dir.clone());
        }
        for stream in &diagnosis.streams {
            self.streams.push(StreamReport::new(dir, stream));
            self.report.aside.streams.push(self.aside_of(stream));
        }
        self.checkpoints.extend(checkpoint_reports(group));
    }

    /// Of the logs, the checkpoint and the folder.
    fn push_findings(&mut self, found: impl IntoIterator<Item = Finding>) {
        let (findings, of_which) =
            (&mut self.report.document.findings, &mut self.report.aside.findings);
        findings.extend(found);
        of_which.resize(findings.len(), self.number);
    }

    fn push_way_out(&mut self, steps: impl IntoIterator<Item = WayOutStep>) {
        let (way_out, of_which) = (&mut self.report.document.way_out, &mut self.report.aside.steps);
        way_out.extend(steps);
        of_which.resize(way_out.len(), self.number);
    }

    fn aside_of(&self, stream: &StreamOutlook) -> StreamAside {
        StreamAside { checkpoint: stream.checkpoint, group: self.number }
    }

    /// A log or a checkpoint that could not be read is not damaged, and does not pass for sound.
    fn push_unread(&mut self, group: &GroupFacts) {
        for (path, error) in group.streams.iter().flat_map(LogStream::unread) {
            self.report.push_unread(&unread(self.run.storage(), path, error));
        }
    }

    /// Databases without their storage group: their logs are looked for beside them, and only what
    /// concerns the databases is said.
    fn databases_alone(&mut self, mut databases: Vec<DatabaseFacts>) {
        self.read_pages(&mut databases);
        let parent = |facts: &DatabaseFacts| facts.path.parent().map(Path::to_owned);
        let mut rest = databases;
        while let Some(dir) = rest.first().map(|facts| parent(facts).unwrap_or_default()) {
            let (here, elsewhere): (Vec<_>, Vec<_>) =
                rest.into_iter().partition(|facts| parent(facts).unwrap_or_default() == dir);
            rest = elsewhere;
            self.number += 1;
            let folders = GroupFolders { log_dir: dir.clone(), system_dir: dir.clone() };
            let listings = self.run.listings();
            match self.run.survey_logs(
                &listings,
                folders,
                self.with_siblings(&listings, &here),
                Digests::NotWanted,
                self.bodies(),
            ) {
                Ok(mut group) => {
                    let diagnosis = match self.diagnose(&mut group) {
                        Ok(diagnosis) => diagnosis,
                        Err(refusal) => return self.fail(&refusal),
                    };
                    // Clean ones need none of them.
                    if here.iter().any(needs_logs) {
                        self.push_unread(&group);
                    }
                    let named = group.databases.iter().zip(diagnosis.databases).take(here.len());
                    let mut is_sound = true;
                    for (facts, findings) in named {
                        is_sound &= !Report::has_errors(&findings);
                        self.push(facts, findings);
                    }
                    if !is_sound {
                        self.push_way_out(diagnosis.way_out);
                    }
                    for stream in &diagnosis.streams {
                        let aside = self.aside_of(stream);
                        self.report.aside.beside.push((StreamReport::new(&dir, stream), aside));
                    }
                }
                // The folder cannot be listed; the databases can be judged all the same.
                Err(_) => here.iter().for_each(|facts| self.push(facts, diagnose_database(facts))),
            }
        }
    }

    /// The databases that were named, and behind them the others of their folder: those have a part in what the
    /// next mount meets.
    fn with_siblings(&self, listings: &Listings, named: &[DatabaseFacts]) -> Vec<DatabaseFacts> {
        let mut all = named.to_vec();
        let dir = named.first().and_then(|facts| facts.path.parent());
        let found = dir.and_then(|dir| self.run.databases_in(listings, dir).ok());
        for facts in found.into_iter().flat_map(|found| found.databases).flatten() {
            if !all.iter().any(|known| known.path == facts.path) {
                all.push(facts);
            }
        }
        all
    }

    /// Of each database whose header is lost, pages and logs tell what of it is proven.
    fn look_for_lost_headers(&mut self, group: &mut GroupFacts) {
        for facts in &mut group.databases {
            match lost_header(self.run, &group.folders, facts) {
                Ok(None) => {}
                Ok(Some((lost, report))) => {
                    facts.lost_header = Some(lost);
                    self.rebuilds.extend(report.map(|report| (facts.path.clone(), report)));
                }
                Err(refusal) => {
                    self.report.document.refusals.push(refusal);
                    self.is_incomplete = true;
                }
            }
        }
    }

    fn push(&mut self, facts: &DatabaseFacts, findings: Vec<Finding>) {
        // What edbmend does not know, it cannot judge: that is no clean bill of health.
        let unknown: Vec<Refusal> = plan::content_refusals(facts)
            .into_iter()
            .filter(|refusal| {
                matches!(
                    refusal.id,
                    RefusalId::UnsupportedFormat | RefusalId::Truncated | RefusalId::NotADatabase
                )
            })
            .chain(self.run.unread_streaming_file(facts))
            .collect();
        let layout_is_known =
            facts.pair.as_ref().is_none_or(|pair| pair.header.raw.version.get() == FORMAT_VERSION);
        let has_bad_pages = facts.pages.as_ref().is_some_and(|pages| pages.has_bad_data());
        let outcome = match () {
            () if !layout_is_known => Outcome::Failed,
            () if Report::has_errors(&findings) || has_bad_pages => Outcome::Findings,
            () if !unknown.is_empty() => Outcome::Failed,
            () => Outcome::Ok,
        };
        let mut entry = Entry::surveyed(facts, findings, outcome);
        entry.notes(facts.pages.as_deref().and_then(pages_note_of_check));
        entry.aside.checked_with = Some(self.number);
        entry.report.pages = facts.pages.as_deref().cloned();
        let rebuild = self.rebuilds.iter().find(|(path, _)| *path == facts.path);
        entry.report.rebuild = rebuild.map(|(_, report)| report.clone());
        self.report.push(entry, &unknown);
    }
}

fn needs_logs(facts: &DatabaseFacts) -> bool {
    facts.pair.as_ref().is_some_and(|pair| required(&pair.header).is_some())
}

fn no_database(path: &Path, what: &str) -> Refusal {
    Refusal::new(RefusalId::NotADatabase, path, what, "Name the folder of the databases.")
}
