//! A log stream with its databases: what the next mount and the next backups find together.

use crate::ese::engine::{self, CurrentLog, NextStart};
use crate::ese::{DbHeader, DbState};
use crate::survey::DatabaseFacts;

use super::chain::Chain;
use super::membership::is_of_stream;
use super::required_logs::RequiredLogs;

/// A log stream with the databases of its signature.
pub(super) struct Scene<'a> {
    pub chain: &'a Chain<'a>,
    pub databases: Vec<Member<'a>>,
}

/// A database of a log stream.
pub(super) struct Member<'a> {
    pub facts: &'a DatabaseFacts,
    pub header: &'a DbHeader,
    /// What recovery needs of this stream; `None` where it needs nothing.
    pub required: Option<RequiredLogs>,
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

impl<'a> Scene<'a> {
    /// Takes those of the databases that belong to the stream.
    pub fn new(chain: &'a Chain<'a>, databases: &'a [DatabaseFacts]) -> Self {
        let ours = databases.iter().filter_map(|facts| {
            let header = &facts.pair.as_ref()?.header;
            let required = RequiredLogs::of(header, std::slice::from_ref(chain));
            let is_ours = is_of_stream(header, chain.stream.identity());
            is_ours.then_some(Member { facts, header, required })
        });
        Self { chain, databases: ours.collect() }
    }

    /// Whether a database of this stream is there that is no copy made by a backup.
    pub fn is_live(&self) -> bool {
        self.databases.iter().any(|member| !member.is_backup_copy())
    }

    /// The first database that recovery has to replay.
    pub fn first_dirty(&self) -> Option<&'a DatabaseFacts> {
        self.databases.iter().find(|member| !member.is_clean()).map(|member| member.facts)
    }

    /// What the engine does with the logs at the next start.
    pub fn next_start(&self) -> NextStart {
        let stream = self.chain.stream;
        let current = match (&stream.current, self.chain.current()) {
            (None, _) => CurrentLog::Missing,
            (Some(_), None) => CurrentLog::Unusable,
            (Some(_), Some(summary)) => CurrentLog::Usable(summary.generation),
        };
        let usable = self.chain.usable();
        let has_archives = !stream.archives.is_empty();
        let from = self.checkpoint_generation().or(self.chain.first());
        engine::next_start(current, has_archives, from, |generation| usable.contains(&generation))
    }

    /// The generation of a checkpoint that belongs to the logs and lies among them.
    fn checkpoint_generation(&self) -> Option<i32> {
        let (checkpoint, _) = self.chain.stream.checkpoint.as_ref()?.elected.as_ref()?;
        let generation = checkpoint.checkpoint().generation;
        let ours = Some(checkpoint.raw.log_signature) == self.chain.signature;
        let (first, last) = (self.chain.first()?, self.chain.last()?);
        (ours && (first..=last).contains(&generation)).then_some(generation)
    }
}
