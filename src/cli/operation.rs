//! From a plan to the deed: the guards of the surroundings, the question, the execution.

use std::path::{Path, PathBuf};

use console::Term;

use crate::apply::{
    Applied, BackupMethod, BackupRecord, Ending, Job, execute, probe_exclusive,
    surroundings_refusals,
};
use crate::diagnose::diagnose_database;
use crate::exchange::{StoreService, store_service};
use crate::plan::{BackupScope, HeaderImages, Plan, Refusal, RefusalId, write_refusals};
use crate::report::{DatabaseReport, Outcome, Report, Style, render_preview};
use crate::storage::shown;
use crate::survey::{DatabaseFacts, PageFacts};

use super::args::GuardedArgs;
use super::record;
use super::session::Session;
use super::terminal::{Answer, ask, can_ask, show, takes_colour};

/// A plan that is ready to be shown.
pub struct Proposal {
    /// What it rests on.
    pub facts: DatabaseFacts,
    /// The plan.
    pub plan: Plan,
    /// Its images.
    pub images: HeaderImages,
    /// Where the operation folder goes.
    pub backup_dir: PathBuf,
}

/// Shows, asks and carries out one plan. `database` is its report so far.
pub fn carry_out(
    session: &Session,
    guarded: &GuardedArgs,
    proposal: Proposal,
    mut database: DatabaseReport,
) -> (DatabaseReport, Vec<Refusal>) {
    database.notes.extend(store_service_note(&proposal.facts.path));
    let (dir, scope) = (&proposal.backup_dir, proposal.plan.backup);
    let refusals = refusals(session, guarded, &proposal.facts, dir, scope);
    if !refusals.is_empty() {
        database.outcome = Outcome::of_reasons(&refusals);
        return (database, refusals);
    }
    if guarded.dry_run {
        database.outcome = Outcome::Planned;
        return (database, Vec::new());
    }
    if !guarded.yes {
        let style = Style { coloured: takes_colour(&Term::stderr()), ..Style::default() };
        let operation_dir = proposal.backup_dir.join(&proposal.plan.operation);
        show(&format!(
            "{}  Operation folder, with the backup:\n  {}\n\n  y, then Enter: back up, then write both header \
             copies.\n  Enter alone, or n: leave everything as it is.\n",
            render_preview(&database, style),
            shown(&operation_dir)
        ));
        database.plan_was_shown = true;
        let name = proposal.facts.path.file_name().unwrap_or_default();
        match ask(&format!("Write these changes to {}?", shown(Path::new(name)))) {
            Answer::Yes => {}
            Answer::No => {
                database.outcome = Outcome::Declined;
                database.notes.clear();
                return (database, Vec::new());
            }
            Answer::Interrupted => return interrupted(database, &proposal.facts.path),
        }
    }
    let job = Job {
        database: proposal.facts.path.clone(),
        fingerprint: proposal.facts.fingerprint(),
        plan: proposal.plan,
        images: proposal.images,
        backup_dir: proposal.backup_dir,
        allow_unproven_lock: guarded.allow_unproven_lock,
    };
    let applied = execute(session.context(), &job);
    finish(session, database, &job, applied)
}

/// What a reader should know where the service that mounts stores is at work.
pub fn store_service_note(path: &Path) -> Option<String> {
    let note = match store_service(path)? {
        StoreService::Running => {
            "The Information Store service (MSExchangeIS) runs on this machine. That is normal while \
             single stores are dismounted. See that nobody mounts these now."
        }
        StoreService::Changing => {
            "The Information Store service (MSExchangeIS) of this machine is starting or stopping. See \
             that nobody mounts these stores now."
        }
        StoreService::Stopped | StoreService::Absent => return None,
    };
    Some(note.to_owned())
}

/// Every guard of the surroundings; nothing is opened for writing.
pub fn refusals(
    session: &Session,
    guarded: &GuardedArgs,
    facts: &DatabaseFacts,
    backup_dir: &Path,
    scope: BackupScope,
) -> Vec<Refusal> {
    session.stage("asking every guard");
    let storage = session.storage();
    let mut refusals = Vec::new();
    refusals.extend(write_refusals(facts));
    refusals.extend(surroundings_refusals(storage, facts, backup_dir, scope));
    refusals.extend(probe_exclusive(storage, &facts.path, guarded.allow_unproven_lock).err());
    if let Some(stream) = facts.stream.as_ref().filter(|stream| stream.found) {
        refusals.extend(probe_exclusive(storage, &stream.path, guarded.allow_unproven_lock).err());
    }
    refusals.extend(confirmation_needed(guarded, &facts.path));
    refusals
}

