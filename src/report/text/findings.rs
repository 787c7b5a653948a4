//! What was found, and why something was not done.

use std::path::Path;

use crate::diagnose::{Finding, FindingId, Severity};
use crate::refusal::Refusal;
use crate::report::{Outcome, Report};
use crate::show::{Colour, shown};

use super::page::{Ink, Page};

pub(super) fn colour(severity: Severity) -> Colour {
    match severity {
        Severity::Error => Colour::new().red().bold(),
        Severity::Warning => Colour::new().yellow(),
        Severity::Info => Colour::new().dim(),
    }
}

impl Page {
    /// With `quiet` the errors only. What mends those that are `mended` by what is planned or done needs not to
    /// be told.
    pub(super) fn findings(&mut self, findings: &[Finding], mended: &[FindingId]) {
        let quiet = self.style.quiet;
        for finding in findings.iter().filter(|f| !quiet || f.severity == Severity::Error) {
            self.blank();
            self.finding(finding, mended.contains(&finding.id));
        }
        if !findings.is_empty() {
            self.blank();
        }
    }

    fn finding(&mut self, finding: &Finding, is_mended: bool) {
        let colour = colour(finding.severity);
        let title = format!("{}: {}", finding.severity.name(), finding.id.name());
        let title = self.painted(title, colour);
        self.line(Ink::from("  ") + title);
        self.words(4, "found:  ", finding.message.as_str());
        self.words(4, "means:  ", finding.consequence.as_str());
        if !is_mended {
            self.paragraph(4, "mend:   ", &finding.remedy);
        }
    }

    /// A reason; its file where that is not the one that stands right `above`.
    pub(super) fn refusal(&mut self, refusal: &Refusal, above: &Path) {
        let word = if refusal.id.is_guard() { "refused" } else { "stopped" };
        let title = format!("{word}: {}", refusal.id.name());
        let title = self.painted(title, Colour::new().red().bold());
        self.line(Ink::from("  ") + title);
        if refusal.path != above {
            self.line(format!("    file:   {}", shown(&refusal.path)));
        }
        self.words(4, "found:  ", refusal.message.as_str());
        if !refusal.remedy.is_empty() {
            self.paragraph(4, "do:     ", &refusal.remedy);
        }
    }

    /// Once a report that did not end well, behind it: where the whole explanation is.
    pub(super) fn more(&mut self, report: &Report) {
        let refusals = report.refusals.iter().map(|refusal| refusal.id.name());
        let of_databases = report.databases.iter().flat_map(|database| &database.findings);
        let errors = of_databases
            .chain(&report.findings)
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| finding.id.name());
        let ended_well = report.exit_code == 0 || report.outcome == Outcome::Declined;
        if let (Some(id), false) = (refusals.chain(errors).next(), self.style.quiet || ended_well) {
            self.line(format!("More: edbmend explain {id}"));
        }
    }
}
