//! What the engine would do next: its own predicates for the next backup and the next start.
//!
//! Source: `dev/ese/src/ese/backup.cxx` of the published engine; confirmed by running it. Where
//! Exchange 2003 is documented to differ (KB946799), the difference is named.

use super::backup_info::BackupInfo;
use super::{LogDigits, LogNaming};

/// What happens to the next incremental backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextIncremental {
    /// Error -560, event 206: no full backup is recorded. By design.
    MissingFullBackup,
    /// Error -569, event 459: the log of this generation can never be found.
    MissingLog {
        /// The generation that the engine asks for, as its signed arithmetic has it.
        generation: i32,
    },
    /// The chain can be continued, provided that this log still exists.
    Continues {
        /// First log generation the incremental needs.
        generation: i32,
    },
}

/// The engine's test before an incremental backup: the logs must go on where the last backup ended.
///
/// `lowest_log` is the lowest log generation on disk; where it is not known, 1 is assumed, which
/// predicts a failure only where no log at all could satisfy the engine.
pub fn next_incremental(
    full: &BackupInfo,
    incremental: &BackupInfo,
    lowest_log: Option<i32>,
) -> NextIncremental {
    if full.gen_low == 0 {
        return NextIncremental::MissingFullBackup;
    }
    // The unsigned maximum, then signed arithmetic that wraps: 0xffffffff + 1 is generation 0.
    let high = full.gen_high.max(incremental.gen_high) as i32;
    let generation = high.wrapping_add(1);
    if lowest_log.unwrap_or(1) > generation {
        return NextIncremental::MissingLog { generation };
    }
    NextIncremental::Continues { generation }
}

/// Whether this database, left out of a full backup of its storage group, keeps the engine from
/// deleting the logs that it still needs. `last_log` is the current log generation.
///
/// The engine deletes up to the lowest `gen_high` of the databases that are not in the backup. A
/// recorded generation that no log can have reached holds nothing back.
pub fn holds_back_truncation(full: &BackupInfo, last_log: u32) -> bool {
    full.gen_high <= last_log
}

/// The current log as the engine finds it at a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrentLog {
    /// There is no file of that name.
    Missing,
    /// Its header is damaged, or it cannot be opened.
    Unusable,
    /// Its generation.
    Usable(i32),
}

/// What happens to the log stream at the next start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStart {
    /// Generation 1 under a new log signature.
    NewStream,
    /// Error -528: closed logs without a current one.
    CurrentLogMissing,
    /// Error -501: the header of the current log cannot be read.
    CurrentLogUnusable,
    /// A log between the checkpoint and the current log is missing or unusable.
    BrokenSequence {
        /// The first such generation.
        generation: i32,
    },
    /// The logs from this generation to the current one are read.
    Replays {
        /// Generation of the checkpoint, else of the oldest log.
        from: i32,
    },
}

/// What the engine does with the logs at the next start. `from` is the generation of a checkpoint
/// that belongs to them, else of the oldest log; `has_archives` says whether any closed log is
/// there; `is_usable` of a closed log's generation.
pub fn next_start(
    current: CurrentLog,
    has_archives: bool,
    from: Option<i32>,
    is_usable: impl Fn(i32) -> bool,
) -> NextStart {
    let last = match current {
        CurrentLog::Missing if has_archives => return NextStart::CurrentLogMissing,
        CurrentLog::Missing => return NextStart::NewStream,
        CurrentLog::Unusable => return NextStart::CurrentLogUnusable,
        CurrentLog::Usable(last) => last,
    };
    let from = from.unwrap_or(last);
    match (from..last).find(|&generation| !is_usable(generation)) {
        Some(generation) => NextStart::BrokenSequence { generation },
        None => NextStart::Replays { from },
    }
}

/// The names under which the engines report a generation in event 459.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingLogName {
    /// Exchange 2003 (KB946799): five digits, generation 0 printed as `00000`.
    pub exchange_2003: String,
    /// The published engine: generation 0 is a wildcard in its name builder.
    pub published: String,
}

