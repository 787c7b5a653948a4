//! What the threads of a pass know of each other, and whoever watches it: how far they are, and whether to stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::storage::Result;

use super::super::context::Context;
use super::block::Block;

/// How often progress is told, and how long a thread waits before it looks whether to stop.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// What a pass and whoever watches it know of each other.
#[derive(Default)]
pub(super) struct Watched {
    pub(super) stop: AtomicBool,
    pub(super) done_bytes: AtomicU64,
}

impl Watched {
    /// Tells the watcher how far it is, and hears whether to go on.
    pub(super) fn tell(&self, context: Context) {
        context.observer.advance_bytes(self.done_bytes.swap(0, Ordering::Relaxed));
        if context.is_interrupted() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn note_done(&self, block: &Block) {
        let range = block.piece.range();
        self.done_bytes.fetch_add(range.end - range.start, Ordering::Relaxed);
    }
}

/// What the threads of a pass share.
pub(super) struct Shared<'a> {
    pub(super) watched: &'a Watched,
    /// One of them cannot go on.
    stop: AtomicBool,
    /// How far the copy is written.
    pub(super) written: Mark,
    /// How far it is synced.
    pub(super) synced: Mark,
}

impl<'a> Shared<'a> {
    pub(super) fn new(watched: &'a Watched) -> Self {
        let (written, synced) = (Mark::default(), Mark::default());
        Self { watched, stop: AtomicBool::new(false), written, synced }
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.watched.is_stopped()
    }
}

/// How far one thread is, for another that follows it.
#[derive(Default)]
pub(super) struct Mark {
    bytes: Mutex<u64>,
    moved: Condvar,
}

impl Mark {
    fn bytes(&self) -> MutexGuard<'_, u64> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, up_to: u64) {
        *self.bytes() = up_to;
        self.moved.notify_one();
    }

    /// Waits until it is that far; `None` where the pass was stopped before.
    pub(super) fn wait(&self, at_least: u64, shared: &Shared) -> Option<u64> {
        let mut bytes = self.bytes();
        while *bytes < at_least {
            if shared.is_stopped() {
                return None;
            }
            let waited = self.moved.wait_timeout(bytes, TICK);
            bytes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(*bytes)
    }
}

/// A thread's end: `None` where it was stopped.
pub(super) type Done<T> = Result<Option<T>>;

/// An error of one thread stops the others.
pub(super) fn stopping<T>(shared: &Shared, work: impl FnOnce() -> Done<T>) -> Done<T> {
    let done = work();
    if !matches!(done, Ok(Some(_))) {
        shared.stop();
    }
    done
}
