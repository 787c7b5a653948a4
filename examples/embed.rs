//! How a program of your own uses the library: it looks at databases, mends the damage of KB946799
//! where it finds it and every guard agrees, and leaves all else to a person.
//!
//!     cargo run --example embed -- /mnt/case/practice/priv1.edb

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use edbmend::{Check, Error, FindingId, Observer, RefusalId, Repair, Watch};

fn main() -> ExitCode {
    let databases: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let progress = Progress::default();
    let watch = Watch::by(&progress);
    let mut left_to_a_person = 0;
    for database in &databases {
        if let Err(error) = tend(database, &watch, &mut std::io::stdout()) {
            left_to_a_person += 1;
            eprintln!("{}: {}", database.display(), advice(&error));
        }
    }
    ExitCode::from(left_to_a_person.min(1))
}

/// Mends one database, if that is what it needs.
pub fn tend(database: &Path, watch: &Watch, out: &mut dyn Write) -> Result<(), Error> {
    let report = edbmend::check(&Check::new(database), watch)?;
    let findings = report.databases.iter().flat_map(|database| &database.findings);
    let damaged = findings.clone().any(|finding| finding.id == FindingId::FullBackupGenInvalid);
    for finding in findings {
        say(out, &format!("found {}: {}", finding.id.name(), finding.message));
    }
    if !damaged {
        return Ok(());
    }
    let plan = edbmend::plan(Repair::new(database), watch)?;
    let folder = plan.operation_dir().unwrap_or_default();
    say(out, &format!("{} steps, kept in {}", plan.steps().len(), folder.display()));
    let done = edbmend::apply(plan, watch)?;
    if let Some(operation) = &done.operation {
        say(out, &format!("mended; to undo it: edbmend restore {}", operation.dir.display()));
    }
    Ok(())
}

/// What the person is told of a database that was not mended.
pub fn advice(error: &Error) -> String {
    if error.is_pending() {
        return format!("do not mount it before edbmend recover was run\n{error}");
    }
    if error.is(RefusalId::InUse) {
        return "it is mounted; it will be looked at again tomorrow".to_owned();
    }
    error.to_string()
}

/// A line that cannot be written is no reason to stop a repair.
fn say(out: &mut dyn Write, text: &str) {
    let _ = writeln!(out, "{text}");
}

/// Counts what is read and written. All methods that it does not have do nothing.
#[derive(Default)]
pub struct Progress {
    pub done_bytes: AtomicU64,
}

impl Observer for Progress {
    fn advance_bytes(&self, bytes: u64) {
        self.done_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
