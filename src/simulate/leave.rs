//! What a recovery may leave behind.

/// The options of `eseutil /r` that lose something. A plain start has none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leave {
    /// `/a`: what was committed in logs that are missing or damaged, where no database requires them.
    pub lost_logs: bool,
    /// `/i`: databases that are not there, or not as the logs left them.
    pub missing_databases: bool,
    /// The current log. `eseutil /r` does not insist on it, a start does.
    pub current_log: bool,
}
