//! A storage group: its logs, its checkpoints, and what its databases need of them.

use std::path::PathBuf;

use crate::ese::engine::{self, NextIncremental};
use crate::ese::{LogBase, LogFileName, Signature};
use crate::show::{CommandLine, shown};
use crate::simulate::{Set, Stop, start};
use crate::survey::{DatabaseFacts, GroupFacts, LogFile, LogStream};

use super::chain::Chain;
use super::checkpoint::CheckpointState;
use super::database::diagnose_database;
use super::exchanged::exchanged;
use super::forecast::{self, Forecast, ForecastOutcome};
use super::generation_range::GenerationRange;
use super::instance::Instance;
use super::log_ranges::{self, LogRange};
use super::required_logs::{self, RequiredLogs};
use super::sequence::{SequenceUse, sequence_use};
use super::unclean::{BY_RECOVERY, NOT_BY_A_MOUNT};
use super::way_out::{Place, WayOutStep, way_out};
use super::{
    Finding, FindingId, absent, checkpoint, closed_logs, log_bodies, log_files, newer, next_start,
    other_files, other_stream, sequence,
};

/// What is wrong with a storage group, and what will happen to it.
pub struct GroupDiagnosis {
    /// Findings of logs and checkpoints, errors first.
    pub findings: Vec<Finding>,
    /// Findings of each database, in the order of the facts.
    pub databases: Vec<Vec<Finding>>,
    /// Each log stream that has logs or a checkpoint.
    pub streams: Vec<StreamOutlook>,
    /// The way out, one ordered list for each stream; for the databases where there is none.
    pub way_out: Vec<WayOutStep>,
    /// Whether every database that the logs name was found, or may be missing, or is told of as an error.
    pub is_whole: bool,
}

impl GroupDiagnosis {
    /// Whether something is to be done before a mount, so that the ways out rest on logs that the next mount does not
    /// read.
    pub fn tries_other_starts(&self) -> bool {
        let is_older = |finding: &Finding| finding.id == FindingId::DatabaseOlderThanLogs;
        let fails = |stream: &StreamOutlook| stream.next_mount.outcome == ForecastOutcome::Fails;
        self.streams.iter().any(fails) || self.findings.iter().any(is_older)
    }
}

/// One log stream in short.
#[derive(Clone, Debug)]
pub struct StreamOutlook {
    /// Base name; `None` where no log and no checkpoint was found.
    pub base: Option<LogBase>,
    /// Its log signature; that of the checkpoint where there is no log.
    pub signature: Option<Signature>,
    /// The lowest usable generation.
    pub first_generation: Option<i32>,
    /// The highest.
    pub last_generation: Option<i32>,
    /// How many closed and current logs there are, usable or not.
    pub count: usize,
    /// The current log.
    pub current: Option<PathBuf>,
    /// Generations between the first and the last that no file is named after.
    pub missing: Vec<GenerationRange>,
    /// Files without a valid header.
    pub damaged: Vec<PathBuf>,
    /// Its checkpoint.
    pub checkpoint: CheckpointState,
    /// The databases of this log signature.
    pub databases: Vec<PathBuf>,
    /// How much of the numbers is used up.
    pub sequence: Option<SequenceUse>,
    /// Which of its logs may go, ascending.
    pub ranges: Vec<LogRange>,
    /// What the next mount does.
    pub next_mount: Forecast,
    /// What the next full backup does.
    pub next_full: Forecast,
    /// What the next incremental backup does.
    pub next_incremental: Forecast,
}

/// Diagnoses a storage group, or several that share a folder. Databases belong to a stream by its
/// log signature, not by a name.
pub fn diagnose_group(group: &GroupFacts) -> GroupDiagnosis {
    diagnose_group_but(group, &[])
}

