//! `list`: the operations that are known of in folders. Never writes.

use std::collections::BTreeMap;

use crate::apply::{KnownOperation, OperationKey, Standing, key_of, newest_first, operations_at};
use crate::refusal::Refusal;
use crate::report::model::OperationReport;
use crate::report::{CommandName, Outcome, Report};
use crate::show::{CommandLine, shown};

use super::error::{Error, Result};
use super::request::List;
use super::run::{Run, Watch};

/// The operations in folders, the newest first by their journals: those in the folder itself, those in its folder
/// `edbmend`, and those that its markers lead to. They are in `operations` of the report.
///
/// The outcome is `ok`, `nothing-to-do` where there is none, and `pending` where one is not finished.
///
/// # Errors
///
/// A folder, or what an operation left in one, cannot be read. The report of the error has the others.
#[cfg(feature = "disk")]
pub fn list(request: &List, watch: &Watch) -> Result<Report> {
    let run = Run::of_embedder(watch);
    let report = list_in(&run, request).run_by(run.report());
    match report.outcome {
        Outcome::Failed => Err(Error::new(report)),
        _ => Ok(report),
    }
}

pub(crate) fn list_in(run: &Run, request: &List) -> Report {
    // Whose links are followed is what `recover` and `restore` ask, too.
    let run = &run.to_write();
    let mut found = BTreeMap::new();
    let mut refusals: Vec<Refusal> = Vec::new();
    for path in &request.paths {
        let around = run.resolve_link(path).and_then(|path| operations_at(run.storage(), &path));
        match around {
            Ok(around) => add(run, &mut found, around),
            Err(refusal) => refusals.push(refusal),
        }
    }
    let named: Vec<_> = newest_first(found.into_values().collect())
        .into_iter()
        .filter(|known| known.is_named)
        .collect();
    refusals.extend(named.iter().filter_map(|known| known.trouble.clone()));
    let operations: Vec<_> = named.into_iter().map(told).collect();
    let outcome = match () {
        () if operations.iter().any(|known| known.outcome == Outcome::Pending) => Outcome::Pending,
        () if !refusals.is_empty() => Outcome::Failed,
        () if operations.is_empty() => Outcome::NothingToDo,
        () => Outcome::Ok,
    };
    let mut report = Report::new(CommandName::List);
    report.document.operations = Some(operations);
    report.document.refusals = refusals;
    report.came_to(outcome)
}

/// Adds what is not known yet: two paths may lead to one operation.
fn add(run: &Run, found: &mut BTreeMap<OperationKey, KnownOperation>, around: Vec<KnownOperation>) {
    for operation in around {
        let is_named = operation.is_named;
        let known = found.entry(key_of(run.storage(), &operation)).or_insert(operation);
        known.is_named |= is_named;
    }
}

fn told(known: KnownOperation) -> OperationReport {
    let next = match (&known.standing, &known.dir) {
        (Standing::Pending(subject), _) => Some(CommandLine::new("recover").path(subject)),
        (_, Some(dir)) if known.is_in_effect() => Some(CommandLine::new("restore").path(dir)),
        _ => None,
    };
    let outcome = match known.standing {
        Standing::Pending(_) => Outcome::Pending,
        Standing::Ended(ending) => ending.into(),
        Standing::NeverBegun => Outcome::NothingToDo,
        Standing::Unknown => Outcome::Failed,
    };
    OperationReport {
        id: known.id,
        dir: known.dir,
        command: known.command.map(CommandName::from),
        created: known.created,
        path: known.subject,
        outcome,
        undoes: known.undoes,
        undone_by: known.undone_by,
        shared_with: known.shared.map(who_shares),
        next: next.map(Into::into),
    }
}

/// Who can write to which file or folder, in words.
fn who_shares(refusal: Refusal) -> String {
    match refusal.path.file_name() {
        Some(name) => format!("{}: {}", shown(name), refusal.message),
        None => refusal.message,
    }
}
