//! Why there is no result.

use std::fmt;

use crate::refusal::{Refusal, RefusalId};
use crate::report::{Outcome, Report};
use crate::show::shown;

/// What a call of this library gives.
pub type Result<T> = std::result::Result<T, Error>;

/// A call that did not do what was asked: a guard refused, or something failed. Unless
/// [`is_pending`](Self::is_pending) says so, everything is as it was before.
///
/// It holds the whole report. Printed, as `{}` or as `{:?}`, it gives each refusal with what to do about it, so
/// that a `main` which returns it tells a person what he needs to know.
#[derive(Clone)]
pub struct Error {
    report: Box<Report>,
}

impl Error {
    pub(super) fn new(report: Report) -> Self {
        Self { report: Box::new(report) }
    }

    /// Why it was not done. Every guard is asked, so all reasons are there at once.
    pub fn refusals(&self) -> &[Refusal] {
        &self.report.refusals
    }

    /// Whether one of the reasons is this one.
    pub fn is(&self, id: RefusalId) -> bool {
        self.refusals().iter().any(|refusal| refusal.id == id)
    }

    /// An operation is unfinished. It must be ended with [`recover`](crate::recover()) before the store
    /// is mounted; the refusals name the command that does the same.
    pub fn is_pending(&self) -> bool {
        self.report.outcome == Outcome::Pending
    }

    /// All that is known: what the command line would print with `--json`, and its exit code.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Takes [`report`](Self::report) out.
    pub fn into_report(self) -> Report {
        *self.report
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.report.outcome.name())?;
        for Refusal { id, path, message, remedy } in self.refusals() {
            let (id, path, message) = (id.name(), shown(path), shown(message));
            write!(f, "\n{id}: {path}: {message}. What to do: {}", shown(&**remedy))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// A report that ended well, which the exit codes 0 and 1 stand for; else the error that holds it.
pub(super) fn ended_well(report: Report) -> Result<Report> {
    if report.exit_code <= 1 { Ok(report) } else { Err(Error::new(report)) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::CommandName;
    use crate::show::harm::{HARM, assert_harmless};

    #[test]
    fn no_error_prints_foreign_text_as_it_is() {
        let refusal = Refusal::new(RefusalId::IoError, Path::new(HARM), HARM, HARM);
        let report = Report::new(CommandName::Check).ended(Outcome::Failed, &[refusal]);
        let error = Error::new(report);
        assert_harmless(&error.to_string());
        assert_eq!(format!("{error:?}"), error.to_string());
    }
}
