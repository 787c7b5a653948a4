//! What is to be expected of one database: from its findings, and from the forecasts of its log stream. Nothing is
//! judged here that they do not say.

use std::path::Path;

use crate::diagnose::{Finding, FindingId, Forecast, ForecastOutcome, Severity, Subject};
use crate::ese::{ContentKind, DbState, LogFileName};
use crate::rebuild::RebuildCase;
use crate::refusal::RefusalId;
use crate::report::model::{
    DatabaseReport, DatabaseVerdict, FileHeader, FileState, HeaderReport, Outcome, StreamReport,
    VerdictId,
};
use crate::show::path_text;
use crate::survey::PageFacts;

use super::group::mount_fails;
use super::numbers::with_numbers;

/// A database with what is known beside it.
pub(super) struct Case<'a> {
    pub database: &'a DatabaseReport,
    /// The log streams of its group.
    pub streams: Vec<&'a StreamReport>,
    /// Findings of its logs that are about it.
    pub of_logs: Vec<&'a Finding>,
    /// Why it could not be read.
    pub refusal: Option<&'static str>,
}

/// What, and in which words.
type Answer = (VerdictId, String);

impl<'a> Case<'a> {
    pub fn verdict(&self) -> DatabaseVerdict {
        let (id, words) = self.answer();
        DatabaseVerdict { id, state: self.state(), words }
    }

    /// The first that holds, the worst first.
    fn answer(&self) -> Answer {
        self.unread()
            .or_else(|| self.harmful())
            .or_else(|| self.mount())
            .or_else(|| self.backups())
            .or_else(|| self.errors())
            .or_else(|| self.recovery())
            .unwrap_or_else(|| self.nothing_wrong())
    }

    fn state(&self) -> FileState {
        match (self.header(), self.database.kind) {
            (Some(header), _) => FileState::Database(header.state),
            (None, _) if self.has(FindingId::HeaderUnreadable) => FileState::HeaderLost,
            (None, ContentKind::Unknown) => FileState::Unread,
            (None, _) => FileState::OtherFile,
        }
    }

