//! A simulated file system: it records every effect of an operation, and enumerates what a crash may
//! leave of them. The model and its assumptions: `docs/proof.md`.

pub mod choices;
pub mod event;
pub mod explore;
pub mod header;
pub mod reset;
pub mod second_writer;
pub mod sim;
pub mod table;
pub mod tree;

use std::sync::atomic::AtomicBool;

use edbmend::apply::{Context, NoObserver};
use edbmend::storage::Storage;

static NEVER: AtomicBool = AtomicBool::new(false);

/// The surroundings of an operation that nobody watches or interrupts.
pub fn context(storage: &dyn Storage) -> Context<'_> {
    Context { storage, observer: &NoObserver, interrupted: &NEVER }
}
