//! A database by itself: every subject in its order.

use crate::ese::{ContentKind, DbHeader};
use crate::survey::DatabaseFacts;

use super::{Finding, backup_info, counters, header_copies, other_files, state, streaming_file};

/// All findings of one database, errors first, each subject in its order.
pub fn diagnose_database(facts: &DatabaseFacts) -> Vec<Finding> {
    if facts.kind != ContentKind::Database {
        return Vec::new();
    }
    let header = facts.pair.as_ref().map(|pair| &pair.header);
    if header.is_some_and(DbHeader::is_temporary) {
        return vec![other_files::temporary_database()];
    }
    let mut findings = header_copies::judge(facts);
    findings.extend(state::judge_pending(facts));
    if let Some(pair) = &facts.pair {
        findings.extend(state::judge(facts, &pair.header));
        findings.extend(counters::judge(&pair.header));
        findings.extend(backup_info::judge(facts, &pair.header));
        findings.extend(streaming_file::judge(facts, &pair.header));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}