/// Diagnoses a group of which some databases may be missing, by the random numbers of their signatures.
pub fn diagnose_group_but(group: &GroupFacts, may_be_missing: &[u32]) -> GroupDiagnosis {
    let chains: Vec<Chain> =
        group.streams.iter().filter(|stream| is_there(stream)).map(Chain::new).collect();
    let instances: Vec<Instance> =
        chains.iter().map(|chain| Instance::new(chain, &group.streams, &group.databases)).collect();
    let mut of_streams: Vec<Vec<Finding>> = instances.iter().map(of_stream).collect();
    let mut is_whole = true;
    for (instance, found) in instances.iter().zip(&mut of_streams) {
        let exchanged = exchanged(instance, group);
        if !exchanged.is_empty() {
            found.retain(|finding| finding.id != FindingId::DatabaseReplaced);
        }
        let absent = absent::judge(instance, group, may_be_missing, found);
        is_whole &= absent.is_empty();
        found.extend(absent);
        found.extend(exchanged.iter().map(|one| one.finding(instance)));
    }
    let databases =
        group.databases.iter().map(|facts| of_database(facts, &instances, &chains, group));
    let databases: Vec<Vec<Finding>> = databases.collect();
    let way_out = ways_out(group, &instances, &of_streams, &databases);
    let mut findings: Vec<Finding> =
        pending(group).chain(other_files::patch_files(group)).collect();
    findings.extend(of_streams.into_iter().flatten());
    findings.sort_by_key(|finding| finding.severity);
    let mut streams: Vec<StreamOutlook> = instances.iter().map(outlook).collect();
    if streams.is_empty() && !group.databases.is_empty() {
        streams.push(without_logs(group));
    }
    GroupDiagnosis { findings, databases, streams, way_out, is_whole }
}

fn ways_out(
    group: &GroupFacts,
    instances: &[Instance],
    of_streams: &[Vec<Finding>],
    of_databases: &[Vec<Finding>],
) -> Vec<WayOutStep> {
    if instances.is_empty() {
        return way_out(&Place::of_databases(group, of_databases));
    }
    let places = instances.iter().zip(of_streams);
    let places =
        places.map(|(instance, found)| Place::of_instance(instance, group, found, of_databases));
    places.flat_map(|place| way_out(&place)).collect()
}

