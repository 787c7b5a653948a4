//! The `.pat` files that streaming backups leave.

use std::path::PathBuf;

use crate::ese::PatchHeader;
use crate::storage::{Access, Storage};

use super::read_header_area;

/// A `.pat` file with the header of one. Any other file of that name is nobody's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchFile {
    /// Absolute path.
    pub path: PathBuf,
    /// What it says.
    pub header: PatchHeader,
}

/// Reads a file as such a one; `None` where it is none, or cannot be read.
pub(super) fn survey_patch_file(storage: &dyn Storage, path: PathBuf) -> Option<PatchFile> {
    let file = storage.open(&path, Access::Read).ok()?;
    let area = read_header_area(file.as_ref()).ok()?;
    let header = PatchHeader::parse(&area.bytes)?;
    Some(PatchFile { path, header })
}
