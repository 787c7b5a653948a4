//! Databases that the logs name, and of which no file was found, where no recovery needs them.

use crate::show::shown;
use crate::survey::{DatabaseFacts, GroupFacts};

use super::instance::Instance;
use super::{Finding, FindingId, NamedDatabase, Severity, absent_databases};

/// `found` is what was found in the stream already: a database that keeps the next mount from its end is told of
/// there.
pub(super) fn judge(
    instance: &Instance,
    group: &GroupFacts,
    may_be_missing: &[u32],
    found: &[Finding],
) -> Vec<Finding> {
    let is_told = |finding: &Finding| {
        matches!(finding.id, FindingId::DatabaseMissing | FindingId::DatabaseReplaced)
    };
    if instance.is_archive() || found.iter().any(is_told) {
        return Vec::new();
    }
    let mut absent = absent_databases(group, instance.chain.stream);
    absent.retain(|one| !may_be_missing.contains(&one.signature.random.get()));
    // A file without a header is told of by itself.
    let is_there =
        |one: &&NamedDatabase| file_named(one, group).is_none_or(|facts| facts.pair.is_some());
    absent.iter().filter(is_there).map(|one| of_absent(one, group)).collect()
}

fn of_absent(absent: &NamedDatabase, group: &GroupFacts) -> Finding {
    let named = format!("{} (DB Signature {})", shown(&absent.path), absent.signature);
    let random = absent.signature.random;
    let remedy = format!(
        "Name it: --db FILE. If that store was deleted since: --allow-group-incomplete {random}"
    );
    let consequence =
        "Nothing can be said of it, and nothing of the group as a whole before it was looked at.";
    let finding = match file_named(absent, group) {
        None => Finding::new(
            FindingId::DatabaseMissing,
            format!("the logs name {named}, and no file of it was found"),
            consequence,
            remedy,
        ),
        Some(other) => Finding::new(
            FindingId::DatabaseReplaced,
            format!(
                "{} has the name of {named} in the logs, and is another database",
                shown(&other.path)
            ),
            consequence,
            remedy,
        ),
    };
    finding.with_severity(Severity::Warning)
}

/// The file under its name.
fn file_named<'a>(absent: &NamedDatabase, group: &'a GroupFacts) -> Option<&'a DatabaseFacts> {
    group.databases.iter().find(|facts| absent.is_named_as(facts))
}
