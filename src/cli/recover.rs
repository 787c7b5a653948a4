//! `recover`: finishes or rolls back what was interrupted.

use std::path::{Path, PathBuf};

use clap::Args;
use console::Term;

use crate::api::{Decision, Recover, recover_in};
use crate::plan::Direction;
use crate::report::{Outcome, Report, direction_in_words};
use crate::show::shown;

use super::confirm::{consent, interrupted};
use super::flags::GuardedArgs;
use super::session::Session;
use super::terminal::{Answer, ask, show, style_for};

/// `recover`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend recover --dry-run priv1.edb     say which way it would go\n  edbmend recover --yes mdbdata"
)]
pub struct RecoverArgs {
    /// A database, an operation folder, or a folder of databases
    pub path: PathBuf,
    /// Roll back, also where a header copy was written
    #[arg(long, conflicts_with = "accept_changed")]
    pub back: bool,
    /// Where somebody else has written since, as by a mount, and what is there is
    /// whole: leave it as it is, and close the operation
    #[arg(long)]
    pub accept_changed: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

pub fn run(session: &Session, args: &RecoverArgs) -> Report {
    session.heed_interrupts(&args.guarded);
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
