//! What every operation is given: the storage, somebody who watches, and the wish to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::storage::Storage;

/// Watches an operation. All calls come from one thread.
pub trait Observer {
    /// A stage begins: "copying the database".
    fn stage(&self, what: &str);
    /// `total_bytes` of work begin.
    fn begin_bytes(&self, what: &str, total_bytes: u64);
    /// So many more of them are done.
    fn advance_bytes(&self, bytes: u64);
    /// The work is over.
    fn end_bytes(&self);
}

/// An observer that does not look.
pub struct NoObserver;

impl Observer for NoObserver {
    fn stage(&self, _: &str) {}
    fn begin_bytes(&self, _: &str, _: u64) {}
    fn advance_bytes(&self, _: u64) {}
    fn end_bytes(&self) {}
}

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
