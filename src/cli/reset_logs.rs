//! `reset-logs`: the log reset of KB935634.

use std::path::{Path, PathBuf};

use console::Term;

use crate::apply::{
    Applied, Ending, ResetJob, backup_dir_refusal, backup_volume, execute_reset, probe_all,
    reset_space_refusal,
};
use crate::diagnose::{Finding, FindingId, Severity, diagnose_database};
use crate::plan::{
    Command, GroupRequest, Refusal, RefusalId, ResetPlan, ResetRequest, choose_stream,
    leave_other_groups_out, pending_refusals, plan_reset, reset_refusals,
};
use crate::report::{
    DatabaseReport, GroupSection, Outcome, RefusalReport, Report, Style, render_moves,
};
use crate::storage::{Storage, quoted, shown};
use crate::survey::{DatabaseFacts, GroupFacts, LogContent, LogFile, StreamOfLogs};

use super::args::{GuardedArgs, ResetLogsArgs};
use super::operation::{confirmation_needed, outcome_of, store_service_note};
use super::record;
use super::session::Session;
use super::terminal::{Answer, ask, show, takes_colour};

pub fn run(session: &Session, args: &ResetLogsArgs) -> Report {
    session.heed_interrupts();
    let mut report = Report::new("reset-logs");
    report.group = Some(GroupSection::default());
    let (mut group, mut refusals) = match survey(session, args) {
        Ok(surveyed) => surveyed,
        Err(refusal) => return end(report, Outcome::Refused, &[refusal]),
    };
    let request = request(session, args);
    let base = match choose_stream(&group, &request) {
        Ok(stream) => stream.map(|stream| stream.base.clone()),
        Err(refusal) => {
            refusals.push(refusal);
            None
        }
    };
    if let Some(base) = &base {
        leave_other_groups_out(&mut group, base, &request);
    }
    let stream = group.streams.iter().find(|stream| Some(&stream.base) == base.as_ref());
    if stream.is_none() && refusals.is_empty() {
        return nothing_to_do(report, &group, &request);
    }
    let report = with_databases(report, &group);
    let beside = group.folders.log_dir.join(base.as_deref().unwrap_or_default());
    let backup_dir = match session.backup_dir(args.backup_dir.as_deref(), &beside) {
        Ok(dir) => dir,
        Err(refusal) => return end(report, Outcome::Refused, &[refusal]),
    };
    refusals.extend(reset_refusals(&group, stream, &request));
    let (dirs, mut files) = (folders(&group), files_of(&group.databases));
    files.extend(stream.into_iter().flat_map(movable_files));
    refusals.extend(surroundings(session, &args.guarded, &dirs, &files, &backup_dir));
    let job = stream.and_then(|stream| job(session, args, &group, stream, backup_dir));
    refusals.extend(job.as_ref().and_then(|job| space_refusal(session, job)));
    match job {
        Some(job) if refusals.is_empty() => carry_out(session, &args.guarded, report, &job),
        None if refusals.is_empty() => nothing_to_do(report, &group, &request),
        _ => end(report, Outcome::Refused, &refusals),
    }
}

fn survey(session: &Session, args: &ResetLogsArgs) -> Result<(GroupFacts, Vec<Refusal>), Refusal> {
    session.survey_group(
        &args.dir,
        args.group.log_dir.as_deref(),
        args.group.system_dir.as_deref(),
        &args.group.db,
    )
}

fn request(session: &Session, args: &ResetLogsArgs) -> GroupRequest {
    GroupRequest {
        prefix: args.prefix.clone(),
        named: args.group.db.iter().filter_map(|path| session.resolve(path).ok()).collect(),
        unattended: args.guarded.yes,
        may_be_missing: args.allow_group_incomplete.clone(),
    }
}

fn job(
    session: &Session,
    args: &ResetLogsArgs,
    group: &GroupFacts,
    stream: &StreamOfLogs,
    backup_dir: PathBuf,
) -> Option<ResetJob> {
    let stamp = session.stamp(Command::ResetLogs);
    let volume = backup_volume(session.storage(), &backup_dir).unwrap_or_default();
    let operation_dir = backup_dir.join(&stamp.id);
    let overrides = overrides(args);
    let request = ResetRequest { operation_dir: &operation_dir, volume, overrides };
    let plan = plan_reset(group, stream, &request, &stamp)?;
    let allow_unproven_lock = args.guarded.allow_unproven_lock;
    Some(ResetJob { plan, backup_dir, allow_unproven_lock })
}

