//! Header copies that are given as evidence: of an operation folder, another copy of the database, an image.

use std::path::Path;

use crate::apply::{header_left_by, is_operation_folder, shared_in};
use crate::ese::shadow::{HeaderArea, elect};
use crate::guards::{BackupTerms, reason};
use crate::rebuild::OlderHeader;
use crate::refusal::{Refusal, RefusalId};

use super::run::Run;

impl Run<'_> {
    /// The header in a file, or that which an operation on `database` left behind in its folder. What somebody else
    /// can change in there is no evidence, unless that was agreed to.
    pub(super) fn older_header(
        &self,
        path: &Path,
        database: &Path,
        terms: BackupTerms,
    ) -> Result<OlderHeader, Refusal> {
        let path = self.resolve(path)?;
        let storage = self.storage();
        let (area, print) = if is_operation_folder(storage, &path) {
            let _held = storage.hold_folder(&path).map_err(|error| reason(&error))?;
            if let Some(refusal) = shared_in(storage, &path).filter(|_| !terms.allow_shared) {
                return Err(refusal);
            }
            let left = header_left_by(storage, &path, database)?;
            (HeaderArea::of(left.image), left.print)
        } else {
            let facts = self
                .survey(&path)
                .map_err(|refusal| Refusal { id: RefusalId::EvidenceUnsuitable, ..refusal })?;
            (facts.area, None)
        };
        let header = elect(&area).and_then(|pair| {
            let page = area.block(pair.elected, pair.page_size_bytes)?;
            OlderHeader::new(path.clone(), page, print)
        });
        header.ok_or_else(|| {
            Refusal::new(
                RefusalId::EvidenceUnsuitable,
                &path,
                "the file given by --from has no valid database header",
                "Name a copy of the database, a header image (header-after.bin), or an operation folder.",
            )
        })
    }
}
