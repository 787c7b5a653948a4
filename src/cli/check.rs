//! `check`: diagnoses databases.

use std::path::{Path, PathBuf};

use crate::apply::is_operation_folder;
use crate::diagnose::diagnose_database;
use crate::ese::ContentKind;
use crate::plan::{self, Refusal, RefusalId};
use crate::report::{DatabaseReport, Outcome, RefusalReport, Report};
use crate::storage::FileKind;

use super::args::CheckArgs;
use super::session::Session;

pub fn run(session: &Session, args: &CheckArgs) -> Report {
    let mut report = Report::new("check");
    for path in args.paths.iter().chain(&args.db) {
        match databases_of(session, path) {
            Ok(databases) => databases.iter().for_each(|db| check(session, args, db, &mut report)),
            Err(refusal) => fail(&mut report, &refusal),
        }
    }
    report.conclude()
}

fn fail(report: &mut Report, refusal: &Refusal) {
    let database = DatabaseReport::unknown(&refusal.path, Outcome::Failed);
    report.push(database, std::slice::from_ref(refusal));
}

/// The file itself, or the databases that a folder holds.
fn databases_of(session: &Session, path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let path = session.resolve(path)?;
    let storage = session.storage();
    if !storage.status(&path).is_ok_and(|status| status.kind == FileKind::Directory) {
        return Ok(vec![path]);
    }
    let none = |what: &str| {
        Refusal::new(RefusalId::NotADatabase, &path, what, "Name the folder of the databases.")
    };
    if is_operation_folder(storage, &path) {
        return Err(none("this is an operation folder of edbmend; it is never surveyed"));
    }
    let mut names = storage.list(&path).map_err(|error| {
        Refusal::new(RefusalId::IoError, &path, error.to_string(), "Check its permissions.")
    })?;
    names.sort();
    let files = names.into_iter().map(|name| path.join(name));
    let databases: Vec<_> = files.filter(|file| is_database(session, file)).collect();
    if databases.is_empty() {
        Err(none("no database was found in this folder"))
    } else {
        Ok(databases)
    }
}

/// By its content; where that cannot be had, by its name: what is not read must not pass for sound.
fn is_database(session: &Session, file: &Path) -> bool {
    match session.survey(file) {
        Ok(facts) => facts.kind == ContentKind::Database,
        Err(refusal) if refusal.id == RefusalId::NotARegularFile => false,
        Err(_) => file.extension().is_some_and(|end| end.eq_ignore_ascii_case("edb")),
    }
}

fn check(session: &Session, args: &CheckArgs, path: &Path, report: &mut Report) {
    let facts = match session.survey_with_logs(path, args.log_dir.as_deref()) {
        Ok(facts) => facts,
        Err(refusal) => return fail(report, &refusal),
    };
    let findings = diagnose_database(&facts);
    if facts.kind != ContentKind::Database {
        let refusals = plan::content_refusals(&facts);
        return report.push(DatabaseReport::surveyed(&facts, findings, Outcome::Failed), &refusals);
    }
    let outcome = if Report::has_errors(&findings) { Outcome::Findings } else { Outcome::Ok };
    // A format that edbmend does not know is no finding, but the reader should hear of it.
    let format = plan::content_refusals(&facts).into_iter().filter(|refusal| {
        matches!(refusal.id, RefusalId::UnsupportedFormat | RefusalId::Truncated)
    });
    report.refusals.extend(format.map(|refusal| RefusalReport::from(&refusal)));
    report.push(DatabaseReport::surveyed(&facts, findings, outcome), &[]);
}
