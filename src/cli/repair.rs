//! `repair`: the backup fields of the header, and a damaged header copy, of one database after the
//! other.

use std::path::{Path, PathBuf};

use crate::api::{Repair, not_begun};
use crate::plan::{BackupScope, VerifyScope};
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, DatabaseReport, Outcome, Report};
use crate::show::shown;
use crate::storage::absolute;

use super::args::RepairArgs;
use super::confirm::{carry_out, guarded};
use super::session::Session;

pub fn run(session: &Session, args: &RepairArgs) -> Report {
    session.heed_interrupts();
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
