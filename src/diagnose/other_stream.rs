//! A clean database whose logs lie elsewhere, among logs of other streams.

use crate::ese::DbState;
use crate::show::quoted;
use crate::survey::DatabaseFacts;

use super::chain::Chain;
use super::{Finding, FindingId, Severity};

/// A dirty database lacks its logs, and is told of there.
pub(super) fn judge(facts: &DatabaseFacts, chains: &[Chain]) -> Option<Finding> {
    let header = &facts.pair.as_ref()?.header;
    let own = header.raw.log_signature;
    let mut streams = Vec::new();
    for chain in chains.iter().filter(|chain| chain.stream.in_order().next().is_some()) {
        streams.push((chain.stream.base, chain.signature?));
    }
    let is_its_own = own.is_unset() || streams.iter().any(|(_, signature)| *signature == own);
    let is_settled = header.state() == DbState::CleanShutdown && !header.is_temporary();
    if streams.is_empty() || is_its_own || !is_settled {
        return None;
    }
    let of_each: Vec<String> =
        streams.iter().map(|(base, signature)| format!("{base} have {signature}")).collect();
    let finding = Finding::new(
        FindingId::LogSignatureMismatch,
        format!("Log Signature: {own}; the logs {}", of_each.join(", ")),
        "None of these logs is of this database: they cannot roll a backup of it forward, and reset-logs refuses it \
         beside them.",
        format!(
            "If its own logs were moved away on purpose, and these began after that, nothing is to be done. If they are \
             elsewhere, look at them with it: edbmend check --log-dir DIR {}",
            quoted(&facts.path)
        ),
    );
    Some(finding.of_field("log_signature").with_severity(Severity::Warning))
}
