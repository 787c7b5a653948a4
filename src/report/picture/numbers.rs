//! Generations in words.

use super::{Mark, Run, Span};

/// At most this many ranges are named.
const MOST_NAMED: usize = 4;

/// `1-3, 5`, of many the first few and how many more there are.
pub(super) fn in_numbers(spans: &[Span]) -> String {
    let named: Vec<String> = spans.iter().take(MOST_NAMED).map(|span| one(*span)).collect();
    let more = spans.len().saturating_sub(MOST_NAMED);
    let tail = if more > 0 { format!(" and {more} more ranges") } else { String::new() };
    named.join(", ") + &tail
}

/// `1-3`, or `5`.
pub(super) fn one(Span { first, last }: Span) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// Those of a mark, joined where one goes on where the one before it ends.
pub(super) fn spans_of(runs: &[Run], mark: Mark) -> Vec<Span> {
    joined(runs.iter().filter(|run| run.mark == mark).map(|run| run.span))
}

/// Ascending spans, joined where one goes on where the one before it ends.
pub(super) fn joined(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    for span in spans {
        match all.last_mut() {
            Some(before) if before.last + 1 == span.first => before.last = span.last,
            _ => all.push(span),
        }
    }
    all
}

/// `3 missing`; of several ranges `12 gaps, 34 logs missing`.
fn gaps(missing: &[Span]) -> Option<String> {
    match missing {
        [] => None,
        [only] => Some(format!("{} missing", one(*only))),
        several if several.len() <= MOST_NAMED => Some(format!("{} missing", in_numbers(several))),
        many => {
            let logs: i64 = many.iter().map(|span| span.count()).sum();
            Some(format!("{} gaps, {logs} logs missing", many.len()))
        }
    }
}

/// What is wrong with logs: missing, damaged, not read.
pub(super) fn flaws(runs: &[Run]) -> impl Iterator<Item = String> {
    let of = |mark: Mark, words: &str| {
        let spans = spans_of(runs, mark);
        (!spans.is_empty()).then(|| format!("{} {words}", in_numbers(&spans)))
    };
    let damaged = of(Mark::Damaged, "damaged");
    let unread = of(Mark::Unread, "could not be read");
    gaps(&spans_of(runs, Mark::Missing)).into_iter().chain(damaged).chain(unread)
}
