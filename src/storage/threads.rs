//! Work on all cores. A system may refuse to start a thread, for a limit on the user or on the memory; and a
//! browser has none. Then those that run do all of the work, at the worst the one that asked.

use std::iter::Flatten;
use std::num::NonZero;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder, Scope};
use std::time::Duration;
use std::vec::IntoIter;

/// How often whoever waits for threads is woken.
const TICK: Duration = Duration::from_millis(100);

/// Fewer files than this are looked at before a thread for them has begun.
const SMALLEST_SHARE: usize = 64;

/// What stands ready twice, as results that wait and as what is made of them, is a few of these shares.
const LARGEST_SHARE: usize = 2048;

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

/// Lets up to so many threads do `work` at once, and meanwhile calls `tick` now and then on the thread that asked.
/// `work` is given what it has to call behind each of its pieces. Where no thread can be started, the one that
/// asked does all of the work, and that is `tick`. One result comes for each thread, in no order.
pub fn work_watched<R: Send>(
    threads: usize,
    work: impl Fn(&mut dyn FnMut()) -> R + Sync,
    tick: &mut dyn FnMut(),
) -> Vec<R> {
    let mut results = Vec::new();
    thread::scope(|scope| {
        let (tell, hear) = mpsc::channel();
        let shared = &work;
        let on_a_thread = move || {
            // The listener outlives all threads.
            let _ = tell.send(shared(&mut || ()));
        };
        if start_threads(scope, threads.max(1), on_a_thread) == 0 {
            results.push(work(tick));
            return;
        }
        loop {
            match hear.recv_timeout(TICK) {
                Ok(result) => results.push(result),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            tick();
        }
    });
    results
}

/// Does `work` for each of many items at once, where the time goes into opening files. The results come in
/// the order of the items. A share of them is freed when its last one is taken, and none is copied together:
/// there may be a hundred thousand.
pub fn on_all_cores<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Flatten<IntoIter<Vec<R>>> {
    let share = items.len().div_ceil(all_processors()).clamp(SMALLEST_SHARE, LARGEST_SHARE);
    let others = items.len().div_ceil(share).clamp(1, all_processors()) - 1;
    let waiting = Mutex::new((0.., items.into_iter()));
    let (tell, hear) = mpsc::channel();
    thread::scope(|scope| {
        let (waiting, work) = (&waiting, &work);
        let take = || {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let (places, items) = &mut *waiting;
            let items: Vec<T> = items.take(share).collect();
            places.next().filter(|_| !items.is_empty()).map(|place: u32| (place, items))
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_a_result_and_the_one_that_asked_is_woken() {
        for threads in [0, 1, 3] {
            let mut ticks = 0;
            let results = work_watched(threads, |_| thread::sleep(TICK * 2), &mut || ticks += 1);
            assert_eq!(results.len(), threads.max(1));
            assert!(ticks > 0);
        }
    }

    #[test]
    fn every_item_is_worked_on_once_and_in_order() {
        for count in [0, 1, 2, 3, 1000] {
            let expected: Vec<usize> = (0..count).map(|item| item * 2).collect();
            let done = on_all_cores((0..count).collect(), |item: usize| item * 2);
            assert_eq!(done.collect::<Vec<_>>(), expected);
        }
    }
}
