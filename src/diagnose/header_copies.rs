//! The two header copies: damaged, different, or neither readable.

use crate::ese::checksum;
use crate::ese::shadow::{CopyState, HeaderPair, Which};
use crate::show::{CommandLine, Paragraph};
use crate::survey::DatabaseFacts;

use super::fitness::repair_command;
use super::{Finding, FindingId};

/// What is wrong with the two copies where the engine can use one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyFault {
    /// Both are valid, and not the same.
    Differ,
    /// This one is not valid.
    Damaged(Which),
}

/// `None` where both copies are valid and equal.
pub fn copy_fault(pair: &HeaderPair) -> Option<CopyFault> {
    match (pair.primary, pair.shadow) {
        (CopyState::Valid, CopyState::Valid) => None,
        (CopyState::Valid, CopyState::Differs) => Some(CopyFault::Differ),
        (CopyState::Valid, _) => Some(CopyFault::Damaged(Which::Shadow)),
        _ => Some(CopyFault::Damaged(Which::Primary)),
    }
}

pub(super) fn judge(facts: &DatabaseFacts) -> Vec<Finding> {
    match &facts.pair {
        None => vec![unreadable(facts)],
        Some(pair) => {
            copy_fault(pair).map(|fault| half_damaged(facts, pair, fault)).into_iter().collect()
        }
    }
}

fn unreadable(facts: &DatabaseFacts) -> Finding {
    Finding::new(
        FindingId::HeaderUnreadable,
        format!("neither header copy is valid. {}", copy_evidence(facts)),
        match &facts.lost_header {
            Some(lost) => format!("{} {NOT_ATTACHED}", lost.in_words),
            None => NOT_ATTACHED.to_owned(),
        },
        way_out_of_none(facts),
    )
}

const NOT_ATTACHED: &str = "The engine does not attach it, may keep its whole storage group down (-1018), or delete the file \
     and make it anew from old logs: do not start the store. eseutil answers -1206.";

/// The disk first; then what can be proven without writing.
fn way_out_of_none(facts: &DatabaseFacts) -> Paragraph {
    if let Some(lost) = &facts.lost_header {
        return lost.remedy.clone();
    }
    if facts.area.unreadable.is_empty() {
        return CommandLine::new("rebuild-header --dry-run").path(&facts.path).into();
    }
    "The disk is failing. Copy the file to a sound disk first (ddrescue), then run on the copy: edbmend \
     rebuild-header"
        .into()
}

fn half_damaged(facts: &DatabaseFacts, pair: &HeaderPair, fault: CopyFault) -> Finding {
    let (id, message) = match fault {
        CopyFault::Differ => (
            FindingId::HeaderCopiesDiffer,
            "primary header and shadow header are not identical; the primary wins".to_owned(),
        ),
        CopyFault::Damaged(which) => {
            let id = match which {
                Which::Primary => FindingId::PrimaryHeaderDamaged,
                Which::Shadow => FindingId::ShadowHeaderDamaged,
            };
            (id, damage(facts, pair, which))
        }
    };
    Finding::new(
        id,
        message,
        format!(
            "The engine still uses the {} header. If that copy is lost too, the database cannot be \
             mounted.",
            pair.elected.name()
        ),
        repair_command(facts, None).map_or_else(|first| first, Paragraph::from),
    )
}

fn damage(facts: &DatabaseFacts, pair: &HeaderPair, which: Which) -> String {
    let offset = which.offset(pair.page_size_bytes);
    if pair.state(which) == CopyState::Unreadable {
        return format!(
            "the {} header at offset {offset} cannot be read from the disk",
            which.name()
        );
    }
    let evidence =
        facts.copy(which).map_or_else(|| "the file ends there".into(), checksum_evidence);
    format!("{} header at offset {offset} is damaged: {evidence}", which.name())
}

/// What stands where the header copies should be: stored and computed checksum of each.
pub fn copy_evidence(facts: &DatabaseFacts) -> String {
    let page_size_bytes =
        facts.pair.as_ref().map_or_else(|| likely_page_size(facts), |p| p.page_size_bytes);
    let describe = |which: Which| {
        let offset = which.offset(page_size_bytes);
        let block = facts.area.block(which, page_size_bytes);
        let evidence = block.map_or_else(|| "the file ends before".into(), checksum_evidence);
        format!("{} copy at offset {offset}: {evidence}", which.name())
    };
    let mut text = format!("{}; {}", describe(Which::Primary), describe(Which::Shadow));
    if !facts.area.unreadable.is_empty() {
        let first = facts.area.unreadable[0].start;
        text += &format!("; the disk returned read errors, the first at offset {first}");
    }
    text
}

/// The page size that a damaged header still names, else that of most databases.
fn likely_page_size(facts: &DatabaseFacts) -> usize {
    let named =
        crate::ese::DbHeader::parse(&facts.area.bytes).map(|h| h.page_size_bytes() as usize);
    named.filter(|size| crate::ese::shadow::PAGE_SIZES_BYTES.contains(size)).unwrap_or(4096)
}

fn checksum_evidence(block: &[u8]) -> String {
    let dword = |offset: usize| {
        block.get(offset..offset + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    };
    format!(
        "found checksum 0x{:08x}, expected 0x{:08x}, ulMagic 0x{:08x} (expected 0x89abcdef), \
         cbDbPage {}",
        dword(0),
        checksum::xor_short(block),
        dword(4),
        dword(236)
    )
}
