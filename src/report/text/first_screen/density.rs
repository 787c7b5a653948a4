//! What there is room for.

use crate::report::picture::{Mark, Row, RowKind};

/// How much is said, from all to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Density {
    /// All that belongs on a first screen.
    Roomy,
    /// Without what is well in a picture.
    Dense,
    /// What a person needs first.
    Tight,
    /// As little, and more lines than fit all the same.
    TooMuch,
}

impl Density {
    /// Those of which one may fit, in the order in which they are tried.
    pub const TRIED: [Self; 3] = [Self::Roomy, Self::Dense, Self::Tight];

    pub fn is_tight(self) -> bool {
        self >= Self::Tight
    }

    /// Whether a row of a picture is drawn: what is there and whatever is wrong always is.
    pub fn has(self, row: &Row) -> bool {
        let is_wrong = |mark| !matches!(mark, Mark::In | Mark::Held);
        let is_drawn = match row.kind {
            RowKind::OnDisk | RowKind::Checkpoint => true,
            RowKind::ToMount | RowKind::NeededBy => !self.is_tight(),
            RowKind::LastFull | RowKind::LastIncremental | RowKind::NextFull => self == Self::Roomy,
        };
        is_drawn || row.runs.iter().any(|run| is_wrong(run.mark))
    }

    /// Whether it is told where the whole explanation is.
    pub fn has_more(self) -> bool {
        self != Self::Tight
    }

    /// Lines of a finding, its title included.
    pub fn lines_of_a_finding(self) -> usize {
        if self.is_tight() { 3 } else { 4 }
    }
}
