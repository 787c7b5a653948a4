//! `reset-logs`: the log reset of KB935634.

use std::path::{Path, PathBuf};

use crate::apply::{
    Applied, Ending, ResetJob, backup_dir_refusal, backup_volume, execute_reset, probe_exclusive,
    reset_space_refusal,
};
use crate::diagnose::diagnose_database;
use crate::plan::{
    Command, GroupRequest, Refusal, RefusalId, ResetPlan, ResetRequest, choose_stream, plan_reset,
    reset_refusals,
};
use crate::report::{
    DatabaseReport, GroupSection, Outcome, RefusalReport, Report, Style, render_moves,
};
use crate::storage::{Storage, quoted, shown};
use crate::survey::{GroupFacts, LogContent, LogFile, StreamOfLogs};

use super::args::{GuardedArgs, ResetLogsArgs};
use super::operation::{confirmation_needed, outcome_of};
use super::record;
use super::session::Session;
use super::terminal::{Answer, ask, show, takes_colour};

pub fn run(session: &Session, args: &ResetLogsArgs) -> Report {
    session.heed_interrupts();
    let mut report = Report::new("reset-logs");
    report.group = Some(GroupSection::default());
    let group = match survey(session, args) {
        Ok(group) => group,
        Err(refusal) => return end(report, Outcome::Refused, &[refusal]),
    };
    let request = request(session, args);
    let stream = match choose_stream(&group, &request) {
        Ok(Some(stream)) => stream,
        Ok(None) => return nothing_to_do(report, &group),
        Err(refusal) => return end(with_databases(report, &group), Outcome::Refused, &[refusal]),
    };
    let report = with_databases(report, &group);
    let beside = group.folders.log_dir.join(&stream.base);
    let backup_dir = match session.backup_dir(args.backup_dir.as_deref(), &beside) {
        Ok(dir) => dir,
        Err(refusal) => return end(report, Outcome::Refused, &[refusal]),
    };
    let mut refusals = reset_refusals(&group, stream, &request);
    refusals.extend(surroundings(session, &args.guarded, &group, &stream.base, &backup_dir));
    if !refusals.is_empty() {
        return end(report, Outcome::Refused, &refusals);
    }
    match job(session, args, &group, stream, backup_dir) {
        Some(job) => carry_out(session, &args.guarded, report, &job),
        None => nothing_to_do(report, &group),
    }
}

fn survey(session: &Session, args: &ResetLogsArgs) -> Result<GroupFacts, Refusal> {
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

/// The room for the copies, the question, the deed. Shared by the reset and its undo, once all guards
/// have spoken.
pub fn carry_out(
    session: &Session,
    guarded: &GuardedArgs,
    mut report: Report,
    job: &ResetJob,
) -> Report {
    report.steps = job.plan.steps();
    let section = GroupSection { plan: Some(job.plan.clone()), ..GroupSection::default() };
    report.group = Some(section);
    if let Some(refusal) = reset_space_refusal(session.storage(), job) {
        return end(report, Outcome::Refused, &[refusal]);
    }
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

/// Every guard of the surroundings; nothing is opened for writing.
pub fn surroundings(
    session: &Session,
    guarded: &GuardedArgs,
    group: &GroupFacts,
    base: &str,
    backup_dir: &Path,
) -> Vec<Refusal> {
    session.stage("asking every guard");
    let storage = session.storage();
    let mut refusals = Vec::new();
    let folders = &group.folders;
    for dir in [&folders.log_dir, &folders.system_dir] {
        refusals.extend(read_only_folder(storage, dir));
    }
    refusals.dedup();
    refusals.extend(backup_dir_refusal(storage, backup_dir));
    let mut probed: Vec<PathBuf> = group.databases.iter().map(|db| db.path.clone()).collect();
    let streams = group.databases.iter().filter_map(|db| db.stream.as_ref());
    probed.extend(streams.filter(|stream| stream.found).map(|stream| stream.path.clone()));
    probed.extend(open_candidates(group, base));
    for path in probed {
        refusals.extend(probe_exclusive(storage, &path, guarded.allow_unproven_lock).err());
    }
    refusals.extend(confirmation_needed(guarded, &folders.log_dir));
    refusals
}

fn read_only_folder(storage: &dyn Storage, dir: &Path) -> Option<Refusal> {
    let writable = storage.status(dir).is_ok_and(|s| !s.read_only) && storage.may_write(dir);
    (!writable).then(|| {
        Refusal::new(
            RefusalId::ReadOnly,
            dir,
            "the folder is read-only: nothing can be moved out of it",
            "Check its permissions and that its volume is not mounted read-only.",
        )
    })
}

/// The log and the checkpoint that a running engine keeps open.
fn open_candidates(group: &GroupFacts, base: &str) -> Vec<PathBuf> {
    let ours = group.streams.iter().filter(|stream| stream.base == base);
    ours.flat_map(|stream| {
        let regular = |log: &&LogFile| !matches!(log.content, LogContent::NotRegular(_));
        let current = stream.current.iter().filter(regular).map(|log| log.path.clone());
        current.chain(stream.checkpoint.iter().map(|checkpoint| checkpoint.path.clone()))
    })
    .collect()
}

/// No file lists all databases of a storage group: the person is asked for each that was checked.
fn question(plan: &ResetPlan, report: &mut Report) -> Answer {
    let style = Style { coloured: takes_colour(&std::io::stderr()), ..Style::default() };
    let mut text = render_moves(plan, style);
    text += "Databases that were checked, all of them in Clean Shutdown:\n";
    for database in &plan.databases {
        text += &format!("  {}\n", shown(&database.path.to_path().unwrap_or_default()));
    }
    show(&text);
    if let Some(group) = &mut report.group {
        group.plan_was_shown = true;
    }
    ask(&format!(
        "Are these all databases of storage group {}, and shall the files move?",
        plan.base
    ))
}

fn with_databases(mut report: Report, group: &GroupFacts) -> Report {
    for facts in &group.databases {
        let findings = diagnose_database(facts);
        report.databases.push(DatabaseReport::surveyed(facts, findings, Outcome::Ok));
    }
    report
}

fn nothing_to_do(report: Report, group: &GroupFacts) -> Report {
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
