//! What keeps a folder open.

use std::any::Any;

/// Keeps a folder open until it is dropped: [`Storage::hold_folder`](super::Storage::hold_folder).
#[derive(Default)]
pub struct HeldFolder(Option<Box<dyn Any + Send + Sync>>);

impl HeldFolder {
    /// Kept by a value that lets go when it is dropped.
    pub fn of(hold: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(hold)))
    }

    /// Whether anything is kept.
    pub fn is_held(&self) -> bool {
        self.0.is_some()
    }
}
