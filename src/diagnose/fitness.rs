//! What forbids a repair of a database, told once: the findings ask it for their remedies, the guards for
//! what they refuse. So no remedy is a repair that would be refused.

use std::path::Path;

use crate::ese::shadow::{CopyState, HeaderPair, PAGE_SIZES_BYTES, Which};
use crate::ese::{ContentKind, DbHeader, DbState, format_problem, is_attachable};
use crate::show::{CommandLine, Paragraph};
use crate::survey::{DatabaseFacts, HEADER_PAGES};

use super::FindingId;
use super::current_backup::{CurrentBackup, current_backup};
use super::unclean::{Unclean, unclean};

/// One thing that forbids a repair, with what was found.
pub enum Obstacle<'a> {
    /// An operation on the database was interrupted; its marker.
    OperationPending(&'a Path),
    /// An operation on the logs was interrupted; its marker.
    LogsPending(&'a Path),
    /// Another file, of this kind.
    NoDatabase(ContentKind),
    /// Neither header copy is valid.
    NoHeader,
    /// It has the header of a database, but the engine does not attach it.
    NotAttachable(&'a DbHeader),
    /// It is shorter than its two header pages, or ends inside a page.
    CutOff {
        /// Its length.
        length_bytes: u64,
        /// `None` where no header names it: then the file is too short for any.
        page_size_bytes: Option<usize>,
    },
    /// It ends before pages that it owns.
    PagesMissing(MissingPages),
    /// The disk cannot read a header copy.
    UnreadableCopy {
        /// Which one.
        which: Which,
        /// Where it lies, in bytes.
        offset: u64,
    },
    /// The header says that there is no shadow copy: what lies at this offset may be data.
    ShadowMayBeData(u64),
    /// Something in its layout is not known.
    UnknownFormat(String),
    /// It is not in Clean Shutdown.
    NotClean(&'a DbHeader, Unclean),
    /// A backup is under way.
    InBackup(CurrentBackup),
}

/// A file that ends before pages that the database owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingPages {
    /// The last page of the file, as the engine numbers it.
    pub last_page: u64,
    /// The last page that the database owns.
    pub last_owned_page: u32,
}

/// What forbids a repair of the file itself, in the order in which the guards tell it.
pub fn obstacles(facts: &DatabaseFacts) -> Vec<Obstacle<'_>> {
    // A reset of its logs has a marker beside it, too, and is told of by that.
    let own = facts.pending.as_deref().filter(|_| facts.group_pending.is_none());
    let pending = own.map(Obstacle::OperationPending);
    let mut found = Vec::from_iter(pending);
    if facts.kind != ContentKind::Database {
        found.push(Obstacle::NoDatabase(facts.kind));
    } else if let Some(pair) = &facts.pair {
        found.extend(in_header(facts, pair));
    } else {
        found.push(Obstacle::NoHeader);
        found.extend(too_short_for_any_page_size(facts));
    }
    found
}

/// While logs are on the move, nothing is done to the databases they belong to.
pub fn logs_pending(facts: &DatabaseFacts) -> Option<Obstacle<'_>> {
    facts.group_pending.as_deref().map(Obstacle::LogsPending)
}

fn in_header<'a>(
    facts: &DatabaseFacts,
    pair: &'a HeaderPair,
) -> impl Iterator<Item = Obstacle<'a>> {
    let header = &pair.header;
    let judged = [
        (!is_attachable(header)).then_some(Obstacle::NotAttachable(header)),
        cut_off(facts, pair.page_size_bytes),
        missing_pages(facts).map(Obstacle::PagesMissing),
        unreadable_copy(pair),
        shadow_may_be_data(pair),
        unknown_format(header),
        unclean(header).map(|unclean| Obstacle::NotClean(header, unclean)),
        current_backup(header).map(Obstacle::InBackup),
    ];
    judged.into_iter().flatten()
}

/// The file is shorter than its two header pages, or ends inside a page.
pub fn cut_off(facts: &DatabaseFacts, page_size_bytes: usize) -> Option<Obstacle<'static>> {
    let (length_bytes, page) = (facts.status.length_bytes, page_size_bytes as u64);
    let is_whole = length_bytes >= 2 * page && length_bytes.is_multiple_of(page);
    (!is_whole).then_some(Obstacle::CutOff { length_bytes, page_size_bytes: Some(page_size_bytes) })
}

/// The pages that are missing at the end of a file with a header.
pub fn missing_pages(facts: &DatabaseFacts) -> Option<MissingPages> {
    pages_missing_behind(
        &facts.pair.as_ref()?.header,
        facts.status.length_bytes,
        facts.last_owned_page?,
    )
}

