//! Whether recovery takes a database file for the one that the logs name, in the engine's order of tests.

use crate::ese::{DbState, LgPos, Signature};

use super::failure::{Cause, Failure, Stop};
use super::set::{DatabaseContent, DatabaseFile, HeaderState};

/// What the logs say of a database that is attached.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub db_signature: Signature,
    /// Identity of the log stream that the database was of before.
    pub log_signature: Signature,
    pub attach: LgPos,
    pub consistent: LgPos,
}

/// Where the logs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// In the attach list at which recovery begins.
    InList,
    /// In a record of its attach.
    InRecord,
}

/// What recovery does with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is attached.
    Now,
    /// It is made anew.
    Created,
    /// It is left aside, in the hope that a later record explains it.
    Deferred {
        /// It is consistent as of a later position.
        consistent_future: bool,
    },
}

const DEFERRED: Taken = Taken::Deferred { consistent_future: false };

/// Where recovery stands: its log stream, and the log that it reads.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub signature: Option<Signature>,
    pub generation: i32,
    pub at: LgPos,
}

/// The test at an attach.
pub(super) fn attached(
    file: &DatabaseFile,
    expected: &Expected,
    named: Named,
    reader: Reader,
) -> Result<Taken, Stop> {
    let header = match &file.content {
        DatabaseContent::Destroyed => {
            let cause = Cause::HeaderDestroyed { path: file.path.clone() };
            return Err(Failure::stop(-1018, None, cause));
        }
        DatabaseContent::Header(header) => header,
    };
    if let Some(taken) = by_state(file, header)? {
        return Ok(taken);
    }
    let same_db = header.db_signature == expected.db_signature;
    let same_log = Some(header.log_signature) == reader.signature;
    let same_logged_log = header.log_signature == expected.log_signature;
    let is_consistent_there = header.last_consistent == expected.consistent;
    if !same_log {
        return match (same_logged_log, is_consistent_there, same_db) {
            (true, true, true) => now(file, header, reader),
            (true, false, true) => Err(older(file, header, expected)),
            _ => Ok(DEFERRED),
        };
    }
    if !same_logged_log || is_consistent_there || header.last_consistent.is_unset() {
        return if !same_db || header.last_attach > expected.attach {
            Ok(DEFERRED)
        } else if header.last_attach == expected.attach
            || named == Named::InRecord && same_logged_log
        {
            now(file, header, reader)
        } else {
            let cause = Cause::DatabaseReplaced { path: file.path.clone() };
            Err(Failure::stop(-1216, 495, cause))
        };
    }
    let is_later = header.last_consistent > expected.consistent
        && (named == Named::InList || header.last_consistent > reader.at);
    if is_later {
        Ok(Taken::Deferred { consistent_future: true })
    } else if same_db {
        Err(older(file, header, expected))
    } else {
        Ok(DEFERRED)
    }
}

/// The test at a creation.
pub(super) fn created(
    file: &DatabaseFile,
    db_signature: Signature,
    reader: Reader,
) -> Result<Taken, Stop> {
    let DatabaseContent::Header(header) = &file.content else { return Ok(Taken::Created) };
    if header.state == DbState::JustCreated || !is_usual(header.state) {
        return Ok(Taken::Created);
    }
    if Some(header.log_signature) != reader.signature {
        return Ok(DEFERRED);
    }
    if header.last_attach != reader.at || header.db_signature != db_signature {
        return Ok(DEFERRED);
    }
    if reader.at <= header.last_consistent {
        return Ok(Taken::Deferred { consistent_future: true });
    }
    now(file, header, reader)
}

/// States that decide by themselves.
fn by_state(file: &DatabaseFile, header: &HeaderState) -> Result<Option<Taken>, Stop> {
    let refused = |error| {
        let cause = Cause::NotClean { path: file.path.clone(), state: header.state };
        Err(Failure::stop(error, None, cause))
    };
    match header.state {
        DbState::IncrementalReseedInProgress => refused(-1226),
        DbState::RevertInProgress => refused(-1935),
        DbState::JustCreated => Ok(Some(DEFERRED)),
        state if is_usual(state) => Ok(None),
        _ => refused(-1206),
    }
}

fn is_usual(state: DbState) -> bool {
    matches!(
        state,
        DbState::CleanShutdown | DbState::DirtyShutdown | DbState::DirtyAndPatchedShutdown
    )
}

fn now(file: &DatabaseFile, header: &HeaderState, reader: Reader) -> Result<Taken, Stop> {
    let path = file.path.clone();
    let is_patched = header.state == DbState::DirtyAndPatchedShutdown;
    if header.min_required != 0 && !is_patched && header.min_required < reader.generation {
        let (min_required, generation) = (header.min_required, reader.generation);
        let cause = Cause::BeginsTooLate { path, min_required, generation };
        return Err(Failure::stop(-543, 452, cause));
    }
    if header.current_full.0 != 0 && header.current_full.1 == 0 {
        return Err(Failure::stop(-544, None, Cause::BackupCopy { path }));
    }
    Ok(Taken::Now)
}

fn older(file: &DatabaseFile, header: &HeaderState, expected: &Expected) -> Stop {
    let (found, expected) = (header.last_consistent, expected.consistent);
    Failure::stop(-551, 517, Cause::DatabaseOlder { path: file.path.clone(), found, expected })
}
