//! Work on all cores. A system may refuse to start a thread, for a limit on the user or on the memory; and a
//! browser has none. Then those that run do all of the work, at the worst the one that asked.

use std::iter;
use std::num::NonZero;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder, Scope};
use std::time::Duration;

/// How often whoever waits for threads is woken.
const TICK: Duration = Duration::from_millis(100);

/// Fewer files than this are looked at before a thread for them has begun.
const SMALLEST_SHARE: usize = 64;

/// Of more files than this a thread comes back for the next share.
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
/// the order of the items, each made in its place: there may be a hundred thousand, and none is copied.
pub fn on_all_cores<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let share = items.len().div_ceil(all_processors()).clamp(SMALLEST_SHARE, LARGEST_SHARE);
    let others = items.len().div_ceil(share).clamp(1, all_processors()) - 1;
    let mut results: Vec<Option<R>> = iter::repeat_with(|| None).take(items.len()).collect();
    let waiting = Mutex::new((items.into_iter(), results.chunks_mut(share)));
    let take = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (items, places) = &mut *waiting;
        let places = places.next()?;
        let items: Vec<T> = items.take(places.len()).collect();
        Some((items, places))
    };
    let do_shares = || {
        while let Some((items, places)) = take() {
            for (item, place) in items.into_iter().zip(places) {
                *place = Some(work(item));
            }
        }
    };
    thread::scope(|scope| {
        start_threads(scope, others, do_shares);
        do_shares();
    });
    drop(waiting);
    #[expect(clippy::filter_map_identity)] // flattened, all of them would be copied once more
    results.into_iter().filter_map(|result| result).collect()
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
            assert_eq!(done, expected);
        }
    }
}
