//! A storage group whose logs move.

use crate::ese::LogFileName;
use crate::plan::{Batch, MoveMethod, ResetPlan};
use crate::report::Report;
use crate::report::aside::GroupAside;
use crate::report::model::Outcome;
use crate::show::{CommandLine, shown, size};

use super::page::Page;
use super::verdict::of_group;

/// So many names are listed without being asked for.
const MOST_NAMES: usize = 6;

impl Page {
    /// What is planned or was done with the group as a whole.
    pub(super) fn group(&mut self, group: &GroupAside, report: &Report) {
        let quiet = self.style.quiet;
        if quiet && report.exit_code == 0 {
            return self.notes(&group.notes);
        }
        match report.steps.moves().filter(|_| !quiet) {
            Some(plan) if !group.plan_was_shown => self.moves(plan),
            Some(plan) if group.read_meanwhile => self.soundness(plan),
            _ => {}
        }
        if let Some(operation) = &report.operation {
            self.line(format!("  operation: {}", shown(&operation.dir)));
        }
        // Of these two the notes say how it ended.
        if !matches!(report.outcome, Outcome::Committed | Outcome::NothingToDo) {
            let reasons: Vec<_> = report.refusals.iter().collect();
            self.verdict(of_group(report, &reasons));
        }
        self.notes(&group.notes);
        self.blank();
    }

    /// The batches in order; each file only when asked for.
    pub(super) fn moves(&mut self, plan: &ResetPlan) {
        let files = plan.batches.iter().flat_map(|batch| &batch.files);
        let bytes: u64 = files.fold(0, |sum, file| sum.saturating_add(file.bytes));
        let (base, count) = (&plan.base, plan.file_count());
        self.line(format!("Log stream {base}: {count} files move, {}", size(bytes)));
        let mut before = None;
        for (index, batch) in plan.batches.iter().enumerate() {
            let how = match batch.method {
                MoveMethod::Rename => "renamed",
                MoveMethod::Copy => "copied, read back and compared, then removed",
            };
            let text = format!("{} ({how})", names(batch, self.style.verbose));
            self.words(2, &format!("{}. ", index + 1), text);
            // Most often all of them go the same way.
            if before.replace((&batch.from, &batch.to)) != Some((&batch.from, &batch.to)) {
                self.line(format!("     from {}", shown(&batch.from)));
                self.line(format!("     to   {}", shown(&batch.to)));
            }
        }
        self.soundness(plan);
        self.blank();
    }

    /// Which of the logs are sound: by these an older backup can be rolled forward.
    fn soundness(&mut self, plan: &ResetPlan) {
        let files = || plan.batches.iter().flat_map(|batch| &batch.files);
        let is_log = |name: &str| {
            let name = LogFileName::parse(name);
            matches!(name, Some(LogFileName::Archive { .. } | LogFileName::Current { .. }))
        };
        let logs = files().filter(|file| is_log(&file.name)).count();
        let read: Vec<_> = files().filter_map(|file| Some((&*file.name, file.body?))).collect();
        let bad: Vec<String> = read
            .iter()
            .filter(|(_, body)| !body.is_good())
            .map(|(name, body)| format!("{name} is {}", body.name()))
            .collect();
        let sound = read.len() - bad.len();
        if !bad.is_empty() {
            let named = bad[..bad.len().min(MOST_NAMES)].join(", ");
            let more = match bad.len().saturating_sub(MOST_NAMES) {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            self.words(
                2,
                "WARNING: ",
                format!("no backup can be rolled forward past these: {named}{more}."),
            );
        }
        if read.len() >= logs {
            let text = format!("All {logs} logs were read to their end; sound: {sound}.");
            return self.words(2, "", text);
        }
        let text = format!(
            "{} of {logs} logs were read to their end; sound: {sound}. To read all:",
            read.len()
        );
        self.words(2, "", text);
        let base = plan.log_dir.join(plan.base);
        self.line(format!("    {}", CommandLine::new("verify").path(&base)));
    }
}

/// The names of the files, or how many there are from which one to which.
fn names(batch: &Batch, all: bool) -> String {
    let names: Vec<&str> = batch.files.iter().map(|file| file.name.as_str()).collect();
    match names.as_slice() {
        names if all || names.len() <= MOST_NAMES => names.join(", "),
        [first, .., last] => format!("{} files, {first} to {last}", names.len()),
        _ => String::new(),
    }
}
