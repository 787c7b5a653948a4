//! What the page is told while it waits.

use edbmend::Observer;

use crate::browser::{tell_advance, tell_begin, tell_stage};

/// Tells the page of each stage, and how far it is.
pub struct ByPage;

impl Observer for ByPage {
    fn stage(&self, what: &str) {
        tell_stage(what);
    }

    fn begin_bytes(&self, what: &str, total_bytes: u64) {
        tell_begin(what, total_bytes);
    }

    fn advance_bytes(&self, bytes: u64) {
        tell_advance(bytes);
    }

    fn begin_files(&self, what: &str) {
        tell_begin(what, 0);
    }

    fn advance_files(&self, files: u64) {
        tell_advance(files);
    }
}
