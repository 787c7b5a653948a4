//! What a plan is told beside its guards: whether somebody answers for it, and whether stores may be mounted.

use std::path::Path;

use crate::machine::{StoreService, store_service};
use crate::refusal::{Refusal, RefusalId};
use crate::report::Note;

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
pub(super) fn store_service_note(path: &Path) -> Option<Note> {
    let state = store_service(path)?;
    matches!(state, StoreService::Running | StoreService::Changing)
        .then_some(Note::StoreService(state))
}
