//! A storage group: its logs, its checkpoints, and what its databases need of them.

use std::path::PathBuf;

use crate::ese::{LogBase, LogFileName, Signature};
use crate::show::{CommandLine, shown};
use crate::survey::{DatabaseFacts, GroupFacts, LogFile, LogStream};

use super::chain::Chain;
use super::database::diagnose_database;
use super::forecast::{self, Forecast};
use super::generation_range::GenerationRange;
use super::required_logs::{self, RequiredLogs};
use super::scene::Scene;
use super::sequence::{SequenceUse, sequence_use};
use super::{Finding, FindingId, checkpoint, log_bodies, log_files, next_start, sequence};

/// What is wrong with a storage group, and what will happen to it.
pub struct GroupDiagnosis {
    /// Findings of logs and checkpoints, errors first.
    pub findings: Vec<Finding>,
    /// Findings of each database, in the order of the facts.
    pub databases: Vec<Vec<Finding>>,
    /// Each log stream that has logs or a checkpoint.
    pub streams: Vec<StreamOutlook>,
}

/// One log stream in short.
#[derive(Clone, Debug)]
pub struct StreamOutlook {
    /// Base name.
    pub base: LogBase,
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
    /// Position of its checkpoint, or that there is none, or that it is damaged.
    pub checkpoint: String,
    /// The databases of this log signature.
    pub databases: Vec<PathBuf>,
    /// How much of the numbers is used up.
    pub sequence: Option<SequenceUse>,
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
    let chains: Vec<Chain> =
        group.streams.iter().filter(|stream| is_there(stream)).map(Chain::new).collect();
    let scenes: Vec<Scene> =
        chains.iter().map(|chain| Scene::new(chain, &group.streams, &group.databases)).collect();
    let mut findings: Vec<Finding> = pending(group).collect();
    findings.extend(scenes.iter().flat_map(of_stream));
    findings.sort_by_key(|finding| finding.severity);
    let databases = group.databases.iter().map(|facts| of_database(facts, &chains, group));
    GroupDiagnosis {
        findings,
        databases: databases.collect(),
        streams: scenes.iter().map(outlook).collect(),
    }
}

/// Diagnoses the logs of a group for themselves, where no database was looked for: nothing is said of the next
/// mount.
pub fn diagnose_logs(group: &GroupFacts) -> Vec<Finding> {
    let chains: Vec<Chain> =
        group.streams.iter().filter(|stream| is_there(stream)).map(Chain::new).collect();
    let scenes = chains.iter().map(|chain| Scene::new(chain, &group.streams, &[]));
    let mut findings: Vec<Finding> = scenes.flat_map(|scene| of_logs(&scene)).collect();
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
fn of_stream(scene: &Scene) -> Vec<Finding> {
    let mut findings = of_logs(scene);
    findings.extend(next_start::judge(scene));
    findings
}

fn of_logs(scene: &Scene) -> Vec<Finding> {
    let mut findings = log_files::judge(scene.chain);
    findings.extend(sequence::judge(scene.chain));
    // A backup set, or logs put aside, have no current log.
    if scene.is_live() {
        findings.extend(sequence::current_missing(scene.chain));
    }
    findings.extend(checkpoint::judge(scene));
    findings.extend(log_bodies::judge(scene.chain));
    findings
}

fn of_database(facts: &DatabaseFacts, chains: &[Chain], group: &GroupFacts) -> Vec<Finding> {
    let mut findings = diagnose_database(facts);
    let header = facts.pair.as_ref().map(|pair| &pair.header);
    let Some(required) = header.and_then(|header| RequiredLogs::of(header, chains)) else {
        return findings;
    };
    let of_logs = required_logs::judge(facts, &required, group);
    if of_logs.is_empty() {
        let dirty = findings.iter_mut().find(|finding| finding.id == FindingId::DirtyShutdown);
        if let Some(finding) = dirty {
            finding.message += if required.unread {
                "; not all of these logs could be read"
            } else {
                "; all of these logs are there"
            };
        }
    }
    findings.extend(of_logs);
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn outlook(scene: &Scene) -> StreamOutlook {
    let chain = scene.chain;
    let next_mount = forecast::next_mount(scene);
    let path = |log: &LogFile| log.path.clone();
    StreamOutlook {
        base: chain.stream.base,
        signature: chain.stream.identity(),
        first_generation: chain.first(),
        last_generation: chain.last(),
        count: chain.stream.in_order().filter(is_log).count(),
        current: chain.stream.current.as_ref().map(path),
        missing: chain.missing.clone(),
        damaged: chain.damaged.iter().map(|log| path(log)).collect(),
        checkpoint: checkpoint::in_words(chain),
        databases: scene.databases.iter().map(|member| member.facts.path.clone()).collect(),
        sequence: sequence_use(chain),
        next_full: forecast::next_full(scene, &next_mount),
        next_incremental: forecast::next_incremental(scene, &next_mount),
        next_mount,
    }
}

fn is_log(log: &&LogFile) -> bool {
    matches!(log.name, LogFileName::Archive { .. } | LogFileName::Current { .. })
}