/// Diagnoses the logs of a group for themselves, where no database was looked for: nothing is said of the next
/// mount.
pub fn diagnose_logs(group: &GroupFacts) -> Vec<Finding> {
    let chains: Vec<Chain> =
        group.streams.iter().filter(|stream| is_there(stream)).map(Chain::new).collect();
    let instances = chains.iter().map(|chain| Instance::new(chain, &group.streams, &[]));
    let mut findings: Vec<Finding> = instances.flat_map(|instance| of_logs(&instance)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// Temporary, reserve and shadow logs alone make no stream.
fn is_there(stream: &LogStream) -> bool {
    stream.in_order().next().is_some() || stream.checkpoint.is_some()
}

fn pending(group: &GroupFacts) -> impl Iterator<Item = Finding> {
    group.pending.iter().map(|marker| {
        Finding::new(
            FindingId::OperationPending,
            format!("an edbmend operation on these logs was interrupted: {}", shown(marker)),
            "The files may be half moved. Do not mount before it is finished.",
            CommandLine::new("recover").path(&group.folders.log_dir),
        )
    })
}

/// Every subject of a log stream, in its order.
fn of_stream(instance: &Instance) -> Vec<Finding> {
    let mut findings = of_logs(instance);
    findings.extend(closed_logs::judge(instance));
    findings.extend(next_start::judge(instance));
    findings.extend(newer::judge(instance));
    findings
}

fn of_logs(instance: &Instance) -> Vec<Finding> {
    let mut findings = log_files::judge(instance.chain);
    findings.extend(sequence::judge(instance.chain));
    findings.extend(checkpoint::judge(instance));
    findings.extend(log_bodies::judge(instance.chain));
    findings
}

fn of_database(
    facts: &DatabaseFacts,
    instances: &[Instance],
    chains: &[Chain],
    group: &GroupFacts,
) -> Vec<Finding> {
    let mut findings = diagnose_database(facts);
    let header = facts.pair.as_ref().map(|pair| &pair.header);
    findings.retain(|finding| !is_set_right_by_recovery(finding.id, facts, instances));
    let required = header.and_then(|header| RequiredLogs::of(header, chains));
    let of_logs = required.as_ref().map(|required| required_logs::judge(facts, required, group));
    let dirty = findings.iter_mut().find(|finding| finding.id == FindingId::DirtyShutdown);
    if let Some(finding) = dirty {
        match (&required, of_logs.as_deref()) {
            (Some(required), Some([])) if required.unread => {
                finding.message += "; not all of these logs could be read";
            }
            (_, Some([])) => finding.message += "; all of these logs are there",
            _ => {}
        }
        if start_fails(facts, instances) || of_logs.as_ref().is_some_and(|found| !found.is_empty())
        {
            not_by_a_mount(finding);
        }
    }
    findings.extend(of_logs.unwrap_or_default());
    findings.extend(other_stream::judge(facts, chains));
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// Whether the next start fails on the logs and databases among which a database lies, as they are.
fn start_fails(facts: &DatabaseFacts, instances: &[Instance]) -> bool {
    let takes =
        |instance: &&Instance| instance.set.databases.iter().any(|file| file.path == facts.path);
    let fails = |instance: &Instance| matches!(instance.start, Err(Stop::Fails(_)));
    instances.iter().filter(takes).any(fails)
}

/// Whether a finding of the next backup comes from fields that recovery writes anew before there is a backup.
fn is_set_right_by_recovery(id: FindingId, facts: &DatabaseFacts, instances: &[Instance]) -> bool {
    let file = |instance: &Instance| {
        let started = instance.start.as_ref().ok()?;
        let file = started.databases.iter().find(|file| file.path == facts.path)?;
        let lowest = instance.set.archives.keys().next().copied().unwrap_or(started.generation);
        Some((*file.header()?, lowest, started.generation))
    };
    let Some((header, lowest, current)) = instances.iter().find_map(file) else { return false };
    match id {
        FindingId::NextIncrementalFails => !matches!(
            engine::next_incremental(&header.full, &header.incremental, Some(lowest)),
            NextIncremental::MissingLog { .. }
        ),
        FindingId::NextFullTruncates => {
            engine::holds_back_truncation(&header.full, u32::try_from(current).unwrap_or_default())
        }
        _ => false,
    }
}

/// What makes a database clean by a mount is no remedy where that mount fails.
fn not_by_a_mount(finding: &mut Finding) {
    if finding.remedy.starts_with(BY_RECOVERY) {
        finding.remedy = NOT_BY_A_MOUNT.into();
    }
}

fn outlook(instance: &Instance) -> StreamOutlook {
    let chain = instance.chain;
    let next_mount = forecast::next_mount(instance);
    let next_full = forecast::next_full(instance, &next_mount);
    let path = |log: &LogFile| log.path.clone();
    StreamOutlook {
        ranges: log_ranges::ranges(instance, &next_full),
        base: Some(chain.stream.base),
        signature: chain.stream.identity(),
        first_generation: chain.first(),
        last_generation: chain.last(),
        count: chain.stream.in_order().filter(is_log).count(),
        current: chain.stream.current.as_ref().map(path),
        missing: chain.missing.clone(),
        damaged: chain.damaged.iter().map(|log| path(log)).collect(),
        checkpoint: checkpoint::state(chain),
        databases: instance.databases.iter().map(|member| member.facts.path.clone()).collect(),
        sequence: sequence_use(chain),
        next_full,
        next_incremental: forecast::next_incremental(instance, &next_mount),
        next_mount,
    }
}

/// Databases of which no log was found.
fn without_logs(group: &GroupFacts) -> StreamOutlook {
    let start = start(&Set::of_databases(&group.databases));
    let [next_mount, next_full, next_incremental] = forecast::without_logs(&start);
    StreamOutlook {
        base: None,
        signature: None,
        first_generation: None,
        last_generation: None,
        count: 0,
        current: None,
        missing: Vec::new(),
        damaged: Vec::new(),
        checkpoint: CheckpointState::None,
        databases: Vec::new(),
        sequence: None,
        ranges: Vec::new(),
        next_mount,
        next_full,
        next_incremental,
    }
}

fn is_log(log: &&LogFile) -> bool {
    matches!(log.name, LogFileName::Archive { .. } | LogFileName::Current { .. })
}
