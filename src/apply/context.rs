//! What every operation is given: the storage, somebody who watches, and the wish to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::storage::Storage;

/// Watches what goes on. What it is not interested in, it leaves out: every method does nothing
/// unless it is written. All calls but [`advance_files`](Self::advance_files) come from one thread.
pub trait Observer: Sync {
    /// A stage begins: "copying the database".
    fn stage(&self, _what: &str) {}
    /// `total_bytes` of work begin.
    fn begin_bytes(&self, _what: &str, _total_bytes: u64) {}
    /// So many more of them are done.
    fn advance_bytes(&self, _bytes: u64) {}
    /// The work is over.
    fn end_bytes(&self) {}
    /// Files are counted from here on; how many there will be is not known.
    fn begin_files(&self, _what: &str) {}
    /// So many more files were read. Called from several threads at once.
    fn advance_files(&self, _files: u64) {}
    /// The counting ends.
    fn end_files(&self) {}
}

/// An observer that does not look.
pub struct NoObserver;

impl Observer for NoObserver {}

/// The surroundings of an operation.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The world.
    pub storage: &'a dyn Storage,
    /// The audience.
    pub observer: &'a dyn Observer,
    /// Set by Ctrl-C. Heeded until the first header byte is written.
    pub interrupted: &'a AtomicBool,
}

impl Context<'_> {
    /// Whether somebody asked to stop.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}