fn overrides(args: &ResetLogsArgs) -> Vec<String> {
    let lock = args.guarded.allow_unproven_lock.then(|| "--allow-unproven-lock".to_owned());
    let missing = args.allow_group_incomplete.iter();
    lock.into_iter()
        .chain(missing.map(|random| format!("--allow-group-incomplete {random}")))
        .collect()
}

/// The question, then the deed. Shared by the reset and its undo, once all guards have spoken.
pub fn carry_out(
    session: &Session,
    guarded: &GuardedArgs,
    mut report: Report,
    job: &ResetJob,
) -> Report {
    report.steps = job.plan.steps();
    let notes = store_service_note(&job.backup_dir).into_iter().collect();
    let section = GroupSection { plan: Some(job.plan.clone()), notes, ..GroupSection::default() };
    report.group = Some(section);
    if guarded.dry_run {
        return end(report, Outcome::Planned, &[]);
    }
    if !guarded.yes {
        match question(&job.plan, &mut report) {
            Answer::Yes => {}
            Answer::No => return end(report, Outcome::Declined, &[]),
            Answer::Interrupted => {
                let path = job.plan.log_dir.to_path().unwrap_or_default();
                let text = "interrupted at the question; nothing was moved";
                let remedy = "Run the same command again when you are ready.";
                let reason = Refusal::new(RefusalId::Interrupted, &path, text, remedy);
                return end(report, Outcome::Failed, &[reason]);
            }
        }
    }
    let applied = execute_reset(session.context(), job);
    finish(session, report, job, applied)
}

/// Every guard of the surroundings: the folders that files move out of or into, and the files that
/// must be nobody else's. Nothing is opened for writing.
pub fn surroundings(
    session: &Session,
    guarded: &GuardedArgs,
    dirs: &[PathBuf],
    files: &[PathBuf],
    backup_dir: &Path,
) -> Vec<Refusal> {
    session.stage("asking every guard");
    let storage = session.storage();
    let mut refusals: Vec<Refusal> =
        dirs.iter().filter_map(|dir| read_only_folder(storage, dir)).collect();
    refusals.extend(backup_dir_refusal(storage, backup_dir));
    refusals.extend(probe_all(storage, files, guarded.allow_unproven_lock));
    refusals.extend(dirs.first().and_then(|dir| confirmation_needed(guarded, dir)));
    refusals
}

/// The room for logs that cross volumes; not asked where the backup folder cannot be used at all.
pub fn space_refusal(session: &Session, job: &ResetJob) -> Option<Refusal> {
    backup_volume(session.storage(), &job.backup_dir)?;
    reset_space_refusal(session.storage(), job)
}

fn folders(group: &GroupFacts) -> Vec<PathBuf> {
    let mut dirs = vec![group.folders.log_dir.clone(), group.folders.system_dir.clone()];
    dirs.dedup();
    dirs
}

/// Databases with their streaming files.
pub fn files_of<'a>(databases: impl IntoIterator<Item = &'a DatabaseFacts>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for database in databases {
        files.push(database.path.clone());
        let stream = database.stream.iter().filter(|stream| stream.found);
        files.extend(stream.map(|stream| stream.path.clone()));
    }
    files
}

fn read_only_folder(storage: &dyn Storage, dir: &Path) -> Option<Refusal> {
    let writable = storage.status(dir).is_ok_and(|s| !s.read_only) && storage.may_write(dir);
    (!writable).then(|| {
        Refusal::new(
            RefusalId::ReadOnly,
            dir,
            "the folder is read-only: nothing can be moved out of it",
            "Run edbmend as a user who may write there, and mount its volume writable.",
        )
    })
}

/// The files of a stream that would move, and that a running engine, or a backup, may have open.
fn movable_files(stream: &StreamOfLogs) -> Vec<PathBuf> {
    let readable = |log: &&LogFile| {
        !matches!(log.content, LogContent::NotRegular(_) | LogContent::Unreadable(_))
    };
    let checkpoint = stream.checkpoint.iter().filter(|file| file.is_regular());
    let checkpoint = checkpoint.map(|file| file.path.clone());
    stream.moving_logs().filter(readable).map(|log| log.path.clone()).chain(checkpoint).collect()
}

