//! What a plan is told beside its guards: whether somebody answers for it, and whether stores may be mounted.

use std::path::Path;

use crate::machine::{StoreService, store_service};
use crate::refusal::{Refusal, RefusalId};

use super::request::Consent;

/// Without a person, a flag must say what is wanted.
pub(crate) fn confirmation_needed(consent: Consent, path: &Path) -> Option<Refusal> {
    (consent == Consent::Missing).then(|| {
        Refusal::new(
            RefusalId::ConfirmationNeeded,
            path,
            "there is no terminal to ask on",
            "Look at the plan with --dry-run, then add --yes.",
        )
    })
}

/// What a reader should know where the service that mounts stores is at work.
pub(super) fn store_service_note(path: &Path) -> Option<String> {
    let note = match store_service(path)? {
        StoreService::Running => {
            "The Information Store service (MSExchangeIS) runs on this machine. That is normal while \
             single stores are dismounted. See that nobody mounts these now."
        }
        StoreService::Changing => {
            "The Information Store service (MSExchangeIS) of this machine is starting or stopping. See \
             that nobody mounts these stores now."
        }
        StoreService::Stopped | StoreService::Absent => return None,
    };
    Some(note.to_owned())
}
