//! What the next mount and the next backups of a storage group will do.
//!
//! The answers are the engine's own predicates ([`crate::ese::engine`]), and name the engine that
//! they are known of.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::db_header::FIRST_REVISION_WITH_COPY_BACKUP;
use crate::ese::engine::{self, NextIncremental, NextStart};
use crate::ese::{BackupFault, BackupField, DbHeader};
use crate::show::shown;

use super::backup_info::field_faults;
use super::required_logs::RequiredLogs;
use super::scene::{Member, Scene};
use super::unclean::unclean;

/// Microsoft's published source, which was run to find out.
const PUBLISHED: &str = "published engine";

/// The engine of Exchange 2003, as Microsoft describes it.
const EXCHANGE_2003: &str = "Exchange 2003 per KB946799";

/// How something will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForecastOutcome {
    /// It will go well.
    Succeeds,
    /// It will fail.
    Fails,
    /// What is there does not decide it.
    Unknown,
}

impl ForecastOutcome {
    /// `succeeds`, `fails`, `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeds => "succeeds",
            Self::Fails => "fails",
            Self::Unknown => "unknown",
        }
    }
}

/// What will happen, and of which engine that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Forecast {
    /// The engine that the rest is known of.
    pub engine: &'static str,
    /// How it ends.
    pub outcome: ForecastOutcome,
    /// The engine's error, where it fails.
    pub error: Option<i32>,
    /// The event that it logs.
    pub event: Option<u32>,
    /// In words.
    pub message: String,
}

impl Forecast {
    fn new(outcome: ForecastOutcome, message: impl Into<String>) -> Self {
        Self { engine: PUBLISHED, outcome, error: None, event: None, message: message.into() }
    }

    fn fails(error: i32, event: Option<u32>, message: impl Into<String>) -> Self {
        Self { error: Some(error), event, ..Self::new(ForecastOutcome::Fails, message) }
    }
}

/// What the next mount does.
pub(super) fn next_mount(scene: &Scene) -> Forecast {
    if let Some(backup_copy) = scene.databases.iter().find(|member| member.is_backup_copy()) {
        return Forecast::fails(
            -544,
            None,
            format!(
                "{} is the copy that a backup made: it needs hard recovery.",
                shown(&backup_copy.facts.path)
            ),
        );
    }
    if let Some(refused) = scene.databases.iter().find_map(beyond_recovery) {
        return refused;
    }
    if let Some((path, _)) = scene.chain.stream.unread().next() {
        return Forecast::new(
            ForecastOutcome::Unknown,
            format!("{} could not be read, so nothing can be said.", shown(path)),
        );
    }
    match scene.next_start() {
        NextStart::NewStream => new_stream(scene),
        NextStart::CurrentLogMissing => Forecast::fails(
            -528,
            None,
            format!(
                "The current log {} is missing, though closed logs are there.",
                scene.chain.current_name()
            ),
        ),
        NextStart::CurrentLogUnusable => Forecast::fails(
            -501,
            Some(412),
            "The header of the current log cannot be used. (By the source; not tried.)",
        ),
        NextStart::BrokenSequence { generation } => broken(scene, generation),
        NextStart::Replays { from } => replays(scene, from),
    }
}

/// A state that no log replay ends.
fn beyond_recovery(Member { facts, header, .. }: &Member) -> Option<Forecast> {
    let unclean = unclean(header).filter(|unclean| !unclean.recovers)?;
    let message = format!("{}: State: {}.", shown(&facts.path), header.state().label());
    Some(match unclean.error {
        // Recovery may create it anew: what is in the logs decides.
        -550 => Forecast::new(ForecastOutcome::Unknown, message),
        error => Forecast::fails(error, None, message),
    })
}

fn new_stream(scene: &Scene) -> Forecast {
    match scene.first_dirty() {
        Some(dirty) => Forecast::fails(
            -550,
            None,
            format!("{} is not in Clean Shutdown, and there are no logs.", shown(&dirty.path)),
        ),
        None => Forecast::new(
            ForecastOutcome::Succeeds,
            "No log is there. If none is elsewhere (--log-dir), the engine begins generation 1 under a new \
             log signature and clears the backup fields of the databases.",
        ),
    }
}

fn broken(scene: &Scene, generation: i32) -> Forecast {
    let name = scene.chain.file_name(generation);
    let is_needed = |required: &&RequiredLogs| required.needed.contains(generation);
    let required = scene.databases.iter().filter_map(|member| member.required.as_ref());
    if required.clone().any(|required| is_needed(&required)) {
        return Forecast::fails(
            -515,
            Some(567),
            format!("Recovery needs {name} and stops there; documented is -543 too."),
        );
    }
    if let Some(failure) = scene.databases.iter().find_map(outside) {
        return failure;
    }
    Forecast::new(
        ForecastOutcome::Unknown,
        format!(
            "{name} is missing or unusable between the checkpoint and the current log. No database \
             needs it, but what the engine does then was not tried."
        ),
    )
}

/// Recovery needs logs before the first or behind the last one that is there.
fn outside(Member { facts, required, .. }: &Member) -> Option<Forecast> {
    let required = required.as_ref().filter(|required| required.blocks(&required.missing))?;
    let first = required.missing.first()?;
    let event = if first.first == required.needed.first { 452 } else { 453 };
    Some(Forecast::fails(
        -543,
        Some(event),
        format!("Recovery of {} needs generation {first}, which is not there.", shown(&facts.path)),
    ))
}

