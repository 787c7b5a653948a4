//! The streaming file of an Exchange 2000 or 2003 database.

use crate::ese::DbHeader;
use crate::show::shown;
use crate::survey::DatabaseFacts;

use super::{Finding, FindingId};

pub(super) fn judge(facts: &DatabaseFacts, header: &DbHeader) -> Option<Finding> {
    let stream = facts.streaming.as_ref().filter(|stream| stream.read_error.is_none())?;
    if !stream.found {
        return Some(Finding::new(
            FindingId::StreamFileMissing,
            format!("Streaming File: Yes, but {} is not there", shown(&stream.path)),
            "The store does not mount without its streaming file.",
            "Bring the .stm file back beside the .edb; the two are one database.",
        ));
    }
    if stream.belongs_to(header) {
        return None;
    }
    let found = match &stream.header {
        Some(pair) => format!("has the signature {}", pair.header.raw.slv_signature),
        None => "has no valid streaming file header".to_owned(),
    };
    Some(Finding::new(
        FindingId::StreamFileMismatch,
        format!(
            "{} {found}; the database expects {}",
            shown(&stream.path),
            header.raw.slv_signature
        ),
        "The store does not mount: the engine answers -540.",
        "Put the .edb and the .stm of the same backup or the same moment together.",
    ))
}
