//! `check`: diagnoses databases and storage groups.

use std::path::{Path, PathBuf};

use crate::apply::is_operation_folder;
use crate::diagnose::{Finding, GroupDiagnosis, diagnose_database, diagnose_group};
use crate::ese::ContentKind;
use crate::ese::db_header::FORMAT_VERSION;
use crate::plan::{self, Refusal, RefusalId};
use crate::report::{
    CheckpointReport, CheckpointsReport, DatabaseReport, LogsReport, Outcome, Report, StreamReport,
    checkpoint_reports,
};
use crate::storage::{FileKind, canonical};
use crate::survey::{DatabaseFacts, GroupFacts, GroupFolders};

use super::args::CheckArgs;
use super::session::Session;

pub fn run(session: &Session, args: &CheckArgs) -> Report {
    let mut check = Check::new(session, args);
    let (folders, files) = check.sort_paths();
    let is_group =
        args.group.log_dir.is_some() || args.group.system_dir.is_some() || folders.len() == 1;
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
struct Check<'a> {
    session: &'a Session,
    args: &'a CheckArgs,
    report: Report,
    streams: Vec<StreamReport>,
    checkpoints: Vec<CheckpointReport>,
}

impl<'a> Check<'a> {
    fn new(session: &'a Session, args: &'a CheckArgs) -> Self {
        let (streams, checkpoints) = (Vec::new(), Vec::new());
        Self { session, args, report: Report::new("check"), streams, checkpoints }
    }

    fn conclude(mut self) -> Report {
        self.report.logs = LogsReport::of(self.streams);
        self.report.checkpoint = CheckpointsReport::of(self.checkpoints);
        self.report.conclude()
    }

    fn fail(&mut self, refusal: &Refusal) {
        let database = DatabaseReport::unknown(&refusal.path, Outcome::Failed);
        self.report.push(database, std::slice::from_ref(refusal));
    }

    /// The folders, and the files, that were named.
    fn sort_paths(&mut self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for path in &self.args.paths {
            match self.folder(path) {
                Ok(Some(folder)) => folders.push(folder),
                Ok(None) => files.push(path.clone()),
                Err(refusal) => self.fail(&refusal),
            }
        }
        files.extend(self.args.group.db.iter().cloned());
        (folders, files)
    }

    /// The path, where it is a folder; a link to one counts as one.
    fn folder(&self, path: &Path) -> Result<Option<PathBuf>, Refusal> {
        let path = self.session.resolve(path)?;
        let storage = self.session.storage();
        let folder = canonical(&path).unwrap_or_else(|_| path.clone());
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
            match self.session.survey(file) {
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
        match self.survey_group(folders, named) {
            Err(refusal) => self.fail(&refusal),
            Ok(group) => {
                let diagnosis = diagnose_group(&group);
                if group.databases.is_empty() && diagnosis.streams.is_empty() {
                    if self.report.databases.is_empty() {
                        let what = "neither a database nor a log was found in this folder";
                        self.fail(&no_database(&group.folders.log_dir, what));
                    }
                    return;
                }
                self.push_group(&group, diagnosis);
            }
        }
    }

    fn survey_group(
        &mut self,
        folders: &[PathBuf],
        mut databases: Vec<DatabaseFacts>,
    ) -> Result<GroupFacts, Refusal> {
        for folder in folders {
            for found in self.session.databases_in(folder)? {
                match found {
                    Ok(facts) if databases.iter().any(|known| known.path == facts.path) => {}
                    Ok(facts) => databases.push(facts),
                    Err(refusal) => self.fail(&refusal),
                }
            }
        }
        let beside = || databases.first().and_then(|facts| Some(facts.path.parent()?.to_owned()));
        let log_dir = match &self.args.group.log_dir {
            Some(dir) => self.session.resolve_dir(dir)?,
            None => folders.first().cloned().or_else(beside).unwrap_or_default(),
        };
        let system_dir = match &self.args.group.system_dir {
            Some(dir) => self.session.resolve_dir(dir)?,
            None => log_dir.clone(),
        };
        self.session.survey_logs(GroupFolders { log_dir, system_dir }, databases)
    }

    fn push_group(&mut self, group: &GroupFacts, diagnosis: GroupDiagnosis) {
        for (facts, findings) in group.databases.iter().zip(diagnosis.databases) {
            self.push(facts, findings);
        }
        self.report.findings.extend(diagnosis.findings);
        let dir = &group.folders.log_dir;
        if diagnosis.streams.is_empty() {
            self.report.no_logs_in.push(dir.clone());
        }
        self.streams.extend(diagnosis.streams.iter().map(|stream| StreamReport::new(dir, stream)));
        self.checkpoints.extend(checkpoint_reports(group));
    }

    /// Databases without their storage group: their logs are looked for beside them, and only what
    /// concerns the databases is said.
    fn databases_alone(&mut self, databases: Vec<DatabaseFacts>) {
        let parent = |facts: &DatabaseFacts| facts.path.parent().map(Path::to_owned);
        let mut rest = databases;
        while let Some(dir) = rest.first().map(|facts| parent(facts).unwrap_or_default()) {
            let (here, elsewhere): (Vec<_>, Vec<_>) =
                rest.into_iter().partition(|facts| parent(facts).unwrap_or_default() == dir);
            rest = elsewhere;
            let folders = GroupFolders { log_dir: dir.clone(), system_dir: dir };
            match self.session.survey_logs(folders, here.clone()) {
                Ok(group) => {
                    let diagnosis = diagnose_group(&group);
                    for (facts, findings) in group.databases.iter().zip(diagnosis.databases) {
                        self.push(facts, findings);
                    }
                }
                // The folder cannot be listed; the databases can be judged all the same.
                Err(_) => here.iter().for_each(|facts| self.push(facts, diagnose_database(facts))),
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
            .collect();
        let layout_is_known =
            facts.pair.as_ref().is_none_or(|pair| pair.header.raw.version.get() == FORMAT_VERSION);
        let outcome = match () {
            () if !layout_is_known => Outcome::Failed,
            () if Report::has_errors(&findings) => Outcome::Findings,
            () if !unknown.is_empty() => Outcome::Failed,
            () => Outcome::Ok,
        };
        self.report.push(DatabaseReport::surveyed(facts, findings, outcome), &unknown);
    }
}

fn no_database(path: &Path, what: &str) -> Refusal {
    Refusal::new(RefusalId::NotADatabase, path, what, "Name the folder of the databases.")
}