fn replays(scene: &Scene, from: i32) -> Forecast {
    if let Some(failure) = scene.databases.iter().find_map(outside) {
        return failure;
    }
    let message = match scene.first_dirty() {
        Some(_) => format!(
            "The engine replays the logs from generation {from} (0x{from:x}) on, then mounts."
        ),
        None if scene.databases.is_empty() => "The logs are in order.".into(),
        None => "The stores are in Clean Shutdown and attach.".into(),
    };
    Forecast::new(ForecastOutcome::Succeeds, message)
}

/// What the next full backup of all databases does.
pub(super) fn next_full(scene: &Scene, mount: &Forecast) -> Forecast {
    if let Some(early) = before_a_backup(scene, mount) {
        return early;
    }
    let mut members = scene.databases.iter();
    let damaged = members.find(|member| has_impossible_generation(member.header));
    let Some(Member { facts, header, .. }) = damaged else {
        return Forecast::new(ForecastOutcome::Succeeds, "Nothing in the headers is in its way.");
    };
    let path = shown(&facts.path);
    if is_legacy(header) {
        let forecast = Forecast::fails(
            -569,
            Some(459),
            format!(
                "{path} records an impossible log generation. (The published engine would succeed and \
                 heal the field.)"
            ),
        );
        return after_recovery(scene, Forecast { engine: EXCHANGE_2003, ..forecast });
    }
    Forecast::new(
        ForecastOutcome::Succeeds,
        format!(
            "It rewrites the impossible log generation in {path}. (Exchange 2003 fails there, per \
             KB946799.)"
        ),
    )
}

/// What the next incremental backup does.
pub(super) fn next_incremental(scene: &Scene, mount: &Forecast) -> Forecast {
    if let Some(early) = before_a_backup(scene, mount) {
        return early;
    }
    if scene.chain.current().is_some_and(|current| current.circular_logging) {
        return Forecast::fails(
            -526,
            None,
            "Circular logging was on when the current log was created; incremental backups are not \
             allowed with it.",
        );
    }
    let failure = missing_full(scene).or_else(|| missing_log(scene)).or_else(|| gap(scene));
    match failure {
        Some(failure) => after_recovery(scene, failure),
        None => {
            Forecast::new(ForecastOutcome::Succeeds, "The logs go on where the last backup ended.")
        }
    }
}

fn before_a_backup(scene: &Scene, mount: &Forecast) -> Option<Forecast> {
    if scene.databases.is_empty() {
        return Some(Forecast::new(
            ForecastOutcome::Unknown,
            "No database of this log signature was found here. Name it: --db FILE",
        ));
    }
    let message = "It needs mounted stores; see the next mount.";
    (mount.outcome != ForecastOutcome::Succeeds).then(|| Forecast {
        message: message.into(),
        event: None,
        ..mount.clone()
    })
}

fn missing_full(scene: &Scene) -> Option<Forecast> {
    let is_missing =
        |member: &&Member| next_of(scene, member.header) == NextIncremental::MissingFullBackup;
    let Member { facts, .. } = scene.databases.iter().find(is_missing)?;
    Some(Forecast::fails(
        -560,
        Some(206),
        format!("No full backup is recorded in {}. That is by design.", shown(&facts.path)),
    ))
}

fn next_of(scene: &Scene, header: &DbHeader) -> NextIncremental {
    let (full, incremental) =
        (header.backup(BackupField::Full), header.backup(BackupField::Incremental));
    engine::next_incremental(&full, &incremental, scene.chain.first())
}

fn missing_log(scene: &Scene) -> Option<Forecast> {
    let missing = |member: &'_ Member| match next_of(scene, member.header) {
        NextIncremental::MissingLog { generation } => Some(generation),
        _ => None,
    };
    let mut members = scene.databases.iter();
    let (Member { facts, header, .. }, generation) =
        members.find_map(|member| Some((member, missing(member)?)))?;
    let names = engine::missing_log_name(Some(scene.chain.stream.naming()), generation);
    let legacy = is_legacy(header) && has_impossible_generation(header);
    let name = if legacy { names.exchange_2003 } else { names.published };
    let forecast = Forecast::fails(
        -569,
        Some(459),
        format!(
            "By {} the next log has to be generation {generation}: the file {name} is missing and \
             could not be backed-up.",
            shown(&facts.path)
        ),
    );
    Some(if legacy { Forecast { engine: EXCHANGE_2003, ..forecast } } else { forecast })
}

fn gap(scene: &Scene) -> Option<Forecast> {
    let first = scene.chain.missing.first()?.first;
    Some(Forecast::fails(
        -569,
        Some(459),
        format!(
            "It begins, and breaks off at the gap: the file {} is missing and could not be backed-up.",
            scene.chain.file_name(first)
        ),
    ))
}

/// Recovery may write the backup fields anew, so a failure of a dirty database is not certain.
fn after_recovery(scene: &Scene, failure: Forecast) -> Forecast {
    if scene.first_dirty().is_none() {
        return failure;
    }
    let message = format!(
        "{} But the recovery at the next mount may write these fields anew.",
        failure.message
    );
    Forecast { outcome: ForecastOutcome::Unknown, message, ..failure }
}

fn has_impossible_generation(header: &DbHeader) -> bool {
    let bites = |field: BackupField| matches!(field, BackupField::Full | BackupField::Incremental);
    field_faults(header)
        .iter()
        .any(|&(field, fault)| bites(field) && fault == BackupFault::Impossible)
}

/// Written by an engine of the age of Exchange 2003.
fn is_legacy(header: &DbHeader) -> bool {
    header.raw.revision.get() < FIRST_REVISION_WITH_COPY_BACKUP
}