/// No file lists all databases of a storage group: the person is asked for each that was checked.
fn question(plan: &ResetPlan, report: &mut Report) -> Answer {
    let style = Style { coloured: takes_colour(&Term::stderr()), ..Style::default() };
    let mut text = render_moves(plan, style);
    text += "Databases that were checked, all of them in Clean Shutdown:\n";
    for database in &plan.databases {
        text += &format!("  {}\n", shown(&database.path.to_path().unwrap_or_default()));
    }
    text += "\n  y, then Enter: these are all, move the files.\n  Enter alone, or n: leave everything where it \
             is.\n";
    show(&text);
    if let Some(group) = &mut report.group {
        group.plan_was_shown = true;
        group.notes.iter().for_each(|note| show(&format!("{note}\n")));
    }
    ask(&format!(
        "Are these all databases of storage group {}, and shall the files move?",
        plan.base
    ))
}

fn with_databases(mut report: Report, group: &GroupFacts) -> Report {
    for facts in &group.databases {
        let mut findings = diagnose_database(facts);
        let unsigned = findings.iter_mut().filter(|finding| finding.id == FindingId::NoLogging);
        unsigned.for_each(warn_of_no_logging);
        report.databases.push(DatabaseReport::surveyed(facts, findings, Outcome::Ok));
    }
    report
}

/// Nothing but the person's word says that these are the logs of such a database.
fn warn_of_no_logging(finding: &mut Finding) {
    finding.severity = Severity::Warning;
    finding.consequence =
        "Nothing in it shows that these are its logs. It is taken into the reset \
                           because it is in Clean Shutdown and was named."
            .into();
}

fn nothing_to_do(report: Report, group: &GroupFacts, request: &GroupRequest) -> Report {
    let pending = pending_refusals(group, None, request);
    if !pending.is_empty() {
        return end(with_databases(report, group), Outcome::Refused, &pending);
    }
    let mut report = end(report, Outcome::NothingToDo, &[]);
    if let Some(section) = &mut report.group {
        section.notes = vec![format!("No log to move in {}.", shown(&group.folders.log_dir))];
    }
    report
}

/// One outcome for the group and each of its databases.
pub fn end(mut report: Report, outcome: Outcome, reasons: &[Refusal]) -> Report {
    report.refusals.extend(reasons.iter().map(RefusalReport::from));
    let outcome = if outcome == Outcome::Refused { Outcome::of_reasons(reasons) } else { outcome };
    for database in &mut report.databases {
        database.outcome = outcome;
    }
    report.outcome = outcome;
    report.exit_code = outcome.exit_code();
    report
}

fn finish(session: &Session, mut report: Report, job: &ResetJob, applied: Applied) -> Report {
    report.operation = applied.operation.clone();
    if let (Ending::Committed, Some(section)) = (applied.ending, &mut report.group) {
        section.notes = next_steps(job, &applied);
    }
    let mut report = end(report, outcome_of(applied.ending), &applied.reasons);
    if let (Ending::Committed | Ending::RolledBack, Some(operation)) =
        (applied.ending, &applied.operation)
    {
        let unsaved = record::leave(session, report.clone(), &operation.dir);
        report.group.get_or_insert_default().notes.extend(unsaved);
    }
    report
}

fn next_steps(job: &ResetJob, applied: &Applied) -> Vec<String> {
    let undo = applied.operation.as_ref().map(|o| format!("edbmend restore {}", quoted(&o.dir)));
    if job.plan.undoes.is_some() {
        let mut notes = vec!["All files are back where they were.".to_owned()];
        notes.extend(job.plan.undoes.iter().map(|undone| format!("Undoes {undone}.")));
        notes.push("To undo this undo:".to_owned());
        notes.extend(undo);
        return notes;
    }
    let mut notes = vec![
        "done: all logs and the checkpoint of the stream were moved; the databases were not touched".into(),
        "1. Mount the stores. The engine begins log generation 1 under a new log signature, and clears \
         the backup fields of every database."
            .into(),
        "2. Run a full backup at once. Until then an incremental backup answers -560 (event 206), and \
         earlier backups cannot be rolled forward past this reset."
            .into(),
        "3. Keep the moved logs until that backup is proven. After a mount they are good for nothing \
         but the hard recovery of an older backup."
            .into(),
        "To undo this, before any store is mounted:".into(),
    ];
    notes.extend(undo);
    notes
}
