//! What was read, and what was not, in one line: no more is known than that.

use crate::diagnose::Ground;
use crate::report::Report;
use crate::report::text::page::Page;
use crate::show::Colour;

impl Page {
    pub(super) fn what_was_read(&mut self, report: &Report) {
        let is_database = |database: &&crate::report::DatabaseReport| database.header.is_some();
        let mut databases = report.databases.iter().filter(is_database).peekable();
        let pages = databases.peek().is_some() && databases.all(|one| one.pages.is_some());
        let mut streams = report.streams().filter(|(stream, _)| stream.base.is_some()).peekable();
        let has_logs = streams.peek().is_some();
        let bodies =
            has_logs && streams.all(|(one, _)| one.next_mount.rests_on.contains(&Ground::Bodies));
        if !has_logs && report.databases.iter().all(|database| database.header.is_none()) {
            return;
        }
        let words = match (bodies, pages, has_logs) {
            (true, true, _) => "Read: headers, log bodies, pages.",
            (false, true, _) => "Read: headers, pages. Not read: log bodies.",
            (true, false, _) => {
                "Read: headers, the log bodies that a mount reads. Not read: pages (--deep)."
            }
            (false, false, true) => "Read: headers. Not read: log bodies, pages (--deep).",
            (false, false, false) => "Read: headers. Not read: pages (--deep).",
        };
        self.blank_before_reading(report);
        // Without its pages nothing could be said of it.
        let words = if report.databases.iter().any(|database| database.rebuild.is_some()) {
            words.replace("pages (--deep)", "pages but those of a lost header (--deep)")
        } else {
            words.to_owned()
        };
        self.painted_words(2, &words, Colour::new().dim());
    }

    /// The way out goes on without a gap.
    fn blank_before_reading(&mut self, report: &Report) {
        if report.way_out.is_empty() {
            self.blank();
        }
    }
}
