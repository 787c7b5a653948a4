//! The logs and checkpoints of storage groups, as JSON.

use std::path::Path;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnose::{Forecast, GenerationRange, LogRange, StreamOutlook};
use crate::ese::Signature;
use crate::show::path_text;
use crate::survey::{CheckpointFile, GroupFacts};

use super::CheckpointHeaderReport;

/// `logs`: the one stream; of several the first, with all of them in `streams`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum LogsReport {
    /// The only stream.
    One(Box<StreamReport>),
    /// Several.
    Several {
        /// The first of them.
        #[serde(flatten)]
        first: Box<StreamReport>,
        /// Each of them.
        streams: Vec<StreamReport>,
    },
}

/// `checkpoint`: the one checkpoint, or `{"checkpoints": [...]}`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum CheckpointsReport {
    /// The only checkpoint.
    One(Box<CheckpointReport>),
    /// Several.
    Several {
        /// Each of them.
        checkpoints: Vec<CheckpointReport>,
    },
}

/// One log stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StreamReport {
    /// Base name, `E00`; `null` where no log and no checkpoint was found.
    pub base: Option<String>,
    /// Folder of the logs, or where they were looked for.
    pub dir: String,
    /// Log signature; that of the checkpoint where there is no log.
    pub signature: Option<Signature>,
    /// Lowest usable generation.
    pub first_generation: Option<i32>,
    /// Highest usable generation.
    pub last_generation: Option<i32>,
    /// Closed and current logs, usable or not.
    pub count: usize,
    /// Path of the current log.
    pub current: Option<String>,
    /// Ranges of generations that no file is named after.
    pub missing: Vec<GenerationRange>,
    /// Paths of logs without a valid header.
    pub damaged: Vec<String>,
    /// Paths of the databases of this stream.
    pub databases: Vec<String>,
    /// Generations left until updates fail with -519.
    pub generations_left: Option<u32>,
    /// Share of the generations that is used, per cent.
    pub per_cent_used: Option<f64>,
    /// The day on which they run out at the rate of the logs, `2031-05-04`.
    pub runs_out: Option<NaiveDate>,
    /// Which of the logs may go, ascending.
    pub ranges: Vec<LogRange>,
    /// What the next mount does.
    pub next_mount: Forecast,
    /// What the next full backup does.
    pub next_full: Forecast,
    /// What the next incremental backup does.
    pub next_incremental: Forecast,
}

impl StreamReport {
    /// The report of a stream whose logs are in `dir`.
    pub(crate) fn new(dir: &Path, outlook: &StreamOutlook) -> Self {
        let paths = |paths: &[std::path::PathBuf]| paths.iter().map(|p| path_text(p)).collect();
        let sequence = outlook.sequence.as_ref();
        Self {
            base: outlook.base.map(|base| base.to_string()),
            dir: path_text(dir),
            signature: outlook.signature,
            first_generation: outlook.first_generation,
            last_generation: outlook.last_generation,
            count: outlook.count,
            current: outlook.current.as_deref().map(path_text),
            missing: outlook.missing.clone(),
            damaged: paths(&outlook.damaged),
            databases: paths(&outlook.databases),
            generations_left: sequence.map(|sequence| sequence.generations_left),
            per_cent_used: sequence.map(|sequence| sequence.per_cent_used),
            runs_out: sequence.and_then(|sequence| sequence.runs_out),
            ranges: outlook.ranges.clone(),
            next_mount: outlook.next_mount.clone(),
            next_full: outlook.next_full.clone(),
            next_incremental: outlook.next_incremental.clone(),
        }
    }
}

/// A checkpoint file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckpointReport {
    /// Path.
    pub path: String,
    /// Base name of its stream.
    pub base: String,
    /// The copy that the engine uses; `null` where neither is valid, or the file could not be read.
    pub header: Option<CheckpointHeaderReport>,
}

impl CheckpointReport {
    fn new(base: &str, file: &CheckpointFile) -> Self {
        let elected = file.elected.as_ref();
        Self {
            path: path_text(&file.path),
            base: base.to_owned(),
            header: elected.map(|(chk, copies)| CheckpointHeaderReport::new(chk, *copies)),
        }
    }
}

impl LogsReport {
    /// `None` where there is no stream.
    pub(crate) fn of(mut streams: Vec<StreamReport>) -> Option<Self> {
        match streams.len() {
            0 => None,
            1 => streams.pop().map(|stream| Self::One(Box::new(stream))),
            _ => Some(Self::Several { first: Box::new(streams.first()?.clone()), streams }),
        }
    }

    /// All streams.
    pub fn streams(&self) -> &[StreamReport] {
        match self {
            Self::One(stream) => std::slice::from_ref(stream),
            Self::Several { streams, .. } => streams,
        }
    }
}

impl CheckpointsReport {
    /// `None` where there is no checkpoint.
    pub(crate) fn of(mut checkpoints: Vec<CheckpointReport>) -> Option<Self> {
        match checkpoints.len() {
            0 => None,
            1 => checkpoints.pop().map(|checkpoint| Self::One(Box::new(checkpoint))),
            _ => Some(Self::Several { checkpoints }),
        }
    }
}

/// The checkpoints of a storage group.
pub fn checkpoint_reports(group: &GroupFacts) -> Vec<CheckpointReport> {
    let with_checkpoint =
        group.streams.iter().filter_map(|s| Some((s.base.as_str(), s.checkpoint.as_ref()?)));
    with_checkpoint.map(|(base, file)| CheckpointReport::new(base, file)).collect()
}