    fn header(&self) -> Option<&'a HeaderReport> {
        self.database.header.as_ref().and_then(FileHeader::database)
    }

    /// All that was found of it, the worst first.
    pub fn findings(&self) -> Vec<&'a Finding> {
        let mut all: Vec<&Finding> =
            self.database.findings.iter().chain(self.of_logs.iter().copied()).collect();
        // That it is dirty tells less than what keeps it so.
        all.sort_by_key(|finding| (finding.severity, finding.id == FindingId::DirtyShutdown));
        all
    }

    fn has(&self, id: FindingId) -> bool {
        self.findings().iter().any(|finding| finding.id == id)
    }

    /// The log stream that it belongs to, or that its folder has none; `None` where its logs are elsewhere, or not
    /// known.
    fn stream(&self) -> Option<&'a StreamReport> {
        let path = path_text(&self.database.path);
        let ends_here = |stream: &StreamReport| stream.next_mount.file.as_ref() == Some(&path);
        let is_member = |stream: &StreamReport| stream.databases.contains(&path);
        let streams = || self.streams.iter().copied();
        streams()
            .find(|stream| is_member(stream))
            .or_else(|| streams().find(|stream| ends_here(stream)))
            .or_else(|| streams().find(|stream| stream.base.is_none()))
    }

    /// Whether a forecast ends at another database.
    fn is_of_another(&self, forecast: &Forecast) -> bool {
        let file = forecast.file.as_deref().map(Path::new);
        let is_log = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            LogFileName::parse(&name).is_some()
        };
        file.is_some_and(|file| file != self.database.path && !is_log(file))
    }

    fn unread(&self) -> Option<Answer> {
        if self.has(FindingId::TemporaryDatabase) {
            return Some((VerdictId::Temporary, "temporary: made anew at each start".into()));
        }
        if self.refusal == Some(RefusalId::Truncated.name()) {
            return Some((VerdictId::DoNotMount, "do not mount: the file is cut off".into()));
        }
        (self.database.outcome == Outcome::Failed).then(|| {
            let why = self.refusal.map(|id| format!(": {id}")).unwrap_or_default();
            (VerdictId::Unknown, format!("cannot be said{why}"))
        })
    }

    /// What must not be mounted, whether that would succeed or not.
    fn harmful(&self) -> Option<Answer> {
        use FindingId::{
            DatabaseNewerThanLogs, DatabaseOlderThanLogs, HeaderUnreadable, OperationPending,
        };
        let found =
            [OperationPending, HeaderUnreadable, DatabaseNewerThanLogs, DatabaseOlderThanLogs];
        let why = match found.into_iter().find(|id| self.has(*id))? {
            OperationPending => "an operation of edbmend is not finished".to_owned(),
            HeaderUnreadable => self.lost_header(),
            DatabaseNewerThanLogs => "it is newer than its logs".to_owned(),
            _ => "it is older than its logs".to_owned(),
        };
        Some((VerdictId::DoNotMount, format!("do not mount: {why}")))
    }

    fn lost_header(&self) -> String {
        match self.database.rebuild.as_ref().map(|rebuild| rebuild.case) {
            None => "both header copies are lost".to_owned(),
            Some(RebuildCase::PagesOnly) => {
                "its header is lost, only pages are left (case D)".into()
            }
            Some(case) => {
                format!("its header is lost, and can be rebuilt (case {})", case.letter())
            }
        }
    }

    fn mount(&self) -> Option<Answer> {
        let stream = self.stream()?;
        let forecast = &stream.next_mount;
        match forecast.outcome {
            ForecastOutcome::Succeeds => None,
            ForecastOutcome::Unknown => {
                Some((VerdictId::Unknown, format!("cannot be said: {}", forecast.in_short)))
            }
            // Without logs each database is attached by itself.
            ForecastOutcome::Fails if stream.base.is_none() && self.is_of_another(forecast) => None,
            ForecastOutcome::Fails if self.is_of_another(forecast) => Some(self.with_its_group()),
            ForecastOutcome::Fails => {
                let words = match self.needed() {
                    Some(needed) => format!("will not mount; needs {needed}"),
                    None => "will not mount".to_owned(),
                };
                let words = with_numbers(&words, forecast.error, forecast.event);
                Some((VerdictId::MountFails, words))
            }
        }
    }

    /// Where the next mount fails at another database: what is wrong with this one, too.
    fn with_its_group(&self) -> Answer {
        let found = self.findings();
        let errors = || found.iter().filter(|finding| finding.severity == Severity::Error);
        let keeps_down = |finding: &&&Finding| finding.id.subject() != Subject::BackupFields;
        if let Some(own) = errors().find(keeps_down) {
            return (VerdictId::MountFails, format!("will not mount: {}", own.id.name()));
        }
        let itself = errors().next().map_or("sound itself", |own| own.id.name());
        (VerdictId::GroupFails, format!("{itself}; its group will not mount"))
    }

    /// The logs that its recovery needs: `logs 1-8`.
    fn needed(&self) -> Option<String> {
        let header = self.header().filter(|header| header.state != DbState::CleanShutdown)?;
        let [first, last] = header.log_required;
        let last = last.max(header.log_committed);
        match first {
            ..=0 => None,
            first if first == last => Some(format!("log {first}")),
            first => Some(format!("logs {first}-{last}")),
        }
    }

    fn backups(&self) -> Option<Answer> {
        let stream = self.stream()?;
        let fails = |forecast: &Forecast| {
            forecast.outcome == ForecastOutcome::Fails
                && !is_by_design(forecast)
                && !self.is_of_another(forecast)
        };
        let full = Some(&stream.next_full).filter(|forecast| fails(forecast));
        let incremental = Some(&stream.next_incremental).filter(|forecast| fails(forecast));
        let kind = match (full, incremental) {
            (None, None) => return self.backups_by_findings(stream).or_else(|| unread_log(stream)),
            (Some(_), None) => "full backups fail",
            (None, Some(_)) => "incremental backups fail",
            (Some(_), Some(_)) => "backups fail",
        };
        let forecast = full.or(incremental)?;
        let words = with_numbers(kind, forecast.error, forecast.event);
        Some((VerdictId::BackupsFail, words))
    }

    /// The forecasts end at the first database that a backup comes to; another one may be as bad. Where no log was
    /// found there are none.
    fn backups_by_findings(&self, stream: &StreamReport) -> Option<Answer> {
        let is_found = self.has(FindingId::NextIncrementalFails);
        let unless = if stream.base.is_none() { ", unless the logs were reset" } else { "" };
        let words = || format!("backups fail{unless} (-569, event 459)");
        is_found.then(|| (VerdictId::BackupsFail, words()))
    }

    fn errors(&self) -> Option<Answer> {
        let is_dirty_alone = |finding: &&Finding| {
            finding.id == FindingId::DirtyShutdown && self.recovery().is_some()
        };
        let found = self.findings();
        let errors = found.iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<&str> =
            errors.filter(|finding| !is_dirty_alone(finding)).map(|one| one.id.name()).collect();
        match (errors.as_slice(), self.database.outcome) {
            ([], Outcome::Findings)
                if self.database.pages.as_ref().is_some_and(PageFacts::has_bad_data) =>
            {
                Some((VerdictId::ErrorsFound, "bad pages".into()))
            }
            ([], _) => None,
            ([first, rest @ ..], _) => {
                let more = match rest.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                Some((VerdictId::ErrorsFound, format!("errors: {first}{more}")))
            }
        }
    }

    fn recovery(&self) -> Option<Answer> {
        let is_dirty = self.header().is_some_and(|header| header.state != DbState::CleanShutdown);
        let stream = self.stream().filter(|stream| is_dirty && !mount_fails(stream))?;
        stream.base.as_ref()?;
        let words = match self.needed() {
            Some(needed) => format!("mounts: recovery replays {needed}"),
            None => "mounts: recovery makes it clean".to_owned(),
        };
        Some((VerdictId::NeedsRecovery, words))
    }

    fn nothing_wrong(&self) -> Answer {
        let Some(stream) = self.stream() else {
            return (VerdictId::Sound, "sound itself; its logs are not here".into());
        };
        if self.backups_fail_at_another(stream) {
            return (VerdictId::GroupFails, "sound itself; its group's backups fail".into());
        }
        let incremental = &stream.next_incremental;
        let ours = Some(incremental).filter(|forecast| !self.is_of_another(forecast));
        let words = match ours.and_then(|forecast| forecast.error) {
            Some(NO_FULL_BACKUP) => return full_backup_first(),
            _ if self.has(FindingId::FullBackupNeeded) => return full_backup_first(),
            Some(CIRCULAR) => "sound; circular logging, full backups only",
            _ if stream.base.is_none() => "sound itself; no log was found",
            _ => "sound",
        };
        (VerdictId::Sound, words.into())
    }

    fn backups_fail_at_another(&self, stream: &StreamReport) -> bool {
        [&stream.next_full, &stream.next_incremental].into_iter().any(|forecast| {
            forecast.outcome == ForecastOutcome::Fails
                && !is_by_design(forecast)
                && self.is_of_another(forecast)
        })
    }
}

/// Where a log that a backup reads could not be read here.
fn unread_log(stream: &StreamReport) -> Option<Answer> {
    let both = [&stream.next_full, &stream.next_incremental].into_iter();
    let mut unknown = both.filter(|forecast| forecast.outcome == ForecastOutcome::Unknown);
    let forecast = unknown.next().filter(|_| stream.base.is_some())?;
    let words = format!("of backups nothing can be said: {}", forecast.in_short);
    Some((VerdictId::Unknown, words))
}

/// JET_errMissingFullBackup
const NO_FULL_BACKUP: i32 = -560;
/// JET_errInvalidBackup: circular logging is on
const CIRCULAR: i32 = -526;

/// What the engine answers though nothing is wrong.
fn is_by_design(forecast: &Forecast) -> bool {
    matches!(forecast.error, Some(NO_FULL_BACKUP | CIRCULAR))
}

fn full_backup_first() -> Answer {
    (VerdictId::FullBackupFirst, "sound; next a full backup (-560 by design)".into())
}
