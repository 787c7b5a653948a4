//! The streaming file of an Exchange 2000 or 2003 database.

use crate::ese::DbHeader;
use crate::show::shown;
use crate::survey::{DatabaseFacts, StreamingFile};

use super::{Finding, FindingId};

/// What is wrong with a streaming file that the header says there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamingFileFault {
    /// It is not there.
    Missing,
    /// It is of another database, or of another moment, or no streaming file at all.
    Foreign,
}

/// The streaming file of a database with what is wrong with it; `None` where nothing is, where there is
/// none, or where it could not be read.
pub fn streaming_file_fault(facts: &DatabaseFacts) -> Option<(&StreamingFile, StreamingFileFault)> {
    let header = &facts.pair.as_ref()?.header;
    let streaming = facts.streaming.as_ref().filter(|file| file.read_error.is_none())?;
    if !streaming.found {
        return Some((streaming, StreamingFileFault::Missing));
    }
    (!streaming.belongs_to(header)).then_some((streaming, StreamingFileFault::Foreign))
}

pub(super) fn judge(facts: &DatabaseFacts, header: &DbHeader) -> Option<Finding> {
    let (streaming, fault) = streaming_file_fault(facts)?;
    Some(match fault {
        StreamingFileFault::Missing => missing(streaming),
        StreamingFileFault::Foreign => foreign(streaming, header),
    })
}

fn missing(streaming: &StreamingFile) -> Finding {
    Finding::new(
        FindingId::StreamFileMissing,
        format!("Streaming File: Yes, but {} is not there", shown(&streaming.path)),
        "The store does not mount without its streaming file.",
        "Bring the .stm file back beside the .edb; the two are one database.",
    )
}

fn foreign(streaming: &StreamingFile, header: &DbHeader) -> Finding {
    let found = match &streaming.header {
        Some(pair) => format!("has the signature {}", pair.header.raw.slv_signature),
        None => "has no valid streaming file header".to_owned(),
    };
    Finding::new(
        FindingId::StreamFileMismatch,
        format!(
            "{} {found}; the database expects {}",
            shown(&streaming.path),
            header.raw.slv_signature
        ),
        "The store does not mount: the engine answers -540.",
        "Put the .edb and the .stm of the same backup or the same moment together.",
    )
}
