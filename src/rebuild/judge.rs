//! The verdict: what of the lost header is proven, and by what.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ese::shadow::is_valid_header;
use crate::ese::{DbHeader, DbState, FlushMapHeader, Signature, format_problem, is_attachable};
use crate::refusal::Refusal;
use crate::survey::{Comparison, PageProof};

use super::fields::{RebuiltField, RebuiltHeader, as_it_was, by_logs, by_pages};
use super::names::NameInLogs;
use super::older_header::{OlderHeader, Worth};
use super::tail::LogTail;
use super::tale::DatabaseTale;
use super::words;

/// How much is proven, and so which header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RebuildCase {
    /// A: an older header is proven to be that of this very state. It goes back byte for byte.
    HeaderProven,
    /// B: the logs end with a clean detach, and every page has the stamp of its last change in them.
    CleanProven,
    /// C: the logs end while the database is attached. Dirty Shutdown: the engine's recovery does the rest.
    RecoveryNeeded,
    /// D: there are nothing but pages. Dirty Shutdown, for `eseutil /p`.
    PagesOnly,
}

impl RebuildCase {
    /// Its letter.
    pub fn letter(self) -> char {
        match self {
            Self::HeaderProven => 'A',
            Self::CleanProven => 'B',
            Self::RecoveryNeeded => 'C',
            Self::PagesOnly => 'D',
        }
    }
}

/// All evidence, and what was agreed about it.
pub struct Question<'a> {
    /// The database.
    pub path: &'a Path,
    /// What it is called in the logs.
    pub name: &'a NameInLogs,
    /// Its pages. Their comparisons are those of all databases of all tails, in that order.
    pub proof: &'a PageProof,
    /// The log streams.
    pub tails: &'a [LogTail],
    /// Header copies that were given.
    pub older: &'a [OlderHeader],
    /// Its flush map, where a valid one lies beside it.
    pub flush_map: Option<(PathBuf, FlushMapHeader)>,
    /// A streaming file that lies beside it.
    pub streaming_file: Option<PathBuf>,
    /// Go on where the current log may not be the newest.
    pub allow_newest_log_doubtful: bool,
    /// Write a header in Dirty Shutdown where there are nothing but pages, with this signature, which no database
    /// has: nothing tells its own.
    pub dirty_for_repair: Option<Signature>,
}

/// A header that was rebuilt, and why it is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// How much is proven.
    pub case: RebuildCase,
    /// The header page, as large as the pages of the database.
    pub page: Vec<u8>,
    /// Its fields.
    pub fields: Vec<RebuiltField>,
    /// What was found, in words.
    pub evidence: Vec<String>,
    /// Which database of the logs it is was decided by the name that a person gave; a guard refuses without it.
    pub is_by_name: bool,
}

/// A database of the logs, with its pages compared.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    tail: &'a LogTail,
    tale: &'a DatabaseTale,
    compared: &'a Comparison,
}

