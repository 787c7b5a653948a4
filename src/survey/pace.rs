//! How far the threads of one piece of work are, and whether they go on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared by the threads that work, and by the one that tells of it.
#[derive(Default)]
pub(super) struct Pace {
    untold_bytes: AtomicU64,
    stopped: AtomicBool,
}

impl Pace {
    /// So many bytes more are done.
    pub(super) fn advance(&self, bytes: u64) {
        self.untold_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// No thread takes another piece.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Tells what was done since it was told last, and hears whether to go on.
    pub(super) fn tell(&self, advance: &mut dyn FnMut(u64) -> bool) {
        if !advance(self.untold_bytes.swap(0, Ordering::Relaxed)) {
            self.stop();
        }
    }
}
