//! A database as the logs name it.

use crate::ese::{LgPos, Signature};

/// A database as the attach lists of the logs name it.
pub(super) struct Attachment {
    pub dbid: u8,
    pub db_signature: Signature,
    pub last_attach: LgPos,
    /// On the server.
    pub database_path: String,
    /// On the server.
    pub streaming_path: Option<String>,
}

impl Attachment {
    /// The names, each with its terminator, as attach lists and records have them.
    pub(super) fn names(&self) -> Vec<u8> {
        let streaming = self.streaming_path.as_deref().map(zero_terminated);
        [zero_terminated(&self.database_path), streaming.unwrap_or_default()].concat()
    }
}

fn zero_terminated(path: &str) -> Vec<u8> {
    [path.as_bytes(), &[0]].concat()
}
