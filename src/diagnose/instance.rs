//! An instance of the engine: a log stream with its databases, and what its next start finds together.

use crate::ese::{DbHeader, DbState};
use crate::simulate::{Log, LogHead, Set, Started, Stop, start};
use crate::survey::{DatabaseFacts, LogStream};

use super::chain::Chain;
use super::membership::{is_archive, is_of_none, is_of_stream};

/// A log stream with the databases of its signature: what the engine starts as one instance.
pub(super) struct Instance<'a> {
    pub chain: &'a Chain<'a>,
    pub databases: Vec<Member<'a>>,
    /// What a start of the engine meets.
    pub set: Set,
    /// How that start ends.
    pub start: Result<Started, Stop>,
    is_archive: bool,
    /// Whether a database lies there that is of no log stream.
    is_beside_unsigned: bool,
}

/// A database of a log stream.
pub(super) struct Member<'a> {
    pub facts: &'a DatabaseFacts,
    pub header: &'a DbHeader,
}

impl Member<'_> {
    pub fn is_clean(&self) -> bool {
        self.header.state() == DbState::CleanShutdown
    }

    /// Whether it is what a streaming backup wrote: dirty, with a backup under way.
    pub fn is_backup_copy(&self) -> bool {
        !self.is_clean() && self.header.current_full_backup().gen_low != 0
    }
}

impl<'a> Instance<'a> {
    /// Takes those of the databases that belong to the stream, and tries the start. `streams` are all of the
    /// folder.
    pub fn new(
        chain: &'a Chain<'a>,
        streams: &[LogStream],
        databases: &'a [DatabaseFacts],
    ) -> Self {
        let ours = databases.iter().filter_map(|facts| {
            let header = &facts.pair.as_ref()?.header;
            let is_ours = is_of_stream(header, chain.stream.identity());
            is_ours.then_some(Member { facts, header })
        });
        let set = Set::of(chain.stream, streams, databases);
        let start = start(&set);
        let mut pairs = databases.iter().filter_map(|facts| facts.pair.as_ref());
        let is_beside_unsigned = pairs.any(|pair| is_of_none(&pair.header));
        let is_archive = is_archive(chain.stream, databases);
        Self { chain, databases: ours.collect(), set, start, is_archive, is_beside_unsigned }
    }

    /// Whether a database is there to be mounted with these logs: of this stream, and no copy made by a backup; or
    /// of none, as after `eseutil /p`.
    pub fn is_live(&self) -> bool {
        self.databases.iter().any(|member| !member.is_backup_copy()) || self.is_beside_unsigned
    }

    /// The first database that recovery has to replay.
    pub fn first_dirty(&self) -> Option<&'a DatabaseFacts> {
        self.databases.iter().find(|member| !member.is_clean()).map(|member| member.facts)
    }

    /// Whether closed logs alone are there, and no database of theirs.
    pub fn is_archive(&self) -> bool {
        self.is_archive
    }

    /// Whether no log is there, so that a new log stream begins.
    pub fn begins_anew(&self) -> bool {
        self.start.as_ref().is_ok_and(|started| started.signature.is_none())
    }

    /// The generation from which on logs are replayed; `None` where no database has to be recovered.
    pub fn replays_from(&self) -> Option<i32> {
        self.first_dirty()?;
        let checkpoint = self.set.checkpoint.as_ref().map(|found| found.position.generation);
        checkpoint.or_else(|| self.set.archives.keys().next().copied()).or(self.chain.first())
    }

    /// Whether the bodies of the logs that the next mount reads were read.
    pub fn bodies_were_read(&self) -> bool {
        let from = self.set.checkpoint.as_ref().map_or(0, |found| found.position.generation);
        let is_read = |log: &Log| log.body.is_some() || !matches!(log.head, LogHead::Valid(_));
        let current_is_read = self.set.current.as_ref().is_some_and(is_read);
        let at_rest = self.first_dirty().is_none();
        current_is_read && (at_rest || self.set.archives.range(from..).all(|(_, log)| is_read(log)))
    }
}
