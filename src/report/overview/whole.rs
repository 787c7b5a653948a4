//! The answer in one sentence. Its first words are what was asked: will it mount, will the backups run.

use crate::diagnose::{FindingId, Forecast, ForecastOutcome, Severity};
use crate::report::Report;
use crate::report::model::{Outcome, StreamReport, VerdictId, VerdictReport};
use crate::show::path_text;

use super::Line;
use super::group::mount_fails;
use super::numbers::with_numbers;

pub(super) fn verdict(report: &Report, lines: &[Line]) -> VerdictReport {
    let all = All { report, lines };
    let id = all.id();
    VerdictReport { id, words: all.sentence(id) }
}

struct All<'a> {
    report: &'a Report,
    lines: &'a [Line],
}

impl<'a> All<'a> {
    /// The worst of the lines; and whatever the exit code says, it says too.
    fn id(&self) -> VerdictId {
        let of_lines = self.lines.iter().map(|line| line.verdict.id).max();
        let logs = self.report.logs.as_ref().map_or(&[][..], |logs| logs.streams());
        let of_logs = logs.iter().any(mount_fails).then_some(VerdictId::MountFails);
        let of_outcome = match self.report.outcome {
            Outcome::Failed => VerdictId::Unknown,
            Outcome::Findings if self.has_errors_of_logs() => VerdictId::ErrorsFound,
            _ => VerdictId::Sound,
        };
        of_lines.max(of_logs).unwrap_or(VerdictId::Sound).max(of_outcome)
    }

    fn has_errors_of_logs(&self) -> bool {
        self.report.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    fn sentence(&self, id: VerdictId) -> String {
        match id {
            VerdictId::Sound => self.sound(),
            VerdictId::Temporary => {
                "Nothing is wrong: it is a temporary database, made anew at each start.".into()
            }
            VerdictId::NoDatabase => "No database is here: there is nothing to mount.".into(),
            VerdictId::FullBackupFirst => format!(
                "{} sound; run a full backup before an incremental one (-560, by design).",
                self.subject_is(id)
            ),
            VerdictId::NeedsRecovery => {
                format!("{} mount: recovery makes it clean first.", self.subject(id, "will"))
            }
            VerdictId::GroupFails => self.group_fails(),
            VerdictId::ErrorsFound => self.errors_found(),
            VerdictId::BackupsFail => self.backups_fail(),
            VerdictId::Unknown => self.unknown(),
            VerdictId::MountFails => {
                format!("{} not mount{}.", self.subject(id, "will"), self.because(id))
            }
            VerdictId::DoNotMount => self.do_not_mount(),
        }
    }

    fn of(&self, id: VerdictId) -> Vec<&'a Line> {
        self.lines.iter().filter(|line| line.verdict.id == id).collect()
    }

    /// `priv1.edb will`, `The stores will`, `3 of 40 databases will`.
    fn subject(&self, id: VerdictId, verb: &str) -> String {
        match (self.of(id).as_slice(), self.lines.len()) {
            ([only], _) if only.database.is_none() => format!("These logs {verb}"),
            ([only], _) => format!("{} {verb}", self.name(only)),
            (some, all) if self.is_one_group() || some.is_empty() || some.len() == all => {
                format!("The stores {verb}")
            }
            (some, all) => format!("{} of {all} databases {verb}", some.len()),
        }
    }

    fn subject_is(&self, id: VerdictId) -> String {
        let verb = if self.of(id).len() == 1 { "is" } else { "are" };
        self.subject(id, verb)
    }

    /// The name alone; of several groups the path.
    fn name(&self, line: &Line) -> String {
        if self.is_one_group() { line.name() } else { path_text(&line.path) }
    }

    fn is_one_group(&self) -> bool {
        let mut groups = self.lines.iter().map(|line| line.group);
        let first = groups.next();
        groups.all(|group| Some(group) == first)
    }

    /// Why the mount fails: `: E0000004.log is missing (-515, event 567)`.
    fn because(&self, id: VerdictId) -> String {
        let bad = self.of(id);
        let group = bad.first().and_then(|line| line.group);
        let failing = self.report.streams().filter(|(stream, _)| mount_fails(stream));
        let mut failing = failing.filter(|(_, aside)| group.is_none_or(|own| own == aside.group));
        let why = failing.next().map_or(String::new(), |(stream, _)| cause(&stream.next_mount));
        // What was named already is not named again.
        match bad.as_slice() {
            [only] => why.replacen(&format!(": {} ", only.name()), ": it ", 1),
            _ => why,
        }
    }

    fn group_fails(&self) -> String {
        let is = self.subject_is(VerdictId::GroupFails);
        let why = self.because(VerdictId::GroupFails);
        if why.is_empty() {
            let (_, why) = self.failing_backups(VerdictId::GroupFails);
            return format!(
                "{is} sound, but the next backups of its storage group will fail{why}."
            );
        }
        format!("{is} sound, but its storage group will not mount{why}.")
    }

