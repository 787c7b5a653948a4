//! Databases of one log stream that lie under each other's names.

use crate::show::shown;
use crate::simulate::{Cause, Stop};
use crate::survey::{DatabaseFacts, GroupFacts};

use super::instance::Instance;
use super::membership::has_signature;
use super::{Finding, FindingId, NamedDatabase, Severity, named_databases};

/// A database that the logs name, its file, and the other one that has its name.
pub(super) struct Exchanged<'a> {
    named: NamedDatabase,
    own: &'a DatabaseFacts,
    other: &'a DatabaseFacts,
}

/// Where another database of the stream has the name of one that is there as well.
pub(super) fn exchanged<'a>(instance: &Instance, group: &'a GroupFacts) -> Vec<Exchanged<'a>> {
    let is_member = |facts: &&DatabaseFacts| {
        instance.databases.iter().any(|member| member.facts.path == facts.path)
    };
    let members: Vec<&DatabaseFacts> = group.databases.iter().filter(is_member).collect();
    let named = named_databases(instance.chain.stream).into_iter();
    let found = named.filter_map(|named| {
        let own = members.iter().find(|facts| has_signature(facts, named.signature))?;
        let other = members.iter().find(|facts| named.is_named_as(facts))?;
        let is_other = !named.is_named_as(own) && !has_signature(other, named.signature);
        is_other.then_some(Exchanged { named, own, other })
    });
    found.collect()
}

impl Exchanged<'_> {
    pub fn finding(&self, instance: &Instance) -> Finding {
        let is_met = matches!(
            &instance.start,
            Err(Stop::Fails(failure)) if matches!(failure.cause, Cause::DatabaseReplaced { .. })
        );
        let (severity, consequence) = if is_met {
            (Severity::Error, "The next mount answers -1216 (event 494), for the whole group.")
        } else {
            (Severity::Warning, "Each store would be mounted with what belongs to another one.")
        };
        Finding::new(
            FindingId::DatabaseReplaced,
            format!(
                "{} has the name of {} in the logs, and is another database: that one lies here as {}",
                shown(&self.other.path),
                shown(&self.named.path),
                shown(&self.own.path)
            ),
            consequence,
            "Give each file the name that the logs have for it, before the next mount.",
        )
        .of_file(&self.other.path)
        .with_severity(severity)
    }

    /// `one.edb lies here as two.edb`.
    pub fn in_words(&self) -> String {
        format!("{} lies here as {}", shown(&self.named.path), shown(&self.own.path))
    }
}
