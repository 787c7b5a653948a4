//! From a plan to the deed: the plan is shown, a person says yes or no, and it is carried out.

use std::path::Path;

use console::Term;

use crate::api::{Consent, Plan, Request, Run, apply_in, plan_in};
use crate::plan::ResetPlan;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{DatabaseReport, GroupSection, Outcome, Report, render_moves, render_preview};
use crate::show::shown;

use super::args::GuardedArgs;
use super::terminal::{Answer, ask, can_ask, show, style_for};

/// Who answers for the change that these flags ask for.
pub fn consent(guarded: &GuardedArgs) -> Consent {
    match () {
        () if guarded.yes => Consent::Given,
        () if guarded.dry_run || can_ask() => Consent::AfterTheQuestion,
        () => Consent::Missing,
    }
}

/// Plans, shows, asks, and carries out.
pub fn carry_out(run: &Run, guarded: &GuardedArgs, request: impl Into<Request>) -> Report {
    let plan = match plan_in(run, &request.into()) {
        Ok(plan) if guarded.dry_run || plan.is_nothing_to_do() => return plan.into_report(),
        Ok(plan) => plan,
        Err(error) => return error.into_report(),
    };
    if guarded.yes {
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
    let report = plan.report();
    match (&report.group, report.databases.first()) {
        (Some(GroupSection { plan: Some(moves), notes, .. }), _) => question_of_logs(moves, notes),
        (_, Some(database)) => question_of_header(plan, database),
        _ => Answer::No,
    }
}

fn question_of_header(plan: &Plan, database: &DatabaseReport) -> Answer {
    show(&format!(
        "{}  Operation folder, with the backup:\n  {}\n\n  y, then Enter: back up, then write both header \
         copies.\n  Enter alone, or n: leave everything as it is.\n",
        render_preview(database, style_for(&Term::stderr())),
        shown(&plan.operation_dir().unwrap_or_default())
    ));
    let subject = plan.subject().unwrap_or_default();
    let name = subject.file_name().unwrap_or_default();
    ask(&format!("Write these changes to {}?", shown(Path::new(name))))
}

/// No file lists all databases of a storage group: the person is asked for each that was checked.
fn question_of_logs(plan: &ResetPlan, notes: &[String]) -> Answer {
    let mut text = render_moves(plan, style_for(&Term::stderr()));
    text += "Databases that were checked, all of them in Clean Shutdown:\n";
    for database in &plan.databases {
        text += &format!("  {}\n", shown(&database.path));
    }
    text += "\n  y, then Enter: these are all, move the files.\n  Enter alone, or n: leave everything where it \
             is.\n";
    show(&text);
    notes.iter().for_each(|note| show(&format!("{note}\n")));
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
        "interrupted at the question; nothing was changed",
        "Run the same command again when you are ready.",
    )
}