/// Judges all evidence.
///
/// # Errors
///
/// Every guard that refuses.
pub fn judge(asked: &Question) -> Result<Rebuilt, Vec<Refusal>> {
    let path = asked.path;
    let mut refused = Vec::new();
    if !asked.proof.lost_roots.is_empty() {
        refused.push(words::lost_roots(path, &asked.proof.lost_roots));
    }
    if asked.proof.has_trailer {
        refused.push(words::backup_copy(path));
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let known = known_database(asked, asked.name)?;
    let mut rebuilt = match (best_older(asked, known)?, known) {
        (Some((older, Worth::Current)), _) => proven_header(asked, older)?,
        (older, Some(candidate)) => {
            let base = older.map(|(older, _)| older);
            by_candidate(asked, candidate, base)?
        }
        (_, None) => pages_only(asked)?,
    };
    if known.is_some_and(|one| is_by_name(asked, &one)) {
        rebuilt.evidence.push(words::decided_by_name(asked.name));
        rebuilt.is_by_name = true;
    }
    expect_valid(path, &rebuilt.page).map(|()| rebuilt)
}

/// Whether it is this database only because a person named it.
fn is_by_name(asked: &Question, known: &Candidate) -> bool {
    if !asked.name.is_given() {
        return false;
    }
    let of_file = known_database(asked, &NameInLogs::of_file(asked.path));
    let is_same = |other: Candidate| std::ptr::eq(other.tale, known.tale);
    !of_file.is_ok_and(|other| other.is_some_and(is_same))
}

/// The database of the logs that this is by its pages and by a name; `None` where no log tells of it.
fn known_database<'a>(
    asked: &Question<'a>,
    name: &NameInLogs,
) -> Result<Option<Candidate<'a>>, Vec<Refusal>> {
    let path = asked.path;
    let candidates = candidates(asked);
    let (named, others): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|one| name.is_of(one.tale));
    let fits = |one: &&Candidate| misfit(asked.proof, one).is_none();
    let (fitting, others): (Vec<_>, Vec<_>) =
        (named.iter().filter(fits).collect(), others.iter().filter(fits).collect());
    let paths = |some: &[&Candidate<'a>]| -> Vec<&'a str> {
        some.iter().map(|one| one.tale.path()).collect()
    };
    match (fitting.as_slice(), others.as_slice(), named.as_slice()) {
        ([one], others, _) if name.is_whole_path() || is_better(one, others) => {
            sound_tail(asked, one).map(|()| Some(**one))
        }
        ([], [], []) => match broken_tails(asked).as_slice() {
            [] => Ok(None),
            refused => Err(refused.to_vec()),
        },
        ([], [], named) => {
            let broken = broken_tails(asked);
            let why = |one: &Candidate| misfit(asked.proof, one);
            let reasons: Vec<String> = named.iter().filter_map(why).collect();
            let contradiction = words::pages_contradict(path, reasons.join("; "));
            Err(if broken.is_empty() { vec![contradiction] } else { broken })
        }
        ([], others, _) => Err(vec![words::not_named(path, name, &paths(others))]),
        (fitting, others, _) => {
            let all: Vec<_> = fitting.iter().chain(others).copied().collect();
            Err(vec![words::twins(path, &paths(&all))])
        }
    }
}

/// Whether the pages of one are explained better than by any of the others.
fn is_better(one: &Candidate, others: &[&Candidate]) -> bool {
    let unexplained = |one: &Candidate| one.compared.unexplained + one.compared.missing;
    others.iter().all(|other| unexplained(one) < unexplained(other))
}

/// Every database of every stream that can be told apart.
fn candidates<'a>(asked: &Question<'a>) -> Vec<Candidate<'a>> {
    let tales = asked.tails.iter().flat_map(|tail| tail.databases().iter().map(move |t| (tail, t)));
    let compared = tales.zip(&asked.proof.comparisons);
    compared.map(|((tail, tale), compared)| Candidate { tail, tale, compared }).collect()
}

/// Why the pages cannot be those of a database in the state in which its logs end; `None` where they are.
fn misfit(proof: &PageProof, candidate: &Candidate) -> Option<String> {
    let Candidate { tail, tale, compared } = *candidate;
    let newest = proof.newest?;
    let logs = tail.in_words();
    let told = tale.newest_stamp();
    if tale.attached.is_none() {
        return Some(format!("the logs {logs} do not tell when it was attached"));
    }
    if tale.stamps.is_incomplete() {
        return Some(format!("the logs {logs} name more pages than can be compared"));
    }
    if told == 0 {
        return Some(format!(
            "the logs {logs} change none of its pages, so that nothing shows that they are its own"
        ));
    }
    if newest.db_time > told {
        return Some(format!(
            "page {} has the stamp {}, the newest that the logs {logs} tell of is {told}: it was changed \
             after them, or is of another database",
            newest.page, newest.db_time
        ));
    }
    let others = [
        (compared.first_ahead, "newer than"),
        (compared.first_older, "older than"),
        (compared.first_foreign, "never given by"),
    ];
    for (first, what) in others {
        if let Some(first) = first {
            return Some(format!("{}: {what} the logs {logs}", words::difference(&first)));
        }
    }
    let is_clean = !tale.is_attached;
    if let Some(first) = compared.first_behind.filter(|_| is_clean) {
        return Some(format!(
            "{}: the logs {logs} end with a clean detach, but {} pages lack their last change",
            words::difference(&first),
            compared.behind
        ));
    }
    if is_clean && compared.missing > 0 && !tale.lost_pages {
        return Some(format!(
            "{} pages that the logs {logs} change are not there",
            compared.missing
        ));
    }
    if is_clean && tale.highest_object > proof.highest_object {
        return Some(format!(
            "the logs {logs} tell of the object id {}, the highest of the pages is {}",
            tale.highest_object, proof.highest_object
        ));
    }
    let is_proven =
        compared.equal > 0 || compared.at_start > 0 || tale.listed_stamp == newest.db_time;
    (!is_proven).then(|| format!("no page shows that the logs {logs} are its own"))
}

