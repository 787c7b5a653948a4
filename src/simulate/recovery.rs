//! Redo: from the checkpoint, log by log, to the end.

use crate::ese::log_body::BodyVerdict;
use crate::ese::log_events::LogEvent;
use crate::ese::log_records::RecordKind;
use crate::ese::{AttachedDatabase, LgPos, LogVersion, Signature};
use crate::survey::LogSummary;

use super::attach_check::{Expected, Named, Reader};
use super::databases::{Databases, Need};
use super::failure::{Cause, Failure, Stop};
use super::leave::Leave;
use super::set::{Log, LogHead, Set};

/// Redo under way.
pub(super) struct Recovery<'a> {
    set: &'a Set,
    /// What recovery may leave behind.
    leave: Leave,
    pub signature: Option<Signature>,
    pub databases: Databases,
    /// The log that is read.
    pub generation: i32,
    /// Version of the last log that was opened.
    pub version: Option<LogVersion>,
    /// The last record ended an engine, and nothing came since.
    after_end: bool,
    last_is_shutdown: bool,
    shutdown_mark: Option<LgPos>,
    end: LgPos,
}

/// A log that was opened.
pub(super) struct Opened<'a> {
    pub log: &'a Log,
    pub head: LogSummary,
    is_current: bool,
}

impl<'a> Recovery<'a> {
    pub fn new(set: &'a Set, leave: Leave) -> Self {
        Self {
            set,
            leave,
            signature: None,
            databases: Databases::of(set),
            generation: 0,
            version: None,
            after_end: false,
            last_is_shutdown: false,
            shutdown_mark: None,
            end: LgPos::default(),
        }
    }

