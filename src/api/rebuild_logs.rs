//! The log streams of a folder, read for the sake of a header that is lost: each from its oldest log that all
//! newer ones follow.

use std::path::Path;

use crate::ese::log_body::{BodyReport, LogRole};
use crate::ese::{LogHeader, LogTime};
use crate::rebuild::{Doubt, LogTail, StreamTale, TailFault, body_fault, is_full};
use crate::show::shown;
use crate::storage::{Storage, StorageError};
use crate::survey::{LogContent, LogFile, LogStream, WalkedLog, walk_log};

/// Reads the tails of streams. `advance` is told of each log that was read.
///
/// # Errors
///
/// A log could not be read: what it says is not known.
pub(super) fn read_tails(
    storage: &dyn Storage,
    streams: &[LogStream],
    folder: &Path,
    advance: &dyn Fn(u64),
) -> Result<Vec<LogTail>, StorageError> {
    let with_logs = streams.iter().filter(|stream| stream.in_order().next().is_some());
    with_logs.map(|stream| Tail { storage, stream, folder, advance }.read()).collect()
}

/// A stream whose tail is read.
struct Tail<'a> {
    storage: &'a dyn Storage,
    stream: &'a LogStream,
    folder: &'a Path,
    advance: &'a dyn Fn(u64),
}

impl Tail<'_> {
    fn read(&self) -> Result<LogTail, StorageError> {
        let stream = self.stream;
        let mut tail = LogTail {
            base: stream.base,
            folder: self.folder.to_owned(),
            signature: stream.signature().unwrap_or_default(),
            first: 0,
            broken_before: None,
            newest: 0,
            newest_created: LogTime::NONE,
            checkpoint: None,
            fault: None,
            doubt: None,
            tale: StreamTale::default(),
        };
        let Some(current) = stream.current.as_ref() else {
            tail.fault = Some(TailFault {
                path: self.folder.to_owned(),
                what: format!("the logs {} have no current log ({0}.log)", stream.base),
            });
            return Ok(tail);
        };
        let Some(summary) = current.summary() else {
            tail.fault = Some(unusable(current));
            return Ok(tail);
        };
        (tail.newest, tail.newest_created) = (summary.generation, summary.created);
        let logs = self.unbroken(&mut tail, current);
        self.take_checkpoint(&mut tail);
        self.walk(&mut tail, &logs)?;
        self.look_above(&mut tail);
        self.judge(&mut tail);
        Ok(tail)
    }

    /// The logs that the current one follows without a gap, in order, the current one last.
    fn unbroken<'l>(&'l self, tail: &mut LogTail, current: &'l LogFile) -> Vec<&'l LogFile> {
        let mut logs = vec![current];
        for log in self.stream.archives.iter().rev() {
            let Some(next) = logs.last().and_then(|log| log.summary()) else { break };
            let wanted = next.generation - 1;
            if log.name.generation().is_some_and(|named| i64::from(named) > i64::from(wanted)) {
                continue;
            }
            let broken = match log.summary() {
                None => unusable(log),
                Some(found) if found.generation != wanted => TailFault {
                    path: log.path.clone(),
                    what: format!(
                        "generation {wanted} (0x{wanted:x}) is missing: found {} (0x{:x})",
                        found.generation, found.generation
                    ),
                },
                Some(found) if found.signature != next.signature => TailFault {
                    path: log.path.clone(),
                    what: format!("Log Signature {}, expected {}", found.signature, next.signature),
                },
                Some(found) if found.created != next.previous_created => TailFault {
                    path: log.path.clone(),
                    what: format!(
                        "created {}, but the next log says {}",
                        found.created, next.previous_created
                    ),
                },
                Some(_) => {
                    logs.push(log);
                    continue;
                }
            };
            tail.broken_before = Some(broken);
            break;
        }
        logs.reverse();
        tail.first = logs.first().and_then(|log| log.summary()).map_or(0, |log| log.generation);
        logs
    }

    fn take_checkpoint(&self, tail: &mut LogTail) {
        let file = self.stream.checkpoint.as_ref();
        let elected = file.and_then(|file| Some((file, &file.elected.as_ref()?.0)));
        let Some((file, checkpoint)) = elected else { return };
        let position = checkpoint.checkpoint();
        let fault = |what: String| Some(TailFault { path: file.path.clone(), what });
        if checkpoint.raw.log_signature != tail.signature {
            tail.fault = fault(format!(
                "the checkpoint is of the stream {}, the logs are of {}",
                checkpoint.raw.log_signature, tail.signature
            ));
        } else if position.generation > tail.newest {
            tail.fault = fault(format!(
                "the checkpoint is at {position}, but the newest log is generation {} (0x{0:x}): newer logs are \
                 missing",
                tail.newest
            ));
        } else if position.generation > 0 {
            tail.checkpoint = Some(position);
        }
    }

    /// Shows the records of all logs to the tale. Behind a log that cannot be read it begins anew.
    fn walk(&self, tail: &mut LogTail, logs: &[&LogFile]) -> Result<(), StorageError> {
        let mut sum = None;
        tail.tale = StreamTale::with_checkpoint(tail.checkpoint);
        for (index, log) in logs.iter().enumerate() {
            let is_current = index + 1 == logs.len();
            let role = if is_current { LogRole::Current } else { LogRole::Closed };
            let mut tale = std::mem::take(&mut tail.tale);
            let mut list_fault = None;
            let walked = walk_log(self.storage, log, role, |header| {
                list_fault = tale.begin_log(header).err();
                tale
            })?;
            (self.advance)(1);
            let Some(walked) = walked else {
                tail.fault = Some(unusable(log));
                return Ok(());
            };
            let found = fault_of(log, &walked, is_current, sum).or_else(|| {
                Some(TailFault { path: log.path.clone(), what: list_fault?.to_string() })
            });
            sum = walked.report.segment_checksum;
            match found {
                None => tail.tale = walked.visitor,
                Some(fault) if is_current => {
                    tail.fault = Some(fault);
                    return Ok(());
                }
                Some(fault) => {
                    tail.first = walked.header.generation() + 1;
                    tail.tale = StreamTale::with_checkpoint(tail.checkpoint);
                    tail.broken_before = Some(fault);
                }
            }
            if is_current {
                self.expect_checkpoint_inside(tail, &walked.report);
            }
            if is_current && is_full_log(&walked.header, &walked.report) {
                tail.doubt = Some(Doubt {
                    path: log.path.clone(),
                    what: "it is full to its end, as archived logs are: it may be an older log under the name of \
                           the current one"
                        .to_owned(),
                });
            }
        }
        Ok(())
    }

    /// A checkpoint behind the end of the current log: the log is an older state of itself.
    fn expect_checkpoint_inside(&self, tail: &mut LogTail, report: &BodyReport) {
        let file = self.stream.checkpoint.as_ref();
        let (Some(file), Some(checkpoint)) = (file, tail.checkpoint) else { return };
        if checkpoint > report.end && tail.fault.is_none() {
            tail.fault = Some(TailFault {
                path: file.path.clone(),
                what: format!(
                    "the checkpoint is at {checkpoint}, but the current log ends at {}: it is an older state of \
                     that log",
                    report.end
                ),
            });
        }
    }

    /// Closed logs with a higher number than the current one.
    fn look_above(&self, tail: &mut LogTail) {
        let newest = i64::from(tail.newest);
        let is_above =
            |log: &&LogFile| log.name.generation().is_some_and(|named| i64::from(named) >= newest);
        if let Some(above) = self.stream.archives.iter().rev().find(is_above) {
            tail.doubt = Some(Doubt {
                path: above.path.clone(),
                what: format!(
                    "its number is not below the generation {newest} (0x{newest:x}) of the current log: the \
                     current one is older than it should be"
                ),
            });
        }
    }

    /// From the checkpoint on nothing may be missing.
    fn judge(&self, tail: &mut LogTail) {
        let Some(checkpoint) = tail.checkpoint.filter(|_| tail.fault.is_none()) else { return };
        if checkpoint.generation < tail.first {
            tail.fault = Some(tail.broken_before.clone().unwrap_or_else(|| TailFault {
                path: self.folder.to_owned(),
                what: format!(
                    "the checkpoint is at {checkpoint}, but the oldest log is generation {} (0x{0:x})",
                    tail.first
                ),
            }));
        }
    }
}

