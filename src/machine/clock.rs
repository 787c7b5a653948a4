//! The clock of this machine.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

/// The time of now, whatever the clock is set to.
pub fn now() -> DateTime<Utc> {
    moment(SystemTime::now())
}

/// A moment, also before 1970; 1970 itself where it is beyond what a calendar has.
fn moment(time: SystemTime) -> DateTime<Utc> {
    let since_1970 = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => TimeDelta::from_std(after).ok(),
        Err(before) => TimeDelta::from_std(before.duration()).ok().map(|before| -before),
    };
    since_1970.and_then(|since| DateTime::UNIX_EPOCH.checked_add_signed(since)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_before_1970_is_a_clock() {
        let ten_years = Duration::from_secs(3652 * 86_400);
        let earlier = moment(SystemTime::UNIX_EPOCH - ten_years);
        assert_eq!(earlier.to_rfc3339(), "1960-01-02T00:00:00+00:00");
        assert_eq!(moment(SystemTime::UNIX_EPOCH + ten_years).timestamp(), 315_532_800);
    }

    #[test]
    fn no_clock_is_beyond_every_calendar() {
        let aeons = Duration::from_secs(u64::MAX / 4);
        for far in
            [SystemTime::UNIX_EPOCH.checked_add(aeons), SystemTime::UNIX_EPOCH.checked_sub(aeons)]
        {
            assert_eq!(far.map(moment).unwrap_or_default(), DateTime::<Utc>::UNIX_EPOCH);
        }
    }
}
