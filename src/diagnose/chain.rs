//! The logs of one base name, sorted into those that the engine can use and those that it cannot.

use std::collections::BTreeSet;

use crate::ese::log_limits::GenerationLimits;
use crate::ese::{LogExtensions, LogFileName, Signature};
use crate::survey::{LogFile, LogStream, LogSummary};

use super::{GenerationRange, generation_range};

/// One log stream as the engine would walk it.
pub(super) struct Chain<'a> {
    /// Its files.
    pub stream: &'a LogStream,
    /// Its log signature, where a log has a header.
    pub signature: Option<Signature>,
    /// The closed logs that are what their name says, and the current log; ascending.
    pub logs: Vec<(&'a LogFile, &'a LogSummary)>,
    /// Files without a valid header.
    pub damaged: Vec<&'a LogFile>,
    /// Files that could not be read: nothing is known against them, or for them.
    pub unread: Vec<&'a LogFile>,
    /// Valid logs of another stream.
    pub foreign: Vec<&'a LogFile>,
    /// Logs whose name says another generation than their header.
    pub misnamed: Vec<&'a LogFile>,
    /// Generations between the first and the last that no file is named after.
    pub missing: Vec<GenerationRange>,
    /// Every generation that a file is named after, sound or not, and that of the current log, where
    /// it is known.
    pub named: BTreeSet<i32>,
}

impl<'a> Chain<'a> {
    pub fn new(stream: &'a LogStream) -> Self {
        let mut chain = Self {
            stream,
            signature: stream.signature(),
            logs: Vec::new(),
            damaged: Vec::new(),
            unread: Vec::new(),
            foreign: Vec::new(),
            misnamed: Vec::new(),
            missing: Vec::new(),
            named: BTreeSet::new(),
        };
        stream.in_order().for_each(|log| chain.sort_in(log));
        chain.logs.sort_by_key(|(_, summary)| summary.generation);
        if let (Some(first), Some(last)) = (chain.first(), chain.last()) {
            chain.missing =
                generation_range::missing(GenerationRange { first, last }, &chain.named);
        }
        chain
    }

    fn sort_in(&mut self, log: &'a LogFile) {
        let named = named_generation(log);
        self.named.extend(named);
        if log.read_error().is_some() {
            return self.unread.push(log);
        }
        let Some(summary) = log.summary() else { return self.damaged.push(log) };
        if Some(summary.signature) != self.signature {
            self.foreign.push(log);
        } else if named.is_some_and(|named| named != summary.generation) {
            self.misnamed.push(log);
        } else {
            self.named.insert(summary.generation);
            self.logs.push((log, summary));
        }
    }

    /// The lowest usable generation.
    pub fn first(&self) -> Option<i32> {
        self.logs.first().map(|(_, summary)| summary.generation)
    }

    /// The highest usable generation.
    pub fn last(&self) -> Option<i32> {
        self.logs.last().map(|(_, summary)| summary.generation)
    }

    /// The header of the current log, where it is usable.
    pub fn current(&self) -> Option<&'a LogSummary> {
        let is_current = |log: &LogFile| matches!(log.name, LogFileName::Current { .. });
        self.logs.iter().rev().find(|(log, _)| is_current(log)).map(|&(_, summary)| summary)
    }

    /// The generations that are there and usable.
    pub fn usable(&self) -> BTreeSet<i32> {
        self.logs.iter().map(|(_, summary)| summary.generation).collect()
    }

    /// The name that a closed log of a generation has in this stream.
    pub fn file_name(&self, generation: i32) -> String {
        let generation = u32::try_from(generation).unwrap_or_default();
        self.stream.naming().archive(generation).to_string()
    }

    /// The name of the current log.
    pub fn current_name(&self) -> String {
        let jtx = self.stream.archives.iter().any(|log| {
            matches!(log.name, LogFileName::Archive { extensions: LogExtensions::Jtx, .. })
        });
        let extensions = if jtx { LogExtensions::Jtx } else { LogExtensions::Log };
        format!("{}.{}", self.stream.base, extensions.log())
    }

    /// How many generations its engine has.
    pub fn limits(&self) -> Option<GenerationLimits> {
        let (_, newest) = self.logs.last()?;
        Some(GenerationLimits::of(newest.version))
    }
}

/// The generation in the name, where a header could hold it.
pub(super) fn named_generation(log: &LogFile) -> Option<i32> {
    log.name.generation().and_then(|generation| i32::try_from(generation).ok())
}

/// The name of a log without its folder.
pub(super) fn name_of(log: &LogFile) -> String {
    log.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
