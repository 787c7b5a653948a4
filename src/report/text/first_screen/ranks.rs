//! Which groups come first: those for which the worst is to be expected.

use std::collections::BTreeMap;

use crate::report::GroupNumber;
use crate::report::model::VerdictId;
use crate::report::overview::Overview;

/// The worst verdict of each group.
pub(super) struct Ranks(BTreeMap<GroupNumber, VerdictId>);

impl Ranks {
    pub fn of(overview: &Overview) -> Self {
        let mut worst = BTreeMap::new();
        for line in &overview.lines {
            let Some(group) = line.group else { continue };
            let rank = worst.entry(group).or_insert(line.verdict.id);
            *rank = (*rank).max(line.verdict.id);
        }
        Self(worst)
    }

    pub fn of_group(&self, group: GroupNumber) -> VerdictId {
        self.0.get(&group).copied().unwrap_or(VerdictId::Sound)
    }
}
