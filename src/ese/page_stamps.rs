//! The stamps that the pages of a database have by its logs.

use std::collections::HashMap;

use super::log_records::{StampedPages, is_stamp};

/// Most pages of one database of which the stamps are kept: some 140 MiB. Where logs name more, the rest is
/// counted only.
pub const MOST_NAMED_PAGES: usize = 4 << 20;

/// The stamps of one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// The oldest that it may still have: before the first change that the logs tell of, or the last one that is
    /// on the medium for certain; `None` where the logs do not say.
    pub before: Option<u64>,
    /// After the last one.
    pub after: u64,
    /// A bit for each stamp that it had in between.
    seen: u64,
}

impl Stamps {
    /// Whether the page may have had this stamp between two changes. Where it never had, the answer is mostly no.
    pub fn may_have_had(&self, stamp: u64) -> bool {
        self.seen & bit_of(stamp) != 0
    }
}

/// One bit of 64 that stands for a stamp.
fn bit_of(stamp: u64) -> u64 {
    1 << (stamp.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58)
}

/// The pages that the logs of one database name.
#[derive(Clone, Debug, Default)]
pub struct PageStamps {
    pages: HashMap<u32, Stamps>,
    newest: u64,
    unkept: bool,
}

impl PageStamps {
    /// Takes note of a record.
    pub fn note(&mut self, stamped: &StampedPages) {
        if !is_stamp(stamped.after) {
            return;
        }
        self.newest = self.newest.max(stamped.after);
        for &(page, before) in &stamped.pages {
            if let Some(known) = self.pages.get_mut(&page) {
                known.after = stamped.after;
                known.seen |= bit_of(stamped.after);
            } else if self.pages.len() < MOST_NAMED_PAGES {
                let seen = bit_of(stamped.after);
                self.pages.insert(page, Stamps { before, after: stamped.after, seen });
            } else {
                self.unkept = true;
            }
        }
    }

    /// What was noted up to here is on the medium: a page may no longer lack it.
    pub fn settle(&mut self) {
        for stamps in self.pages.values_mut() {
            (stamps.before, stamps.seen) = (Some(stamps.after), 0);
        }
    }

    /// The stamps of a page that the logs name.
    pub fn of(&self, page: u32) -> Option<Stamps> {
        self.pages.get(&page).copied()
    }

    /// The numbers of the pages, in no order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.pages.keys().copied()
    }

    /// How many pages are named.
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether no page is named.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The newest stamp; 0 where there is none.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// Whether more than [`MOST_NAMED_PAGES`] are named.
    pub fn is_incomplete(&self) -> bool {
        self.unkept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stamp_before_and_the_last_after_are_kept() {
        let mut stamps = PageStamps::default();
        for (after, before) in [(20, Some(10)), (30, Some(20)), (0, None)] {
            stamps.note(&StampedPages { dbid: 1, after, pages: vec![(7, before)] });
        }
        let seven = stamps.of(7).unwrap();
        assert_eq!((seven.before, seven.after), (Some(10), 30));
        assert!(seven.may_have_had(20) && seven.may_have_had(30));
        assert_eq!((stamps.of(8), stamps.len(), stamps.newest()), (None, 1, 30));
        stamps.settle();
        let settled = stamps.of(7).unwrap();
        assert_eq!(settled.before, Some(30));
        assert!(!settled.may_have_had(20));
    }
}
