//! Header copies that are given as evidence: of an operation folder, another copy of the database, an image.

use std::path::Path;

use crate::apply::{header_left_by, is_operation_folder};
use crate::ese::shadow::{HeaderArea, elect};
use crate::rebuild::OlderHeader;
use crate::refusal::{Refusal, RefusalId};

use super::run::Run;

impl Run<'_> {
    /// The header in a file, or that which an operation on `database` left behind in its folder.
    pub(super) fn older_header(
        &self,
        path: &Path,
        database: &Path,
    ) -> Result<OlderHeader, Refusal> {
        let path = self.resolve(path)?;
        let (area, print) = if is_operation_folder(self.storage(), &path) {
            let left = header_left_by(self.storage(), &path, database)?;
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
