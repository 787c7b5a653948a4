//! `recover`: finishes or rolls back what was interrupted.

use std::path::Path;

use console::Term;

use crate::api::{Decision, Recover, recover_in};
use crate::plan::Direction;
use crate::report::{Outcome, Report, direction_in_words};
use crate::show::shown;

use super::args::RecoverArgs;
use super::confirm::{consent, interrupted};
use super::flags::GuardedArgs;
use super::session::Session;
use super::terminal::{Answer, ask, show, style_for};

pub fn run(session: &Session, args: &RecoverArgs) -> Report {
    session.heed_interrupts();
    let request = Recover {
        path: args.path.clone(),
        back: args.back,
        accept_changed: args.accept_changed,
        only_say: args.guarded.dry_run,
        allow_unproven_lock: args.guarded.allow_unproven_lock,
        allow_shared_backup_dir: args.guarded.allow_shared_backup_dir,
        consent: consent(&args.guarded),
    };
    let decide = |path: &Path, direction: Direction| decide(&args.guarded, path, direction);
    recover_in(&session.run(), &request, &decide, &|report| session.log(report))
}

fn decide(guarded: &GuardedArgs, path: &Path, direction: Direction) -> Decision {
    if guarded.yes {
        return Decision::Go;
    }
    let width = style_for(&Term::stderr()).width;
    let options = textwrap::Options::new(width).initial_indent("  ").subsequent_indent("  ");
    show(&format!(
        "{}\n{}\n\n  y, then Enter: do that. Enter alone, or n: leave everything as it is.\n",
        shown(path),
        textwrap::fill(&direction_in_words(direction), options)
    ));
    match ask("Do it?") {
        Answer::Yes => Decision::Go,
        Answer::No => Decision::Stop(Outcome::Declined, Vec::new()),
        Answer::Interrupted => Decision::Stop(Outcome::Failed, vec![interrupted(path)]),
    }
}
