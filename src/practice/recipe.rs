//! All that varies in a practice storage group.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use crate::ese::{LogBase, LogTime, Signature};

/// A storage group of Exchange 2003 as it lies there after a clean dismount.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// First characters of the names of logs and checkpoint.
    pub base: LogBase,
    /// The server's folder of all files, with a backslash at its end, ASCII; at most 100 bytes.
    pub server_folder: String,
    /// Generation of the current log, at least 3; the closed logs are 1 to one less.
    pub current_generation: u32,
    /// Size of every log, sectors of 512 bytes; at least 16. The product has 10240.
    pub log_file_sectors: u16,
    /// Data pages of each file, headers not counted.
    pub pages: u32,
    /// When the log stream began, in the server's local time; the rest follows from it.
    pub created: LogTime,
    /// Random number of the log stream's signature.
    pub log_random: u32,
    /// Random number of the private store's signature.
    pub private_random: u32,
    /// Random number of the streaming file's signature.
    pub streaming_random: u32,
    /// Random number of the public store's signature.
    pub public_random: u32,
    /// Whether the checkpoint lists the databases. A checkpoint that the engine wrote after a
    /// clean dismount has an empty list.
    pub checkpoint_lists_databases: bool,
}

/// Generation 5, logs of 128 KiB, 24 pages, March 2006.
impl Default for Recipe {
    fn default() -> Self {
        Self {
            base: LogBase::new("E00").expect("three plain characters"),
            server_folder: r"D:\exchsrvr\mdbdata\".to_owned(),
            current_generation: 5,
            log_file_sectors: 256,
            pages: 24,
            created: local_time(106, 3, 7, 9, 14, 20),
            log_random: 607_052_340,
            private_random: 606_486_607,
            streaming_random: 4_032_676,
            public_random: 606_490_112,
            checkpoint_lists_databases: true,
        }
    }
}

impl Recipe {
    /// The small storage group of the folder `samples/practice`: generation 4, logs of 8 KiB,
    /// 8 pages. `cargo run --example make-samples` writes it there.
    pub fn of_samples() -> Self {
        Self { current_generation: 4, log_file_sectors: 16, pages: 8, ..Self::default() }
    }

    /// A moment after the beginning; the beginning itself where it is no valid date.
    pub(super) fn seconds_later(&self, seconds: u32) -> LogTime {
        let later = to_date_time(self.created)
            .and_then(|start| start.checked_add_signed(TimeDelta::seconds(seconds.into())));
        later.map_or(self.created, from_date_time)
    }

    /// When the log of a generation was created.
    pub(super) fn log_created(&self, generation: u32) -> LogTime {
        self.log_time(generation, 0)
    }

    /// A moment after the creation of a log; the next one follows after 2833 seconds.
    pub(super) fn log_time(&self, generation: u32, seconds: u32) -> LogTime {
        const SECONDS_PER_LOG: u32 = 47 * 60 + 13;
        let logs = generation.saturating_sub(1);
        self.seconds_later(logs.saturating_mul(SECONDS_PER_LOG).saturating_add(seconds))
    }

    /// Identity of the log stream.
    pub(super) fn log_signature(&self) -> Signature {
        signature(self.log_random, self.created)
    }

    /// Identity of the private store.
    pub(super) fn private_signature(&self) -> Signature {
        signature(self.private_random, self.seconds_later(2))
    }

    /// Identity of the private store's streaming file.
    pub(super) fn streaming_signature(&self) -> Signature {
        signature(self.streaming_random, self.seconds_later(3))
    }

    /// Identity of the public store.
    pub(super) fn public_signature(&self) -> Signature {
        signature(self.public_random, self.seconds_later(7))
    }
}

/// Local time without milliseconds, as old engines write it; `year` counts from 1900.
pub(super) const fn local_time(
    year: u8,
    month: u8,
    day: u8,
    hours: u8,
    minutes: u8,
    seconds: u8,
) -> LogTime {
    LogTime { seconds, minutes, hours, day, month, year, flags_low: 0, flags_high: 0 }
}

/// A signature with no computer name.
pub(super) fn signature(random: u32, create_time: LogTime) -> Signature {
    Signature { random: random.into(), create_time, ..Signature::default() }
}

fn to_date_time(time: LogTime) -> Option<NaiveDateTime> {
    let date =
        NaiveDate::from_ymd_opt(1900 + i32::from(time.year), time.month.into(), time.day.into())?;
    date.and_hms_opt(time.hours.into(), time.minutes.into(), time.seconds.into())
}

/// A year outside of 1900-2155 becomes the nearest of these.
fn from_date_time(moment: NaiveDateTime) -> LogTime {
    let small = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    local_time(
        small(u32::try_from(moment.year() - 1900).unwrap_or(0)),
        small(moment.month()),
        small(moment.day()),
        small(moment.hour()),
        small(moment.minute()),
        small(moment.second()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_runs_over_midnight_and_new_year() {
        let recipe = Recipe { created: local_time(106, 12, 31, 23, 59, 59), ..Recipe::default() };
        assert_eq!(recipe.seconds_later(2), local_time(107, 1, 1, 0, 0, 1));
        assert_eq!(recipe.log_created(1), recipe.created);
        assert_eq!(recipe.log_created(2), local_time(107, 1, 1, 0, 47, 12));
    }

    #[test]
    fn an_impossible_beginning_stands_still() {
        let recipe = Recipe { created: LogTime::default(), ..Recipe::default() };
        assert_eq!(recipe.seconds_later(2), LogTime::default());
    }
}