    fn sound(&self) -> String {
        if self.lines.iter().any(|line| self.stream_of(line).is_none_or(|s| s.base.is_none())) {
            return match self.lines.len() {
                0 => "Nothing is wrong.".into(),
                _ => format!(
                    "{} sound; without logs nothing can be said of the next backups.",
                    self.subject_is(VerdictId::Sound)
                ),
            };
        }
        "Sound: the next mount succeeds, and nothing is in the way of the next backups.".into()
    }

    fn stream_of(&self, line: &Line) -> Option<&'a StreamReport> {
        let path = path_text(&line.path);
        let mut streams =
            self.report.streams().filter(|(_, aside)| line.group == Some(aside.group));
        streams.find(|(stream, _)| stream.databases.contains(&path)).map(|(stream, _)| stream)
    }

    fn errors_found(&self) -> String {
        match self.of(VerdictId::ErrorsFound).as_slice() {
            [] => {
                let errors = self.report.findings.iter();
                let mut errors = errors.filter(|finding| finding.severity == Severity::Error);
                let first = errors.next().map_or("", |finding| finding.id.name());
                format!("The next mount succeeds, but there are errors in the logs: {first}.")
            }
            [only] => {
                let words = only.verdict.words.trim_start_matches("errors: ");
                format!("Errors found in {}: {words}.", self.name(only))
            }
            several => {
                format!("Errors found in {} of {} databases.", several.len(), self.lines.len())
            }
        }
    }

    fn backups_fail(&self) -> String {
        let (some, all) = (self.of(VerdictId::BackupsFail), self.lines.len());
        let (what, why) = self.failing_backups(VerdictId::BackupsFail);
        if why.is_empty() {
            let of = self.subject(VerdictId::BackupsFail, "");
            return format!(
                "The next backups of {}will fail, unless a log reset moved the logs away.",
                of.replace("The ", "the ")
            );
        }
        if self.is_one_group() {
            return format!("The next {what} will fail{why}.");
        }
        format!("The next {what} of {} of {all} databases will fail, first{why}.", some.len())
    }

    /// Which backups fail in the group of the first such line, and why.
    fn failing_backups(&self, id: VerdictId) -> (&'static str, String) {
        let group = self.of(id).first().and_then(|line| line.group);
        let streams = self.report.streams().filter(|(_, aside)| Some(aside.group) == group);
        let mut failing = streams.filter_map(|(stream, _)| {
            let fails = |one: &&Forecast| one.outcome == ForecastOutcome::Fails;
            let full = Some(&stream.next_full).filter(fails);
            let incremental = Some(&stream.next_incremental).filter(fails);
            Some((full.or(incremental)?, full.is_none()))
        });
        match failing.next() {
            Some((forecast, true)) => ("incremental backup", cause(forecast)),
            Some((forecast, false)) => ("backups", cause(forecast)),
            None => ("backups", String::new()),
        }
    }

    fn unknown(&self) -> String {
        let missing = self.report.findings.iter().find(|finding| {
            matches!(finding.id, FindingId::DatabaseMissing | FindingId::DatabaseReplaced)
        });
        match (self.of(VerdictId::Unknown).as_slice(), missing) {
            ([only], None) if self.lines.len() == 1 => {
                format!("Nothing can be said of {}.", self.name(only))
            }
            ([], Some(_)) => {
                "Nothing can be said of the group: a database that the logs name was not found."
                    .into()
            }
            _ if !self.report.aside.unread.is_empty() => {
                "Nothing can be said: not all of the logs could be read.".into()
            }
            ([], None) => "Nothing can be said: not everything could be read.".into(),
            (some, _) => {
                format!("Nothing can be said of {} of {} databases.", some.len(), self.lines.len())
            }
        }
    }

    fn do_not_mount(&self) -> String {
        let bad = self.of(VerdictId::DoNotMount);
        let why = |line: &Line| line.verdict.words.trim_start_matches("do not mount: ").to_owned();
        match bad.as_slice() {
            [only] => format!("Do not mount {}: {}.", self.name(only), why(only)),
            [first, ..] => format!(
                "Do not mount {} of {} databases. The first, {}: {}.",
                bad.len(),
                self.lines.len(),
                self.name(first),
                why(first)
            ),
            [] => "Do not mount.".into(),
        }
    }
}

/// `: E0000004.log is missing (-515, event 567)`.
fn cause(forecast: &Forecast) -> String {
    let words = with_numbers(&forecast.in_short, forecast.error, forecast.event);
    if words.is_empty() { words } else { format!(": {words}") }
}
