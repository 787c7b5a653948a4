//! What was read of a path, kept so that it is read once for one question.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What is known of paths.
pub struct Known<T>(RefCell<BTreeMap<PathBuf, Rc<T>>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Known<T> {
    /// What is known of a path; at first what `read` answers.
    ///
    /// # Errors
    ///
    /// Those of `read`, which is asked again then.
    pub fn of<E>(&self, path: &Path, read: impl FnOnce() -> Result<T, E>) -> Result<Rc<T>, E> {
        if let Some(known) = self.0.borrow().get(path) {
            return Ok(Rc::clone(known));
        }
        let made = Rc::new(read()?);
        self.0.borrow_mut().insert(path.to_owned(), Rc::clone(&made));
        Ok(made)
    }
}
