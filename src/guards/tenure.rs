//! For how long held files are certain to be nobody else's: the clock against the time that the system makes
//! others wait.

use std::cell::Cell;
use std::time::Duration;

/// An answer that is younger than this need not be asked for again. The shortest time that a system makes
/// others wait is a second, ten times as much.
const FRESH: Duration = Duration::from_millis(100);

/// What is known of the time: when nobody was waiting, and how long whoever came since must wait.
pub struct Tenure {
    /// At that time nobody had tried to open any of the files.
    undisputed_at: Cell<Duration>,
    /// The least that the system was heard to say; `None` as long as that is for ever.
    break_time: Cell<Option<Duration>>,
}

impl Tenure {
    /// It begins at a time at which nobody was waiting.
    pub fn beginning(undisputed_at: Duration, break_time: Option<Duration>) -> Self {
        Self { undisputed_at: Cell::new(undisputed_at), break_time: Cell::new(break_time) }
    }

    /// Nobody was waiting at that time.
    pub fn renew(&self, undisputed_at: Duration) {
        self.undisputed_at.set(undisputed_at);
    }

    /// What the system says now. Somebody may have lowered it, and raised it again since.
    pub fn hear(&self, break_time: Option<Duration>) {
        let least = [self.break_time.get(), break_time].into_iter().flatten().min();
        self.break_time.set(least);
    }

    /// Whether the last answer still holds whatever the system was set to since.
    pub fn is_fresh(&self, now: Duration) -> bool {
        now.saturating_sub(self.undisputed_at.get()) < FRESH
    }

    /// Whether nobody can have been let in yet.
    pub fn lasts_at(&self, now: Duration) -> bool {
        self.keeps_out(self.undisputed_at.get(), now)
    }

    /// Whether whoever came at a time cannot have been let in yet. The last quarter of the time that he must wait
    /// is left to the call that follows.
    pub fn keeps_out(&self, came: Duration, now: Duration) -> bool {
        let waited = now.saturating_sub(came);
        self.break_time.get().is_none_or(|break_time| waited < break_time * 3 / 4)
    }

    /// How long whoever came is made to wait, for messages.
    pub fn break_time(&self) -> Duration {
        self.break_time.get().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_lasts_for_three_quarters_of_the_time_since_nobody_was_waiting() {
        let tenure = Tenure::beginning(10 * SECOND, Some(40 * SECOND));
        assert!(tenure.lasts_at(39 * SECOND) && !tenure.lasts_at(40 * SECOND));
        tenure.renew(20 * SECOND);
        assert!(tenure.lasts_at(49 * SECOND) && !tenure.lasts_at(50 * SECOND));
    }

    #[test]
    fn the_shortest_time_counts_that_was_heard_of() {
        let tenure = Tenure::beginning(Duration::ZERO, None);
        assert!(tenure.lasts_at(1000 * SECOND));
        tenure.hear(Some(40 * SECOND));
        tenure.hear(Some(4 * SECOND));
        tenure.hear(Some(40 * SECOND));
        tenure.hear(None);
        assert!(tenure.lasts_at(2 * SECOND) && !tenure.lasts_at(3 * SECOND));
    }

    #[test]
    fn an_answer_is_fresh_for_less_than_the_shortest_time_that_there_is() {
        let tenure = Tenure::beginning(Duration::ZERO, Some(SECOND));
        assert!(tenure.is_fresh(Duration::from_millis(99)) && !tenure.is_fresh(FRESH));
        assert!(tenure.lasts_at(FRESH * 2));
    }
}
