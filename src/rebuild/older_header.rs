//! An older header copy of the database as evidence (`--from`).

use std::path::PathBuf;

use crate::ese::shadow::is_valid_header;
use crate::ese::{DbHeader, DbState, format_problem, is_attachable};
use crate::survey::{PageProof, PagesPrint};

use super::tail::LogTail;
use super::tale::DatabaseTale;

/// A header copy that was given as evidence.
#[derive(Clone)]
pub struct OlderHeader {
    /// Where it was read.
    pub path: PathBuf,
    /// Its page.
    page: Vec<u8>,
    /// What it says.
    pub header: DbHeader,
    /// What the pages were known by when it was their header, where somebody wrote that down.
    print: Option<PagesPrint>,
}

/// What a header copy is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// No page was changed after it: it goes back byte for byte.
    Current,
    /// An older state of this database: what never changes is taken from it.
    Older,
    /// Nothing: what speaks against it.
    Unsuitable(String),
}

impl OlderHeader {
    /// The header in a page; `None` where it is not one that is valid and whose layout is known.
    pub fn new(path: PathBuf, page: &[u8], print: Option<PagesPrint>) -> Option<Self> {
        let header = DbHeader::parse(page).filter(|_| is_valid_header(page))?;
        let is_known = format_problem(&header).is_none() && is_attachable(&header);
        is_known.then(|| Self { path, page: page.to_vec(), header, print })
    }

    /// Its page.
    pub fn page(&self) -> &[u8] {
        &self.page
    }

    /// Whether the pages are, each by its checksum, those that this was the header of.
    pub(super) fn is_of_same_pages(&self, proof: &PageProof) -> bool {
        self.print.is_some() && self.print == proof.print
    }

    /// Every change of a page takes a new stamp above that of the header, so that a clean header with the stamp
    /// and the object id of the pages is that of this very state; so is one whose pages are still the same by their
    /// checksums. `known` is what the logs tell of the database.
    pub(super) fn worth(
        &self,
        proof: &PageProof,
        tails: &[LogTail],
        known: Option<(&LogTail, &DatabaseTale)>,
    ) -> Worth {
        let raw = &self.header.raw;
        let (stamp, object) = (raw.db_time.get(), raw.last_objid.get());
        let newest = proof.newest.map_or(0, |newest| newest.db_time);
        // eseutil /p leaves both one higher.
        let more = u64::from(raw.repair_count.get() > 0);
        if self.page.len() != proof.layout.page_size_bytes {
            return Worth::Unsuitable(format!("its page size is {}", self.page.len()));
        }
        let same_pages = self.is_of_same_pages(proof);
        let is_ahead =
            stamp > newest + more || u64::from(object) > u64::from(proof.highest_object) + more;
        if is_ahead && !same_pages {
            return Worth::Unsuitable(format!(
                "its dbtime {stamp} and its last object id {object} are ahead of the pages, whose newest stamp \
                 is {newest} and highest object id {}: another database, or pages are lost",
                proof.highest_object
            ));
        }
        if let Some((_, tale)) = known
            && tale.signature != raw.db_signature
        {
            return Worth::Unsuitable(format!(
                "its DB Signature is {}, that of the logs {}",
                raw.db_signature, tale.signature
            ));
        }
        if let Some((tail, _)) = known
            && tail.signature == raw.log_signature
            && i64::from(self.header.last_seen_generation()) > i64::from(tail.newest)
        {
            return Worth::Unsuitable(format!(
                "it knows of log generation {}, the newest log is {}: newer logs are missing",
                self.header.last_seen_generation(),
                tail.newest
            ));
        }
        let is_same_state =
            |value: u64, of_pages: u64| value == of_pages || value == of_pages + more;
        let of_pages = same_pages
            || is_same_state(stamp, newest)
                && is_same_state(object.into(), proof.highest_object.into());
        match (self.header.state(), known) {
            (DbState::CleanShutdown | DbState::DirtyShutdown, None) if of_pages => {
                self.current_unless_stream(tails)
            }
            (DbState::CleanShutdown, Some((tail, tale)))
                if of_pages && self.ends_with(tail, tale) =>
            {
                Worth::Current
            }
            (DbState::CleanShutdown | DbState::DirtyShutdown, Some(_)) => Worth::Older,
            (DbState::CleanShutdown | DbState::DirtyShutdown, None) => Worth::Unsuitable(format!(
                "its dbtime is {stamp}, the newest stamp of a page {newest}: it is older than the pages, and \
                 no log tells of the time between"
            )),
            (state, _) => Worth::Unsuitable(format!("its state is {}", state.label())),
        }
    }

    /// Logs of its stream that do not know the database contradict it.
    fn current_unless_stream(&self, tails: &[LogTail]) -> Worth {
        let own = self.header.raw.log_signature;
        match tails.iter().find(|tail| tail.signature == own && !own.is_unset()) {
            None => Worth::Current,
            Some(tail) => Worth::Unsuitable(format!(
                "the logs {} are those of its stream, and do not tell of this database",
                tail.in_words()
            )),
        }
    }

    /// Whether the logs end for this database where the header ends.
    fn ends_with(&self, tail: &LogTail, tale: &DatabaseTale) -> bool {
        let own_end = [self.header.last_detach(), self.header.last_consistent()];
        let end = tale.detached.filter(|_| !tale.is_attached).map(|moment| moment.at);
        tail.signature == self.header.raw.log_signature
            && end.is_some_and(|end| own_end.contains(&end))
    }
}
