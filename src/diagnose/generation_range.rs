//! Ranges of log generations.

use std::collections::BTreeSet;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

/// Consecutive log generations, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerationRange {
    /// The first.
    pub first: i32,
    /// The last.
    pub last: i32,
}

impl GenerationRange {
    /// Whether a generation lies in it.
    pub fn contains(&self, generation: i32) -> bool {
        (self.first..=self.last).contains(&generation)
    }
}

/// `4-6 (0x4-0x6)`, or `4 (0x4)`.
impl fmt::Display for GenerationRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last {
            write!(f, "{first} (0x{first:x})")
        } else {
            write!(f, "{first}-{last} (0x{first:x}-0x{last:x})")
        }
    }
}

/// `[first, last]`
impl Serialize for GenerationRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.first, self.last].serialize(serializer)
    }
}

impl JsonSchema for GenerationRange {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GenerationRange".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <[i32; 2]>::json_schema(generator)
    }
}

/// What of `range` is not in `there`. Takes time by the size of `there`, not of the range.
pub(super) fn missing(range: GenerationRange, there: &BTreeSet<i32>) -> Vec<GenerationRange> {
    let mut gaps = Vec::new();
    let mut next = Some(range.first);
    if range.first > range.last {
        return gaps;
    }
    for &generation in there.range(range.first..=range.last) {
        if let Some(first) = next.filter(|&first| first < generation) {
            gaps.push(GenerationRange { first, last: generation - 1 });
        }
        next = generation.checked_add(1);
    }
    if let Some(first) = next.filter(|&first| first <= range.last) {
        gaps.push(GenerationRange { first, last: range.last });
    }
    gaps
}

/// The ranges that a set is made of.
pub(super) fn runs(set: &BTreeSet<i32>) -> Vec<GenerationRange> {
    let mut runs: Vec<GenerationRange> = Vec::new();
    for &generation in set {
        match runs.last_mut() {
            Some(run) if run.last.checked_add(1) == Some(generation) => run.last = generation,
            _ => runs.push(GenerationRange { first: generation, last: generation }),
        }
    }
    runs
}

/// At most this many ranges or files are named in a text.
const NAMED: usize = 5;

/// The first few of a list, and how many more there are.
pub(super) fn few<T: fmt::Display>(items: &[T]) -> String {
    let named: Vec<String> = items.iter().take(NAMED).map(ToString::to_string).collect();
    let mut text = named.join(", ");
    if items.len() > NAMED {
        text += &format!(", and {} more", items.len() - NAMED);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i32, last: i32) -> GenerationRange {
        GenerationRange { first, last }
    }

    #[test]
    fn gaps_and_runs() {
        let set: BTreeSet<i32> = [3, 4, 7, i32::MAX].into();
        assert_eq!(missing(range(1, 8), &set), [range(1, 2), range(5, 6), range(8, 8)]);
        assert_eq!(missing(range(3, 4), &set), []);
        assert_eq!(missing(range(9, 8), &set), []);
        assert_eq!(missing(range(8, i32::MAX), &set), [range(8, i32::MAX - 1)]);
        assert_eq!(runs(&set), [range(3, 4), range(7, 7), range(i32::MAX, i32::MAX)]);
    }

    #[test]
    fn texts() {
        assert_eq!(range(4, 6).to_string(), "4-6 (0x4-0x6)");
        assert_eq!(range(10, 10).to_string(), "10 (0xa)");
        assert_eq!(few(&[1, 2, 3, 4, 5, 6, 7]), "1, 2, 3, 4, 5, and 2 more");
        assert_eq!(serde_json::to_string(&range(4, 6)).unwrap(), "[4,6]");
    }
}
