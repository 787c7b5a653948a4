//! What the next mount and the next backups of a storage group will do.
//!
//! The mount is tried: [`crate::simulate`] runs the engine's start on the facts. The backups go on from what
//! it leaves. Each forecast names the engine that it is known of, and what was read for it.

mod backup_types;
mod backups;
mod mount;
mod pages;
mod short;

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use crate::show::path_text;

pub(super) use backups::{next_full, next_incremental};
pub(super) use mount::{next_mount, without_logs};

/// Microsoft's published source, which was run to find out.
const PUBLISHED: &str = "published engine";

/// The engine of Exchange 2003, as Microsoft describes it.
const EXCHANGE_2003: &str = "Exchange 2003 per KB946799";

/// The engines that keep a part of a store in a streaming file.
const EXCHANGE_WITH_STREAMS: &str = "Exchange 2000 and 2003";

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

/// What was read for a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// Headers of databases, logs and checkpoint.
    Headers,
    /// The bodies of the logs that it takes.
    Bodies,
    /// The pages of the databases.
    Pages,
}

impl Ground {
    /// `headers`, `bodies`, `pages`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Bodies => "bodies",
            Self::Pages => "pages",
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
    /// Why it does not go well, in a few words with the names of files alone; empty where it does.
    pub in_short: String,
    /// Path of the file at which it ends; `null` where there is none.
    pub file: Option<String>,
    /// What was read for it: it says no more than that.
    pub rests_on: Vec<Ground>,
}

impl Forecast {
    /// The engine in words that people know.
    pub fn engine_in_words(&self) -> &'static str {
        if self.engine == PUBLISHED { "newer engines" } else { self.engine }
    }

    fn new(outcome: ForecastOutcome, message: impl Into<String>) -> Self {
        Self {
            engine: PUBLISHED,
            outcome,
            error: None,
            event: None,
            message: message.into(),
            in_short: String::new(),
            file: None,
            rests_on: vec![Ground::Headers],
        }
    }

    fn fails(error: i32, event: Option<u32>, message: impl Into<String>) -> Self {
        Self { error: Some(error), event, ..Self::new(ForecastOutcome::Fails, message) }
    }

    /// With its cause in a few words.
    fn in_short(self, words: impl Into<String>) -> Self {
        Self { in_short: words.into(), ..self }
    }

    /// Of the file at which it ends.
    fn at(self, file: &Path) -> Self {
        Self { file: Some(path_text(file)), ..self }
    }

    fn resting_on_pages(mut self, were_read: bool) -> Self {
        if were_read {
            self.rests_on.push(Ground::Pages);
        }
        self
    }

    fn resting_on_bodies(mut self, were_read: bool) -> Self {
        if were_read {
            self.rests_on.push(Ground::Bodies);
        }
        self
    }
}