fn is_full_log(header: &LogHeader, report: &BodyReport) -> bool {
    let all = u32::from(header.raw.file_sectors.get()) - u32::from(header.raw.header_sectors.get());
    is_full(report, all, header.version().is_segmented())
}

/// What is wrong with a log whose header is valid. `before` is the checksum of all segments of the log before.
fn fault_of(
    log: &LogFile,
    walked: &WalkedLog<StreamTale>,
    is_current: bool,
    before: Option<u64>,
) -> Option<TailFault> {
    let of_chain = || {
        let (kept, before) = (walked.header.previous_segment_checksum()?, before?);
        (kept != before && kept != 0).then(|| {
            format!("the log before it has the checksum 0x{before:016x}, expected 0x{kept:016x}")
        })
    };
    let of_walk = || walked.walk.stop.map(|stop| format!("{}: {}", stop.at, stop.reason));
    let hidden = || {
        (walked.walk.hidden > 0)
            .then(|| "it has records of an old engine whose length is not known".to_owned())
    };
    let what = body_fault(&walked.report, is_current)
        .or_else(of_walk)
        .or_else(hidden)
        .or_else(of_chain)?;
    Some(TailFault { path: log.path.clone(), what })
}

/// A log without a valid header.
fn unusable(log: &LogFile) -> TailFault {
    let what = match &log.content {
        LogContent::Header(_) => "it changed while it was read".to_owned(),
        LogContent::Blank => "it was never written to".to_owned(),
        LogContent::Damaged(fault) => format!("its header is damaged: {fault:?}"),
        LogContent::Unreadable(error) => error.to_string(),
        LogContent::NotRegular(_) => "it is no file".to_owned(),
    };
    TailFault { path: log.path.clone(), what: format!("{}: {what}", shown(&log.path)) }
}