/// What of the logs of a database stands against any verdict from them.
fn sound_tail(asked: &Question, candidate: &Candidate) -> Result<(), Vec<Refusal>> {
    let tail = candidate.tail;
    let mut refused: Vec<Refusal> = tail.fault.iter().map(words::logs_not_whole).collect();
    if let Some(doubt) = tail.doubt.as_ref().filter(|_| !asked.allow_newest_log_doubtful) {
        refused.push(words::newest_log_doubtful(doubt));
    }
    if let Some(what) = tail.tale.contradiction() {
        refused.push(words::pages_contradict(&tail.folder, what));
    }
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Logs that cannot be read might tell of the database.
fn broken_tails(asked: &Question) -> Vec<Refusal> {
    asked.tails.iter().filter_map(|tail| tail.fault.as_ref()).map(words::logs_not_whole).collect()
}

/// The header that is best among those given.
fn best_older<'a>(
    asked: &Question<'a>,
    known: Option<Candidate>,
) -> Result<Option<(&'a OlderHeader, Worth)>, Vec<Refusal>> {
    let known = known.map(|one| (one.tail, one.tale));
    let judged = asked.older.iter().map(|one| (one, one.worth(asked.proof, asked.tails, known)));
    let judged: Vec<_> = judged.collect();
    let best = [Worth::Current, Worth::Older]
        .iter()
        .find_map(|worth| judged.iter().find(|(_, found)| found == worth));
    match best {
        Some(best) => Ok(Some(best.clone())),
        None => {
            let refused = judged.iter().filter_map(|(older, worth)| match worth {
                Worth::Unsuitable(what) => Some(words::unsuitable(&older.path, what)),
                Worth::Current | Worth::Older => None,
            });
            let refused: Vec<Refusal> = refused.collect();
            if refused.is_empty() { Ok(None) } else { Err(refused) }
        }
    }
}

fn proven_header(asked: &Question, older: &OlderHeader) -> Result<Rebuilt, Vec<Refusal>> {
    expect_good_pages(asked)?;
    let RebuiltHeader { page, fields } = as_it_was(older);
    let state = older.header.state().label();
    let says = match older.header.state() {
        _ if older.is_of_same_pages(asked.proof) => {
            "every page has the checksum that it had when this was its header"
        }
        DbState::CleanShutdown => "its newest stamp and object id are those of the pages",
        _ => "no log of its stream is there; it goes back as it was",
    };
    let evidence = vec![
        pages_in_words(asked.proof),
        format!("Header {}: {state}, {says}.", crate::show::shown(&older.path)),
    ];
    Ok(Rebuilt { case: RebuildCase::HeaderProven, page, fields, evidence, is_by_name: false })
}

