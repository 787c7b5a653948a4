//! The deeds that there are, and what is needed to carry one out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::plan::{Command, HeaderImages, Plan, ResetPlan};
use crate::survey::DatabaseFacts;

use super::deed::{Deed, Terms};
use super::header::deed::HeaderDeed;
use super::logs::deed::LogsDeed;

/// One of the deeds that there are.
pub enum KnownDeed {
    /// It writes header copies.
    Header(Box<HeaderDeed>),
    /// It moves logs.
    Logs(LogsDeed),
}

impl KnownDeed {
    /// The deed itself.
    pub fn as_deed(&self) -> &dyn Deed {
        match self {
            Self::Header(deed) => deed.as_ref(),
            Self::Logs(deed) => deed,
        }
    }

    /// The command that it belongs to.
    pub fn command(&self) -> Command {
        match self {
            Self::Header(deed) => deed.plan.command,
            Self::Logs(deed) => deed.plan.command,
        }
    }

    /// Of an undo: the id of the operation that it undoes.
    pub fn undoes(&self) -> Option<&str> {
        match self {
            Self::Header(deed) => deed.plan.undoes.as_deref(),
            Self::Logs(deed) => deed.plan.undoes.as_deref(),
        }
    }

    /// The deed on the database whose marker was found: its images say what belongs into it, wherever it is
    /// now. Logs are where their plan says.
    pub fn on(self, subject: &Path) -> Self {
        match self {
            Self::Header(deed) => {
                Self::Header(Box::new(HeaderDeed { database: subject.to_owned(), ..*deed }))
            }
            logs => logs,
        }
    }
}

/// A deed, and what was agreed about it.
pub struct Job {
    /// What is done.
    pub deed: KnownDeed,
    /// How.
    pub terms: Terms,
}

impl Job {
    /// Writes the header of a database that was surveyed.
    pub fn of_header(
        facts: &DatabaseFacts,
        plan: Plan,
        images: HeaderImages,
        terms: Terms,
    ) -> Self {
        let (database, rests_on) = (facts.path.clone(), Some(facts.fingerprint()));
        let deed = HeaderDeed { database, plan, images, rests_on };
        Self { deed: KnownDeed::Header(Box::new(deed)), terms }
    }

    /// Moves logs.
    pub fn of_logs(plan: Arc<ResetPlan>, terms: Terms) -> Self {
        Self { deed: KnownDeed::Logs(LogsDeed { plan }), terms }
    }

    /// The folder that its operation gets.
    pub fn operation_dir(&self) -> PathBuf {
        self.terms.backup_dir.join(self.deed.as_deed().stamp().id)
    }
}