/// The pages that are missing at the end of a file of this length, which has, or would have, this header. Of a
/// database that is not clean that is not known: the engine may have been stopped while it made the file shorter, and
/// recovery goes on with that.
pub fn pages_missing_behind(
    header: &DbHeader,
    length_bytes: u64,
    last_owned_page: u32,
) -> Option<MissingPages> {
    let pages = length_bytes / u64::from(header.page_size_bytes());
    let last_page = pages.saturating_sub(HEADER_PAGES);
    let is_clean = header.state() == DbState::CleanShutdown;
    let is_cut_off = is_clean && u64::from(last_owned_page) > last_page;
    is_cut_off.then_some(MissingPages { last_page, last_owned_page })
}

/// Whether a file with a header lacks its end.
pub fn is_cut_off(facts: &DatabaseFacts) -> bool {
    let page_size_bytes = facts.pair.as_ref().map(|pair| pair.page_size_bytes);
    page_size_bytes.is_some_and(|size| cut_off(facts, size).is_some())
        || missing_pages(facts).is_some()
}

/// The page size is not known where there is no header, but the smallest there is says enough.
fn too_short_for_any_page_size(facts: &DatabaseFacts) -> Option<Obstacle<'static>> {
    let length_bytes = facts.status.length_bytes;
    let is_too_short = length_bytes < 2 * PAGE_SIZES_BYTES[0] as u64;
    is_too_short.then_some(Obstacle::CutOff { length_bytes, page_size_bytes: None })
}

fn unreadable_copy(pair: &HeaderPair) -> Option<Obstacle<'static>> {
    let mut copies = [Which::Primary, Which::Shadow].into_iter();
    let which = copies.find(|&which| pair.state(which) == CopyState::Unreadable)?;
    Some(Obstacle::UnreadableCopy { which, offset: which.offset(pair.page_size_bytes) })
}

fn shadow_may_be_data(pair: &HeaderPair) -> Option<Obstacle<'static>> {
    let may_be_data = pair.header.shadowing_disabled() && pair.shadow == CopyState::BadChecksum;
    may_be_data.then(|| Obstacle::ShadowMayBeData(Which::Shadow.offset(pair.page_size_bytes)))
}

/// A layout that is not known.
pub fn unknown_format(header: &DbHeader) -> Option<Obstacle<'static>> {
    format_problem(header).map(Obstacle::UnknownFormat)
}

/// The command that repairs a database, `also` with a warning that is to be named.
///
/// # Errors
///
/// A repair would be refused: what is to be done first, or instead.
pub fn repair_command(
    facts: &DatabaseFacts,
    also: Option<FindingId>,
) -> Result<CommandLine, Paragraph> {
    let all = logs_pending(facts).into_iter().chain(obstacles(facts));
    let advice = all.map(|obstacle| obstacle.advice(facts));
    match advice.min_by_key(|(place, _)| *place) {
        Some((_, first)) => Err(first),
        None => {
            let also = also.map_or(String::new(), |id| format!(" --also {}", id.name()));
            Ok(CommandLine::new(&format!("repair{also}")).path(&facts.path))
        }
    }
}

