//! `repair`: the backup fields of the header, and a damaged header copy, of one database after the
//! other.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};

use crate::api::{Repair, not_begun};
use crate::diagnose::FindingId;
use crate::plan::{BackupScope, VerifyScope};
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, DatabaseReport, Outcome, Report};
use crate::show::shown;
use crate::storage::absolute;

use super::confirm::{carry_out, guarded};
use super::flags::{GroupArgs, GuardedArgs, PageArgs};
use super::session::Session;

/// `repair`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  edbmend repair --dry-run priv1.edb      show what would be written\n  edbmend repair priv1.edb                show it, ask, do it\n  edbmend repair --yes --json priv1.edb pub1.edb\n\nThe store must be dismounted. What was done can be undone with edbmend restore."
)]
pub struct RepairArgs {
    /// Databases, each handled on its own
    #[arg(required_unless_present = "db")]
    pub databases: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub group: GroupArgs,
    /// Write "no such backup", as the engine itself does (the default)
    #[arg(long, conflicts_with = "from")]
    pub clear: bool,
    /// Take the backup fields from an older header of the same database, if it
    /// meets every condition
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Mend a finding of severity warning too
    #[arg(long, value_name = "FINDING-ID", value_parser = repairable_warning())]
    pub also: Vec<FindingId>,
    /// How much to back up before writing
    #[arg(long, value_enum, default_value_t = ScopeArg::Full)]
    pub backup: ScopeArg,
    /// How much to verify
    #[arg(long, value_enum, default_value_t = VerifyArg::Header)]
    pub verify: VerifyArg,
    /// Where the operation folder goes (default: edbmend beside the database)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub backup_dir: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub page: PageArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub guarded: GuardedArgs,
}

/// Takes the id of such a finding, and tells the completions which there are.
fn repairable_warning() -> impl TypedValueParser<Value = FindingId> {
    let ids = FindingId::repairable_warnings;
    PossibleValuesParser::new(ids().map(FindingId::name))
        .try_map(move |text| ids().find(|id| id.name() == text).ok_or("no such finding"))
}

/// How much to back up.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ScopeArg {
    /// The whole file
    Full,
    /// Both header pages, which are all that is written
    Header,
}

impl From<ScopeArg> for BackupScope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Full => Self::Full,
            ScopeArg::Header => Self::Header,
        }
    }
}

/// How much to verify.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum VerifyArg {
    /// Both header pages
    Header,
    /// Every page before, and by SHA-256 that all others are unchanged after
    Full,
}

impl From<VerifyArg> for VerifyScope {
    fn from(scope: VerifyArg) -> Self {
        match scope {
            VerifyArg::Header => Self::Header,
            VerifyArg::Full => Self::Full,
        }
    }
}

pub fn run(session: &Session, args: &RepairArgs) -> Report {
    session.heed_interrupts(&args.guarded);
    let run = session.run();
    let mut report = Report::new(CommandName::Repair);
    let paths: Vec<&PathBuf> = args.databases.iter().chain(&args.group.db).collect();
    // Two runs over the same databases: whoever comes second begins none of them.
    let mut other = paths.iter().find_map(|path| run.at_work_near(path));
    let mut stopped = false;
    for path in paths {
        let one = match &other {
            Some(other) => alone(left_to(other, path)),
            None if stopped => alone(not_begun(session.run().storage(), path)),
            None => carry_out(&run, &args.guarded, request(args, path)),
        };
        // Whatever broke there may break the next one, too.
        let interrupted = one.refusals.iter().any(|reason| reason.id == RefusalId::Interrupted);
        stopped |= one.outcome == Outcome::Pending || interrupted || session.is_interrupted();
        if one.outcome == Outcome::Refused {
            other = other.or_else(|| run.at_work_near(path));
        }
        session.add(&mut report, one);
    }
    report.conclude()
}

fn alone((database, reasons): (DatabaseReport, Vec<Refusal>)) -> Report {
    let mut report = Report::new(CommandName::Repair);
    report.push(database, &reasons);
    report.conclude()
}

/// A database that another run, which is at work on it or on one beside it in the list, will do.
fn left_to(other: &Refusal, path: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let path = absolute(path).unwrap_or_else(|_| path.to_owned());
    let message = if path == other.path {
        other.message.clone()
    } else {
        format!("not begun: at {}, {}", shown(&other.path), other.message)
    };
    let refusal = Refusal { path: path.clone(), message, ..other.clone() };
    (DatabaseReport::unknown(&path, Outcome::Refused), vec![refusal])
}

fn request(args: &RepairArgs, path: &Path) -> Repair {
    Repair {
        database: path.to_owned(),
        evidence: args.from.clone(),
        also: args.also.clone(),
        backup: BackupScope::from(args.backup),
        verify: VerifyScope::from(args.verify),
        // The deed itself scans in the pass that makes the backup.
        scan_now: args.guarded.dry_run,
        places: args.group.places(),
        guarded: guarded(&args.guarded, args.backup_dir.as_deref()),
    }
}