fn by_candidate(
    asked: &Question,
    candidate: Candidate,
    base: Option<&OlderHeader>,
) -> Result<Rebuilt, Vec<Refusal>> {
    let Candidate { tail, tale, compared } = candidate;
    let is_clean = !tale.is_attached;
    let mut refused = expect_good_pages(asked).err().unwrap_or_default();
    refused.extend(contradicting_flush_map(asked, is_clean));
    refused.extend(streaming_file(asked, tale, base));
    if let (false, None, Some(fault)) = (is_clean, tail.checkpoint, &tail.broken_before) {
        refused.push(words::logs_not_whole(fault));
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let case = if is_clean { RebuildCase::CleanProven } else { RebuildCase::RecoveryNeeded };
    let RebuiltHeader { page, fields } = by_logs(asked.proof, tail, tale, base);
    let end = match tale.detached.filter(|_| is_clean) {
        Some(detach) => format!("detached cleanly at {}", detach.at),
        None => "attached to their end".to_owned(),
    };
    let mut evidence = vec![
        pages_in_words(asked.proof),
        format!("Logs {}: this database ({}), {end}.", tail.in_words(), tale.path()),
        compared_in_words(compared, is_clean),
    ];
    evidence.extend(base.map(|older| {
        let path = crate::show::shown(&older.path);
        format!("Header {path}: older; what never changes is taken from it.")
    }));
    Ok(Rebuilt { case, page, fields, evidence, is_by_name: false })
}

fn compared_in_words(compared: &Comparison, is_clean: bool) -> String {
    let Comparison { compared: all, equal, behind, .. } = compared;
    match (all, is_clean) {
        (0, _) => {
            "The logs change no page; their attach list has the newest stamp of the pages.".into()
        }
        (_, true) => format!("{all} pages compared with the logs: all equal."),
        (_, false) => format!(
            "{all} pages compared with the logs: {equal} equal, {behind} wait for recovery, none is ahead."
        ),
    }
}

fn pages_only(asked: &Question) -> Result<Rebuilt, Vec<Refusal>> {
    let is_asked_for = asked.dirty_for_repair.is_some();
    let not_asked = (!is_asked_for).then(|| words::only_pages(asked.path, asked.name));
    let streaming = asked.streaming_file.as_ref();
    let in_the_way = streaming.map(|file| words::streaming_file(asked.path, &beside(file)));
    let refused: Vec<_> = not_asked.into_iter().chain(in_the_way).collect();
    let Some(signature) = asked.dirty_for_repair.filter(|_| refused.is_empty()) else {
        return Err(refused);
    };
    let RebuiltHeader { page, fields } = by_pages(asked.proof, signature);
    let evidence = vec![
        pages_in_words(asked.proof),
        "No log and no older header of this database: a clean shutdown cannot be proven.".into(),
    ];
    Ok(Rebuilt { case: RebuildCase::PagesOnly, page, fields, evidence, is_by_name: false })
}

fn expect_good_pages(asked: &Question) -> Result<(), Vec<Refusal>> {
    match asked.proof.bad {
        0 => Ok(()),
        _ => Err(vec![words::bad_pages(asked.path, asked.proof)]),
    }
}

fn contradicting_flush_map(asked: &Question, is_clean: bool) -> Option<Refusal> {
    let (path, map) = asked.flush_map.as_ref()?;
    let contradicts = map.is_clean() != is_clean;
    contradicts.then(|| words::flush_map(asked.path, path, map.is_clean()))
}

fn streaming_file(
    asked: &Question,
    tale: &DatabaseTale,
    base: Option<&OlderHeader>,
) -> Option<Refusal> {
    let by_header = base.is_some_and(|older| older.header.has_streaming_file());
    let found = asked.streaming_file.as_deref().map(beside);
    let found = found.or_else(|| {
        tale.has_streaming_file.then(|| "the logs attach a streaming file with it".to_owned())
    })?;
    (!by_header).then(|| words::streaming_file(asked.path, &found))
}

fn beside(streaming: &Path) -> String {
    format!("the streaming file {} lies beside it", crate::show::shown(streaming))
}

fn pages_in_words(proof: &PageProof) -> String {
    let newest = proof.newest.map_or(0, |newest| newest.db_time);
    format!(
        "Pages: {} bytes each, {} good, {} empty, {} bad. Newest stamp {newest}, highest object id {}.",
        proof.layout.page_size_bytes, proof.good, proof.empty, proof.bad, proof.highest_object
    )
}

/// The last look at what was made, by the rules that the engine has.
fn expect_valid(path: &Path, page: &[u8]) -> Result<(), Vec<Refusal>> {
    let refuse = |what: &str| Err(vec![words::not_a_header(path, what)]);
    let Some(header) = DbHeader::parse(page).filter(|_| is_valid_header(page)) else {
        return refuse("its checksum, magic or page size");
    };
    match format_problem(&header) {
        Some(problem) => refuse(&problem),
        None if !is_attachable(&header) => refuse("the engine would not attach it"),
        None => Ok(()),
    }
}
