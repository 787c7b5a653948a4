//! A database by itself: every subject in its order.

use crate::ese::ContentKind;
use crate::survey::DatabaseFacts;

use super::{Finding, backup_info, header_copies, state, streaming_file};

/// All findings of one database, errors first, each subject in its order.
pub fn diagnose_database(facts: &DatabaseFacts) -> Vec<Finding> {
    if facts.kind != ContentKind::Database {
        return Vec::new();
    }
    let mut findings = header_copies::judge(facts);
    findings.extend(state::judge_pending(facts));
    if let Some(pair) = &facts.pair {
        findings.extend(state::judge(facts, &pair.header));
        findings.extend(backup_info::judge(facts, &pair.header));
        findings.extend(streaming_file::judge(facts, &pair.header));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}
