//! From a plan to the deed: the plan is shown, a person says yes or no, and it is carried out.

use std::path::Path;

use console::Term;

use crate::api::{Consent, Guarded, Plan, Request, Run, apply_in, plan_in};
use crate::guards::BackupTerms;
use crate::plan::ResetPlan;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{Note, Outcome, Report, render_preview};
use crate::show::shown;

use super::flags::GuardedArgs;
use super::terminal::{Answer, ask, can_ask, show, style_for};

/// What the flags ask for, with the backup folder that was named.
pub fn guarded(args: &GuardedArgs, backup_dir: Option<&Path>) -> Guarded {
    Guarded {
        backup_dir: backup_dir.map(Path::to_owned),
        allow_unproven_lock: args.allow_unproven_lock,
        backup_terms: BackupTerms {
            allow_shared: args.allow_shared_backup_dir,
            allow_in_memory: args.allow_backup_in_memory,
        },
        consent: consent(args),
    }
}

/// Who answers for the change that the flags ask for.
pub fn consent(args: &GuardedArgs) -> Consent {
    if args.yes {
        Consent::Given
    } else if args.dry_run || can_ask() {
        Consent::AfterTheQuestion
    } else {
        Consent::Missing
    }
}

/// Plans, shows, asks, and carries out.
pub fn carry_out(run: &Run, args: &GuardedArgs, request: impl Into<Request>) -> Report {
    let plan = match plan_in(run, &request.into()) {
        Ok(plan) if args.dry_run => return plan.into_report().of_dry_run(),
        Ok(plan) if plan.is_nothing_to_do() => return plan.into_report(),
        Ok(plan) => plan,
        Err(error) => return error.into_report(),
    };
    if args.yes {
        return apply(run, plan);
    }
    match question(&plan) {
        Answer::Yes => apply(run, plan).after_question(),
        Answer::No => plan.into_report().ended(Outcome::Declined, &[]).after_question(),
        Answer::Interrupted => {
            let reason = interrupted(&plan.subject().unwrap_or_default());
            plan.into_report().ended(Outcome::Failed, &[reason]).after_question()
        }
    }
}

fn apply(run: &Run, plan: Plan) -> Report {
    apply_in(run, plan).unwrap_or_else(|error| error.into_report())
}

/// Shows the plan and asks.
fn question(plan: &Plan) -> Answer {
    let text = render_preview(plan.report(), style_for(&Term::stderr()));
    match plan.steps().moves() {
        Some(moves) => question_of_logs(text, plan.report(), moves),
        None => question_of_header(text, plan),
    }
}

fn question_of_header(text: String, plan: &Plan) -> Answer {
    show(&format!(
        "{text}  Operation folder, with the backup:\n  {}\n\n  y, then Enter: back up, then write both \
         header copies.\n  Enter alone, or n: leave everything as it is.\n",
        shown(&plan.operation_dir().unwrap_or_default())
    ));
    let subject = plan.subject().unwrap_or_default();
    ask(&format!("Write these changes to {}?", shown(subject.file_name().unwrap_or_default())))
}

/// No file lists all databases of a storage group: the person is asked for each that was checked.
fn question_of_logs(mut text: String, report: &Report, plan: &ResetPlan) -> Answer {
    text += "Databases that were checked, all of them in Clean Shutdown:\n";
    for database in &plan.databases {
        text += &format!("  {}\n", shown(&database.path));
    }
    text += "\n  y, then Enter: these are all, move the files.\n  Enter alone, or n: leave everything where it \
             is.\n";
    let notes = report.aside.group.iter().flat_map(|group| &group.notes);
    for paragraph in notes.flat_map(Note::in_words) {
        text += &format!("{}\n", shown(&*paragraph));
    }
    show(&text);
    ask(&format!(
        "Are these all databases of storage group {}, and shall the files move?",
        plan.base
    ))
}

/// The reason of a run that Ctrl-C stopped at the question.
pub fn interrupted(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::Interrupted,
        path,
        "stopped at the question; nothing was changed",
        "Run the same command again when you are ready.",
    )
}
