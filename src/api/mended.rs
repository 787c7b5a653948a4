//! Which findings a planned header mends.

use crate::diagnose::{Finding, FindingId, diagnose_database};
use crate::ese::shadow::{HeaderArea, elect};
use crate::plan::HeaderImages;
use crate::survey::DatabaseFacts;

/// Those of the findings that are gone once the header is what is planned: the diagnosis itself says it.
pub(super) fn mended_by(
    images: &HeaderImages,
    facts: &DatabaseFacts,
    findings: &[Finding],
) -> Vec<FindingId> {
    let mut bytes = images.after.clone();
    bytes.extend_from_slice(facts.area.bytes.get(bytes.len()..).unwrap_or_default());
    let area = HeaderArea::of(bytes);
    let after = DatabaseFacts { pair: elect(&area), area, ..facts.clone() };
    let left = diagnose_database(&after);
    let is_left = |id: FindingId| left.iter().any(|finding| finding.id == id);
    findings.iter().map(|finding| finding.id).filter(|id| !is_left(*id)).collect()
}