/// Without a person, a flag must say what is wanted.
pub fn confirmation_needed(guarded: &GuardedArgs, path: &Path) -> Option<Refusal> {
    if guarded.yes || guarded.dry_run || can_ask() {
        return None;
    }
    Some(Refusal::new(
        RefusalId::ConfirmationNeeded,
        path,
        "there is no terminal to ask on",
        "Look at the plan with --dry-run, then add --yes.",
    ))
}

/// The end of a run that Ctrl-C stopped at the question.
pub fn interrupted(database: DatabaseReport, path: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let reason = Refusal::new(
        RefusalId::Interrupted,
        path,
        "interrupted at the question; nothing was written",
        "Run the same command again when you are ready.",
    );
    (DatabaseReport { outcome: Outcome::Failed, ..database }, vec![reason])
}

/// The name of an ending in reports.
pub fn outcome_of(ending: Ending) -> Outcome {
    match ending {
        Ending::Committed => Outcome::Committed,
        Ending::RolledBack => Outcome::RolledBack,
        Ending::Pending => Outcome::Pending,
        Ending::Refused => Outcome::Refused,
        Ending::Failed => Outcome::Failed,
    }
}

/// Looks at the database once more, and leaves the report in the operation folder.
fn finish(
    session: &Session,
    before: DatabaseReport,
    job: &Job,
    applied: Applied,
) -> (DatabaseReport, Vec<Refusal>) {
    let outcome = outcome_of(applied.ending);
    let mut database = match (applied.ending, session.survey_with_logs(&job.database)) {
        (Ending::Committed, Ok(facts)) => DatabaseReport {
            steps: before.steps,
            notes: before.notes,
            plan_was_shown: before.plan_was_shown,
            found_before: Some(before.findings),
            ..DatabaseReport::surveyed(&facts, diagnose_database(&facts), outcome)
        },
        _ => DatabaseReport { outcome, ..before },
    };
    if let Some(pages) = applied.pages {
        database.notes.push(pages_note(&pages));
        database.pages = Some(pages);
    }
    database
        .notes
        .extend(applied.backup.as_ref().and_then(|b| same_volume(session, &job.database, b)));
    database.backup = applied.backup;
    database.operation = applied.operation;
    if let (Ending::Committed | Ending::RolledBack, Some(operation)) =
        (applied.ending, &database.operation)
    {
        let dir = operation.dir.clone();
        let mut report = Report::new(job.plan.command.name());
        report.push(database.clone(), &applied.reasons);
        database.notes.extend(record::leave(session, report.conclude(), &dir));
    }
    (database, applied.reasons)
}

/// A copy on the database's own volume is no protection against the loss of that volume.
fn same_volume(session: &Session, database: &Path, backup: &BackupRecord) -> Option<String> {
    let volume = |path: &Path| session.storage().status(path).ok().map(|s| s.identity.0);
    let is_copy = backup.method == BackupMethod::Copy;
    (is_copy && volume(database) == volume(&backup.path)).then(|| {
        "The backup lies on the volume of the database: it protects against this tool, not against \
         the disk."
            .to_owned()
    })
}

/// The rest of several, once one of them could not be finished.
pub fn not_begun(path: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let refusal = Refusal::new(
        RefusalId::Interrupted,
        path,
        "not begun, because the run ended at a database before it",
        "Mend that one first, then run the command again.",
    );
    (DatabaseReport::unknown(path, Outcome::Failed), vec![refusal])
}

/// What a scan found, in a sentence.
pub fn pages_note(pages: &PageFacts) -> String {
    match pages.bad_data_pages() {
        0 => format!(
            "All {} pages have the right checksum ({} are empty).",
            pages.total, pages.empty
        ),
        bad => format!(
            "WARNING: {bad} of {} pages are bad, {} of them correctable. A repair of the header does not \
             mend them: restore the database from a backup, or move its mailboxes.",
            pages.total, pages.correctable
        ),
    }
}