/// Builds both names. Where the naming of the logs is not known, `Exx` stands for the base name.
/// Exchange 2003 knows five digits and `.log` alone.
pub fn missing_log_name(naming: Option<LogNaming>, generation: i32) -> MissingLogName {
    let base = naming.map_or("Exx".to_owned(), |naming| naming.base.to_string());
    let extension = naming.map_or("log", |naming| naming.extensions.log());
    let digits = naming.map_or(LogDigits::Five, |naming| naming.digits);
    // Negative generations keep their low digits: 0x80000000 is reported as 00000.
    let numbered = |digits: LogDigits, extension: &str| match (digits, generation) {
        (LogDigits::Five, ..=0xf_ffff) => {
            format!("{base}{:05X}.{extension}", generation & 0xf_ffff)
        }
        _ => format!("{base}{generation:08X}.{extension}"),
    };
    let published = match generation {
        0 => format!("{base}*.{extension}"),
        _ => numbered(digits, extension),
    };
    MissingLogName { exchange_2003: numbered(LogDigits::Five, "log"), published }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ese::{BackupType, LgPos, LogBase, LogExtensions, LogTime};

    fn info(gen_low: u32, gen_high: u32) -> BackupInfo {
        let (mark, time) = (LgPos::default(), LogTime::default());
        BackupInfo { gen_low, gen_high, mark, time, backup_type: BackupType::Normal }
    }

    #[test]
    fn the_kb946799_value_asks_for_generation_zero() {
        let none = info(0, 0);
        let asked = next_incremental(&info(1, 0xffff_ffff), &none, None);
        assert_eq!(asked, NextIncremental::MissingLog { generation: 0 });
        let asked = next_incremental(&info(1, 4), &info(5, 0xffff_ffff), Some(5));
        assert_eq!(asked, NextIncremental::MissingLog { generation: 0 });
        let asked = next_incremental(&info(1, 0x7fff_ffff), &none, None);
        assert_eq!(asked, NextIncremental::MissingLog { generation: i32::MIN });
    }

    #[test]
    fn healthy_cleared_and_gapped_chains() {
        let none = info(0, 0);
        assert_eq!(next_incremental(&none, &none, Some(1)), NextIncremental::MissingFullBackup);
        let continues = NextIncremental::Continues { generation: 5 };
        assert_eq!(next_incremental(&info(1, 4), &none, Some(5)), continues);
        assert_eq!(next_incremental(&info(1, 2), &info(3, 4), Some(4)), continues);
        let missing = NextIncremental::MissingLog { generation: 5 };
        assert_eq!(next_incremental(&info(1, 4), &none, Some(6)), missing);
    }

    #[test]
    fn only_a_generation_that_was_reached_holds_logs_back() {
        assert!(holds_back_truncation(&info(1, 4), 6));
        assert!(holds_back_truncation(&info(0, 0), 6));
        assert!(!holds_back_truncation(&info(1, 0xffff_ffff), 6));
    }

    #[test]
    fn starts_as_they_were_measured() {
        let all = |_: i32| true;
        let start = |current, archives| next_start(current, archives, Some(1), all);
        assert_eq!(start(CurrentLog::Missing, true), NextStart::CurrentLogMissing);
        assert_eq!(start(CurrentLog::Missing, false), NextStart::NewStream);
        assert_eq!(start(CurrentLog::Unusable, true), NextStart::CurrentLogUnusable);
        assert_eq!(start(CurrentLog::Usable(6), true), NextStart::Replays { from: 1 });
        let without_3 = |from| next_start(CurrentLog::Usable(6), true, Some(from), |g| g != 3);
        assert_eq!(without_3(6), NextStart::Replays { from: 6 });
        assert_eq!(without_3(1), NextStart::BrokenSequence { generation: 3 });
    }

    #[test]
    fn names_as_the_engines_report_them() {
        let base = LogBase::new("E00").unwrap();
        let e00 = LogNaming::legacy(base);
        let published = |naming, generation| missing_log_name(Some(naming), generation).published;
        let zero = missing_log_name(Some(e00), 0);
        assert_eq!(zero.exchange_2003, "E0000000.log");
        assert_eq!(zero.published, "E00*.log");
        assert_eq!(missing_log_name(None, 0).exchange_2003, "Exx00000.log");
        assert_eq!(missing_log_name(None, 0).published, "Exx*.log");
        assert_eq!(published(e00, i32::MIN), "E0000000.log");
        assert_eq!(published(e00, 5), "E0000005.log");
        assert_eq!(published(e00, 0x12_3456), "E0000123456.log");
        let eight = LogNaming { digits: LogDigits::Eight, ..e00 };
        assert_eq!(published(eight, 5), "E0000000005.log");
        assert_eq!(published(eight, 0), "E00*.log");
        let jtx = LogNaming { extensions: LogExtensions::Jtx, ..e00 };
        assert_eq!(published(jtx, 5), "E0000005.jtx");
        assert_eq!(missing_log_name(Some(jtx), 0).published, "E00*.jtx");
        assert_eq!(missing_log_name(Some(jtx), 0).exchange_2003, "E0000000.log");
    }
}
