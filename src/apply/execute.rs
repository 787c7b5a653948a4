//! A deed from exclusive access to the last look: the one place that carries plans out.

use std::path::Path;

use crate::guards::{Held, reason};
use crate::refusal::{Refusal, RefusalId};
use crate::show::shown;
use crate::storage::StorageError;

use super::context::Context;
use super::deed::{Carried, Deed, Ready};
use super::known_deed::Job;
use super::operation::files::{SUMS_NAME, hold_folders, sha256};
use super::operation::folder::OperationFolder;
use super::operation::journal::{End, Journal};
use super::operation::lifecycle::Operation;
use super::operation::marker::or_at_work;
use super::outcome::{Applied, Ending, interrupted};

/// Carries a deed out. Whatever happens, everything is as it was before or as it was planned, or the
/// operation is pending and `recover` makes it so.
pub fn execute(context: Context, Job { deed, terms }: &Job) -> Applied {
    let deed = deed.as_deed();
    let (storage, subject) = (context.storage, deed.subject());
    if let Some(flaw) = deed.flaw() {
        return Applied::stopped(vec![flawed(&subject, &flaw)]);
    }
    // The backup folder is not among them: while it is empty, another run may remove it. The operation holds it,
    // and looks at it again, when it makes its own folder in it.
    let _homes = match hold_folders(storage, deed.folders()) {
        Ok(held) => held,
        Err(error) => return Applied::stopped(vec![reason(&error)]),
    };
    context.observer.stage("taking exclusive access");
    let held = match Held::acquire(storage, deed.files(storage), terms.allow_unproven_lock) {
        Ok(held) => held,
        Err(refusals) => return Applied::stopped(or_at_work(storage, &subject, refusals)),
    };
    context.observer.stage("asking every guard again");
    let refusals = deed.refusals(context, &held, terms);
    if !refusals.is_empty() {
        return Applied::stopped(refusals);
    }
    let mut operation = match Operation::begin(storage, deed, terms) {
        Ok(operation) => operation,
        Err(applied) => return *applied,
    };
    context.observer.stage(&format!("operation folder: {}", shown(&operation.folder.dir)));
    match prepare(context, deed, &held, &mut operation.folder) {
        Ok((ready, journal)) => finish(context, deed, &held, ready.as_ref(), &operation, &journal),
        Err(refusal) => operation.give_up(refusal, deed.tidy(storage)),
    }
}

/// The reason why a plan is not carried out that breaks the rules of its kind.
fn flawed(subject: &Path, flaw: &str) -> Refusal {
    let message = format!("the plan contradicts itself: {flaw}");
    Refusal::new(RefusalId::IoError, subject, message, "Nothing was written. Please report it.")
}

/// Everything up to the journal that says PREPARED. No original is touched here.
fn prepare<'a>(
    context: Context,
    deed: &'a dyn Deed,
    held: &'a Held,
    folder: &mut OperationFolder,
) -> Result<(Box<dyn Ready + 'a>, Journal), Refusal> {
    let io = |error: StorageError| reason(&error);
    let ready = deed.prepare(context, held, folder)?;
    let sums = ready.sums();
    folder.write_file(SUMS_NAME, sums.as_bytes()).map_err(io)?;
    context.storage.sync_dir(&folder.dir).map_err(io)?;
    if context.is_interrupted() {
        return Err(interrupted(&deed.named()));
    }
    let (id, sums_sha256) = (deed.stamp().id, sha256(sums.as_bytes()));
    let journal =
        Journal::prepared(context.storage, id, ready.plan_sha256(), sums_sha256, &folder.dir);
    journal.store(context.storage, &folder.dir).map_err(io)?;
    context.observer.stage("journal: prepared");
    Ok((ready, journal))
}

/// Does the deed, and closes its operation.
fn finish(
    context: Context,
    deed: &dyn Deed,
    held: &Held,
    ready: &dyn Ready,
    operation: &Operation,
    journal: &Journal,
) -> Applied {
    let pending = |cause, others: Option<Refusal>| {
        let reasons = [operation.pending(cause)].into_iter().chain(others);
        (Ending::Pending, reasons.collect())
    };
    let (ending, reasons) = match ready.carry(context) {
        Carried::Nothing(refusal) => return operation.give_up(refusal, deed.tidy(context.storage)),
        Carried::Stuck(cause, other) => pending(cause, other),
        Carried::Undone(cause) => match operation.close(journal, End::RolledBack) {
            Ok(()) => (Ending::RolledBack, vec![cause]),
            Err(second) => pending(cause, Some(second)),
        },
        Carried::All => {
            match held.expect_named().and_then(|()| operation.close(journal, End::Committed)) {
                Ok(()) => {
                    context.observer.stage("journal: committed");
                    (Ending::Committed, Vec::new())
                }
                Err(refusal) => pending(refusal, None),
            }
        }
    };
    let (backup, pages, bodies) = (ready.backup(), ready.pages(), ready.bodies());
    Applied { backup, pages, bodies, ..operation.ended(ending, reasons) }
}
