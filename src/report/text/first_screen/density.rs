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
}

impl Density {
    /// In the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Roomy, Self::Dense, Self::Tight];

    /// Whether a row of a picture is drawn: what is there and whatever is wrong always is.
    pub fn has(self, row: &Row) -> bool {
        let is_wrong = |mark| matches!(mark, Mark::Missing | Mark::Damaged | Mark::Impossible);
        let last_of = match row.kind {
            RowKind::OnDisk | RowKind::Checkpoint => Self::Tight,
            RowKind::ToMount | RowKind::NeededBy => Self::Dense,
            RowKind::LastFull | RowKind::LastIncremental | RowKind::NextFull => Self::Roomy,
        };
        self <= last_of || row.runs.iter().any(|run| is_wrong(run.mark))
    }

    /// Whether the columns of a table have names.
    pub fn has_headings(self) -> bool {
        self < Self::Tight
    }

    /// Lines of a finding, its title included.
    pub fn lines_of_a_finding(self) -> usize {
        if self < Self::Tight { 4 } else { 3 }
    }
}
