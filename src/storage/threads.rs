//! Work on all cores. A system may refuse to start a thread, for a limit on the user or on the memory; and a
//! browser has none. Then those that run do all of the work, at the worst the one that asked.

use std::iter::Flatten;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::{self, Builder, Scope};
use std::vec::IntoIter;

/// Fewer files than this are looked at before a thread for them has begun.
const SMALLEST_SHARE: usize = 64;

/// How many threads can work at once.
pub fn all_processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Starts up to so many threads, which all do `work`; how many there are.
pub fn start_threads<'scope>(
    scope: &'scope Scope<'scope, '_>,
    threads: usize,
    work: impl Fn() + Clone + Send + 'scope,
) -> usize {
    let is_started = |_: &usize| Builder::new().spawn_scoped(scope, work.clone()).is_ok();
    (0..threads).take_while(is_started).count()
}

/// Does `work` for each of many items at once, where the time goes into opening files. The results come in
/// the order of the items. A share of them is freed when its last one is taken, and none is copied together:
/// there may be a hundred thousand.
pub fn on_all_cores<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Flatten<IntoIter<Vec<R>>> {
    let shares = shares_of(items);
    let others = shares.len().saturating_sub(1);
    let waiting = Mutex::new(shares.into_iter().enumerate());
    let (tell, hear) = mpsc::channel();
    thread::scope(|scope| {
        let (waiting, work) = (&waiting, &work);
        let take = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let do_shares = move || {
            while let Some((place, share)) = take() {
                let done: Vec<R> = share.into_iter().map(work).collect();
                // The listener outlives all threads.
                let _ = tell.send((place, done));
            }
        };
        start_threads(scope, others, do_shares.clone());
        do_shares();
    });
    let mut done: Vec<_> = hear.into_iter().collect();
    done.sort_by_key(|(place, _)| *place);
    let done: Vec<_> = done.into_iter().map(|(_, results)| results).collect();
    done.into_iter().flatten()
}

/// One share of the items for each core.
fn shares_of<T>(items: Vec<T>) -> Vec<Vec<T>> {
    let share = items.len().div_ceil(all_processors()).max(SMALLEST_SHARE);
    let mut shares = Vec::new();
    let mut rest = items;
    while rest.len() > share {
        let behind = rest.split_off(share);
        shares.push(std::mem::replace(&mut rest, behind));
    }
    shares.push(rest);
    shares
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
