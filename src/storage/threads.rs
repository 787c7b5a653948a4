//! The same work for each of many files, on all cores: the time goes into opening them.

use std::iter::Flatten;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::vec::IntoIter;

/// Fewer files than this are looked at before a thread for them has begun.
const SMALLEST_SHARE: usize = 64;

/// Does `work` for each item at once; the results come in the order of the items. Each core's share of them
/// is freed when its last one is taken, and none is copied together: there may be a hundred thousand.
pub fn on_all_cores<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Flatten<IntoIter<Vec<R>>> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(cores).max(SMALLEST_SHARE);
    let mut shares = Vec::new();
    let mut rest = items;
    while rest.len() > share {
        let behind = rest.split_off(share);
        shares.push(std::mem::replace(&mut rest, behind));
    }
    // The last share is this thread's own.
    let work = &work;
    let done = std::thread::scope(|scope| {
        let do_all = |share: Vec<T>| share.into_iter().map(work).collect::<Vec<R>>();
        let others: Vec<_> =
            shares.into_iter().map(|share| scope.spawn(move || do_all(share))).collect();
        let own = do_all(rest);
        let others = others.into_iter().map(|other| other.join());
        let mut done: Vec<_> =
            others.map(|joined| joined.unwrap_or_else(|panic| resume_unwind(panic))).collect();
        done.push(own);
        done
    });
    done.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_in_order() {
        for count in [0, 1, 2, 3, 1000] {
            let expected: Vec<usize> = (0..count).map(|item| item * 2).collect();
            let done = on_all_cores((0..count).collect(), |item: usize| item * 2);
            assert_eq!(done.collect::<Vec<_>>(), expected);
        }
    }
}