    /// The header of a log, which must be of this stream. The first one that is read decides which it is.
    pub fn open(&mut self, log: &'a Log, is_current: bool) -> Result<Opened<'a>, Stop> {
        let path = || log.path.clone();
        let head = match log.head {
            LogHead::Valid(head) => head,
            LogHead::Unread => return Err(Stop::Unknown(path())),
            LogHead::Refused(error) => {
                let cause = Cause::LogHeader { path: path() };
                return Err(Failure::stop(error, 412, cause));
            }
        };
        let own = *self.signature.get_or_insert(head.signature);
        if own != head.signature {
            let cause = Cause::ForeignLog { path: path(), found: head.signature };
            return Err(Failure::stop(-530, 412, cause));
        }
        self.version = Some(head.version);
        Ok(Opened { log, head, is_current })
    }

    /// Redo from a position in a log that was opened, with the databases that are attached there.
    pub fn redo(
        &mut self,
        first: Opened<'a>,
        from: LgPos,
        attached: &[AttachedDatabase],
    ) -> Result<(), Stop> {
        self.generation = first.head.generation;
        self.attach_list(attached, from)?;
        self.replay(&first, Some(from))?;
        let mut last = first;
        while !last.is_current {
            let Some(next) = self.next_log(&last)? else { break };
            if !self.is_usable(&next)? {
                break;
            }
            self.generation = next.head.generation;
            self.replay(&next, None)?;
            last = next;
        }
        self.finish()
    }

    fn reader(&self, at: LgPos) -> Reader {
        Reader { signature: self.signature, generation: self.generation, at }
    }

    fn attach_list(&mut self, attached: &[AttachedDatabase], from: LgPos) -> Result<(), Stop> {
        let reader = self.reader(from);
        for listed in attached {
            let expected = Expected {
                db_signature: listed.db_signature,
                log_signature: self.signature.unwrap_or(listed.db_signature),
                attach: listed.last_attach,
                consistent: listed.last_consistent,
            };
            let path = &listed.database_path;
            self.databases.attach(listed.dbid, path, &expected, Named::InList, reader)?;
        }
        Ok(())
    }

    /// The log behind one that was read to its end; `None` at the end of them all.
    fn next_log(&mut self, before: &Opened<'a>) -> Result<Option<Opened<'a>>, Stop> {
        let generation = before.head.generation.saturating_add(1);
        let next = match (self.set.archives.get(&generation), &self.set.current) {
            (Some(archive), _) => self.open(archive, false)?,
            (None, Some(current)) => self.open(current, true)?,
            (None, None) => return self.no_more_logs(generation),
        };
        let joins =
            next.head.previous_created == before.head.created && next.head.generation == generation;
        if !joins {
            let path = next.log.path.clone();
            let cause = Cause::OutOfSequence { path, expected: generation };
            let cause = match self.set.archives.contains_key(&generation) {
                true => cause,
                false => Cause::LogMissing { generation },
            };
            return self.broken(generation, -515, Some(567), cause).map(|()| None);
        }
        if let (Some(expected), Some(body)) = (next.head.previous_checksum, &before.log.body)
            && body.report.segment_checksum.is_some_and(|found| found != expected)
        {
            let cause = Cause::SumMismatch { path: next.log.path.clone() };
            return Err(Failure::stop(-590, 543, cause));
        }
        Ok(Some(next))
    }

    fn no_more_logs(&self, generation: i32) -> Result<Option<Opened<'a>>, Stop> {
        let is_gap = self.set.archives.range(generation..).next().is_some();
        if is_gap {
            let cause = Cause::LogMissing { generation };
            if !self.leave.lost_logs {
                return Err(Failure::stop(-528, 558, cause));
            }
            self.broken(generation, -528, Some(558), cause).map(|()| None)
        } else if self.set.has_temporary || self.leave.current_log {
            Ok(None)
        } else {
            Err(Failure::stop(-528, None, Cause::CurrentLogMissing))
        }
    }

    /// A log that cannot be used: what the databases need of it decides. `Ok` where recovery may end before it.
    fn broken(
        &self,
        generation: i32,
        error: i32,
        event: Option<u32>,
        cause: Cause,
    ) -> Result<(), Stop> {
        let is_committed =
            matches!(self.databases.need_behind(generation - 1), Need::Committed(..));
        Err(match (is_committed, cause) {
            (true, _) if self.leave.lost_logs => return Ok(()),
            (true, Cause::LogBody { path, damage, .. }) => {
                let cause = Cause::LogBody { path, damage, only_committed: true };
                Failure::stop(-586, 525, cause)
            }
            (true, cause) => Failure::stop(-582, 528, cause),
            (false, cause) => Failure::stop(error, event, cause),
        })
    }

    fn replay(&mut self, opened: &Opened<'a>, from: Option<LgPos>) -> Result<(), Stop> {
        let Some(body) = opened.log.body.as_deref() else { return Ok(()) };
        let events = body.events.all().iter();
        for (at, event) in events.filter(|(at, _)| from.is_none_or(|from| *at >= from)) {
            self.event(*at, event, opened)?;
        }
        if body.events.clean_end().is_none() && body.events.last_record().is_some() {
            self.after_end = false;
        }
        let last = body.events.last_record();
        if let Some((at, kind)) = last {
            self.last_is_shutdown = kind == RecordKind::SHUT_DOWN_MARK;
            self.end = at;
        }
        if opened.head.version.is_segmented() {
            self.databases.touch(body.events.highest_pages(), body.events.grown_to())?;
        }
        if from.is_some()
            && let Some(cause) = body_damage(opened)
        {
            return Err(Failure::stop(-501, 465, cause));
        }
        Ok(())
    }

    /// A log that is not the first is checked as a whole before any of its records; `false` where recovery may
    /// end before it.
    fn is_usable(&self, opened: &Opened) -> Result<bool, Stop> {
        let Some(cause) = body_damage(opened) else { return Ok(true) };
        self.broken(opened.head.generation, -501, Some(465), cause).map(|()| false)
    }

    fn event(&mut self, at: LgPos, event: &LogEvent, opened: &Opened) -> Result<(), Stop> {
        let reader = self.reader(at);
        match event {
            LogEvent::Create { dbid, db_signature, path } => {
                let page_bytes = opened.head.page_bytes;
                self.databases.create(*dbid, path, *db_signature, page_bytes, reader)?;
            }
            LogEvent::Attach { dbid, last_consistent, db_signature, log_signature, path } => {
                let expected = Expected {
                    db_signature: *db_signature,
                    log_signature: *log_signature,
                    attach: at,
                    consistent: *last_consistent,
                };
                self.databases.attach(*dbid, path, &expected, Named::InRecord, reader)?;
            }
            LogEvent::Detach { dbid } => self.databases.detach(*dbid, at),
            LogEvent::ShutDownMark => self.shutdown_mark = Some(at),
            LogEvent::Start => self.after_end = false,
            LogEvent::UndoBegins => {}
            LogEvent::BackedUp { dbid, scope, info } => {
                self.databases.backed_up(*dbid, *scope, *info);
            }
            LogEvent::End { keeps_attached } => {
                let at = self.shutdown_mark.take().unwrap_or(at);
                if !keeps_attached {
                    self.databases.detach_all(at);
                }
                self.after_end = true;
            }
        }
        Ok(())
    }

    /// Behind the last record: what is needed that did not come, and undo.
    fn finish(&mut self) -> Result<(), Stop> {
        let last = self.generation;
        match self.databases.need_behind(last) {
            Need::Required(path, needed) => {
                let cause = Cause::EndsTooEarly { path, needed, last };
                return Err(Failure::stop(-543, 453, cause));
            }
            Need::Committed(..) if self.leave.lost_logs => {}
            Need::Committed(path, needed) => {
                let cause = Cause::EndsTooEarly { path, needed, last };
                return Err(Failure::stop(-582, 523, cause));
            }
            Need::Nothing => {}
        }
        if !self.after_end {
            let left_aside = self.databases.left_aside(self.last_is_shutdown);
            if let Some(cause) = left_aside.filter(|_| !self.leave.missing_databases) {
                return Err(Failure::stop(-1216, 494, cause));
            }
            self.databases.detach_all(self.end);
        }
        Ok(())
    }
}

fn body_damage(opened: &Opened) -> Option<Cause> {
    match opened.log.body.as_deref()?.report.verdict {
        BodyVerdict::Damaged(damage) => {
            Some(Cause::LogBody { path: opened.log.path.clone(), damage, only_committed: false })
        }
        _ => None,
    }
}