impl Obstacle<'_> {
    /// What a finding advises in place of a repair, and its place among the advice of other obstacles:
    /// the lowest number is dealt with first. What makes the file not worth it comes before what time or a
    /// mount will mend.
    fn advice(&self, facts: &DatabaseFacts) -> (u8, Paragraph) {
        let recover = |marker: &Path| CommandLine::new("recover").path(marker).into();
        match self {
            Self::OperationPending(marker) => (0, recover(marker)),
            Self::LogsPending(marker) => (1, recover(marker)),
            Self::CutOff { .. } | Self::PagesMissing(_) => {
                (2, "The file was cut off, probably while it was copied. Use the original.".into())
            }
            Self::NoDatabase(_) | Self::NotAttachable(_) => (
                3,
                "Nothing by edbmend: the engine does not attach this file (see not-a-database)."
                    .into(),
            ),
            Self::UnknownFormat(_) => (
                4,
                "Nothing by edbmend: it does not know this format (see unsupported-format).".into(),
            ),
            Self::NoHeader | Self::UnreadableCopy { .. } => {
                let check = CommandLine::new("check").path(&facts.path);
                let text = format!("Copy the file to a sound disk (ddrescue), and there: {check}");
                (5, text.into())
            }
            Self::ShadowMayBeData(_) => (
                6,
                "Nothing by edbmend: the header says Shadowed: No, so the second page may be data."
                    .into(),
            ),
            Self::NotClean(..) => {
                (7, "Make the database clean first (see dirty-shutdown), then check again.".into())
            }
            Self::InBackup(backup) => (8, format!("{} Then check again.", backup.way_out()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::ese::shadow::{HeaderArea, elect};
    use crate::ese::{RawDbHeader, checksum};
    use crate::storage::{FileKind, Status};
    use zerocopy::{FromZeros, IntoBytes};

    /// A clean database of four pages whose shadow copy is bad.
    fn half_damaged(change: impl Fn(&mut RawDbHeader)) -> DatabaseFacts {
        let mut raw = RawDbHeader::new_zeroed();
        raw.magic = 0x89ab_cdef.into();
        raw.version = 0x620.into();
        raw.page_size = 4096.into();
        raw.state = 3.into();
        change(&mut raw);
        let mut page = vec![0; 4096];
        page[..raw.as_bytes().len()].copy_from_slice(raw.as_bytes());
        checksum::seal(&mut page);
        let mut bytes = [page.clone(), page].concat();
        bytes[4096 + 100] ^= 1;
        of_area(HeaderArea::of(bytes), 16384)
    }

    fn of_area(area: HeaderArea, length_bytes: u64) -> DatabaseFacts {
        DatabaseFacts {
            path: PathBuf::from("/d/priv1.edb"),
            status: Status {
                kind: FileKind::Regular,
                length_bytes,
                allocated_bytes: length_bytes,
                identity: (1, 1),
                modified_ns: 0,
                read_only: false,
            },
            kind: ContentKind::Database,
            pair: elect(&area),
            area,
            last_owned_page: None,
            lost_header: None,
            streaming: None,
            pages: None,
            logs: None,
            pending: None,
            names: 1,
            names_elsewhere: 0,
            group_pending: None,
            may_write: true,
        }
    }

    fn advice(facts: &DatabaseFacts) -> String {
        repair_command(facts, None).unwrap_err().to_string()
    }

    #[test]
    fn where_nothing_is_in_the_way_the_remedy_is_a_repair() {
        let facts = half_damaged(|_| ());
        assert_eq!(
            repair_command(&facts, None).unwrap().to_string(),
            "edbmend repair /d/priv1.edb"
        );
        let also = repair_command(&facts, Some(FindingId::BackupGenHalfSet)).unwrap().to_string();
        assert_eq!(also, "edbmend repair --also backup-gen-half-set /d/priv1.edb");
        assert!(obstacles(&facts).is_empty() && logs_pending(&facts).is_none());
    }

    #[test]
    fn each_obstacle_has_its_advice() {
        for state in [1, 2, 4, 5, 6, 7, 8, 9] {
            assert!(advice(&half_damaged(|raw| raw.state = state.into())).contains("clean first"));
        }
        let in_backup = half_damaged(|raw| raw.full_cur.gen_low = 1.into());
        assert!(advice(&in_backup).contains("dismount it once"));
        for version in [0x500, 0x623] {
            let unknown = half_damaged(|raw| raw.version = version.into());
            assert!(advice(&unknown).contains("unsupported-format"));
        }
        let unknown = half_damaged(|raw| raw.full_prev_type = 3.into());
        assert!(advice(&unknown).contains("unsupported-format"));
        let unknown = half_damaged(|raw| raw.copy_prev.gen_low = 1.into());
        assert!(advice(&unknown).contains("unsupported-format"));
        assert!(advice(&half_damaged(|raw| raw.flags[0] |= 1)).contains("may be data"));
        assert!(advice(&half_damaged(|raw| raw.file_type = 8.into())).contains("not-a-database"));
        let sound = half_damaged(|_| ());
        for length_bytes in [4096, 16_000] {
            assert!(advice(&of_area(sound.area.clone(), length_bytes)).contains("original"));
        }
        let mut area = sound.area.clone();
        area.unreadable.push(4096..4608);
        assert!(advice(&of_area(area, 16384)).contains("sound disk"));
        let marker = || Some(PathBuf::from("/d/a-marker"));
        for facts in [
            DatabaseFacts { pending: marker(), ..sound.clone() },
            DatabaseFacts { group_pending: marker(), ..sound.clone() },
        ] {
            assert_eq!(advice(&facts), "edbmend recover /d/a-marker");
        }
    }

    #[test]
    fn the_most_urgent_of_several_is_advised() {
        let mut facts = half_damaged(|raw| {
            raw.state = 2.into();
            raw.file_type = 8.into();
            raw.full_cur.gen_low = 1.into();
        });
        assert!(advice(&facts).contains("not-a-database"));
        facts.status.length_bytes -= 1;
        assert!(advice(&facts).contains("original"));
        facts.pending = Some(PathBuf::from("/d/a-marker"));
        assert!(advice(&facts).starts_with("edbmend recover"));
        assert_eq!(obstacles(&facts).len(), 5);
    }
}
